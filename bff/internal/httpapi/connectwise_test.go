package httpapi_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/api"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

const (
	hostedPath   = "/api/v1/launch/connectwise"
	memberHash   = "5d0c2b77f00dfeed5d0c2b77"
	memberCtx    = "a-context-of-the-member"
	hostedLaunch = `{"tenant":"acme","origin":"` + psaOrigin + `","ticket":{"id":"1174","screen":"ticket"},"member":{"id":"ana","hash":"` +
		memberHash + `","context":"` + memberCtx + `","company":"acme","codebase":"v2026_1","email":"ana@acme.example"}}`
)

// fakeConnectWise has one member, Ana, with one valid hash, and three tickets. With err set, it fails.
type fakeConnectWise struct {
	err     error
	members []psa.Member
}

func (m *fakeConnectWise) VerifyMember(_ context.Context, _ verify.Tenant, _ string, who psa.Member) (verify.Technician, error) {
	m.members = append(m.members, who)
	switch {
	case m.err != nil:
		return verify.Technician{}, m.err
	case who.ID != "ana" || who.Credential != memberHash:
		return verify.Technician{}, &verify.Error{Code: verify.CodeMember, Public: "Sign in to ConnectWise again.", Err: errors.New("401")}
	}
	return verify.Technician{ID: "ana", Name: "Ana Ortiz", Email: "ana@acme.example"}, nil
}

func (m *fakeConnectWise) TicketAsMember(_ context.Context, _ verify.Tenant, _ string, _ psa.Member, ticket, _ string) (launchcontext.Context, error) {
	who := map[string]string{"1174": "Dana Reyes", "1175": "Raj Patel", "1176": "Ana Ortiz"}[ticket]
	if who == "" {
		return launchcontext.Context{}, &verify.Error{Code: verify.CodeTicket, Public: "There is no such ticket for you."}
	}
	return launchcontext.Context{
		PSA: "connectwise", Ticket: launchcontext.Ticket{ID: ticket, Summary: "Help " + who},
		Client: launchcontext.Client{ID: "250", Name: "Contoso"}, Contact: launchcontext.Default{ID: ticket},
		Contacts: []launchcontext.Contact{{ID: ticket, Name: who, Channels: []launchcontext.Channel{
			{ID: "m", Kind: "phone", Value: "+1415555" + ticket}, {ID: "own", Kind: "email", Value: who[:3] + "@acme.example"},
		}}},
	}, nil
}

func TestAMemberOpensTheTicketOnTheScreen(t *testing.T) {
	h := newHarness(t)
	opened := decodeAs[api.SessionOpened](t, h.call(http.MethodPost, hostedPath, "", hostedLaunch), http.StatusOK)
	pod := opened.Pod
	if pod.Origin != psaOrigin || pod.Technician.Name != "Ana Ortiz" || pod.Ticket.Id != "1174" || !pod.FirstOpen || pod.Contacts[0].Name != "Dana Reyes" {
		t.Errorf("the pod is %+v", pod)
	}
	want := psa.Member{ID: "ana", Credential: memberHash, Context: memberCtx}
	if len(h.connectwise.members) != 1 || h.connectwise.members[0] != want {
		t.Error("the member differs from the request")
	}
	if a := h.send(opened.Token, pod.Contacts[0].Id, "m", "sms_code", ""); a.status != http.StatusCreated || h.takeJob().To != "+14155551174" {
		t.Errorf("a send: %d %s", a.status, a.body)
	}
}

