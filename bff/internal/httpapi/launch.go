package httpapi

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/shieldpod/shieldpod/bff/internal/clientaddr"
	"github.com/shieldpod/shieldpod/bff/internal/launch"
	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/api"
)

// Challenge returns a nonce for the next launch context.
func (a *routes) Challenge(c echo.Context) error {
	nonce, until, err := a.Config.Launch.Challenge()
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, api.Challenge{Nonce: nonce, ExpiresAt: until.UTC()})
}

// Launch exchanges a launch context for a session and its pod.
func (a *routes) Launch(c echo.Context) error {
	var body api.LaunchRequest
	if err := decode(c, &body); err != nil {
		return err
	}
	if err := checkLength("context", body.Context, 1, 8192); err != nil {
		return err
	}
	if err := checkLength("nonce", body.Nonce, 0, 256); err != nil {
		return err
	}
	if err := checkLength("tenant", body.Tenant, 0, 40); err != nil {
		return err
	}
	c.Set(tenantKey, body.Tenant)
	grant, err := a.Config.Launch.OpenAt(c.Request().Context(), body.Tenant, body.Context, body.Nonce)
	if err != nil {
		a.logRefusedLaunch(err)
		return err
	}
	return a.sessionOpened(c, grant.Session, grant.Token, grant.ExpiresAt)
}

// logRefusedLaunch logs why a launch context was refused. The answer has no reason unless the signature is valid. Of the
// context, only the field's name, the tenant, the issuer and the key's id are logged.
func (a *routes) logRefusedLaunch(err error) {
	var refusal *launch.Refusal
	if !errors.As(err, &refusal) {
		return
	}
	a.Log.Warn("launch context refused", "code", refusal.Code, "reason", refusal.Reason, "field", refusal.Field,
		"tenant", refusal.Tenant, "issuer", refusal.Issuer, "kid", refusal.KeyID, "signature_proven", refusal.Proven)
}

// LaunchConnectWise opens a ticket for a member that ConnectWise confirms. The member's data in the body never reaches an
// error or a log.
func (a *routes) LaunchConnectWise(c echo.Context) error {
	var body api.ConnectWiseLaunch
	if err := decode(c, &body); err != nil {
		return err
	}
	for _, check := range []error{
		checkLength("tenant", body.Tenant, 1, 40),
		checkLength("origin", body.Origin, 0, 255),
		checkLength("ticket.id", body.Ticket.Id, 1, 20),
		checkLength("ticket.screen", body.Ticket.Screen, 0, 60),
		checkLength("member.id", body.Member.Id, 1, 128),
		checkLength("member.hash", body.Member.Hash, 1, 4096),
		checkLength("member.context", body.Member.Context, 0, 4096),
		checkLength("member.company", body.Member.Company, 0, 128),
		checkLength("member.codebase", body.Member.Codebase, 0, 128),
		checkLength("member.email", body.Member.Email, 0, 254),
	} {
		if check != nil {
			return check
		}
	}
	if strings.Trim(body.Ticket.Id, "0123456789") != "" {
		return &verify.Error{Code: verify.CodeInvalid, Field: "ticket.id", Public: "A ticket's id is a number."}
	}
	c.Set(tenantKey, body.Tenant)
	grant, err := a.Config.Launch.OpenHosted(c.Request().Context(), launch.HostedLaunch{
		Tenant: body.Tenant, From: clientaddr.From(c.Request().Context()), Origin: body.Origin,
		System: "connectwise", Ticket: body.Ticket.Id, Screen: body.Ticket.Screen,
		Member: psa.Member{ID: body.Member.Id, Credential: body.Member.Hash, Context: body.Member.Context},
	})
	if err != nil {
		return err
	}
	return a.sessionOpened(c, grant.Session, grant.Token, grant.ExpiresAt)
}

// GetPod returns the pod with a new bearer.
func (a *routes) GetPod(c echo.Context) error {
	session, err := a.session(c)
	if err != nil {
		return err
	}
	token, until, err := a.Config.Launch.Renew(c.Request().Context(), session)
	if err != nil {
		return err
	}
	return a.sessionOpened(c, session, token, until)
}

// sessionOpened answers with the session and its pod.
func (a *routes) sessionOpened(c echo.Context, s verify.Session, token string, until time.Time) error {
	pod, err := a.Verify.Pod(c.Request().Context(), s.Context)
	if err != nil {
		return err
	}
	brand, err := a.Brands.Brand(c.Request().Context(), s.Context.Tenant)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, api.SessionOpened{Token: token, ExpiresAt: until.UTC(), Pod: podOf(s, pod, brand)})
}

// session returns the session of the request's bearer.
func (a *routes) session(c echo.Context) (verify.Session, error) {
	values := c.Request().Header.Values("Authorization")
	if len(values) == 1 {
		if token, found := strings.CutPrefix(values[0], "Bearer "); found {
			session, _, err := a.Config.Launch.Authenticate(c.Request().Context(), token)
			return session, err
		}
	}
	return verify.Session{}, &verify.Error{Code: verify.CodeSession, Public: "Send the bearer that the launch gave."}
}
