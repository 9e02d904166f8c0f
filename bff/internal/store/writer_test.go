package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/quota"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// opened gives an empty store on a temporary SQLite file, and its writer.
func opened(t *testing.T) (*Store, *writer) {
	t.Helper()
	s, _ := openedFile(t)
	return s, s.engine.(*sqliteEngine).writer
}

func openedFile(t *testing.T) (s *Store, file string) {
	t.Helper()
	vault, err := NewVault(bytes.Repeat([]byte{7}, 32), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "shieldpod.db")
	s, err = Open(t.Context(), Config{URL: file, Vault: vault})
	if err != nil {
		t.Fatal(err)
	}
	migrated(t, s)
	return s, file
}

func appending(ctx context.Context) func(verify.Tx) error {
	return func(tx verify.Tx) error {
		return tx.Append(ctx, &verify.Event{Tenant: "acme", At: time.Unix(1, 0), Kind: verify.EventOpened, Contact: "dana"})
	}
}

func events(t *testing.T, s *Store) int64 {
	t.Helper()
	n, broken, err := s.VerifyChain(t.Context(), "acme")
	if err != nil || broken != nil {
		t.Fatal(err, broken)
	}
	return n
}

// batched has n writes of an event each and then the step share one transaction, and gives every
// verdict, the step's own last.
func batched(t *testing.T, s *Store, w *writer, n int, own step) []error {
	t.Helper()
	holding, hold := make(chan struct{}), make(chan struct{})
	held := func(*tx) error {
		close(holding)
		<-hold
		return nil
	}
	steps := []step{held}
	for range n {
		steps = append(steps, func(tx *tx) error { return appending(t.Context())(tx) })
	}
	verdicts := make([]error, n+2)
	done := make(chan struct{})
	for i, st := range append(steps, own) {
		go func() {
			defer func() { done <- struct{}{} }()
			verdicts[i] = s.update(t.Context(), st)
		}()
		if i == 0 {
			<-holding // it is in the transaction, the others wait for it
		}
		for len(w.queue) < i {
			runtime.Gosched()
		}
	}
	close(hold)
	for range verdicts {
		<-done
	}
	return verdicts
}

func TestABatchStandsOrFallsAsOne(t *testing.T) {
	for _, row := range []struct {
		name string
		step step
		want verify.Code // of every caller
		kept int64
	}{
		{"a commit that works keeps them all", func(*tx) error { return nil }, "", 5},
		{"a commit that fails keeps none, and nobody hears a verdict", func(tx *tx) error {
			p := tx.run.(*prepared)
			prepare := p.prepare
			p.prepare = func(ctx context.Context, text string) (*sql.Stmt, error) {
				if text == "COMMIT" {
					return nil, errors.New("the disk is gone")
				}
				return prepare(ctx, text)
			}
			delete(p.byText, "COMMIT")
			return errNoSession // a verdict that must not be told
		}, verify.CodeUnavailable, 0},
		{"a transaction that the database ended keeps none", func(tx *tx) error {
			_, err := tx.run.exec(context.Background(), "ROLLBACK")
			return err
		}, verify.CodeUnavailable, 0},
		{"a step that ends the goroutine keeps none", func(*tx) error {
			runtime.Goexit()
			return nil
		}, verify.CodeUnavailable, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, w := opened(t)
			if err := s.Write(t.Context(), "acme", appending(t.Context())); err != nil { // so that COMMIT is compiled
				t.Fatal(err)
			}
			for i, err := range batched(t, s, w, 5, row.step) {
				if verify.CodeOf(err) != row.want || (err == nil) != (row.want == "") {
					t.Errorf("caller %d was told %v, want %q", i, err, row.want)
				}
			}
			if n := events(t, s); n != 1+row.kept {
				t.Errorf("%d events are kept, want %d", n, 1+row.kept)
			}
			if err := s.Write(t.Context(), "acme", appending(t.Context())); err != nil {
				t.Errorf("the next write fails: %v", err)
			}
		})
	}
}

