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

	"github.com/shieldpod/shieldpod/bff/internal/text"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	launchcontext "github.com/shieldpod/shieldpod/sdk/context"
)

// SignInCallback is where providers send browsers back to: registered with them, behind the public URL.
const SignInCallback = "/signin/callback"

// How long a sign-in may take, and what it gives is good for.
const (
	SignInLifetime = 10 * time.Minute // from the pod's window to the provider and back
	codeLifetime   = time.Minute      // from the window to the pod
)

// CheckSignIn judges a provider that a tenant is about to trust. CodeInvalid: Public says what is wrong.
func CheckSignIn(in verify.SignIn) error {
	var why string
	switch {
	case in.ClientID == "":
		why = "it needs the client's id at the provider"
	case in.System == "":
		why = "it needs the ticket system in which tickets are looked up"
	case in.Claim == "":
		why = "it needs the claim by which a technician is known"
	case in.Issuer == "https://accounts.google.com" && len(in.Domains) == 0:
		why = "anybody can have an account at this provider: say whose e-mail addresses get in"
	case slices.ContainsFunc(in.Domains, func(d string) bool {
		return d != strings.ToLower(d) || strings.ContainsAny(d, "@ ") || !strings.Contains(d, ".")
	}):
		why = "a domain is written like acme.example"
	default:
		return nil
	}
	return &verify.Error{Code: verify.CodeInvalid, Field: "sign_in", Public: "This sign-in can't be used: " + why + ".", Err: errors.New(why)}
}

// Purposes of what is sealed.
const (
	forMemo = "sign-in under way"
	forCode = "signed in"
)

// SignInStart is what a browser takes along to the provider.
type SignInStart struct {
	URL   string // where it is sent
	State string // comes back in the address
	Memo  string // comes back in a cookie of ours, sealed
}

// memo is what must be the same at the end of a sign-in as at its beginning.
type memo struct {
	Tenant   string    `json:"t"`
	Issuer   string    `json:"i"`
	State    string    `json:"s"`
	Nonce    string    `json:"n"`
	Verifier string    `json:"v"`
	Until    time.Time `json:"e"`
}

// BeginSignIn sends a technician to the tenant's provider. CodeNotFound: there is no such tenant, or none to sign in at.
// CodeUnavailable: the provider can't be reached.
func (s *Service) BeginSignIn(ctx context.Context, tenant string) (SignInStart, error) {
	if err := s.prepare(); err != nil {
		return SignInStart{}, err
	}
	t, err := s.Tenants.Tenant(ctx, tenant)
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
	m := memo{Tenant: t.ID, Issuer: t.SignIn.Issuer, Until: s.Now().Add(SignInLifetime)}
	for _, chance := range []*string{&m.State, &m.Nonce, &m.Verifier} {
		if *chance, err = s.chance(); err != nil {
			return SignInStart{}, err
		}
	}
	sealed, err := s.sealed(forMemo, m)
	if err != nil {
		return SignInStart{}, err
	}
	to := s.client(p, t.SignIn).AuthCodeURL(m.State, oidc.Nonce(m.Nonce), oauth2.S256ChallengeOption(m.Verifier))
	return SignInStart{URL: to, State: m.State, Memo: sealed}, nil
}

// SignInReturn is how a browser comes back from the provider.
type SignInReturn struct {
	State, Memo string
	Code        string
	Issuer      string // iss of RFC 9207; empty: the provider did not say
	Fault       string // the provider's error; empty: none
}

// signedIn is who has signed in, for a minute and one session.
type signedIn struct {
	ID         string    `json:"id"`
	Tenant     string    `json:"t"`
	Issuer     string    `json:"i"`
	Technician string    `json:"s"`
	Name       string    `json:"n,omitempty"`
	Email      string    `json:"m,omitempty"`
	Until      time.Time `json:"e"`
}

