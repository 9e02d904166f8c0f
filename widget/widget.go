// Package widget is the pod: [Load] gives its page and its assets.
package widget

import (
	"embed"
	"errors"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// ErrNotBuilt says that this binary was compiled before the pod was.
var ErrNotBuilt = errors.New("the pod is not built: run `npm ci && npm run build`, then compile again")

// Load gives the pod that was compiled into this binary: its page, and the files that the page asks for at
// /pod-assets/, compressed copies beside them. Their names change with their content, so that a copy may be
// kept for ever; the page's policy and caching are the server's own. ErrNotBuilt: there is none.
func Load() (page []byte, files fs.FS, err error) { return load(dist) }

func load(built fs.FS) ([]byte, fs.FS, error) {
	page, err := fs.ReadFile(built, "dist/pod.html")
	if err != nil {
		return nil, nil, ErrNotBuilt
	}
	files, err := fs.Sub(built, "dist")
	return page, files, err
}
