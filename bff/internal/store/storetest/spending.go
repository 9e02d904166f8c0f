package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// try counts one try; CodeAlreadyUsed if there was none.
func try(ctx context.Context, s *store.Store, id string, at time.Time, failures int) error {
	return s.Write(ctx, "acme", func(tx verify.Tx) error {
		_, ok, err := tx.Try(ctx, "acme", id, at, failures)
		if err == nil && !ok {
			err = &verify.Error{Code: verify.CodeAlreadyUsed}
		}
		return err
	})
}

func failures(t *testing.T, s *store.Store, tenant string) int {
	t.Helper()
	return standingOf(t, s, tenant, "dana", "").Failures
}

func standingOf(t *testing.T, s *store.Store, tenant, contact, destination string) verify.Standing {
	t.Helper()
	return ask(t, s, func(tx verify.Tx) (verify.Standing, error) {
		return tx.Standing(t.Context(), tenant, contact, destination)
	})
}

func tries(t *testing.T, s *store.Store, id string) int {
	t.Helper()
	return ask(t, s, func(tx verify.Tx) (verify.Verification, error) { return tx.Find(t.Context(), "acme", id) }).Tries
}

var spending = []promise{
	{"a denial is noted beside the failures, of one contact of one tenant, until it is cleared", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		set := func(denied bool) {
			want(t, s.Write(ctx, "acme", func(tx verify.Tx) error { return tx.SetDenied(ctx, "acme", "dana", denied) }), "")
		}
		denied := func(tenant, contact string) bool {
			return standingOf(t, s, tenant, contact, "").Denied
		}
		must(t, s, insert(ctx, code("v1")))
		want(t, try(ctx, s, "v1", noon, 10), "")
		for _, step := range []bool{true, true, false, true} {
			set(step)
			if got := denied("acme", "dana"); got != step {
				t.Errorf("denied reads %t, want %t", got, step)
			}
		}
		if denied("acme", "erik") || denied("zenith", "dana") {
			t.Error("another contact is denied")
		}
		want(t, s.Write(ctx, "acme", func(tx verify.Tx) error { return tx.ClearFailures(ctx, "acme", "dana") }), "")
		if n := failures(t, s, "acme"); n != 0 || !denied("acme", "dana") {
			t.Errorf("%d failures, denied %t: clearing the one clears the other", n, denied("acme", "dana"))
		}
	}},
	{"a try is counted and gives the verification as it then stands", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		must(t, s, insert(ctx, code("v1")))
		v := ask(t, s, func(tx verify.Tx) (verify.Verification, error) {
			v, _, err := tx.Try(ctx, "acme", "v1", noon, 10)
			return v, err
		})
		counted := code("v1")
		counted.Tries = 1
		if diff := cmp.Diff(counted, v); diff != "" {
			t.Error(diff)
		}
		if n := failures(t, s, "acme"); n != 1 {
			t.Errorf("the contact has %d failures, want 1", n)
		}
	}},
	{"Threat_13: of fifty tries at once no more are counted than there are", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		must(t, s, insert(ctx, code("v1")))
		ended := together(func(int) error { return try(ctx, s, "v1", noon, 100) })
		if diff := cmp.Diff(map[verify.Code]int{"": 3, verify.CodeAlreadyUsed: crowd - 3}, ended); diff != "" {
			t.Error(diff)
		}
		if n, m := tries(t, s, "v1"), failures(t, s, "acme"); n != 3 || m != 3 {
			t.Errorf("%d tries and %d failures were counted, want 3 and 3", n, m)
		}
	}},
	{"Threat_14: of fifty tries at once, each on a code of its own, the contact's cap is counted", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		for n := range crowd {
			must(t, s, insert(ctx, code(fmt.Sprint("v", n))))
		}
		ended := together(func(n int) error { return try(ctx, s, fmt.Sprint("v", n), noon, 10) })
		if diff := cmp.Diff(map[verify.Code]int{"": 10, verify.CodeLocked: crowd - 10}, ended); diff != "" {
			t.Error(diff)
		}
		if n := failures(t, s, "acme"); n != 10 {
			t.Errorf("%d failures were counted, want 10", n)
		}
	}},
	{"a try that the lock refuses is not spent", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		must(t, s, insert(ctx, code("v1")))
		want(t, try(ctx, s, "v1", noon, 1), "")
		want(t, try(ctx, s, "v1", noon, 1), verify.CodeLocked)
		if n, m := tries(t, s, "v1"), failures(t, s, "acme"); n != 1 || m != 1 {
			t.Errorf("%d tries and %d failures were counted, want 1 and 1", n, m)
		}
	}},
	{"Threat_16: no try is counted on a verification that has ended or expired, or is not there", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		must(t, s, insert(ctx, code("ended")))
		must(t, s, insert(ctx, code("expired")))
		must(t, s, func(tx verify.Tx) error { _, err := tx.End(ctx, "acme", "ended", verify.Superseded, noon); return err })
		want(t, try(ctx, s, "ended", noon, 10), verify.CodeAlreadyUsed)
		want(t, try(ctx, s, "expired", noon.Add(5*time.Minute), 10), verify.CodeAlreadyUsed)
		want(t, try(ctx, s, "none", noon, 10), verify.CodeAlreadyUsed)
		if n := failures(t, s, "acme"); n != 0 {
			t.Errorf("%d failures were counted, want none", n)
		}
	}},
	{"a new verification does not reset the contact's failures, clearing them does", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		must(t, s, insert(ctx, code("v1")))
		want(t, try(ctx, s, "v1", noon, 10), "")
		must(t, s, insert(ctx, code("v2")))
		want(t, try(ctx, s, "v2", noon, 10), "")
		if n := failures(t, s, "acme"); n != 2 {
			t.Errorf("%d failures, want 2", n)
		}
		must(t, s, func(tx verify.Tx) error { return tx.ClearFailures(ctx, "acme", "dana") })
		if n := failures(t, s, "acme"); n != 0 {
			t.Errorf("%d failures after clearing, want none", n)
		}
		want(t, try(ctx, s, "v2", noon, 10), "")
		if n := failures(t, s, "acme"); n != 1 {
			t.Errorf("%d failures after clearing and one try, want 1", n)
		}
	}},
	{"Threat_07: another tenant's contact of the same id has failures of its own", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		must(t, s, insert(ctx, code("v1")))
		want(t, try(ctx, s, "v1", noon, 10), "")
		must(t, s, func(tx verify.Tx) error { return tx.ClearFailures(ctx, "zenith", "dana") })
		if ours, theirs := failures(t, s, "acme"), failures(t, s, "zenith"); ours != 1 || theirs != 0 {
			t.Errorf("failures are %d and %d, want 1 and none", ours, theirs)
		}
	}},
	{"what a refused step counted is given back, what an earlier step counted stays spent", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		must(t, s, insert(ctx, code("v1")))
		spend := func(tx verify.Tx) error { _, _, err := tx.Try(ctx, "acme", "v1", noon, 10); return err }
		err := s.Write(ctx, "acme", spend, func(tx verify.Tx) error {
			if err := spend(tx); err != nil {
				return err
			}
			return &verify.Error{Code: verify.CodeWrongCode}
		})
		want(t, err, verify.CodeWrongCode)
		if n, m := tries(t, s, "v1"), failures(t, s, "acme"); n != 1 || m != 1 {
			t.Errorf("%d tries and %d failures are counted, want 1 and 1", n, m)
		}
	}},
}

