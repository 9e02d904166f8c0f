package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/shieldpod/shieldpod/bff/internal/clientaddr"
	"github.com/shieldpod/shieldpod/bff/internal/launch"
	"github.com/shieldpod/shieldpod/bff/internal/securitylog"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/api"
)

// codeTooMany refuses an address that has used up what it may ask without proof, or guess.
const codeTooMany verify.Code = securitylog.CodeTooManyRequests

func tooMany(retry time.Duration) *verify.Error {
	seconds := int(math.Ceil(retry.Seconds()))
	return &verify.Error{
		Code: codeTooMany, RetryAfter: retry,
		Public: fmt.Sprintf("Too many requests come from your network. Try again in %s.", inSeconds(seconds)),
	}
}

func inSeconds(n int) string {
	if n == 1 {
		return "1 second"
	}
	return fmt.Sprintf("%d seconds", n)
}

// TooManyRequests answers 429 before any route: with a page where people read it, with a problem elsewhere.
func TooManyRequests(w http.ResponseWriter, r *http.Request, retry time.Duration) {
	refusal := tooMany(retry)
	seconds := int(math.Ceil(retry.Seconds()))
	h := w.Header()
	h.Set("Retry-After", strconv.Itoa(seconds))
	for _, pages := range []string{"/v/", "/pod/", "/signin/"} {
		if strings.HasPrefix(r.URL.Path, pages) {
			h.Set("Content-Type", "text/html; charset=utf-8")
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = fmt.Fprintf(w, "<!doctype html><html lang=en><meta name=viewport content=\"width=device-width\"><title>Try again in a moment</title><p>%s</p></html>\n", html.EscapeString(refusal.Public)) // the reader may have gone
			return
		}
	}
	h.Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusTooManyRequests)
	_ = json.NewEncoder(w).Encode(api.Problem{ // the client may be gone
		Type: "about:blank", Title: http.StatusText(http.StatusTooManyRequests), Status: http.StatusTooManyRequests,
		Code: string(refusal.Code), Detail: refusal.Public, RetryAfter: seconds,
	})
}

// suspicious are the refusals that go into the security log. The ones marked true are guesses: an address has a limited number.
var suspicious = map[verify.Code]bool{
	verify.CodeContextInvalid: false, verify.CodeContextExpired: false, verify.CodeContextReplayed: false, verify.CodeMember: false,
	verify.CodeSession: true, verify.CodeAPIKey: true, codeUnknownRoute: true, codeMethodNotAllowed: true,
}

// tenantKey keeps in echo's context for which tenant a launch was asked.
const tenantKey = "tenant"

// suspect records a refusal that looks like an attack, and turns a guess too many into 429. A request with a good bearer or key never
// comes here, however much was guessed from its address.
func (a *routes) suspect(c echo.Context, err error) error {
	refusal := refusalOf(err)
	guess, is := suspicious[refusal.Code]
	if !is {
		return err
	}
	address := clientaddr.From(c.Request().Context())
	if refusal.Code == codeUnknownRoute || refusal.Code == codeMethodNotAllowed {
		guess = c.Request().Header.Get("Authorization") != "" // without one it was bounded before it came here
	} else {
		tenant, _ := c.Get(tenantKey).(string)
		if context := new(launch.Refusal); tenant == "" && errors.As(err, &context) {
			tenant = context.Tenant
		}
		a.Security.Record(string(refusal.Code), tenant, address)
	}
	if guess {
		if retry, ok := a.Guesses.Take(address); !ok {
			a.Security.Record(securitylog.CodeTooManyRequests, "", address)
			return tooMany(retry)
		}
	}
	return err
}
