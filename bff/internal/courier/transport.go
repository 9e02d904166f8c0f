package courier

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"
)

// maxResponseBytes bounds the body that is read of a carrier's response.
const maxResponseBytes = 1 << 20

// NewTransport returns the HTTP transport for one carrier. It keeps connections, and bounds dialling and the length of
// a response. The caller's context bounds the request.
func NewTransport() http.RoundTripper {
	return limitedTransport{&http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout: 5 * time.Second,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 64,
		IdleConnTimeout:     90 * time.Second,
	}}
}

type limitedTransport struct{ base http.RoundTripper }

// RoundTrip returns the response with a body that ends at maxResponseBytes.
func (t limitedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := t.base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(response.Body, maxResponseBytes), response.Body}
	return response, nil
}

// NoRedirect follows no redirect, so that a message is never sent to another host.
func NoRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// TraceConnection returns a context for one request, and a function that reports whether the request had a connection.
// A request that had one may have reached the carrier.
func TraceConnection(ctx context.Context) (context.Context, func() bool) {
	var connected atomic.Bool
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }}
	return httptrace.WithClientTrace(ctx, trace), connected.Load
}

// NoResponse returns the fault of a request without a response. A request that was never connected did not reach the
// carrier.
func NoResponse(carrier string, err error, connected bool) *Fault {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // without the URL
	}
	kind, text := Temporary, "not reached"
	if connected {
		kind, text = Indeterminate, "asked, no answer"
	}
	return &Fault{Kind: kind, Err: fmt.Errorf("%s: %s: %w", carrier, text, err)}
}

// StatusFault returns the fault of an HTTP status, for a response without a more specific code. The status codes 502 and
// 504 of a gateway leave the result unknown.
func StatusFault(carrier string, status int, header http.Header) *Fault {
	f := &Fault{Kind: Misconfigured, Err: fmt.Errorf("%s: HTTP %d", carrier, status)}
	switch {
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		f.Kind, f.RetryAfter = Temporary, retryAfter(header)
	case status == http.StatusRequestTimeout, status == http.StatusInternalServerError:
		f.Kind = Temporary
	case status > http.StatusInternalServerError:
		f.Kind = Indeterminate
	}
	return f
}

// retryAfter reads the delay that a carrier asks for: seconds, a date, or the time at which its rate limit is reset.
// Times are compared with the carrier's own clock.
func retryAfter(h http.Header) time.Duration {
	if seconds, err := strconv.Atoi(h.Get("Retry-After")); err == nil {
		return time.Duration(max(seconds, 0)) * time.Second
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	if at, err := http.ParseTime(h.Get("Retry-After")); err == nil {
		return max(at.Sub(now), 0)
	}
	if reset, err := strconv.ParseInt(h.Get("X-RateLimit-Reset"), 10, 64); err == nil {
		return max(time.Unix(reset, 0).Sub(now), 0)
	}
	return 0
}
