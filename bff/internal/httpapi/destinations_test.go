package httpapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/api"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// spellings are spellings of one mailbox. Cooldown, daily limit, own channel, changes and merging treat them as equal.
var spellings = []struct{ name, address string }{
	{"as it is", "ana.ortiz@bücher.example"},
	{"A-label", "ana.ortiz@xn--bcher-kva.example"},
	{"A-label in capitals", "ana.ortiz@XN--BCHER-KVA.Example"},
	{"U-label, decomposed", "ana.ortiz@bu\u0308cher.example"},
	{"domain in capitals", "ana.ortiz@BÜCHER.EXAMPLE"},
	{"local part in capitals", "Ana.ORTIZ@bücher.example"},
	{"trailing dot of the domain", "ana.ortiz@bücher.example."},
	{"quoted local part", `"ana.ortiz"@bücher.example`},
	{"zero-width space", "ana.ortiz\u200b@bücher.example"},
	{"bidirectional marks around", "\u202aana.ortiz@bücher.example\u202c"},
	{"white space around", "\u00a0ana.ortiz@bücher.example \n"},
	{"ideographic dot", "ana.ortiz@bücher。example"},
	{"full-width at sign", "ana.ortiz＠bücher.example"},
	{"mailto", "mailto:ana.ortiz@bücher.example"},
	{"in angle brackets", "<ana.ortiz@bücher.example>"},
}

// aliases reach the same person at another address.
var aliases = []struct{ name, address, alias string }{
	{"plus tag", "ana@acme.example", "ana+1@acme.example"},
	{"plus tag in capitals", "ana@acme.example", "ANA+Shop@ACME.example"},
	{"dots of Gmail", "anaortiz@gmail.com", "a.na.ortiz@gmail.com"},
	{"Googlemail", "ana.ortiz@gmail.com", "AnaOrtiz+x@googlemail.com"},
	{"plus tag of Outlook", "ana@outlook.com", "ana+it@outlook.com"},
	{"domains of Proton", "ana@proton.me", "a_n-a@protonmail.com"},
	{"domains of iCloud", "ana@icloud.com", "ana@me.com"},
	{"sub-domain of Fastmail", "ana@fastmail.com", "shop@ana.fastmail.com"},
	{"tag of an international domain", "ana@bücher.example", "ana+1@xn--bcher-kva.example"},
}

func mailChannel(id, address string) launchcontext.Channel {
	return launchcontext.Channel{ID: id, Kind: launchcontext.KindEmail, Value: address}
}

func numberChannel(id, value string) launchcontext.Channel {
	return launchcontext.Channel{ID: id, Kind: launchcontext.KindPhone, Value: value}
}

