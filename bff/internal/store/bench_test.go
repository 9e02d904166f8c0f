package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/quota"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// callers is how many technicians press a button at the same time.
const callers = 64

func service(s *store.Store) *verify.Service { return storetest.Service(s, time.Now) }

func ticketContext(n int64) verify.TicketContext {
	contact := fmt.Sprintf("contact-%d", n)
	return verify.TicketContext{
		Tenant: "acme", Technician: verify.Technician{ID: fmt.Sprintf("ana-%d", n%20), Name: "Ana Ortiz"},
		Ticket: verify.Ticket{PSA: "demo", ID: "4711", Number: "4711"}, Client: verify.Client{ID: "contoso", Name: "Contoso"},
		Contacts: []verify.Contact{{ID: contact, Name: "Dana Reyes", Channels: []verify.Channel{
			{ID: "mobile", Kind: channel.Phone, Value: fmt.Sprint("+", 14155554820+n), Capability: channel.Mobile},
		}}},
		DefaultContact: contact,
	}
}

func request(n int64) verify.Request {
	return verify.Request{
		Contact: fmt.Sprintf("contact-%d", n), Channel: "mobile", Method: channel.SMSCode, Key: fmt.Sprintf("idempotency-key-%08d", n),
	}
}

func tenant(b testing.TB, s *store.Store) {
	b.Helper()
	if err := storetest.PutTenant(b.Context(), s, verify.Tenant{ID: "acme", Name: "Acme IT"}); err != nil {
		b.Fatal(err)
	}
	storetest.SetPolicy(b, s, "acme", "", storetest.Unbounded)
}

