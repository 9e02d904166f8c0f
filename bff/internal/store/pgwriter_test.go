package store_test

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/quota"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// inOneTransaction has the writes of a tenant share a transaction of PostgreSQL, in their order, and gives the verdicts.
func inOneTransaction(t *testing.T, s *store.Store, writes ...func(context.Context, verify.Tx) error) []error {
	t.Helper()
	started, begin := make(chan struct{}), make(chan struct{})
	start := sync.OnceFunc(func() { close(started) })
	verdicts := make([]error, len(writes))
	var all sync.WaitGroup
	all.Go(func() {
		err := s.Write(t.Context(), "acme", func(verify.Tx) error {
			start()
			<-begin
			return nil
		})
		if err != nil && verify.CodeOf(err) != verify.CodeUnavailable {
			t.Error(err)
		}
	})
	<-started
	for i, write := range writes {
		all.Go(func() {
			verdicts[i] = s.Write(t.Context(), "acme", func(tx verify.Tx) error { return write(t.Context(), tx) })
		})
		for s.Waiting("acme") != i+1 {
			runtime.Gosched()
		}
	}
	close(begin)
	all.Wait()
	return verdicts
}

func opened(id string) func(context.Context, verify.Tx) error {
	return func(ctx context.Context, tx verify.Tx) error {
		v := verify.Verification{
			ID: id, Tenant: "acme", Contact: "dana", Channel: "mobile", Technician: "ana", Method: channel.SMSCode, Secret: []byte("mac of " + id),
			RequestedAt: time.Unix(1, 0), ExpiresAt: time.Unix(301, 0), MaxTries: 3, Key: "key of " + id, Fingerprint: []byte(id),
		}
		if err := tx.Insert(ctx, v); err != nil {
			return err
		}
		return tx.Append(ctx, &verify.Event{Tenant: "acme", At: v.RequestedAt, Kind: verify.EventRequested, Verification: id, Contact: "dana", Channel: "mobile"})
	}
}

func counted(ctx context.Context, tx verify.Tx) error {
	_, err := tx.Spend(ctx, "acme", time.Unix(1, 0), []quota.Quota{{Name: "day", Key: "acme", Window: time.Hour, Amount: 1, Limit: 10}})
	return err
}

func TestInATransactionOfManyWritesEachGetsItsOwnAnswer(t *testing.T) {
	errRule := &verify.Error{Code: verify.CodeCooldown}
	for _, row := range []struct {
		name   string
		writes []func(context.Context, verify.Tx) error
		want   []verify.Code
		events int64
	}{
		{
			"one whose statement fails after its step has ended is refused alone",
			[]func(context.Context, verify.Tx) error{opened("v1"), opened("v1"), opened("v2")},
			[]verify.Code{"", verify.CodeKeyReused, ""}, 2,
		},
		{
			"the last one's statement fails with the commit", []func(context.Context, verify.Tx) error{opened("v1"), opened("v2"), opened("v2")},
			[]verify.Code{"", "", verify.CodeKeyReused}, 2,
		},
		{
			"one that a rule refuses after it has written leaves nothing", []func(context.Context, verify.Tx) error{
				opened("v1"),
				func(ctx context.Context, tx verify.Tx) error { return errors.Join(opened("v2")(ctx, tx), errRule) },
				opened("v3"),
			},
			[]verify.Code{"", verify.CodeCooldown, ""}, 2,
		},
		{
			"one that is refused after it was counted, and others on the same quota",
			[]func(context.Context, verify.Tx) error{
				func(ctx context.Context, tx verify.Tx) error { return errors.Join(counted(ctx, tx), errRule) }, counted, counted,
			},
			[]verify.Code{verify.CodeCooldown, "", ""}, 0,
		},
		{
			"a step reads what the one before it has written", []func(context.Context, verify.Tx) error{
				opened("v1"),
				func(ctx context.Context, tx verify.Tx) error {
					_, err := tx.Find(ctx, "acme", "v1")
					return err
				},
			},
			[]verify.Code{"", ""}, 1,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := storetest.PostgreSQL(t)
			tenant(t, s)
			for i, err := range inOneTransaction(t, s, row.writes...) {
				if verify.CodeOf(err) != row.want[i] || (err == nil) != (row.want[i] == "") {
					t.Errorf("write %d: %v, want code %q", i, err, row.want[i])
				}
			}
			if events, broken, err := s.VerifyChain(t.Context(), "acme"); events != row.events || broken != nil || err != nil {
				t.Errorf("%d events are sound, break %v, error %v; want %d and none", events, broken, err, row.events)
			}
		})
	}
}

func TestWhatReadsAheadSeesItsOwnWrites(t *testing.T) {
	s := storetest.PostgreSQL(t)
	tenant(t, s)
	v := verify.Verification{
		ID: "v1", Tenant: "acme", Contact: "dana", Channel: "mobile", Technician: "ana", Method: channel.SMSCode, Secret: []byte("mac"),
		RequestedAt: time.Unix(1, 0), ExpiresAt: time.Unix(301, 0), MaxTries: 3, Key: "a key", Fingerprint: []byte("x"), Destination: "d1", Person: "p1",
	}
	err := s.Write(t.Context(), "acme", func(tx verify.Tx) error {
		if err := tx.ReadAhead(t.Context(), v, time.Unix(0, 0), nil); err != nil {
			return err
		}
		if err := tx.Insert(t.Context(), v); err != nil {
			return err
		}
		if _, err := tx.ByKey(t.Context(), "acme", "ana", "a key"); err != nil {
			return err
		}
		n, _, _, err := tx.Messages(t.Context(), "acme", "p1", time.Unix(0, 0))
		if err == nil && n != 1 {
			t.Errorf("%d messages were counted, want the one that was written", n)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// A connection that is cut takes the whole transaction with it: all of its writes are told so, nothing of them is left,
// and the next write has another connection.
func TestAConnectionThatIsCutLeavesNothingOfItsTransaction(t *testing.T) {
	url := storetest.PostgreSQLURL(t)
	s := storetest.Open(t, url, nil)
	tenant(t, s)
	admin, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = admin.Close() }()
	cut := func(ctx context.Context, tx verify.Tx) error {
		if _, err := tx.Find(ctx, "acme", "v1"); err != nil {
			return err
		}
		_, err := admin.ExecContext(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND state = 'idle in transaction'`)
		return errors.Join(err, opened("v2")(ctx, tx))
	}
	for i, err := range inOneTransaction(t, s, opened("v1"), cut, opened("v3")) {
		if verify.CodeOf(err) != verify.CodeUnavailable {
			t.Errorf("write %d: %v, want unavailable", i, err)
		}
	}
	if err := s.Write(t.Context(), "acme", func(tx verify.Tx) error { return opened("v4")(t.Context(), tx) }); err != nil {
		t.Errorf("the next write: %v", err)
	}
	if events, broken, err := s.VerifyChain(t.Context(), "acme"); events != 1 || broken != nil || err != nil {
		t.Errorf("%d events are sound, break %v, error %v; want 1 and none", events, broken, err)
	}
}
