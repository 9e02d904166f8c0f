package landing

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/locale"
	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/bff/internal/web"
)

// state is one of the pages: its template, its HTTP status and the text of its title.
type state struct {
	name     string
	status   int
	titleKey string
}

// A link that can't be answered has the status 410, except right after its own answer.
var (
	open             = state{"open", http.StatusOK, "page.open.tab"}
	numberMissing    = state{"open", http.StatusUnprocessableEntity, "page.pick.tab"}
	pressUnconfirmed = state{"open", http.StatusUnprocessableEntity, "page.open.tab"} // a script pressed Validate
	denyQuestion     = state{"confirm_denial", http.StatusOK, "page.confirm_denial.tab"}
	denyUnconfirmed  = state{"confirm_denial", http.StatusUnprocessableEntity, "page.confirm_denial.tab"} // a script pressed the denial
	validated        = state{"validated", http.StatusOK, "page.validated.tab"}
	denied           = state{"denied", http.StatusOK, "page.denied.tab"}
	used             = state{"used", http.StatusGone, "page.used.tab"}
	refused          = state{"denied", http.StatusGone, "page.denied.tab"}
	expired          = state{"expired", http.StatusGone, "page.expired.title"}
	replaced         = state{"replaced", http.StatusGone, "page.replaced.title"}
	wrongNumber      = state{"wrong_number", http.StatusGone, "page.wrong_number.title"}
	ended            = state{"ended", http.StatusGone, "page.ended.tab"}
	unknown          = state{"unknown", http.StatusNotFound, "page.unknown.title"}

	unreadable = state{"unreadable", http.StatusServiceUnavailable, "page.unavailable.title"}
	unanswered = state{"unanswered", http.StatusServiceUnavailable, "page.unavailable.title"}
	malformed  = state{"malformed", http.StatusBadRequest, "page.malformed.title"}
	tooLarge   = state{"malformed", http.StatusRequestEntityTooLarge, "page.malformed.title"}
	notAForm   = state{"malformed", http.StatusUnsupportedMediaType, "page.malformed.title"}
)

// stateOf returns the page for the outcome of a link and the page's own query. Links with an unknown outcome can't be
// answered.
func stateOf(link verify.Link, query string) state {
	if query == queryDeny && (link.CanDeny || link.Outcome == verify.Open) {
		return denyQuestion
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
			return wrongNumber
		}
	}
	return ended
}

// view is the data of the templates.
type view struct {
	message.Values
	State         string
	Title         string
	Lang          string
	Logo          message.Logo // at its displayed size; with an empty hash, Initial is shown instead
	Initial       string
	Until         time.Time
	Seconds       int      // remaining
	Numbers       []string // from which the end user picks
	NumberMissing bool     // none of the numbers was picked
	Unconfirmed   bool     // a script pressed the button: a person must press it
	CanDeny       bool     // "I did not ask for this" is still taken
	Late          bool     // the link was used or had ended, for a denial before the denial
	zone          string
	Style         template.CSS
	Clock         template.CSS

	translation *message.Translation
	theme       message.Theme
}

// Text returns a text in the page's language.
func (v view) Text(key string) string { return v.translation.Text(key, &v.Values) }

// timeMarker is replaced by the marked-up time. It occurs in no name.
const timeMarker = "\ue000"

// TextWithTime returns a text with its time marked up for the script.
func (v view) TextWithTime(key string) template.HTML {
	v.Values.Until = timeMarker
	text := template.HTMLEscapeString(v.Text(key))
	//nolint:gosec // the text is escaped above and the time is generated
	return template.HTML(strings.ReplaceAll(text, timeMarker, string(v.markTime(v.translation.DateTime(v.Until, v.zone)))))
}

// When returns the time of day at which the link expires.
func (v view) When() template.HTML { return v.markTime(v.translation.TimeOfDay(v.Until, v.zone)) }