// parallel runs do with 64 callers and reports the rate and the callers' waits.
func parallel(b *testing.B, do func(ctx context.Context, n int64) error) {
	b.Helper()
	waits := make([]time.Duration, b.N)
	var n atomic.Int64
	b.SetParallelism(callers / 2)
	before := processorTime(b)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i, began := n.Add(1)-1, time.Now()
			if err := do(b.Context(), i); err != nil {
				b.Error(err)
				return
			}
			waits[i] = time.Since(began)
		}
	})
	b.StopTimer()
	b.ReportMetric(float64((processorTime(b)-before).Nanoseconds())/float64(b.N), "cpu-ns/op")
	slices.Sort(waits)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
	b.ReportMetric(float64(waits[b.N/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(waits[b.N*99/100].Microseconds())/1000, "p99-ms")
}

// processorTime is what this process has used so far. On a busy machine it says more than the time that has passed.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkSend64 measures whole sends: verification, chained event and sealed job, durable. A contact with history gets
// the first message since the server started.
func BenchmarkSend64(b *testing.B) {
	measureOnBoth(b, func(b *testing.B, s *store.Store) {
		withAndWithoutHistory(b, s, false, func(svc *verify.Service) func(context.Context, int64) error {
			return func(ctx context.Context, n int64) error {
				_, err := svc.Send(ctx, ticketContext(n), request(n))
				return err
			}
		})
	})
}

// BenchmarkPod reads what a pod shows when it opens.
func BenchmarkPod(b *testing.B) {
	measureOnBoth(b, func(b *testing.B, s *store.Store) {
		withAndWithoutHistory(b, s, true, func(svc *verify.Service) func(context.Context, int64) error {
			return func(ctx context.Context, n int64) error {
				_, err := svc.Pod(ctx, ticketContext(n))
				return err
			}
		})
	})
}

// withAndWithoutHistory measures what act does to new contacts; to contacts with 20 verifications and 100 events each, of
// whom each is read for the first time; and, if it may be done again, to such contacts that this node has read before, in
// turn.
func withAndWithoutHistory(b *testing.B, s *store.Store, again bool, act func(*verify.Service) func(context.Context, int64) error) {
	b.Helper()
	const inMemory = 150
	first := int64(0)
	for _, row := range []struct {
		name       string
		past, read bool
	}{{name: "new"}, {name: "with history", past: true}, {name: "with history in memory", past: true, read: true}} {
		if row.read && !again {
			continue
		}
		b.Run(row.name, func(b *testing.B) {
			b.ReportAllocs()
			first += 100_000 // the numbers of no other run
			contacts, svc := int64(b.N), service(s)
			if row.read {
				contacts = min(contacts, inMemory)
			}
			if row.past {
				giveHistory(b, s, first, contacts)
			}
			for n := int64(0); row.read && n < contacts; n++ {
				if _, err := svc.Pod(b.Context(), ticketContext(first+n)); err != nil {
					b.Fatal(err)
				}
			}
			do := act(svc)
			parallel(b, func(ctx context.Context, n int64) error { return do(ctx, first+n%contacts) })
		})
	}
}

// giveHistory has contacts, numbered from first on, be verified 20 times in the days before.
func giveHistory(b testing.TB, s *store.Store, first, contacts int64) {
	b.Helper()
	const together, verifications = 50, 20
	begin := time.Now().Add(-verifications * 24 * time.Hour).UTC().Truncate(time.Millisecond)
	for from := first; from < first+contacts; from += together {
		err := s.Write(b.Context(), "acme", func(tx verify.Tx) error {
			for n := from; n < min(from+together, first+contacts); n++ {
				for day := range verifications {
					if err := verified(b.Context(), tx, n, day, begin.Add(time.Duration(day)*24*time.Hour)); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// verified writes a verification that went well, with the events that such a one has.
func verified(ctx context.Context, tx verify.Tx, n int64, nth int, at time.Time) error {
	d, ticket := ticketContext(n), fmt.Sprint(3000+nth)
	id := fmt.Sprintf("v_%020d%04d", n, nth)
	until := at.Add(5 * time.Minute)
	err := tx.Insert(ctx, verify.Verification{
		ID: id, Tenant: "acme", Contact: d.DefaultContact, Channel: "mobile", Ticket: ticket, Technician: d.Technician.ID, Method: channel.SMSCode,
		Secret: make([]byte, 32), MaxTries: 3, RequestedAt: at, ExpiresAt: until, VerifiedFor: 30 * time.Minute, Key: id, Fingerprint: make([]byte, 32),
		Outcome: verify.Verified, Destination: fmt.Sprintf("%032d", n), Person: fmt.Sprintf("%032d", n), Prefix: "0123456789abcdef0123456789abcdef",
	})
	if err != nil {
		return err
	}
	by := verify.Technician{ID: d.Technician.ID, Name: d.Technician.Name}
	for i, e := range []verify.Event{
		{
			Kind: verify.EventRequested, By: by, Method: channel.SMSCode, Ticket: verify.Ticket{ID: ticket, Number: ticket}, Client: "contoso",
			Masked: "••• ••• 4821", Destination: fmt.Sprintf("%032d", n), CodeLength: 6, MaxTries: 3, ResendAt: at.Add(time.Minute), Until: until,
			Language: "en", Policy: policy.Version{Tenant: 1},
		},
		{Kind: verify.EventSent, Carrier: "twilio"},
		{Kind: verify.EventDelivered},
		{Kind: verify.EventVerified, By: by, Until: at.Add(30 * time.Minute)},
		{Kind: verify.EventNoteWritten},
	} {
		e.Tenant, e.Verification, e.Contact, e.Channel, e.At = "acme", id, d.DefaultContact, "mobile", at.Add(time.Duration(i)*time.Second)
		if err := tx.Append(ctx, &e); err != nil {
			return err
		}
	}
	return nil
}

// measureOnBoth measures on SQLite, and on a PostgreSQL of this machine that does not wait for its disk.
func measureOnBoth(b *testing.B, measure func(*testing.B, *store.Store)) {
	b.Helper()
	for _, database := range []struct {
		name string
		open func(testing.TB) *store.Store
	}{{"SQLite", storetest.SQLite}, {"PostgreSQL", storetest.PostgreSQL}} {
		b.Run(database.name, func(b *testing.B) {
			s := database.open(b)
			tenant(b, s)
			measure(b, s)
		})
	}
}

// uncounted is a ledger that counts on no quota.
type uncounted struct{ *store.Store }

func (u uncounted) Write(ctx context.Context, tenant string, steps ...func(verify.Tx) error) error {
	free := make([]func(verify.Tx) error, len(steps))
	for i, step := range steps {
		free[i] = func(tx verify.Tx) error { return step(freeTx{tx}) }
	}
	return u.Store.Write(ctx, tenant, free...)
}

type freeTx struct{ verify.Tx }

func (freeTx) Spend(_ context.Context, _ string, _ time.Time, quotas []quota.Quota) ([]quota.Usage, error) {
	return make([]quota.Usage, len(quotas)), nil
}

func (freeTx) Messages(context.Context, string, string, time.Time) (n int64, first, last time.Time, err error) {
	return 0, first, last, nil
}

// BenchmarkSend64WithoutQuotas is what BenchmarkSend64 would take if nothing were counted.
func BenchmarkSend64WithoutQuotas(b *testing.B) {
	s := storetest.SQLite(b)
	tenant(b, s)
	svc := service(s)
	svc.Ledger = uncounted{s}
	parallel(b, func(ctx context.Context, n int64) error {
		_, err := svc.Send(ctx, ticketContext(n), request(n))
		return err
	})
}

// BenchmarkAttempt64 measures whole code checks, each the first and right one for its verification.
func BenchmarkAttempt64(b *testing.B) {
	measureOnBoth(b, benchmarkAttempts)
}

func benchmarkAttempts(b *testing.B, s *store.Store) {
	svc := service(s)
	type typed struct{ id, code string }
	codes := make([]typed, b.N)
	var sent atomic.Int64
	b.SetParallelism(callers / 2)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n := sent.Add(1) - 1
			r, err := svc.Send(b.Context(), ticketContext(n), request(n))
			if err != nil {
				b.Error(err)
				return
			}
			codes[n].id = r.Verification
		}
	})
	secrets := map[string]string{}
	for {
		jobs, err := s.Messages(channel.Phone).Claim(b.Context(), time.Now(), time.Now().Add(time.Hour), 1000, nil)
		if err != nil {
			b.Fatal(err)
		}
		if len(jobs) == 0 {
			break
		}
		for _, j := range jobs {
			secrets[j.ID] = j.Secret
		}
	}
	for i := range codes {
		codes[i].code = secrets[codes[i].id]
	}
	parallel(b, func(ctx context.Context, n int64) error {
		_, err := svc.CheckCode(ctx, ticketContext(n), codes[n].id, codes[n].code)
		return err
	})
}

// BenchmarkBootstrap reads what a pod shows when it opens, rules included: for a tenant without overrides, and for one
// of whose clients 100,000 override the policy. The last is more clients than a node keeps the rules of.
func BenchmarkBootstrap(b *testing.B) {
	for _, row := range []struct {
		name              string
		overriding, asked int64 // clients
	}{
		{"no client overrides", 0, 1},
		{"100,000 do, one is asked for", 100_000, 1},
		{"100,000 do, 20,000 are asked for in turn", 100_000, 20_000},
		{"100,000 do, each is asked for in its turn", 100_000, 100_000},
	} {
		b.Run(row.name, func(b *testing.B) {
			s := storetest.SQLite(b)
			tenant(b, s)
			override(b, s, row.overriding)
			svc := service(s)
			for n := range min(row.asked, 20_000) { // a node that has been up for a while
				if _, err := svc.EffectivePolicy(b.Context(), "acme", clientID(n)); err != nil {
					b.Fatal(err)
				}
			}
			parallel(b, func(ctx context.Context, n int64) error {
				d := ticketContext(n)
				d.Client.ID = clientID(n * 7919 % row.asked)
				_, err := svc.Pod(ctx, d)
				return err
			})
		})
	}
}

func clientID(n int64) string { return fmt.Sprintf("client-%06d", n) }

// override has so many clients override the policy.
func override(b testing.TB, s *store.Store, clients int64) {
	b.Helper()
	const together = 1000
	fields := map[string]policy.FieldOverride{
		"code_length": {Value: json.RawMessage("8"), Version: 1, By: "Ana Ortiz"},
		"banner":      {Value: json.RawMessage(`{"text":"VIP client. Verify before any password work.","tone":"warning"}`), Version: 1, By: "Ana Ortiz"},
	}
	for from := int64(0); from < clients; from += together {
		err := s.Administer(b.Context(), "acme", func(tx admin.Tx) error {
			for n := from; n < from+together; n++ {
				set := policy.Overrides{Tenant: "acme", Client: clientID(n), Version: 1, By: "Ana Ortiz", Fields: fields}
				if _, err := tx.PutOverrides(b.Context(), set); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBareCommit64 is the limit beside which the others are read: one row of the size
// of an event by one prepared statement, durable, 64 callers sharing the commits.
func BenchmarkBareCommit64(b *testing.B) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "bare.db")+
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("CREATE TABLE bare (n INTEGER PRIMARY KEY, body BLOB)"); err != nil {
		b.Fatal(err)
	}
	insert, err := db.Prepare("INSERT INTO bare (body) VALUES ($1)")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = insert.Close() }()
	body := bytes.Repeat([]byte{'e'}, 600)
	queue := make(chan chan error, callers)
	defer close(queue)
	go func() {
		for first := range queue {
			batch := []chan error{first}
			tx, err := db.Begin()
			for stmt := tx.Stmt(insert); err == nil; { //nolint:sqlclosecheck // the commit closes it
				if _, err = stmt.Exec(body); err != nil || len(queue) == 0 {
					break
				}
				batch = append(batch, <-queue)
			}
			if err == nil {
				err = tx.Commit()
			}
			for _, done := range batch {
				done <- err
			}
		}
	}()
	parallel(b, func(context.Context, int64) error {
		done := make(chan error, 1)
		queue <- done
		return <-done
	})
}
