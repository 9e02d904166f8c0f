package directory_test

import (
	"context"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/psa/directory"
	"github.com/shieldpod/shieldpod/bff/internal/psa/psatest"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

func TestTheDirectoryKeepsTheContract(t *testing.T) {
	for name, open := range map[string]func(testing.TB) *store.Store{"SQLite": storetest.SQLite, "PostgreSQL": storetest.PostgreSQL} {
		t.Run(name, func(t *testing.T) {
			fixture := openDirectory(t, open(t)) // for all promises: those about contacts change nothing
			psatest.Run(t, nil, func(testing.TB) psatest.Fixture { return fixture })
		})
	}
}

// ofSystem is the directory's contacts of one ticket system.
type ofSystem struct {
	directory.Directory
	system string
}

func (d ofSystem) Contacts(ctx context.Context, t verify.Tenant, client, contact string) ([]launchcontext.Contact, error) {
	return d.Directory.Contacts(ctx, t, d.system, client, contact)
}

// openDirectory gives a directory with three clients, one of them large.
func openDirectory(t testing.TB, s *store.Store) psatest.Fixture {
	if err := storetest.PutTenant(t.Context(), s, acme); err != nil {
		t.Fatal(err)
	}
	d := directory.Directory{Cards: s}
	unusable := launchcontext.Channel{ID: "m", Kind: launchcontext.KindPhone, Value: "see intranet"}
	for client, people := range map[string][]launchcontext.Contact{
		"contoso":  {{ID: "dana", Name: "Dana Reyes"}, {ID: "raj", Name: "Raj Patel", Channels: []launchcontext.Channel{unusable}}},
		"fabrikam": {{ID: "priya", Name: "Priya Shah"}}, "woodgrove": contactList(1040),
	} {
		if err := d.Push(t.Context(), verify.Clientele{Tenant: acme.ID, System: "desk", Client: client}, people, ""); err != nil {
			t.Fatal(err)
		}
	}
	return psatest.Fixture{
		Adapter: ofSystem{d, "desk"}, Tenant: acme, Stranger: verify.Tenant{ID: "umbrella"},
		Contact: psatest.Person{Client: "contoso", ID: "dana"}, Other: psatest.Person{Client: "fabrikam", ID: "priya"},
		Large:    psatest.Person{Client: "woodgrove", ID: "c01039"},
		Unusable: psatest.Person{Client: "contoso", ID: "raj"}, Channel: unusable,
	}
}
