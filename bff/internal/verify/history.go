package verify

import (
	"slices"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
)

// Entry is one verification as the history lists it.
type Entry struct {
	Verification  string
	Seq           int64 // of its request: where a page of history goes on
	Channel       string
	Method        channel.Method
	Masked        string
	Technician    Technician
	Ticket        Ticket
	Client        string // of the ticket
	Note          string
	Override      bool
	RequestedAt   time.Time
	ExpiresAt     time.Time
	EndedAt       time.Time // zero while open
	Outcome       Outcome   // empty while open
	DeniedAfter   Outcome   // of a denial that came after the end: how it had ended; empty: it was the end
	WasEndedAt    time.Time // when it had ended, of a denial that came afterwards
	Reason        Code      // of a failure
	Policy        policy.Version
	Changed       bool      // the ticket system had changed the destination lately
	Language      string    // of the message
	TimeZone      string    // of the times in it
	Matching      bool      // the end user had to pick the number that the technician said
	NoteWrittenAt time.Time // since when the result stands on the ticket; zero: it does not, as far as is known
}

func entryOf(e *Event) Entry {
	return Entry{
		Verification: e.Verification, Seq: e.Seq, Channel: e.Channel, Method: e.Method, Masked: e.Masked,
		Technician: e.By, Ticket: e.Ticket, Client: e.Client, Note: e.Note, Override: e.Override,
		RequestedAt: e.At, ExpiresAt: e.Until, Policy: e.Policy, Changed: e.Changed,
		Language: e.Language, TimeZone: e.TimeZone, Matching: e.Matching,
	}
}

var outcomeOf = map[EventKind]Outcome{
	EventVerified: Verified, EventDenied: Denied, EventFailed: Failed,
	EventCancelled: Cancelled, EventSuperseded: Superseded,
}

// fold changes the entry to what it is once e has happened to its channel. The first end is the only one, but for a late
// denial.
func (n *Entry) fold(e *Event) {
	if e.Kind == EventDenied && e.Late {
		n.denyLate(e)
		return
	}
	outcome, ends := outcomeOf[e.Kind]
	if ends && n.Outcome == Open && n.Channel == e.Channel && e.At.Before(n.ExpiresAt) {
		n.Outcome, n.EndedAt, n.Reason = outcome, e.At, e.Reason
	}
	if e.Kind == EventNoteWritten {
		n.NoteWrittenAt = e.At
	}
}

func (n *Entry) denyLate(e *Event) {
	if n.Outcome == Denied {
		return
	}
	if n.Outcome == Open {
		n.Outcome, n.EndedAt = Expired, n.ExpiresAt
	}
	n.DeniedAfter, n.WasEndedAt = n.Outcome, n.EndedAt
	n.Outcome, n.EndedAt, n.Reason = Denied, e.At, ""
}

// atTime is the entry as it reads at now.
func (n Entry) atTime(now time.Time) Entry {
	if n.Outcome == Open && (!now.Before(n.ExpiresAt) || aheadOf(n.RequestedAt, now)) {
		n.Outcome, n.EndedAt = Expired, n.ExpiresAt
	}
	return n
}

// ContactState is what one contact's events say.
type ContactState struct {
	Contact string
	Seq     int64             // of the last event that was read
	Shields map[string]Shield // by channel; a channel that nothing happened to is absent
	Entries []Entry           // newest first

	Failures int  // wrong codes and numbers in a row
	Locked   bool // under the policy of the ticket that shows it
	Denied   bool // by the contact's own word, until an admin clears it

	Suppressed   map[string]Code // by channel of the ticket that shows it: why it gets no texts, as a carrier has reported
	Suppressions map[string]Code // the same by keyed hash of the destination
}

// Project folds one contact's events, in order of Seq, into shields and history as they read at now.
func Project(contact string, events []Event, now time.Time) ContactState {
	r := ContactState{Contact: contact, Shields: map[string]Shield{}, Entries: make([]Entry, 0, requestsOf(contact, events))}
	var latest time.Time // of the events so far
	for i := range events {
		e := &events[i]
		if e.Contact != contact || e.Seq <= r.Seq {
			continue
		}
		r.Seq = e.Seq
		if e.At.Before(latest) {
			r.setBack(e.At)
		} else {
			latest = e.At
		}
		r.Failures = failuresAfter(r.Failures, e)
		switch e.Kind {
		case EventDenied:
			r.Denied = r.Denied || e.Locks
		case EventUnlocked:
			r.Denied, r.Suppressions = false, nil
		case EventFailed:
			r.suppress(sentTo(events[:i], e), e.Reason)
		}
		if e.Verification == "" {
			continue
		}
		r.Shields[e.Channel] = shieldOrNew(r.Shields[e.Channel]).after(e)
		if n := r.entry(e.Verification); n != nil {
			n.fold(e)
		} else if e.Kind == EventRequested {
			r.Entries = append(r.Entries, entryOf(e))
		}
	}
	for id, s := range r.Shields {
		r.Shields[id] = s.AtTime(now)
	}
	slices.Reverse(r.Entries)
	for i := range r.Entries {
		r.Entries[i] = r.Entries[i].atTime(now)
	}
	return r
}

// requestsOf counts the contact's requests.
func requestsOf(contact string, events []Event) (n int) {
	for i := range events {
		if events[i].Kind == EventRequested && events[i].Contact == contact {
			n++
		}
	}
	return n
}

// entry gives the verification's entry while the events are folded, oldest entry first; nil if it has none. Most events
// are of one of the last verifications.
func (r *ContactState) entry(verification string) *Entry {
	for i := len(r.Entries) - 1; i >= 0; i-- {
		if r.Entries[i].Verification == verification {
			return &r.Entries[i]
		}
	}
	return nil
}

// sentTo gives the keyed hash of the destination to which the message of the event's verification went; empty if the
// request is not among the events.
func sentTo(before []Event, e *Event) string {
	for i := len(before) - 1; i >= 0; i-- {
		if b := &before[i]; b.Kind == EventRequested && b.Verification == e.Verification && b.Contact == e.Contact {
			return b.Destination
		}
	}
	return ""
}

// setBack ends what is pending or green of a later time than an event that came after it.
func (r *ContactState) setBack(at time.Time) {
	for channel, s := range r.Shields {
		if s.State == ShieldPending || s.State == ShieldVerified {
			r.Shields[channel] = s.setBack(at)
		}
	}
	for i := range r.Entries { // not by value: this runs for each event
		if n := &r.Entries[i]; n.Outcome == Open && aheadOf(n.RequestedAt, at) {
			n.Outcome, n.EndedAt = Expired, n.ExpiresAt
		}
	}
}

// suppress records that a destination gets no more texts, if a failure says so.
func (r *ContactState) suppress(destination string, reason Code) {
	if destination == "" || !suppresses(reason) {
		return
	}
	if r.Suppressions == nil {
		r.Suppressions = map[string]Code{}
	}
	r.Suppressions[destination] = reason
}

// failuresAfter is a contact's count once e has happened.
func failuresAfter(n int, e *Event) int {
	switch e.Kind {
	case EventVerified, EventUnlocked:
		return 0
	case EventWrongCode:
		if e.Failures > 0 {
			return e.Failures
		}
		return n + 1 // an event of before they were told with it
	case EventFailed:
		return max(n, e.Failures)
	}
	return n
}

func shieldOrNew(s Shield) Shield {
	if s.State == "" {
		s.State = ShieldUnverified
	}
	return s
}
