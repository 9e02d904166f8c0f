package launch_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/launch"
	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// hostedLaunch is the launch of a known member on the ticket of the fake system.
func hostedLaunch() launch.HostedLaunch {
	return launch.HostedLaunch{
		Tenant: "acme", Origin: "https://psa.example", System: manage.Name, Ticket: "1174", Screen: "ticket",
		Member: psa.Member{ID: "ana", Credential: "hash-5d0c2b77", Context: "context-91ab"},
	}
}

// refusedHosted checks the refusal of a hosted launch, and that the refusal stored nothing.
func (h *harness) refusedHosted(t *testing.T, l launch.HostedLaunch, want verify.Code) verify.Error {
	t.Helper()
	sessions, _ := h.stored(t)
	grant, err := h.OpenHosted(t.Context(), l)
	var refusal *verify.Error
	if !errors.As(err, &refusal) || refusal.Code != want || refusal.Public == "" || grant.Token != "" || grant.Session.ID != "" {
		t.Fatalf("got %v, want %q in public words, and no grant", err, want)
	}
	if now, _ := h.stored(t); now != sessions {
		t.Errorf("a refused member left %d sessions", now-sessions)
	}
	return *refusal
}

func TestHostedLaunchMapsTheTicketToATicketContext(t *testing.T) {
	h := newHarness(t)
	grant, err := h.OpenHosted(t.Context(), hostedLaunch())
	if err != nil {
		t.Fatal(err)
	}
	want := verify.Session{
		ID: grant.Session.ID, Origin: "https://psa.example", OpenedAt: h.now.UTC(), EndsAt: h.now.UTC().Add(time.Hour), FirstOpen: true,
		Context: verify.TicketContext{
			Tenant:     "acme",
			Technician: verify.Technician{ID: "connectwise:ana", Name: "Ana Ortiz", Email: "ana@acme.example", Phone: "+14155550100"},
			Ticket:     verify.Ticket{PSA: "connectwise", ID: "1174", Number: "1174", Summary: "Password reset"},
			Client:     verify.Client{ID: "connectwise:250", Name: "Contoso"},
			Contacts: []verify.Contact{
				{ID: "connectwise:12", Name: "Dana Reyes", Title: "Accountant", Channels: []verify.Channel{
					{ID: "1", Kind: channel.Phone, Value: "+14155554821", Label: "Cell", Capability: channel.Mobile, Country: "US"},
					{ID: "2", Kind: channel.Email, Value: "dana@contoso.com", Label: "Email"},
				}},
				{ID: "connectwise:31", Name: "Raj Patel", Channels: []verify.Channel{
					{ID: "9", Kind: channel.Phone, Value: "+14155554822", Capability: channel.Mobile, Country: "US"},
				}},
			},
			DefaultContact: "connectwise:12", OwnDestinations: []string{"ana@acme.example", "+14155550100"}, OnFile: true, TakesNotes: true,
		},
	}
	if diff := cmp.Diff(want, grant.Session); diff != "" {
		t.Error(diff)
	}
	session, _, err := h.newNode().Authenticate(t.Context(), grant.Token)
	if diff := cmp.Diff(want, session); diff != "" || err != nil {
		t.Error(err, diff)
	}
	again, err := h.OpenHosted(t.Context(), hostedLaunch())
	if err != nil || again.Session.FirstOpen {
		t.Errorf("opened again it is the first time: %v", err)
	}
	if sessions, used := h.stored(t); sessions != 2 || used != 0 {
		t.Errorf("%d sessions and %d spent ids, want 2 and none", sessions, used)
	}
}

