// Package landing serves the end user's pages: the page behind the link in the message, with its two buttons, and one
// page for each reason for which a link can't be answered. The pages have the tenant's look and the message's language.
//
// GET, HEAD and OPTIONS only read, so a mail scanner that opens links changes nothing. Only a POST changes the state. The
// pages work without JavaScript; their one script reports that the page was shown and decides nothing.
//
// Start with [New].
package landing

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/bff/internal/web"
)

// Service is the part of the domain that the pages use. Every method may return not_found, already_used, expired or
// verification_ended; any other error means that a dependency is unavailable.
type Service interface {
	// Link looks a token up and changes nothing.
	Link(ctx context.Context, token string) (verify.Link, error)
	// Validate confirms the verification, with the picked number where the policy requires one. CodeInvalid: no number
	// was picked, and nothing has changed. CodeWrongCode: the number is wrong.
	Validate(ctx context.Context, token, number string) (verify.Link, error)
	// Deny records the end user's "I did not ask for this".
	Deny(ctx context.Context, token string) (verify.Link, error)
	// Opened records that a browser shows the page. It proves nothing.
	Opened(ctx context.Context, token string) error
}

var _ Service = (*verify.Service)(nil)

// Brands returns the brands of tenants; message.BrandCache implements it.
type Brands interface {
	// Brand returns the tenant's brand, which is read-only. CodeNotFound: the tenant does not exist.
	Brand(ctx context.Context, tenant string) (*message.Brand, error)
}

// Images returns the pictures of brands.
type Images interface {
	// BrandImage returns a PNG by its hash. CodeNotFound: there is none.
	BrandImage(ctx context.Context, hash string) ([]byte, error)
}

// Config holds the dependencies of the pages. All fields are required.
type Config struct {
	Service Service
	Brands  Brands
	Images  Images
	Now     func() time.Time
	Log     *slog.Logger // never contains a token
}

// LinkPaths are the paths of links. Some programs write a whole URL up to its token in upper case.
var LinkPaths = []string{"/v/", "/V/"}

// New returns the handler of the pages under [LinkPaths], the files under /v-assets/ and the pictures under /brand/.
func New(c Config) http.Handler {
	s := handler{service: c.Service, brands: c.Brands, images: c.Images, now: c.Now, log: c.Log}
	mux := http.NewServeMux()
	for _, path := range LinkPaths {
		mux.HandleFunc("GET "+path+"{rest...}", s.show)
		mux.HandleFunc("POST "+path+"{rest...}", s.answer)
		mux.HandleFunc("OPTIONS "+path+"{rest...}", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Allow", "GET, HEAD, OPTIONS, POST")
			w.WriteHeader(http.StatusNoContent)
		})
	}
	mux.Handle("GET "+assetsPath+"{name}", assets)
	mux.HandleFunc("GET /brand/{name}", s.serveBrandImage)
	return withPageHeaders(mux)
}

// contentPolicy allows the page's own files and its inline styles, by their hashes, and nothing else. The page's
// script needs connect-src to report that the page was shown.
const contentPolicy = "default-src 'none'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'; style-src "

// withPageHeaders sets the headers of every response, beside those of web.SetHeaders. The Origin header is not checked,
// because browsers post the form with "Origin: null" under no-referrer. An attack across origins is not possible,
// because the token in the path is the only credential.
func withPageHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy+"'none'")
		h.Set("X-Robots-Tag", "noindex, nofollow")
		next.ServeHTTP(w, r)
	})
}

// handler serves the pages.
type handler struct {
	service Service
	brands  Brands
	images  Images
	now     func() time.Time
	log     *slog.Logger
}

// The query of a page after an answer, so that a reload or the back button is a harmless GET. It selects the text only;
// the state of the link is always read.
const (
	queryDone = "done"
	queryLate = "late"
	queryDeny = "deny" // asks again before a denial; only the button on that page denies
)

func (h handler) show(w http.ResponseWriter, r *http.Request) {
	link, err := h.service.Link(r.Context(), parseToken(r.PathValue("rest")))
	var brand *message.Brand
	if err == nil {
		brand, err = h.brands.Brand(r.Context(), link.Tenant.ID)
	}
	switch {
	case verify.CodeOf(err) == verify.CodeNotFound:
		h.render(w, r, unknown, view{})
	case err != nil:
		h.logError(r.Context(), "show", err)
		h.render(w, r, unreadable, view{})
	default:
		h.render(w, r, stateOf(link, ownQuery(r.URL.RawQuery)), h.view(link, brand))
	}
}

