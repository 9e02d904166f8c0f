package storetest

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

func account(tenant, carrier string, kind channel.Kind, place int) admin.CarrierAccount {
	return admin.CarrierAccount{
		Tenant: tenant, Carrier: carrier, Kind: kind, Priority: place,
		Settings: json.RawMessage(`{"from":"verify@acme.example"}`), Secret: []byte("key of " + carrier),
	}
}

var carriers = []promise{
	{"accounts read back as they were put last, by kind and in their order", func(t *testing.T, s *store.Store) {
		want(t, PutTenantSettings(t.Context(), s, tenant("acme")), "")
		first, second := account("acme", "twilio", channel.Phone, 1), account("acme", "vonage", channel.Phone, 2)
		mail := account("acme", "smtp", channel.Email, 1)
		old := account("acme", "vonage", channel.Phone, 0)
		old.Secret = []byte("old")
		for _, a := range []admin.CarrierAccount{old, second, first, mail} {
			want(t, PutCarrier(t.Context(), s, a), "")
		}
		found, err := s.CarrierAccounts(t.Context(), "acme")
		if diff := cmp.Diff([]admin.CarrierAccount{mail, first, second}, found); diff != "" || err != nil {
			t.Error(err, diff)
		}
	}},
	{"Threat_07: an account is one tenant's", func(t *testing.T, s *store.Store) {
		for _, id := range []string{"acme", "umbrella"} {
			want(t, PutTenantSettings(t.Context(), s, tenant(id)), "")
		}
		want(t, PutCarrier(t.Context(), s, account("acme", "smtp", channel.Email, 1)), "")
		removed, err := RemoveCarrier(t.Context(), s, "umbrella", "smtp")
		if removed || err != nil {
			t.Errorf("removed: %t, error %v", removed, err)
		}
		found, err := s.CarrierAccounts(t.Context(), "umbrella")
		if len(found) > 0 || err != nil {
			t.Errorf("%v, error %v", found, err)
		}
	}},
	{"an account survives that its tenant's settings are put again, and goes once when it is removed", func(t *testing.T, s *store.Store) {
		want(t, PutTenantSettings(t.Context(), s, tenant("acme")), "")
		want(t, PutCarrier(t.Context(), s, account("acme", "smtp", channel.Email, 1)), "")
		want(t, PutTenantSettings(t.Context(), s, tenant("acme")), "")
		for _, there := range []bool{true, false} {
			removed, err := RemoveCarrier(t.Context(), s, "acme", "smtp")
			if removed != there || err != nil {
				t.Errorf("removed: %t, error %v; want %t", removed, err, there)
			}
		}
	}},
	{"an account of no tenant is refused", func(t *testing.T, s *store.Store) {
		want(t, PutCarrier(t.Context(), s, account("nobody", "smtp", channel.Email, 1)), verify.CodeNotFound)
	}},
}
