package store_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// databases are the two that a store can stand on: each gives the URL of an empty one, and its driver.
var databases = map[string]struct {
	url    func(t testing.TB) string
	driver string
}{
	"SQLite":     {func(t testing.TB) string { return filepath.Join(t.TempDir(), "shieldpod.db") }, "sqlite"},
	"PostgreSQL": {storetest.PostgreSQLURL, "pgx"},
}

// onBoth runs the test once on each database.
func onBoth(t *testing.T, test func(t *testing.T, url, driver string)) {
	for name, database := range databases {
		t.Run(name, func(t *testing.T) { test(t, database.url(t), database.driver) })
	}
}

func TestTwoNodesKeepOneChain(t *testing.T) {
	onBoth(t, func(t *testing.T, url, _ string) {
		one, two := storetest.Open(t, url, nil), storetest.Open(t, url, nil)
		tenant(t, one)
		nodes := []*verify.Service{storetest.Service(one, time.Now), storetest.Service(two, time.Now)}
		var all sync.WaitGroup
		for n := range int64(100) {
			all.Go(func() {
				ask := request(n / 2)
				ask.Key = fmt.Sprint(ask.Key, n%2)
				if _, err := nodes[n%2].Send(t.Context(), ticketContext(n/2), ask); verify.CodeOf(err) != verify.CodeCooldown && err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		// Both nodes asked for each of the 50 contacts: one of the two was too soon.
		if events, broken, err := one.VerifyChain(t.Context(), "acme"); events != 50 || broken != nil || err != nil {
			t.Errorf("%d events are sound, break %v, error %v; want 50 and none", events, broken, err)
		}
	})
}

// Three nodes send at the same time, and one of them is then started again.
func TestThreat_18_WhatNodesSendTogetherIsTheQuota(t *testing.T) {
	onBoth(t, func(t *testing.T, url, _ string) {
		node := func() *verify.Service { return storetest.Service(storetest.Open(t, url, nil), time.Now) }
		first := storetest.Open(t, url, nil)
		tenant(t, first)
		const limit = 20
		storetest.SetPolicy(t, first, "acme", "", func(p *policy.Policy) {
			storetest.Unbounded(p)
			p.Limits.TenantDay = limit
		})
		nodes := []*verify.Service{storetest.Service(first, time.Now), node(), node()}
		var all sync.WaitGroup
		var sent, refused atomic.Int64
		for n := range int64(90) {
			all.Go(func() {
				switch _, err := nodes[n%3].Send(t.Context(), ticketContext(n), request(n)); verify.CodeOf(err) {
				case "":
					sent.Add(1)
				case verify.CodeQuotaExceeded:
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		events, broken, err := first.VerifyChain(t.Context(), "acme")
		if sent.Load() != limit || refused.Load() != 90-limit || events != limit || broken != nil || err != nil {
			t.Errorf("%d were sent, %d refused, %d are in the chain (%v, %v); want %d, %d, %d", sent.Load(), refused.Load(), events, broken, err, limit, 90-limit, limit)
		}
		_, err = node().Send(t.Context(), ticketContext(91), request(91))
		if verify.CodeOf(err) != verify.CodeQuotaExceeded {
			t.Errorf("after a restart: %v", err)
		}
	})
}

func TestAnotherNodeSeesChangedSettingsWithinTwoSeconds(t *testing.T) {
	onBoth(t, func(t *testing.T, url, _ string) {
		var clock atomic.Int64
		clock.Store(1e12)
		now := func() time.Time { return time.UnixMilli(clock.Load()) }
		one, two := storetest.Open(t, url, now), storetest.Open(t, url, now)
		name := func() string {
			found, err := two.Tenant(t.Context(), "acme")
			if err != nil {
				t.Fatal(err)
			}
			return found.Name
		}
		for i, row := range []struct {
			put     string
			forward int64
			want    string
		}{
			{"first", 0, "first"},
			{"second", 1999, "first"}, // kept: a request costs no query
			{"second", 1, "second"},
			{"third", -1, "third"}, // a clock set back keeps nothing alive
		} {
			if err := storetest.PutTenant(t.Context(), one, verify.Tenant{ID: "acme", Name: row.put}); err != nil {
				t.Fatal(err)
			}
			clock.Add(row.forward)
			if got := name(); got != row.want {
				t.Errorf("row %d: the other node has %q, want %q", i, got, row.want)
			}
		}
	})
}

func TestThreat_28_ATamperedHistoryIsFoundOut(t *testing.T) {
	rows := []struct{ name, sql, want string }{
		{"nothing changed", `SELECT 1`, ""},
		{"one byte of a body", `UPDATE events SET body = replace(body, '"by":"ana"', '"by":"bob"') WHERE seq = 3`, "event 3 of acme: its hash does not fit its body and the event before it"},
		{"a hash", `UPDATE events SET hash = (SELECT hash FROM events WHERE seq = 1) WHERE seq = 2`, "event 2 of acme: its hash does not fit its body and the event before it"},
		{"an event taken out", `DELETE FROM events WHERE seq = 4`, "event 4 of acme: it is missing"},
		{"the first event taken out", `DELETE FROM events WHERE seq = 1`, "event 1 of acme: it is missing"},
		{"two events that changed places", `UPDATE events SET body = (SELECT e.body FROM events e WHERE e.seq = 7 - events.seq), hash = (SELECT e.hash FROM events e WHERE e.seq = 7 - events.seq) WHERE seq IN (3, 4)`, "event 3 of acme: its hash does not fit its body and the event before it"},
		{"an event given to another contact", `UPDATE events SET contact = 'lee' WHERE seq = 5`, "event 5 of acme: its columns differ from its body"},
		{"a kind", `UPDATE events SET kind = 'verified' WHERE seq = 2`, "event 2 of acme: its columns differ from its body"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, url, driver string) {
				s := storetest.Open(t, url, nil)
				for range 6 {
					e := verify.Event{Tenant: "acme", At: time.UnixMilli(1e12), Kind: verify.EventOpened, Contact: "dana", By: verify.Technician{ID: "ana"}}
					if err := s.Write(t.Context(), "acme", func(tx verify.Tx) error { return tx.Append(t.Context(), &e) }); err != nil {
						t.Fatal(err)
					}
				}
				raw(t, driver, url, row.sql)
				for _, size := range []int64{1, 2, 3, 6, 100} {
					events, broken, err := s.VerifyChainInRanges(t.Context(), "acme", size)
					if err != nil {
						t.Fatal(err)
					}
					if got := fmt.Sprint(broken); got != row.want && (broken != nil || row.want != "") {
						t.Errorf("in ranges of %d the break is %q, want %q", size, got, row.want)
					}
					if broken == nil && events != 6 || broken != nil && events != broken.Seq-1 {
						t.Errorf("in ranges of %d there are %d sound events before %v", size, events, broken)
					}
				}
			})
		})
	}
}

func TestThreat_28_AFlippedByteAnywhereIsFoundOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shieldpod.db")
	s := storetest.Open(t, path, nil)
	const events, size = 23, 5
	for range events {
		e := verify.Event{Tenant: "acme", At: time.UnixMilli(1e12), Kind: verify.EventOpened, Contact: "dana"}
		if err := s.Write(t.Context(), "acme", func(tx verify.Tx) error { return tx.Append(t.Context(), &e) }); err != nil {
			t.Fatal(err)
		}
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for seq := int64(1); seq <= events; seq++ {
		for _, column := range []string{"body", "hash"} {
			var whole []byte
			if err := db.QueryRowContext(t.Context(), "SELECT "+column+" FROM events WHERE seq = $1", seq).Scan(&whole); err != nil {
				t.Fatal(err)
			}
			put := func(value []byte) {
				if _, err := db.ExecContext(t.Context(), "UPDATE events SET "+column+" = $1 WHERE seq = $2", value, seq); err != nil {
					t.Fatal(err)
				}
			}
			for at := int(seq) % 7; at < len(whole); at += 7 {
				flipped := bytes.Clone(whole)
				flipped[at] ^= 1 << (at % 8)
				put(flipped)
				if n, broken, err := s.VerifyChainInRanges(t.Context(), "acme", size); err != nil || broken == nil || broken.Seq != seq || n != seq-1 {
					t.Fatalf("byte %d of the %s of event %d: %d events are sound, then %v, %v", at, column, seq, n, broken, err)
				}
			}
			put(whole)
		}
	}
	if n, broken, err := s.VerifyChainInRanges(t.Context(), "acme", size); n != events || broken != nil || err != nil {
		t.Errorf("put back, %d events are sound, then %v, %v", n, broken, err)
	}
}

// raw runs a statement past the store.
func raw(t *testing.T, driver, url, statement string) {
	t.Helper()
	db, err := sql.Open(driver, url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}
