package app

import (
	"net/http"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/landing"
)

// mount gives every path to the package that answers it; the rest is the API's. hooks mounts the delivery reports.
func mount(api, pages, assets, loader http.Handler, hooks func(*http.ServeMux)) http.Handler {
	mux := http.NewServeMux()
	hooks(mux)
	for _, path := range landing.LinkPaths {
		mux.Handle(path, pages)
	}
	mux.Handle("/v-assets/", pages)
	mux.Handle("GET /brand/", pages)
	mux.Handle("GET /pod-assets/", assets)
	mux.Handle("GET /embed/v1.js", loader)
	mux.Handle("/", api)
	return keepEncodedPaths(api, mux)
}

// keepEncodedPaths routes API requests with an encoded path, such as ids with slashes, around the mux: the mux would
// clean the decoded path and redirect to another id.
func keepEncodedPaths(api http.Handler, mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawPath != "" && strings.HasPrefix(r.URL.RawPath, "/api/") {
			api.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}
