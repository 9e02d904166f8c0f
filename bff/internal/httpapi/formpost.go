package httpapi

import (
	"embed"
	"errors"
	"html/template"
	"math"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/bff/internal/web"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

//go:embed pages
var pageFiles embed.FS

// noticeAssets are the files that notices load.
var noticeAssets = web.MustAssets(pageFiles, "pages", "/page-assets/", "signed-in.js", "notice.css")

var notices = template.Must(template.New("").Funcs(template.FuncMap{"asset": noticeAssets.URL}).ParseFS(pageFiles, "pages/*.html"))

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
	token, status, problem := postedToken(c)
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
func postedToken(c echo.Context) (token string, status int, problem string) {
	form, err := web.ReadForm(c.Response(), c.Request(), maxBody)
	switch {
	case errors.Is(err, web.ErrNotForm):
		return "", http.StatusUnsupportedMediaType, "The ticket system did not post a form (application/x-www-form-urlencoded)." + vendorHint
	case errors.Is(err, web.ErrTooLarge):
		return "", http.StatusRequestEntityTooLarge, "The ticket system posted too much." + vendorHint
	case err != nil:
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
