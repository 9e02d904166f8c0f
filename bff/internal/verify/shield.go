package verify

import (
	"slices"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
)

// State is what a shield says at a glance.
type State string

// The states of a shield.
const (
	ShieldUnverified State = "unverified"
	ShieldPending    State = "pending"
	ShieldVerified   State = "verified"
	ShieldDenied     State = "denied"
	ShieldFailed     State = "failed"
)

// Stage is how far a pending message has come.
type Stage string

// The stages, in the order in which they can only advance.
const (
	StageQueued        Stage = "queued"
	StageDelayed       Stage = "delayed"
	StageIndeterminate Stage = "indeterminate"
	StageSent          Stage = "sent"
	StageDelivered     Stage = "delivered"
	StageOpened        Stage = "opened"
)

var stageRank = map[Stage]int{StageQueued: 0, StageDelayed: 1, StageIndeterminate: 2, StageSent: 3, StageDelivered: 4, StageOpened: 5}

// Rank orders the stages from 0; a message never goes back to a lower one.
func (s Stage) Rank() int { return stageRank[s] }

var stageOf = map[EventKind]Stage{
	EventDelayed: StageDelayed, EventIndeterminate: StageIndeterminate, EventSent: StageSent,
	EventDelivered: StageDelivered, EventOpened: StageOpened,
}

// Shield is one channel's state as the technician sees it.
type Shield struct {
	State        State
	Verification string // that made it so
	Method       channel.Method
	Stage        Stage // while pending
	At           time.Time
	Until        time.Time // pending: code or link ends; verified: green ends
	By           Technician
	Reason       Code // failed: why; unverified: how the last attempt ended; pending: why it waits; denied: why a later one failed
	CodeLength   int
	TriesLeft    int       // of a pending code
	Matching     bool      // of a pending link: the end user must pick Match
	Match        string    // two digits, when it is shown to those who may see it
	Ticket       string    // id of the one on which it was asked for
	ResendAt     time.Time // no new message to this channel before
	Destination  string    // keyed hash of where the message went: what the shield says is true of that alone
	revertsTo    *Shield   // pending only: what shows again if nothing comes of it
}

// RevertsTo is what shows again when a pending shield ends without a verdict: an earlier
// denial, or an earlier green if it lasts until then. Nil when there is none.
func (s Shield) RevertsTo() *Shield { return s.revertsTo }

// After is the shield once e has happened to its channel. Green has one way in:
// a success of the very verification that is pending.
func (s Shield) After(e Event) Shield { return s.after(&e) }

func (s Shield) after(e *Event) Shield {
	switch {
	case e.Kind == EventRequested:
		return s.afterRequest(e)
	case e.Kind == EventDenied && e.Late:
		return s.deniedLate(e)
	}
	if s.State != ShieldPending || s.Verification != e.Verification || !e.At.Before(s.Until) {
		return s
	}
	switch e.Kind {
	case EventDelayed, EventIndeterminate, EventSent, EventDelivered, EventOpened:
		if stage := stageOf[e.Kind]; stage.Rank() > s.Stage.Rank() {
			s.Stage, s.Reason = stage, e.Reason
		}
	case EventWrongCode:
		s.TriesLeft = e.TriesLeft
	case EventVerified:
		return s.afterEnd(e, ShieldVerified, "")
	case EventDenied:
		return s.afterEnd(e, ShieldDenied, "")
	case EventFailed:
		return s.failed(e)
	case EventCancelled:
		return s.reverted(e.At, ReasonCancelled)
	case EventSuperseded:
		return s.reverted(e.At, ReasonSuperseded)
	}
	return s
}

// AtTime is the shield as it reads at now: green and pending end by themselves, and where the clock was set back.
func (s Shield) AtTime(now time.Time) Shield {
	s = s.setBack(now)
	switch {
	case s.State == ShieldPending && !now.Before(s.Until):
		return s.reverted(s.Until, ReasonExpired).AtTime(now)
	case s.State == ShieldPending:
		s.revertsTo = s.stillValid(now)
	case s.State == ShieldVerified && !now.Before(s.Until):
		return Shield{State: ShieldUnverified, At: s.Until, ResendAt: s.ResendAt, Destination: s.Destination}
	}
	return s
}

