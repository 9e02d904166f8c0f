package landing

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/bff/internal/web"
)

//go:embed pages assets
var files embed.FS

const assetsPath = "/v-assets/"

// assets are the files that pages load; the stylesheet is inline.
var assets = web.MustAssets(files, "assets", assetsPath, "landing.js", "icon.svg")

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
	header.Set("Cache-Control", web.Immutable)
	header.Set("Cross-Origin-Resource-Policy", "cross-origin") // web mail programs show it
	_, _ = w.Write(png)                                        // the client may have disconnected
}
