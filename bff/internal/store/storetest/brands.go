package storetest

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// brand gives a tenant's branding of a version, with an image.
func brand(tenant string, version int64, hash string) verify.Branding {
	return verify.Branding{
		Tenant: tenant, Version: version, By: "Noor", At: noon, Body: json.RawMessage(`{"theme":{"from":"#000000"}}`),
		Images: []verify.BrandImage{{Hash: hash, PNG: []byte("the picture " + hash)}},
	}
}

func rebrand(t *testing.T, s *store.Store, b verify.Branding) (stored bool) {
	t.Helper()
	want(t, s.Administer(t.Context(), b.Tenant, func(tx admin.Tx) (err error) {
		stored, err = tx.PutBranding(t.Context(), b)
		return err
	}), "")
	return stored
}

var brands = []promise{
	{"a tenant that never set its branding has version 0 of it", func(t *testing.T, s *store.Store) {
		got, err := s.Branding(t.Context(), "acme")
		want(t, err, "")
		if diff := cmp.Diff(verify.Branding{Tenant: "acme"}, got); diff != "" {
			t.Error(diff)
		}
	}},
	{"a branding reads back as it was put, inside a transaction and out of it", func(t *testing.T, s *store.Store) {
		if !rebrand(t, s, brand("acme", 1, "aa")) {
			t.Fatal("version 1 was not stored")
		}
		kept := brand("acme", 1, "aa")
		kept.Images = nil
		got, err := s.Branding(t.Context(), "acme")
		want(t, err, "")
		if diff := cmp.Diff(kept, got); diff != "" {
			t.Error(diff)
		}
		want(t, s.Administer(t.Context(), "acme", func(tx admin.Tx) (err error) {
			got, err = tx.Branding(t.Context(), "acme")
			return err
		}), "")
		if diff := cmp.Diff(kept, got); diff != "" {
			t.Error(diff)
		}
	}},
	{"a branding made from another version than the last is not stored, nor is its image", func(t *testing.T, s *store.Store) {
		rebrand(t, s, brand("acme", 1, "aa"))
		for _, version := range []int64{1, 3} {
			if rebrand(t, s, brand("acme", version, "bb")) {
				t.Errorf("version %d was stored over version 1", version)
			}
		}
		_, err := s.BrandImage(t.Context(), "bb")
		want(t, err, verify.CodeNotFound)
	}},
	{"an image is there for as long as a branding names it", func(t *testing.T, s *store.Store) {
		rebrand(t, s, brand("acme", 1, "aa"))
		rebrand(t, s, brand("zenith", 1, "aa"))
		next := brand("acme", 2, "bb")
		next.Images = append(next.Images, verify.BrandImage{Hash: "aa"})
		rebrand(t, s, next)
		for _, hash := range []string{"aa", "bb"} {
			png, err := s.BrandImage(t.Context(), hash)
			want(t, err, "")
			if string(png) != "the picture "+hash {
				t.Errorf("image %s is %q", hash, png)
			}
		}
		rebrand(t, s, brand("acme", 3, "bb"))
		_, err := s.BrandImage(t.Context(), "aa") // threat 7: zenith's own is none of acme's to drop
		want(t, err, "")
		rebrand(t, s, brand("zenith", 2, "cc"))
		_, err = s.BrandImage(t.Context(), "aa")
		want(t, err, verify.CodeNotFound)
	}},
}
