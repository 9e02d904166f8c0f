package psa_test

import (
	"context"
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
		{"the system, where it is connected", "connectwise", "", fakeDirectory{}, "of the adapter", ""},
		{"the directory, where it is not", "connectwise", verify.CodeNotFound, fakeDirectory{}, "pushed", ""},
		{"the directory, of a system that nobody knows", "homegrown", "", fakeDirectory{}, "pushed", ""},
		{"nobody else, when the system is down", "connectwise", verify.CodePSADown, fakeDirectory{}, "", verify.CodePSADown},
		{"nobody, without a directory", "homegrown", "", nil, "", verify.CodeNotFound},
	} {
		s := psa.Systems{Adapters: map[string]psa.Adapter{"connectwise": fakeAdapter{fault: row.fault}}, Directory: row.directory}
		got, err := s.Contacts(t.Context(), verify.Tenant{ID: "acme"}, row.system, "1", "2")
		if verify.CodeOf(err) != row.code || row.code == "" && got[0].ID != row.want {
			t.Errorf("%s: %v, %v", row.name, got, err)
		}
	}
}

func TestATicketIsOfASystemThatIsConnected(t *testing.T) {
	s := psa.Systems{Adapters: map[string]psa.Adapter{"connectwise": fakeAdapter{}}}
	if got, err := s.Ticket(t.Context(), verify.Tenant{}, "connectwise", "1"); err != nil || got.PSA != "adapter" {
		t.Error(got, err)
	}
	if _, err := s.Ticket(t.Context(), verify.Tenant{}, "homegrown", "1"); verify.CodeOf(err) != verify.CodeNotFound {
		t.Error(err)
	}
}

func TestNotesAreTakenWhereThereAreKeysToWriteThem(t *testing.T) {
	s := psa.Systems{
		Adapters: map[string]psa.Adapter{"connectwise": fakeAdapter{}},
		Connections: fakeConnections{
			"acme/connectwise": {Secret: []byte("keys")}, "keyless/connectwise": {}, "acme/homegrown": {Secret: []byte("keys")},
		},
	}
	for at, want := range map[[2]string]bool{
		{"acme", "connectwise"}: true, {"keyless", "connectwise"}: false, {"none", "connectwise"}: false, {"acme", "homegrown"}: false,
	} {
		if got, err := s.TakesNotes(t.Context(), verify.Tenant{ID: at[0]}, at[1]); got != want || err != nil {
			t.Errorf("%v takes notes: %t, %v; want %t", at, got, err, want)
		}
	}
}