var marks = []promise{
	{"Threat_07: a destination is marked for one tenant, and reads as it was marked last", func(t *testing.T, s *store.Store) {
		v := code("v1")
		v.Destination = "hash of the number"
		want(t, s.Write(t.Context(), "acme", func(tx verify.Tx) error {
			if err := tx.Suppress(t.Context(), v, verify.ReasonOptedOut, noon); err != nil {
				return err
			}
			return tx.Suppress(t.Context(), v, verify.ReasonLandline, noon.Add(time.Minute))
		}), "")
		for _, c := range []struct {
			tenant, destination string
			want                verify.Code
		}{{"acme", v.Destination, verify.ReasonLandline}, {"acme", "another", ""}, {"umbrella", v.Destination, ""}} {
			if got := standingOf(t, s, c.tenant, "dana", c.destination).Suppressed; got != c.want {
				t.Errorf("%s of %s is marked %q, want %q", c.destination, c.tenant, got, c.want)
			}
		}
	}},
	{"the marks that were found out on a contact are cleared once", func(t *testing.T, s *store.Store) {
		v := code("v1")
		v.Destination = "hash of the number"
		want(t, s.Write(t.Context(), "acme", func(tx verify.Tx) error { return tx.Suppress(t.Context(), v, verify.ReasonOptedOut, noon) }), "")
		for _, c := range []struct {
			contact string
			want    int
		}{{"erik", 0}, {"dana", 1}, {"dana", 0}} {
			want(t, s.Administer(t.Context(), "acme", func(tx admin.Tx) error {
				n, err := tx.ClearSuppressions(t.Context(), "acme", c.contact)
				if n != c.want {
					t.Errorf("%d marks of %s were cleared, want %d", n, c.contact, c.want)
				}
				return err
			}), "")
		}
	}},
}
