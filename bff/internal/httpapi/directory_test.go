package httpapi_test

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/api"
	sdkclient "github.com/shieldpod/shieldpod/sdk/client"
	sdkdirectory "github.com/shieldpod/shieldpod/sdk/directory"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

const contosoContacts = "/api/v1/directory/desk/clients/contoso/contacts"

const (
	danaJSON = `{"id":"acme-dana","name":"Dana Reyes","title":"Accountant","channels":[
		{"id":"m","kind":"phone","value":"(415) 555-4821","label":"Mobile","mobile":true},
		{"id":"e","kind":"email","value":"dana@contoso.com","changed_at":"2026-11-20T08:00:00Z"},
		{"id":"x","kind":"phone","value":"ask reception"}]}`
	rajJSON = `{"id":"raj","name":"Raj Patel","channels":[{"id":"m","kind":"phone","value":"+14155554822"}]}`
)

// recheckAfter is the age of a session from which a send reads the directory again.
const recheckAfter = 5 * time.Minute

// push pushes contacts into the directory of Contoso.
func (h *harness) push(key, sync string, contacts ...string) response {
	h.t.Helper()
	body := `{"contacts":[` + strings.Join(contacts, ",") + `]}`
	if sync != "" {
		body = `{"sync":"` + sync + `","contacts":[` + strings.Join(contacts, ",") + `]}`
	}
	return h.call(http.MethodPut, contosoContacts, key, body)
}

