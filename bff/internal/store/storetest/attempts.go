package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// denyEnded takes a late denial of a verification that ended less than a day before.
func denyEnded(t *testing.T, s *store.Store, id string, at time.Time) bool {
	t.Helper()
	return ask(t, s, func(tx verify.Tx) (bool, error) {
		return tx.DenyEnded(t.Context(), "acme", id, at, at.Add(-24*time.Hour))
	})
}

var attempts = []promise{
	{"a verification reads back as it was stored, to the millisecond", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		for _, v := range []verify.Verification{link("v1"), code("v2")} {
			v.RequestedAt, v.Tries = noon.Add(123*time.Millisecond), 1
			must(t, s, insert(ctx, v))
			found := ask(t, s, func(tx verify.Tx) (verify.Verification, error) { return tx.Find(ctx, "acme", v.ID) })
			if diff := cmp.Diff(v, found); diff != "" {
				t.Error(diff)
			}
		}
	}},
	{"Find knows no unknown id", func(t *testing.T, s *store.Store) {
		err := s.Write(t.Context(), "acme", func(tx verify.Tx) error { _, err := tx.Find(t.Context(), "acme", "none"); return err })
		want(t, err, verify.CodeNotFound)
	}},
	{"Under finds what is open of a contact, oldest first, and nobody else's", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		over, others, theirs := link("v3"), link("v4"), link("v5")
		over.ExpiresAt, others.Contact, theirs.Tenant = noon.Add(time.Minute), "erik", "zenith"
		for _, v := range []verify.Verification{link("v2"), code("v1"), over, others, theirs} {
			must(t, s, insert(ctx, v))
		}
		under := func(at time.Time) (ids string) {
			for _, v := range ask(t, s, func(tx verify.Tx) ([]verify.Verification, error) { return tx.OpenByContact(ctx, "acme", "dana", at) }) {
				ids += v.ID + " "
			}
			return ids
		}
		if got := under(noon.Add(time.Minute)); got != "v2 v1 " {
			t.Errorf("open are %q", got)
		}
		want(t, s.Write(ctx, "acme", func(tx verify.Tx) error { _, err := tx.End(ctx, "acme", "v2", verify.Denied, noon); return err }), "")
		if got := under(noon); got != "v1 v3 " {
			t.Errorf("after one has ended open are %q", got)
		}
	}},
	{"BySecret finds a link by its hash, and never a code", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		must(t, s, insert(ctx, link("v1")))
		must(t, s, insert(ctx, code("v2")))
		v, err := s.BySecret(ctx, link("v1").Secret)
		if diff := cmp.Diff(link("v1"), v); diff != "" || err != nil {
			t.Error(err, diff)
		}
		_, err = s.BySecret(ctx, code("v2").Secret)
		want(t, err, verify.CodeNotFound)
		_, err = s.BySecret(ctx, nil)
		want(t, err, verify.CodeNotFound)
	}},
	{"ByKey finds what a technician asked for under a key, and nobody else's", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		must(t, s, insert(ctx, link("v1")))
		for _, row := range []struct {
			tenant, technician, key string
			want                    verify.Code
		}{
			{"acme", "ana", "key of v1", ""},
			{"acme", "ana", "another key", verify.CodeNotFound},
			{"acme", "bob", "key of v1", verify.CodeNotFound},
			{"zenith", "ana", "key of v1", verify.CodeNotFound},
		} {
			err := s.Write(ctx, "acme", func(tx verify.Tx) error {
				_, err := tx.ByKey(ctx, row.tenant, row.technician, row.key)
				return err
			})
			if verify.CodeOf(err) != row.want {
				t.Errorf("%+v: %v", row, err)
			}
		}
	}},
	{"an idempotency key is a technician's once, however many use it at the same time", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		ended := together(func(n int) error {
			v := link(fmt.Sprint("v", n))
			v.Key = "the same"
			return s.Write(ctx, "acme", insert(ctx, v))
		})
		if diff := cmp.Diff(map[verify.Code]int{"": 1, verify.CodeKeyReused: crowd - 1}, ended); diff != "" {
			t.Fatal(diff)
		}
		other := link("other")
		other.Key, other.Technician = "the same", "bob"
		must(t, s, insert(ctx, other))
		sound(t, s, "acme", 2)
	}},
	{"Latest gives the last one asked for on the channel, ended or not", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		// The ids and times are no help: the clock was set back, and ids of one millisecond sort by chance.
		first, second, elsewhere := link("z"), link("a"), link("m")
		second.RequestedAt = noon.Add(-time.Hour)
		elsewhere.Channel = "other"
		for _, v := range []verify.Verification{first, second, elsewhere} {
			must(t, s, insert(ctx, v))
		}
		must(t, s, func(tx verify.Tx) error { _, err := tx.End(ctx, "acme", "a", verify.Denied, noon); return err })
		v := ask(t, s, func(tx verify.Tx) (verify.Verification, error) { return tx.Latest(ctx, "acme", "dana", "mail") })
		if v.ID != "a" || v.Outcome != verify.Denied {
			t.Errorf("the latest is %s, %q", v.ID, v.Outcome)
		}
		err := s.Write(ctx, "acme", func(tx verify.Tx) error { _, err := tx.Latest(ctx, "acme", "dana", "none"); return err })
		want(t, err, verify.CodeNotFound)
	}},
	{"a late denial is taken for a day after the end, once, and whatever the end was", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		expiry, day := link("v").ExpiresAt, 24*time.Hour
		for _, row := range []struct {
			name    string
			outcome verify.Outcome // empty: it was never ended
			at      time.Time
			want    bool
		}{
			{"verified", verify.Verified, noon.Add(day), true},
			{"verified a day and more ago", verify.Verified, noon.Add(time.Minute + day), false},
			{"superseded", verify.Superseded, noon.Add(day), true},
			{"cancelled", verify.Cancelled, noon.Add(day), true},
			{"failed", verify.Failed, noon.Add(2 * time.Minute), true},
			{"denied", verify.Denied, noon.Add(2 * time.Minute), false},
			{"still open", verify.Open, expiry.Add(-time.Millisecond), false},
			{"expired", verify.Open, expiry, true},
			{"expired almost a day ago", verify.Open, expiry.Add(day - time.Millisecond), true},
			{"expired a day ago", verify.Open, expiry.Add(day), false},
		} {
			must(t, s, insert(ctx, link(row.name)))
			if row.outcome != verify.Open {
				ending(t, s, row.name, row.outcome, noon.Add(time.Minute))
			}
			for _, taken := range []bool{row.want, false} {
				if got := denyEnded(t, s, row.name, row.at); got != taken {
					t.Errorf("%s: taken %t, want %t", row.name, got, taken)
				}
			}
			v := ask(t, s, func(tx verify.Tx) (verify.Verification, error) { return tx.Find(ctx, "acme", row.name) })
			if row.want && (v.Outcome != verify.Denied || !v.EndedAt.Equal(row.at)) {
				t.Errorf("%s: it reads %q, ended at %s", row.name, v.Outcome, v.EndedAt)
			}
		}
	}},
	{"Threat_15: of late denials at the same time one is taken, and none of another tenant", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		must(t, s, insert(ctx, link("v1")))
		ending(t, s, "v1", verify.Verified, noon)
		deny := func(tenant string) error {
			return s.Write(ctx, "acme", func(tx verify.Tx) error {
				ok, err := tx.DenyEnded(ctx, tenant, "v1", noon.Add(time.Minute), noon.Add(-time.Hour))
				if err == nil && !ok {
					err = &verify.Error{Code: verify.CodeVerificationEnded}
				}
				return err
			})
		}
		want(t, deny("zenith"), verify.CodeVerificationEnded)
		if diff := cmp.Diff(map[verify.Code]int{"": 1, verify.CodeVerificationEnded: crowd - 1},
			together(func(int) error { return deny("acme") })); diff != "" {
			t.Error(diff)
		}
	}},
	{"Threat_15: a verification ends once, however many end it at the same time", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		must(t, s, insert(ctx, link("v1")))
		outcomes := []verify.Outcome{verify.Verified, verify.Denied}
		ended := together(func(n int) error {
			return s.Write(ctx, "acme", func(tx verify.Tx) error {
				ok, err := tx.End(ctx, "acme", "v1", outcomes[n%2], noon)
				if err == nil && !ok {
					err = &verify.Error{Code: verify.CodeVerificationEnded}
				}
				return err
			})
		})
		if diff := cmp.Diff(map[verify.Code]int{"": 1, verify.CodeVerificationEnded: crowd - 1}, ended); diff != "" {
			t.Fatal(diff)
		}
	}},
	{"Threat_16: an expired verification can't be ended or moved on", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		must(t, s, insert(ctx, link("v1")))
		for _, row := range []struct {
			at   time.Time
			want bool
		}{{noon.Add(5 * time.Minute), false}, {noon.Add(5*time.Minute - time.Millisecond), true}} {
			moved := ask(t, s, func(tx verify.Tx) (bool, error) { return tx.Advance(ctx, "acme", "v1", verify.StageSent, row.at) })
			ended := ask(t, s, func(tx verify.Tx) (bool, error) { return tx.End(ctx, "acme", "v1", verify.Verified, row.at) })
			if moved != row.want || ended != row.want {
				t.Errorf("at %v it moved: %t, it ended: %t; want %t", row.at, moved, ended, row.want)
			}
		}
	}},
	{"a message moves on to later stages only, and only while its verification is open", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		must(t, s, insert(ctx, link("v1")))
		advance := func(stage verify.Stage) bool {
			return ask(t, s, func(tx verify.Tx) (bool, error) { return tx.Advance(ctx, "acme", "v1", stage, noon) })
		}
		for _, row := range []struct {
			stage verify.Stage
			want  bool
		}{
			{verify.StageQueued, false}, {verify.StageSent, true}, {verify.StageSent, false},
			{verify.StageDelayed, false}, {verify.StageDelivered, true},
		} {
			if moved := advance(row.stage); moved != row.want {
				t.Errorf("to %s: %t", row.stage, moved)
			}
		}
		must(t, s, func(tx verify.Tx) error { _, err := tx.End(ctx, "acme", "v1", verify.Denied, noon); return err })
		if advance(verify.StageOpened) {
			t.Error("it moved on after its end")
		}
	}},
	{"Threat_07: another tenant's verification reads and moves as none at all", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		must(t, s, insert(ctx, code("v1")))
		err := s.Write(ctx, "acme", func(tx verify.Tx) error { _, err := tx.Find(ctx, "zenith", "v1"); return err })
		want(t, err, verify.CodeNotFound)
		err = s.Write(ctx, "acme", func(tx verify.Tx) error { _, err := tx.Latest(ctx, "zenith", "dana", "mobile"); return err })
		want(t, err, verify.CodeNotFound)
		for name, do := range map[string]func(tx verify.Tx) (bool, error){
			"End":     func(tx verify.Tx) (bool, error) { return tx.End(ctx, "zenith", "v1", verify.Verified, noon) },
			"Advance": func(tx verify.Tx) (bool, error) { return tx.Advance(ctx, "zenith", "v1", verify.StageSent, noon) },
			"Try":     func(tx verify.Tx) (bool, error) { _, ok, err := tx.Try(ctx, "zenith", "v1", noon, 10); return ok, err },
		} {
			if ask(t, s, do) {
				t.Error(name, "touched another tenant's verification")
			}
		}
		v := ask(t, s, func(tx verify.Tx) (verify.Verification, error) { return tx.Find(ctx, "acme", "v1") })
		if diff := cmp.Diff(code("v1"), v); diff != "" {
			t.Error(diff)
		}
	}},
}
