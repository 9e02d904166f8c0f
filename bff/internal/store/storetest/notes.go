package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// note gives the note of a verification.
func note(v verify.Verification) verify.NoteJob {
	return verify.NoteJob{
		Verification: v.ID, Tenant: v.Tenant, System: "helpdesk", Ticket: v.Ticket, Contact: v.Contact, Name: "Dana Reyes",
		Seq: 1, DueAt: v.ExpiresAt,
	}
}

// noting stores open verifications, each with its note, and gives the notes.
func noting(t *testing.T, s *store.Store, ids ...string) []verify.NoteJob {
	t.Helper()
	ctx := t.Context()
	notes := make([]verify.NoteJob, len(ids))
	for i, id := range ids {
		v := link(id)
		notes[i] = note(v)
		must(t, s, insert(ctx, v), func(tx verify.Tx) error { return tx.EnqueueNote(ctx, notes[i]) })
	}
	return notes
}

func claimNotes(t *testing.T, s *store.Store, at time.Time) []verify.NoteJob {
	t.Helper()
	notes, err := s.Notes().Claim(t.Context(), at, at.Add(time.Minute), 9, nil)
	if err != nil {
		t.Fatal(err)
	}
	return notes
}

// ending ends a verification at the given time.
func ending(t *testing.T, s *store.Store, id string, outcome verify.Outcome, at time.Time) {
	t.Helper()
	if !ask(t, s, func(tx verify.Tx) (bool, error) { return tx.End(t.Context(), "acme", id, outcome, at) }) {
		t.Fatalf("%s could not be ended", id)
	}
}

// settleNote settles a note under the lease that it was claimed with.
func settleNote(t *testing.T, s *store.Store, j verify.NoteJob) bool {
	t.Helper()
	return ask(t, s, func(tx verify.Tx) (bool, error) { return tx.SettleNote(t.Context(), j) })
}

// giveUp drops a note that was claimed.
func giveUp(t *testing.T, s *store.Store, j verify.NoteJob) {
	t.Helper()
	want(t, s.Notes().Settle(t.Context(), j, verify.JobFailed, "", "there is no such ticket"), "")
}

// unnoted demands that no note is given out, ever.
func unnoted(t *testing.T, s *store.Store) {
	t.Helper()
	if late := claimNotes(t, s, noon.Add(9*time.Hour)); len(late) > 0 {
		t.Errorf("the note of %s was given out", late[0].Verification)
	}
}

