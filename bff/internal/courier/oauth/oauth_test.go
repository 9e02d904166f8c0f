package oauth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/courier/couriertest"
	"github.com/shieldpod/shieldpod/bff/internal/courier/oauth"
)

const (
	directory = "11111111-2222-4333-8444-555555555555"
	client    = "0f0e0d0c-0b0a-4908-8706-050403020100"
	secret    = "a-client~secret-that-no-log-may-hold"
)

// authority answers requests for tokens with tokens that are numbered, or as it is told.
type authority struct {
	*httptest.Server
	requests atomic.Int64
	lifetime string // expires_in, as JSON
	answer   http.HandlerFunc
	now      atomic.Int64 // seconds
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{lifetime: "3599"}
	a.now.Store(1772632800)
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := a.requests.Add(1)
		if a.answer != nil {
			a.answer(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"token_type":"Bearer","expires_in":%s,"access_token":"token-%d"}`, a.lifetime, n)
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *authority) clock() time.Time { return time.Unix(a.now.Load(), 0) }

func (a *authority) source(t *testing.T) *oauth.Source {
	t.Helper()
	s, err := oauth.NewMicrosoft("graph", oauth.Microsoft{Directory: directory, Client: client}, secret, "https://graph.microsoft.com", a.URL, a.clock)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// use uses a token once, and returns it.
func use(t *testing.T, s *oauth.Source) string {
	t.Helper()
	var got string
	if err := s.Do(t.Context(), func(token string) (bool, error) {
		got = token
		return false, nil
	}); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestATokenIsKeptUntilShortlyBeforeItsEnd(t *testing.T) {
	for _, c := range []struct {
		name, lifetime string
		kept, renewed  int64 // seconds after the request
	}{
		{"an hour, five minutes before", "3599", 3298, 3299},
		{"an hour, as a text", `"3599"`, 3298, 3299},
		{"a few minutes, at half of them", "240", 119, 120},
		{"no lifetime: ten minutes are assumed", "null", 299, 300},
		{"a lifetime that is none", "0", 299, 300},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newAuthority(t)
			a.lifetime = c.lifetime
			s := a.source(t)
			start := a.now.Load()
			for _, step := range []struct {
				at   int64
				want string
			}{{0, "token-1"}, {c.kept, "token-1"}, {c.renewed, "token-2"}} {
				a.now.Store(start + step.at)
				if got := use(t, s); got != step.want {
					t.Errorf("after %d seconds: %s, want %s", step.at, got, step.want)
				}
			}
		})
	}
}

func TestAClockThatIsSetBackKeepsNoToken(t *testing.T) {
	a := newAuthority(t)
	s := a.source(t)
	use(t, s)
	a.now.Add(-60)
	if got := use(t, s); got != "token-2" {
		t.Errorf("%s is used", got)
	}
}

func TestCallersAtTheSameTimeShareOneRequest(t *testing.T) {
	a := newAuthority(t)
	s := a.source(t)
	for round, want := range []string{"token-1", "token-2"} { // the first token, and its renewal
		var all sync.WaitGroup
		start := make(chan struct{})
		for range 50 {
			all.Go(func() {
				<-start
				err := s.Do(context.Background(), func(token string) (bool, error) {
					if token != want {
						t.Errorf("round %d: %s, want %s", round, token, want)
					}
					return false, nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		close(start)
		all.Wait()
		a.now.Add(3599)
	}
	if n := a.requests.Load(); n != 2 {
		t.Errorf("%d requests for tokens, want 2", n)
	}
}

func TestARefusedTokenIsReplacedOnce(t *testing.T) {
	refusal := errors.New("refused")
	for _, c := range []struct {
		name     string
		kept     bool // a token was used before
		refused  int  // times
		wantUses int
		wantErr  error
		requests int64
	}{
		{"a kept token is replaced", true, 1, 2, nil, 2},
		{"the new token is refused, too", true, 2, 2, refusal, 2},
		{"a token that is new is not replaced", false, 1, 1, refusal, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newAuthority(t)
			s := a.source(t)
			if c.kept {
				use(t, s)
			}
			uses := 0
			err := s.Do(t.Context(), func(string) (bool, error) {
				if uses++; uses <= c.refused {
					return true, refusal
				}
				return false, nil
			})
			if uses != c.wantUses || !errors.Is(err, c.wantErr) || a.requests.Load() != c.requests {
				t.Errorf("%d uses, %v, %d requests; want %d, %v and %d", uses, err, a.requests.Load(), c.wantUses, c.wantErr, c.requests)
			}
			before := a.requests.Load()
			use(t, s)
			if wantNew := c.wantErr != nil; (a.requests.Load() > before) != wantNew {
				t.Errorf("the next use requests a token: %v, want %v", !wantNew, wantNew)
			}
		})
	}
}

func TestAnErrorOfTheServiceIsNoRefusalOfTheToken(t *testing.T) {
	a := newAuthority(t)
	s := a.source(t)
	use(t, s)
	failure := errors.New("down")
	uses := 0
	if err := s.Do(t.Context(), func(string) (bool, error) { uses++; return false, failure }); !errors.Is(err, failure) || uses != 1 {
		t.Errorf("%v after %d uses", err, uses)
	}
	if use(t, s); a.requests.Load() != 1 {
		t.Error("the token was dropped")
	}
}

// faultOf returns the fault of a token that can't be had, and checks that its text holds no secret.
func faultOf(t *testing.T, s *oauth.Source, secrets ...string) *courier.Fault {
	t.Helper()
	err := s.Do(t.Context(), func(string) (bool, error) {
		t.Error("there is a token")
		return false, nil
	})
	return couriertest.Fault(t, err, append(secrets, "verify@acme.example", "Trace ID")...)
}

// fault is what a fault must be.
type fault struct {
	kind  courier.FaultKind
	says  string // the beginning of its cause
	next  string // a part of its next step; empty: none
	after time.Duration
}

func checkFault(t *testing.T, f *courier.Fault, want fault) {
	t.Helper()
	if f.Kind != want.kind || !strings.HasPrefix(f.Err.Error(), want.says) || !strings.Contains(f.NextStep, want.next) ||
		want.next == "" && f.NextStep != "" || f.RetryAfter != want.after || f.Reason != "" {
		t.Errorf("kind %d, %q, next step %q, after %v, reason %q; want %+v", f.Kind, f.Err, f.NextStep, f.RetryAfter, f.Reason, want)
	}
}
