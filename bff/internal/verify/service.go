package verify

import (
	"context"
	"io"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/quota"
)

// Service does what people ask of Shieldpod. All exported fields but Reach are required; it must not be copied once used.
type Service struct {
	Ledger        Ledger
	Tenants       Tenants
	Policies      Policies
	KnownChannels KnownChannels
	Notifier      Notifier
	Waker         Waker
	Reach         Reach // nil: every kind of channel has a carrier
	Keys          Keys
	Now           func() time.Time
	Entropy       io.Reader

	policies policy.Cache
}

// Result is the state of a channel after a command.
type Result struct {
	Verification string
	Contact      string
	Channel      string
	Method       channel.Method
	Seq          int64 // of the contact's last event that Shield knows
	Shield       Shield
	Warnings     []quota.Status // quotas of which 80 % or more is used
}

// Pod is all that a pod shows: the ticket context, the policy and the state of each contact.
type Pod struct {
	Now      time.Time
	Tenant   Tenant
	Rules    *policy.Effective
	Context  TicketContext
	Contacts map[string]ContactState // by contact id; every contact of the ticket has one
}

// shieldVerifications is how many of a contact's last verifications a shield is read from: as many as a
// history shows at most. An older green or denial than these is out of sight, and reads as unverified.
const shieldVerifications = policy.MaxHistoryEntries

// now is the time in whole milliseconds, as events keep it: what is answered at once
// and what is read back later are the same.
func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }

// Pod reads what a pod shows of this ticket.
func (s *Service) Pod(ctx context.Context, d TicketContext) (Pod, error) {
	tenant, err := s.Tenants.Tenant(ctx, d.Tenant)
	if err != nil {
		return Pod{}, err
	}
	rules, err := s.EffectivePolicy(ctx, d.Tenant, d.Client.ID)
	if err != nil {
		return Pod{}, err
	}
	ids := make([]string, len(d.Contacts))
	for i, c := range d.Contacts {
		ids[i] = c.ID
	}
	events, err := s.Ledger.Recent(ctx, d.Tenant, ids, shieldVerifications)
	if err != nil {
		return Pod{}, err
	}
	now := s.now()
	pod := Pod{Now: now, Tenant: tenant, Rules: rules, Context: d, Contacts: make(map[string]ContactState, len(ids))}
	for _, id := range ids {
		pod.Contacts[id] = s.applyPolicy(d, rules.Policy, Project(id, events, now), now)
	}
	return pod, nil
}

// ApplyPolicy gives a contact's state as this ticket may show it now, under the policy of its client.
func (s *Service) ApplyPolicy(ctx context.Context, d TicketContext, r ContactState) (ContactState, error) {
	rules, err := s.EffectivePolicy(ctx, d.Tenant, d.Client.ID)
	if err != nil {
		return ContactState{}, err
	}
	return s.applyPolicy(d, rules.Policy, r, s.now()), nil
}

func (s *Service) applyPolicy(d TicketContext, p policy.Policy, r ContactState, now time.Time) ContactState {
	shields := make(map[string]Shield, len(r.Shields))
	for id, shield := range r.Shields {
		shields[id] = s.viewAt(d, p, r.Contact, id, shield, now)
	}
	r.Shields = shields
	r.Entries = r.Entries[:min(len(r.Entries), p.HistoryEntries)]
	r.Locked = r.Failures >= p.FailuresBeforeLock
	r.Suppressed = s.suppressed(d, r)
	return r
}

func (s *Service) viewOf(d TicketContext, p policy.Policy, contact, channel string, shield Shield) Shield {
	return s.viewAt(d, p, contact, channel, shield, s.now())
}

// viewAt is a channel's shield as this ticket may show it. A number or address other than the proven one is not green,
// and no shield is green longer, or on another ticket, than the current policy allows.
func (s *Service) viewAt(d TicketContext, p policy.Policy, contact, channel string, shield Shield, now time.Time) Shield {
	c, _ := d.Contact(contact)
	ch, _ := c.Channel(channel)
	shield = shield.of(s.Keys.destination(d.Tenant, ch)).underPolicy(p, d.Ticket.ID, now).bounded(p, now)
	if shield.State == ShieldPending && shield.Matching && shield.Ticket == d.Ticket.ID {
		_, shield.Match = s.Keys.grid(shield.Verification)
	}
	return shield
}

// ContactState projects one contact's events as of now, independent of a ticket. Fit limits it to what a ticket may show.
func (s *Service) ContactState(ctx context.Context, tenant, contact string) (ContactState, error) {
	events, err := s.Ledger.Recent(ctx, tenant, []string{contact}, shieldVerifications)
	if err != nil {
		return ContactState{}, err
	}
	return Project(contact, events, s.now()), nil
}

// HistoryPage is the most that one page of history holds.
const HistoryPage = 50

// History gives the contact's verifications requested before the event numbered before
// (0: from the newest), newest first, and where to go on (0: nowhere). Where the policy shows no history there is none.
func (s *Service) History(ctx context.Context, d TicketContext, contact string, before int64) ([]Entry, int64, error) {
	if _, ok := d.Contact(contact); !ok {
		return nil, 0, notFound("This contact is not on the ticket. Reopen the ticket to load it again.")
	}
	rules, err := s.EffectivePolicy(ctx, d.Tenant, d.Client.ID)
	if err != nil || rules.HistoryEntries == 0 {
		return nil, 0, err
	}
	events, err := s.Ledger.Page(ctx, d.Tenant, contact, before, HistoryPage+1)
	if err != nil {
		return nil, 0, err
	}
	entries := Project(contact, events, s.now()).Entries
	if len(entries) <= HistoryPage {
		return entries, 0, nil
	}
	entries = entries[:HistoryPage]
	return entries, entries[HistoryPage-1].Seq, nil
}
