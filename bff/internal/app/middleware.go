package app

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/clientaddr"
	"github.com/shieldpod/shieldpod/bff/internal/securitylog"
)

// requestTime is how long a request may take before what it waits for is given up: whoever
// asked can ask again, and a database that hangs does not pile requests up.
const requestTime = 10 * time.Second

// front stands before every route. It finds the client's address and bounds what that may ask, and sets the headers that hold for
// every answer, also of redirects and of routes that do not exist; a route may change them for its own pages.
func front(routes http.Handler, s settings, limits *limiter) http.Handler {
	https := strings.HasPrefix(s.publicURL, "https://")
	addresses := s.limits.addresses
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY") // for browsers that do not know frame-ancestors
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if https {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		ctx, cancel := context.WithTimeout(r.Context(), requestTime)
		defer cancel()
		address := addresses.Client(r)
		if clientaddr.IsForwarded(r.Header) && !addresses.TrustsPeer(r) {
			limits.security.Record(securitylog.CodeProxy, "", address)
		}
		clientaddr.Strip(r.Header)
		limits.serve(w, r.WithContext(clientaddr.With(ctx, address)), address, routes)
	})
}

// asWritten gives requests of the API whose path is encoded, as of ids with slashes, to the API itself: the mux would tidy the
// decoded path up and redirect to another id.
func asWritten(border http.Handler, mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawPath != "" && strings.HasPrefix(r.URL.RawPath, "/api/") {
			border.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}