// markTime marks a time up. Without a time zone of the tenant, the page's script shows it in the reader's own zone.
// With one, the page shows the time as the message does.
func (v view) markTime(text string) template.HTML {
	known := ""
	if v.zone != "" && v.zone != locale.DefaultZone {
		known = " data-zone"
	}
	//nolint:gosec // digits and letters of a time
	return template.HTML(fmt.Sprintf(`<time datetime="%s"%s>%s</time>`, v.Until.Format(time.RFC3339), known, template.HTMLEscapeString(text)))
}

func (h handler) view(link verify.Link, b *message.Brand) view {
	translation := message.ForLanguage(link.Language)
	remaining := link.ExpiresAt.Sub(h.now())
	return view{
		Values: message.Values{
			Tenant: b.Name, Technician: message.Line(link.Technician), Ticket: message.Line(link.Ticket),
			// Rounded up, so that a new link shows its full validity.
			Minutes: translation.Minutes((remaining + time.Minute - 1).Truncate(time.Minute)),
		},
		Lang: translation.Tag, Logo: logoOf(b), Initial: b.Initial(), Until: link.ExpiresAt.UTC(),
		Seconds: int((remaining + time.Second - 1) / time.Second), Numbers: link.Numbers, translation: translation, theme: b.Theme,
		CanDeny: link.CanDeny, Late: link.Outcome != verify.Open && link.Outcome != verify.Denied || link.DeniedLate, zone: link.TimeZone,
	}
}

// logoOf returns the brand's logo at its displayed size.
func logoOf(b *message.Brand) message.Logo {
	l := b.PageLogo()
	if l.Hash != "" {
		l.Width, l.Height = l.FitWithin(240, 56)
	}
	return l
}

var pages = template.Must(template.New("").Funcs(template.FuncMap{"asset": assets.URL}).ParseFS(files, "pages/*.html"))

// render writes a whole page at once.
func (h handler) render(w http.ResponseWriter, r *http.Request, s state, v view) {
	page, styles := compose(s, v)
	header := w.Header()
	header.Set("Content-Security-Policy", contentPolicy+styles)
	if s.status == http.StatusServiceUnavailable {
		header.Set("Retry-After", "5")
	}
	header.Set("Content-Type", "text/html; charset=utf-8")
	web.WriteCompressed(w, r, s.status, page) // a page holds no secret together with text of a third party
}

// compose returns a page with its styles, and the hashes of the styles for the content security policy.
func compose(s state, v view) (page []byte, styles string) {
	if v.translation == nil { // an unknown link
		v.translation, v.theme = message.ForLanguage(""), message.DefaultTheme
		v.Lang = v.translation.Tag
	}
	v.State, v.Title = s.name, v.Text(s.titleKey)
	style := styleOf(v.theme)
	v.Style, styles = template.CSS(style.text), style.hash //nolint:gosec // an embedded file and colours
	if s.name == open.name && v.Seconds > 0 {
		clock := fmt.Sprintf("main{--left:%[1]d;animation:run %[1]ds steps(%[1]d) forwards}"+
			".answer{animation:go 1ms %[1]ds forwards}.over{animation:come 1ms %[1]ds forwards}", v.Seconds)
		v.Clock, styles = template.CSS(clock), styles+" "+web.CSPHash(clock) //nolint:gosec // digits
	}
	var out bytes.Buffer
	if err := pages.ExecuteTemplate(&out, s.name, v); err != nil {
		panic(fmt.Errorf("page %s: %w", s.name, err)) // can't happen: the templates are embedded and tested
	}
	return out.Bytes(), styles
}

// Preview returns the page as an end user would see it. Its buttons do nothing.
func Preview(b *message.Brand, language, zone string, v message.Values, until time.Time, remaining time.Duration) string {
	translation := message.ForLanguage(language)
	v.Tenant, v.Minutes = b.Name, translation.Minutes(remaining)
	page, _ := compose(open, view{
		Values: v, Lang: translation.Tag, Logo: logoOf(b), Initial: b.Initial(), Until: until.UTC(), Seconds: int(remaining / time.Second),
		CanDeny: true, translation: translation, theme: b.Theme, zone: zone,
	})
	return string(page)
}
