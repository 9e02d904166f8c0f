// Package embed is the script by which a host page mounts pods: serve [Script] as /embed/v1.js.
package embed

import (
	"embed"
	"errors"
	"net/http"
)

//go:embed all:dist
var dist embed.FS

// ErrNotBuilt says that this binary was compiled before the loader was.
var ErrNotBuilt = errors.New("the loader is not built: run `npm ci && npm run build`, then compile again")

// Script serves the loader. ErrNotBuilt: there is none in this binary.
func Script() (http.Handler, error) {
	script, err := dist.ReadFile("dist/v1.js")
	if err != nil {
		return nil, ErrNotBuilt
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/javascript; charset=utf-8")
		h.Set("Cache-Control", "public, max-age=300") // the name never changes, so the copy must age
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		h.Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(script) // the reader may have gone
	}), nil
}
