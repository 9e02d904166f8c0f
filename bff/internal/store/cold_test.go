package store_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
)

// stored gives the path of an SQLite file with n verifications of 10,000 contacts, four events each.
func stored(b *testing.B, n int) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "shieldpod.db")
	tenant(b, storetest.Open(b, path, nil))
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=synchronous(OFF)&_pragma=cache_size(-262144)")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, statement := range []string{
		`WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d - 1)
		INSERT INTO verifications (id, tenant, contact, channel, ticket, technician, method, code_mac, tries, max_tries, requested_at,
			expires_at, verified_for, idempotency_key, fingerprint, outcome, stage, after_seq, destination, person, prefix)
		SELECT printf('v_%%026d', i), 'acme', printf('contact-%%d', i * 7919 %% 10000), 'mobile', '4711', 'ana', 'sms_code', randomblob(32), 1, 3,
			1e12 + i, 1e12 + i + 300000, 1800000, lower(hex(randomblob(16))), randomblob(32), 'verified', 4, 4 * i, '', '', '' FROM n`,
		`INSERT INTO jobs (kind, id, tenant, verification, state, due_at, attempts, body, ref, cause)
		SELECT 'phone', id, tenant, id, 'sent', requested_at, 1, method, '0C000000A1B2C3D4', '' FROM verifications WHERE after_seq < 4 * %d`,
		`WITH kinds (k, kind) AS (VALUES (1, 'requested'), (2, 'sent'), (3, 'delivered'), (4, 'verified'))
		INSERT INTO events (tenant, seq, at, kind, verification, contact, body, hash)
		SELECT tenant, after_seq + k, requested_at, kind, id, contact, printf('{"tenant":"acme","seq":%%d,"at":%%d,"kind":"%%s","verification":"%%s",'
			|| '"contact":"%%s","channel":"mobile","by":"ana","by_name":"Ana Ortiz","method":"sms_code","ticket":"4711","ticket_number":"4711",'
			|| '"client":"contoso","masked":"••• ••• 4821","destination":"0123456789abcdef0123456789abcdef"}',
			after_seq + k, requested_at, kind, id, contact), randomblob(32)
		FROM verifications, kinds WHERE after_seq < 4 * %d ORDER BY after_seq, k`,
	} {
		if _, err := db.ExecContext(b.Context(), fmt.Sprintf(statement, n)); err != nil {
			b.Fatal(err)
		}
	}
	return path
}

// BenchmarkColdStart measures from nothing to a store that answers, its schema found up to date.
func BenchmarkColdStart(b *testing.B) {
	path := stored(b, 100_000)
	for b.Loop() {
		s, err := store.Open(b.Context(), store.Config{URL: path, Vault: storetest.Vault(b)})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Migrate(b.Context()); err != nil {
			b.Fatal(err)
		}
		if _, err := storetest.Service(s, time.Now).Pod(b.Context(), ticketContext(1)); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// BenchmarkVerifyChain checks a tenant's chain of 200,000 events, or of as many as SHIELDPOD_BENCH_EVENTS says.
func BenchmarkVerifyChain(b *testing.B) {
	events := int64(200_000)
	if set := os.Getenv("SHIELDPOD_BENCH_EVENTS"); set != "" {
		var err error
		if events, err = strconv.ParseInt(set, 10, 64); err != nil {
			b.Fatal(err)
		}
	}
	measureOnBoth(b, func(b *testing.B, s *store.Store) {
		before, err := s.LastEvent(b.Context(), "acme")
		if err != nil {
			b.Fatal(err)
		}
		giveHistory(b, s, 1, (events-before)/100)
		b.ReportAllocs()
		var checked int64
		for b.Loop() {
			n, broken, err := s.VerifyChain(b.Context(), "acme")
			if broken != nil || err != nil {
				b.Fatal(broken, err)
			}
			checked += n
		}
		b.ReportMetric(float64(checked)/b.Elapsed().Seconds(), "events/s")
	})
}
