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

// signInPolicy is of the window in which technicians sign in: a page of its own, that nobody frames.
const signInPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// signIn sends the window that a pod opened to the tenant's provider.
func (a *routes) signIn(c echo.Context) error {
	a.alone(c)
	ctx := c.Request().Context()
	if _, err := a.Tenants.Tenant(ctx, c.Param("tenant")); verify.CodeOf(err) == verify.CodeNotFound {
		return c.HTML(http.StatusNotFound, blank)
	}
	start, err := a.Config.Launch.BeginSignIn(ctx, c.Param("tenant"))
	if err != nil {
		return a.notSignedIn(c, err)
	}
	cookie := a.signInCookie(start.State)
	cookie.Value, cookie.MaxAge = start.Memo, int(launch.SignInLifetime.Seconds())
	c.SetCookie(cookie)
	return c.Redirect(http.StatusSeeOther, start.URL)
}

// signedIn is where the provider sends the window back to. It hands the pod a code, and closes.
func (a *routes) signedIn(c echo.Context) error {
	a.alone(c)
	back := launch.SignInReturn{
		State: c.QueryParam("state"), Code: c.QueryParam("code"), Issuer: c.QueryParam("iss"), Fault: c.QueryParam("error"),
	}
	cookie := a.signInCookie(back.State)
	if kept, err := c.Cookie(cookie.Name); err == nil {
		back.Memo = kept.Value
	}
	cookie.MaxAge = -1 // it has done its duty
	c.SetCookie(cookie)
	code, err := a.Config.Launch.FinishSignIn(c.Request().Context(), back)
	if err != nil {
		return a.notSignedIn(c, err)
	}
	return a.notice(c, http.StatusOK, notice{
		Title: "You are signed in", Code: code,
		Text: "This window should have closed by itself, but has lost the pod that opened it. Close it and sign in from the pod again.",
	})
}

// alone has a page stand in a window of its own.
func (a *routes) alone(c echo.Context) {
	h := c.Response().Header()
	h.Set("Content-Security-Policy", signInPolicy)
	h.Set("Permissions-Policy", permissions)
	// The window hands its code to the pod that has opened it, in a frame of another site's page: any other policy would part them.
	h.Set("Cross-Origin-Opener-Policy", "unsafe-none")
}

// signInCookie is the cookie of one sign-in: two windows may sign in side by side. It belongs to the first party, which a
// window is, and comes along when the provider sends the browser back.
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

// notSignedIn says in the window what went wrong. What is a fault of ours or of the provider's is logged too.
func (a *routes) notSignedIn(c echo.Context, err error) error {
	var refusal *verify.Error
	if !errors.As(err, &refusal) {
		return err
	}
	status := statusOf[refusal.Code]
	if status >= http.StatusInternalServerError || refusal.Code == verify.CodeContextInvalid {
		a.Log.Warn("a sign-in failed", "code", refusal.Code, "error", err)
	}
	return a.notice(c, status, notice{Title: "You are not signed in", Text: refusal.Public})
}

// LaunchSignIn exchanges what the window gave for a session and its pod.
func (a *routes) LaunchSignIn(c echo.Context) error {
	var body api.SignInLaunch
	if err := decode(c, &body); err != nil {
		return err
	}
	if err := errors.Join(
		text("tenant", body.Tenant, 1, 40), text("code", body.Code, 1, 4096), text("psa", body.Psa, 0, 60), text("ticket", body.Ticket, 1, 128),
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
	return a.launched(c, grant.Session, grant.Token, grant.ExpiresAt)
}
