package rest_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/psa/rest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// roundTrip answers requests without a network.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func newClient(t *testing.T, now func() time.Time, respond roundTrip) *rest.Client {
	t.Helper()
	c, err := rest.New(rest.Config{
		Product: psa.Product{Name: "helpdesk", Title: "Help Desk"}, HTTP: &http.Client{Transport: respond}, Now: now, Entropy: rand.Reader,
		ErrorCode: func([]byte) string { return "OwnCode" },
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func answer(status int, kind, body string, headers ...string) roundTrip {
	return func(*http.Request) (*http.Response, error) {
		h := http.Header{"Content-Type": {kind}}
		for i := 0; i < len(headers); i += 2 {
			h.Set(headers[i], headers[i+1])
		}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

// ticketRequest is a request whose address and body have what no error may tell.
var ticketRequest = rest.Request{
	Name: "GET /tickets/{id}", Method: http.MethodGet, URL: url.URL{Scheme: "https", Host: "api.example", Path: "/tickets/4711"}, Body: "typed text",
}

func TestAnAnswerBecomesACode(t *testing.T) {
	const asJSON = "application/json; charset=utf-8"
	for _, row := range []struct {
		name    string
		respond roundTrip
		want    verify.Code
		status  int // of an *Error
	}{
		{"a result", answer(200, asJSON, `{"id":1}`), "", 0},
		{"a result of the vendor's own JSON type", answer(201, "application/vnd.help+json", `{"id":1}`), "", 0},
		{"a gateway's page", answer(503, "text/html", "<html>"), verify.CodePSADown, 0},
		{"an internal error", answer(500, asJSON, `{}`), verify.CodePSADown, 0},
		{"a sign-in page with status 200", answer(200, "text/html", "<html>"), verify.CodePSADown, 0},
		{"JSON that breaks off", answer(200, asJSON, `{"id":`), verify.CodePSADown, 0},
		{"a status below 200", answer(102, asJSON, `{}`), verify.CodePSADown, 0},
		{"more than 8 MiB", answer(200, asJSON, strings.Repeat(" ", 8<<20+1)), verify.CodePSADown, 0},
		{"no connection", func(*http.Request) (*http.Response, error) { return nil, errors.New("refused") }, verify.CodePSADown, 0},
		{"a redirect, which is not followed", answer(302, asJSON, `{}`, "Location", "https://evil.example/"), verify.CodePSAMisconfigured, 0},
		{"a rate limit", answer(429, "text/plain", ""), verify.CodePSABusy, 0},
		{"a refusal, which the adapter translates", answer(403, asJSON, `{}`), "", 403},
		{"an API's 404", answer(404, asJSON, `{}`), "", 404},
	} {
		var into struct {
			ID int `json:"id"`
		}
		asked := 0
		c := newClient(t, time.Now, func(r *http.Request) (*http.Response, error) { asked++; return row.respond(r) })
		_, err := c.Do(t.Context(), ticketRequest, &into)
		if verify.CodeOf(err) != row.want || rest.Status(err) != row.status || asked != 1 || (err == nil) != (into.ID == 1) {
			t.Errorf("%s: %v after %d requests, want %q or status %d", row.name, err, asked, row.want, row.status)
		}
		if err != nil && (strings.Contains(err.Error(), "4711") || strings.Contains(err.Error(), "typed text") || !strings.Contains(err.Error(), "helpdesk: ")) {
			t.Errorf("%s: the error is %q", row.name, err)
		}
	}
	_, err := newClient(t, time.Now, answer(404, "text/html", "")).Do(t.Context(), ticketRequest, nil)
	if !errors.Is(err, rest.ErrNoAPI) || verify.CodeOf(err) != "" {
		t.Errorf("a web server's 404: %v", err)
	}
}

func TestRetryAfterIsReadInSecondsUpToTenMinutes(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"7": 7 * time.Second, "600": 10 * time.Minute, "601": 10 * time.Minute, "9223372036854775807": 10 * time.Minute,
		"": 10 * time.Second, "0": 10 * time.Second, "-1": 10 * time.Second, "Wed, 21 Oct 2026 07:28:00 GMT": 10 * time.Second,
	} {
		_, err := newClient(t, time.Now, answer(429, "text/plain", "", "Retry-After", header)).Do(t.Context(), ticketRequest, nil)
		var refusal *verify.Error
		if !errors.As(err, &refusal) || refusal.RetryAfter != want {
			t.Errorf("after %q: %v, want %s", header, err, want)
		}
	}
}

func TestASlowServerIsGivenFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, time.Now, func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() })
		begun := time.Now()
		_, err := c.Do(t.Context(), ticketRequest, nil)
		if took := time.Since(begun); verify.CodeOf(err) != verify.CodePSADown || took != 5*time.Second {
			t.Errorf("%v after %s", err, took)
		}
	})
}

func TestConcurrentCallersShareARequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, time.Now, nil)
		var requests atomic.Int32
		open := make(chan struct{})
		do := func(ctx context.Context) (int, error) { requests.Add(1); <-open; return 7, ctx.Err() }
		leaving, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { // begins the request, and leaves
			if _, err := rest.Share(leaving, c, c.Key("a"), do); verify.CodeOf(err) != verify.CodePSADown {
				t.Errorf("the caller who left got %v", err)
			}
		})
		synctest.Wait()
		for range 20 {
			all.Go(func() {
				if got, err := rest.Share(t.Context(), c, c.Key("a"), do); got != 7 || err != nil {
					t.Errorf("got %d, %v", got, err)
				}
			})
		}
		synctest.Wait()
		leave()
		synctest.Wait()
		close(open)
		all.Wait()
		if n := requests.Load(); n != 1 {
			t.Errorf("%d requests were made, want one", n)
		}
	})
}

func TestACachedAnswerIsUsedWhileItIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		c := newClient(t, func() time.Time { return now }, nil)
		answers := rest.NewCache[int](c, 10, time.Minute, 5*time.Minute)
		reads, fails := 0, false
		for _, row := range []struct {
			name  string
			after time.Duration
			fails bool
			want  int
			code  verify.Code
			reads int
		}{
			{"the first is read", 0, false, 1, "", 1},
			{"a fresh one is not read again", time.Minute - 1, false, 1, "", 1},
			{"an older one is used and read again", 1, false, 1, "", 2},
			{"the one that was read meanwhile is used", 0, false, 2, "", 2},
			{"an older one is used when its reading fails", time.Minute, true, 2, "", 3},
			{"one that is too old is not used", 4 * time.Minute, true, 0, verify.CodePSADown, 4},
			{"an error is not cached", 0, false, 5, "", 5},
		} {
			now, fails = now.Add(row.after), row.fails
			got, _, err := answers.Get(t.Context(), c.Key("list"), func(context.Context) (int, error) {
				if reads++; fails {
					return 0, &verify.Error{Code: verify.CodePSADown}
				}
				return reads, nil
			})
			synctest.Wait()
			if got != row.want || verify.CodeOf(err) != row.code || reads != row.reads {
				t.Errorf("%s: %d, %v after %d reads, want %d after %d", row.name, got, err, reads, row.want, row.reads)
			}
		}
	})
}
