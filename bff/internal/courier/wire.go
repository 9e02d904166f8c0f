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

// answerLimit is the most that is read of a carrier's answer.
const answerLimit = 1 << 20

// NewTransport is the way to one carrier: connections are kept, dialling has a limit and
// so has an answer's length. How long an answer may take is the caller's context's to say.
func NewTransport() http.RoundTripper {
	return limited{&http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout: 5 * time.Second,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 64,
		IdleConnTimeout:     90 * time.Second,
	}}
}

type limited struct{ way http.RoundTripper }

// RoundTrip gives the answer with a body that ends at the limit.
func (l limited) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := l.way.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(answer.Body, answerLimit), answer.Body}
	return answer, nil
}

// NoRedirect keeps a message from being carried to where nobody sent it.
func NoRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Watch gives a context for one request, and what tells afterwards whether the carrier may
// have got it: from the moment there is a connection, nobody here can know that it did not.
func Watch(ctx context.Context) (context.Context, func() bool) {
	var connected atomic.Bool
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }}
	return httptrace.WithClientTrace(ctx, trace), connected.Load
}

// Unanswered is the fault of a request that got no answer. Not asked means that it surely
// never reached the carrier.
func Unanswered(carrier string, err error, asked bool) *Fault {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // without the address
	}
	kind, words := Busy, "not reached"
	if asked {
		kind, words = Unsure, "asked, no answer"
	}
	return &Fault{Kind: kind, Err: fmt.Errorf("%s: %s: %w", carrier, words, err)}
}

// ByStatus is the fault that an HTTP status alone stands for, where the carrier's own
// words say nothing better. A gateway's 502 and 504 leave open what happened behind it.
func ByStatus(carrier string, status int, header http.Header) *Fault {
	f := &Fault{Kind: Setup, Err: fmt.Errorf("%s: HTTP %d", carrier, status)}
	switch {
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		f.Kind, f.RetryAfter = Busy, retryAfter(header)
	case status == http.StatusRequestTimeout, status == http.StatusInternalServerError:
		f.Kind = Busy
	case status > http.StatusInternalServerError:
		f.Kind = Unsure
	}
	return f
}

// retryAfter reads how long a carrier asks us to wait: seconds, a date, or the moment when
// its rate limit starts anew. Moments are taken against the carrier's own clock.
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
