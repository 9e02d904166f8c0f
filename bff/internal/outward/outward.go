// Package outward is the guarded way out, for every URL that a tenant's settings name: https only, to the public
// internet only, no redirects, no body without an end.
//
// Start with [Client]. [CheckURL] is for settings: it refuses at once what the client would refuse later.
package outward

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"time"
)

// Config bounds a client.
type Config struct {
	AllowLoopback bool           // also to this machine, by http too and on any port: for the demo and tests
	Roots         *x509.CertPool // nil: the system's
	Timeout       time.Duration  // of a whole request, its answer's body read
	BodyLimit     int64          // bytes of an answer; reading further is ErrTooLong
	KeepAlive     bool           // keep connections for the next request
}

// ErrInside: an address is not on the public internet. ErrTooLong: an answer is longer than the client reads.
var (
	ErrInside  = errors.New("the address is not on the public internet")
	ErrTooLong = errors.New("the answer is too long")
)

// Client makes a client that refuses URLs as CheckURL does, and addresses in the moment in which they are dialled.
// A redirect is an answer like any other: nobody follows it.
func Client(c Config) *http.Client {
	transport := &http.Transport{
		DialContext: dialer(c.AllowLoopback).DialContext, TLSClientConfig: &tls.Config{RootCAs: c.Roots, MinVersion: tls.VersionTLS12},
		DisableKeepAlives: !c.KeepAlive, ResponseHeaderTimeout: c.Timeout, ForceAttemptHTTP2: true,
		MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10,
	}
	return &http.Client{
		Transport: guard{transport, c}, Timeout: c.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Dial dials as a client does.
func Dial(ctx context.Context, allowLoopback bool, address string) error {
	conn, err := dialer(allowLoopback).DialContext(ctx, "tcp", address)
	if err == nil {
		err = conn.Close()
	}
	return err
}

// guard stands before the transport.
type guard struct {
	next *http.Transport
	cfg  Config
}

func (g guard) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := CheckURL(r.URL.String(), g.cfg.AllowLoopback); err != nil {
		return nil, err
	}
	response, err := g.next.RoundTrip(r)
	if err == nil && g.cfg.BodyLimit > 0 {
		response.Body = &limited{body: response.Body, left: g.cfg.BodyLimit}
	}
	return response, err
}

// CloseIdleConnections is http.Client's, passed on.
func (g guard) CloseIdleConnections() { g.next.CloseIdleConnections() }

// limited fails beyond its end, so that nothing reads as whole that was cut off.
type limited struct {
	body io.ReadCloser
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.body.Read(p)
	if int64(n) > l.left {
		return int(l.left), ErrTooLong
	}
	l.left -= int64(n)
	return n, err
}

func (l *limited) Close() error { return l.body.Close() }
