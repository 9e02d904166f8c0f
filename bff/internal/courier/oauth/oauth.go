// Package oauth gets access tokens for carriers that sign in by OAuth: from Microsoft Entra with an application's client
// secret or certificate, and from Google with the key of a service account.
//
// The library golang.org/x/oauth2 makes the requests, and github.com/golang-jwt/jwt signs the assertions. A token is kept
// until shortly before its end, and callers at the same time share one request. A token that a service refuses is replaced
// once.
//
// Start with [NewMicrosoft] or [NewGoogle], and use tokens by [Source.Do].
package oauth

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/shieldpod/shieldpod/bff/internal/cache"
	"github.com/shieldpod/shieldpod/bff/internal/courier"
)

const (
	// margin is how long before its end a token is replaced.
	margin = 5 * time.Minute
	// usualLifetime is assumed of a token that does not say its lifetime.
	usualLifetime = 10 * time.Minute
	// assertionLifetime is how long a signed request for a token can be used.
	assertionLifetime = 5 * time.Minute
)

// Source gives the access tokens of one account. Its methods are safe for concurrent use.
type Source struct {
	carrier string // in faults
	request request
	explain func(*oauth2.RetrieveError) explanation
	now     func() time.Time
	client  *http.Client

	mu     sync.Mutex // of forget
	tokens *cache.Cache[struct{}, token]
}

type token struct {
	text    string
	renewAt time.Time
}

// request makes the request for a token at a time. Each has an assertion of its own.
type request func(now time.Time) (*clientcredentials.Config, error)

func newSource(carrier string, now func() time.Time, ask request, explain func(*oauth2.RetrieveError) explanation) *Source {
	return &Source{
		carrier: carrier, request: ask, explain: explain, now: now, tokens: cache.New[struct{}, token](1, 0),
		client: &http.Client{Transport: courier.NewTransport(), CheckRedirect: courier.NoRedirect},
	}
}

// Do calls use with a token. When use says that the service refuses a token that was kept, Do calls it once more with a
// new one. A token that can't be had is an error of type *courier.Fault, before use is called or after the refusal.
func (s *Source) Do(ctx context.Context, use func(token string) (refused bool, err error)) error {
	text, isNew, err := s.token(ctx)
	if err != nil {
		return err
	}
	refused, err := use(text)
	if !refused {
		return err
	}
	s.forget(text)
	if isNew {
		return err
	}
	if text, _, err = s.token(ctx); err != nil {
		return err
	}
	if refused, err = use(text); refused {
		s.forget(text)
	}
	return err
}

// token returns a token, and whether this call requested it.
func (s *Source) token(ctx context.Context) (text string, isNew bool, err error) {
	now := s.now()
	for {
		held, err := s.tokens.Load(ctx, struct{}{}, now, func() (token, error) {
			isNew = true
			return s.fetch(ctx, now)
		})
		if err != nil {
			return "", false, err
		}
		if now.Before(held.renewAt) {
			return held.text, isNew, nil
		}
		s.forget(held.text)
	}
}

// forget drops a token, unless another one has taken its place or a request for one is running.
func (s *Source) forget(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if held, _, found := s.tokens.Get(struct{}{}, s.now()); found && held.text == text {
		s.tokens.Remove(struct{}{})
	}
}

// fetch requests a token. No message is sent before, so that no fault is Indeterminate.
func (s *Source) fetch(ctx context.Context, now time.Time) (token, error) {
	config, err := s.request(now)
	if err != nil {
		return token{}, &courier.Fault{Kind: courier.Misconfigured, Err: fmt.Errorf("%s: the request for a token can't be signed: %T", s.carrier, err)}
	}
	got, err := config.Token(context.WithValue(ctx, oauth2.HTTPClient, s.client))
	if err != nil {
		return token{}, s.fault(err)
	}
	lifetime := usualLifetime
	if seconds, err := strconv.ParseFloat(fmt.Sprint(got.Extra("expires_in")), 64); err == nil && seconds > 0 && seconds < 1e6 {
		lifetime = time.Duration(seconds) * time.Second
	}
	return token{text: got.AccessToken, renewAt: now.Add(max(lifetime-margin, lifetime/2))}, nil
}