var notes = []promise{
	{"a note is due when its verification expires, and not before", func(t *testing.T, s *store.Store) {
		want := noting(t, s, "v1")
		expiry := noon.Add(5 * time.Minute)
		if early := claimNotes(t, s, expiry.Add(-time.Millisecond)); len(early) > 0 {
			t.Error("it was given out while its verification was open")
		}
		want[0].DueAt = expiry.Add(time.Minute) // of its lease
		if diff := cmp.Diff(want, claimNotes(t, s, expiry)); diff != "" {
			t.Error(diff)
		}
	}},
	{"a verification that ends with a result makes its note due at once", func(t *testing.T, s *store.Store) {
		for _, outcome := range []verify.Outcome{verify.Verified, verify.Denied, verify.Failed} {
			id := string(outcome)
			want := noting(t, s, id)
			end := noon.Add(time.Minute)
			ending(t, s, id, outcome, end)
			want[0].DueAt = end.Add(time.Minute)
			if diff := cmp.Diff(want, claimNotes(t, s, end)); diff != "" {
				t.Error(diff)
			}
		}
	}},
	{"what was cancelled or superseded gets no note", func(t *testing.T, s *store.Store) {
		waiting := noting(t, s, "v1", "v2")
		ending(t, s, "v1", verify.Cancelled, noon)
		ending(t, s, "v2", verify.Superseded, noon)
		unnoted(t, s)
		if settleNote(t, s, waiting[0]) {
			t.Error("it was settled though it had ended")
		}
		if n, _, err := s.DroppedNotes(t.Context(), "acme"); n != 0 || err != nil {
			t.Errorf("%d were given up, error %v: there was nothing to write", n, err)
		}
	}},
	{"a note is settled once, and for good", func(t *testing.T, s *store.Store) {
		noting(t, s, "v1")
		claimed := claimNotes(t, s, noon.Add(5*time.Minute))[0]
		for _, fresh := range []bool{true, false} {
			if settleNote(t, s, claimed) != fresh {
				t.Errorf("settled for the first time: %t, want %t", !fresh, fresh)
			}
		}
		want(t, s.Notes().Retry(t.Context(), claimed, noon, ""), verify.CodeNotFound)
		unnoted(t, s)
	}},
	{"a note that is given up is not written any more", func(t *testing.T, s *store.Store) {
		noting(t, s, "v1")
		claimed := claimNotes(t, s, noon.Add(5*time.Minute))
		giveUp(t, s, claimed[0])
		unnoted(t, s)
		for tenant, given := range map[string]int64{"acme": 1, "umbrella": 0} {
			n, cause, err := s.DroppedNotes(t.Context(), tenant)
			if n != given || n > 0 && cause != "there is no such ticket" || err != nil {
				t.Errorf("of %s %d were given up because %q, error %v", tenant, n, cause, err)
			}
		}
		if settleNote(t, s, claimed[0]) {
			t.Error("it was settled though it was given up")
		}
	}},
	{"Threat_07: nobody ends another tenant's note", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		foreign := noting(t, s, "v1")[0]
		foreign.Tenant = "umbrella"
		claimNotes(t, s, noon.Add(5*time.Minute))
		want(t, s.Notes().Settle(ctx, foreign, verify.JobFailed, "", ""), verify.CodeNotFound)
		want(t, s.Notes().Retry(ctx, foreign, noon.Add(8*time.Hour), ""), verify.CodeNotFound)
		if settleNote(t, s, foreign) {
			t.Error("it was settled")
		}
		if due := claimNotes(t, s, noon.Add(6*time.Minute)); len(due) != 1 {
			t.Error("it is not given out any more")
		}
	}},
	{"Sweep forgets a note a week after it was settled, and none that waits", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		settleNote(t, s, noting(t, s, "v1", "v2")[0])
		want(t, s.Sweep(ctx, noon.Add(5*time.Minute+7*24*time.Hour)), "")
		must(t, s, func(tx verify.Tx) error { return tx.EnqueueNote(ctx, note(link("v1"))) }) // its id is free again
		if due := claimNotes(t, s, noon.Add(time.Hour)); len(due) != 2 {
			t.Errorf("%d notes are left, want 2", len(due))
		}
	}},
	{"a note whose lease has ended is settled by the next holder alone", func(t *testing.T, s *store.Store) {
		noting(t, s, "v1")
		at := noon.Add(5 * time.Minute)
		first := claimNotes(t, s, at)[0]
		second := claimNotes(t, s, at.Add(time.Minute))[0]
		if settleNote(t, s, first) {
			t.Error("it was settled by a holder whose lease has ended")
		}
		if !settleNote(t, s, second) {
			t.Error("its holder can't settle it")
		}
	}},
	{"a late denial makes a note due again, whatever became of the first one", func(t *testing.T, s *store.Store) {
		denied := noon.Add(time.Hour)
		for _, row := range []struct {
			name   string
			before func(id string)
			sealed bool // the contact's name is still kept
		}{
			{"waiting", func(id string) { ending(t, s, id, verify.Verified, noon) }, true},
			{"claimed", func(id string) { ending(t, s, id, verify.Verified, noon); claimNotes(t, s, denied) }, true},
			{"written", func(id string) {
				ending(t, s, id, verify.Verified, noon)
				settleNote(t, s, claimNotes(t, s, noon)[0])
			}, false},
			{"void", func(id string) { ending(t, s, id, verify.Superseded, noon) }, false},
			{"dropped", func(id string) {
				ending(t, s, id, verify.Failed, noon)
				giveUp(t, s, claimNotes(t, s, noon)[0])
			}, false},
		} {
			j := noting(t, s, row.name)[0]
			row.before(row.name)
			if !denyEnded(t, s, row.name, denied) {
				t.Fatalf("%s: the denial is refused", row.name)
			}
			due := claimNotes(t, s, denied)
			if j.DueAt = denied.Add(time.Minute); !row.sealed {
				j.Name = ""
			}
			if diff := cmp.Diff([]verify.NoteJob{j}, due); diff != "" {
				t.Errorf("%s (-want +got):\n%s", row.name, diff)
			}
			if !settleNote(t, s, due[0]) {
				t.Errorf("%s: it can't be settled", row.name)
			}
		}
	}},
	{"a note that is being written when a late denial comes is written again", func(t *testing.T, s *store.Store) {
		noting(t, s, "v1")
		ending(t, s, "v1", verify.Verified, noon)
		first := claimNotes(t, s, noon)[0]
		denyEnded(t, s, "v1", noon.Add(time.Second))
		if settleNote(t, s, first) {
			t.Error("the text of before the denial has settled it")
		}
		want(t, s.Notes().Retry(t.Context(), first, noon.Add(time.Hour), "the system is down"), verify.CodeNotFound)
		want(t, s.Notes().Settle(t.Context(), first, verify.JobFailed, "", ""), verify.CodeNotFound)
		if due := claimNotes(t, s, noon.Add(time.Second)); len(due) != 1 || due[0].Attempts != 0 {
			t.Errorf("due are %+v", due)
		}
	}},
	{"a note of no verification is refused", func(t *testing.T, s *store.Store) {
		err := s.Write(t.Context(), "acme", func(tx verify.Tx) error { return tx.EnqueueNote(t.Context(), note(link("none"))) })
		want(t, err, verify.CodeUnavailable)
	}},
}

