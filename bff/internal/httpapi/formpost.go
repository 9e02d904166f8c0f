package httpapi

import (
	"embed"
	"errors"
	"html/template"
	"math"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

//go:embed pages
var pageFiles embed.FS

var notices = template.Must(template.ParseFS(pageFiles, "pages/*.html"))

// notice is a page with a short text: the reason for a missing pod, or the result of a sign-in.
type notice struct {
	Title string
	Text  string
	Code  string // for the pod that has opened this window
}

// notice answers with a notice.
func (a *routes) notice(c echo.Context, status int, n notice) error {
	var page strings.Builder
	if err := notices.ExecuteTemplate(&page, "notice.html", n); err != nil {
		return err
	}
	return c.HTML(status, page.String())
}

// asset serves a file that notices load.
func asset(name, kind string) echo.HandlerFunc {
	content, err := pageFiles.ReadFile("pages/" + name)
	return func(c echo.Context) error {
		if err != nil {
			return err
		}
		c.Response().Header().Set("Cache-Control", "public, max-age=3600")
		return c.Blob(http.StatusOK, kind, content)
	}
}

// podPost serves the pod's page to a host that can only post a form into a frame. The page contains the token. podPost neither
// uses nor verifies the token: the pod exchanges it like any other.
func (a *routes) podPost(c echo.Context) error {
	tenant, err := a.framedTenant(c)
	if err != nil || c.Response().Committed {
		return err
	}
	if origin := c.Request().Header.Get("Origin"); origin != "" && origin != "null" && !slices.Contains(tenant.Origins, origin) {
		return a.notice(c, http.StatusForbidden, podNotice("The page that opened it is none of those that may. Ask your administrator to add its origin to the tenant's."))
	}
	var refusal *verify.Error
	if errors.As(checkHeaders(c, math.MaxInt64), &refusal) {
		return a.notice(c, statusOf[refusal.Code], podNotice("The ticket system posted a compressed form. "+refusal.Public+vendorHint))
	}
	token, status, problem := postedToken(c.Request())
	if problem != "" {
		return a.notice(c, status, podNotice(problem))
	}
	return a.page(c, tenant, token)
}

func podNotice(why string) notice {
	return notice{Title: "Caller verification can't open", Text: why}
}

const vendorHint = " Reopen the ticket; if that does not help, tell the ticket system's vendor."

// postedToken reads the single token of a form from the body and ignores other fields. The token has the shape of a JWT and is
// not verified.
func postedToken(r *http.Request) (token string, status int, problem string) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != echo.MIMEApplicationForm {
		return "", http.StatusUnsupportedMediaType, "The ticket system did not post a form (application/x-www-form-urlencoded)." + vendorHint
	}
	body, err := strictjson.Read(r.Context(), r.Body, maxBody)
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) || strictjson.KindOf(err) == strictjson.TooLarge {
		return "", http.StatusRequestEntityTooLarge, "The ticket system posted too much." + vendorHint
	}
	form, formErr := url.ParseQuery(string(body))
	if err != nil || formErr != nil {
		return "", http.StatusBadRequest, "What the ticket system posted can't be read." + vendorHint
	}
	tokens := slices.Concat(form["context"], form["token"])
	switch {
	case len(tokens) != 1:
		return "", http.StatusUnprocessableEntity, "The ticket system must post exactly one context or token." + vendorHint
	case len(tokens[0]) > launchcontext.MaxSize:
		return "", http.StatusRequestEntityTooLarge, "The token that the ticket system posted is longer than 8 KiB." + vendorHint
	case !isTokenShaped(tokens[0]):
		return "", http.StatusUnprocessableEntity, "What the ticket system posted is not a signed token." + vendorHint
	}
	return tokens[0], http.StatusOK, ""
}

// isTokenShaped reports whether the text is three parts of base64url separated by dots.
func isTokenShaped(text string) bool {
	parts := strings.Split(text, ".")
	return len(parts) == 3 && !slices.ContainsFunc(parts, func(part string) bool {
		return part == "" || strings.Trim(part, base64url) != ""
	})
}

const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
