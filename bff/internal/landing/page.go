package landing

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// state is one of the pages: its template, its HTTP status and the words of its tab.
type state struct {
	name   string
	status int
	tab    string
}

// A link that is past answering is gone, except to the person who has just answered it.
var (
	open      = state{"open", http.StatusOK, "page.open.tab"}
	unpicked  = state{"open", http.StatusUnprocessableEntity, "page.pick.tab"}
	pressless = state{"open", http.StatusUnprocessableEntity, "page.open.tab"} // a script pressed Validate
	sure      = state{"sure", http.StatusOK, "page.sure.tab"}
	sureless  = state{"sure", http.StatusUnprocessableEntity, "page.sure.tab"} // a script pressed the denial
	validated = state{"validated", http.StatusOK, "page.validated.tab"}
	denied    = state{"denied", http.StatusOK, "page.denied.tab"}
	used      = state{"used", http.StatusGone, "page.used.tab"}
	refused   = state{"denied", http.StatusGone, "page.denied.tab"}
	expired   = state{"expired", http.StatusGone, "page.expired.title"}
	replaced  = state{"replaced", http.StatusGone, "page.replaced.title"}
	mismatch  = state{"mismatch", http.StatusGone, "page.mismatch.title"}
	ended     = state{"ended", http.StatusGone, "page.ended.tab"}
	unknown   = state{"unknown", http.StatusNotFound, "page.unknown.title"}

	unreadable = state{"unreadable", http.StatusServiceUnavailable, "page.down.title"}
	unanswered = state{"unanswered", http.StatusServiceUnavailable, "page.down.title"}
	malformed  = state{"malformed", http.StatusBadRequest, "page.malformed.title"}
	tooLarge   = state{"malformed", http.StatusRequestEntityTooLarge, "page.malformed.title"}
	notAForm   = state{"malformed", http.StatusUnsupportedMediaType, "page.malformed.title"}
)

// stateOf picks the page for what became of a link, and what its address says of how it came to be shown. An
// outcome it does not know can't be answered either.
func stateOf(link verify.Link, query string) state {
	if query == queryDeny && (link.CanDeny || link.Outcome == verify.Open) {
		return sure
	}
	justAnswered := query == queryDone
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
	message.Values
	State    string
	Title    string
	Lang     string
	Logo     message.Logo // as it is shown; with an empty hash there is none, and Initial stands there
	Initial  string
	Until    time.Time
	Seconds  int      // that are left
	Numbers  []string // to pick from
	Unpicked bool     // none of the numbers was picked
	Again    bool     // a script pressed the button: a person may do so
	CanDeny  bool     // "I did not ask for this" is still taken
	Late     bool     // the link was used or has ended; of a denial: before it came
	zone     string
	Style    template.CSS
	Clock    template.CSS

	words *message.Words
	theme message.Theme
}

// Say gives a text in the page's language.
func (v view) Say(key string) string { return v.words.Say(key, &v.Values) }

// moment stands in a text where the time comes, which is marked up; no name has it in it.
const moment = "\ue000"

// SayWhen gives a text with the time in it, for the script to say it in the reader's own zone.
func (v view) SayWhen(key string) template.HTML {
	v.Values.Until = moment
	text := template.HTMLEscapeString(v.Say(key))
	//nolint:gosec // escaped above; the time is ours
	return template.HTML(strings.ReplaceAll(text, moment, string(v.when(v.words.Moment(v.Until, v.zone)))))
}

// When is the time of day until which the link is good.
func (v view) When() template.HTML { return v.when(v.words.TimeOfDay(v.Until, v.zone)) }

// when marks a time up. Where the tenant has set no time zone, the page's script says it in the reader's own one;
// where a zone is known, the page gives the time as the message does.
func (v view) when(text string) template.HTML {
	known := ""
	if v.zone != "" && v.zone != verify.DefaultZone {
		known = " data-zone"
	}
	//nolint:gosec // digits and letters of a time
	return template.HTML(fmt.Sprintf(`<time datetime="%s"%s>%s</time>`, v.Until.Format(time.RFC3339), known, template.HTMLEscapeString(text)))
}

func (s site) view(link verify.Link, b *message.Brand) view {
	words := message.In(link.Language)
	left := link.ExpiresAt.Sub(s.now())
	return view{
		Values: message.Values{
			Tenant: b.Name, Technician: message.Line(link.Technician), Ticket: message.Line(link.Ticket),
			Minutes: words.Minutes((left + time.Minute - 1).Truncate(time.Minute)), // a link just sent for five says five
		},
		Lang: words.Tag, Logo: logoOf(b), Initial: b.Initial(), Until: link.ExpiresAt.UTC(),
		Seconds: int((left + time.Second - 1) / time.Second), Numbers: link.Numbers, words: words, theme: b.Theme,
		CanDeny: link.CanDeny, Late: link.Outcome != verify.Open && link.Outcome != verify.Denied || link.DeniedLate, zone: link.TimeZone,
	}
}

