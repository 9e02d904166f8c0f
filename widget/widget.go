// Package widget is the pod: [Load] gives its page and what serves its assets.
package widget

import (
	"embed"
	"errors"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed all:dist
var dist embed.FS

// ErrNotBuilt says that this binary was compiled before the pod was.
var ErrNotBuilt = errors.New("the pod is not built: run `npm ci && npm run build`, then compile again")

const assetPath = "/pod-assets/"

// Load gives the pod that was compiled into this binary: its page, and what serves its assets
// at /pod-assets/. The page's policy and caching are the server's own. ErrNotBuilt: there is none.
func Load() (page []byte, assets http.Handler, err error) { return load(dist) }

func load(built fs.FS) ([]byte, http.Handler, error) {
	page, err := fs.ReadFile(built, "dist/pod.html")
	if err != nil {
		return nil, nil, ErrNotBuilt
	}
	names, err := fs.Glob(built, "dist"+assetPath+"*")
	if err != nil {
		return nil, nil, err
	}
	all := assets{}
	for _, name := range names {
		if ext := path.Ext(name); ext == ".br" || ext == ".gz" {
			continue
		}
		if all[strings.TrimPrefix(name, "dist")], err = read(built, name); err != nil {
			return nil, nil, err
		}
	}
	return page, all, nil
}

// assets are files by request path. Their names change with their content, so a copy may be kept for ever.
type assets map[string]asset

// asset is one file in every encoding that it was built in.
type asset struct {
	contentType string
	body        map[string][]byte // by encoding; "" is plain
}

func read(built fs.FS, name string) (asset, error) {
	plain, err := fs.ReadFile(built, name)
	if err != nil {
		return asset{}, err
	}
	a := asset{contentType: mime.TypeByExtension(path.Ext(name)), body: map[string][]byte{"": plain}}
	for encoding, ext := range map[string]string{"br": ".br", "gzip": ".gz"} {
		if packed, err := fs.ReadFile(built, name+ext); err == nil {
			a.body[encoding] = packed
		}
	}
	return a, nil
}

func (all assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a, ok := all[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Type", a.contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Add("Vary", "Accept-Encoding")
	encoding := a.best(r)
	if encoding != "" {
		h.Set("Content-Encoding", encoding)
	}
	if r.Method != http.MethodHead {
		_, _ = w.Write(a.body[encoding]) // the reader may have gone
	}
}

func (a asset) best(r *http.Request) string {
	for _, encoding := range [...]string{"br", "gzip"} {
		if _, ok := a.body[encoding]; ok && accepts(r, encoding) {
			return encoding
		}
	}
	return ""
}

// accepts tells whether the client takes the encoding; q=0 means that it does not.
func accepts(r *http.Request, encoding string) bool {
	for _, part := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		name, quality, _ := strings.Cut(strings.ReplaceAll(part, " ", ""), ";")
		if strings.EqualFold(name, encoding) {
			return strings.Trim(strings.TrimPrefix(quality, "q="), "0.") != "" || quality == ""
		}
	}
	return false
}
