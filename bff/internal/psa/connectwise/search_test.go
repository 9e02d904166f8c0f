package connectwise_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/psa/connectwise"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

func TestASearchFindsTicketsOfBothRecords(t *testing.T) {
	h := newHarness(t)
	got, err := h.Search(t.Context(), acme, "phone")
	if err != nil || len(got) != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	want := psa.Found{
		Ticket: got[0].Ticket, Client: launchcontext.Client{ID: "19301", Name: "Contoso"}, Contact: launchcontext.Default{ID: "501", Name: "Dana Reyes"},
	}
	if diff := cmp.Diff(want, got[0]); diff != "" || got[0].Ticket.ID != "61211" || got[1].Ticket.ID != "61165" {
		t.Error(diff, got[1])
	}
	clients, err := h.Clients(t.Context(), acme, "cont")
	if diff := cmp.Diff([]launchcontext.Client{{ID: "19301", Name: "Contoso"}}, clients); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestWhatASearchAsksFor(t *testing.T) {
	for give, want := range map[string]string{
		"61211": "id=61211", " #61211 ": "id=61211",
		"vpn":          `summary like "%vpn%" or company/name like "%vpn%" or contact/name like "%vpn%"`,
		"Åberg, Nils":  `summary like "%Åberg%Nils%" or company/name like "%Åberg%Nils%" or contact/name like "%Åberg%Nils%"`,
		"x@y.example":  `summary like "%x@y.example%" or company/name like "%x@y.example%" or contact/name like "%x@y.example%"`,
		"":             "",
		` "%*[]() '`:   "",
		"61211 or 1=1": `summary like "%61211%or%1%1%" or company/name like "%61211%or%1%1%" or contact/name like "%61211%or%1%1%"`,
	} {
		h := newHarness(t)
		if _, err := h.Search(t.Context(), acme, give); err != nil {
			t.Fatal(err)
		}
		got := ""
		if len(h.sent) > 0 {
			got = h.sent[0]
		}
		if got != want {
			t.Errorf("%q asks for %s, want %s", give, got, want)
		}
	}
}

var hostile = []string{
	`" or id>0 or summary like "`, `\" or 1=1`, `%" and closedFlag=False and summary like "%`, "x\"\r\ny", `'; drop table tickets; --`, "[2026-01-01]",
	"\x00\x1b[31m", `”“"`, strings.Repeat(`"`, 500), strings.Repeat("x", 5000), `id=1) or (id=2`, "＂ or 1=1",
}

var patternOnly = regexp.MustCompile(`^"%[\p{L}\p{M}\p{Nd}.@%-]{1,60}%"$`)

func TestThreat_22_NothingTypedBreaksOutOfAPSACondition(t *testing.T) {
	for _, text := range hostile {
		h := newHarness(t)
		if _, err := h.Search(t.Context(), acme, text); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Clients(t.Context(), acme, text); err != nil {
			t.Fatal(err)
		}
		for _, body := range h.sent {
			for part := range strings.SplitSeq(body, " or ") {
				if _, pattern, found := strings.Cut(part, " like "); !found || !patternOnly.MatchString(pattern) {
					t.Errorf("%q asks for %s", text, body)
				}
			}
		}
	}
}

func TestThreat_22_AClientsIDIsANumber(t *testing.T) {
	for _, id := range []string{"", "19301 or 1=1", "19301)", "abc", "-1"} {
		h := newHarness(t)
		people, err := h.Contacts(t.Context(), acme, id, `1" or 1=1`)
		if len(people) != 0 || err != nil || len(h.requests()) != 0 {
			t.Errorf("client %q: %v, %v, asked %v", id, people, err, h.requests())
		}
	}
}

func TestThePodIsRegisteredOnceOnBothTicketScreens(t *testing.T) {
	const pod = "https://pod.example/pod/acme?id=[cw_id]&screen=[cw_screen]"
	h := newHarness(t)
	got, err := h.Register(t.Context(), acme, pod, "https://pod.example")
	if diff := cmp.Diff([]connectwise.Registered{{Screen: "ServiceTicket", Added: true}, {Screen: "ProjectTicket", Added: true}}, got); diff != "" || err != nil {
		t.Fatal(err, diff)
	}
	want := map[string]any{
		"screenId": 5.0, "description": "Shieldpod", "url": pod, "type": "Pod", "clientId": "4dd2c7e8-0000", "origin": "https://pod.example",
		"podHeight": 350.0, "disabledFlag": false,
	}
	if diff := cmp.Diff(want, h.setups[0]); diff != "" {
		t.Error(diff)
	}
	h.setups[1]["origin"], h.setups[1]["disabledFlag"], h.setups[1]["type"] = "https://old.example", true, "Tab"
	got, err = h.Register(t.Context(), acme, pod, "https://pod.example")
	if err != nil || len(got) != 2 || got[0].Added || got[1].Added || len(got[0].Problems) != 0 || len(got[1].Problems) != 3 || len(h.setups) != 2 {
		t.Errorf("again: %+v, %v; %d setups", got, err, len(h.setups))
	}
}

func TestACheckNeedsEachRightThatThePodNeeds(t *testing.T) {
	h := newHarness(t)
	if at, err := h.Check(t.Context(), acme); err != nil || at != h.server.URL+"/v2025_1" {
		t.Errorf("%s, %v", at, err)
	}
	for _, path := range []string{"/company/contacts", "/service/tickets/search"} {
		h.setFault(onlyPath(path, respondAlways(403, "application/json", `{"code":"Forbidden"}`)))
		_, err := h.Check(t.Context(), acme)
		wantCode(t, err, verify.CodePSAMisconfigured)
	}
}

func TestSettingsThatCanNotBeUsedAreRefused(t *testing.T) {
	good := connectwise.Settings{Host: "na.myconnectwise.net", Company: "acmeit", ClientID: "4dd2c7e8-0000"}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*connectwise.Settings){
		"no host":               func(s *connectwise.Settings) { s.Host = "" },
		"a host with a path":    func(s *connectwise.Settings) { s.Host = "na.myconnectwise.net/v4_6_release" },
		"a host with a user":    func(s *connectwise.Settings) { s.Host = "x@evil.example" },
		"a host with a scheme":  func(s *connectwise.Settings) { s.Host = "https://na.myconnectwise.net" },
		"a host without TLS":    func(s *connectwise.Settings) { s.Host = "http://cw.acme.example" },
		"a host in capitals":    func(s *connectwise.Settings) { s.Host = "NA.myconnectwise.net" },
		"no company":            func(s *connectwise.Settings) { s.Company = "" },
		"a company with a path": func(s *connectwise.Settings) { s.Company = "../x" },
		"a company's cookie":    func(s *connectwise.Settings) { s.Company = "a;memberId=x" },
		"no client id":          func(s *connectwise.Settings) { s.ClientID = "" },
		"a client id's header":  func(s *connectwise.Settings) { s.ClientID = "a\r\nb: c" },
		"a codebase that leads": func(s *connectwise.Settings) { s.Codebase = ".." },
		"a version that is not": func(s *connectwise.Settings) { s.Version = "latest" },
		"a type that is not":    func(s *connectwise.Settings) { s.Types = map[string]connectwise.Type{"Mobile": "texts"} },
	} {
		s := good
		change(&s)
		if s.Check() == nil {
			t.Errorf("%s is fine", name)
		}
	}
	for _, k := range []connectwise.Keys{{Public: "a"}, {Private: "b"}, {Public: "a:b", Private: "c"}, {Public: "a b", Private: "c"}} {
		if _, err := k.Seal(); err == nil {
			t.Errorf("keys %+v are fine", k)
		}
	}
}

func TestWhereAHostLeads(t *testing.T) {
	for host, origin := range map[string]string{
		"na.myconnectwise.net": "https://na.myconnectwise.net", "api-eu.myconnectwise.net": "https://eu.myconnectwise.net",
		"cw.acme.example": "https://cw.acme.example", "http://127.0.0.1:8083": "http://127.0.0.1:8083",
	} {
		if got := (connectwise.Settings{Host: host}).Origin(); got != origin {
			t.Errorf("%s frames the pod from %s, want %s", host, got, origin)
		}
	}
}
