package app

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/clientaddr"
	"github.com/shieldpod/shieldpod/bff/internal/httpapi"
	"github.com/shieldpod/shieldpod/bff/internal/live"
	"github.com/shieldpod/shieldpod/bff/internal/ratelimit"
	"github.com/shieldpod/shieldpod/bff/internal/securitylog"
)

// limitFlags bound what one address may do. docs/operating.md explains them.
type limitFlags struct {
	TrustedProxies []string `help:"Addresses of the balancers and proxies in front, like 10.0.0.0/8: only these are believed about the client's address."`
	ProxyHeader    string   `default:"x-forwarded-for" enum:"x-forwarded-for,forwarded" help:"The header in which they name the client: x-forwarded-for or forwarded."`

	LimitRequests   ratelimit.Limit `default:"200/2000" help:"Requests of one address that prove nothing: so many a second, so many at once; off for no limit."`
	LimitGuesses    ratelimit.Limit `default:"2/300" help:"Keys, bearers, links, sign-ins and delivery reports of one address that turn out to be wrong."`
	LimitHandshakes ratelimit.Limit `default:"100/2000" help:"Sockets of one address that don't authenticate."`

	LimitWaitingPerAddress int `default:"1024" help:"Sockets of one address that have not authenticated yet; 0 for no limit."`
	LimitWaiting           int `default:"4096" help:"Sockets that have not authenticated yet, in all; 0 for no limit."`
	LimitSessionSockets    int `default:"8" help:"Sockets of one pod session; 0 for no limit."`
}

// limitSettings are limitFlags, checked. The zero value stands for no limits and no proxies.
type limitSettings struct {
	addresses                     clientaddr.Resolver
	requests, guesses, handshakes ratelimit.Limit
	sockets                       live.Limits
	now                           func() time.Time // a monotonic clock; nil: time.Now
}

// limiter gives one whose clock is the limits'.
func (s limitSettings) limiter(l ratelimit.Limit) *ratelimit.Limiter {
	if s.now == nil {
		return ratelimit.New(l, time.Now)
	}
	return ratelimit.New(l, s.now)
}

func (f limitFlags) limits() (limitSettings, error) {
	trusted, err := clientaddr.ParseTrusted(f.TrustedProxies)
	if err != nil {
		return limitSettings{}, fmt.Errorf("--trusted-proxies: %w", err)
	}
	header := clientaddr.XForwardedFor
	if f.ProxyHeader == "forwarded" {
		header = clientaddr.Forwarded
	}
	return limitSettings{
		addresses: clientaddr.Resolver{Trusted: trusted, Header: header},
		requests:  f.LimitRequests, guesses: f.LimitGuesses, handshakes: f.LimitHandshakes,
		sockets: live.Limits{WaitingPerAddress: f.LimitWaitingPerAddress, Waiting: f.LimitWaiting, PerSession: f.LimitSessionSockets},
	}, nil
}

// limiter bounds what one address may ask without proof, and guess.
type limiter struct {
	security *securitylog.Log
	requests *ratelimit.Limiter
	guesses  map[string]*ratelimit.Limiter // by what is guessed, so that one guess does not stand in the way of another
}

// What is guessed, by the path that it is guessed at.
var guessed = map[string]string{
	"/v/": securitylog.CodeUnknownLink, "/hooks/": securitylog.CodeHookRefused, "/signin/callback": securitylog.CodeSignInRefused,
}

func newLimiter(s limitSettings, security *securitylog.Log) *limiter {
	l := &limiter{security: security, requests: s.limiter(s.requests), guesses: map[string]*ratelimit.Limiter{}}
	for path := range guessed {
		l.guesses[path] = s.limiter(s.guesses)
	}
	return l
}

// serve has next answer a request, unless its address has used up what it may.
//
// Routes with a bearer or a key are not bounded here, but by what turns out to be wrong: see httpapi. Sockets are bounded by the hub.
// A launch that opens a pod, and a delivery report with a good signature, count as nothing, however many there are.
func (l *limiter) serve(w http.ResponseWriter, r *http.Request, address netip.Addr, next http.Handler) {
	path := r.URL.Path
	if path == "/healthz" || path == "/readyz" || path == "/api/v1/live" || strings.HasPrefix(path, "/api/v1/") && r.Header.Get("Authorization") != "" && !isLaunch(path) {
		next.ServeHTTP(w, r)
		return
	}
	if retry, ok := l.requests.Take(address); !ok {
		l.refuse(w, r, address, retry)
		return
	}
	guess := ""
	for prefix := range guessed {
		if strings.HasPrefix(path, prefix) {
			guess = prefix
		}
	}
	if guess != "" {
		if retry, ok := l.guesses[guess].Take(address); !ok {
			l.refuse(w, r, address, retry)
			return
		}
	}
	if guess == "" && !isLaunch(path) {
		next.ServeHTTP(w, r)
		return
	}
	answer := &statusWriter{ResponseWriter: w, status: http.StatusOK}
	next.ServeHTTP(answer, r)
	switch {
	case guess == "":
		if answer.status == http.StatusOK && path != "/api/v1/launch/challenge" { // which anybody gets
			l.requests.Return(address)
		}
	case wrong(guess, answer.status):
		tenant := ""
		if parts := strings.Split(path, "/"); guess == "/hooks/" && len(parts) == 4 {
			tenant = parts[3]
		}
		l.security.Record(guessed[guess], tenant, address)
	default:
		l.guesses[guess].Return(address)
		if guess == "/hooks/" {
			l.requests.Return(address)
		}
	}
}

func isLaunch(path string) bool {
	return path == "/api/v1/launch" || strings.HasPrefix(path, "/api/v1/launch/")
}

// wrong tells whether an answer says that a guess was one: a fault of the server's says nothing.
func wrong(guess string, status int) bool {
	if guess == "/v/" {
		return status == http.StatusNotFound
	}
	return status >= http.StatusBadRequest && status < http.StatusInternalServerError
}

// refuse answers 429: people with a page, programs with a problem.
func (l *limiter) refuse(w http.ResponseWriter, r *http.Request, address netip.Addr, retry time.Duration) {
	l.security.Record(securitylog.CodeTooManyRequests, "", address)
	httpapi.TooManyRequests(w, r, retry)
}

// statusWriter keeps an answer's status.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader keeps the first status that ends the answer.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap gives the wrapped writer to http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