func TestThreat_01_HostedLaunchesFailClosed(t *testing.T) {
	code := func(c verify.Code) error { return &verify.Error{Code: c, Public: "The adapter's words."} }
	for _, c := range []struct {
		name string
		edit func(*harness, *launch.HostedLaunch)
		want verify.Code
	}{
		{"a hash that is nobody's", func(h *harness, _ *launch.HostedLaunch) { h.psa.verifyErr = code(verify.CodeMember) }, verify.CodeMember},
		{"an answer that names nobody", func(h *harness, _ *launch.HostedLaunch) { h.psa.who.ID = "" }, verify.CodeMember},
		{"an unknown tenant", func(_ *harness, l *launch.HostedLaunch) { l.Tenant = "nobody" }, verify.CodeMember},
		{"a member without access to the ticket", func(h *harness, _ *launch.HostedLaunch) { h.psa.readErr = code(verify.CodeTicket) }, verify.CodeTicket},
		{"another ticket than was asked for", func(h *harness, _ *launch.HostedLaunch) { h.psa.ticket.Ticket.ID = "1175" }, verify.CodeTicket},
		{"a ticket system that is down", func(h *harness, _ *launch.HostedLaunch) { h.psa.verifyErr = code(verify.CodePSADown) }, verify.CodePSADown},
		{"a ticket that can't be read", func(h *harness, _ *launch.HostedLaunch) { h.psa.readErr = code(verify.CodePSADown) }, verify.CodePSADown},
		{"an error without a code", func(h *harness, _ *launch.HostedLaunch) { h.psa.verifyErr = errors.New("<html>") }, verify.CodePSADown},
		{"a time-out of the ticket's", func(h *harness, _ *launch.HostedLaunch) { h.psa.readErr = context.DeadlineExceeded }, verify.CodePSADown},
		{"a ticket system that is busy", func(h *harness, _ *launch.HostedLaunch) { h.psa.verifyErr = code(verify.CodePSABusy) }, verify.CodePSABusy},
		{"keys that are refused", func(h *harness, _ *launch.HostedLaunch) { h.psa.readErr = code(verify.CodePSAMisconfigured) }, verify.CodePSAMisconfigured},
		{"a ticket without a contact", func(h *harness, _ *launch.HostedLaunch) { h.psa.ticket.Contact.ID = "" }, verify.CodeContact},
		{"a ticket of a contact who is inactive", func(h *harness, _ *launch.HostedLaunch) { h.psa.ticket.Contact.ID = "99" }, verify.CodeContact},
		{"a ticket without a client", func(h *harness, _ *launch.HostedLaunch) { h.psa.ticket.Client.ID = "" }, verify.CodeContextInvalid},
		{"a page that is none of the tenant's", func(_ *harness, l *launch.HostedLaunch) { l.Origin = "https://evil.example" }, verify.CodeContextInvalid},
		{"a page by http", func(_ *harness, l *launch.HostedLaunch) { l.Origin = "http://psa.example" }, verify.CodeContextInvalid},
		{"a server that is connected to nothing", func(h *harness, _ *launch.HostedLaunch) { h.Hosted = psa.Systems{} }, verify.CodePSAMisconfigured},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHarness(t)
			l := hostedLaunch()
			c.edit(h, &l)
			h.refusedHosted(t, l, c.want)
		})
	}
}

func TestThreat_01_TheProofsRefusalGoesBeforeTheTickets(t *testing.T) {
	h := newHarness(t)
	h.psa.verifyErr = &verify.Error{Code: verify.CodeMember, Public: "No."}
	h.psa.readErr = &verify.Error{Code: verify.CodeTicket, Public: "No."}
	h.refusedHosted(t, hostedLaunch(), verify.CodeMember)
}

// fakeSlowTickets gives the ticket when unblocked, or when the request is cancelled.
type fakeSlowTickets struct {
	fakeHosted
	unblock chan struct{}
	result  chan error
}

func (l fakeSlowTickets) TicketAsMember(ctx context.Context, t verify.Tenant, system string, m psa.Member, ticket, screen string) (launchcontext.Context, error) {
	select {
	case <-l.unblock:
		l.result <- nil
	case <-ctx.Done():
		l.result <- ctx.Err()
	}
	return l.fakeHosted.TicketAsMember(ctx, t, system, m, ticket, screen)
}

func TestMemberAndTicketAreAskedForSideBySide(t *testing.T) {
	h := newHarness(t)
	slow := fakeSlowTickets{fakeHosted: fakeHosted{h.psa}, unblock: make(chan struct{}), result: make(chan error, 1)}
	h.Hosted = slow
	h.psa.duringVerify = func() { close(slow.unblock) } // the ticket is requested before the member is verified
	if _, err := h.OpenHosted(t.Context(), hostedLaunch()); err != nil {
		t.Fatal(err)
	}
	if err := <-slow.result; err != nil {
		t.Error(err)
	}
}