// logoOf is the brand's logo at the size at which a page shows it.
func logoOf(b *message.Brand) message.Logo {
	l := b.PageLogo()
	if l.Hash != "" {
		l.Width, l.Height = l.Fitted(240, 56)
	}
	return l
}

//go:embed pages assets
var files embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{"asset": assetURL}).ParseFS(files, "pages/*.html"))

// render writes a whole page at once.
func (s site) render(w http.ResponseWriter, r *http.Request, at state, v view) {
	page, styles := compose(at, v)
	h := w.Header()
	h.Set("Content-Security-Policy", policy+styles)
	if at.status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "5")
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	write(w, r, at.status, page)
}

// compose gives a page with its styles in it, and what the policy must let in for them.
func compose(at state, v view) (page []byte, styles string) {
	if v.words == nil { // a link that is nobody's
		v.words, v.theme = message.In(""), message.DefaultTheme
		v.Lang = v.words.Tag
	}
	v.State, v.Title = at.name, v.Say(at.tab)
	style := styleOf(v.theme)
	v.Style, styles = template.CSS(style.text), style.hash //nolint:gosec // our own file, and colours
	if at.name == open.name && v.Seconds > 0 {
		clock := fmt.Sprintf("main{--left:%[1]d;animation:run %[1]ds steps(%[1]d) forwards}"+
			".answer{animation:go 1ms %[1]ds forwards}.over{animation:come 1ms %[1]ds forwards}", v.Seconds)
		v.Clock, styles = template.CSS(clock), styles+" "+hashOf(clock) //nolint:gosec // digits
	}
	var out bytes.Buffer
	if err := pages.ExecuteTemplate(&out, at.name, v); err != nil {
		panic(fmt.Errorf("page %s: %w", at.name, err)) // the templates are ours and tested: a broken one is a defect
	}
	return out.Bytes(), styles
}

// Preview is the page as an end user would find it, with nothing behind its buttons.
func Preview(b *message.Brand, language, zone string, v message.Values, until time.Time, left time.Duration) string {
	words := message.In(language)
	v.Tenant, v.Minutes = b.Name, words.Minutes(left)
	page, _ := compose(open, view{
		Values: v, Lang: words.Tag, Logo: logoOf(b), Initial: b.Initial(), Until: until.UTC(), Seconds: int(left / time.Second),
		CanDeny: true, words: words, theme: b.Theme, zone: zone,
	})
	return string(page)
}

// squeezers are gzip writers that are used again: a new one weighs more than the page.
var squeezers = sync.Pool{New: func() any { return gzip.NewWriter(io.Discard) }}

// write answers with the body, compressed for who takes it so. No page has a secret in it beside what a stranger
// could have put there: its length tells nothing.
func write(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	h := w.Header()
	h.Add("Vary", "Accept-Encoding")
	if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.WriteHeader(status)
		_, _ = w.Write(body) // the reader may have gone
		return
	}
	h.Set("Content-Encoding", "gzip")
	w.WriteHeader(status)
	z := squeezers.Get().(*gzip.Writer)
	defer squeezers.Put(z)
	z.Reset(w)
	_, _ = z.Write(body)
	_ = z.Close()
}

const assetsPath = "/v-assets/"

// asset is one static file, under an address that changes with its content.
type asset struct {
	name string // with the content's hash: landing.1a2b3c4d.js
	kind string
	body []byte
}

var (
	assets     = loadAssets()
	assetKinds = map[string]string{".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
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

const forEver = "public, max-age=31536000, immutable"

func serveAsset(w http.ResponseWriter, r *http.Request) {
	for _, a := range assets {
		if a.name == r.PathValue("name") && a.kind != "" {
			w.Header().Set("Content-Type", a.kind)
			w.Header().Set("Cache-Control", forEver)
			write(w, r, http.StatusOK, a.body)
			return
		}
	}
	http.NotFound(w, r)
}

// picture serves a tenant's logo to whoever knows its hash, which is as long as no list of them is to be had.
func (s site) picture(w http.ResponseWriter, r *http.Request) {
	hash, isPNG := strings.CutSuffix(r.PathValue("name"), ".png")
	if raw, err := hex.DecodeString(hash); !isPNG || err != nil || len(raw) != sha256.Size {
		http.NotFound(w, r)
		return
	}
	png, err := s.images.BrandImage(r.Context(), hash)
	if verify.CodeOf(err) == verify.CodeNotFound {
		http.NotFound(w, r)
		return
	}
	if err != nil {
		s.down(r.Context(), "picture", err)
		http.Error(w, "try again", http.StatusServiceUnavailable)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "image/png")
	h.Set("Cache-Control", forEver)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // mail programs on the web show it
	_, _ = w.Write(png)                                   // the reader may have gone
}
