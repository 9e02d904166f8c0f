package connectwise_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOnlyWhoSaysWhoTheyAreIsAnswered(t *testing.T) {
	b := newBench(t)
	hash := b.signIn("AOrtiz")
	session := func(company, id, hash, context string) by {
		return cookies("companyName", company, "memberId", id, "memberHash", hash, "memberContext", context)
	}
	for _, c := range []struct {
		name   string
		change by
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

func TestASessionIsItsOwnersWhoeverIsClaimed(t *testing.T) {
	b := newBench(t)
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

func TestASessionEndsWhenTheBrowserBecomesSomebodyElses(t *testing.T) {
	b := newBench(t)
	ana := b.signIn("AOrtiz")
	b.send("POST", "/signin", "to=/&member=LPark", header("Content-Type", "application/x-www-form-urlencoded"), cookies("memberHash", ana))
	w := b.rest("GET", "/system/myMembers/info", "", cookies("companyName", "acme", "memberId", "AOrtiz", "memberHash", ana, "memberContext", "web"))
	if w.Code != 401 {
		t.Errorf("status %d, want 401: %s", w.Code, w.Body)
	}
}

func TestATicketIsThereForWhomItIs(t *testing.T) {
	b := newBench(t)
	ana, lee, sam, keys := b.member("AOrtiz"), b.member("LPark"), b.member("SNovak"), header("X", "")
	for _, c := range []struct {
		name, path string
		as         by
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

func TestConditionsFindWhatFits(t *testing.T) {
	b := newBench(t)
	for _, c := range []struct {
		conditions string
		want       []int // nil: the conditions are refused
	}{
		{`id=61211`, []int{61211}},
		{`id = 61211 and closedFlag = False`, []int{61211}},
		{`summary like "%password%"`, []int{61214, 61120, 61101}},
		{`summary like "%password%" and closedFlag=False`, []int{61214, 61120}},
		{`summary contains "wi-fi"`, []int{61187}},
		{`summary not like "%a%"`, []int{}},
		{`company/id=19307 and (status/name="New" or closedFlag=True)`, []int{61172, 61101}},
		{`company/identifier = "contoso" and board/name != "Help Desk"`, []int{61150}},
		{`id in (61211, 61187, 5)`, []int{61211, 61187}},
		{`id not in (61211) and id >= 61198`, []int{61214, 61198}},
		{`id < 61120`, []int{61101}},
		{`contact = null`, []int{61139}},
		{`_info/dateEntered > [2026-03-04T11:50:00Z]`, []int{61214}},
		{`company/id=`, nil},
		{`company/id=5)`, nil},
		{`(company/id=5`, nil},
		{`= 5`, nil},
		{`id is 5`, nil},
		{`id=61211 closedFlag=False`, nil},
		{`summary like 5`, nil},
		{`summary = "half`, nil},
		{`id not = 5`, nil},
		{`id in 5`, nil},
		{`id=61211; drop`, nil},
	} {
		t.Run(c.conditions, func(t *testing.T) {
			body := fmt.Sprintf(`{"conditions":%q}`, c.conditions)
			w := b.rest("POST", "/service/tickets/search", body)
			if c.want == nil {
				if w.Code != 400 || decode[refusal](t, w).Code != "InvalidConditions" {
					t.Errorf("%d %s, want 400 InvalidConditions", w.Code, w.Body)
				}
				return
			}
			ids := []int{}
			for _, found := range decode[[]struct{ ID int }](t, w) {
				ids = append(ids, found.ID)
			}
			if diff := cmp.Diff(c.want, ids); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestASearchFindsOnlyWhatTheMemberMaySee(t *testing.T) {
	b := newBench(t)
	search := func(as by) int {
		return len(decode[[]any](t, b.rest("POST", "/service/tickets/search", `{"conditions":"board/id=9"}`, as)))
	}
	if ana, lee, sam := search(b.member("AOrtiz")), search(b.member("LPark")), search(b.member("SNovak")); ana != 1 || lee != 0 || sam != 0 {
		t.Errorf("Ana finds %d confidential tickets, Lee %d, Sam %d", ana, lee, sam)
	}
}

type person struct {
	ID                 int
	FirstName          string
	InactiveFlag       bool
	CommunicationItems []struct {
		Type                     struct{ Name string }
		Value, CommunicationType string
		DefaultFlag              bool
		Extension                string
	}
}

func TestContactsAreOfOneCompanyAsTheyWereTyped(t *testing.T) {
	b := newBench(t)
	all := decode[[]person](t, b.rest("GET", "/company/contacts?conditions=company/id=19301&pageSize=1000", ""))
	var got []string
	for _, c := range all {
		for _, item := range c.CommunicationItems {
			got = append(got, fmt.Sprintf("%s %v: %s %s %s %v", c.FirstName, c.InactiveFlag, item.CommunicationType, item.Type.Name, item.Value, item.DefaultFlag))
		}
	}
	want := []string{
		"Dana false: Phone Mobile 4155554821 true", "Dana false: Phone Direct 4155550199 false", "Dana false: Email Email dana@contoso.com true",
		"Dana false: Phone Cell Phone 2 (415) 555-4821 false", "Dana false: Fax Fax 4155550198 true",
		"Marcus false: Phone Mobile 415-555-3107 true", "Marcus false: Email Email marcus@contoso.com true",
		"Gloria true: Phone Mobile 4155556640 true", "Gloria true: Email Email gloria@contoso.com true",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	jordan := decode[person](t, b.rest("GET", "/company/contacts/521", ""))
	if len(jordan.CommunicationItems) != 12 {
		t.Errorf("Jordan has %d items", len(jordan.CommunicationItems))
	}
	if w := b.rest("GET", "/company/contacts/1", ""); w.Code != 404 {
		t.Errorf("nobody: %d", w.Code)
	}
	if w := b.rest("GET", "/company/companies/19301", ""); w.Code != 200 || !strings.Contains(w.Body.String(), `"name":"Contoso"`) {
		t.Errorf("the company: %d %s", w.Code, w.Body)
	}
}

func TestMoreThanAPageIsReadPageByPage(t *testing.T) {
	b := newBench(t)
	next := regexp.MustCompile(`<http://[^/]+/v2025_1/apis/3\.0([^>]+)>; rel="next"`)
	for _, c := range []struct {
		size  string
		pages []int
	}{
		{"&pageSize=1000", []int{1000, 40}},
		{"&pageSize=520", []int{520, 520}},
		{"&pageSize=1000&page=3", []int{0}},
	} {
		path := "/company/Contacts?fields=id,company/name&orderBy=lastName%20desc,id&conditions=company/id%3D19322" + c.size
		var sizes []int
		seen := map[float64]bool{}
		for path != "" {
			w := b.rest("GET", path, "")
			got := decode[[]map[string]any](t, w)
			sizes = append(sizes, len(got))
			for _, it := range got {
				seen[it["id"].(float64)] = true
				if diff := cmp.Diff(map[string]any{"id": it["id"], "company": map[string]any{"name": "Woodgrove Bank"}}, it); diff != "" {
					t.Fatal(diff)
				}
			}
			path = ""
			if found := next.FindStringSubmatch(w.Header().Get("Link")); found != nil {
				path = found[1]
			}
		}
		total := 0
		for _, n := range c.pages {
			total += n
		}
		if !slices.Equal(sizes, c.pages) || len(seen) != total {
			t.Errorf("%s: pages of %v with %d people", c.size, sizes, len(seen))
		}
	}
	if got := decode[[]person](t, b.rest("GET", "/company/contacts?conditions=company/id=19322&orderBy=firstName%20desc,lastName", "")); len(got) != 25 || got[0].FirstName != "Zoe" {
		t.Errorf("by default a page has %d, from %v on", len(got), got[0])
	}
	for _, bad := range []string{"pageSize=1001", "pageSize=0", "page=0", "page=x"} {
		if w := b.rest("GET", "/company/contacts?"+bad, ""); w.Code != 400 {
			t.Errorf("%s: %d, want 400", bad, w.Code)
		}
	}
}

func TestANoteIsWrittenEachTimeItIsSent(t *testing.T) {
	b := newBench(t)
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
	b := newBench(t)
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
	b := newBench(t)
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
