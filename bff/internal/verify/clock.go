package verify

import (
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/policy"
)

// clockTolerance is more than the clocks of nodes differ by. What happened later than now by more than this shows that
// the clock was set back: nothing that was begun before then counts any more, because it would last longer than the
// policy lets it.
const clockTolerance = 10 * time.Second

// aheadOf tells whether the time is later than now by more than clocks differ.
func aheadOf(at, now time.Time) bool { return at.After(now.Add(clockTolerance)) }

// setBack is the shield once something has happened at a time. A pending or green shield of a later time ends: the
// clock was set back between the two.
func (s Shield) setBack(at time.Time) Shield {
	if s.revertsTo != nil && s.revertsTo.State == ShieldVerified && aheadOf(s.revertsTo.At, at) {
		s.revertsTo = nil
	}
	if !aheadOf(s.At, at) {
		return s
	}
	switch s.State {
	case ShieldPending:
		return s.reverted(s.Until, ReasonExpired)
	case ShieldVerified:
		return Shield{State: ShieldUnverified, At: s.Until, ResendAt: s.ResendAt, Destination: s.Destination}
	}
	return s
}

// bounded is the shield with times that are no further from now than the policy lets them be: a clock that was set
// back by less than clocks differ makes no countdown longer than it can be.
func (s Shield) bounded(p policy.Policy, now time.Time) Shield {
	if s.revertsTo != nil {
		revertsTo := s.revertsTo.bounded(p, now)
		s.revertsTo = &revertsTo
	}
	if latest := now.Add(s.Until.Sub(s.At)); (s.State == ShieldVerified || s.State == ShieldPending) && latest.Before(s.Until) {
		s.Until = latest
	}
	if latest := now.Add(p.ResendCooldown); latest.Before(s.ResendAt) {
		s.ResendAt = latest
	}
	return s
}