func connection(tenant string) admin.Connection {
	return admin.Connection{
		Tenant: tenant, System: "helpdesk", Settings: []byte(`{"host":"tickets.example"}`), Secret: []byte("keys of " + tenant),
	}
}

var connections = []promise{
	{"a connection reads back as it was put last", func(t *testing.T, s *store.Store) {
		want(t, PutTenantSettings(t.Context(), s, tenant("acme")), "")
		c := connection("acme")
		for _, keys := range []string{"old", "new"} {
			c.Secret = []byte(keys)
			want(t, PutConnection(t.Context(), s, c), "")
		}
		found, err := s.Connection(t.Context(), "acme", "helpdesk")
		if diff := cmp.Diff(c, found); diff != "" || err != nil {
			t.Error(err, diff)
		}
	}},
	{"Threat_07: a connection is one tenant's and one system's", func(t *testing.T, s *store.Store) {
		for _, id := range []string{"acme", "umbrella"} {
			want(t, PutTenantSettings(t.Context(), s, tenant(id)), "")
		}
		want(t, PutConnection(t.Context(), s, connection("acme")), "")
		_, err := s.Connection(t.Context(), "umbrella", "helpdesk")
		want(t, err, verify.CodeNotFound)
		_, err = s.Connection(t.Context(), "acme", "halopsa")
		want(t, err, verify.CodeNotFound)
	}},
	{"a connection survives that its tenant's settings are put again", func(t *testing.T, s *store.Store) {
		want(t, PutTenantSettings(t.Context(), s, tenant("acme")), "")
		want(t, PutConnection(t.Context(), s, connection("acme")), "")
		want(t, PutTenantSettings(t.Context(), s, tenant("acme")), "")
		_, err := s.Connection(t.Context(), "acme", "helpdesk")
		want(t, err, "")
	}},
	{"a connection of no tenant is refused", func(t *testing.T, s *store.Store) {
		want(t, PutConnection(t.Context(), s, connection("nobody")), verify.CodeNotFound)
	}},
	{"a connection that is removed is gone, once", func(t *testing.T, s *store.Store) {
		want(t, PutTenantSettings(t.Context(), s, tenant("acme")), "")
		want(t, PutConnection(t.Context(), s, connection("acme")), "")
		for _, there := range []bool{true, false} {
			removed, err := RemoveConnection(t.Context(), s, "acme", "helpdesk")
			if removed != there || err != nil {
				t.Errorf("removed: %t, error %v; want %t", removed, err, there)
			}
		}
		_, err := s.Connection(t.Context(), "acme", "helpdesk")
		want(t, err, verify.CodeNotFound)
	}},
}
