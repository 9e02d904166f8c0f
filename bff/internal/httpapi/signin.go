package httpapi

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/shieldpod/shieldpod/bff/internal/launch"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/api"
)

// signInContentPolicy is the Content-Security-Policy of the sign-in window. The window can't be framed.
const signInContentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// signIn redirects the sign-in window to the tenant's provider.
func (a *routes) signIn(c echo.Context) error {
	a.setWindowHeaders(c)
	ctx := c.Request().Context()
	if _, err := a.Tenants.Tenant(ctx, c.Param("tenant")); verify.CodeOf(err) == verify.CodeNotFound {
		return c.HTML(http.StatusNotFound, blankPage)
	}
	start, err := a.Config.Launch.BeginSignIn(ctx, c.Param("tenant"))
	if err != nil {
		return a.notSignedIn(c, err)
	}
	cookie := a.signInCookie(start.State)
	cookie.Value, cookie.MaxAge = start.StateCookie, int(launch.SignInLifetime.Seconds())
	c.SetCookie(cookie)
	return c.Redirect(http.StatusSeeOther, start.URL)
}

// signedIn handles the redirect from the provider. The page passes a code to the pod and closes.
func (a *routes) signedIn(c echo.Context) error {
	a.setWindowHeaders(c)
	result := launch.SignInReturn{
		State: c.QueryParam("state"), Code: c.QueryParam("code"), Issuer: c.QueryParam("iss"), ProviderError: c.QueryParam("error"),
	}
	cookie := a.signInCookie(result.State)
	if cookieValue, err := c.Cookie(cookie.Name); err == nil {
		result.StateCookie = cookieValue.Value
	}
	cookie.MaxAge = -1 // the cookie is deleted after one use
	c.SetCookie(cookie)
	code, err := a.Config.Launch.FinishSignIn(c.Request().Context(), result)
	if err != nil {
		return a.notSignedIn(c, err)
	}
	return a.notice(c, http.StatusOK, notice{
		Title: "You are signed in", Code: code,
		Text: "This window should have closed by itself, but has lost the pod that opened it. Close it and sign in from the pod again.",
	})
}

// setWindowHeaders sets the headers of the sign-in window.
func (a *routes) setWindowHeaders(c echo.Context) {
	h := c.Response().Header()
	h.Set("Content-Security-Policy", signInContentPolicy)
	// The window passes its code to the pod that has opened it. The pod is in a frame of another site, so any other value would
	// remove window.opener.
	h.Set("Cross-Origin-Opener-Policy", "unsafe-none")
}

// signInCookie returns the cookie of one sign-in. Each sign-in has its own, so that two windows can sign in at the same time.
// It is a first-party cookie of the window, and SameSite=Lax sends it with the redirect from the provider.
func (a *routes) signInCookie(state string) *http.Cookie {
	name := "shieldpod-signin-"
	if len(state) > 8 && strings.Trim(state[:8], base64url) == "" {
		name += state[:8]
	}
	secure := strings.HasPrefix(a.PublicURL, "https://")
	if secure {
		name = "__Host-" + name
	}
	return &http.Cookie{Name: name, Path: "/", HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode}
}

// notSignedIn shows the reason in the window. Errors of the server and of the provider are logged.
func (a *routes) notSignedIn(c echo.Context, err error) error {
	var refusal *verify.Error
	if !errors.As(err, &refusal) {
		return err
	}
	status := statusOf[refusal.Code]
	if status >= http.StatusInternalServerError || refusal.Code == verify.CodeContextInvalid {
		a.Log.Warn("a sign-in failed", "code", refusal.Code, "err", err)
	}
	return a.notice(c, status, notice{Title: "You are not signed in", Text: refusal.Public})
}

// LaunchSignIn exchanges the code of the sign-in window for a session and its pod.
func (a *routes) LaunchSignIn(c echo.Context) error {
	var body api.SignInLaunch
	if err := decode(c, &body); err != nil {
		return err
	}
	if err := errors.Join(
		checkLength("tenant", body.Tenant, 1, 40), checkLength("code", body.Code, 1, 4096),
		checkLength("psa", body.Psa, 0, 60), checkLength("ticket", body.Ticket, 1, 128),
	); err != nil {
		return err
	}
	c.Set(tenantKey, body.Tenant)
	grant, err := a.Config.Launch.OpenSignedIn(c.Request().Context(), launch.SignInLaunch{
		Tenant: body.Tenant, Code: body.Code, System: body.Psa, Ticket: body.Ticket,
	})
	if err != nil {
		return err
	}
	return a.sessionOpened(c, grant.Session, grant.Token, grant.ExpiresAt)
}
