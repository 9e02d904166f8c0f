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

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// providerRefresh: discovery documents seldom change, and a provider that was down is asked again soon.
var providerRefresh = refreshPolicy{freshFor: time.Hour, minInterval: 5 * time.Second, usableFor: 4 * time.Hour}

// provider is an OpenID provider, from its discovery document.
type provider struct {
	*oidc.Provider
	style oauth2.AuthStyle // how the client authenticates
}

// provider gives the tenant's provider. CodeUnavailable: it can't be reached, or it is not the configured one.
func (s *Service) provider(ctx context.Context, in admin.SignIn) (*provider, error) {
	now := s.Now()
	p, err := s.providers.entry(ctx, in.Issuer).get(ctx, providerRefresh, now,
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
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, strictClient(s.Client)), issuer)
	if err != nil {
		return nil, truncatedError(err)
	}
	// The browser is sent there, so the scheme must be the provider's own.
	from, errFrom := url.Parse(issuer)
	to, errTo := url.Parse(found.Endpoint().AuthURL)
	if errFrom != nil || errTo != nil || to.Scheme != from.Scheme || to.Host == "" {
		return nil, errors.New("its authorization endpoint can't be used")
	}
	var metadata struct {
		Methods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := claimsOf(found, &metadata); err != nil {
		return nil, errors.New("its discovery document can't be read")
	}
	style := oauth2.AuthStyleInHeader // the default of OpenID Connect
	if len(metadata.Methods) > 0 && !slices.Contains(metadata.Methods, "client_secret_basic") {
		style = oauth2.AuthStyleInParams
	}
	return &provider{found, style}, nil
}

// client is the tenant's application at the provider.
func (s *Service) client(p *provider, in admin.SignIn) *oauth2.Config {
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

// identity holds the claims of an ID token about a person.
type identity struct {
	Name     string `json:"name"`
	Email    string `json:"email"`
	Verified bool   `json:"email_verified"`

	// The claims that go-oidc checks. encoding/json matches names in any case, so a differently spelt duplicate is
	// refused.
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
func (s *Service) redeem(ctx context.Context, in admin.SignIn, state signInState, code string) (identity, error) {
	p, err := s.provider(ctx, in)
	if err != nil {
		return identity{}, err
	}
	ctx = oidc.ClientContext(ctx, strictClient(s.Client))
	tokens, err := s.client(p, in).Exchange(ctx, code, oauth2.VerifierOption(state.Verifier))
	var refusal *oauth2.RetrieveError
	switch {
	case err != nil && errors.As(err, &refusal) && refusal.Response.StatusCode < http.StatusInternalServerError:
		return identity{}, signInRefusal(publicProviderRefuses, truncatedError(err))
	case err != nil:
		return identity{}, &verify.Error{Code: verify.CodeUnavailable, Public: publicProviderDown, Err: truncatedError(err)}
	}
	text, _ := tokens.Extra("id_token").(string)
	idToken, err := p.VerifierContext(ctx, &oidc.Config{
		ClientID: in.ClientID, Now: s.Now, SupportedSigningAlgs: []string{oidc.RS256, oidc.ES256, oidc.EdDSA},
	}).Verify(ctx, text)
	switch {
	case err != nil:
		return identity{}, signInRefusal(publicProviderRefuses, truncatedError(err))
	case !hmac.Equal([]byte(idToken.Nonce), []byte(state.Nonce)):
		return identity{}, signInRefusal(publicProviderRefuses, errors.New("the ID token is of another sign-in"))
	case len(idToken.Audience) != 1:
		return identity{}, signInRefusal(publicProviderRefuses, errors.New("the ID token has more than one audience"))
	}
	return identify(in, idToken)
}

// identify reads the ID token, and refuses a person whom the tenant does not allow.
func identify(in admin.SignIn, idToken *oidc.IDToken) (identity, error) {
	var who identity
	claims := map[string]any{}
	if err := errors.Join(claimsOf(idToken, &who), claimsOf(idToken, &claims)); err != nil {
		return identity{}, signInRefusal(publicProviderRefuses, errors.New("the ID token's claims can't be read"))
	}
	_, domain, _ := strings.Cut(who.Email, "@")
	if len(in.Domains) > 0 && (!who.Verified || !slices.Contains(in.Domains, strings.ToLower(domain))) {
		return identity{}, &verify.Error{Code: verify.CodeMember, Public: publicNotAmong, Err: errors.New("no verified e-mail address of an allowed domain")}
	}
	who.technician, _ = claims[in.Claim].(string)
	if who.technician == "" || in.Claim == "email" && !who.Verified {
		return identity{}, &verify.Error{Code: verify.CodeMember, Public: publicNoClaim,
			Err: errors.New("the ID token has no " + in.Claim + " to know the technician by")}
	}
	return who, nil
}

// claimsOf reads claims strictly: no name occurs twice.
func claimsOf(from interface{ Claims(any) error }, into any) error {
	var raw json.RawMessage
	if err := from.Claims(&raw); err != nil {
		return err
	}
	return strictjson.Unmarshal(raw, into)
}

// maxAnswerBytes bounds a provider's answer.
const maxAnswerBytes = 256 << 10

// strictClient gives a client that refuses JSON answers which strictjson refuses, before the OpenID library reads them.
func strictClient(client *http.Client) *http.Client {
	strict := *client
	strict.Transport = strictTransport{client.Transport}
	return &strict
}

type strictTransport struct{ next http.RoundTripper }

// RoundTrip reads the whole answer.
func (a strictTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	next := a.next
	if next == nil {
		next = http.DefaultTransport
	}
	response, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := strictjson.Read(r.Context(), response.Body, maxAnswerBytes)
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

// truncatedError keeps all but the beginning of a provider's answer out of the log.
func truncatedError(err error) error {
	text := fmt.Sprintf("%q", err.Error())
	if len(text) > 200 {
		text = text[:200] + "…"
	}
	return errors.New(text)
}
