package httpapi

import (
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

// podPage serves the pod's page: the same bytes for everybody, framed by the tenant's origins only.
func (a *routes) podPage(c echo.Context) error {
	h := c.Response().Header()
	tenant, err := a.Tenants.Tenant(c.Request().Context(), c.Param("tenant"))
	if verify.CodeOf(err) == verify.CodeNotFound {
		return c.HTML(http.StatusNotFound, "<!doctype html><title>Shieldpod</title>") // framed by nobody: see guard
	}
	if err != nil {
		return err
	}
	h.Set("Content-Security-Policy", a.podPolicy+ancestors(tenant.Origins))
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=(), clipboard-write=(self)")
	h.Set("Cache-Control", "no-cache")
	return c.HTMLBlob(http.StatusOK, a.PodPage)
}

func ancestors(origins []string) string {
	if len(origins) == 0 {
		return "'none'"
	}
	return strings.Join(origins, " ")
}
