// Package egress makes HTTP clients for URLs from a tenant's settings: https only, public internet only, no redirects,
// bounded bodies.
//
// Start with [Client]. [CheckURL] validates settings: it refuses at once what the client would refuse later.
package egress

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"time"
)

// Config holds the limits of a client.
type Config struct {
	AllowLoopback bool           // accept this machine too, with http and any port: for the demo and tests
	Roots         *x509.CertPool // nil: the system's certificates
	Timeout       time.Duration  // of a whole request, including its answer's body
	BodyLimit     int64          // bytes of an answer; beyond it reading fails with ErrTooLong
	KeepAlive     bool           // keep connections for further requests
}

// ErrNotPublic: an address is not on the public internet. ErrTooLong: an answer exceeds the limit.
var (
	ErrNotPublic = errors.New("the address is not on the public internet")
	ErrTooLong   = errors.New("the answer is too long")
)

// Client makes a client that refuses URLs as CheckURL does, and checks each address when it connects. It does not
// follow redirects.
func Client(c Config) *http.Client {
	transport := &http.Transport{
		DialContext: dialer(c.AllowLoopback).DialContext, TLSClientConfig: &tls.Config{RootCAs: c.Roots, MinVersion: tls.VersionTLS12},
		DisableKeepAlives: !c.KeepAlive, ResponseHeaderTimeout: c.Timeout, ForceAttemptHTTP2: true,
		MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10,
	}
	return &http.Client{
		Transport: guardedTransport{transport, c}, Timeout: c.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// guardedTransport checks every request before the transport.
type guardedTransport struct {
	next *http.Transport
	cfg  Config
}

func (g guardedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := CheckURL(r.URL.String(), g.cfg.AllowLoopback); err != nil {
		return nil, err
	}
	response, err := g.next.RoundTrip(r)
	if err == nil && g.cfg.BodyLimit > 0 {
		response.Body = &limitedBody{body: response.Body, remaining: g.cfg.BodyLimit}
	}
	return response, err
}

// CloseIdleConnections closes the idle connections of the transport.
func (g guardedTransport) CloseIdleConnections() { g.next.CloseIdleConnections() }

// limitedBody fails beyond its limit, so that a truncated body is never taken for a complete one.
type limitedBody struct {
	body      io.ReadCloser
	remaining int64
}

func (l *limitedBody) Read(p []byte) (int, error) {
	if int64(len(p)) > l.remaining+1 {
		p = p[:l.remaining+1]
	}
	n, err := l.body.Read(p)
	if int64(n) > l.remaining {
		return int(l.remaining), ErrTooLong
	}
	l.remaining -= int64(n)
	return n, err
}

func (l *limitedBody) Close() error { return l.body.Close() }