func (s Shield) afterRequest(e *Event) Shield {
	under := s.AtTime(e.At)
	if under.State == ShieldPending {
		under = under.reverted(e.At, ReasonSuperseded)
	}
	requested := Shield{
		State: ShieldPending, Verification: e.Verification, Method: e.Method, Stage: StageQueued,
		At: e.At, Until: e.Until, By: e.By, CodeLength: e.CodeLength, TriesLeft: e.MaxTries, ResendAt: e.ResendAt,
		Destination: e.Destination, Matching: e.Matching, Ticket: e.Ticket.ID,
	}
	if under.State == ShieldVerified && under.Destination == e.Destination || under.State == ShieldDenied {
		reverts := under // a copy, so that only these take memory
		requested.revertsTo = &reverts
	}
	return requested
}

func (s Shield) afterEnd(e *Event, state State, reason Code) Shield {
	by := e.By
	if by.ID == "" {
		by = s.By
	}
	return Shield{
		State: state, Verification: e.Verification, Method: s.Method, At: e.At, Until: e.Until,
		By: by, Reason: reason, ResendAt: s.ResendAt, Destination: s.Destination, Ticket: s.Ticket,
	}
}

// deniedLate is the shield after "I did not ask for this" to a link that had ended. It is red even if it showed another
// verification of the channel: the same address or number has answered both yes and no, so its yes proves nothing.
func (s Shield) deniedLate(e *Event) Shield {
	return Shield{
		State: ShieldDenied, Verification: e.Verification, Method: e.Method, At: e.At, By: e.By,
		ResendAt: s.ResendAt, Destination: e.Destination, Ticket: e.Ticket.ID,
	}
}

// underPolicy is the shield as a policy lets it count on a ticket: a green ends early when the policy has been
// tightened since, and a policy that was loosened makes none longer.
func (s Shield) underPolicy(p policy.Policy, ticket string, now time.Time) Shield {
	if s.revertsTo != nil {
		revertsTo := s.revertsTo.underPolicy(p, ticket, now)
		s.revertsTo = &revertsTo
		if revertsTo.State == ShieldUnverified {
			s.revertsTo = nil
		}
	}
	if s.State != ShieldVerified {
		return s
	}
	if end := s.At.Add(p.VerifiedFor); end.Before(s.Until) {
		s.Until = end
	}
	if !slices.Contains(p.Methods, s.Method) || p.VerifiedScope == policy.ScopeTicket && s.Ticket != ticket {
		return Shield{State: ShieldUnverified, ResendAt: s.ResendAt, Destination: s.Destination}
	}
	return s.AtTime(now)
}

// of is the shield as it reads for a destination. When the ticket system has put another number or
// address under the same channel, nothing is known of that one; only a denial stays in sight.
func (s Shield) of(destination string) Shield {
	if s.State == ShieldDenied || s.Destination == destination {
		return s
	}
	if s.revertsTo != nil && s.revertsTo.State == ShieldDenied {
		red := *s.revertsTo
		red.ResendAt = s.ResendAt
		return red
	}
	return Shield{State: ShieldUnverified, ResendAt: s.ResendAt}
}

// failed shows the failure, unless an earlier denial stands: nothing but a success clears that.
func (s Shield) failed(e *Event) Shield {
	if s.revertsTo != nil && s.revertsTo.State == ShieldDenied {
		red := s.reverted(e.At, e.Reason)
		red.Reason = e.Reason
		return red
	}
	return s.afterEnd(e, ShieldFailed, e.Reason)
}

// reverted is the shield after a pending end without a verdict.
func (s Shield) reverted(at time.Time, reason Code) Shield {
	if under := s.stillValid(at); under != nil {
		shown := *under
		shown.ResendAt = s.ResendAt
		return shown
	}
	return Shield{
		State: ShieldUnverified, Verification: s.Verification, Method: s.Method, At: at, Reason: reason,
		ResendAt: s.ResendAt, Destination: s.Destination,
	}
}

// stillValid is the state to revert to that still holds at the given time, or nil.
func (s Shield) stillValid(at time.Time) *Shield {
	if s.revertsTo == nil || s.revertsTo.State == ShieldVerified && !at.Before(s.revertsTo.Until) {
		return nil
	}
	return s.revertsTo
}
