package verify

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var epoch = time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC)

// sameShield compares what a pending shield reverts to, too.
var sameShield = cmp.AllowUnexported(Shield{})

// anyEvents draws events in any order the service would never write: successes without a request, ends
// before beginnings, clocks that run backwards, stale and repeated numbers.
func anyEvents(t *rapid.T) []Event {
	kinds := []EventKind{
		EventRequested, EventRequested, EventRequested, EventDelayed, EventIndeterminate, EventSent, EventDelivered, EventOpened,
		EventWrongCode, EventVerified, EventVerified, EventDenied, EventFailed, EventCancelled, EventSuperseded,
	}
	events := make([]Event, rapid.SampledFrom([]int{0, 2, 5, 10, 20, 40, 80}).Draw(t, "events"))
	seq, at := int64(0), epoch
	for i := range events {
		at = at.Add(time.Duration(rapid.SampledFrom([]int{0, 1, 1, 2, 3, 8, -1, -9}).Draw(t, "seconds")) * time.Second)
		e := Event{
			Tenant: "acme", At: at, Kind: rapid.SampledFrom(kinds).Draw(t, "kind"),
			Verification: rapid.SampledFrom([]string{"v_1", "v_2"}).Draw(t, "verification"),
			Contact:      "dana", Channel: rapid.SampledFrom([]string{"mobile", "mobile", "mail"}).Draw(t, "channel"),
		}
		e.Late = e.Kind == EventDenied && rapid.Bool().Draw(t, "late")
		if e.Kind == EventRequested || e.Kind == EventVerified {
			e.Until = e.At.Add(time.Duration(rapid.IntRange(1, 30).Draw(t, "lasts")) * time.Second)
		}
		seq += int64(rapid.SampledFrom([]int{1, 1, 1, 1, 2, 0, -1}).Draw(t, "step"))
		e.Seq = seq
		events[i] = e
	}
	return events
}

// soon is a time about which the last of the events matters still.
func soon(t *rapid.T, events []Event) time.Time {
	at := epoch
	if len(events) > 0 {
		at = events[len(events)-1].At
	}
	return at.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "now")) * time.Second)
}

// read are the events that a reading takes, in the order in which it does.
func read(events []Event) []Event {
	var taken []Event
	last := int64(0)
	for _, e := range events {
		if e.Seq > last {
			taken, last = append(taken, e), e.Seq
		}
	}
	return taken
}

// success tells whether the events hold the request that s needs and, in time and before any
// other end of the same verification, the success that made it green until s.Until.
func success(events []Event, channel string, s Shield) bool {
	var until time.Time // of the open request
	for _, e := range events {
		if e.Channel != channel || e.Verification != s.Verification {
			continue
		}
		open := e.At.Before(until)
		switch e.Kind {
		case EventRequested:
			until = e.Until
		case EventVerified:
			if open && e.Until.Equal(s.Until) && e.At.Equal(s.At) {
				return true
			}
		case EventDenied, EventFailed, EventCancelled, EventSuperseded:
			if open {
				until = time.Time{}
			}
		}
	}
	return false
}

func TestNoOrderOfEventsMakesAShieldGreenWithoutItsSuccess(t *testing.T) {
	greens := 0
	property := func(t *rapid.T) {
		events := anyEvents(t)
		now := soon(t, events)
		for channel, s := range Project("dana", events, now).Shields {
			for _, seen := range []*Shield{&s, s.RevertsTo()} {
				if seen == nil || seen.State != ShieldVerified {
					continue
				}
				greens++
				if !success(read(events), channel, *seen) {
					t.Errorf("%s is green by %s without a success of it", channel, seen.Verification)
				}
				if !now.Before(seen.Until) {
					t.Errorf("%s is green at %v, after its end at %v", channel, now, seen.Until)
				}
			}
		}
	}
	for range 20 { // chance may make a hundred histories without a green
		if rapid.Check(t, property); greens > 0 {
			return
		}
	}
	t.Error("nothing was ever green: this proves nothing")
}

func TestNothingIsGreenAfterALateDenialWithoutALaterRequest(t *testing.T) {
	denials := 0
	property := func(t *rapid.T) {
		events := read(anyEvents(t))
		now := soon(t, events)
		quiet := map[string]bool{} // channels that were denied late and not asked since
		for _, e := range events {
			switch {
			case e.Kind == EventDenied && e.Late:
				quiet[e.Channel] = true
				denials++
			case e.Kind == EventRequested:
				delete(quiet, e.Channel)
			}
		}
		for channel := range quiet {
			if s := Project("dana", events, now).Shields[channel]; s.State != ShieldDenied {
				t.Errorf("%s was denied late and reads %s", channel, s.State)
			}
		}
	}
	for range 20 {
		if rapid.Check(t, property); denials > 0 {
			return
		}
	}
	t.Error("nothing was ever denied late: this proves nothing")
}