func TestAQuotaThatCantBeReadIsNotTakenForZero(t *testing.T) {
	s, _ := opened(t)
	ctx, at := t.Context(), time.Unix(1000, 0)
	quotas := []quota.Quota{{Name: "a", Key: "k", Window: time.Hour, Amount: 3}}
	if err := s.Write(ctx, "acme", func(tx verify.Tx) error { _, err := tx.Spend(ctx, "acme", at, quotas); return err }); err != nil {
		t.Fatal(err)
	}
	err := s.update(ctx, func(tx *tx) error {
		tx.counters.byKey = nil // as after a write of another process
		p := tx.run.(*prepared)
		prepare := p.prepare
		p.prepare = func(context.Context, string) (*sql.Stmt, error) { return nil, errors.New("the disk is gone") }
		for text := range p.byText {
			if strings.Contains(text, "FROM quotas") {
				delete(p.byText, text)
			}
		}
		if _, err := tx.Spend(ctx, "acme", at, quotas); verify.CodeOf(err) != verify.CodeUnavailable {
			t.Errorf("got %v, want %s", err, verify.CodeUnavailable)
		}
		tx.discardStep()
		p.prepare, tx.broken = prepare, nil // as for the next step of the transaction
		uses, err := tx.Spend(ctx, "acme", at, quotas)
		if err == nil && uses[0].Used != 6 {
			t.Errorf("%d are used, want 6", uses[0].Used)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestACallerThatGivesUpIsToldTheTruth(t *testing.T) {
	s, w := opened(t)
	holding, hold := make(chan struct{}), make(chan struct{})
	first, giveUp := context.WithCancel(t.Context())
	begun := make(chan error)
	go func() {
		begun <- s.Write(first, "acme", func(tx verify.Tx) error {
			close(holding)
			<-hold
			return appending(first)(tx)
		})
	}()
	<-holding
	second, giveUpToo := context.WithCancel(t.Context())
	waiting := make(chan error)
	go func() { waiting <- s.Write(second, "acme", appending(second)) }()
	for len(w.queue) < 1 {
		runtime.Gosched()
	}
	giveUp()
	giveUpToo()
	if err := <-waiting; verify.CodeOf(err) != verify.CodeUnavailable {
		t.Errorf("the one that waited was told %v, want %s", err, verify.CodeUnavailable)
	}
	close(hold)
	if err := <-begun; err != nil {
		t.Errorf("the one that had begun was told %v, though its event is kept", err)
	}
	if n := events(t, s); n != 1 {
		t.Errorf("%d events are kept, want 1", n)
	}
}

func TestCloseAnswersWhoWaitsAndRefusesWhoComesLater(t *testing.T) {
	s, w := opened(t)
	closed := make(chan error)
	verdicts := batched(t, s, w, 5, func(*tx) error {
		go func() { closed <- s.engine.(*sqliteEngine).writer.close() }()
		for {
			w.mu.RLock()
			over := w.closed
			w.mu.RUnlock()
			if over {
				return nil
			}
			runtime.Gosched()
		}
	})
	for i, err := range verdicts {
		if err != nil {
			t.Errorf("caller %d was told %v", i, err)
		}
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if err := s.Write(t.Context(), "acme", appending(t.Context())); verify.CodeOf(err) != verify.CodeUnavailable {
		t.Errorf("a late write was told %v, want %s", err, verify.CodeUnavailable)
	}
	if n := events(t, s); n != 5 {
		t.Errorf("%d events are kept, want 5", n)
	}
}

// TestEveryStatementReadsAnIndex asks SQLite how it would run each statement that the store has ever prepared.
func TestEveryStatementReadsAnIndex(t *testing.T) {
	s, w := opened(t)
	useEverything(t, s)
	allowed := map[string]bool{ // each reads no more rows than it gives
		"SCAN due": true, "SCAN lapsed": true, // of the jobs just picked
		"SCAN tenants USING COVERING INDEX sqlite_autoindex_tenants_1": true, // TenantList
		"SCAN CONSTANT ROW": true,
		"SCAN write_probes": true, // of two rows at most
	}
	var texts []string
	for _, p := range []*prepared{s.engine.(*sqliteEngine).reading, w.run} {
		for text := range p.byText {
			texts = append(texts, text)
		}
	}
	if len(texts) < 35 {
		t.Errorf("only %d statements were seen", len(texts))
	}
	bareContact := regexp.MustCompile(`contact = \$\d+($|[^ \d]| [^|])`)
	statement := regexp.MustCompile(`^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)`)
	for _, text := range texts {
		if strings.Count(text, "LIMIT $") != strings.Count(text, "+ 0") {
			t.Errorf("it is compiled again every time: %s", text)
		}
		if strings.Contains(text, "FROM events") && bareContact.MatchString(text) {
			t.Errorf("it is compiled again every time, because an index has a condition on the contact: %s", text)
		}
		if !statement.MatchString(text) {
			continue // SAVEPOINT and the like
		}
		for _, line := range plan(t, s, text) {
			wide := strings.Contains(line, "SEARCH events") && strings.Contains(line, "(tenant=?)") && !strings.Contains(text, "LIMIT 1")
			wide = wide || strings.Contains(text, "FROM events") && strings.Contains(text, "contact = ") && strings.Contains(line, " events ") && !strings.Contains(line, "contact=?")
			if strings.HasPrefix(line, "SCAN") && !allowed[line] && !strings.HasSuffix(line, "VALUES CLAUSE") || strings.Contains(line, "TEMP B-TREE") || wide {
				t.Errorf("%s: %s", line, text)
			}
		}
	}
}

// plan gives the lines of SQLite's query plan. Its arguments matter to no plan, so all are NULL.
func plan(t *testing.T, s *Store, text string) (lines []string) {
	t.Helper()
	args := make([]any, strings.Count(text, "$"))
	err := list(t.Context(), s.engine.(*sqliteEngine).reading, "explain", "EXPLAIN QUERY PLAN "+text, args, func(row scan) error {
		var id, parent, unused int
		var line string
		err := row(&id, &parent, &unused, &line)
		lines = append(lines, line)
		return err
	})
	if err != nil {
		t.Error(err, text)
	}
	return lines
}

// useEverything calls all that the store can do, once, so that every statement is prepared.
func useEverything(t *testing.T, s *Store) {
	t.Helper()
	ctx := t.Context()
	fatal := func(errs ...error) {
		t.Helper()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
	}
	fatal(s.Ready(ctx), s.Administer(ctx, "acme", func(tx admin.Tx) error {
		return tx.PutTenant(ctx, admin.Tenant{
			Tenant: verify.Tenant{ID: "acme", Origins: []string{"https://psa.example"}}, Keys: []admin.SigningKey{{Algorithm: "EdDSA", Material: []byte("k")}},
		})
	}))
	_, err := s.TenantList(ctx)
	_, opened := s.OpenSession(ctx, verify.NewSession{Session: verify.Session{ID: "s"}, JTI: "jti", JTIUntil: time.Now()})
	fatal(err, opened)
	_, err = s.Session(ctx, "s")
	fatal(err, s.EndSession(ctx, "", "s"), s.Sweep(ctx, time.Now()))
	for i, method := range []channel.Method{channel.SMSCode, channel.EmailLink} {
		fatal(s.Write(ctx, "acme", func(tx verify.Tx) error {
			v := verify.Verification{
				ID: fmt.Sprint("v", i), Tenant: "acme", Method: method, Secret: []byte("secret"), MaxTries: 3,
				Key: fmt.Sprint("k", i), ExpiresAt: time.Now().Add(time.Hour),
			}
			_, byKey := tx.ByKey(ctx, "acme", "", v.Key)
			_, latest := tx.Latest(ctx, "acme", "", "none")
			if verify.CodeOf(byKey) != verify.CodeNotFound || verify.CodeOf(latest) != verify.CodeNotFound {
				return errors.Join(byKey, latest)
			}
			inserted := tx.Insert(ctx, v)
			appended := tx.Append(ctx, &verify.Event{Tenant: "acme", Kind: verify.EventRequested, Verification: v.ID})
			enqueued := tx.Enqueue(ctx, verify.Job{ID: v.ID, Tenant: "acme", Method: method})
			_, found := tx.Find(ctx, "acme", v.ID)
			_, _, tried := tx.Try(ctx, "acme", v.ID, time.Now(), 10)
			_, counted := tx.Standing(ctx, "acme", "", "")
			cleared := tx.ClearFailures(ctx, "acme", "")
			quotas := []quota.Quota{{Name: "a", Window: time.Hour, Amount: 1}, {Name: "b", Window: time.Hour, Amount: 1}}
			_, spent := tx.Spend(ctx, "acme", time.Now(), quotas)
			alerted := tx.Alert(ctx, verify.Alert{ID: v.ID, Tenant: "acme", Kind: verify.EventDenied, Body: []byte("{}")})
			_, advanced := tx.Advance(ctx, "acme", v.ID, verify.StageSent, time.Now())
			return errors.Join(inserted, appended, enqueued, found, tried, counted, cleared, advanced, spent, alerted)
		}))
		fatal(s.Administer(ctx, "acme", func(tx admin.Tx) error {
			_, set := tx.Overrides(ctx, "acme", "")
			_, put := tx.PutOverrides(ctx, policy.Overrides{Tenant: "acme", Version: int64(i + 1)})
			return errors.Join(set, put)
		}))
	}
	_, err = s.BySecret(ctx, []byte("secret"))
	fatal(err)
	_, err = s.Recent(ctx, "acme", []string{""}, 50)
	fatal(err)
	_, err = s.Page(ctx, "acme", "", 2, 50)
	fatal(err)
	_, err = s.Changed(ctx, "acme", 0)
	fatal(err)
	_, err = s.LastEvent(ctx, "acme")
	fatal(err)
	_, _, err = s.VerifyChain(ctx, "acme")
	fatal(err)
	soon := time.Now().Add(time.Second)
	for _, kind := range []channel.Kind{channel.Phone, channel.Email} {
		_, err = s.Messages(kind).Claim(ctx, soon, soon, 10, nil)
		fatal(err)
	}
	fatal(s.Messages(channel.Phone).Retry(ctx, verify.Job{Tenant: "acme", ID: "v0"}, soon, ""))
	fatal(s.Messages(channel.Email).Settle(ctx, verify.Job{Tenant: "acme", ID: "v1"}, verify.JobSent, "", ""))
	_, _, err = s.Messages(channel.Phone).NextDue(ctx, nil)
	fatal(err)
	_, err = s.LapsedMessages(channel.Phone).Claim(ctx, soon, soon, 10, nil)
	fatal(err)
	fatal(s.Write(ctx, "acme", func(tx verify.Tx) error {
		_, err := tx.End(ctx, "acme", "v0", verify.Denied, time.Now())
		return err
	}))
}
