package landing

import (
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

//go:embed pages assets
var files embed.FS

// gzipWriters are reused, because a new writer is larger than the page.
var gzipWriters = sync.Pool{New: func() any { return gzip.NewWriter(io.Discard) }}

// writeCompressed writes the body, compressed where the client accepts gzip. Compression reveals nothing, because a
// page holds no secret together with text of a third party.
func writeCompressed(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	h := w.Header()
	h.Add("Vary", "Accept-Encoding")
	if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.WriteHeader(status)
		_, _ = w.Write(body) // the client may have disconnected
		return
	}
	h.Set("Content-Encoding", "gzip")
	w.WriteHeader(status)
	z := gzipWriters.Get().(*gzip.Writer)
	defer gzipWriters.Put(z)
	z.Reset(w)
	_, _ = z.Write(body)
	_ = z.Close()
}

const assetsPath = "/v-assets/"

// asset is one static file. Its URL changes with its content.
type asset struct {
	name string // with the content's hash: landing.1a2b3c4d.js
	kind string
	body []byte
}

var (
	assets     = loadAssets()
	assetKinds = map[string]string{".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
)

// loadAssets returns the files by their own names.
func loadAssets() map[string]asset {
	found := map[string]asset{}
	entries, err := fs.ReadDir(files, "assets")
	if err != nil {
		panic(err) // can't happen: the files are embedded
	}
	for _, e := range entries {
		body, err := fs.ReadFile(files, "assets/"+e.Name())
		if err != nil {
			panic(err)
		}
		sum, ext := sha256.Sum256(body), path.Ext(e.Name())
		found[e.Name()] = asset{
			name: strings.TrimSuffix(e.Name(), ext) + "." + hex.EncodeToString(sum[:4]) + ext,
			kind: assetKinds[ext], body: body,
		}
	}
	return found
}

func assetURL(name string) string { return assetsPath + assets[name].name }

const immutable = "public, max-age=31536000, immutable"

func serveAsset(w http.ResponseWriter, r *http.Request) {
	for _, a := range assets {
		if a.name == r.PathValue("name") && a.kind != "" {
			w.Header().Set("Content-Type", a.kind)
			w.Header().Set("Cache-Control", immutable)
			writeCompressed(w, r, http.StatusOK, a.body)
			return
		}
	}
	http.NotFound(w, r)
}

// serveBrandImage serves a tenant's logo to clients that know its hash. The hash is the only access control.
func (h handler) serveBrandImage(w http.ResponseWriter, r *http.Request) {
	hash, isPNG := strings.CutSuffix(r.PathValue("name"), ".png")
	if raw, err := hex.DecodeString(hash); !isPNG || err != nil || len(raw) != sha256.Size {
		http.NotFound(w, r)
		return
	}
	png, err := h.images.BrandImage(r.Context(), hash)
	if verify.CodeOf(err) == verify.CodeNotFound {
		http.NotFound(w, r)
		return
	}
	if err != nil {
		h.logError(r.Context(), "picture", err)
		http.Error(w, "try again", http.StatusServiceUnavailable)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "image/png")
	header.Set("Cache-Control", immutable)
	header.Set("Cross-Origin-Resource-Policy", "cross-origin") // web mail programs show it
	_, _ = w.Write(png)                                        // the client may have disconnected
}