func TestATicketIsNotWaitedForOnceTheProofIsRefused(t *testing.T) {
	h := newHarness(t)
	slow := fakeSlowTickets{fakeHosted: fakeHosted{h.psa}, unblock: make(chan struct{}), result: make(chan error, 1)}
	h.Hosted, h.psa.verifyErr = slow, &verify.Error{Code: verify.CodeMember, Public: "No."}
	h.refusedHosted(t, hostedLaunch(), verify.CodeMember)
	if err := <-slow.result; !errors.Is(err, context.Canceled) {
		t.Errorf("the ticket's reader is left with %v", err)
	}
}

// unknownMember is the launch of a member whom the ticket system does not know.
func unknownMember(from string, i int) launch.HostedLaunch {
	l := hostedLaunch()
	l.From = netip.MustParseAddr(from)
	l.Member.ID, l.Member.Credential = fmt.Sprint("made up ", i), fmt.Sprint("made up ", i)
	return l
}

// openHosted opens a pod. The fake system knows Ana, and no member with an invented session.
func (h *harness) openHosted(t *testing.T, l launch.HostedLaunch) verify.Code {
	t.Helper()
	h.psa.verifyErr = nil
	if strings.HasPrefix(l.Member.Credential, "made up") {
		h.psa.verifyErr = &verify.Error{Code: verify.CodeMember, Public: "No."}
	}
	_, err := h.OpenHosted(t.Context(), l)
	return verify.CodeOf(err)
}

// newSession is Ana with a new session, at an address.
func newSession(from, hash string) launch.HostedLaunch {
	l := hostedLaunch()
	l.From, l.Member.Credential = netip.MustParseAddr(from), hash
	return l
}

func TestThreat_05_AFloodOfMadeUpMembersIsNotOneOnTheTicketSystem(t *testing.T) {
	h := newHarness(t)
	calls := map[string]int{}
	h.UnknownMembers = func(tenant string, from netip.Addr) { calls[tenant+" "+from.String()]++ }
	ended := map[verify.Code]int{}
	for i := range 1000 {
		ended[h.openHosted(t, unknownMember("198.51.100.9", i))]++
	}
	if diff := cmp.Diff(map[verify.Code]int{verify.CodeMember: 20, verify.CodePSABusy: 980}, ended); diff != "" || h.psa.proofs != 20 {
		t.Errorf("the ticket system was asked %d times: %s", h.psa.proofs, diff)
	}
	if calls["acme 198.51.100.9"] != 980 {
		t.Errorf("told of %v", calls)
	}
	l := unknownMember("198.51.100.9", 1001)
	h.psa.verifyErr = &verify.Error{Code: verify.CodeMember, Public: "No."}
	if refusal := h.refusedHosted(t, l, verify.CodePSABusy); refusal.RetryAfter != 3*time.Second {
		t.Errorf("it may come back after %s", refusal.RetryAfter)
	}
	h.now = h.now.Add(time.Second)
	if got := h.openHosted(t, l); got != verify.CodeMember {
		t.Errorf("a second later: %q", got)
	}
	h.put(t, admin.Tenant{Tenant: verify.Tenant{ID: "beta", Name: "Beta", Region: "US", Origins: []string{"https://psa.example"}}})
	theirs := newSession("198.51.100.9", "hers")
	theirs.Tenant = "beta"
	if got := h.openHosted(t, theirs); got != "" {
		t.Errorf("another tenant waits for ours: %q", got)
	}
}

