// Package landing is what the end user sees: the page behind the link in the
// message, with its two answers, and one plain page for every way in which a
// link can be past answering; in the tenant's look and the message's language.
//
// Start with [New]. Looking is free: GET, HEAD and OPTIONS only read, however
// often a mail scanner comes by. Only a POST says something, and the page works
// without JavaScript; the one script it has tells that the page was seen and
// decides nothing.
package landing

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Service is what the pages ask of the domain. Every method refuses by code:
// not_found, already_used, expired, verification_ended; any other error means that a part is down.
type Service interface {
	// Link looks a token up and changes nothing.
	Link(ctx context.Context, token string) (verify.Link, error)
	// Validate is the end user's yes, with the number that was picked where there are any to pick from.
	// CodeInvalid: none of them was picked, and nothing has changed. CodeWrongCode: it was a wrong one.
	Validate(ctx context.Context, token, number string) (verify.Link, error)
	// Deny is the end user's "I did not ask for this".
	Deny(ctx context.Context, token string) (verify.Link, error)
	// Opened notes that a browser shows the page. It proves nothing.
	Opened(ctx context.Context, token string) error
}

var _ Service = (*verify.Service)(nil)

// Brands knows how tenants look and speak; message.Shelf is one.
type Brands interface {
	// Brand gives a tenant's, to be read only. CodeNotFound: there is no such tenant.
	Brand(ctx context.Context, tenant string) (*message.Brand, error)
}

// Images has the pictures of brands.
type Images interface {
	// BrandImage gives a PNG by its hash, or CodeNotFound.
	BrandImage(ctx context.Context, hash string) ([]byte, error)
}

// Config is what the pages need. All fields are required.
type Config struct {
	Service Service
	Brands  Brands
	Images  Images
	Now     func() time.Time
	Log     *slog.Logger // never sees a token
}

// LinkPaths are where links lead; some programs write a whole address in capitals up to its token.
var LinkPaths = []string{"/v/", "/V/"}

// New serves the links' pages under [LinkPaths], the files under /v-assets/ and the pictures under /brand/.
func New(c Config) http.Handler {
	s := site{service: c.Service, brands: c.Brands, images: c.Images, now: c.Now, log: c.Log}
	mux := http.NewServeMux()
	for _, path := range LinkPaths {
		mux.HandleFunc("GET "+path+"{rest...}", s.show)
		mux.HandleFunc("POST "+path+"{rest...}", s.answer)
		mux.HandleFunc("OPTIONS "+path+"{rest...}", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Allow", "GET, HEAD, OPTIONS, POST")
			w.WriteHeader(http.StatusNoContent)
		})
	}
	mux.HandleFunc("GET "+assetsPath+"{name}", serveAsset)
	mux.HandleFunc("GET /brand/{name}", s.picture)
	return guard(mux)
}

// policy lets in the page's own files and the styles that stand in it, by their hashes, and nothing else. connect-src
// is for the one script's word that the page was seen.
const policy = "default-src 'none'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'; style-src "

// guard sets the headers that hold for every answer. Under no-referrer browsers post
// the form with "Origin: null", so Origin tells nothing here and is not looked at: who
// knows the token needs no other's browser to use it.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy+"'none'")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
		h.Set("X-Robots-Tag", "noindex, nofollow")
		next.ServeHTTP(w, r)
	})
}

// site answers the end user.
type site struct {
	service Service
	brands  Brands
	images  Images
	now     func() time.Time
	log     *slog.Logger
}

// The address of an answered page says how the answer went, so that a reload or a step
// back is a harmless GET. It picks words only: what became of the link is always read.
const (
	queryDone = "done"
	queryLate = "late"
	queryDeny = "deny" // asks once more before a denial is taken; nothing but the button there denies
)

func (s site) show(w http.ResponseWriter, r *http.Request) {
	link, err := s.service.Link(r.Context(), tokenOf(r.PathValue("rest")))
	var brand *message.Brand
	if err == nil {
		brand, err = s.brands.Brand(r.Context(), link.Tenant.ID)
	}
	switch {
	case verify.CodeOf(err) == verify.CodeNotFound:
		s.render(w, r, unknown, view{})
	case err != nil:
		s.down(r.Context(), "show", err)
		s.render(w, r, unreadable, view{})
	default:
		s.render(w, r, stateOf(link, queryOf(r.URL.RawQuery)), s.view(link, brand))
	}
}

