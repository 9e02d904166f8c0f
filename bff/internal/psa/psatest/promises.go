package psatest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

var promises = slices.Concat(contactPromises, ticketPromises, hostedPromises, searchPromises, notePromises, faultPromises)

var contactPromises = []promise{
	{"a client's contacts include the named one once", nil, func(t *testing.T, s system) {
		people := s.contacts(t, s.Contact.Client, s.Contact.ID)
		if has(people, s.Contact.ID) != 1 || len(people) < 2 {
			t.Errorf("they are %+v", people)
		}
	}},
	{"another client's contact is not among them, even when named", nil, func(t *testing.T, s system) {
		if people := s.contacts(t, s.Contact.Client, s.Other.ID); has(people, s.Other.ID) != 0 || has(people, s.Contact.ID) != 1 {
			t.Errorf("they are %+v", people)
		}
	}},
	{"a contact keeps a number that can't be used, so that the pod says why", nil, func(t *testing.T, s system) {
		for _, p := range s.contacts(t, s.Unusable.Client, s.Unusable.ID) {
			if p.ID == s.Unusable.ID && slices.ContainsFunc(p.Channels, func(c launchcontext.Channel) bool { return sameChannel(c, s.Channel) }) {
				return
			}
		}
		t.Errorf("there is no contact %s with %+v", s.Unusable.ID, s.Channel)
	}},
	{"of over 1,000 contacts a launch gets its limit, the named one among them", nil, func(t *testing.T, s system) {
		people := s.contacts(t, s.Large.Client, s.Large.ID)
		if has(people, s.Large.ID) != 1 || len(people) < psa.MaxContacts || len(people) > psa.MaxContacts+1 {
			t.Errorf("the named one is there %d times of %d", has(people, s.Large.ID), len(people))
		}
	}},
	{"all pages of over 1,000 contacts are read", []Capability{Remote}, func(t *testing.T, s system) {
		if people := s.contacts(t, s.Large.Client, ""); has(people, s.LastPage) != 1 {
			t.Errorf("contact %s of the last page is not among the %d", s.LastPage, len(people))
		}
	}},
	{"a tenant without a connection has no contacts", nil, func(t *testing.T, s system) {
		_, err := s.Adapter.Contacts(t.Context(), s.Stranger, s.Contact.Client, s.Contact.ID)
		wantCode(t, "contacts", err, verify.CodeNotFound)
	}},
}

func sameChannel(a, b launchcontext.Channel) bool {
	return a.ID == b.ID && a.Kind == b.Kind && a.Value == b.Value &&
		(a.Mobile == nil) == (b.Mobile == nil) && (a.Mobile == nil || *a.Mobile == *b.Mobile)
}

var ticketPromises = []promise{
	{"a ticket has its client, its contact, and the client's people", []Capability{Tickets}, func(t *testing.T, s system) {
		got, err := s.tickets().Ticket(t.Context(), s.Tenant, s.Ticket)
		wantCode(t, "the ticket", err, "")
		if got.PSA != s.tickets().Product().Name || got.Ticket.ID != s.Ticket || got.Client.ID != s.Contact.Client ||
			got.Contact.ID != s.Contact.ID || has(got.Contacts, s.Contact.ID) != 1 {
			t.Errorf("it is %+v", got)
		}
	}},
	{"a ticket without a contact names none", []Capability{Tickets}, func(t *testing.T, s system) {
		got, err := s.tickets().Ticket(t.Context(), s.Tenant, s.Contactless)
		wantCode(t, "the ticket", err, "")
		if got.Contact.ID != "" || got.Client.ID != s.Contact.Client || has(got.Contacts, s.Contact.ID) != 1 {
			t.Errorf("it is %+v", got)
		}
	}},
	{"an unknown ticket is refused", []Capability{Tickets}, func(t *testing.T, s system) {
		for _, id := range []string{s.Missing, "", "../" + s.Ticket, s.Ticket + "?x=1"} {
			_, err := s.tickets().Ticket(t.Context(), s.Tenant, id)
			wantCode(t, "ticket "+id, err, verify.CodeTicket)
		}
	}},
	{"a tenant without a connection has no tickets", []Capability{Tickets}, func(t *testing.T, s system) {
		_, err := s.tickets().Ticket(t.Context(), s.Stranger, s.Ticket)
		wantCode(t, "the ticket", err, verify.CodeNotFound)
	}},
}

