package store_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// TestWritesThatBlockEachOtherAreRunAgain has two writes hold one tenant each and then want the other's.
func TestWritesThatBlockEachOtherAreRunAgain(t *testing.T) {
	s := storetest.PostgreSQL(t)
	ctx := t.Context()
	var met, all sync.WaitGroup
	met.Add(2)
	var runs atomic.Int64
	write := func(first, second string) {
		var once sync.Once
		holding := func(tx verify.Tx) error {
			runs.Add(1)
			err := tx.Append(ctx, &verify.Event{Tenant: first, At: time.Now(), Kind: verify.EventOpened})
			once.Do(met.Done)
			met.Wait()
			return err
		}
		wanting := func(tx verify.Tx) error {
			return tx.Append(ctx, &verify.Event{Tenant: second, At: time.Now(), Kind: verify.EventOpened})
		}
		if err := s.Write(ctx, first, holding, wanting); err != nil {
			t.Error(err)
		}
	}
	all.Go(func() { write("acme", "zenith") })
	all.Go(func() { write("zenith", "acme") })
	all.Wait()
	if runs.Load() != 3 {
		t.Errorf("first steps ran %d times, want 3: one of the two twice", runs.Load())
	}
	for _, tenant := range []string{"acme", "zenith"} {
		if n, broken, err := s.VerifyChain(ctx, tenant); n != 2 || broken != nil || err != nil {
			t.Errorf("%s has %d sound events, break %v, error %v; want 2 and none", tenant, n, broken, err)
		}
	}
}

func TestADatabaseThatIsNotThereIsUnavailable(t *testing.T) {
	url := storetest.PostgreSQLURL(t)
	s := storetest.Open(t, url, nil)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := s.BySecret(t.Context(), []byte("secret"))
	if verify.CodeOf(err) != verify.CodeUnavailable {
		t.Errorf("a read is told %v, want %s", err, verify.CodeUnavailable)
	}
	err = s.Write(t.Context(), "acme", func(verify.Tx) error { return nil })
	if verify.CodeOf(err) != verify.CodeUnavailable {
		t.Errorf("a write is told %v, want %s", err, verify.CodeUnavailable)
	}
}

func TestAContactsEventsAreReadByItsIndexOnPostgreSQL(t *testing.T) {
	for _, plan := range storetest.PostgreSQL(t).ExplainContact(t) {
		if strings.Contains(plan, "Sort") || strings.Contains(plan, "Seq Scan") || !strings.Contains(plan, "events_by_contact") {
			t.Error(plan)
		}
	}
}