func TestThreat_01_AnUnconfirmedMemberOpensNothing(t *testing.T) {
	h := newHarness(t)
	with := func(old, new string) string { return strings.Replace(hostedLaunch, old, new, 1) }
	for _, c := range []struct {
		name, body  string
		status      int
		code, field string
	}{
		{"a hash that is made up", with(memberHash, "made-up"), 401, "member_refused", ""},
		{"the id of another member", with(`"id":"ana"`, `"id":"noor"`), 401, "member_refused", ""},
		{"another tenant", with(`"tenant":"acme"`, `"tenant":"nobody"`), 401, "member_refused", ""},
		{"an origin that is not the tenant's", with(psaOrigin, "https://evil.example"), 401, "context_invalid", "origin"},
		{"a ticket that the member may not see", with(`"1174"`, `"9"`), 404, "ticket_not_found", ""},
		{"a ticket that steers the path", with(`"1174"`, `"1174/../1"`), 422, "invalid", "ticket.id"},
		{"no ticket", with(`"1174"`, `""`), 422, "invalid", "ticket.id"},
		{"no hash", with(memberHash, ""), 422, "invalid", "member.hash"},
		{"a hash over its length", with(memberHash, strings.Repeat("h", 4097)), 422, "invalid", "member.hash"},
		{"no member", `{"tenant":"acme","ticket":{"id":"1174"}}`, 422, "invalid", "member.id"},
		{"a host from the browser (row 27)", with(`"tenant"`, `"site":"https://evil.example","tenant"`), 400, "malformed", "site"},
		{"a contact from the browser (row 8)", with(`"tenant"`, `"contacts":[],"tenant"`), 400, "malformed", "contacts"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := h.call(http.MethodPost, hostedPath, "", c.body)
			if p := a.problem(t); a.status != c.status || p.Code != c.code || p.Field != c.field || p.Detail == "" {
				t.Errorf("%d %+v, want %d %q %q", a.status, p, c.status, c.code, c.field)
			}
		})
	}
	if h.log.Len() > 0 {
		t.Errorf("refusals are logged as errors: %s", h.log)
	}
}

func TestThreat_01_AFailingConnectWiseOpensNothing(t *testing.T) {
	for _, c := range []struct {
		name   string
		fault  error
		status int
		code   string
		retry  int
	}{
		{"down", &verify.Error{Code: verify.CodePSADown, Public: "Down."}, 503, "psa_unavailable", 0},
		{"busy", &verify.Error{Code: verify.CodePSABusy, Public: "Busy.", RetryAfter: 7 * time.Second}, 429, "psa_busy", 7},
		{"keys refused", &verify.Error{Code: verify.CodePSAMisconfigured, Public: "Keys."}, 502, "psa_misconfigured", 0},
		{"an unexpected answer", errors.New("<html>"), 503, "psa_unavailable", 0},
		{"the store unavailable", &verify.Error{Code: verify.CodeUnavailable, Public: "Gone."}, 503, "unavailable", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHarness(t)
			h.connectwise.err = c.fault
			a := h.call(http.MethodPost, hostedPath, "", hostedLaunch)
			if p := a.problem(t); a.status != c.status || p.Code != c.code || p.RetryAfter != c.retry || p.Detail == "" {
				t.Errorf("%d %+v", a.status, p)
			}
			for _, secret := range []string{memberHash, memberCtx} {
				if strings.Contains(h.log.String()+string(a.body), secret) {
					t.Errorf("row 25: the member's session is exposed: %s%s", h.log, a.body)
				}
			}
		})
	}
}

func TestThreat_10_AMemberDoesNotVerifyThemselves(t *testing.T) {
	h := newHarness(t)
	own := strings.Replace(hostedLaunch, "1174", "1176", 1)
	claim := strings.Replace(own, `"email":"ana@acme.example"`, `"email":"noor@acme.example"`, 1) // the browser's claim is ignored
	for _, visit := range []string{own, claim} {
		opened := decodeAs[api.SessionOpened](t, h.call(http.MethodPost, hostedPath, "", visit), http.StatusOK)
		for channel, method := range map[string]string{"m": "sms_code", "own": "email_link"} {
			a := h.send(opened.Token, opened.Pod.Contacts[0].Id, channel, method, "")
			if p := a.problem(t); a.status != http.StatusForbidden || p.Code != "own_channel" {
				t.Errorf("%s: %d %+v", channel, a.status, p)
			}
		}
	}
}

func TestThreat_26_ASessionIsOfOneTicket(t *testing.T) {
	h := newHarness(t)
	first := decodeAs[api.SessionOpened](t, h.call(http.MethodPost, hostedPath, "", hostedLaunch), http.StatusOK)
	second := decodeAs[api.SessionOpened](t, h.call(http.MethodPost, hostedPath, "", strings.Replace(hostedLaunch, "1174", "1175", 1)), http.StatusOK)
	for _, c := range []struct{ token, contact string }{
		{first.Token, second.Pod.Contacts[0].Id}, {second.Token, first.Pod.Contacts[0].Id},
	} {
		if a := h.send(c.token, c.contact, "m", "sms_code", ""); a.status != http.StatusNotFound {
			t.Errorf("a session reaches another ticket's contact: %d %s", a.status, a.body)
		}
	}
}
