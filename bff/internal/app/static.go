package app

import (
	"net/http"

	"github.com/shieldpod/shieldpod/bff/internal/web"
	"github.com/shieldpod/shieldpod/embed"
	"github.com/shieldpod/shieldpod/widget"
)

// podFiles gives the pod's page and the handler of its assets, whose names change with their content.
func podFiles() (page []byte, assets http.Handler, err error) {
	page, built, err := widget.Load()
	if err != nil {
		return nil, nil, err
	}
	assets, err = web.Open(built, "pod-assets/*", web.Immutable)
	return page, assets, err
}

// loaderFile serves the script by which any page mounts pods. Its name never changes, so copies expire: a copy is used
// without a request for five minutes, and for a day while a newer one is fetched.
func loaderFile() (http.Handler, error) {
	built, err := embed.Script()
	if err != nil {
		return nil, err
	}
	script, err := web.Open(built, "v1.js", "public, max-age=300, stale-while-revalidate=86400")
	if err != nil {
		return nil, err
	}
	return http.StripPrefix("/embed", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cross-Origin-Resource-Policy", "cross-origin") // for pages that are isolated
		h.Set("Access-Control-Allow-Origin", "*")             // for tags with crossorigin, which see errors in full
		script.ServeHTTP(w, r)
	})), nil
}
