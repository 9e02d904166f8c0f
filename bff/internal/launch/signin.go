package launch

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/text"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// SignInCallback is the path to which providers send browsers back. It is registered with them, below the public URL.
const SignInCallback = "/signin/callback"

// Lifetimes of a sign-in and its code.
const (
	SignInLifetime     = 10 * time.Minute // from the pod's window to the provider and back
	signInCodeLifetime = time.Minute      // from the sign-in window to the pod
)

// CheckSignIn validates a provider that a tenant is about to trust. CodeInvalid: Public gives the reason.
func CheckSignIn(in admin.SignIn) error {
	var reason string
	switch {
	case in.ClientID == "":
		reason = "it needs the client's id at the provider"
	case in.System == "":
		reason = "it needs the ticket system in which tickets are looked up"
	case in.Claim == "":
		reason = "it needs the claim by which a technician is known"
	case in.Issuer == "https://accounts.google.com" && len(in.Domains) == 0:
		reason = "anybody can have an account at this provider: say whose e-mail addresses get in"
	case slices.ContainsFunc(in.Domains, func(d string) bool {
		return d != strings.ToLower(d) || strings.ContainsAny(d, "@ ") || !strings.Contains(d, ".")
	}):
		reason = "a domain is written like acme.example"
	default:
		return nil
	}
	return &verify.Error{Code: verify.CodeInvalid, Field: "sign_in",
		Public: "This sign-in can't be used: " + reason + ".", Err: errors.New(reason)}
}

// Purposes of sealed values.
const (
	purposeState = "sign-in under way"
	purposeCode  = "signed in"
)

// SignInStart is what a browser takes to the provider.
type SignInStart struct {
	URL         string // of the provider's page
	State       string // returned in the address
	StateCookie string // returned in a cookie of this server, sealed
}

// signInState must be the same at the end of a sign-in as at its beginning.
type signInState struct {
	Tenant   string    `json:"t"`
	Issuer   string    `json:"i"`
	State    string    `json:"s"`
	Nonce    string    `json:"n"`
	Verifier string    `json:"v"`
	Until    time.Time `json:"e"`
}

// BeginSignIn sends a technician to the tenant's provider. CodeNotFound: there is no such tenant, or it has no
// provider. CodeUnavailable: the provider can't be reached.
func (s *Service) BeginSignIn(ctx context.Context, tenant string) (SignInStart, error) {
	if err := s.prepare(); err != nil {
		return SignInStart{}, err
	}
	t, err := s.Tenants.TenantSettings(ctx, tenant)
	if err != nil {
		return SignInStart{}, err
	}
	if t.SignIn.Issuer == "" {
		return SignInStart{}, &verify.Error{Code: verify.CodeNotFound, Public: publicNoSignIn}
	}
	p, err := s.provider(ctx, t.SignIn)
	if err != nil {
		return SignInStart{}, err
	}
	state := signInState{Tenant: t.ID, Issuer: t.SignIn.Issuer, Until: s.Now().Add(SignInLifetime)}
	for _, value := range []*string{&state.State, &state.Nonce, &state.Verifier} {
		if *value, err = s.random(); err != nil {
			return SignInStart{}, err
		}
	}
	sealed, err := s.seal(purposeState, state)
	if err != nil {
		return SignInStart{}, err
	}
	to := s.client(p, t.SignIn).AuthCodeURL(state.State, oidc.Nonce(state.Nonce), oauth2.S256ChallengeOption(state.Verifier))
	return SignInStart{URL: to, State: state.State, StateCookie: sealed}, nil
}

// SignInReturn is the browser's return from the provider.
type SignInReturn struct {
	State, StateCookie string
	Code               string
	Issuer             string // iss of RFC 9207; empty: the provider did not send it
	ProviderError      string // the provider's error; empty: none
}

// signedIn is the content of a sign-in's code, which is valid for a minute and one session.
type signedIn struct {
	ID         string    `json:"id"`
	Tenant     string    `json:"t"`
	Issuer     string    `json:"i"`
	Technician string    `json:"s"`
	Name       string    `json:"n,omitempty"`
	Email      string    `json:"m,omitempty"`
	Until      time.Time `json:"e"`
}

