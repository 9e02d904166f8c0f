package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

func TestAnOlderPageIsReadNoFurtherThanItGoes(t *testing.T) {
	s, _ := opened(t)
	ctx := t.Context()
	noon := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	err := s.Write(ctx, "acme", func(tx verify.Tx) error {
		for n := range 100 {
			at := noon.Add(time.Duration(n) * 2 * verify.DenialWindow)
			for _, kind := range []verify.EventKind{verify.EventRequested, verify.EventSent, verify.EventVerified} {
				e := verify.Event{
					Tenant: "acme", Contact: "dana", Verification: fmt.Sprint("v", n), Kind: kind, At: at, Until: at.Add(5 * time.Minute),
				}
				if err := tx.Append(ctx, &e); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	const verifications, each = 10, 3
	for before := int64(100*each + 1); before > 1; before -= verifications * each {
		p, err := s.page(ctx, "acme", "dana", before, verifications)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.events) != verifications*each || p.events[0].Seq != before-verifications*each || p.last != before-1 {
			t.Errorf("before %d: %d events from %d, and read up to %d", before, len(p.events), p.events[0].Seq, p.last)
		}
	}
}