// FinishSignIn gives the code that the pod exchanges for a session.
// CodeContextInvalid: the sign-in was not begun in this browser, took too long, or the provider did not vouch for it.
// CodeMember: it did, and the tenant lets this person not in. CodeUnavailable: the provider can't be reached.
func (s *Service) FinishSignIn(ctx context.Context, back SignInReturn) (code string, err error) {
	if err := s.prepare(); err != nil {
		return "", err
	}
	var m memo
	err = s.unseal(forMemo, back.Memo, &m)
	switch {
	case err != nil:
		return "", notSignedIn(publicNotBegun, err)
	case !hmac.Equal([]byte(m.State), []byte(back.State)) || !s.Now().Before(m.Until):
		return "", notSignedIn(publicNotBegun, errors.New("another state, or too late"))
	case back.Fault != "":
		return "", notSignedIn(publicCancelled, errors.New("the provider answers with an error"))
	}
	t, err := s.Tenants.Tenant(ctx, m.Tenant)
	if err != nil {
		return "", err
	}
	if t.SignIn.Issuer != m.Issuer || back.Issuer != "" && back.Issuer != m.Issuer {
		return "", notSignedIn(publicNotBegun, errors.New("another provider"))
	}
	who, err := s.redeem(ctx, t.SignIn, m, back.Code)
	if err != nil {
		return "", err
	}
	id, err := s.chance()
	if err != nil {
		return "", err
	}
	return s.sealed(forCode, signedIn{
		ID: id, Tenant: t.ID, Issuer: m.Issuer, Technician: who.technician, Name: text.Line(who.Name, maxName), Email: who.Email,
		Until: s.Now().Add(codeLifetime),
	})
}

// SignInLaunch is what a pod says whose technician has signed in. The system may be empty: it is the tenant's.
type SignInLaunch struct{ Tenant, Code, System, Ticket string }

// OpenSignedIn exchanges the code of a sign-in for a session, once, on a ticket that the tenant's ticket system has.
// CodeContextInvalid: it is no code of ours for this tenant. CodeContextExpired: it is older than a minute.
// CodeContextReplayed: it opened a session before. CodeTicket: there is no such ticket; the code is not spent then.
// CodePSADown, CodePSABusy, CodePSAMisconfigured: the ticket system gave no sound answer.
func (s *Service) OpenSignedIn(ctx context.Context, l SignInLaunch) (Grant, error) {
	if err := s.prepare(); err != nil {
		return Grant{}, err
	}
	var who signedIn
	err := s.unseal(forCode, l.Code, &who)
	if err != nil || who.Tenant != l.Tenant {
		return Grant{}, notSignedIn(publicSignAgain, errors.New("no code of this tenant"))
	}
	if !s.Now().Before(who.Until) {
		return Grant{}, &verify.Error{Code: verify.CodeContextExpired, Public: publicSignAgain}
	}
	t, err := s.Tenants.Tenant(ctx, who.Tenant)
	switch {
	case err != nil:
		return Grant{}, err
	case t.SignIn.Issuer != who.Issuer:
		return Grant{}, notSignedIn(publicSignAgain, errors.New("the tenant's provider is another one now"))
	case l.System != "" && l.System != t.SignIn.System:
		return Grant{}, unusable("psa", "is not the ticket system that technicians sign in for")
	}
	x, err := s.lookUp(ctx, t, t.SignIn.System, l.Ticket)
	if err != nil {
		return Grant{}, err
	}
	person := readable(verify.Technician{ID: who.Technician, Name: who.Name, Email: who.Email}, t.Region)
	desk, err := deskOf(t, person, x, true, s.Now(), s.Log)
	if err != nil {
		return Grant{}, err
	}
	grant, err := s.grant(ctx, t, desk, proof{
		lasts: SessionLifetime, jti: fmt.Sprintf("sign-in %q", who.ID), until: who.Until.Add(launchcontext.MaxLifetime),
	})
	if verify.CodeOf(err) == verify.CodeContextReplayed {
		err = &verify.Error{Code: verify.CodeContextReplayed, Public: publicSignAgain, Err: err}
	}
	return grant, err
}

// chance is 256 bits, as text.
func (s *Service) chance() (string, error) {
	var raw [32]byte
	if _, err := io.ReadFull(s.Entropy, raw[:]); err != nil {
		return "", unavailable(fmt.Errorf("entropy: %w", err))
	}
	return canonical.EncodeToString(raw[:]), nil
}

func notSignedIn(public string, cause error) error {
	return &verify.Error{Code: verify.CodeContextInvalid, Public: public, Err: cause}
}
