package landing

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// state is one of the pages: its template, its HTTP status and the title of its tab.
type state struct {
	name   string
	status int
	title  string
}

// A link that is past answering is gone, except to the person who has just answered it.
var (
	open      = state{"open", http.StatusOK, "Is it you?"}
	unpicked  = state{"open", http.StatusUnprocessableEntity, "Pick the number"}
	validated = state{"validated", http.StatusOK, "Done"}
	denied    = state{"denied", http.StatusOK, "You did not ask for this"}
	used      = state{"used", http.StatusGone, "This link was used"}
	refused   = state{"denied", http.StatusGone, "You did not ask for this"}
	expired   = state{"expired", http.StatusGone, "This link has expired"}
	replaced  = state{"replaced", http.StatusGone, "A newer message was sent"}
	mismatch  = state{"mismatch", http.StatusGone, "That was not the number"}
	ended     = state{"ended", http.StatusGone, "This link has ended"}
	unknown   = state{"unknown", http.StatusNotFound, "This link does not work"}

	unreadable = state{"unreadable", http.StatusServiceUnavailable, "Something is wrong on our side"}
	unanswered = state{"unanswered", http.StatusServiceUnavailable, "Something is wrong on our side"}
	malformed  = state{"malformed", http.StatusBadRequest, "That did not work"}
	tooLarge   = state{"malformed", http.StatusRequestEntityTooLarge, "That did not work"}
	notAForm   = state{"malformed", http.StatusUnsupportedMediaType, "That did not work"}
)

// stateOf picks the page for what became of a link. An outcome it does not know can't be answered either.
func stateOf(link verify.Link, justAnswered bool) state {
	switch link.Outcome {
	case verify.Open:
		return open
	case verify.Verified:
		if justAnswered {
			return validated
		}
		return used
	case verify.Denied:
		if justAnswered {
			return denied
		}
		return refused
	case verify.Expired:
		return expired
	case verify.Superseded:
		return replaced
	case verify.Failed:
		if link.Reason == verify.ReasonNumber {
			return mismatch
		}
	}
	return ended
}

// view is what the templates show.
type view struct {
	State      string
	Title      string
	Tenant     string // empty when the link is not known
	Technician string
	Ticket     string
	Until      time.Time
	Left       string // of the validity, in words
	Numbers    []string
	Unpicked   bool // none of the numbers was picked
}

func (s site) view(link verify.Link) view {
	return view{
		Tenant: link.Tenant.Name, Technician: link.Technician, Ticket: link.Ticket,
		Until: link.ExpiresAt.UTC(), Left: inWords(link.ExpiresAt.Sub(s.now())), Numbers: link.Numbers,
	}
}

// inWords rounds up to minutes: a link just sent for five says five.
func inWords(d time.Duration) string {
	minutes := int((d + time.Minute - 1) / time.Minute)
	if minutes <= 1 {
		return "1 minute"
	}
	return strconv.Itoa(minutes) + " minutes"
}

//go:embed pages assets
var files embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"asset": assetURL, "initial": initial,
}).ParseFS(files, "pages/*.html"))

// initial stands where a tenant's logo would.
func initial(name string) string {
	r, _ := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(r))
}

const assetsPath = "/v-assets/"

// asset is one static file, under an address that changes with its content.
type asset struct {
	name string // with the content's hash: landing.1a2b3c4d.css
	kind string
	body []byte
}

var (
	assets     = loadAssets()
	assetKinds = map[string]string{
		".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
	}
)

// loadAssets maps the files by their own names.
func loadAssets() map[string]asset {
	found := map[string]asset{}
	entries, err := fs.ReadDir(files, "assets")
	if err != nil {
		panic(err) // embedded: can't be missing
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

func serveAsset(w http.ResponseWriter, r *http.Request) {
	for _, a := range assets {
		if a.name == r.PathValue("name") {
			w.Header().Set("Content-Type", a.kind)
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
			_, _ = w.Write(a.body) // the reader may have gone
			return
		}
	}
	http.NotFound(w, r)
}
