package connectwise_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/psa/connectwise"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

var (
	dana = launchcontext.Contact{ID: "501", Name: "Dana Reyes", Title: "Finance Lead", Channels: []launchcontext.Channel{
		{ID: "12", Kind: "phone", Value: "4155554821", Label: "Mobile", Mobile: new(true)},
		{ID: "13", Kind: "email", Value: "dana@contoso.com", Label: "Email"},
		{ID: "11", Kind: "phone", Value: "4155550199", Label: "Direct"},
		{ID: "16", Kind: "phone", Value: "4155550100", Label: "Office", Mobile: new(false)},
	}}
	marcus = launchcontext.Contact{ID: "502", Name: "Marcus Lee"}
)

func TestATicketIncludesThePeopleOfItsClient(t *testing.T) {
	h := newHarness(t)
	got, err := h.TicketAsMember(t.Context(), acme, ana, "61211", "ServiceTicket")
	if err != nil {
		t.Fatal(err)
	}
	want := launchcontext.Context{
		PSA: "connectwise", Ticket: launchcontext.Ticket{
			ID: "61211", Number: "61211", Summary: "New phone",
			URL: h.server.URL + "/v4_6_release/services/system_io/router/openrecord.rails?companyName=acmeit&locale=en_US&recid=61211&recordType=ServiceFv",
		},
		Client: launchcontext.Client{ID: "19301", Name: "Contoso"}, Contact: launchcontext.Default{ID: "501", Name: "Dana Reyes"},
		Contacts: []launchcontext.Contact{dana, marcus},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	byKeys, err := h.Ticket(t.Context(), acme, "61211")
	if diff := cmp.Diff(want, byKeys); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestThreat_08_ContactDetailsTypedOnATicketAreNotRead(t *testing.T) {
	h := newHarness(t)
	got, err := h.TicketAsMember(t.Context(), acme, ana, "61211", "ServiceTicket")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := json.Marshal(got); err != nil || strings.Contains(string(text), "6666") || strings.Contains(string(text), "thief") {
		t.Errorf("it is told: %s", text)
	}
}

func TestWhereATicketIsLookedForFirst(t *testing.T) {
	for _, row := range []struct {
		id, screen string
		asks       int // for tickets
		code       verify.Code
	}{
		{"61211", "ServiceTicket", 1, ""},
		{"61211", "", 1, ""},
		{"61211", "ProjectTicket", 2, ""},
		{"61165", "ProjectTicket", 1, ""},
		{"61165", "ticket", 2, ""},
		{"61999", "ServiceTicket", 2, verify.CodeTicket},
		{"0", "ServiceTicket", 0, verify.CodeTicket},
		{"61211/notes", "ServiceTicket", 0, verify.CodeTicket},
		{"61211?", "ServiceTicket", 0, verify.CodeTicket},
		{"../../x", "ServiceTicket", 0, verify.CodeTicket},
		{"", "ServiceTicket", 0, verify.CodeTicket},
		{"99999999999999999999", "ServiceTicket", 0, verify.CodeTicket},
	} {
		h := newHarness(t)
		_, err := h.TicketAsMember(t.Context(), acme, ana, row.id, row.screen)
		if verify.CodeOf(err) != row.code || h.count("/tickets/") != row.asks {
			t.Errorf("ticket %q on screen %q: %v after %d asks, want code %q after %d", row.id, row.screen, err, h.count("/tickets/"), row.code, row.asks)
		}
	}
}

func TestATicketIsReadAsTheMember(t *testing.T) {
	h := newHarness(t)
	h.hidden = "lee"
	_, err := h.TicketAsMember(t.Context(), acme, psa.Member{ID: "LPark", Credential: "lee"}, "61211", "ServiceTicket")
	wantCode(t, err, verify.CodeTicket) // the keys would see it
	_, err = h.TicketAsMember(t.Context(), acme, psa.Member{ID: "LPark", Credential: "nobody's"}, "61211", "ServiceTicket")
	wantCode(t, err, verify.CodeMember)
}

func TestWithoutKeysContactsAreReadAsTheMember(t *testing.T) {
	h := newHarness(t)
	h.connect(h.settings(), "")
	got, err := h.TicketAsMember(t.Context(), acme, ana, "61211", "ServiceTicket")
	if err != nil || len(got.Contacts) != 2 {
		t.Fatalf("%d contacts, error %v", len(got.Contacts), err)
	}
	_, err = h.TicketAsMember(t.Context(), acme, psa.Member{ID: "AOrtiz", Credential: "lee"}, "61211", "ServiceTicket")
	wantCode(t, err, "")
	if n := h.count("/company/contacts?"); n != 2 {
		t.Errorf("contacts were read %d times, want once for each session: one's view is not another's", n)
	}
	for name, err := range map[string]error{
		"a ticket": errOf(h.Ticket(t.Context(), acme, "61211")), "contacts": errOf(h.Contacts(t.Context(), acme, "19301", "")),
		"a search": errOf(h.Search(t.Context(), acme, "phone")), "a note": h.WriteNote(t.Context(), acme, psa.Note{Ticket: "61211", Text: "x"}),
	} {
		if verify.CodeOf(err) != verify.CodeNotFound {
			t.Errorf("%s without keys: %v", name, err)
		}
	}
}

func errOf[T any](_ T, err error) error { return err }

func TestATicketsOwnContact(t *testing.T) {
	const ticket = `{"id":700,"company":{"id":19301,"name":"Contoso"}%s}`
	for _, row := range []struct {
		name, contact string
		want          string // of the context's contact
		among         bool
	}{
		{"none", ``, "", false},
		{"null", `,"contact":null`, "", false},
		{"one of the client's", `,"contact":{"id":502,"name":"Marcus Lee"}`, "502", true},
		{"one of another company", `,"contact":{"id":601,"name":"Other Company"}`, "601", false},
		{"an inactive one", `,"contact":{"id":503,"name":"Gone Away"}`, "503", false},
		{"one who was deleted", `,"contact":{"id":999,"name":"Nobody"}`, "999", false},
	} {
		h := newHarness(t)
		h.tickets["/service/tickets/700"] = fmt.Sprintf(ticket, row.contact)
		got, err := h.TicketAsMember(t.Context(), acme, ana, "700", "")
		if err != nil {
			t.Fatal(err)
		}
		among := false
		for _, c := range got.Contacts {
			among = among || c.ID == row.want
		}
		if got.Contact.ID != row.want || among != row.among || len(got.Contacts) != 2 {
			t.Errorf("%s: contact %q, among %t of %d", row.name, got.Contact.ID, among, len(got.Contacts))
		}
	}
	h := newHarness(t)
	h.tickets["/service/tickets/700"] = `{"id":700,"company":null}`
	_, err := h.TicketAsMember(t.Context(), acme, ana, "700", "")
	wantCode(t, err, verify.CodeTicket)
}

func TestAnAnswerThatIsAnotherTicketIsNone(t *testing.T) {
	h := newHarness(t)
	h.tickets["/service/tickets/700"] = h.tickets["/service/tickets/61211"]
	_, err := h.TicketAsMember(t.Context(), acme, ana, "700", "")
	wantCode(t, err, verify.CodePSADown)
}

func TestTheTenantsOwnNamesForTypes(t *testing.T) {
	h := newHarness(t)
	s := h.settings()
	s.Types = map[string]connectwise.Type{"dIRECT": connectwise.TypeLandline, "EMAIL": connectwise.TypeIgnore, "Mobile": connectwise.TypeLandline, "pager": connectwise.TypeMobile}
	h.connect(s, keys)
	people, err := h.Contacts(t.Context(), acme, "19301", "501")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]*bool{}
	for _, ch := range people[0].Channels {
		got[ch.Label] = ch.Mobile
	}
	if diff := cmp.Diff(map[string]*bool{"Direct": new(false), "Mobile": new(false), "Office": new(false), "Pager": new(true)}, got); diff != "" {
		t.Error(diff)
	}
}

func TestPagesAreReadToTheirEndOnOneHostOnly(t *testing.T) {
	h := newHarness(t)
	h.size = 1
	people, err := h.Contacts(t.Context(), acme, "19301", "")
	if diff := cmp.Diff([]launchcontext.Contact{dana, marcus}, people); diff != "" || err != nil {
		t.Error(err, diff)
	}
	for name, link := range map[string]string{
		"the same page":   `<` + h.server.URL + `/x>; rel="next"`,
		"page 1 again":    `<` + h.server.URL + `/x?page=1>; rel="next"`,
		"a page before":   `<` + h.server.URL + `/x?page=0>; rel="next"`,
		"no number":       `<` + h.server.URL + `/x?page=two>; rel="next"`,
		"no URL at all":   `<:%>; rel=next`,
		"two pages":       `<?page=2&page=3>; rel=next`,
		"an empty target": `<>; rel=next`,
	} {
		h.restart()
		h.setFault(func(w http.ResponseWriter, _ *http.Request) bool { w.Header().Set("Link", link); return false })
		h.size = 0
		_, err := h.Contacts(t.Context(), acme, "19301", "")
		if verify.CodeOf(err) != verify.CodePSADown {
			t.Errorf("a next page on %s: %v", name, err)
		}
	}
}

// Only the number of the next page is read from a Link: page 2 of the configured host with the original conditions,
// and not of the Link's target.
func TestANextPageIsAskedOfTheConfiguredHost(t *testing.T) {
	elsewhere := 0
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		elsewhere++
		w.WriteHeader(http.StatusInternalServerError)
	}))
	defer other.Close()
	const path = "/v2025_1/apis/3.0/company/contacts"
	for _, c := range []struct{ name, link string }{
		{"another host", `<` + other.URL + path + `?page=2>; rel="next"`},
		{"another host with other conditions", `<` + other.URL + path + `?conditions=company%2Fid%3D1&page=2&pageSize=1000>; rel="next"`},
		{"the internal name of the host", `<http://cw-app-01.internal:8080` + path + `?pageSize=1&page=2>; rel="next"`},
		{"an absolute path", `<` + path + `?page=2>; rel="next"`},
		{"a relative path", `<contacts?page=2>; rel="next"`},
		{"a query alone", `<?page=2>; rel="next"`},
		{"no scheme", `<//cw.internal` + path + `?page=2>; rel="next"`},
		{"an unquoted relation", `<` + path + `?page=2>; rel=next`},
		{"a relation in capital letters", `<` + path + `?page=2>; REL="NEXT"`},
		{"spaces about the equals sign", `<` + path + `?page=2> ; rel = "next"`},
		{"single quotes", `<` + path + `?page=2>; rel='next'`},
		{"several relations", `<` + path + `?page=2>; rel="next last"`},
		{"behind another link", `<` + path + `?page=9>; rel="last", <` + path + `?page=2>; rel="next"`},
		{"behind a link with a comma in it", `<` + path + `?a=1,2>; rel="last"; title="a, b; rel=next", <` + path + `?page=2>; rel="next"`},
		{"before other links", `<` + path + `?page=2>; rel="next",<` + path + `?page=1>;rel="first",<` + path + `?page=9>;rel="last"`},
		{"a parameter in capital letters", `<` + path + `?Page=2>; rel="next"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHarness(t)
			h.size = 1
			var asked []string
			h.setFault(func(w http.ResponseWriter, r *http.Request) bool {
				if strings.HasSuffix(r.URL.Path, "/company/contacts") {
					asked = append(asked, r.URL.Query().Get("conditions")+" page "+r.URL.Query().Get("page"))
				}
				return false
			})
			h.link = c.link
			people, err := h.Contacts(t.Context(), acme, "19301", "")
			if diff := cmp.Diff([]launchcontext.Contact{dana, marcus}, people); diff != "" || err != nil {
				t.Error(err, diff)
			}
			if elsewhere > 0 {
				t.Errorf("the other host was asked %d times", elsewhere)
			}
			for i, one := range asked {
				if want := "company/id=19301 and inactiveFlag=False page "; !strings.HasPrefix(one, want) || i > 0 && one != want+strconv.Itoa(i+1) {
					t.Errorf("request %d asked %q", i+1, one)
				}
			}
		})
	}
}

func TestContactsWithoutACompanyAreTheClientsThatWereAskedFor(t *testing.T) {
	const foreign = `{"id":900,"firstName":"Eve","company":{"id":1},"communicationItems":[]}`
	without := func(person, company string) string {
		return strings.Replace(person, `"company":{"id":19301`, company+`"was":{"id":19301`, 1)
	}
	for _, c := range []struct {
		name    string
		company string // instead of the company
		listed  string // besides
		want    verify.Code
	}{
		{name: "it is missing", company: ``},
		{name: "it is null", company: `"company":null,`},
		{name: "it is empty", company: `"company":{},`},
		{name: "its id is null", company: `"company":{"id":null},`},
		{name: "its id is 0", company: `"company":{"id":0},`},
		{name: "others are listed too", company: ``, listed: foreign, want: verify.CodePSAMisconfigured},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHarness(t)
			h.unfiltered = true
			list := []string{without(h.people[0], c.company), without(h.people[1], c.company)} // Dana and Marcus
			if c.listed != "" {
				list = append(list, c.listed)
			}
			h.people = list
			people, err := h.Contacts(t.Context(), acme, "19301", "")
			if verify.CodeOf(err) != c.want || (err == nil) != (c.want == "") {
				t.Fatalf("%v, want %q", err, c.want)
			}
			if c.want != "" {
				return
			}
			h.advance(2 * time.Minute) // so that the named contact is read on its own
			again, err := h.Contacts(t.Context(), acme, "19301", "501")
			if len(people) != 2 || len(again) != 2 || err != nil || h.count("/company/contacts/501") != 1 {
				t.Errorf("%d people, then %d, error %v", len(people), len(again), err)
			}
		})
	}
}

func TestATicketContextOfALargeClientPrefersContactsWithChannels(t *testing.T) {
	h := newHarness(t)
	h.people = nil
	for i := range 700 {
		items := `[]`
		if i%2 == 0 {
			items = fmt.Sprintf(`[{"id":%d,"type":{"name":"Email"},"value":"p%d@contoso.com","communicationType":"Email"}]`, i+1, i)
		}
		h.people = append(h.people, fmt.Sprintf(`{"id":%d,"firstName":"P%03d","company":{"id":19301},"communicationItems":%s}`, 1000+i, i, items))
	}
	for _, own := range []string{"", "1000", "1001", "1698", "1699"} {
		people, err := h.Contacts(t.Context(), acme, "19301", own)
		if err != nil || len(people) != psa.MaxContacts {
			t.Fatalf("%d people, error %v", len(people), err)
		}
		among := own == ""
		for _, p := range people {
			among = among || p.ID == own
		}
		if !among || len(people[100].Channels) == 0 {
			t.Errorf("the ticket's own contact %s is among them: %t", own, among)
		}
	}
	if n := h.count("/company/contacts"); n != 2 {
		t.Errorf("%d pages were asked for, want 2", n)
	}
}

func TestPeopleAreRememberedForAWhile(t *testing.T) {
	h := newHarness(t)
	open := func() {
		t.Helper()
		if _, err := h.TicketAsMember(t.Context(), acme, ana, "61211", ""); err != nil {
			t.Fatal(err)
		}
	}
	open()
	open()
	if n := h.count("/company/contacts"); n != 1 {
		t.Errorf("contacts were read %d times, want once", n)
	}
	if n := h.count("/tickets/61211"); n != 2 {
		t.Errorf("the ticket was read %d times, want anew each time: that is what proves access", n)
	}
	h.advance(time.Minute) // no longer fresh: the old list is used while it is read again
	begun := make(chan struct{}, 9)
	h.setFault(onlyPath("/company/contacts", func(http.ResponseWriter, *http.Request) bool { begun <- struct{}{}; return false }))
	open()
	<-begun
	h.advance(5 * time.Minute) // stale, as is the list that was read meanwhile
	open()
	open() // the first call may have waited for the request in progress
	if n := h.count("/company/contacts"); n != 3 {
		t.Errorf("contacts were read %d times, want 3", n)
	}
}

func TestANamedContactIsReadAgain(t *testing.T) {
	h := newHarness(t)
	if _, err := h.Contacts(t.Context(), acme, "19301", "501"); err != nil {
		t.Fatal(err)
	}
	h.fakeManage.mu.Lock()
	h.people[0] = strings.Replace(h.people[0], "4155554821", "4155550666", 1)
	h.people[1] = strings.Replace(h.people[1], `"inactiveFlag":false`, `"inactiveFlag":true`, 1)
	h.fakeManage.mu.Unlock()
	// While the list is read again, the old one is used.
	h.setFault(onlyPath("/company/contacts", func(w http.ResponseWriter, r *http.Request) bool {
		return r.URL.RawQuery != "" && respondAlways(503, "text/html", "")(w, r)
	}))
	h.advance(2 * time.Minute)
	people, err := h.Contacts(t.Context(), acme, "19301", "501")
	if err != nil || len(people) != 2 || people[1].ID != "501" || people[1].Channels[0].Value != "4155550666" {
		t.Errorf("Dana is told as %+v, error %v", people, err)
	}
	people, err = h.Contacts(t.Context(), acme, "19301", "502")
	if err != nil || len(people) != 1 {
		t.Errorf("Marcus, who has left, is told as %+v, error %v", people, err)
	}
}
