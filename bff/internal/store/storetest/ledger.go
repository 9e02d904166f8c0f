package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

var ledger = []promise{
	{"a step that fails is undone alone, and the steps before it are kept", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		err := s.Write(ctx, "acme", insert(ctx, link("kept")), func(tx verify.Tx) error {
			if err := insert(ctx, link("undone"))(tx); err != nil {
				return err
			}
			return errOfStep
		})
		if !errors.Is(err, errOfStep) {
			t.Fatalf("Write gave %v, want the step's own error", err)
		}
		ask(t, s, func(tx verify.Tx) (verify.Verification, error) { return tx.Find(ctx, "acme", "kept") })
		err = s.Write(ctx, "acme", func(tx verify.Tx) error { _, err := tx.Find(ctx, "acme", "undone"); return err })
		want(t, err, verify.CodeNotFound)
		sound(t, s, "acme", 1)
	}},
	{"no step runs after one that has failed", func(t *testing.T, s *store.Store) {
		ran := false
		err := s.Write(t.Context(), "acme", func(verify.Tx) error { return errOfStep }, func(verify.Tx) error { ran = true; return nil })
		if !errors.Is(err, errOfStep) || ran {
			t.Fatalf("Write gave %v, and the next step ran: %t", err, ran)
		}
	}},
	{"a step sees what the steps before it did", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		must(t, s, insert(ctx, link("v1")), func(tx verify.Tx) error { _, err := tx.Find(ctx, "acme", "v1"); return err })
	}},
	{"a panicking step is undone alone, goes on in its caller, and harms nobody else", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		ended := together(func(n int) (err error) {
			if n%5 != 0 {
				return s.Write(ctx, "acme", insert(ctx, link(fmt.Sprint("v", n))))
			}
			defer func() {
				if told := fmt.Sprint(recover()); !strings.Contains(told, "boom") {
					err = errors.New("no panic came back: " + told)
				}
			}()
			return s.Write(ctx, "acme", insert(ctx, link(fmt.Sprint("v", n))), func(tx verify.Tx) error {
				_ = insert(ctx, link(fmt.Sprint("undone", n)))(tx)
				panic("boom")
			})
		})
		if diff := cmp.Diff(map[verify.Code]int{"": crowd}, ended); diff != "" {
			t.Fatal(diff)
		}
		sound(t, s, "acme", crowd)
	}},
	{"a step whose statement has failed can't go on as if it had not", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		twice := link("v1")
		must(t, s, insert(ctx, twice))
		err := s.Write(ctx, "acme", func(tx verify.Tx) error {
			_ = tx.Insert(ctx, twice)
			e := of(twice, verify.EventOpened)
			_ = tx.Append(ctx, &e)
			return nil
		})
		want(t, err, verify.CodeKeyReused)
		sound(t, s, "acme", 1)
	}},
	{"a caller that gave up before its turn has written nothing", func(t *testing.T, s *store.Store) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		want(t, s.Write(ctx, "acme", insert(t.Context(), link("v1"))), verify.CodeUnavailable)
		sound(t, s, "acme", 0)
	}},
	{"events are numbered from one without gaps, whatever is undone between them", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		ended := together(func(n int) error {
			v := link(fmt.Sprint("v", n))
			err := s.Write(ctx, "acme", insert(ctx, v), func(tx verify.Tx) error {
				if err := appending(ctx, of(v, verify.EventOpened))(tx); err != nil || n%2 == 0 {
					return err
				}
				return &verify.Error{Code: verify.CodeCooldown}
			})
			return err
		})
		if diff := cmp.Diff(map[verify.Code]int{"": crowd / 2, verify.CodeCooldown: crowd / 2}, ended); diff != "" {
			t.Fatal(diff)
		}
		sound(t, s, "acme", crowd+crowd/2)
	}},
	{"each tenant has a chain of its own", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		for i, tenant := range []string{"acme", "zenith", "acme"} {
			v := link(fmt.Sprint("v", i))
			v.Tenant, v.Contact = tenant, tenant+"'s dana"
			must(t, s, insert(ctx, v))
		}
		sound(t, s, "acme", 2)
		sound(t, s, "zenith", 1)
		sound(t, s, "nobody", 0)
	}},
	{"an event reads back as it was appended", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		e := of(link("v1"), verify.EventRequested)
		e.By, e.Note, e.Override = verify.Technician{ID: "ana", Name: "Ana Ortiz"}, "Manager approval \"✓\"\nby Zoë", true
		e.Method, e.Masked, e.Until = channel.EmailLink, "d•••@contoso.com", noon.Add(5)
		e.Ticket = verify.Ticket{ID: "1", Number: "4711"}
		must(t, s, appending(ctx, e))
		e.Seq, e.Until = 1, noon // milliseconds are kept
		events, err := s.Recent(ctx, "acme", []string{"dana"}, 1)
		if diff := cmp.Diff([]verify.Event{e}, events); diff != "" || err != nil {
			t.Fatal(err, diff)
		}
	}},
	{"Recent gives every event of each contact's last verifications, and of no others, in order", func(t *testing.T, s *store.Store) {
		dana, lee := history(t, s)
		for _, row := range []struct {
			contacts []string
			n        int
			want     []string
		}{
			{[]string{"dana"}, 2, dana[2:]},
			{[]string{"dana"}, 9, []string{"1 requested d1", "2 requested d2", "4 opened d2", "5 requested d3", "6 failed d1", "7 verified d3"}},
			{[]string{"lee"}, 1, lee},
			{[]string{"dana", "lee", "nobody"}, 1, []string{"3 requested l1", "5 requested d3", "7 verified d3"}},
			{[]string{"a", "b", "dana", "c", "d", "lee", "e"}, 1, []string{"3 requested l1", "5 requested d3", "7 verified d3"}},
			{[]string{"a", "b", "c", "d", "e"}, 1, []string{}},
			{[]string{"nobody"}, 1, []string{}},
			{nil, 1, []string{}},
		} {
			events, err := s.Recent(t.Context(), "acme", row.contacts, row.n)
			if diff := cmp.Diff(row.want, list(events)); diff != "" || err != nil {
				t.Errorf("the last %d of %v: %v\n%s", row.n, row.contacts, err, diff)
			}
		}
	}},
	{"Page goes on before the given event, with the events that came later too", func(t *testing.T, s *store.Store) {
		history(t, s)
		for _, row := range []struct {
			before int64
			n      int
			want   []string
		}{
			{0, 1, []string{"5 requested d3", "7 verified d3"}},
			{5, 1, []string{"2 requested d2", "4 opened d2"}},
			{5, 2, []string{"1 requested d1", "2 requested d2", "4 opened d2", "6 failed d1"}},
			{2, 9, []string{"1 requested d1", "6 failed d1"}},
			{1, 9, []string{}},
		} {
			events, err := s.Page(t.Context(), "acme", "dana", row.before, row.n)
			if diff := cmp.Diff(row.want, list(events)); diff != "" || err != nil {
				t.Errorf("%d before %d: %v\n%s", row.n, row.before, err, diff)
			}
		}
	}},
	{"Page has what became of a verification for as long as it can be open, whatever was asked for meanwhile", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		asked := func(id string, minute time.Duration) verify.Verification {
			v := link(id)
			v.RequestedAt, v.ExpiresAt = noon.Add(minute*time.Minute), noon.Add((minute+5)*time.Minute)
			must(t, s, insert(ctx, v))
			return v
		}
		became := func(v verify.Verification, kind verify.EventKind, minute time.Duration) {
			e := of(v, kind)
			e.At = noon.Add(minute * time.Minute)
			must(t, s, appending(ctx, e))
		}
		v1, v2 := asked("v1", 0), asked("v2", 2)
		became(v1, verify.EventSent, 1)
		v3 := asked("v3", 14) // by a node whose clock is ahead
		became(v2, verify.EventDenied, 4)
		became(v1, verify.EventVerified, 4)
		became(v3, verify.EventVerified, 15)
		asked("v4", 40)
		for _, row := range []struct {
			before int64
			want   []string
		}{
			{2, []string{"1 requested v1", "3 sent v1", "6 verified v1"}},
			{4, []string{"1 requested v1", "2 requested v2", "3 sent v1", "5 denied v2", "6 verified v1"}},
			{8, []string{"1 requested v1", "2 requested v2", "3 sent v1", "4 requested v3", "5 denied v2", "6 verified v1", "7 verified v3"}},
		} {
			events, err := s.Page(ctx, "acme", "dana", row.before, 9)
			if diff := cmp.Diff(row.want, list(events)); diff != "" || err != nil {
				t.Errorf("before %d: %v\n%s", row.before, err, diff)
			}
		}
	}},
	{"Recent says of the present what Page says, whoever writes and however often it is read", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		kinds := []verify.EventKind{verify.EventSent, verify.EventDelivered, verify.EventWrongCode, verify.EventVerified}
		for n := range crowd {
			v := link(fmt.Sprintf("v%02d", n))
			must(t, s, insert(ctx, v), appending(ctx, of(v, kinds[n%4])))
			late := link(fmt.Sprintf("v%02d", n*7%(n+1))) // an older one's, maybe out of sight
			must(t, s, appending(ctx, of(late, kinds[n%3])))
			for _, last := range []int{3, 20} {
				recent, err := s.Recent(ctx, "acme", []string{"dana"}, last)
				want(t, err, "")
				page, err := s.Page(ctx, "acme", "dana", 0, last)
				want(t, err, "")
				if diff := cmp.Diff(page, recent); diff != "" {
					t.Fatalf("the last %d after %d: %s", last, n, diff)
				}
			}
		}
	}},
	{"Recent of fifty readers at once, while fifty write, ends with every event", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		ended := together(func(n int) error {
			v := link(fmt.Sprintf("v%02d", n))
			if err := s.Write(ctx, "acme", insert(ctx, v), appending(ctx, of(v, verify.EventSent))); err != nil {
				return err
			}
			seen, err := s.Recent(ctx, "acme", []string{"dana"}, crowd)
			if err != nil {
				return err
			}
			for i, e := range seen {
				if e.Seq != int64(i+1) {
					return fmt.Errorf("event %d is at place %d", e.Seq, i)
				}
			}
			if !slices.ContainsFunc(seen, func(e verify.Event) bool { return e.Verification == v.ID && e.Kind == verify.EventSent }) {
				return errors.New("what was just written is not there")
			}
			return nil
		})
		if diff := cmp.Diff(map[verify.Code]int{"": crowd}, ended); diff != "" {
			t.Error(diff)
		}
	}},
	{"Changed gives the contacts with events above a number, each with its last", func(t *testing.T, s *store.Store) {
		history(t, s)
		for after, want := range map[int64]map[string]int64{
			0: {"dana": 7, "lee": 3}, 2: {"dana": 7, "lee": 3}, 3: {"dana": 7}, 7: {}, 99: {},
		} {
			changed, err := s.Changed(t.Context(), "acme", after)
			if diff := cmp.Diff(want, changed); diff != "" || err != nil {
				t.Errorf("after %d: %v\n%s", after, err, diff)
			}
		}
	}},
	{"LastEvent gives the number of a tenant's last event, and 0 before the first", func(t *testing.T, s *store.Store) {
		history(t, s)
		for tenant, want := range map[string]int64{"acme": 7, "zenith": 0} {
			if last, err := s.LastEvent(t.Context(), tenant); last != want || err != nil {
				t.Errorf("%s: %d, %v; want %d", tenant, last, err, want)
			}
		}
	}},
	{"Threat_07: another tenant's events are not to be had", func(t *testing.T, s *store.Store) {
		history(t, s)
		events, err := s.Recent(t.Context(), "zenith", []string{"dana"}, 9)
		if len(events) > 0 || err != nil {
			t.Error(list(events), err)
		}
		changed, err := s.Changed(t.Context(), "zenith", 0)
		if len(changed) > 0 || err != nil {
			t.Error(changed, err)
		}
	}},
}

// history stores seven events of Acme's Dana and Lee, and gives each one's last.
func history(t *testing.T, s *store.Store) (dana, lee []string) {
	t.Helper()
	ctx := t.Context()
	d1, d2, l1, d3 := link("d1"), link("d2"), link("l1"), link("d3")
	l1.Contact = "lee"
	must(t, s, insert(ctx, d1))
	must(t, s, insert(ctx, d2))
	must(t, s, insert(ctx, l1), appending(ctx, of(d2, verify.EventOpened)), insert(ctx, d3))
	must(t, s, appending(ctx, of(d1, verify.EventFailed)), appending(ctx, of(d3, verify.EventVerified)))
	return []string{"1 requested d1", "6 failed d1", "2 requested d2", "4 opened d2", "5 requested d3", "7 verified d3"},
		[]string{"3 requested l1"}
}