func (s site) answer(w http.ResponseWriter, r *http.Request) {
	said, refused := readAnswer(w, r)
	if refused != nil {
		s.render(w, r, *refused, view{})
		return
	}
	ctx, token := r.Context(), tokenOf(r.PathValue("rest"))
	if said.press == pressByScript && said.action != "opened" {
		s.pressedByScript(w, r, token, said.action)
		return
	}
	switch said.action {
	case "validate":
		link, err := s.service.Validate(ctx, token, said.number)
		if verify.CodeOf(err) == verify.CodeInvalid && link.Outcome == verify.Open {
			s.unpicked(w, r, link)
			return
		}
		s.answered(w, r, err)
	case "deny":
		_, err := s.service.Deny(ctx, token)
		s.answered(w, r, err)
	case "opened":
		s.opened(ctx, w, token)
	default:
		s.render(w, r, malformed, view{})
	}
}

// pressedByScript takes no answer from a page whose script runs and saw no person press, and shows the page again. It
// asks for the button once more, in case a person did press.
func (s site) pressedByScript(w http.ResponseWriter, r *http.Request, token, action string) {
	link, err := s.service.Link(r.Context(), token)
	var brand *message.Brand
	if err == nil {
		brand, err = s.brands.Brand(r.Context(), link.Tenant.ID)
	}
	again := pressless
	if action == "deny" {
		again = sureless
	}
	switch {
	case verify.CodeOf(err) == verify.CodeNotFound:
		s.render(w, r, unknown, view{})
	case err != nil:
		s.down(r.Context(), "answer", err)
		s.render(w, r, unreadable, view{})
	case action == "validate" && link.Outcome != verify.Open || action == "deny" && link.Outcome != verify.Open && !link.CanDeny:
		seeOther(w, queryLate)
	case action != "validate" && action != "deny":
		s.render(w, r, malformed, view{})
	default:
		v := s.view(link, brand)
		v.Again = true
		s.render(w, r, again, v)
	}
}

// unpicked asks for the number again: nothing was decided without it.
func (s site) unpicked(w http.ResponseWriter, r *http.Request, link verify.Link) {
	brand, err := s.brands.Brand(r.Context(), link.Tenant.ID)
	if err != nil {
		s.down(r.Context(), "answer", err)
		s.render(w, r, unreadable, view{})
		return
	}
	again := s.view(link, brand)
	again.Unpicked = true
	s.render(w, r, unpicked, again)
}

// answered sends the browser on to the page that shows what became of the link.
func (s site) answered(w http.ResponseWriter, r *http.Request, err error) {
	switch verify.CodeOf(err) {
	case verify.CodeNotFound:
		s.render(w, r, unknown, view{})
	case verify.CodeAlreadyUsed, verify.CodeExpired, verify.CodeVerificationEnded, verify.CodeWrongCode:
		seeOther(w, queryLate)
	default:
		if err != nil {
			s.down(r.Context(), "answer", err)
			s.render(w, r, unanswered, view{})
			return
		}
		seeOther(w, queryDone)
	}
}

// seeOther points at the same page by a relative reference: the token stays out of the headers.
func seeOther(w http.ResponseWriter, query string) {
	w.Header().Set("Location", "?"+query)
	w.WriteHeader(http.StatusSeeOther)
}

// opened never tells a script how it went: nobody reads the answer, and the page stays as it is.
func (s site) opened(ctx context.Context, w http.ResponseWriter, token string) {
	switch err := s.service.Opened(ctx, token); verify.CodeOf(err) {
	case verify.CodeNotFound, verify.CodeAlreadyUsed, verify.CodeExpired, verify.CodeVerificationEnded:
	default:
		if err != nil {
			s.down(ctx, "opened", err)
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s site) down(ctx context.Context, act string, err error) {
	s.log.ErrorContext(ctx, "landing page can't serve", "act", act, "err", err)
}

// formLimit is far above the longest form the page can send.
const formLimit = 1 << 10

// What the page's script says of the press in the form's field "press". A page without scripts sends no such field.
const (
	pressByScript = "script" // the page was not touched, and has not been on screen for a second
	pressByPerson = "person"
)

// said is what a form has.
type said struct{ action, number, press string }

// readAnswer reads a form that has one action, at most one number and at most one word about the press, or says with
// which page to refuse it. The query is not part of the form.
func readAnswer(w http.ResponseWriter, r *http.Request) (answer said, refusal *state) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return said{}, &notAForm
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, formLimit))
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		return said{}, &tooLarge
	}
	if err != nil {
		return said{}, &malformed
	}
	form, err := url.ParseQuery(string(body))
	numbers, presses := len(form["number"]), len(form["press"])
	if err != nil || len(form["action"]) != 1 || numbers > 1 || presses > 1 || len(form) != 1+numbers+presses {
		return said{}, &malformed
	}
	answer = said{action: form["action"][0], number: form.Get("number"), press: form.Get("press")}
	if presses == 1 && answer.press != pressByScript && answer.press != pressByPerson {
		return said{}, &malformed
	}
	return answer, nil
}
