package main

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// requestTime is how long a request may take before what it waits for is given up: whoever
// asked can ask again, and a database that hangs does not pile requests up.
const requestTime = 10 * time.Second

// front stands before every room. It gives the headers that hold for every answer, those of
// redirects and of routes that there are not included; a room may say more of its own pages.
func front(rooms http.Handler, publicURL string) http.Handler {
	https := strings.HasPrefix(publicURL, "https://")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		if https {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		ctx, cancel := context.WithTimeout(r.Context(), requestTime)
		defer cancel()
		rooms.ServeHTTP(w, r.WithContext(ctx))
	})
}