var hostedPromises = []promise{
	{"a member who is signed in opens a ticket", []Capability{HostedLaunches}, func(t *testing.T, s system) {
		who, err := s.verifier().VerifyMember(t.Context(), s.Tenant, s.Member)
		wantCode(t, "the member", err, "")
		got, err := s.verifier().TicketAsMember(t.Context(), s.Tenant, s.Member, s.Ticket, "")
		wantCode(t, "the ticket", err, "")
		if !strings.EqualFold(who.ID, s.Member.ID) || got.Ticket.ID != s.Ticket || has(got.Contacts, s.Contact.ID) != 1 {
			t.Errorf("%+v opens %+v", who, got)
		}
	}},
	{"a colleague's credential under one's own name is refused", []Capability{HostedLaunches}, func(t *testing.T, s system) {
		who, err := s.verifier().VerifyMember(t.Context(), s.Tenant, s.Foreign)
		if wantCode(t, "the member", err, verify.CodeMember); who != (verify.Technician{}) {
			t.Errorf("it gives %+v", who)
		}
	}},
	{"a credential that is no session's opens nothing", []Capability{HostedLaunches}, func(t *testing.T, s system) {
		_, err := s.verifier().VerifyMember(t.Context(), s.Tenant, s.Unknown)
		wantCode(t, "the member", err, verify.CodeMember)
		got, err := s.verifier().TicketAsMember(t.Context(), s.Tenant, s.Unknown, s.Ticket, "")
		if wantCode(t, "the ticket", err, verify.CodeMember); len(got.Contacts) != 0 {
			t.Errorf("it gives %+v", got)
		}
	}},
	{"a member may not open a ticket that is missing", []Capability{HostedLaunches}, func(t *testing.T, s system) {
		_, err := s.verifier().TicketAsMember(t.Context(), s.Tenant, s.Member, s.Missing, "")
		wantCode(t, "the ticket", err, verify.CodeTicket)
	}},
	{"a tenant without a connection has no hosted launches", []Capability{HostedLaunches}, func(t *testing.T, s system) {
		_, err := s.verifier().VerifyMember(t.Context(), s.Stranger, s.Member)
		wantCode(t, "the member", err, verify.CodePSAMisconfigured)
	}},
}

var searchPromises = []promise{
	{"a search finds a ticket by its number", []Capability{Search}, func(t *testing.T, s system) {
		found, err := s.searcher().Search(t.Context(), s.Tenant, s.Ticket)
		wantCode(t, "the search", err, "")
		if len(found) != 1 || found[0].Ticket.ID != s.Ticket || found[0].Client.ID != s.Contact.Client || found[0].Contact.ID != s.Contact.ID {
			t.Errorf("it finds %+v", found)
		}
	}},
	{"a text without letters or digits finds nothing", []Capability{Search}, func(t *testing.T, s system) {
		for _, text := range []string{"", ` "%*' `} {
			found, err := s.searcher().Search(t.Context(), s.Tenant, text)
			wantCode(t, "tickets", err, "")
			clients, err := s.searcher().Clients(t.Context(), s.Tenant, text)
			if wantCode(t, "clients", err, ""); len(found)+len(clients) != 0 {
				t.Errorf("%q finds %+v and %+v", text, found, clients)
			}
		}
	}},
	{"a check of a connection that works gives the API's address", []Capability{Check}, func(t *testing.T, s system) {
		address, err := s.checker().Check(t.Context(), s.Tenant)
		if wantCode(t, "the check", err, ""); !strings.Contains(address, "://") {
			t.Errorf("the address is %q", address)
		}
	}},
}

func (s system) note(repeated bool) psa.Note {
	return psa.Note{Ticket: s.Ticket, Verification: "v_4711", Text: "Caller verification: verified\nVerification: v_4711", Repeated: repeated}
}

// written counts the notes of the verification on the ticket.
func (s system) written() (n int) {
	for _, text := range s.NotesOn(s.Ticket) {
		if strings.Contains(text, "v_4711") {
			n++
		}
	}
	return n
}

