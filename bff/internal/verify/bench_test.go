package verify_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// overriding gives a harness where Contoso overrides some fields of the policy of Acme.
func overriding(t testing.TB) *harness {
	h := newHarness(t)
	h.tenant("acme", nil)
	storetest.SetPolicy(t, h.store, "acme", "contoso", func(p *policy.Policy) { p.CodeLength, p.NumberMatching = 8, true })
	return h
}

// BenchmarkProject folds the events of a contact with 20 verifications.
func BenchmarkProject(b *testing.B) {
	noon := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	var events []verify.Event
	for n := range 20 {
		at := noon.Add(time.Duration(n) * 24 * time.Hour)
		for i, kind := range []verify.EventKind{
			verify.EventRequested, verify.EventSent, verify.EventDelivered, verify.EventVerified, verify.EventNoteWritten,
		} {
			events = append(events, verify.Event{
				Seq: int64(len(events) + 1), At: at.Add(time.Duration(i) * time.Second), Kind: kind, Verification: fmt.Sprint("v", n),
				Contact: "dana", Channel: "mobile", Destination: "d", Until: at.Add(time.Hour),
			})
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if r := verify.Project("dana", events, noon.Add(365*24*time.Hour)); len(r.Entries) != 20 {
			b.Fatal(len(r.Entries))
		}
	}
}

// BenchmarkRules resolves a client's policy: one that was asked for a moment ago, and one that has to be read.
func BenchmarkRules(b *testing.B) {
	h := overriding(b)
	b.Run("held", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := h.EffectivePolicy(ctx, "acme", "contoso"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			h.Forget("acme")
			if _, err := h.EffectivePolicy(ctx, "acme", "contoso"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func TestRulesThatAreHeldAreGivenWithoutAnAllocation(t *testing.T) {
	h := overriding(t)
	for _, client := range []string{"contoso", "fabrikam"} {
		n := testing.AllocsPerRun(100, func() {
			if _, err := h.EffectivePolicy(ctx, "acme", client); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("the rules of %s take %v allocations", client, n)
		}
	}
}
