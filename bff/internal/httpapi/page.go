package httpapi

import (
	"bytes"
	"html"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// podPolicy is what the pod's page may load and call: itself, and its own socket.
func podPolicy(publicURL string) string {
	socket := "ws" + strings.TrimPrefix(publicURL, "http")
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
		"connect-src 'self' " + socket + "; base-uri 'none'; form-action 'none'; frame-ancestors "
}

// permissions are what the pod's pages may ask of the browser.
const permissions = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), clipboard-write=(self)"

// blank is all that is told of a tenant that is not there.
const blank = "<!doctype html><title>Shieldpod</title>"

// podPage serves the pod's page, framed by the tenant's origins only. It holds nobody's data.
func (a *routes) podPage(c echo.Context) error {
	tenant, err := a.framed(c)
	if err != nil || c.Response().Committed {
		return err
	}
	return a.page(c, tenant, "")
}

// framed gives the tenant whose pod is asked for, and has the answer framed by that tenant's origins and nobody else;
// for a tenant that is not there it answers with a blank page that nobody frames.
func (a *routes) framed(c echo.Context) (verify.Tenant, error) {
	h := c.Response().Header()
	h.Set("Permissions-Policy", permissions)
	tenant, err := a.Tenants.Tenant(c.Request().Context(), c.Param("tenant"))
	if verify.CodeOf(err) == verify.CodeNotFound {
		return tenant, c.HTML(http.StatusNotFound, blank) // framed by nobody: see guard
	}
	if err == nil {
		h.Set("Content-Security-Policy", a.podPolicy+ancestors(tenant.Origins))
		if len(tenant.Origins) > 0 {
			h.Del("X-Frame-Options") // it can't name more than one who may
			h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		}
	}
	return tenant, err
}

// page answers with the pod's page. What it is told stands in its head, so that it asks for none of it:
//
//	shieldpod-origins  who may frame it, with spaces between
//	shieldpod-language the tenant's, in which its technicians are spoken to
//	shieldpod-nonce    a challenge for the first launch context
//	shieldpod-context  the token that a form post brought
//	shieldpod-signin   1: technicians can sign in
func (a *routes) page(c echo.Context, tenant verify.Tenant, context string) error {
	nonce, _, err := a.Config.Launch.Challenge()
	if err != nil {
		return err
	}
	rules, err := a.Verify.Rules(c.Request().Context(), tenant.ID, "")
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
	return c.HTMLBlob(http.StatusOK, page.Bytes()) // no-store: see guard
}

func meta(page *bytes.Buffer, name, content string) {
	page.WriteString(`<meta name="shieldpod-` + name + `" content="` + html.EscapeString(content) + `">`)
}

func ancestors(origins []string) string {
	if len(origins) == 0 {
		return "'none'"
	}
	return strings.Join(origins, " ")
}