func TestThreat_05_AMemberWhoCanBeVerifiedOpensAPodDuringAFlood(t *testing.T) {
	fromEverywhere := func(_ *harness, s int) (all []launch.HostedLaunch) {
		for i := range 50 {
			all = append(all, unknownMember(fmt.Sprintf("2001:db8:%x:%x::1", s, i), s*50+i))
		}
		return all
	}
	for _, row := range []struct {
		name   string
		before string                                             // the address at which Ana was verified before; empty: none
		flood  func(h *harness, second int) []launch.HostedLaunch // of one second
		from   string
	}{
		{"one a second from her own address, which was never seen before", "", func(_ *harness, s int) []launch.HostedLaunch {
			return []launch.HostedLaunch{unknownMember("203.0.113.7", s)}
		}, "203.0.113.7"},
		{"one a second from many addresses", "", func(_ *harness, s int) []launch.HostedLaunch {
			return []launch.HostedLaunch{unknownMember(fmt.Sprintf("198.51.100.%d", s%250), s)}
		}, "203.0.113.7"},
		{"one a second from each of fifty addresses", "", func(_ *harness, s int) (all []launch.HostedLaunch) {
			for i := range 50 {
				all = append(all, unknownMember(fmt.Sprintf("198.51.100.%d", i), s*50+i))
			}
			return all
		}, "203.0.113.7"},
		{"a hundred a second from one address", "", func(_ *harness, s int) (all []launch.HostedLaunch) {
			for i := range 100 {
				all = append(all, unknownMember("198.51.100.9", s*100+i))
			}
			return all
		}, "203.0.113.7"},
		{"a hundred a second from her own address, at which she was proven before", "203.0.113.7", func(_ *harness, s int) (all []launch.HostedLaunch) {
			for i := range 100 {
				all = append(all, unknownMember("203.0.113.7", s*100+i))
			}
			return all
		}, "203.0.113.7"},
		{"fifty a second, each from an address of its own, and she is at her office", "203.0.113.7", fromEverywhere, "203.0.113.7"},
		{"the same flood, and she is elsewhere", "203.0.113.7", fromEverywhere, "203.0.113.99"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := newHarness(t)
			if row.before != "" {
				if got := h.openHosted(t, newSession(row.before, "yesterday's")); got != "" {
					t.Fatal(got)
				}
			}
			for second := range 45 {
				for _, l := range row.flood(h, second) {
					h.openHosted(t, l)
				}
				if second > 0 && second%20 == 0 {
					if got := h.openHosted(t, newSession(row.from, fmt.Sprint("session ", second))); got != "" {
						t.Errorf("after %d seconds: %q", second, got)
					}
				}
				h.now = h.now.Add(time.Second)
			}
		})
	}
}

func TestThreat_05_AMemberWhoseNameIsKnownIsNotShutOutByIt(t *testing.T) {
	h := newHarness(t)
	if got := h.openHosted(t, newSession("203.0.113.7", "yesterday's")); got != "" {
		t.Fatal(got)
	}
	for i := range 500 {
		l := unknownMember("198.51.100.9", i)
		l.Member.ID = hostedLaunch().Member.ID
		h.openHosted(t, l)
	}
	if h.psa.proofs > 1+5+20 {
		t.Errorf("the ticket system was asked %d times", h.psa.proofs)
	}
	if got := h.openHosted(t, newSession("203.0.113.7", "today's")); got != "" {
		t.Errorf("at her office: %q", got)
	}
}

func TestThreat_05_OnlySoManyAreAskedAboutAtOnce(t *testing.T) {
	h := newHarness(t)
	var gathered, let sync.WaitGroup
	gathered.Add(20)
	let.Add(1)
	h.psa.duringVerify = func() { gathered.Done(); let.Wait() }
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			l := hostedLaunch()
			l.Member.ID, l.Member.Credential = fmt.Sprint("somebody ", i), fmt.Sprint("somebody ", i)
			if _, err := h.OpenHosted(t.Context(), l); err != nil {
				t.Error(err)
			}
		})
	}
	gathered.Wait()
	h.refusedHosted(t, hostedLaunch(), verify.CodePSABusy)
	let.Done()
	all.Wait()
	h.psa.duringVerify = nil
	if _, err := h.OpenHosted(t.Context(), hostedLaunch()); err != nil {
		t.Errorf("once they are through: %v", err)
	}
}

func TestThreat_05_ASessionThatWasRefusedIsNotAskedAboutAgainAtOnce(t *testing.T) {
	h := newHarness(t)
	for range 500 {
		if got := h.openHosted(t, unknownMember("198.51.100.9", 1)); got != verify.CodeMember {
			t.Fatal(got)
		}
	}
	if h.psa.proofs != 1 {
		t.Errorf("the ticket system was asked %d times", h.psa.proofs)
	}
	h.now = h.now.Add(10 * time.Second)
	l := unknownMember("198.51.100.9", 1)
	h.psa.verifyErr = nil // it is known by now
	if _, err := h.OpenHosted(t.Context(), l); err != nil || h.psa.proofs != 2 {
		t.Errorf("ten seconds later: %v, asked %d times", err, h.psa.proofs)
	}
}

func TestThreat_05_ASessionThatIsOverIsNewAgain(t *testing.T) {
	h := newHarness(t)
	if _, err := h.OpenHosted(t.Context(), hostedLaunch()); err != nil {
		t.Fatal(err)
	}
	h.psa.verifyErr = &verify.Error{Code: verify.CodeMember, Public: "No."}
	for range 3 {
		h.refusedHosted(t, hostedLaunch(), verify.CodeMember)
	}
	if h.psa.proofs != 2 {
		t.Errorf("asked %d times, want once when it was open and once when it was over", h.psa.proofs)
	}
}