// contextWithoutContacts signs a context without contacts.
func (h *harness) contextWithoutContacts(contact string) string {
	h.t.Helper()
	token, err := launchcontext.Signer{Key: h.keys["acme"], Now: func() time.Time { return h.now }}.Sign(launchcontext.Claims{
		Issuer: psaOrigin, Audience: publicURL, Subject: "ana", Tenant: "acme", Context: launchcontext.Context{
			PSA: "desk", Ticket: launchcontext.Ticket{ID: "4711"}, Client: launchcontext.Client{ID: "contoso", Name: "Contoso"},
			Contact: launchcontext.Default{ID: contact},
		},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return token
}

func TestPushedContactsAreInTheNextLaunch(t *testing.T) {
	h := newHarness(t)
	key := h.apiKey("acme")
	refused := h.call(http.MethodPost, "/api/v1/launch", "", `{"context":"`+h.contextWithoutContacts("acme-dana")+`"}`)
	if p := refused.problem(t); refused.status != http.StatusUnauthorized || p.Code != "context_invalid" || p.Field != "ctx.contacts" {
		t.Errorf("before the first push: %d %+v", refused.status, p)
	}
	pushed := decodeAs[api.DirectoryPushResult](t, h.push(key, "", rajJSON, danaJSON), http.StatusOK)
	if pushed.Pushed != 2 || fmt.Sprint(pushed.Unreachable) != "[contacts[1].channels[2]]" {
		t.Errorf("the push says %+v", pushed)
	}
	pod := decodeAs[api.SessionOpened](t, h.call(http.MethodPost, "/api/v1/launch", "", `{"context":"`+h.contextWithoutContacts("acme-dana")+`"}`), http.StatusOK).Pod
	if len(pod.Contacts) != 2 || pod.Contacts[0].Id != "acme-dana" || !pod.Contacts[0].Default || pod.Contacts[0].Channels[0].Masked != "••• ••• 4821" {
		t.Errorf("the pod has %+v", pod.Contacts)
	}
	if changed := pod.Contacts[0].Channels[1].ChangedAt; changed.IsZero() {
		t.Error("the vendor's time of change is not in the pod")
	}
	unknown := h.call(http.MethodPost, "/api/v1/launch", "", `{"context":"`+h.contextWithoutContacts("nobody")+`"}`)
	if p := unknown.problem(t); unknown.status != http.StatusUnprocessableEntity || p.Code != "no_contact" {
		t.Errorf("a contact who was not pushed: %d %+v", unknown.status, p)
	}
}

func TestThreat_08_ASendIsCheckedAgainstTheDirectory(t *testing.T) {
	h := newHarness(t)
	key := h.apiKey("acme")
	h.push(key, "", danaJSON, rajJSON)
	launch := func() string {
		t.Helper()
		return decodeAs[api.SessionOpened](t, h.call(http.MethodPost, "/api/v1/launch", "", `{"context":"`+h.contextWithoutContacts("acme-dana")+`"}`), http.StatusOK).Token
	}
	token := launch()
	h.push(key, "", strings.Replace(danaJSON, "(415) 555-4821", "(415) 555-9999", 1))
	if a := h.send(token, "acme-dana", "m", "sms_code", ""); a.status != http.StatusCreated || h.takeJob().To != "+14155554821" {
		t.Fatalf("in the first minutes the first read is used: %d %s", a.status, a.body)
	}
	h.now = h.now.Add(recheckAfter)
	a := h.send(token, "acme-dana", "m", "sms_code", "")
	if p := a.problem(t); a.status != http.StatusUnauthorized || p.Code != "session_ended" {
		t.Errorf("later: %d %+v", a.status, p)
	}
	if a := h.call(http.MethodGet, "/api/v1/pod", token, ""); a.status != http.StatusUnauthorized {
		t.Errorf("its session is still open: %d", a.status)
	}
	token = launch()
	if a := h.send(token, "acme-dana", "m", "sms_code", ""); a.status != http.StatusCreated || h.takeJob().To != "+14155559999" {
		t.Errorf("launched again: %d %s", a.status, a.body)
	}
	h.now = h.now.Add(recheckAfter)
	if a := h.send(token, "acme-dana", "e", "email_link", ""); a.status != http.StatusCreated {
		t.Errorf("an unchanged channel: %d %s", a.status, a.body)
	}
	if a := h.call(http.MethodDelete, contosoContacts+"/acme-dana", key, ""); a.status != http.StatusNoContent {
		t.Fatal(a.status)
	}
	h.now = h.now.Add(recheckAfter)
	if a := h.send(token, "acme-dana", "e", "email_link", ""); a.status != http.StatusUnauthorized {
		t.Errorf("a contact who was removed: %d %s", a.status, a.body)
	}
}

func TestDirectoryIsListedInPagesAndMasked(t *testing.T) {
	h := newHarness(t)
	key := h.apiKey("acme")
	contacts := make([]string, 101)
	for i := range contacts {
		contacts[i] = fmt.Sprintf(`{"id":"c%03d","name":"Dana %d","channels":[{"id":"m","kind":"phone","value":"+14155554821"}]}`, i, i)
	}
	h.push(key, "", contacts...)
	first := decodeAs[api.DirectoryPage](t, h.call(http.MethodGet, contosoContacts, key, ""), http.StatusOK)
	second := decodeAs[api.DirectoryPage](t, h.call(http.MethodGet, contosoContacts+"?cursor="+first.Next, key, ""), http.StatusOK)
	if len(first.Contacts) != 100 || len(second.Contacts) != 1 || second.Contacts[0].Id != "c100" || second.Next != "" {
		t.Errorf("pages of %d and %d, then %q", len(first.Contacts), len(second.Contacts), second.Next)
	}
	want := api.DirectoryEntry{
		Id: "c000", Name: "Dana 0", PushedAt: first.Contacts[0].PushedAt,
		Channels: []api.DirectoryEntryChannel{{Id: "m", Kind: "phone", Masked: "••• ••• 4821"}},
	}
	if diff := cmp.Diff(want, first.Contacts[0]); diff != "" {
		t.Error(diff)
	}
}

func TestASyncRemovesContactsThatItHasNotPushed(t *testing.T) {
	h := newHarness(t)
	key := h.apiKey("acme")
	h.push(key, "", danaJSON, rajJSON)
	const finish = "/api/v1/directory/desk/clients/contoso/sync/run-2026-11/finish"
	if a := h.call(http.MethodPost, finish, key, ""); a.status != http.StatusNotFound {
		t.Errorf("a sync that nothing was pushed in: %d", a.status)
	}
	h.push(key, "run-2026-11", rajJSON)
	if got := decodeAs[api.DirectorySyncResult](t, h.call(http.MethodPost, finish, key, ""), http.StatusOK); got.Removed != 1 {
		t.Errorf("removed %d", got.Removed)
	}
	page := decodeAs[api.DirectoryPage](t, h.call(http.MethodGet, contosoContacts, key, ""), http.StatusOK)
	if len(page.Contacts) != 1 || page.Contacts[0].Id != "raj" {
		t.Errorf("left is %+v", page.Contacts)
	}
	if a := h.push(key, "run-2026-11", danaJSON); a.status != http.StatusConflict || a.problem(t).Code != "idempotency_key_reused" {
		t.Errorf("a push to a finished sync: %d", a.status)
	}
}

func TestAPushIsTakenWholeOrNotAtAll(t *testing.T) {
	h := newHarness(t)
	key := h.apiKey("acme")
	card := func(fields string) string { return `{"id":"a","name":"A",` + fields + `}` }
	for _, c := range []struct {
		name, body string
		status     int
		field      string
	}{
		{"no contacts", `{}`, 422, "contacts"},
		{"an unknown field", `{"contacts":[{"id":"a","name":"A","to":"x"}]}`, 400, "contacts[0].to"},
		{"a contact without an id", `{"contacts":[` + rajJSON + `,{"name":"A"}]}`, 422, "contacts[1].id"},
		{"an id with a line break", `{"contacts":[{"id":"a\nb","name":"A"}]}`, 422, "contacts[0].id"},
		{"an id that begins like ConnectWise's", `{"contacts":[{"id":"connectwise:7","name":"A"}]}`, 422, "contacts[0].id"},
		{"a name without visible characters", `{"contacts":[{"id":"a","name":"\u200b"}]}`, 422, "contacts[0].name"},
		{"one id twice", `{"contacts":[` + rajJSON + `,` + rajJSON + `]}`, 422, "contacts[1].id"},
		{"a channel of another kind", `{"contacts":[` + card(`"channels":[{"id":"f","kind":"fax","value":"1"}]`) + `]}`, 422, "contacts[0].channels[0].kind"},
		{"a channel without a value", `{"contacts":[` + card(`"channels":[{"id":"f","kind":"phone","value":""}]`) + `]}`, 422, "contacts[0].channels[0].value"},
		{"one channel twice", `{"contacts":[` + card(`"channels":[{"id":"f","kind":"phone","value":"1"},{"id":"f","kind":"phone","value":"2"}]`) + `]}`, 422, "contacts[0].channels[1].id"},
		{"a sync's token with a space", `{"sync":"run 2026 11","contacts":[]}`, 422, "sync"},
		{"a sync's token that is short", `{"sync":"run","contacts":[]}`, 422, "sync"},
		{"too many", `{"contacts":[` + strings.Repeat(`{"id":"a","name":"A"},`, 500) + `{"id":"a","name":"A"}]}`, 422, "contacts"},
		{"too large", `{"contacts":[{"id":"a","name":"` + strings.Repeat("A", 1<<20) + `"}]}`, 413, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := h.call(http.MethodPut, contosoContacts, key, c.body)
			if p := a.problem(t); a.status != c.status || p.Field != c.field {
				t.Errorf("%d, field %q, want %d, %q: %s", a.status, p.Field, c.status, c.field, a.body)
			}
		})
	}
	if page := decodeAs[api.DirectoryPage](t, h.call(http.MethodGet, contosoContacts, key, ""), http.StatusOK); len(page.Contacts) != 0 {
		t.Errorf("something was stored: %+v", page)
	}
}

func TestTheDirectoryRefusesIdsThatNoContextCanName(t *testing.T) {
	h := newHarness(t)
	key := h.apiKey("acme")
	for _, c := range []struct{ name, path, field string }{
		{"a ticket system with a space behind", "connectwise%20/clients/250", "psa"},
		{"a ticket system with something invisible", "connect%E2%80%8Bwise/clients/250", "psa"},
		{"a ticket system whose name would be cut", strings.Repeat("x", 61) + "/clients/250", "psa"},
		{"a client with a line break", "desk/clients/con%0Atoso", "client_id"},
		{"a client with a zero byte", "desk/clients/con%00toso", "client_id"},
		{"a client that is ConnectWise's", "desk/clients/connectwise:250", "client_id"},
	} {
		for method, body := range map[string]string{http.MethodPut: `{"contacts":[` + rajJSON + `]}`, http.MethodGet: ""} {
			a := h.call(method, "/api/v1/directory/"+c.path+"/contacts", key, body)
			if p := a.problem(t); a.status != http.StatusUnprocessableEntity || p.Field != c.field {
				t.Errorf("%s %s: %d, field %q, want 422, %q", method, c.name, a.status, p.Field, c.field)
			}
		}
	}
}

func TestThreat_07_TheDirectoryBelongsToTheTenantOfTheKey(t *testing.T) {
	h := newHarness(t)
	h.tenant("beta")
	ours, theirs := h.apiKey("acme"), h.apiKey("beta")
	h.push(ours, "run-2026-11", danaJSON)
	if page := decodeAs[api.DirectoryPage](t, h.call(http.MethodGet, contosoContacts, theirs, ""), http.StatusOK); len(page.Contacts) != 0 {
		t.Errorf("another tenant reads %+v", page)
	}
	h.call(http.MethodDelete, contosoContacts+"/acme-dana", theirs, "")
	if a := h.call(http.MethodPost, "/api/v1/directory/desk/clients/contoso/sync/run-2026-11/finish", theirs, ""); a.status != http.StatusNotFound {
		t.Errorf("another tenant finishes our sync: %d", a.status)
	}
	if page := decodeAs[api.DirectoryPage](t, h.call(http.MethodGet, contosoContacts, ours, ""), http.StatusOK); len(page.Contacts) != 1 {
		t.Errorf("we have %+v", page)
	}
	bearer := h.launch("acme", "4711").Token
	for _, key := range []string{"", "spk_nobody_x", bearer} {
		for method, path := range map[string]string{
			http.MethodGet: contosoContacts, http.MethodPut: contosoContacts, http.MethodDelete: contosoContacts + "/acme-dana",
			http.MethodPost: "/api/v1/directory/desk/clients/contoso/sync/run-2026-11/finish",
		} {
			if a := h.call(method, path, key, `{"contacts":[]}`); a.status != http.StatusUnauthorized || a.problem(t).Code != string(verify.CodeAPIKey) {
				t.Errorf("%s with %.10q: %d", method, key, a.status)
			}
		}
	}
}

func TestThreat_25_NoDestinationOfTheDirectoryIsLoggedOrReturned(t *testing.T) {
	h := newHarness(t)
	key := h.apiKey("acme")
	h.push(key, "", danaJSON)
	bad := h.push(key, "", strings.Replace(danaJSON, `"id":"x"`, `"id":"m"`, 1))
	all := string(bad.body) + string(h.call(http.MethodGet, contosoContacts, key, "").body) + h.log.String()
	for _, secret := range []string{"5554821", "555-4821", "dana@contoso.com"} {
		if strings.Contains(all, secret) {
			t.Errorf("%q is exposed: %s", secret, all)
		}
	}
}

func TestTheSDKSyncsAClientInPortions(t *testing.T) {
	h := newHarness(t)
	client, err := sdkdirectory.New(h.server.URL, h.apiKey("acme"))
	if err != nil {
		t.Fatal(err)
	}
	people := func(n int, end error) iter.Seq2[launchcontext.Contact, error] {
		return func(yield func(launchcontext.Contact, error) bool) {
			for i := range n {
				contact := launchcontext.Contact{ID: fmt.Sprintf("c%04d", i), Name: "Dana", Channels: []launchcontext.Channel{
					{ID: "m", Kind: launchcontext.KindPhone, Value: "+14155554821", Label: strings.Repeat("é", 450)},
				}}
				if i == 777 {
					contact.Channels[0].Value = "ask reception"
				}
				if !yield(contact, nil) {
					return
				}
			}
			if end != nil {
				yield(launchcontext.Contact{}, end)
			}
		}
	}
	report, err := client.Sync(t.Context(), "desk", "contoso", people(1200, nil))
	want := sdkdirectory.Report{Pushed: 1200, Unreachable: []sdkdirectory.Unreachable{{Contact: "c0777", Channel: "m"}}}
	if diff := cmp.Diff(want, report); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if _, err := client.Sync(t.Context(), "desk", "contoso", people(3, io.ErrUnexpectedEOF)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a list that fails: %v", err)
	}
	if report, err = client.Sync(t.Context(), "desk", "contoso", people(1100, nil)); report.Removed != 100 || err != nil {
		t.Errorf("a list with a hundred fewer removes %d: %v", report.Removed, err)
	}
	var refusal *sdkclient.Error
	_, err = client.Push(t.Context(), "desk", "contoso", launchcontext.Contact{ID: "x"})
	if !errors.As(err, &refusal) || refusal.Problem.Field != "contacts[0].name" {
		t.Errorf("a contact without a name: %v", err)
	}
	if err := client.Remove(t.Context(), "desk", "contoso", "c0000"); err != nil {
		t.Error(err)
	}
	report, err = client.Sync(t.Context(), "desk", "contoso", people(0, nil))
	if report.Removed != 1099 || err != nil {
		t.Errorf("an empty list removes %d: %v", report.Removed, err)
	}
}
