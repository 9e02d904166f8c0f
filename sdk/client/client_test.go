package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/sdk/api"
	"github.com/shieldpod/shieldpod/sdk/client"
)

// server answers each request with the status and body, and counts them.
func server(t *testing.T, status int, contentType, body string) (*httptest.Server, *[]*http.Request) {
	t.Helper()
	var requests []*http.Request
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests = append(requests, r)
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s, &requests
}

func connect(t *testing.T, url string) *client.Client {
	t.Helper()
	c, err := client.New(url, "spk_key")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAnAnswerThatIsNotTheExpectedOneIsAnError(t *testing.T) {
	const problem = "application/problem+json"
	for _, row := range []struct {
		name        string
		status      int
		contentType string
		body        string
		want        client.Error
		text        string
		retry       time.Duration
	}{
		{
			"a refusal with a field", 422, problem, `{"code":"invalid","title":"Invalid","status":422,"detail":"No such field.","field":"fields.x"}`,
			client.Error{Status: 422, Problem: api.Problem{Code: "invalid", Title: "Invalid", Status: 422, Detail: "No such field.", Field: "fields.x"}},
			"shieldpod: invalid (fields.x): No such field.", 0,
		},
		{
			"a refusal that asks to wait", 429, problem, `{"code":"rate_limited","title":"Slow down","status":429,"detail":"Wait.","retry_after":7}`,
			client.Error{Status: 429, Problem: api.Problem{Code: "rate_limited", Title: "Slow down", Status: 429, Detail: "Wait.", RetryAfter: 7}},
			"shieldpod: rate_limited: Wait.", 7 * time.Second,
		},
		{"a proxy's page", 502, "text/html", "<h1>Bad Gateway</h1>", client.Error{Status: 502}, "shieldpod: the answer 502 Bad Gateway is not Shieldpod's", 0},
		{"a redirect, which is not followed", 307, "text/html", "", client.Error{Status: 307}, "shieldpod: the answer 307 Temporary Redirect is not Shieldpod's", 0},
		{"another server's JSON", 404, "application/json", `{"message":"no"}`, client.Error{Status: 404}, "shieldpod: the answer 404 Not Found is not Shieldpod's", 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, requests := server(t, row.status, row.contentType, row.body)
			c := connect(t, s.URL)
			calls := map[string]func() error{
				"DefaultPolicy":    func() error { _, err := c.DefaultPolicy(t.Context()); return err },
				"SetDefaultPolicy": func() error { _, err := c.SetDefaultPolicy(t.Context(), api.PolicyEdit{}); return err },
				"SetClientPolicy":  func() error { _, err := c.SetClientPolicy(t.Context(), "contoso", api.PolicyEdit{}); return err },
				"SetPolicies":      func() error { _, err := c.SetPolicies(t.Context()); return err },
				"PushContacts": func() error {
					_, err := c.PushContacts(t.Context(), "psa", "contoso", api.DirectoryPush{})
					return err
				},
				"FinishSync":    func() error { _, err := c.FinishSync(t.Context(), "psa", "contoso", "token"); return err },
				"RemoveContact": func() error { return c.RemoveContact(t.Context(), "psa", "contoso", "dana") },
				"Policies": func() (last error) {
					for _, err := range c.Policies(t.Context()) {
						last = err
					}
					return last
				},
			}
			for name, call := range calls {
				var got *client.Error
				if err := call(); !errors.As(err, &got) {
					t.Errorf("%s gives %v", name, err)
					continue
				}
				if diff := cmp.Diff(row.want, *got); diff != "" || got.Error() != row.text || got.RetryAfter() != row.retry || got.Code() != row.want.Problem.Code {
					t.Errorf("%s: %q, again after %v %s", name, got, got.RetryAfter(), diff)
				}
			}
			if len(*requests) != len(calls) {
				t.Errorf("%d requests for %d calls", len(*requests), len(calls))
			}
			for _, r := range *requests {
				if got := r.Header.Get("Authorization"); got != "Bearer spk_key" {
					t.Errorf("%s carries %q", r.URL.Path, got)
				}
			}
		})
	}
}

func TestPoliciesAreReadPageByPage(t *testing.T) {
	for _, row := range []struct {
		name  string
		pages map[string]api.PolicyPage // by cursor
		take  int
		want  []string
		err   error
	}{
		{"two pages", map[string]api.PolicyPage{"": page("n", "", "a"), "n": page("", "b")}, 9, []string{"", "a", "b"}, nil},
		{"a reader that has enough after two", map[string]api.PolicyPage{"": page("n", "", "a"), "n": page("", "b")}, 2, []string{"", "a"}, nil},
		{"a page that leads back to itself", map[string]api.PolicyPage{"": page("n", "a"), "n": page("n", "b")}, 9, []string{"a"}, client.ErrSamePage},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_ = json.NewEncoder(w).Encode(row.pages[r.URL.Query().Get("cursor")])
			}))
			defer s.Close()
			got, err := []string{}, error(nil)
			for p, e := range connect(t, s.URL).Policies(t.Context()) {
				if err = e; e != nil {
					break
				}
				if got = append(got, p.ClientId); len(got) == row.take {
					break
				}
			}
			if diff := cmp.Diff(row.want, got); diff != "" || !errors.Is(err, row.err) {
				t.Error(err, diff)
			}
		})
	}
}

func page(next string, clients ...string) api.PolicyPage {
	p := api.PolicyPage{Next: next}
	for _, c := range clients {
		p.Policies = append(p.Policies, api.PolicyOverrides{ClientId: c})
	}
	return p
}

// A policy is changed under the version that was read, so that an edit in between is not overwritten.
func ExampleClient_SetDefaultPolicy() {
	s := standIn()
	defer s.Close()
	c, err := client.New(s.URL, "spk_…")
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	now, err := c.DefaultPolicy(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fields := now.Overrides.Fields
	fields.Methods = &[]api.Method{api.MethodEmailLink}
	_, err = c.SetDefaultPolicy(ctx, api.PolicyEdit{Version: now.Overrides.Version, Fields: fields})
	var refused *client.Error
	if errors.As(err, &refused) && refused.Code() == "stale_version" {
		fmt.Println("another edit was faster: version", refused.Problem.Policy.Version)
	}
	// Output: another edit was faster: version 4
}

// ExampleClient_Policies lists the clients that override the tenant's policy.
func ExampleClient_Policies() {
	s := standIn()
	defer s.Close()
	c, err := client.New(s.URL, "spk_…")
	if err != nil {
		fmt.Println(err)
		return
	}
	for p, err := range c.Policies(context.Background()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%q version %d\n", p.ClientId, p.Version)
	}
	// Output:
	// "" version 3
	// "contoso" version 1
}

// standIn answers as a server whose default policy another person edits at the same time.
func standIn() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.Method == http.MethodPut:
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusConflict)
			_ = json.NewEncoder(w).Encode(api.Problem{Code: "stale_version", Status: 409, Policy: api.PolicyOverrides{Version: 4}})
		case r.URL.Path == "/api/v1/policies":
			_ = json.NewEncoder(w).Encode(api.PolicyPage{Policies: []api.PolicyOverrides{{Version: 3}, {ClientId: "contoso", Version: 1}}})
		default:
			_ = json.NewEncoder(w).Encode(api.PolicyView{Overrides: api.PolicyOverrides{Version: 3}})
		}
	}))
}
