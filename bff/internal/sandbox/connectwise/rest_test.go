package connectwise_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOnlyAuthenticatedRequestsAreAnswered(t *testing.T) {
	b := newHarness(t)
	hash := b.signIn("AOrtiz")
	session := func(company, id, hash, context string) requestEdit {
		return cookies("companyName", company, "memberId", id, "memberHash", hash, "memberContext", context)
	}
	for _, c := range []struct {
		name   string
		change requestEdit
		status int
	}{
		{"the integration's keys", header("X", ""), 200},
		{"the company in another case", key("ACME+public", "private"), 200},
		{"another version", header("Accept", "application/vnd.connectwise.com+json; version=2022.1"), 200},
		{"plain JSON", header("Accept", "application/json"), 200},
		{"a member's live session", session("acme", "AOrtiz", hash, "web"), 200},
		{"no clientId", without("clientId"), 401},
		{"another's clientId", header("clientId", "other"), 401},
		{"no Accept", without("Accept"), 406},
		{"anything is welcome", header("Accept", "*/*"), 406},
		{"a page is wanted", header("Accept", "text/html"), 406},
		{"the vendor's type without a version", header("Accept", "application/vnd.connectwise.com+json"), 406},
		{"nobody", without("Authorization"), 401},
		{"a wrong private key", key("acme+public", "privata"), 401},
		{"a wrong public key", key("acme+pub", "private"), 401},
		{"another company", key("globex+public", "private"), 401},
		{"no company", key("public", "private"), 401},
		{"a hash that is nobody's", session("acme", "AOrtiz", strings.Repeat("0", 32), "web"), 401},
		{"a session of another company", session("globex", "AOrtiz", hash, "web"), 401},
		{"a session without its context", cookies("companyName", "acme", "memberId", "AOrtiz", "memberHash", hash), 401},
		{"a session without a member", cookies("companyName", "acme", "memberHash", hash, "memberContext", "web"), 401},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := b.rest("GET", "/service/tickets/61211", "", c.change)
			if w.Code != c.status {
				t.Errorf("status %d, want %d: %s", w.Code, c.status, w.Body)
			}
			if got := decode[refusal](t, w); c.status != 200 && (got.Code == "" || got.Message == "") {
				t.Errorf("an error in no shape: %s", w.Body)
			}
		})
	}
}

func TestTheHashDeterminesTheMember(t *testing.T) {
	b := newHarness(t)
	ana := b.signIn("AOrtiz")
	w := b.rest("GET", "/system/myMembers/info", "", cookies("companyName", "acme", "memberId", "LPark", "memberHash", ana, "memberContext", "web"))
	want := map[string]any{
		"id": 154.0, "identifier": "AOrtiz", "firstName": "Ana", "lastName": "Ortiz", "fullName": "Ana Ortiz",
		"defaultEmail": "ana.ortiz@acme-it.example", "licenseClass": "F", "inactiveFlag": false,
	}
	if diff := cmp.Diff(want, decode[map[string]any](t, w)); w.Code != 200 || diff != "" {
		t.Errorf("%d %s", w.Code, diff)
	}
	inactive := decode[map[string]any](t, b.rest("GET", "/system/mymembers/info", "", b.member("RFrost")))
	if inactive["identifier"] != "RFrost" || inactive["inactiveFlag"] != true {
		t.Errorf("who has left is %v", inactive)
	}
	if w := b.rest("GET", "/system/myMembers/info", ""); w.Code != 403 {
		t.Errorf("API keys are a member: %d %s", w.Code, w.Body)
	}
}

func TestASessionEndsWhenAnotherMemberSignsIn(t *testing.T) {
	b := newHarness(t)
	ana := b.signIn("AOrtiz")
	b.send("POST", "/signin", "to=/&member=LPark", header("Content-Type", "application/x-www-form-urlencoded"), cookies("memberHash", ana))
	w := b.rest("GET", "/system/myMembers/info", "", cookies("companyName", "acme", "memberId", "AOrtiz", "memberHash", ana, "memberContext", "web"))
	if w.Code != 401 {
		t.Errorf("status %d, want 401: %s", w.Code, w.Body)
	}
}

