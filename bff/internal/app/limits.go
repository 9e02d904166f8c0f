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

// Limits bound what one address may do. The zero value has no limits and no proxies. docs/operating.md explains them.
type Limits struct {
	TrustedProxies []string `help:"Addresses of the balancers and proxies in front, like 10.0.0.0/8: only these are believed about the client's address."`
	ProxyHeader    string   `default:"x-forwarded-for" enum:"x-forwarded-for,forwarded" help:"The header in which they name the client: x-forwarded-for or forwarded."`

	LimitRequests   ratelimit.Limit `default:"200/2000" help:"Requests of one address that prove nothing: so many a second, so many at once; off for no limit."`
	LimitGuesses    ratelimit.Limit `default:"2/300" help:"Keys, bearers, links, sign-ins and delivery reports of one address that turn out to be wrong."`
	LimitHandshakes ratelimit.Limit `default:"100/2000" help:"Sockets of one address that don't authenticate."`

	LimitWaitingPerAddress int `default:"1024" help:"Sockets of one address that have not authenticated yet; 0 for no limit."`
	LimitWaiting           int `default:"4096" help:"Sockets that have not authenticated yet, in all; 0 for no limit."`
	LimitSessionSockets    int `default:"8" help:"Sockets of one pod session; 0 for no limit."`
}

// resolver finds clients' addresses behind the trusted proxies.
func (l Limits) resolver() (clientaddr.Resolver, error) {
	trusted, err := clientaddr.ParseTrusted(l.TrustedProxies)
	if err != nil {
		return clientaddr.Resolver{}, fmt.Errorf("--trusted-proxies: %w", err)
	}
	header := clientaddr.XForwardedFor
	if l.ProxyHeader == "forwarded" {
		header = clientaddr.Forwarded
	}
	return clientaddr.Resolver{Trusted: trusted, Header: header}, nil
}

// Check refuses proxies that are no addresses.
func (l Limits) Check() error {
	_, err := l.resolver()
	return err
}

// sockets are the hub's limits.
func (l Limits) sockets() live.Limits {
	return live.Limits{WaitingPerAddress: l.LimitWaitingPerAddress, Waiting: l.LimitWaiting, PerSession: l.LimitSessionSockets}
}

// limiter bounds what one address may ask without proof, and guess.
type limiter struct {
	security *securitylog.Log
	requests *ratelimit.Limiter
	guesses  map[string]*ratelimit.Limiter // by path, so that wrong links do not count against wrong delivery reports
}

// guessed maps the path at which something is guessed to its code in the security log.
var guessed = map[string]string{
	"/v/": securitylog.CodeUnknownLink, "/hooks/": securitylog.CodeHookRefused, "/signin/callback": securitylog.CodeSignInRefused,
}

func newLimiter(l Limits, clock func() time.Time, security *securitylog.Log) *limiter {
	limits := &limiter{security: security, requests: ratelimit.New(l.LimitRequests, clock), guesses: map[string]*ratelimit.Limiter{}}
	for path := range guessed {
		limits.guesses[path] = ratelimit.New(l.LimitGuesses, clock)
	}
	return limits
}

// serve calls next, or answers 429 if the address is over a limit.
//
// Routes with a bearer or a key are not limited here: httpapi limits those that turn out to be wrong, and the hub limits sockets.
// A launch that opens a pod and a delivery report with a good signature are not counted.
func (l *limiter) serve(w http.ResponseWriter, r *http.Request, address netip.Addr, next http.Handler) {
	path := r.URL.Path
	if path == "/healthz" || path == "/readyz" || path == "/api/v1/live" ||
		strings.HasPrefix(path, "/api/v1/") && r.Header.Get("Authorization") != "" && !isLaunch(path) {
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
		if answer.status == http.StatusOK && path != "/api/v1/launch/challenge" { // which needs no proof
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

// wrong tells whether an answer refuses what was guessed. A fault of the server's own is no refusal.
func wrong(guess string, status int) bool {
	if guess == "/v/" {
		return status == http.StatusNotFound
	}
	return status >= http.StatusBadRequest && status < http.StatusInternalServerError
}

// refuse answers 429: browsers with a page, programs with a problem document.
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