func (h handler) answer(w http.ResponseWriter, r *http.Request) {
	form, refusal := parseAnswer(w, r)
	if refusal != nil {
		h.render(w, r, *refusal, view{})
		return
	}
	ctx, token := r.Context(), parseToken(r.PathValue("rest"))
	if form.press == pressByScript && form.action != "opened" {
		h.refuseScriptPress(w, r, token, form.action)
		return
	}
	switch form.action {
	case "validate":
		link, err := h.service.Validate(ctx, token, form.number)
		if verify.CodeOf(err) == verify.CodeInvalid && link.Outcome == verify.Open {
			h.askForNumber(w, r, link)
			return
		}
		h.redirect(w, r, err)
	case "deny":
		_, err := h.service.Deny(ctx, token)
		h.redirect(w, r, err)
	case "opened":
		h.opened(ctx, w, token)
	default:
		h.render(w, r, malformed, view{})
	}
}

// refuseScriptPress refuses a form that the page's script marked as not pressed by a person, and shows the page again.
// The page asks for another press, in case a person did press.
func (h handler) refuseScriptPress(w http.ResponseWriter, r *http.Request, token, action string) {
	link, err := h.service.Link(r.Context(), token)
	var brand *message.Brand
	if err == nil {
		brand, err = h.brands.Brand(r.Context(), link.Tenant.ID)
	}
	again := pressUnconfirmed
	if action == "deny" {
		again = denyUnconfirmed
	}
	switch {
	case verify.CodeOf(err) == verify.CodeNotFound:
		h.render(w, r, unknown, view{})
	case err != nil:
		h.logError(r.Context(), "answer", err)
		h.render(w, r, unreadable, view{})
	case action == "validate" && link.Outcome != verify.Open || action == "deny" && link.Outcome != verify.Open && !link.CanDeny:
		seeOther(w, queryLate)
	case action != "validate" && action != "deny":
		h.render(w, r, malformed, view{})
	default:
		v := h.view(link, brand)
		v.Unconfirmed = true
		h.render(w, r, again, v)
	}
}

// askForNumber shows the page again after a form without a number.
func (h handler) askForNumber(w http.ResponseWriter, r *http.Request, link verify.Link) {
	brand, err := h.brands.Brand(r.Context(), link.Tenant.ID)
	if err != nil {
		h.logError(r.Context(), "answer", err)
		h.render(w, r, unreadable, view{})
		return
	}
	again := h.view(link, brand)
	again.NumberMissing = true
	h.render(w, r, numberMissing, again)
}

// redirect sends the browser to the page with the result.
func (h handler) redirect(w http.ResponseWriter, r *http.Request, err error) {
	switch verify.CodeOf(err) {
	case verify.CodeNotFound:
		h.render(w, r, unknown, view{})
	case verify.CodeAlreadyUsed, verify.CodeExpired, verify.CodeVerificationEnded, verify.CodeWrongCode:
		seeOther(w, queryLate)
	default:
		if err != nil {
			h.logError(r.Context(), "answer", err)
			h.render(w, r, unanswered, view{})
			return
		}
		seeOther(w, queryDone)
	}
}

// seeOther redirects to the same page by a relative reference, so that the token is not in the headers.
func seeOther(w http.ResponseWriter, query string) {
	w.Header().Set("Location", "?"+query)
	w.WriteHeader(http.StatusSeeOther)
}

// opened always returns 204: the script ignores the response.
func (h handler) opened(ctx context.Context, w http.ResponseWriter, token string) {
	switch err := h.service.Opened(ctx, token); verify.CodeOf(err) {
	case verify.CodeNotFound, verify.CodeAlreadyUsed, verify.CodeExpired, verify.CodeVerificationEnded:
	default:
		if err != nil {
			h.logError(ctx, "opened", err)
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

func (h handler) logError(ctx context.Context, act string, err error) {
	h.log.ErrorContext(ctx, "landing page can't serve", "act", act, "err", err)
}

// maxFormBytes is far above the length of the longest valid form.
const maxFormBytes = 1 << 10

// Values of the form's field "press", which the page's script sets. A page without scripts sends no such field.
const (
	pressByScript = "script" // the page was not touched and has been visible for less than a second
	pressByPerson = "person"
)

// answerForm is a submitted form.
type answerForm struct{ action, number, press string }

// parseAnswer reads a form with one action, at most one number and at most one press. It returns the page that refuses
// any other form. The query is not part of the form.
func parseAnswer(w http.ResponseWriter, r *http.Request) (answer answerForm, refusal *state) {
	form, err := web.ReadForm(w, r, maxFormBytes)
	switch {
	case errors.Is(err, web.ErrNotForm):
		return answerForm{}, &notAForm
	case errors.Is(err, web.ErrTooLarge):
		return answerForm{}, &tooLarge
	}
	numbers, presses := len(form["number"]), len(form["press"])
	if err != nil || len(form["action"]) != 1 || numbers > 1 || presses > 1 || len(form) != 1+numbers+presses {
		return answerForm{}, &malformed
	}
	answer = answerForm{action: form["action"][0], number: form.Get("number"), press: form.Get("press")}
	if presses == 1 && answer.press != pressByScript && answer.press != pressByPerson {
		return answerForm{}, &malformed
	}
	return answer, nil
}
