package verify

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
)

func TestUnderTightenedRulesNothingIsGreener(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seconds := func(what string, most int) time.Duration {
			return time.Duration(rapid.IntRange(0, most).Draw(t, what)) * time.Second
		}
		green := Shield{
			State: ShieldVerified, Method: rapid.SampledFrom(channel.Methods).Draw(t, "method"), At: epoch,
			Until: epoch.Add(time.Second + seconds("promised", 4000)), Ticket: rapid.SampledFrom([]string{"t1", "t2"}).Draw(t, "ticket"),
		}
		p := policy.Default()
		p.Methods = rapid.SampledFrom([][]channel.Method{channel.Methods, {channel.EmailLink}, {channel.SMSCode}}).Draw(t, "methods")
		p.VerifiedFor = time.Minute + seconds("green for", 4000)
		p.VerifiedScope = rapid.SampledFrom([]policy.Scope{policy.ScopeContact, policy.ScopeTicket}).Draw(t, "scope")
		now := epoch.Add(seconds("now", 5000))
		allowed := false
		for _, m := range p.Methods {
			allowed = allowed || m == green.Method
		}
		end := green.Until
		if short := green.At.Add(p.VerifiedFor); short.Before(end) {
			end = short
		}
		want := allowed && (p.VerifiedScope == policy.ScopeContact || green.Ticket == "t1") && now.Before(end)
		got := green.underPolicy(p, "t1", now)
		if (got.State == ShieldVerified) != want || want && !got.Until.Equal(end) {
			t.Errorf("the shield is %s until %s; green: %t until %s", got.State, got.Until, want, end)
		}
		pending := Shield{State: ShieldPending, At: now, Until: now.Add(time.Minute), revertsTo: &green}.underPolicy(p, "t1", now)
		if (pending.RevertsTo() != nil) != want {
			t.Errorf("a pending shield reverts to %v, want %t", pending.RevertsTo(), want)
		}
	})
}
