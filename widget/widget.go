// Package widget is the pod: start with [Open], which gives its page and its assets to serve.
package widget

import (
	"bytes"
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

// AssetPath is where the page expects its assets to be served.
const AssetPath = "/pod-assets/"

// ContentSecurityPolicy is what the page needs and no more; the server adds frame-ancestors,
// which are the tenant's own.
const ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
	"img-src data:; base-uri 'none'; form-action 'none'"

// ErrNotBuilt says that this binary was compiled before the pod was.
var ErrNotBuilt = errors.New("the pod is not built: run `npm ci && npm run build`, then compile again")

// Pod is the built pod. Its zero value serves nothing: use Open.
type Pod struct {
	page   file
	assets map[string]file // by request path
}

// file is one file in every encoding that it was built in.
type file struct {
	contentType string
	body        map[string][]byte // by encoding; "" is plain
}

// Open gives the pod that was compiled into this binary. ErrNotBuilt: there is none.
func Open() (*Pod, error) { return open(dist) }

func open(built fs.FS) (*Pod, error) {
	page, err := read(built, "dist/pod.html")
	if err != nil {
		return nil, ErrNotBuilt
	}
	names, err := fs.Glob(built, "dist"+AssetPath+"*")
	if err != nil {
		return nil, err
	}
	pod := &Pod{page: page, assets: map[string]file{}}
	for _, name := range names {
		if ext := path.Ext(name); ext == ".br" || ext == ".gz" {
			continue
		}
		asset, err := read(built, name)
		if err != nil {
			return nil, err
		}
		pod.assets[strings.TrimPrefix(name, "dist")] = asset
	}
	return pod, nil
}

func read(built fs.FS, name string) (file, error) {
	plain, err := fs.ReadFile(built, name)
	if err != nil {
		return file{}, err
	}
	f := file{contentType: mime.TypeByExtension(path.Ext(name)), body: map[string][]byte{"": plain}}
	for encoding, ext := range map[string]string{"br": ".br", "gzip": ".gz"} {
		if packed, err := fs.ReadFile(built, name+ext); err == nil {
			f.body[encoding] = packed
		}
	}
	return f, nil
}

// ServePage answers with the pod's page. It sets what describes the body and nothing else:
// policy and caching are the caller's, and must be set before.
func (p *Pod) ServePage(w http.ResponseWriter, r *http.Request) { p.page.serve(w, r) }

// ServeHTTP answers requests below AssetPath. The names of assets change with their content,
// so a copy may be kept for ever.
func (p *Pod) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	asset, ok := p.assets[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	asset.serve(w, r)
}

func (f file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Add("Vary", "Accept-Encoding")
	body := f.body[""]
	for _, encoding := range [...]string{"br", "gzip"} {
		if packed, ok := f.body[encoding]; ok && accepts(r, encoding) {
			h.Set("Content-Encoding", encoding)
			body = packed
			break
		}
	}
	if r.Method == http.MethodHead {
		return
	}
	_, _ = bytes.NewReader(body).WriteTo(w) // the reader may have gone
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
