package connectwise_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/sandbox/connectwise"
)

func (b harness) setFault(body string) {
	b.t.Helper()
	if w := b.send("POST", "/api/faults", body); w.Code != 200 {
		b.t.Fatalf("%d %s", w.Code, w.Body)
	}
}

func TestEachModeFailsInItsOwnWay(t *testing.T) {
	for _, c := range []struct {
		mode   string
		status int
		kind   string
		retry  string
	}{
		{"ok", 200, "application/json; charset=utf-8", ""},
		{"down", 503, "text/html", ""},
		{"html", 200, "text/html", ""},
		{"401", 401, "application/json; charset=utf-8", ""},
		{"403", 403, "application/json; charset=utf-8", ""},
		{"429", 429, "application/json; charset=utf-8", "2"},
		{"500", 500, "application/json; charset=utf-8", ""},
	} {
		b := newHarness(t)
		b.setFault(`{"target":"connectwise","mode":"` + c.mode + `"}`)
		for range 2 {
			w := b.rest("GET", "/service/tickets/61211", "")
			if w.Code != c.status || w.Header().Get("Content-Type") != c.kind || w.Header().Get("Retry-After") != c.retry {
				t.Errorf("%s: %d %v", c.mode, w.Code, w.Header())
			}
		}
		if w := b.browse("GET", "/tickets/61211"); w.Code != 200 {
			t.Errorf("%s: the screen fails as well: %d", c.mode, w.Code)
		}
	}
}

func TestAFaultAppliesToTheGivenNumberAndPath(t *testing.T) {
	b := newHarness(t)
	b.setFault(`{"target":"connectwise","mode":"500","times":2,"path":"/company/CONTACTS"}`)
	for i, c := range []struct {
		path   string
		status int
	}{
		{"/service/tickets/61211", 200}, {"/company/contacts", 500}, {"/company/companies", 200}, {"/company/contacts/501", 500}, {"/company/contacts", 200},
	} {
		if w := b.rest("GET", c.path, ""); w.Code != c.status {
			t.Errorf("request %d: %d, want %d", i, w.Code, c.status)
		}
	}
	for body, want := range map[string]int{
		`{"target":"halopsa","mode":"down"}`:                   422,
		`{"target":"connectwise","mode":"sulk"}`:               422,
		`{"target":"connectwise","mode":"ok","times":-1}`:      422,
		`{"target":"connectwise","mode":"ok","often":"twice"}`: 400,
		`nonsense`: 400,
	} {
		if w := b.send("POST", "/api/faults", body); w.Code != want {
			t.Errorf("%s: %d, want %d", body, w.Code, want)
		}
	}
	w := b.send("POST", "/api/faults", `{"target":"connectwise","mode":"down"}`, header("Sec-Fetch-Site", "cross-site"), header("Origin", "https://evil.example"))
	if w.Code != 403 {
		t.Errorf("from another site: %d, want 403", w.Code)
	}
}

func TestMembersAreInactiveOrMistakenWhereTheyAreAskedFor(t *testing.T) {
	b := newHarness(t)
	ana, lee := b.member("AOrtiz"), b.member("LPark")
	b.setFault(`{"target":"connectwise","mode":"inactive","times":1}`)
	if w := b.rest("GET", "/service/tickets/61211", "", ana); w.Code != 200 {
		t.Errorf("a ticket: %d", w.Code)
	}
	for _, want := range []bool{true, false} {
		if got := decode[map[string]any](t, b.rest("GET", "/system/myMembers/info", "", ana)); got["inactiveFlag"] != want {
			t.Errorf("inactive: %v, want %v", got["inactiveFlag"], want)
		}
	}
	b.setFault(`{"target":"connectwise","mode":"mismatch"}`)
	for member, want := range map[string]string{"AOrtiz": "LPark", "LPark": "AOrtiz"} {
		as := map[string]requestEdit{"AOrtiz": ana, "LPark": lee}[member]
		if got := decode[map[string]any](t, b.rest("GET", "/system/myMembers/info", "", as)); got["identifier"] != want {
			t.Errorf("%s is taken for %v", member, got["identifier"])
		}
	}
}

func TestAConnectionThatIsCutHasDoneItsWork(t *testing.T) {
	b := newHarness(t)
	b.setFault(`{"target":"connectwise","mode":"cut","times":1}`)
	func() {
		defer func() {
			if cut, _ := recover().(error); !errors.Is(cut, http.ErrAbortHandler) {
				t.Errorf("it ended with %v", cut)
			}
		}()
		b.rest("POST", "/service/tickets/61211/notes", `{"text":"v_7","internalAnalysisFlag":true}`)
	}()
	if found := decode[[]any](t, b.rest("GET", `/service/tickets/61211/allNotes?conditions=text="v_7"`, "")); len(found) != 1 {
		t.Errorf("%d notes are on the ticket", len(found))
	}
	want := []map[string]any{
		{"method": "POST", "path": base + "/service/tickets/61211/notes", "as": "Shieldpod", "status": 0.0},
		{"method": "GET", "path": base + "/service/tickets/61211/allNotes", "query": `conditions=text="v_7"`, "as": "Shieldpod", "status": 200.0},
	}
	if diff := cmp.Diff(want, decode[[]map[string]any](t, b.send("GET", "/api/requests", ""))); diff != "" {
		t.Error(diff)
	}
}

func TestAnEndedRequestIsNotWaitedFor(t *testing.T) {
	b := newHarness(t)
	b.setFault(`{"target":"connectwise","mode":"slow"}`)
	gone, leave := context.WithCancel(t.Context())
	leave()
	if w := b.rest("GET", "/service/tickets/61211", "", func(r *http.Request) { *r = *r.WithContext(gone) }); w.Body.Len() != 0 {
		t.Errorf("answered %s", w.Body)
	}
	for body, want := range map[string]int{`{"ms":50}`: 200, `{"ms":-1}`: 422, `{"ms":60001}`: 422, `{"seconds":1}`: 400} {
		if w := b.send("POST", "/api/delay", body); w.Code != want {
			t.Errorf("%s: %d, want %d", body, w.Code, want)
		}
	}
	for body, want := range map[string]int{`{"codebase":""}`: 422, `{"codebase":"a/b"}`: 422} {
		if w := b.send("POST", "/api/codebase", body); w.Code != want {
			t.Errorf("%s: %d, want %d", body, w.Code, want)
		}
	}
}

func TestAHashIsInNoListOfRequests(t *testing.T) {
	b := newHarness(t)
	hash := b.signIn("AOrtiz")
	b.rest("GET", "/system/myMembers/info", "", cookies("companyName", "acme", "memberId", "AOrtiz", "memberHash", hash, "memberContext", "web"))
	log := b.send("GET", "/api/requests", "").Body.String()
	if strings.Contains(log, hash) || !strings.Contains(log, `"as":"AOrtiz"`) {
		t.Errorf("told: %s", log)
	}
}

func TestWithoutItsSettingsItDoesNotStart(t *testing.T) {
	if _, err := connectwise.New(connectwise.Config{Origin: origin, Company: "acme", Pod: "/pod"}); err == nil {
		t.Error("it started")
	}
}
