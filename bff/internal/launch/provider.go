package launch

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// providerPace: what a provider says of itself seldom changes; one that was down is asked again soon.
var providerPace = pace{fresh: time.Hour, every: 5 * time.Second, kept: 4 * time.Hour}

// provider is an OpenID provider as its discovery document has it.
type provider struct {
	*oidc.Provider
	style oauth2.AuthStyle // how a client shows its secret
}

// provider gives the tenant's. CodeUnavailable: it can't be reached, or is not who it should be.
func (s *Service) provider(ctx context.Context, in verify.SignIn) (*provider, error) {
	now := s.Now()
	p, err := s.providers.place(in.Issuer, now, providerPace.kept).get(ctx, providerPace, now,
		func(*provider) bool { return true },
		func(ctx context.Context) (*provider, error) { return s.discover(ctx, in.Issuer) })
	if err != nil {
		return nil, &verify.Error{Code: verify.CodeUnavailable, Public: publicProviderDown, Err: fmt.Errorf("provider %s: %w", in.Issuer, err)}
	}
	return p, nil
}

func (s *Service) discover(ctx context.Context, issuer string) (*provider, error) {
	if s.Client == nil {
		return nil, errors.New("there is no way out")
	}
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, checked(s.Client)), fetchTime)
	defer cancel()
	found, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		return nil, brief(err)
	}
	// The browser is sent there: by no other scheme than the provider's own.
	from, errFrom := url.Parse(issuer)
	to, errTo := url.Parse(found.Endpoint().AuthURL)
	if errFrom != nil || errTo != nil || to.Scheme != from.Scheme || to.Host == "" {
		return nil, errors.New("its authorization endpoint can't be used")
	}
	var says struct {
		Methods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := claimsOf(found, &says); err != nil {
		return nil, errors.New("its discovery document can't be read")
	}
	style := oauth2.AuthStyleInHeader // what OpenID Connect takes for granted
	if len(says.Methods) > 0 && !slices.Contains(says.Methods, "client_secret_basic") {
		style = oauth2.AuthStyleInParams
	}
	return &provider{found, style}, nil
}

// client is the tenant's application at the provider.
func (s *Service) client(p *provider, in verify.SignIn) *oauth2.Config {
	endpoint := p.Endpoint()
	endpoint.AuthStyle = p.style
	if len(in.Secret) == 0 {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return &oauth2.Config{
		ClientID: in.ClientID, ClientSecret: string(in.Secret), Endpoint: endpoint,
		RedirectURL: s.Audience + SignInCallback, Scopes: []string{oidc.ScopeOpenID, "profile", "email"},
	}
}

// identity is what an ID token says of a person.
type identity struct {
	Name     string `json:"name"`
	Email    string `json:"email"`
	Verified bool   `json:"email_verified"`

	// The names that go-oidc judges. encoding/json takes them in any case, so that none may stand in another one.
	Issuer    json.RawMessage `json:"iss"`
	Subject   json.RawMessage `json:"sub"`
	Audience  json.RawMessage `json:"aud"`
	ExpiresAt json.RawMessage `json:"exp"`
	IssuedAt  json.RawMessage `json:"iat"`
	NotBefore json.RawMessage `json:"nbf"`
	Nonce     json.RawMessage `json:"nonce"`

	technician string
}

// redeem exchanges the provider's code for the person who signed in.
func (s *Service) redeem(ctx context.Context, in verify.SignIn, m memo, code string) (identity, error) {
	p, err := s.provider(ctx, in)
	if err != nil {
		return identity{}, err
	}
	ctx = oidc.ClientContext(ctx, checked(s.Client))
	tokens, err := s.client(p, in).Exchange(ctx, code, oauth2.VerifierOption(m.Verifier))
	var refusal *oauth2.RetrieveError
	switch {
	case err != nil && errors.As(err, &refusal) && refusal.Response.StatusCode < http.StatusInternalServerError:
		return identity{}, notSignedIn(publicProviderRefuses, brief(err))
	case err != nil:
		return identity{}, &verify.Error{Code: verify.CodeUnavailable, Public: publicProviderDown, Err: brief(err)}
	}
	text, _ := tokens.Extra("id_token").(string)
	proven, err := p.VerifierContext(ctx, &oidc.Config{
		ClientID: in.ClientID, Now: s.Now, SupportedSigningAlgs: []string{oidc.RS256, oidc.ES256, oidc.EdDSA},
	}).Verify(ctx, text)
	switch {
	case err != nil:
		return identity{}, notSignedIn(publicProviderRefuses, brief(err))
	case !hmac.Equal([]byte(proven.Nonce), []byte(m.Nonce)):
		return identity{}, notSignedIn(publicProviderRefuses, errors.New("the ID token is of another sign-in"))
	case len(proven.Audience) != 1:
		return identity{}, notSignedIn(publicProviderRefuses, errors.New("the ID token has more than one audience"))
	}
	return admitted(in, proven)
}

// admitted reads the ID token, and refuses whom the tenant does not let in.
func admitted(in verify.SignIn, proven *oidc.IDToken) (identity, error) {
	var who identity
	claims := map[string]any{}
	if err := errors.Join(claimsOf(proven, &who), claimsOf(proven, &claims)); err != nil {
		return identity{}, notSignedIn(publicProviderRefuses, errors.New("the ID token's claims can't be read"))
	}
	_, domain, _ := strings.Cut(who.Email, "@")
	if len(in.Domains) > 0 && (!who.Verified || !slices.Contains(in.Domains, strings.ToLower(domain))) {
		return identity{}, &verify.Error{Code: verify.CodeMember, Public: publicNotAmong, Err: errors.New("no verified e-mail address of an allowed domain")}
	}
	who.technician, _ = claims[in.Claim].(string)
	if who.technician == "" || in.Claim == "email" && !who.Verified {
		return identity{}, &verify.Error{Code: verify.CodeMember, Public: publicNoClaim, Err: errors.New("the ID token has no " + in.Claim + " to know the technician by")}
	}
	return who, nil
}

// claimsOf reads claims strictly. Those of a table may have no name twice.
func claimsOf(from interface{ Claims(any) error }, into any) error {
	var raw json.RawMessage
	if err := from.Claims(&raw); err != nil {
		return err
	}
	return strictjson.Unmarshal(raw, into)
}

// answerLimit is what a provider's answer may have, in bytes.
const answerLimit = 256 << 10

// checked gives a client that refuses answers in JSON which strictjson refuses, before the library that asked reads them.
func checked(client *http.Client) *http.Client {
	strict := *client
	strict.Transport = answers{client.Transport}
	return &strict
}

type answers struct{ next http.RoundTripper }

// RoundTrip reads the whole answer.
func (a answers) RoundTrip(r *http.Request) (*http.Response, error) {
	next := a.next
	if next == nil {
		next = http.DefaultTransport
	}
	response, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := strictjson.Read(r.Context(), response.Body, answerLimit)
	err = errors.Join(err, response.Body.Close())
	if text := bytes.TrimLeft(body, " \t\r\n"); err == nil && len(text) > 0 && (text[0] == '{' || text[0] == '[') {
		err = strictjson.Check(r.Context(), body, strictjson.Rules{Null: true})
	}
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}

// brief keeps what a provider answers out of the log but for its beginning.
func brief(err error) error {
	text := fmt.Sprintf("%q", err.Error())
	if len(text) > 200 {
		text = text[:200] + "…"
	}
	return errors.New(text)
}
