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

// codeTooManyRequests refuses an address that exceeds its limit of unauthenticated requests or of guesses.
const codeTooManyRequests verify.Code = securitylog.CodeTooManyRequests

func tooManyRequests(retry time.Duration) *verify.Error {
	seconds := int(math.Ceil(retry.Seconds()))
	return &verify.Error{
		Code: codeTooManyRequests, RetryAfter: retry,
		Public: fmt.Sprintf("Too many requests come from your network. Try again in %s.", formatSeconds(seconds)),
	}
}

func formatSeconds(n int) string {
	if n == 1 {
		return "1 second"
	}
	return fmt.Sprintf("%d seconds", n)
}

// TooManyRequests answers 429 before any route: with a page on the routes of pages, with a problem elsewhere.
func TooManyRequests(w http.ResponseWriter, r *http.Request, retry time.Duration) {
	refusal := tooManyRequests(retry)
	seconds := int(math.Ceil(retry.Seconds()))
	h := w.Header()
	h.Set("Retry-After", strconv.Itoa(seconds))
	for _, pages := range []string{"/v/", "/pod/", "/signin/"} {
		if strings.HasPrefix(r.URL.Path, pages) {
			h.Set("Content-Type", "text/html; charset=utf-8")
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = fmt.Fprintf(w, "<!doctype html><html lang=en><meta name=viewport content=\"width=device-width\"><title>Try again in a moment</title><p>%s</p></html>\n", html.EscapeString(refusal.Public)) // fails only when the client is gone
			return
		}
	}
	h.Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusTooManyRequests)
	_ = json.NewEncoder(w).Encode(api.Problem{ // fails only when the client is gone
		Type: "about:blank", Title: http.StatusText(http.StatusTooManyRequests), Status: http.StatusTooManyRequests,
		Code: string(refusal.Code), Detail: refusal.Public, RetryAfter: seconds,
	})
}

// recordedCodes are the refusals in the security log. True marks a guess, which counts against the limit of its address.
var recordedCodes = map[verify.Code]bool{
	verify.CodeContextInvalid: false, verify.CodeContextExpired: false, verify.CodeContextReplayed: false, verify.CodeMember: false,
	verify.CodeAPIKeyExpired: false, verify.CodeScope: false,
	verify.CodeSession: true, verify.CodeAPIKey: true, codeUnknownRoute: true, codeMethodNotAllowed: true,
}

// tenantKey is the key of the launch's tenant in echo's context.
const tenantKey = "tenant"

// recordRefusal records a refusal that looks like an attack. A guess above the limit becomes 429. A request with a valid bearer
// or key is not affected by guesses from its address.
func (a *routes) recordRefusal(c echo.Context, err error) error {
	refusal := refusalOf(err)
	guess, recorded := recordedCodes[refusal.Code]
	if !recorded {
		return err
	}
	address := clientaddr.From(c.Request().Context())
	if refusal.Code == codeUnknownRoute || refusal.Code == codeMethodNotAllowed {
		guess = c.Request().Header.Get("Authorization") != "" // without one the request was limited earlier
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
			return tooManyRequests(retry)
		}
	}
	return err
}
