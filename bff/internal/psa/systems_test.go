package psa_test

import (
	"context"
	"slices"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// fakeAdapter answers with an error, or with its own ticket.
type fakeAdapter struct {
	psa.Writer
	fault verify.Code
}

func (fakeAdapter) Product() psa.Product { return psa.Product{Name: "helpdesk", Title: "Help Desk"} }

func (a fakeAdapter) Ticket(context.Context, verify.Tenant, string) (launchcontext.Context, error) {
	return launchcontext.Context{PSA: "adapter"}, a.err()
}

func (a fakeAdapter) Contacts(context.Context, verify.Tenant, string, string) ([]launchcontext.Contact, error) {
	return []launchcontext.Contact{{ID: "of the adapter"}}, a.err()
}

func (a fakeAdapter) err() error {
	if a.fault == "" {
		return nil
	}
	return &verify.Error{Code: a.fault}
}

type fakeDirectory struct{}

func (fakeDirectory) Contacts(context.Context, verify.Tenant, string, string, string) ([]launchcontext.Contact, error) {
	return []launchcontext.Contact{{ID: "pushed"}}, nil
}

type fakeConnections map[string]admin.Connection

func (c fakeConnections) Connection(_ context.Context, tenant, system string) (admin.Connection, error) {
	known, ok := c[tenant+"/"+system]
	if !ok {
		return known, &verify.Error{Code: verify.CodeNotFound}
	}
	return known, nil
}

func TestSourceOfContacts(t *testing.T) {
	for _, row := range []struct {
		name      string
		system    string
		fault     verify.Code
		directory psa.Directory
		want      string
		code      verify.Code
	}{
		{"the system, where it is connected", "helpdesk", "", fakeDirectory{}, "of the adapter", ""},
		{"the directory, where it is not", "helpdesk", verify.CodeNotFound, fakeDirectory{}, "pushed", ""},
		{"the directory, of a system that nobody knows", "homegrown", "", fakeDirectory{}, "pushed", ""},
		{"nobody else, when the system is down", "helpdesk", verify.CodePSADown, fakeDirectory{}, "", verify.CodePSADown},
		{"nobody, without a directory", "homegrown", "", nil, "", verify.CodeNotFound},
	} {
		s := psa.Systems{Adapters: psa.NewRegistry(fakeAdapter{fault: row.fault}), Directory: row.directory}
		got, err := s.Contacts(t.Context(), verify.Tenant{ID: "acme"}, row.system, "1", "2")
		if verify.CodeOf(err) != row.code || row.code == "" && got[0].ID != row.want {
			t.Errorf("%s: %v, %v", row.name, got, err)
		}
	}
}

func TestATicketIsOfASystemThatIsConnected(t *testing.T) {
	s := psa.Systems{Adapters: psa.NewRegistry(fakeAdapter{})}
	if got, err := s.Ticket(t.Context(), verify.Tenant{}, "helpdesk", "1"); err != nil || got.PSA != "adapter" {
		t.Error(got, err)
	}
	if _, err := s.Ticket(t.Context(), verify.Tenant{}, "homegrown", "1"); verify.CodeOf(err) != verify.CodeNotFound {
		t.Error(err)
	}
}

func TestNotesAreTakenWhereThereAreKeysToWriteThem(t *testing.T) {
	s := psa.Systems{
		Adapters: psa.NewRegistry(fakeAdapter{}),
		Connections: fakeConnections{
			"acme/helpdesk": {Secret: []byte("keys")}, "keyless/helpdesk": {}, "acme/homegrown": {Secret: []byte("keys")},
		},
	}
	for at, want := range map[[2]string]bool{
		{"acme", "helpdesk"}: true, {"keyless", "helpdesk"}: false, {"none", "helpdesk"}: false, {"acme", "homegrown"}: false,
	} {
		if got, err := s.TakesNotes(t.Context(), verify.Tenant{ID: at[0]}, at[1]); got != want || err != nil {
			t.Errorf("%v takes notes: %t, %v; want %t", at, got, err, want)
		}
	}
}

// fakeReader is an adapter without other capabilities.
type fakeReader struct {
	psa.Adapter
	name string
}

func (r fakeReader) Product() psa.Product { return psa.Product{Name: r.name, Title: r.name} }

func TestTheRegistryKnowsWhatItsAdaptersCanDo(t *testing.T) {
	r := psa.NewRegistry(fakeReader{name: "zebra"}, fakeAdapter{}, fakeReader{name: "acorn"})
	var names []string
	for _, p := range r.Products() {
		names = append(names, p.Name)
	}
	if !slices.Equal(names, []string{"acorn", "helpdesk", "zebra"}) {
		t.Errorf("the products are %q", names)
	}
	if writers := r.Writers(); len(writers) != 1 || writers["helpdesk"] == nil {
		t.Errorf("the writers are %v", writers)
	}
	s := psa.Systems{Adapters: r}
	for _, system := range []string{"zebra", "unknown"} {
		_, proof := s.VerifyMember(t.Context(), verify.Tenant{}, system, psa.Member{ID: "ana"})
		_, ticket := s.TicketAsMember(t.Context(), verify.Tenant{}, system, psa.Member{ID: "ana"}, "1", "")
		if verify.CodeOf(proof) != verify.CodePSAMisconfigured || verify.CodeOf(ticket) != verify.CodePSAMisconfigured {
			t.Errorf("%s has hosted launches: %v, %v", system, proof, ticket)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("two adapters have one name")
		}
	}()
	psa.NewRegistry(fakeReader{name: "acorn"}, fakeReader{name: "acorn"})
}
