package directory_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/psa/directory"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

var (
	acme    = verify.Tenant{ID: "acme", Region: "US"}
	contoso = verify.Clientele{Tenant: "acme", System: "desk", Client: "contoso"}
)

// contactList gives contacts whose names are in the reverse order of their ids.
func contactList(n int) []launchcontext.Contact {
	list := make([]launchcontext.Contact, n)
	for i := range list {
		list[i] = launchcontext.Contact{ID: fmt.Sprintf("c%05d", i), Name: fmt.Sprintf("Dana %05d", n-i), Channels: []launchcontext.Channel{
			{ID: "m", Kind: launchcontext.KindPhone, Value: "(415) 555-4821", Label: "Mobile"},
			{ID: "e", Kind: launchcontext.KindEmail, Value: "dana@contoso.com"},
		}}
	}
	return list
}

// newDirectory gives a directory with the contacts.
func newDirectory(t testing.TB, contacts []launchcontext.Contact) directory.Directory {
	t.Helper()
	s := storetest.SQLite(t)
	if err := storetest.PutTenant(t.Context(), s, acme); err != nil {
		t.Fatal(err)
	}
	d := directory.Directory{Cards: s}
	for len(contacts) > 0 {
		n := min(500, len(contacts))
		if err := d.Push(t.Context(), contoso, contacts[:n], ""); err != nil {
			t.Fatal(err)
		}
		contacts = contacts[n:]
	}
	return d
}

func TestContactsReadBackAsTheyWerePushed(t *testing.T) {
	pushed := contactList(2)
	d := newDirectory(t, pushed)
	got, err := d.Contacts(t.Context(), acme, "desk", "contoso", "c00001")
	want := []launchcontext.Contact{pushed[1], pushed[0]} // by name
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestTheTicketsOwnContactIsIncludedInALimitedList(t *testing.T) {
	d := newDirectory(t, contactList(psa.MaxContacts+50))
	own := fmt.Sprintf("c%05d", psa.MaxContacts+49)
	got, err := d.Contacts(t.Context(), acme, "desk", "contoso", own)
	if err != nil || len(got) < psa.MaxContacts {
		t.Fatalf("%d contacts: %v", len(got), err)
	}
	found := false
	for _, c := range got {
		found = found || c.ID == own
	}
	if !found {
		t.Error("the ticket's own contact is not among them")
	}
}

func TestAClientWithoutContactsIsNotFound(t *testing.T) {
	d := newDirectory(t, contactList(1))
	for _, c := range []struct{ name, tenant, system, client string }{
		{"another tenant (row 7)", "beta", "desk", "contoso"}, {"another ticket system", "acme", "other", "contoso"}, {"another client", "acme", "desk", "fabrikam"},
	} {
		if _, err := d.Contacts(t.Context(), verify.Tenant{ID: c.tenant}, c.system, c.client, "c00000"); verify.CodeOf(err) != verify.CodeNotFound {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestAClientHasAMost(t *testing.T) {
	d := newDirectory(t, contactList(directory.MaxContacts))
	err := d.Push(t.Context(), contoso, []launchcontext.Contact{{ID: "one more", Name: "Raj"}}, "")
	if verify.CodeOf(err) != verify.CodeInvalid {
		t.Errorf("one more: %v", err)
	}
	if err := d.Push(t.Context(), contoso, contactList(1), ""); err != nil {
		t.Errorf("one of those that are there: %v", err)
	}
}

// cardStore is the port, under a name that does not collide with its method.
type cardStore = directory.Cards

// fakeBroken gives an unreadable contact.
type fakeBroken struct{ cardStore }

func (fakeBroken) Cards(context.Context, verify.Clientele, string, string, int) ([]verify.Card, error) {
	return []verify.Card{{ID: "x", Body: []byte("{")}}, nil
}

func TestACardThatCantBeReadIsNotLeftOut(t *testing.T) {
	d := directory.Directory{Cards: fakeBroken{}}
	if _, err := d.Contacts(t.Context(), acme, "desk", "contoso", "x"); verify.CodeOf(err) != verify.CodeUnavailable {
		t.Errorf("got %v", err)
	}
}

// BenchmarkContacts reads the contacts of a ticket context from a client with ten thousand.
func BenchmarkContacts(b *testing.B) {
	d := newDirectory(b, contactList(directory.MaxContacts))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Contacts(b.Context(), acme, "desk", "contoso", "c09999"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPush stores five hundred contacts of a client that has ten thousand.
func BenchmarkPush(b *testing.B) {
	d := newDirectory(b, contactList(directory.MaxContacts))
	portion := contactList(500)
	for b.Loop() {
		if err := d.Push(b.Context(), contoso, portion, ""); err != nil {
			b.Fatal(err)
		}
	}
}
