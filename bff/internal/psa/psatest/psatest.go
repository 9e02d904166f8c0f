// Package psatest is the contract of ticket systems' adapters: one suite that each adapter passes against its own system.
//
// Start with [Run]. It is told what the adapter can do beside reading contacts; a promise about anything else is skipped
// by name. A [Fixture] names the records that the system holds.
package psatest

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// Capability is what an adapter can do beside reading contacts.
type Capability string

// The capabilities. Each of the first five is an interface of package psa.
const (
	Tickets        Capability = "reads tickets"          // psa.Adapter
	HostedLaunches Capability = "proves hosted launches" // psa.MemberVerifier
	Search         Capability = "searches"               // psa.Searcher
	Notes          Capability = "writes notes"           // psa.Writer
	Check          Capability = "checks a connection"    // psa.Checker
	Remote         Capability = "calls a system by HTTP" // which can fail, and lists records in pages
)

// Contacts reads the people of a client, as [psa.Adapter] does. Every adapter does this.
type Contacts interface {
	Contacts(ctx context.Context, t verify.Tenant, client, contact string) ([]launchcontext.Contact, error)
}

// Person is a contact of a client.
type Person struct{ Client, ID string }

// Fixture is an adapter with its system, and what the system holds. Fields of capabilities that are not declared stay
// empty.
type Fixture struct {
	Adapter  Contacts
	Tenant   verify.Tenant // has connected the system
	Stranger verify.Tenant // has not

	Contact Person // of a client with others
	Other   Person // of another client
	Large   Person // of a client of over 1,000 people
	// Unusable has Channel, to which no message can be sent.
	Unusable Person
	Channel  launchcontext.Channel

	Ticket      string // of Contact
	Contactless string // a ticket of Contact's client, without a contact
	Missing     string // no ticket's id
	LastPage    string // the contact of Large's client on the last page, by name among the first

	Member  psa.Member // may see Ticket
	Foreign psa.Member // has Member's credential under a colleague's name
	Unknown psa.Member // has a credential that is no session's

	NotesOn func(ticket string) []string // the texts of the ticket's notes
	Fail    func(Fault)                  // makes the system fail until the next call
}

// Fault is how a system fails.
type Fault string

// The faults.
const (
	None        Fault = "none"
	Outage      Fault = "outage"       // only a gateway answers
	RateLimit   Fault = "rate limit"   // too many requests, with the time of the next one
	WrongKeys   Fault = "wrong keys"   // the tenant's keys are refused
	Slow        Fault = "slow"         // answers after 30 seconds
	AnswersLost Fault = "answers lost" // notes are written, and the connection ends without an answer
)

// Run runs the suite for an adapter that declares these capabilities. open gives a new system for each promise. Promises
// about a remote system run on a clock of their own (package synctest), so open uses no network: [Transport] serves a
// handler in memory.
func Run(t *testing.T, declared []Capability, open func(testing.TB) Fixture) {
	t.Run("an adapter has the capabilities that are declared, and no others", func(t *testing.T) {
		checkCapabilities(t, declared, open(t).Adapter)
	})
	for _, p := range promises {
		if slices.ContainsFunc(p.needs, func(c Capability) bool { return !slices.Contains(declared, c) }) {
			continue // not of this adapter; the first test holds the declaration to its interfaces
		}
		t.Run(p.name, func(t *testing.T) {
			holds := func(t *testing.T) { p.holds(t, system{open(t), declared}) }
			if slices.Contains(p.needs, Remote) {
				synctest.Test(t, holds)
			} else {
				holds(t)
			}
		})
	}
}

func checkCapabilities(t *testing.T, declared []Capability, adapter Contacts) {
	for c, implemented := range map[Capability]bool{
		Tickets: is[psa.Adapter](adapter), HostedLaunches: is[psa.MemberVerifier](adapter), Search: is[psa.Searcher](adapter),
		Notes: is[psa.Writer](adapter), Check: is[psa.Checker](adapter),
	} {
		if slices.Contains(declared, c) != implemented {
			t.Errorf("it %s: declared is %t, implemented is %t", c, !implemented, implemented)
		}
	}
}

func is[T any](adapter any) bool {
	_, ok := adapter.(T)
	return ok
}

// promise is a sentence that holds for each adapter with the capabilities that it needs.
type promise struct {
	name  string
	needs []Capability
	holds func(*testing.T, system)
}

// system is a fixture with its adapter's capabilities. A promise declares those that it uses.
type system struct {
	Fixture
	declared []Capability
}

func (s system) tickets() psa.Adapter         { return s.Adapter.(psa.Adapter) }
func (s system) verifier() psa.MemberVerifier { return s.Adapter.(psa.MemberVerifier) }
func (s system) searcher() psa.Searcher       { return s.Adapter.(psa.Searcher) }
func (s system) writer() psa.Writer           { return s.Adapter.(psa.Writer) }
func (s system) checker() psa.Checker         { return s.Adapter.(psa.Checker) }

// contacts reads the people of a client, and fails the test if that fails.
func (s system) contacts(t *testing.T, client, contact string) []launchcontext.Contact {
	t.Helper()
	people, err := s.Adapter.Contacts(t.Context(), s.Tenant, client, contact)
	if err != nil {
		t.Fatal(err)
	}
	return people
}

// has reports how often a contact is in a list.
func has(people []launchcontext.Contact, id string) (n int) {
	for _, p := range people {
		if p.ID == id {
			n++
		}
	}
	return n
}

// wantCode checks that an error has exactly this code; no error if the code is empty.
func wantCode(t *testing.T, what string, err error, code verify.Code) {
	t.Helper()
	if verify.CodeOf(err) != code || (err == nil) != (code == "") {
		t.Errorf("%s: %v, want code %q", what, err, code)
	}
}
