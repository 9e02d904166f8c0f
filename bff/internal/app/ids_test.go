package app_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/bff/internal/app/apptest"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

func TestAnIDThatIsStoredCanBeReachedAndRemoved(t *testing.T) {
	srv := apptest.New(t, apptest.Config(t, "https://pod.example"))
	if err := storetest.PutTenant(t.Context(), srv.Store, verify.Tenant{ID: "acme", Name: "Acme IT", Region: "US", Origins: []string{"https://psa.example"}}); err != nil {
		t.Fatal(err)
	}
	key, secret, err := admin.APIKey{Tenant: "acme", Name: "Ana Ortiz", Scopes: admin.Scopes, CreatedAt: app.SystemClock()}.Draw(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if err := storetest.PutAPIKey(t.Context(), srv.Store, key); err != nil {
		t.Fatal(err)
	}
	site := httptest.NewServer(srv.Handler)
	defer site.Close()
	// call gives the status, and the code and field of a refusal or the number of contacts.
	call := func(t *testing.T, method, path, body string) (int, string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, site.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+secret)
		request.Header.Set("Content-Type", "application/json")
		answer, err := site.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		var problem struct {
			Field, Code string
			Contacts    []struct{ ID string }
		}
		_ = json.NewDecoder(answer.Body).Decode(&problem)
		if problem.Contacts != nil {
			return answer.StatusCode, fmt.Sprint(len(problem.Contacts))
		}
		return answer.StatusCode, strings.Trim(problem.Code+" "+problem.Field, " ")
	}
	quoted := func(id string) string {
		text, err := json.Marshal(id)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	reachable := []string{
		"a/b", "/a", "a/", "a//b", "//", "/", "a/../b", "../a", "a/..", "./a", "...", ".a", "a.", "%2e", "%2e%2e", "%2E.", "%2f", "%", "%zz", "a?b", "a#b", "a b", "a+b",
		"a;b", "a:b", ":", "a&b=c", `a\b`, `..\a`, "ü", "日本", "a,b", "~", "*", "https://psa.example/contacts/7", "contacts", "sync", strings.Repeat("x", 128),
	}
	refused := []string{".", "..", "", " ", " a", "a ", "a\nb", "a\x00b", "a\u200bb", "a\u202eb", strings.Repeat("x", 129), strings.Repeat("x", 5000)}
	const version = `{"version":0,"name":"A client","fields":{"banner":{"text":"Hello"}}}`
	for _, id := range reachable {
		t.Run(id, func(t *testing.T) {
			people := "/api/v1/directory/desk/clients/" + url.PathEscape(id) + "/contacts"
			if status, said := call(t, http.MethodPut, people, `{"contacts":[{"id":`+quoted(id)+`,"name":"Dana"}]}`); status != http.StatusOK {
				t.Fatalf("a contact is pushed: %d %s", status, said)
			}
			if status, said := call(t, http.MethodGet, people, ""); status != http.StatusOK || said != "1" {
				t.Errorf("the contact is listed: %d %s", status, said)
			}
			if status, said := call(t, http.MethodDelete, people+"/"+url.PathEscape(id), ""); status != http.StatusNoContent {
				t.Errorf("the contact is removed: %d %s", status, said)
			}
			if status, said := call(t, http.MethodGet, people, ""); status != http.StatusOK || said != "0" {
				t.Errorf("and is not listed any more: %d %s", status, said)
			}
			if status, said := call(t, http.MethodPut, "/api/v1/policies/clients/"+url.PathEscape(id), version); status != http.StatusOK {
				t.Errorf("a policy is set: %d %s", status, said)
			}
			if status, said := call(t, http.MethodGet, "/api/v1/policies/clients/"+url.PathEscape(id), ""); status != http.StatusOK {
				t.Errorf("the policy is read: %d %s", status, said)
			}
		})
	}
	for _, id := range refused {
		t.Run("refused "+url.PathEscape(id[:min(len(id), 20)]), func(t *testing.T) {
			if status, said := call(t, http.MethodPut, "/api/v1/directory/desk/clients/contoso/contacts", `{"contacts":[{"id":`+quoted(id)+`,"name":"Dana"}]}`); status != http.StatusUnprocessableEntity || said != "invalid contacts[0].id" {
				t.Errorf("a contact: %d %s", status, said)
			}
			if id == "" {
				return // of policies: the tenant's default
			}
			status, said := call(t, http.MethodPut, "/api/v1/policies", `{"policies":[{"client_id":`+quoted(id)+`,`+version[1:]+`]}`)
			if status != http.StatusUnprocessableEntity || !strings.HasPrefix(said, "invalid policies[0]") {
				t.Errorf("a policy: %d %s", status, said)
			}
		})
	}
}