// FinishSignIn gives the code that the pod exchanges for a session. CodeContextInvalid: the sign-in was not begun in
// this browser, took too long, or the provider did not confirm it. CodeMember: the tenant does not allow this person.
// CodeUnavailable: the provider can't be reached.
func (s *Service) FinishSignIn(ctx context.Context, back SignInReturn) (code string, err error) {
	if err := s.prepare(); err != nil {
		return "", err
	}
	var state signInState
	err = s.unseal(purposeState, back.StateCookie, &state)
	switch {
	case err != nil:
		return "", signInRefusal(publicNotBegun, err)
	case !hmac.Equal([]byte(state.State), []byte(back.State)) || !s.Now().Before(state.Until):
		return "", signInRefusal(publicNotBegun, errors.New("another state, or too late"))
	case back.ProviderError != "":
		return "", signInRefusal(publicCancelled, errors.New("the provider answers with an error"))
	}
	t, err := s.Tenants.TenantSettings(ctx, state.Tenant)
	if err != nil {
		return "", err
	}
	if t.SignIn.Issuer != state.Issuer || back.Issuer != "" && back.Issuer != state.Issuer {
		return "", signInRefusal(publicNotBegun, errors.New("another provider"))
	}
	who, err := s.redeem(ctx, t.SignIn, state, back.Code)
	if err != nil {
		return "", err
	}
	id, err := s.random()
	if err != nil {
		return "", err
	}
	return s.seal(purposeCode, signedIn{
		ID: id, Tenant: t.ID, Issuer: state.Issuer, Technician: who.technician, Name: text.Line(who.Name, maxName), Email: who.Email,
		Until: s.Now().Add(signInCodeLifetime),
	})
}

// SignInLaunch is the request of a pod after a sign-in. An empty system stands for the tenant's.
type SignInLaunch struct{ Tenant, Code, System, Ticket string }

// OpenSignedIn exchanges the code of a sign-in for a session, once, on a ticket of the tenant's ticket system.
// CodeContextInvalid: the code is not valid for this tenant. CodeContextExpired: the code is older than a minute.
// CodeContextReplayed: the code was used before. CodeTicket: there is no such ticket; the code stays unused.
// CodePSADown, CodePSABusy, CodePSAMisconfigured: the ticket system gave no usable answer.
func (s *Service) OpenSignedIn(ctx context.Context, l SignInLaunch) (Grant, error) {
	if err := s.prepare(); err != nil {
		return Grant{}, err
	}
	var who signedIn
	err := s.unseal(purposeCode, l.Code, &who)
	if err != nil || who.Tenant != l.Tenant {
		return Grant{}, signInRefusal(publicSignAgain, errors.New("no code of this tenant"))
	}
	if !s.Now().Before(who.Until) {
		return Grant{}, &verify.Error{Code: verify.CodeContextExpired, Public: publicSignAgain}
	}
	t, err := s.Tenants.TenantSettings(ctx, who.Tenant)
	switch {
	case err != nil:
		return Grant{}, err
	case t.SignIn.Issuer != who.Issuer:
		return Grant{}, signInRefusal(publicSignAgain, errors.New("the tenant's provider is another one now"))
	case l.System != "" && l.System != t.SignIn.System:
		return Grant{}, unusable("psa", "is not the ticket system that technicians sign in for")
	}
	x, err := s.readTicket(ctx, t.Tenant, t.SignIn.System, l.Ticket)
	if err != nil {
		return Grant{}, err
	}
	person := dropUnusable(verify.Technician{ID: who.Technician, Name: who.Name, Email: who.Email}, t.Region)
	tc, err := s.newTicketContext(t.Tenant, person, x, true)
	if err != nil {
		return Grant{}, err
	}
	grant, err := s.grant(ctx, t.Tenant, tc, sessionOptions{
		lifetime: SessionLifetime, jti: fmt.Sprintf("sign-in %q", who.ID), jtiUntil: who.Until.Add(launchcontext.MaxLifetime),
	})
	if verify.CodeOf(err) == verify.CodeContextReplayed {
		err = &verify.Error{Code: verify.CodeContextReplayed, Public: publicSignAgain, Err: err}
	}
	return grant, err
}

// random gives 256 random bits, as text.
func (s *Service) random() (string, error) {
	var raw [32]byte
	if _, err := io.ReadFull(s.Entropy, raw[:]); err != nil {
		return "", unavailable(fmt.Errorf("entropy: %w", err))
	}
	return strictBase64.EncodeToString(raw[:]), nil
}

func signInRefusal(public string, cause error) error {
	return &verify.Error{Code: verify.CodeContextInvalid, Public: public, Err: cause}
}
