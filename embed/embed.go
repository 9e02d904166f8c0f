// Package embed is the script by which a host page mounts pods: serve what [Script] gives as /embed/v1.js.
package embed

import (
	"embed"
	"errors"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// ErrNotBuilt says that this binary was compiled before the loader was.
var ErrNotBuilt = errors.New("the loader is not built: run `npm ci && npm run build`, then compile again")

// Script gives v1.js, and its compressed copies. ErrNotBuilt: there is none in this binary.
func Script() (fs.FS, error) {
	built, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, err
	}
	if _, err := fs.Stat(built, "v1.js"); err != nil {
		return nil, ErrNotBuilt
	}
	return built, nil
}