func TestThreat_05_AnOutageDoesNotCountAsARefusal(t *testing.T) {
	h := newHarness(t)
	h.psa.verifyErr = &verify.Error{Code: verify.CodePSADown, Public: "Down."}
	for range 100 {
		h.refusedHosted(t, hostedLaunch(), verify.CodePSADown)
	}
}

func TestThreat_07_IDsOfConnectWiseAreNoOtherSystems(t *testing.T) {
	h := newHarness(t)
	for _, edit := range []func(*launchcontext.Claims){
		func(c *launchcontext.Claims) { c.Subject = "connectwise:ana" },
		func(c *launchcontext.Claims) { c.Context.Client.ID = "connectwise:250" },
		func(c *launchcontext.Claims) { c.Context.Contacts[1].ID = "connectwise:12" },
	} {
		h.refused(t, h.sign(t, edit), "", verify.CodeContextInvalid)
	}
	tc := h.open(t, h.sign(t, func(c *launchcontext.Claims) { c.Context.PSA = "connectwise" }), "").Session.Context
	if tc.Technician.ID != "connectwise:member-7" || tc.DefaultContact != "connectwise:dana" || tc.Client.ID != "connectwise:contoso" {
		t.Errorf("a context about ConnectWise's own ticket gives %+v", tc)
	}
}

func TestThreat_10_AMembersOwnRecordIsReadAsFarAsItCan(t *testing.T) {
	h := newHarness(t)
	h.psa.who.Email, h.psa.who.Phone = "see intranet", "ext. 12"
	grant, err := h.OpenHosted(t.Context(), hostedLaunch())
	if err != nil || grant.Session.Context.Technician.Email != "" || grant.Session.Context.Technician.Phone != "" {
		t.Errorf("%v, %+v", err, grant.Session.Context.Technician)
	}
}

func TestContactsOnFileAreReadAsFarAsTheyCan(t *testing.T) {
	h := newHarness(t)
	dana := h.psa.ticket.Contacts[1]
	list := []launchcontext.Contact{
		{ID: "1", Name: "\u200b"}, {ID: "2 ", Name: "Bad Id"}, {ID: "", Name: "No Id"}, {ID: "31", Name: "Raj Patel"}, {ID: "31", Name: "Raj Again"},
	}
	for i := range 300 {
		list = append(list, launchcontext.Contact{ID: fmt.Sprint("x", i), Name: "X"})
	}
	list = append(list, dana)
	h.psa.ticket.Contacts = list
	grant, err := h.OpenHosted(t.Context(), hostedLaunch())
	if err != nil {
		t.Fatal(err)
	}
	got := grant.Session.Context.Contacts
	if len(got) != psa.MaxContacts || got[0].Name != "Dana Reyes" || got[1].Name != "Raj Patel" || got[2].ID != "connectwise:x0" {
		t.Errorf("%d contacts, beginning %+v", len(got), got[:3])
	}
}

func TestThreat_25_AMembersSessionIsNowhere(t *testing.T) {
	h := newHarness(t)
	l := hostedLaunch()
	if _, err := h.OpenHosted(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	var output strings.Builder
	for _, fault := range []error{
		&verify.Error{Code: verify.CodeMember, Public: "No."}, errors.New("the page was HTML"), context.DeadlineExceeded,
	} {
		h.psa.verifyErr = fault
		_, err := h.OpenHosted(t.Context(), l)
		var refusal *verify.Error
		if !errors.As(err, &refusal) {
			t.Fatal(err)
		}
		fmt.Fprintf(&output, "%v %+v %s %s\n", err, refusal, refusal.Public, refusal.Field)
	}
	fmt.Fprintf(&output, "%v %+v %#v %s", l, l, l, l.Member.LogValue())
	files, err := filepath.Glob(h.path + "*")
	if err != nil || len(files) < 2 {
		t.Fatal(err, files)
	}
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		output.Write(content)
	}
	for _, secret := range []string{l.Member.Credential, l.Member.Context} {
		if strings.Contains(output.String(), secret) {
			t.Errorf("%q is told, or written down", secret)
		}
	}
}
