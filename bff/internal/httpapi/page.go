package httpapi

import (
	"bytes"
	"html"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// contentPolicy returns the Content-Security-Policy of the pod's page up to frame-ancestors. The page may load its own origin
// and connect to its own socket.
func contentPolicy(publicURL string) string {
	socket := "ws" + strings.TrimPrefix(publicURL, "http")
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
		"connect-src 'self' " + socket + "; base-uri 'none'; form-action 'none'; frame-ancestors "
}

// blankPage answers requests for an unknown tenant.
const blankPage = "<!doctype html><title>Shieldpod</title>"

// podPage serves the pod's page. Only the tenant's origins may frame it. It contains no personal data.
func (a *routes) podPage(c echo.Context) error {
	tenant, err := a.framedTenant(c)
	if err != nil || c.Response().Committed {
		return err
	}
	return a.page(c, tenant, "")
}

// framedTenant returns the tenant of the request and allows only that tenant's origins to frame the answer. For an unknown
// tenant it answers with a blank page that can't be framed.
func (a *routes) framedTenant(c echo.Context) (admin.Tenant, error) {
	h := c.Response().Header()
	tenant, err := a.Tenants.TenantSettings(c.Request().Context(), c.Param("tenant"))
	if verify.CodeOf(err) == verify.CodeNotFound {
		return tenant, c.HTML(http.StatusNotFound, blankPage) // web.SetHeaders has forbidden framing
	}
	if err == nil {
		h.Set("Content-Security-Policy", a.podContentPolicy+frameAncestors(tenant.Origins))
		if len(tenant.Origins) > 0 {
			h.Del("X-Frame-Options") // it can't list several origins
			h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		}
	}
	return tenant, err
}

// page answers with the pod's page. The head contains its settings, so that the page needs no further request:
//
//	shieldpod-origins  the origins that may frame it, separated by spaces
//	shieldpod-language the tenant's language for technicians
//	shieldpod-nonce    a challenge for the first launch context
//	shieldpod-context  the token of a form post
//	shieldpod-signin   1: technicians can sign in
func (a *routes) page(c echo.Context, tenant admin.Tenant, context string) error {
	nonce, _, err := a.Config.Launch.Challenge()
	if err != nil {
		return err
	}
	rules, err := a.Verify.EffectivePolicy(c.Request().Context(), tenant.ID, "")
	if err != nil {
		return err
	}
	head, rest, _ := bytes.Cut(a.PodPage, []byte("</head>"))
	var page bytes.Buffer
	page.Write(head)
	meta(&page, "origins", strings.Join(tenant.Origins, " "))
	meta(&page, "language", rules.Language)
	meta(&page, "nonce", nonce)
	if context != "" {
		meta(&page, "context", context)
	}
	if tenant.SignIn.Issuer != "" {
		meta(&page, "signin", "1")
	}
	page.WriteString("</head>")
	page.Write(rest)
	return c.HTMLBlob(http.StatusOK, page.Bytes()) // web.SetHeaders has set no-store
}

func meta(page *bytes.Buffer, name, content string) {
	page.WriteString(`<meta name="shieldpod-` + name + `" content="` + html.EscapeString(content) + `">`)
}

func frameAncestors(origins []string) string {
	if len(origins) == 0 {
		return "'none'"
	}
	return strings.Join(origins, " ")
}