func TestATicketIsVisibleByRole(t *testing.T) {
	b := newHarness(t)
	ana, lee, sam, keys := b.member("AOrtiz"), b.member("LPark"), b.member("SNovak"), header("X", "")
	for _, c := range []struct {
		name, path string
		as         requestEdit
		status     int
		code       string
	}{
		{"a service ticket", "/service/tickets/61211", ana, 200, ""},
		{"in another spelling of the path", "/Service/Tickets/61211", ana, 200, ""},
		{"a project ticket", "/project/tickets/61165", ana, 200, ""},
		{"a project ticket, asked for as a service ticket", "/service/tickets/61165", ana, 404, "NotFound"},
		{"a service ticket, asked for as a project ticket", "/project/tickets/61211", ana, 404, "NotFound"},
		{"one that nobody has", "/service/tickets/1", ana, 404, "NotFound"},
		{"no number", "/service/tickets/abc", ana, 400, "InvalidId"},
		{"confidential, to whom it is open", "/service/tickets/61150", ana, 200, ""},
		{"confidential, to the integration", "/service/tickets/61150", keys, 200, ""},
		{"confidential, to whom the board is closed", "/service/tickets/61150", lee, 404, "NotFound"},
		{"the notes of a confidential one", "/service/tickets/61150/allNotes", lee, 404, "NotFound"},
		{"another one, to the same member", "/service/tickets/61211", lee, 200, ""},
		{"to a member without any right", "/service/tickets/61211", sam, 403, "Forbidden"},
		{"a resource that is not stood in for", "/finance/invoices", keys, 404, "NotFound"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := b.rest("GET", c.path, "", c.as)
			if w.Code != c.status || c.code != "" && decode[refusal](t, w).Code != c.code {
				t.Errorf("%d %s, want %d %s", w.Code, w.Body, c.status, c.code)
			}
		})
	}
	got := decode[map[string]any](t, b.rest("GET", "/service/tickets/61211", ""))
	want := map[string]any{
		"id": 61211.0, "summary": "New phone: approval prompts still go to the old one", "recordType": "ServiceTicket",
		"board": map[string]any{"id": 1.0, "name": "Help Desk"}, "status": map[string]any{"id": 17.0, "name": "In Progress"},
		"priority": map[string]any{"id": 2.0, "name": "Priority 2 - High"},
		"company":  map[string]any{"id": 19301.0, "identifier": "Contoso", "name": "Contoso"},
		"contact":  map[string]any{"id": 501.0, "name": "Dana Reyes"}, "contactName": "Dana Reyes",
		"contactPhoneNumber": "4155554821", "contactEmailAddress": "dana@contoso.com",
		"owner": map[string]any{"id": 154.0, "identifier": "AOrtiz", "name": "Ana Ortiz"}, "closedFlag": false,
		"_info": map[string]any{"dateEntered": "2026-03-04T11:49:00Z", "lastUpdated": "2026-03-04T11:49:00Z", "updatedBy": "AOrtiz"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if unmatched := decode[map[string]any](t, b.rest("GET", "/service/tickets/61139", "")); unmatched["contact"] != nil || unmatched["contactPhoneNumber"] == "" {
		t.Errorf("a caller who is no contact: %v", unmatched)
	}
}

func TestANoteIsWrittenEachTimeItIsSent(t *testing.T) {
	b := newHarness(t)
	const note = `{"text":"Verified Dana. v_1","internalAnalysisFlag":true,"detailDescriptionFlag":false,"resolutionFlag":false,"processNotifications":false}`
	for range 2 {
		if w := b.rest("POST", "/service/tickets/61211/notes", note); w.Code != 201 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	found := decode[[]map[string]any](t, b.rest("GET", `/service/tickets/61211/allNotes?conditions=text%20contains%20"v_1"`, ""))
	if len(found) != 2 || found[0]["id"] == found[1]["id"] {
		t.Fatalf("found %v", found)
	}
	delete(found[0], "id")
	want := map[string]any{
		"noteType": "TicketNote", "ticket": map[string]any{"id": 61211.0, "name": "New phone: approval prompts still go to the old one"}, "text": "Verified Dana. v_1",
		"detailDescriptionFlag": false, "internalAnalysisFlag": true, "resolutionFlag": false, "createdBy": "Shieldpod",
		"member": map[string]any{"id": 190.0, "identifier": "Shieldpod", "name": "Shieldpod API"}, "dateCreated": "2026-03-04T12:00:00Z",
	}
	if diff := cmp.Diff(want, found[0]); diff != "" {
		t.Error(diff)
	}
	for _, c := range []struct {
		name, path, body, kind string
		status                 int
		fields                 []string
	}{
		{"without a text", "/service/tickets/61211/notes", `{"internalAnalysisFlag":true}`, "application/json", 400, []string{"text"}},
		{"of no kind", "/service/tickets/61211/notes", `{"text":"x"}`, "application/json", 400, []string{"detailDescriptionFlag"}},
		{"with nothing in it", "/service/tickets/61211/notes", `{}`, "application/json", 400, []string{"text", "detailDescriptionFlag"}},
		{"that can't be read", "/service/tickets/61211/notes", `{"text":`, "application/json", 400, nil},
		{"as a form", "/service/tickets/61211/notes", note, "application/x-www-form-urlencoded", 415, nil},
		{"on a ticket of the other record", "/project/tickets/61211/notes", note, "application/json", 404, nil},
		{"on a project ticket", "/project/tickets/61165/notes", note, "application/json", 201, nil},
	} {
		w := b.rest("POST", c.path, c.body, header("Content-Type", c.kind))
		var fields []string
		for _, wrong := range decode[refusal](t, w).Errors {
			fields = append(fields, wrong.Field)
		}
		if w.Code != c.status || !slices.Equal(fields, c.fields) {
			t.Errorf("%s: %d, fields %v, want %d, %v", c.name, w.Code, fields, c.status, c.fields)
		}
	}
	if w := b.rest("POST", "/service/tickets/61150/notes", note, b.member("LPark")); w.Code != 404 {
		t.Errorf("a note on a ticket that is not there for the member: %d", w.Code)
	}
}

func TestTheCompanyTellsWhereItsAPIIs(t *testing.T) {
	b := newHarness(t)
	got := decode[map[string]any](t, b.send("GET", "/login/companyinfo/ACME", ""))
	if got["Codebase"] != "v2025_1/" || got["CompanyID"] != "acme" {
		t.Errorf("%v", got)
	}
	if w := b.send("GET", "/login/companyinfo/globex", ""); w.Code != 200 || w.Body.String() != "null\n" {
		t.Errorf("of a company that is not here: %d %s", w.Code, w.Body)
	}
	if w := b.send("POST", "/api/codebase", `{"codebase":"v2026_1"}`); w.Code != 200 {
		t.Fatal(w.Body)
	}
	if w := b.rest("GET", "/service/tickets/61211", ""); w.Code != 404 || w.Header().Get("Content-Type") != "text/html" {
		t.Errorf("where it was before the upgrade: %d %v", w.Code, w.Header())
	}
	if got := decode[map[string]any](t, b.send("GET", "/login/companyinfo/acme", "")); got["Codebase"] != "v2026_1/" {
		t.Errorf("after the upgrade: %v", got)
	}
}

func TestPodsComeOntoTheScreenByRegistration(t *testing.T) {
	b := newHarness(t)
	screens := decode[[]struct {
		ID   int
		Name string
	}](t, b.rest("GET", `/system/connectWiseHostedScreens?conditions=name%20like%20"%25Ticket"`, ""))
	if len(screens) != 2 || screens[0].Name != "ServiceTicket" || screens[1].Name != "ProjectTicket" {
		t.Fatalf("screens %v", screens)
	}
	long := strings.Repeat("x", 101)
	for _, c := range []struct {
		name, body string
		fields     []string
	}{
		{"nothing", `{}`, []string{"description", "url", "screenId", "type"}},
		{"too long", `{"screenId":5,"description":"` + long[:51] + `","url":"https://pod.example","type":"Pod","origin":"` + long + `"}`, []string{"description", "origin"}},
		{"another type", `{"screenId":5,"description":"Pod","url":"https://pod.example","type":"Window"}`, []string{"type"}},
		{"a screen that is not there", `{"screenId":6,"description":"Pod","url":"https://pod.example","type":"Pod"}`, []string{"screenId"}},
	} {
		var fields []string
		w := b.rest("POST", "/system/connectwisehostedsetups", c.body)
		for _, wrong := range decode[refusal](t, w).Errors {
			fields = append(fields, wrong.Field)
		}
		if w.Code != 400 || !slices.Equal(fields, c.fields) {
			t.Errorf("%s: %d, fields %v, want 400, %v", c.name, w.Code, fields, c.fields)
		}
	}
	w := b.rest("POST", "/system/connectWiseHostedSetups", `{"screenId":5,"description":"New","url":"https://pod.example/p?id=[cw_id]&s=[cw_screen]&x=[cw_member]","type":"Pod","origin":"https://pod.example","podHeight":420}`)
	made := decode[struct{ ID int }](t, w)
	if w.Code != 201 || made.ID == 0 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	page := b.browse("GET", "/tickets/61211")
	for _, want := range []string{`data-pod-url="https://pod.example/p?id=61211&amp;s=ticket&amp;x=[cw_member]"`, `data-pod-origin="https://pod.example"`, `data-pod-height="420"`} {
		if !strings.Contains(page.Body.String(), want) {
			t.Errorf("the screen lacks %s", want)
		}
	}
	if policy := page.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "frame-src http://127.0.0.1:8083 http://localhost:8080 https://pod.example;") {
		t.Errorf("policy %s", policy)
	}
	if project := b.browse("GET", "/tickets/61165").Body.String(); !strings.Contains(project, `data-pod-url="http://localhost:8080/pod/acme?id=61165&amp;screen=projectticket"`) {
		t.Error("the project ticket has another pod")
	}
	path := fmt.Sprintf("/system/connectwisehostedsetups/%d", made.ID)
	for i, want := range []int{200, 204, 404, 404} {
		if w := b.rest([]string{"GET", "DELETE", "DELETE", "GET"}[i], path, ""); w.Code != want {
			t.Errorf("request %d: %d, want %d", i, w.Code, want)
		}
	}
	if all := decode[[]any](t, b.rest("GET", "/system/connectwisehostedsetups", "")); len(all) != 2 {
		t.Errorf("%d setups are left", len(all))
	}
}