// open opens a ticket whose contact dana has these channels.
func (h *harness) open(actor launchcontext.Actor, channels ...launchcontext.Channel) api.SessionOpened {
	h.t.Helper()
	token, err := launchcontext.Signer{Key: h.keys["acme"], Now: func() time.Time { return h.now }}.Sign(launchcontext.Claims{
		Issuer: psaOrigin, Audience: publicURL, Subject: "ana", Tenant: "acme", Origin: psaOrigin, Actor: actor,
		Context: launchcontext.Context{
			PSA: "desk", Ticket: launchcontext.Ticket{ID: "1"}, Client: launchcontext.Client{ID: "contoso", Name: "Contoso"},
			Contact: launchcontext.Default{ID: "dana"}, Contacts: []launchcontext.Contact{{ID: "dana", Name: "Dana Reyes", Channels: channels}},
		},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return decodeAs[api.SessionOpened](h.t, h.call(http.MethodPost, "/api/v1/launch", "", `{"context":"`+token+`"}`), http.StatusOK)
}

// wantRefused checks that a send to the channel is refused with the code.
func (h *harness) wantRefused(l api.SessionOpened, channel, method, code, reason string) {
	h.t.Helper()
	a := h.send(l.Token, "dana", channel, method, "")
	if p := a.problem(h.t); p.Code != code || string(p.Reason) != reason || p.Detail == "" {
		h.t.Errorf("%s: %d %s", channel, a.status, a.body)
	}
}

func TestThreat_34_TheTechniciansOwnMailboxIsKnownInAnySpelling(t *testing.T) {
	h := newHarness(t)
	for _, own := range spellings {
		for _, contact := range []string{"ana.ortiz@bücher.example", "ana.ortiz@xn--bcher-kva.example", own.address} {
			l := h.open(launchcontext.Actor{Name: "Ana", Email: own.address}, mailChannel("m", contact))
			h.wantRefused(l, "m", "email_link", "own_channel", "own_channel")
		}
	}
	for _, c := range aliases {
		for _, pair := range [][2]string{{c.address, c.alias}, {c.alias, c.address}} {
			l := h.open(launchcontext.Actor{Name: "Ana", Email: pair[0]}, numberChannel("n", "+14155554821"), mailChannel("m", pair[1]))
			h.wantRefused(l, "m", "email_link", "own_channel", "own_channel")
			h.wantRefused(l, "n", "sms_code", "own_channel", "own_channel")
		}
	}
}

func TestThreat_34_TheTechniciansOwnNumberIsKnownInAnySpelling(t *testing.T) {
	h := newHarness(t)
	for _, own := range []string{
		"415 555 4821", "\u202a+1 (415) 555-4821\u202c", "Cell: 415.555.4821", "４１５ ５５５ ４８２１", "415-555-4821 ext. 12", "415-555-4821 / 415-555-4822", "415-555-4821/22",
	} {
		l := h.open(launchcontext.Actor{Name: "Ana", Phone: own}, numberChannel("n", "+14155554821"), mailChannel("m", "dana@contoso.com"))
		h.wantRefused(l, "n", "sms_code", "own_channel", "own_channel")
	}
	// An ambiguous value of the contact is compared in every possible meaning.
	l := h.open(launchcontext.Actor{Name: "Ana", Phone: "415 555 4821"}, numberChannel("n", "415 555 4821 or 415 555 4822"), mailChannel("m", "dana@contoso.com"))
	h.wantRefused(l, "m", "email_link", "own_channel", "own_channel")
	l = h.open(launchcontext.Actor{Name: "Ana", Email: "ana@acme.example"}, mailChannel("a", "dana@contoso.com, ana+1@ACME.example"), mailChannel("m", "dana@contoso.com"))
	h.wantRefused(l, "m", "email_link", "own_channel", "own_channel")
	// Another address is not the technician's.
	l = h.open(launchcontext.Actor{Name: "Ana", Email: "ana@acme.example", Phone: "415 555 4821"}, mailChannel("m", "anna@acme.example"))
	decodeAs[api.Verification](t, h.send(l.Token, "dana", "m", "email_link", ""), http.StatusCreated)
}

func TestThreat_34_CooldownAndDailyLimitCountPerPerson(t *testing.T) {
	for _, list := range [][]string{addresses(), {"anaortiz@gmail.com", "ana.ortiz@gmail.com", "AnaOrtiz@googlemail.com", "a.n.a.ortiz+1@gmail.com", "anaortiz+2@googlemail.com"}} {
		h := newHarness(t)
		sent := 0
		for round := range 14 {
			address := list[round%len(list)]
			l := h.open(launchcontext.Actor{Name: "Ana"}, mailChannel("m"+string(rune('a'+round)), address))
			id := "m" + string(rune('a'+round))
			a := h.send(l.Token, "dana", id, "email_link", "")
			if a.status == http.StatusCreated {
				sent++
				next := h.open(launchcontext.Actor{Name: "Ana"}, mailChannel("next", list[(round+1)%len(list)]))
				h.wantRefused(next, "next", "email_link", "cooldown", "")
			} else if p := a.problem(t); p.Code != "quota_exceeded" || p.Quota.Name != "quota_destination_day" {
				t.Errorf("%q: %d %s", address, a.status, a.body)
			}
			h.now = h.now.Add(10 * time.Minute)
		}
		if sent != 10 {
			t.Errorf("%d messages reached one person in a day, want 10", sent)
		}
	}
}

func addresses() []string {
	list := make([]string, len(spellings))
	for i, s := range spellings {
		list[i] = s.address
	}
	return list
}

func TestThreat_34_AnotherSpellingIsNoChange(t *testing.T) {
	h := newHarness(t)
	h.open(launchcontext.Actor{Name: "Ana"}, mailChannel("m", "ana.ortiz@bücher.example"), numberChannel("n", "+49 170 2234567"))
	h.now = h.now.Add(time.Hour)
	for _, s := range spellings {
		l := h.open(launchcontext.Actor{Name: "Ana"}, mailChannel("m", s.address), numberChannel("n", "+49 (0)170/22 34 567"))
		for _, ch := range l.Pod.Contacts[0].Channels {
			if !ch.ChangedAt.IsZero() {
				t.Errorf("%s: %s is marked as changed", s.name, ch.Id)
			}
		}
	}
	l := h.open(launchcontext.Actor{Name: "Ana"}, mailChannel("m", "ana.ortiz+1@bücher.example"))
	if l.Pod.Contacts[0].Channels[0].ChangedAt.IsZero() {
		t.Error("an alias is another address, and not marked as changed")
	}
}

func TestThreat_34_AVerifiedShieldStaysInAnotherSpelling(t *testing.T) {
	h := newHarness(t)
	l := h.open(launchcontext.Actor{Name: "Ana"}, mailChannel("m", "ana.ortiz@bücher.example"))
	decodeAs[api.Verification](t, h.send(l.Token, "dana", "m", "email_link", ""), http.StatusCreated)
	if _, err := h.domain.Validate(t.Context(), h.takeJob().Secret, ""); err != nil {
		t.Fatal(err)
	}
	for _, s := range spellings {
		again := h.open(launchcontext.Actor{Name: "Ana"}, mailChannel("m", s.address))
		if got := again.Pod.Contacts[0].Channels[0].Shield.State; got != "verified" {
			t.Errorf("%s: the shield is %s", s.name, got)
		}
	}
	other := h.open(launchcontext.Actor{Name: "Ana"}, mailChannel("m", "ana.ortiz+1@bücher.example"))
	if got := other.Pod.Contacts[0].Channels[0].Shield.State; got != "unverified" {
		t.Errorf("an unverified alias is %s", got)
	}
}

func TestThreat_34_ChannelsOfOneMailboxAreMerged(t *testing.T) {
	h := newHarness(t)
	var channels []launchcontext.Channel
	for i, s := range spellings {
		channels = append(channels, mailChannel(string(rune('a'+i)), s.address))
	}
	channels = append(channels, numberChannel("x", "+49 170 2234567"), numberChannel("y", "\u202a+49 170 22 34 567\u202c"), mailChannel("z", "ana.ortiz+1@bücher.example"))
	l := h.open(launchcontext.Actor{Name: "Ana"}, channels...)
	var ids []string
	for _, ch := range l.Pod.Contacts[0].Channels {
		ids = append(ids, ch.Id)
	}
	if got := strings.Join(ids, " "); got != "a x z" {
		t.Errorf("the rows are %s, want a x z", got)
	}
}

func TestThreat_34_ASuppressedNumberIsSuppressedInAnySpelling(t *testing.T) {
	h := newHarness(t)
	l := h.open(launchcontext.Actor{Name: "Ana"}, numberChannel("n", "+1 415 555 4821"))
	v := decodeAs[api.Verification](t, h.send(l.Token, "dana", "n", "sms_code", ""), http.StatusCreated)
	if err := h.domain.RecordReport(t.Context(), "acme", v.Id, verify.Report{Kind: verify.EventFailed, Reason: verify.ReasonOptedOut}); err != nil {
		t.Fatal(err)
	}
	h.now = h.now.Add(2 * time.Minute)
	for _, value := range []string{"\u202a(415) 555-4821\u202c", "415.555.4821", "Cell 1-415-555-4821", "４１５ ５５５ ４８２１"} {
		again := h.open(launchcontext.Actor{Name: "Ana"}, numberChannel("other", value))
		h.wantRefused(again, "other", "sms_link", "verification_method_not_allowed", "opted_out")
	}
}

func TestThreat_34_AnAmbiguousDestinationIsShownAndRefused(t *testing.T) {
	h := newHarness(t)
	for _, c := range []struct{ kind, value, reason, text, masked string }{
		{"phone", "415 555 4821 or 415 555 4822", "more_than_one", "more than one number in this field", "••• •••"},
		{"phone", "415 555 4821 ext. 12", "extension", "a number with an extension", "••• •••"},
		{"phone", "415 555 4821 (PIN 4711)", "extension", "a number with an extension", "••• •••"},
		{"phone", "415 555 4821 until May", "words", "words beside the number", "••• •••"},
		{"phone", "+49 170 2234567 (2)", "unclear_end", "not certain where this number ends", "••• •••"},
		{"phone", "555-4821", "incomplete", "not a complete number", "••• •••"},
		{"phone", "+49 30 1234 56-12", "landline", "a landline", "••• ••• 5612"},
		{"phone", "Fax 415 555 4821", "fax", "a fax number", "••• •••"},
		{"phone", "unknown", "words", "words beside the number", "••• •••"},
		{"email", "dana@contoso.com, sam@contoso.com", "more_than_one", "more than one address in this field", "•••"},
		{"email", "Dana <dana@contoso.com>", "words", "words beside the address", "•••"},
		{"email", "dana", "invalid", "not an e-mail address", "•••"},
	} {
		l := h.open(launchcontext.Actor{Name: "Ana"}, launchcontext.Channel{ID: "c", Kind: c.kind, Value: c.value, Label: "Work"})
		got := l.Pod.Contacts[0].Channels[0]
		if string(got.Unusable.Reason) != c.reason || got.Unusable.Text != c.text || got.Masked != c.masked || got.Label != "Work" || len(got.Methods) != 0 || got.Shield.State != "unverified" {
			t.Errorf("%q: %+v", c.value, got)
		}
		before := h.countEvents("acme")
		for _, method := range []string{"sms_code", "sms_link", "email_link"} {
			h.wantRefused(l, "c", method, "channel_unusable", "")
		}
		if after := h.countEvents("acme"); after != before {
			t.Errorf("%q: a refused send left %d events", c.value, after-before)
		}
		if raw, err := json.Marshal(l.Pod); err != nil || strings.Contains(string(raw), "4821") || strings.Contains(string(raw), "contoso.com") {
			t.Errorf("%q: the pod shows it: %s %v", c.value, raw, err)
		}
	}
	usable := h.open(launchcontext.Actor{Name: "Ana"}, numberChannel("n", "+14155554821"))
	if raw, err := json.Marshal(usable.Pod); err != nil || strings.Contains(string(raw), "unusable") {
		t.Errorf("a channel that can be used has a reason: %s %v", raw, err)
	}
}

func TestThreat_34_AnUnknownTechnicianIsShownAndCanBeRefused(t *testing.T) {
	h := newHarness(t)
	for _, c := range []struct {
		actor launchcontext.Actor
		known bool
	}{
		{launchcontext.Actor{Name: "Ana"}, false},
		{launchcontext.Actor{Name: "Ana", Email: " \u200b"}, false},
		{launchcontext.Actor{Name: "Ana", Email: "ana@acme.example"}, true},
		{launchcontext.Actor{Name: "Ana", Phone: "415 555 0100 ext. 3"}, true},
	} {
		if l := h.open(c.actor, numberChannel("n", "+14155554821")); l.Pod.TechnicianKnown != c.known {
			t.Errorf("%+v: technician_known is %t", c.actor, l.Pod.TechnicianKnown)
		}
	}
	h.setPolicy(`{"technician_address":"required"}`)
	l := h.open(launchcontext.Actor{Name: "Ana"}, numberChannel("n", "+14155554821"), mailChannel("m", "dana@contoso.com"))
	h.wantRefused(l, "n", "sms_code", "verification_method_not_allowed", "technician_address")
	h.wantRefused(l, "m", "email_link", "verification_method_not_allowed", "technician_address")
	for _, ch := range l.Pod.Contacts[0].Channels {
		for _, m := range ch.Methods {
			if m.Reason != "technician_address" || m.Explanation == "" {
				t.Errorf("%s is offered: %+v", m.Method, m)
			}
		}
	}
	known := h.open(launchcontext.Actor{Name: "Ana", Email: "ana@acme.example"}, numberChannel("n", "+14155554821"))
	decodeAs[api.Verification](t, h.send(known.Token, "dana", "n", "sms_code", ""), http.StatusCreated)
}

func TestThreat_34_TollFreeNumbersGetTextsByPolicyOnly(t *testing.T) {
	h := newHarness(t)
	yes := true
	for _, value := range []string{"800 234 5678", "1-888-234-5678", "+1 (877) 234-5678"} {
		for _, mobile := range []*bool{nil, &yes} {
			l := h.open(launchcontext.Actor{Name: "Ana"}, launchcontext.Channel{ID: "n", Kind: "phone", Value: value, Mobile: mobile})
			h.wantRefused(l, "n", "sms_code", "verification_method_not_allowed", "toll_free")
		}
	}
	h.setPolicy(`{"sms_toll_free":true}`)
	l := h.open(launchcontext.Actor{Name: "Ana"}, numberChannel("n", "800 234 5678"))
	decodeAs[api.Verification](t, h.send(l.Token, "dana", "n", "sms_code", ""), http.StatusCreated)
}

// setPolicy sets the tenant's default policy.
func (h *harness) setPolicy(fields string) {
	h.t.Helper()
	values := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(fields), &values); err != nil {
		h.t.Fatal(err)
	}
	_, err := h.admin.EditPolicies(h.t.Context(), admin.Actor{Kind: verify.ActorAPIKey, ID: "test", Name: "Test"}, "acme", []admin.PolicyEdit{{Fields: values}})
	if err != nil {
		h.t.Fatal(err)
	}
}
