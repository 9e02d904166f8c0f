package launch_test

import (
	"errors"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/launch"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// contextWithoutContacts signs a context of the system's ticket without contacts.
func (h *harness) contextWithoutContacts(t testing.TB) string {
	t.Helper()
	return h.sign(t, func(c *launchcontext.Claims) {
		c.Context = h.psa.ticket
		c.Context.PSA, c.Context.Contacts = "desk", nil
	})
}

func TestContextWithoutContactsHasThemRead(t *testing.T) {
	h := newHarness(t)
	tc := h.open(t, h.contextWithoutContacts(t), "").Session.Context
	if !tc.OnFile || len(tc.Contacts) != 2 || tc.Contacts[0].ID != "12" || tc.Contacts[0].Channels[0].Value != "+14155554821" {
		t.Errorf("the desk is %+v", tc)
	}
}

func TestContextWhoseContactsCantBeReadStaysUnused(t *testing.T) {
	h := newHarness(t)
	context := h.contextWithoutContacts(t)
	for _, c := range []struct {
		fault error
		want  verify.Code
	}{
		{&verify.Error{Code: verify.CodePSADown, Public: "Down."}, verify.CodePSADown},
		{&verify.Error{Code: verify.CodePSABusy, Public: "Busy."}, verify.CodePSABusy},
		{&verify.Error{Code: verify.CodePSAMisconfigured, Public: "Keys."}, verify.CodePSAMisconfigured},
		{&verify.Error{Code: verify.CodeUnavailable, Public: "Store."}, verify.CodeUnavailable},
		{&verify.Error{Code: verify.CodeNotFound, Public: "Nobody."}, verify.CodeContextInvalid},
		{errors.New("<html>"), verify.CodePSADown},
	} {
		h.psa.readErr = c.fault
		h.refused(t, context, "", c.want)
	}
	h.psa.readErr = nil
	contacts := h.psa.ticket.Contacts
	h.psa.ticket.Contacts = contacts[:1]
	h.refused(t, context, "", verify.CodeContact)
	h.psa.ticket.Contacts = contacts
	h.open(t, context, "")
}

func TestThreat_08_DestinationsAreComparedWithTheTicketSystem(t *testing.T) {
	moved := func(h *harness) {
		h.psa.ticket.Contacts[1].Channels = []launchcontext.Channel{{ID: "1", Kind: "phone", Value: "4155559999"}}
	}
	for _, c := range []struct {
		name    string
		contact string
		after   time.Duration
		edit    func(*harness)
		reads   int
		want    verify.Code
	}{
		{"at once: nobody looks again", "connectwise:12", 5*time.Minute - time.Second, moved, 0, ""},
		{"later, and all is as it was", "connectwise:12", 5 * time.Minute, func(*harness) {}, 1, ""},
		{"the number is another one", "connectwise:12", 5 * time.Minute, moved, 1, verify.CodeSessionEnded},
		{"the number is spelled another way, under another id", "connectwise:12", 5 * time.Minute, func(h *harness) {
			h.psa.ticket.Contacts[1].Channels = []launchcontext.Channel{{ID: "77", Kind: "phone", Value: "+1 415-555-4821"}}
		}, 1, ""},
		{"the number is somebody else's now", "connectwise:12", 5 * time.Minute, func(h *harness) {
			h.psa.ticket.Contacts[0].Channels, h.psa.ticket.Contacts[1].Channels = h.psa.ticket.Contacts[1].Channels, nil
		}, 1, verify.CodeSessionEnded},
		{"the contact is gone", "connectwise:12", 5 * time.Minute, func(h *harness) { h.psa.ticket.Contacts = nil }, 1, verify.CodeSessionEnded},
		{"nobody of the client is on file any more", "connectwise:12", 5 * time.Minute, func(h *harness) {
			h.psa.readErr = &verify.Error{Code: verify.CodeNotFound}
		}, 1, verify.CodeSessionEnded},
		{"the ticket system is down", "connectwise:12", 5 * time.Minute, func(h *harness) {
			h.psa.readErr = &verify.Error{Code: verify.CodePSADown, Public: "Down."}
		}, 1, verify.CodePSADown},
		{"somebody who is not on the desk", "connectwise:99", 5 * time.Minute, moved, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHarness(t)
			grant, err := h.OpenHosted(t.Context(), hostedLaunch())
			if err != nil {
				t.Fatal(err)
			}
			h.now, h.psa.reads = h.now.Add(c.after), 0
			c.edit(h)
			if err := h.RecheckContact(t.Context(), grant.Session, c.contact, "1"); verify.CodeOf(err) != c.want || (err == nil) != (c.want == "") {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if h.psa.reads != c.reads {
				t.Errorf("%d reads, want %d", h.psa.reads, c.reads)
			}
			_, _, err = h.Authenticate(t.Context(), grant.Token)
			if over := c.want == verify.CodeSessionEnded; over != (verify.CodeOf(err) == verify.CodeSession) {
				t.Errorf("the session afterwards: %v", err)
			}
		})
	}
}

func TestThreat_08_DestinationsOfAContextAreNotCompared(t *testing.T) {
	h := newHarness(t)
	grant := h.open(t, h.sign(t, nil), "")
	h.now = h.now.Add(11 * time.Hour)
	if err := h.RecheckContact(t.Context(), grant.Session, "dana", "dana-mobile"); err != nil || h.psa.reads != 0 {
		t.Errorf("%v after %d reads", err, h.psa.reads)
	}
}

func TestHostedSessionEndsWithinTheHour(t *testing.T) {
	h := newHarness(t)
	grant, err := h.OpenHosted(t.Context(), hostedLaunch())
	if err != nil {
		t.Fatal(err)
	}
	h.now = h.now.Add(launch.HostedLifetime - time.Minute)
	if _, until, err := h.Renew(t.Context(), grant.Session); err != nil || !until.Equal(grant.Session.EndsAt) {
		t.Errorf("in its last minute it is renewed until %s: %v", until, err)
	}
	h.now = h.now.Add(time.Minute)
	if _, _, err := h.Renew(t.Context(), grant.Session); verify.CodeOf(err) != verify.CodeSessionEnded {
		t.Errorf("after the hour: %v", err)
	}
}