var notePromises = []promise{
	{"a note is on its ticket once, also when it is written again", []Capability{Notes}, func(t *testing.T, s system) {
		wantCode(t, "the write", s.writer().WriteNote(t.Context(), s.Tenant, s.note(false)), "")
		wantCode(t, "the repeated write", s.writer().WriteNote(t.Context(), s.Tenant, s.note(true)), "")
		if n := s.written(); n != 1 || !slices.Contains(s.NotesOn(s.Ticket), s.note(false).Text) {
			t.Errorf("it is there %d times: %q", n, s.NotesOn(s.Ticket))
		}
	}},
	{"a repeated write that finds no note writes it", []Capability{Notes}, func(t *testing.T, s system) {
		wantCode(t, "the repeated write", s.writer().WriteNote(t.Context(), s.Tenant, s.note(true)), "")
		if n := s.written(); n != 1 {
			t.Errorf("it is there %d times", n)
		}
	}},
	{"a note whose answer was lost is found before it is written again", []Capability{Notes, Remote}, func(t *testing.T, s system) {
		s.Fail(AnswersLost)
		wantCode(t, "the write", s.writer().WriteNote(t.Context(), s.Tenant, s.note(false)), verify.CodePSADown)
		s.Fail(None)
		wantCode(t, "the repeated write", s.writer().WriteNote(t.Context(), s.Tenant, s.note(true)), "")
		if n := s.written(); n != 1 {
			t.Errorf("it is there %d times", n)
		}
	}},
	{"a note for a ticket that is missing is refused", []Capability{Notes}, func(t *testing.T, s system) {
		for _, repeated := range []bool{false, true} {
			n := s.note(repeated)
			n.Ticket = s.Missing
			wantCode(t, "the write", s.writer().WriteNote(t.Context(), s.Tenant, n), verify.CodeTicket)
		}
	}},
}

// calls makes each call of the adapter's capabilities, and gives the errors by name.
func (s system) calls(ctx context.Context) map[string]error {
	failures := map[string]error{}
	_, failures["contacts"] = s.Adapter.Contacts(ctx, s.Tenant, s.Contact.Client, s.Contact.ID)
	if slices.Contains(s.declared, Tickets) {
		_, failures["a ticket"] = s.tickets().Ticket(ctx, s.Tenant, s.Ticket)
	}
	if slices.Contains(s.declared, HostedLaunches) {
		_, failures["a member"] = s.verifier().VerifyMember(ctx, s.Tenant, s.Member)
		_, failures["a member's ticket"] = s.verifier().TicketAsMember(ctx, s.Tenant, s.Member, s.Ticket, "")
	}
	if slices.Contains(s.declared, Search) {
		_, failures["a search"] = s.searcher().Search(ctx, s.Tenant, s.Ticket)
	}
	if slices.Contains(s.declared, Notes) {
		failures["a note"] = s.writer().WriteNote(ctx, s.Tenant, s.note(false))
	}
	if slices.Contains(s.declared, Check) {
		_, failures["a check"] = s.checker().Check(ctx, s.Tenant)
	}
	return failures
}

// maxCall is how long a call may take: twice the five seconds of a request, of which an address that has moved needs
// more than one.
const maxCall = 10 * time.Second

var faultPromises = []promise{
	{"an outage is told as one and is over when the system is back", []Capability{Remote}, func(t *testing.T, s system) {
		s.Fail(Outage)
		for what, err := range s.calls(t.Context()) {
			wantCode(t, what, err, verify.CodePSADown)
		}
		s.Fail(None)
		for what, err := range s.calls(t.Context()) {
			wantCode(t, what+" afterwards", err, "")
		}
	}},
	{"a rate limit is told with the time to wait", []Capability{Remote}, func(t *testing.T, s system) {
		s.Fail(RateLimit)
		for what, err := range s.calls(t.Context()) {
			wantCode(t, what, err, verify.CodePSABusy)
			var refusal *verify.Error
			if errors.As(err, &refusal) && refusal.RetryAfter <= 0 {
				t.Errorf("%s: the time to wait is %s", what, refusal.RetryAfter)
			}
		}
	}},
	{"keys that are refused are a matter for the administrator", []Capability{Remote}, func(t *testing.T, s system) {
		s.Fail(WrongKeys)
		for what, err := range s.calls(t.Context()) {
			if !strings.HasPrefix(what, "a member") {
				wantCode(t, what, err, verify.CodePSAMisconfigured)
			}
		}
	}},
	{"a slow system ends no call later than its time-out", []Capability{Remote}, func(t *testing.T, s system) {
		s.Fail(Slow)
		begun := time.Now()
		_, err := s.Adapter.Contacts(t.Context(), s.Tenant, s.Contact.Client, s.Contact.ID)
		wantCode(t, "contacts", err, verify.CodePSADown)
		if took := time.Since(begun); took <= 0 || took > maxCall {
			t.Errorf("contacts took %s", took)
		}
	}},
	{"a refusal has words for people and nothing of the member's session", []Capability{Remote, HostedLaunches}, func(t *testing.T, s system) {
		for _, fault := range []Fault{Outage, RateLimit, WrongKeys} {
			s.Fail(fault)
			for what, err := range s.calls(t.Context()) {
				var refusal *verify.Error
				if !errors.As(err, &refusal) || refusal.Public == "" || strings.Contains(err.Error()+refusal.Public, s.Member.Credential) {
					t.Errorf("%s under %s: %+v", what, fault, err)
				}
			}
		}
	}},
}
