package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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

// TestADatabaseThatWasRestoredWhileTheServerRunsShowsNothingThatItHasNot deletes and changes events behind the store's
// back, as a restore from an older copy does.
func TestADatabaseThatWasRestoredWhileTheServerRunsShowsNothingThatItHasNot(t *testing.T) {
	noon := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	event := func(seq int64, id string, kind verify.EventKind) verify.Event {
		return verify.Event{
			Tenant: "acme", Seq: seq, Contact: "dana", Verification: id, Kind: kind, At: noon.Add(time.Duration(seq) * time.Second),
			Until: noon.Add(time.Hour),
		}
	}
	for _, row := range []struct {
		name    string
		restore []string
		lines   []verify.Event // written by other nodes afterwards
		want    []verify.EventKind
	}{
		{"the copy lacks the end", []string{"DELETE FROM events WHERE seq > 2"}, nil, []verify.EventKind{verify.EventRequested, verify.EventSent}},
		{"the copy lacks everything", []string{"DELETE FROM events"}, nil, nil},
		{
			"another history goes on from the copy, and is as long",
			[]string{"DELETE FROM events WHERE seq > 2"},
			[]verify.Event{event(3, "v1", verify.EventDenied)},
			[]verify.EventKind{verify.EventRequested, verify.EventSent, verify.EventDenied},
		},
		{
			"another history goes on from the copy, and is longer",
			[]string{"DELETE FROM events WHERE seq > 1"},
			[]verify.Event{event(2, "v1", verify.EventCancelled), event(3, "v2", verify.EventRequested), event(4, "v2", verify.EventDenied)},
			[]verify.EventKind{verify.EventRequested, verify.EventCancelled, verify.EventRequested, verify.EventDenied},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, file := openedFile(t)
			ctx := t.Context()
			err := s.Write(ctx, "acme", func(tx verify.Tx) error {
				for i, kind := range []verify.EventKind{verify.EventRequested, verify.EventSent, verify.EventVerified} {
					e := event(int64(i+1), "v1", kind)
					if err := tx.Append(ctx, &e); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if before := kindsOf(t, s); len(before) != 3 {
				t.Fatalf("before: %v", before)
			}
			for _, statement := range row.restore {
				alter(t, file, statement)
			}
			for _, e := range row.lines {
				body, _, err := e.Link(verify.Hash{})
				if err != nil {
					t.Fatal(err)
				}
				alter(t, file, `INSERT INTO events (tenant, seq, at, kind, verification, contact, body, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
					e.Tenant, e.Seq, millis(e.At), string(e.Kind), e.Verification, e.Contact, string(body), make([]byte, 32))
			}
			for range 2 { // the second one from memory
				if diff := cmp.Diff(row.want, kindsOf(t, s)); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func TestAnEventWhoseBodyHasAnotherNumberIsNotRead(t *testing.T) {
	s, file := openedFile(t)
	if err := s.Write(t.Context(), "acme", requesting(t.Context())); err != nil {
		t.Fatal(err)
	}
	alter(t, file, `UPDATE events SET body = replace(body, '"seq":1', '"seq":9')`)
	if events, err := s.Recent(t.Context(), "acme", []string{"dana"}, 5); verify.CodeOf(err) != verify.CodeUnavailable {
		t.Errorf("read %v, error %v", events, err)
	}
}

func TestAPageInMemoryHasRoomForLittleMoreThanItsEvents(t *testing.T) {
	s, _ := opened(t)
	if err := s.Write(t.Context(), "acme", requesting(t.Context())); err != nil {
		t.Fatal(err)
	}
	events, err := s.Recent(t.Context(), "acme", []string{"dana"}, 5)
	if err != nil || len(events) != 1 || cap(events) > 1+spareEvents {
		t.Errorf("%d events in room for %d, error %v", len(events), cap(events), err)
	}
}

func requesting(ctx context.Context) func(verify.Tx) error {
	return func(tx verify.Tx) error {
		return tx.Append(ctx, &verify.Event{
			Tenant: "acme", At: time.Unix(1, 0), Kind: verify.EventRequested, Contact: "dana", Verification: "v1", Until: time.Unix(301, 0),
		})
	}
}

// kindsOf gives the kinds of the contact's last events.
func kindsOf(t *testing.T, s *Store) (kinds []verify.EventKind) {
	t.Helper()
	events, err := s.Recent(t.Context(), "acme", []string{"dana"}, 5)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// alter changes the database's file behind the store's back.
func alter(t *testing.T, file, statement string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), statement, args...)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}
