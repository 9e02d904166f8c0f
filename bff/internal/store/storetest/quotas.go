package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/shieldpod/shieldpod/bff/internal/quota"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

var errUndone = errors.New("the step is undone")

var quotas = []promise{
	{"what is counted is what a plain list of windows would have, whichever steps are undone", func(t *testing.T, s *store.Store) {
		const window = time.Minute
		tenants := 0
		rapid.Check(t, func(t *rapid.T) {
			tenants++
			tenant, at, model := fmt.Sprint("tenant-", tenants), noon, map[string]quota.Usage{}
			for range rapid.IntRange(1, 12).Draw(t, "transactions") {
				at = at.Add(time.Duration(rapid.IntRange(-40, 60).Draw(t, "seconds")) * time.Second)
				var steps []func(verify.Tx) error
				before := maps.Clone(model)
				for range rapid.IntRange(1, 3).Draw(t, "steps") {
					names := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c"}), 1, 3, rapid.ID[string]).Draw(t, "quotas")
					fails := rapid.IntRange(0, 3).Draw(t, "fails") == 0
					steps = append(steps, func(tx verify.Tx) error { return spend(tx, tenant, at, window, names, fails) })
					after := plainly(before, at, window, names)
					if fails {
						before = rewound(before, at, names)
						break
					}
					before = after
				}
				model = before
				if err := s.Write(context.Background(), "acme", steps...); err != nil && !errors.Is(err, errUndone) {
					t.Fatal(err)
				}
				if diff := cmp.Diff(model, standing(t, s, tenant, at, model)); diff != "" {
					t.Fatal(diff)
				}
			}
		})
	}},
	{"a pause is told until it is over, and is never longer than the longest", func(t *testing.T, s *store.Store) {
		ctx, b := t.Context(), quota.Quota{Name: "pumping", Key: "k", Window: time.Hour, Amount: 1, Pause: time.Minute}
		must(t, s, func(tx verify.Tx) error { return tx.Pause(ctx, "acme", b, noon.Add(time.Minute)) })
		for i, row := range []struct {
			at      time.Time
			longest time.Duration
			want    time.Time
		}{
			{noon.Add(time.Second), time.Minute, noon.Add(time.Minute)},
			{noon.Add(-time.Hour), time.Minute, noon.Add(-59 * time.Minute)}, // the clock was set back
			{noon, time.Minute, noon.Add(-59 * time.Minute)},                 // and forward again
			{noon.Add(-time.Hour), time.Second, noon.Add(-time.Hour + time.Second)},
		} {
			b.Pause = row.longest
			err := s.Write(ctx, "acme", func(tx verify.Tx) error {
				uses, err := tx.Spend(ctx, "acme", row.at, []quota.Quota{b})
				if err == nil && (!uses[0].Paused.Equal(row.want) || uses[0].Used != 1) {
					t.Errorf("row %d: it stands at %+v", i, uses[0])
				}
				return errors.Join(err, errUndone)
			})
			if !errors.Is(err, errUndone) {
				t.Fatal(err)
			}
		}
	}},
	{"Threat_07: another tenant's quotas are its own", func(t *testing.T, s *store.Store) {
		ctx, b := t.Context(), []quota.Quota{{Name: "a", Window: time.Hour, Amount: 1}}
		for _, tenant := range []string{"acme", "zenith"} {
			must(t, s, func(tx verify.Tx) error {
				uses, err := tx.Spend(ctx, tenant, noon, b)
				if err == nil && uses[0].Used != 1 {
					t.Errorf("%s has used %d", tenant, uses[0].Used)
				}
				return err
			})
		}
	}},
}

func spend(tx verify.Tx, tenant string, at time.Time, window time.Duration, names []string, fails bool) error {
	list := make([]quota.Quota, len(names))
	for i, name := range names {
		list[i] = quota.Quota{Name: name, Key: "k", Window: window, Amount: 1}
	}
	_, err := tx.Spend(context.Background(), tenant, at, list)
	if err == nil && fails {
		return errUndone
	}
	return err
}

// rewound is the correction of windows after the clock was set back. It is kept even if the step fails.
func rewound(before map[string]quota.Usage, at time.Time, names []string) map[string]quota.Usage {
	after := maps.Clone(before)
	for _, name := range names {
		if u, there := after[name]; there && u.Began.After(at) {
			u.Began = at
			after[name] = u
		}
	}
	return after
}

func plainly(before map[string]quota.Usage, at time.Time, window time.Duration, names []string) map[string]quota.Usage {
	after := rewound(before, at, names)
	for _, name := range names {
		u, there := after[name]
		if !there || at.Sub(u.Began) >= window {
			u = quota.Usage{Began: at}
		}
		u.Used++
		after[name] = u
	}
	return after
}

// standing reads the quotas that the model knows, by a window without an end.
func standing(t rapid.TB, s *store.Store, tenant string, at time.Time, model map[string]quota.Usage) map[string]quota.Usage {
	t.Helper()
	found := map[string]quota.Usage{}
	err := s.Write(context.Background(), "acme", func(tx verify.Tx) error {
		for name := range model {
			// Asked for at a time that rewinds nothing.
			u, err := tx.Used(context.Background(), tenant, at.Add(24*time.Hour), quota.Quota{Name: name, Key: "k", Window: 1000 * time.Hour})
			if err != nil {
				return err
			}
			found[name] = u
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
