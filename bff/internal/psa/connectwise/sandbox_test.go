package connectwise_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/psa/connectwise"
	sandbox "github.com/shieldpod/shieldpod/bff/internal/sandbox/connectwise"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// sandboxHarness is a client with the sandbox's ConnectWise.
type sandboxHarness struct {
	*connectwise.Client
	t    testing.TB
	site *httptest.Server
}

func (d *sandboxHarness) Connection(context.Context, string, string) (admin.Connection, error) {
	settings, err := json.Marshal(connectwise.Settings{Host: d.site.URL, Company: "acme", ClientID: "4dd2c7e8"})
	return admin.Connection{Settings: settings, Secret: []byte(keys)}, err
}

func newSandboxHarness(t testing.TB) *sandboxHarness {
	t.Helper()
	manage, err := sandbox.New(sandbox.Config{
		Origin: "http://manage.localhost:8083", Company: "acme", ClientID: "4dd2c7e8", PublicKey: "pUb1ic", PrivateKey: "pR1vate",
		Pod: "http://pod.localhost/pod/acme?id=[cw_id]&screen=[cw_screen]", Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	d := &sandboxHarness{t: t, site: httptest.NewServer(manage)}
	t.Cleanup(d.site.Close)
	t.Cleanup(manage.Close)
	d.Client, err = connectwise.New(connectwise.Config{Connections: d, HTTP: d.site.Client(), Now: time.Now, Entropy: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// member signs a member in and gives the values of the hosted API.
func (d *sandboxHarness) member(id string) psa.Member {
	d.t.Helper()
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	form, err := browser.PostForm(d.site.URL+"/signin", url.Values{"member": {id}, "to": {"/"}})
	if err != nil {
		d.t.Fatal(err)
	}
	_ = form.Body.Close()
	for _, c := range form.Cookies() {
		if c.Name == "memberHash" {
			return psa.Member{ID: id, Credential: c.Value, Context: "web"}
		}
	}
	d.t.Fatalf("%s is not signed in: %s", id, form.Status)
	return psa.Member{}
}

func (d *sandboxHarness) post(path, body string) {
	d.t.Helper()
	response, err := http.Post(d.site.URL+path, "application/json", strings.NewReader(body)) //nolint:gosec // our own test server
	if err != nil {
		d.t.Fatal(err)
	}
	if _ = response.Body.Close(); response.StatusCode != http.StatusOK {
		d.t.Fatalf("%s: %s", path, response.Status)
	}
}

func TestTheSandboxsConnectWiseIsCalledAsTheRealOne(t *testing.T) {
	d := newSandboxHarness(t)
	ana := d.member("AOrtiz")
	who, err := d.VerifyMember(t.Context(), acme, ana)
	if err != nil || who.ID != "AOrtiz" || who.Name != "Ana Ortiz" || who.Email == "" {
		t.Fatal(who, err)
	}
	got, err := d.TicketAsMember(t.Context(), acme, ana, "61211", "ServiceTicket")
	if err != nil || got.Client.Name != "Contoso" || got.Contact.Name != "Dana Reyes" || len(got.Contacts) != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	if _, err := d.TicketAsMember(t.Context(), acme, ana, "61165", "ProjectTicket"); err != nil {
		t.Error(err)
	}
	if large, err := d.TicketAsMember(t.Context(), acme, ana, "61144", ""); err != nil || len(large.Contacts) != psa.MaxContacts ||
		!slices.ContainsFunc(large.Contacts, func(c launchcontext.Contact) bool { return c.ID == large.Contact.ID }) {
		t.Errorf("of 1,040 people %d are told, error %v", len(large.Contacts), err)
	}
	if found, err := d.Search(t.Context(), acme, "mailbox"); err != nil || len(found) < 2 {
		t.Errorf("%+v, %v", found, err)
	}
	if clients, err := d.Clients(t.Context(), acme, "dental"); err != nil || len(clients) != 1 {
		t.Errorf("%+v, %v", clients, err)
	}
	if _, err := d.Check(t.Context(), acme); err != nil {
		t.Error(err)
	}
	for _, fresh := range []bool{true, false} {
		screens, err := d.Register(t.Context(), acme, "https://pod.example/pod/acme?id=[cw_id]", "https://pod.example")
		if err != nil || len(screens) != 2 || screens[0].Added != fresh {
			t.Errorf("%+v, %v", screens, err)
		}
	}
	d.post("/api/codebase", `{"codebase":"v2026_1"}`)
	for _, ticket := range []string{"61211", "61165"} {
		for _, again := range []bool{false, true} {
			if err := d.WriteNote(t.Context(), acme, psa.Note{Ticket: ticket, Verification: "v_1", Text: "verified\nVerification: v_1", Repeated: again}); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestWhoMaySeeATicketOfTheDemo(t *testing.T) {
	d := newSandboxHarness(t)
	for _, row := range []struct {
		member, ticket string
		proof, code    verify.Code
	}{
		{"AOrtiz", "61150", "", ""},
		{"LPark", "61150", "", verify.CodeTicket}, // the HR board
		{"LPark", "61211", "", ""},
		{"SNovak", "61211", "", verify.CodeTicket}, // no right to tickets
		{"RFrost", "61211", verify.CodeMember, ""}, // inactive
	} {
		m := d.member(row.member)
		_, proof := d.VerifyMember(t.Context(), acme, m)
		_, err := d.TicketAsMember(t.Context(), acme, m, row.ticket, "ServiceTicket")
		if verify.CodeOf(proof) != row.proof || verify.CodeOf(err) != row.code {
			t.Errorf("%s on %s: %v and %v", row.member, row.ticket, proof, err)
		}
	}
	m := d.member("LPark")
	m.ID = "AOrtiz"
	_, err := d.VerifyMember(t.Context(), acme, m)
	wantCode(t, err, verify.CodeMember)
}

func TestTheSandboxsConnectWiseFails(t *testing.T) {
	for mode, code := range map[string]verify.Code{
		"down": verify.CodePSADown, "html": verify.CodePSADown, "500": verify.CodePSADown, "cut": verify.CodePSADown, "429": verify.CodePSABusy,
		"401": verify.CodeMember, "403": verify.CodeMember, "inactive": verify.CodeMember, "mismatch": verify.CodeMember,
	} {
		d := newSandboxHarness(t)
		m := d.member("AOrtiz")
		d.post("/api/faults", fmt.Sprintf(`{"target":"connectwise","mode":%q,"path":"/apis/"}`, mode))
		_, err := d.VerifyMember(t.Context(), acme, m)
		if verify.CodeOf(err) != code {
			t.Errorf("%s: %v, want %q", mode, err, code)
		}
	}
}

func TestANoteWhoseAnswerWasLostIsFound(t *testing.T) {
	d := newSandboxHarness(t)
	note := psa.Note{Ticket: "61211", Verification: "v_9", Text: "Verification: v_9"}
	d.post("/api/faults", `{"target":"connectwise","mode":"cut","times":1,"path":"/notes"}`)
	wantCode(t, d.WriteNote(t.Context(), acme, note), verify.CodePSADown)
	note.Repeated = true
	wantCode(t, d.WriteNote(t.Context(), acme, note), "")
	response, err := http.Get(d.site.URL + "/api/requests")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var asked []struct{ Method, Path string }
	if err := json.NewDecoder(response.Body).Decode(&asked); err != nil {
		t.Fatal(err)
	}
	posts := slices.DeleteFunc(asked, func(a struct{ Method, Path string }) bool { return a.Method != http.MethodPost })
	if len(posts) != 1 {
		t.Errorf("it was written %d times, want once: %v", len(posts), posts)
	}
}

// With warm caches a ticket costs one round trip.
func TestAWarmTicketCostsOneRoundTrip(t *testing.T) {
	h := newHarness(t)
	_, err := h.VerifyMember(t.Context(), acme, ana)
	wantCode(t, err, "")
	_, err = h.TicketAsMember(t.Context(), acme, ana, "61211", "ServiceTicket")
	wantCode(t, err, "")
	h.fakeManage.mu.Lock()
	h.requestLog = nil
	h.fakeManage.mu.Unlock()
	_, err = h.VerifyMember(t.Context(), acme, ana)
	wantCode(t, err, "")
	_, err = h.TicketAsMember(t.Context(), acme, ana, "61211", "ServiceTicket")
	wantCode(t, err, "")
	if asked := h.requests(); len(asked) != 1 {
		t.Errorf("it was asked %v", asked)
	}
}