func TestGreenAndPendingEndByThemselves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := anyEvents(t)
		now := soon(t, events)
		for channel, s := range Project("dana", events, now).Shields {
			if s.State != ShieldVerified && s.State != ShieldPending {
				continue
			}
			if last := s.AtTime(s.Until.Add(-time.Millisecond)); last.State != s.State {
				t.Errorf("%s is %s a millisecond before %s ends", channel, last.State, s.State)
			}
			over := s.AtTime(s.Until)
			if over.State == ShieldPending || over.State == ShieldVerified && s.State == ShieldVerified {
				t.Errorf("%s is still %s at the end of %s", channel, over.State, s.State)
			}
		}
		for channel, s := range Project("dana", events, epoch.Add(time.Hour)).Shields {
			if s.State == ShieldVerified || s.State == ShieldPending {
				t.Errorf("%s is %s after everything's end", channel, s.State)
			}
		}
	})
}

func TestAReadingAgesIntoTheLaterReading(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := anyEvents(t)
		early := soon(t, events)
		for _, e := range read(events) { // a clock that was set back has a law of its own, below
			if aheadOf(e.At, early) {
				early = e.At
			}
		}
		late := early.Add(time.Duration(rapid.IntRange(0, 60).Draw(t, "wait")) * time.Second)
		want := Project("dana", events, late).Shields
		for channel, s := range Project("dana", events, early).Shields {
			if diff := cmp.Diff(want[channel], s.AtTime(late), sameShield); diff != "" {
				t.Errorf("%s (-read late +read early and aged):\n%s", channel, diff)
			}
		}
	})
}

func TestAReadingByAClockThatWasSetBackAgesIntoNoMoreThanTheLaterReading(t *testing.T) {
	evidence := func(s *Shield) bool { return s != nil && (s.State == ShieldVerified || s.State == ShieldPending) }
	same := func(a, b *Shield) bool {
		return b != nil && a.State == b.State && a.Verification == b.Verification && a.Until.Equal(b.Until)
	}
	rapid.Check(t, func(t *rapid.T) {
		events := anyEvents(t)
		early := soon(t, events).Add(-time.Duration(rapid.IntRange(0, 30).Draw(t, "back")) * time.Second)
		late := early.Add(time.Duration(rapid.IntRange(0, 60).Draw(t, "wait")) * time.Second)
		want := Project("dana", events, late).Shields
		for channel, s := range Project("dana", events, early).Shields {
			aged, then := s.AtTime(late), want[channel]
			for _, s := range []*Shield{&aged, aged.RevertsTo()} {
				if evidence(s) && !same(s, &then) && !same(s, then.RevertsTo()) {
					t.Errorf("%s is aged %s by %s until %v, and read late %+v", channel, s.State, s.Verification, s.Until, then)
				}
			}
		}
	})
}

func TestStaleRepeatedAndForeignEventsChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := anyEvents(t)
		now := soon(t, events)
		var noisy []Event
		for i, e := range events {
			noisy = append(noisy, e)
			switch rapid.IntRange(0, 3).Draw(t, "noise") {
			case 0: // again
				noisy = append(noisy, events[rapid.IntRange(0, i).Draw(t, "again")])
			case 1: // of another contact
				e.Contact, e.Kind, e.Seq = "erik", EventVerified, e.Seq+1
				noisy = append(noisy, e)
			}
		}
		want := Project("dana", read(events), now)
		if diff := cmp.Diff(want, Project("dana", events, now), sameShield); diff != "" {
			t.Errorf("stale events changed the reading:\n%s", diff)
		}
		if diff := cmp.Diff(want, Project("dana", noisy, now), sameShield); diff != "" {
			t.Errorf("repeated or foreign events changed the reading:\n%s", diff)
		}
	})
}

func TestOnlyASuccessClearsADenial(t *testing.T) {
	denials := 0
	rapid.Check(t, func(t *rapid.T) {
		events := read(anyEvents(t))
		shields := map[string]Shield{}
		for _, e := range events {
			before := shields[e.Channel].AtTime(e.At)
			after := shieldOrNew(shields[e.Channel]).After(e).AtTime(e.At)
			shields[e.Channel] = after
			if !standsDenied(before) {
				continue
			}
			denials++
			if !standsDenied(after) && after.State != ShieldVerified {
				t.Errorf("%s cleared a denial: now %s", e.Kind, after.State)
			}
		}
	})
	if denials == 0 {
		t.Error("nothing was ever denied: this proves nothing")
	}
}

func standsDenied(s Shield) bool {
	return s.State == ShieldDenied || s.RevertsTo() != nil && s.RevertsTo().State == ShieldDenied
}
