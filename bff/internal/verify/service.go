package verify

import (
	"context"
	"io"
	"time"
)

// Service does what people ask of Shieldpod. All exported fields but Noter and Reach are required; it must not be copied once used.
type Service struct {
	Ledger    Ledger
	Tenants   Tenants
	Policies  Policies
	Sightings Sightings
	Bus       Whisperer
	Courier   Courier
	Alerter   Alerter
	Reach     Reach // nil: every kind of channel has a carrier
	Noter     Noter // nil: results wait for whoever looks for those that are due
	Keys      Keys
	Now       func() time.Time
	Entropy   io.Reader

	rules rulebook
}

// Result is what an act has made of a channel.
type Result struct {
	Verification string
	Contact      string
	Channel      string
	Method       Method
	Seq          int64 // of the contact's last event that Shield knows
	Shield       Shield
	Warnings     []Standing // quotas of which little is left
}

// Pod is all that a pod shows: the desk, the rules and the readings of its contacts.
type Pod struct {
	Now      time.Time
	Tenant   Tenant
	Rules    *Rules
	Desk     Desk
	Readings map[string]Reading // by contact; every contact of the desk has one
}

// shieldVerifications is how many of a contact's last verifications a shield is read from: as many as a
// history shows at most. An older green or denial than these is out of sight, and reads as unverified.
const shieldVerifications = historyMost

// now is the time in whole milliseconds, as events keep it: what is answered at once
// and what is read back later are the same.
func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }

// Pod gathers what a pod shows of this desk.
func (s *Service) Pod(ctx context.Context, d Desk) (Pod, error) {
	tenant, err := s.Tenants.Tenant(ctx, d.Tenant)
	if err != nil {
		return Pod{}, err
	}
	rules, err := s.Rules(ctx, d.Tenant, d.Client.ID)
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
	pod := Pod{Now: now, Tenant: tenant, Rules: rules, Desk: d, Readings: make(map[string]Reading, len(ids))}
	for _, id := range ids {
		pod.Readings[id] = s.fit(d, rules.Policy, Read(id, events, now), now)
	}
	return pod, nil
}

// Fit is a reading as this desk may show it now, under the rules of its client.
func (s *Service) Fit(ctx context.Context, d Desk, r Reading) (Reading, error) {
	rules, err := s.Rules(ctx, d.Tenant, d.Client.ID)
	if err != nil {
		return Reading{}, err
	}
	return s.fit(d, rules.Policy, r, s.now()), nil
}

func (s *Service) fit(d Desk, p Policy, r Reading, now time.Time) Reading {
	shields := make(map[string]Shield, len(r.Shields))
	for id, shield := range r.Shields {
		shields[id] = s.shownAt(d, p, r.Contact, id, shield, now)
	}
	r.Shields = shields
	r.Entries = r.Entries[:min(len(r.Entries), p.HistoryEntries)]
	r.Locked = r.Failures >= p.FailuresBeforeLock
	r.Marked = s.marked(d, r)
	return r
}

func (s *Service) shown(d Desk, p Policy, contact, channel string, shield Shield) Shield {
	return s.shownAt(d, p, contact, channel, shield, s.now())
}

// shownAt is a channel's shield as this desk may show it: a number or address that is not the one that was
// proven is not green, whoever has changed it since, in whichever ticket system; and none is green longer,
// or elsewhere, than the policy wants by now.
func (s *Service) shownAt(d Desk, p Policy, contact, channel string, shield Shield, now time.Time) Shield {
	c, _ := d.Contact(contact)
	ch, _ := c.Channel(channel)
	shield = shield.of(s.Keys.destination(d.Tenant, ch)).under(p, d.Ticket.ID, now).bounded(p, now)
	if shield.State == ShieldPending && shield.Matching && shield.Ticket == d.Ticket.ID {
		_, shield.Match = s.Keys.grid(shield.Verification)
	}
	return shield
}

// Reading is what one contact's events say now, whoever asks. What a desk may show of it, Fit tells.
func (s *Service) Reading(ctx context.Context, tenant, contact string) (Reading, error) {
	events, err := s.Ledger.Recent(ctx, tenant, []string{contact}, shieldVerifications)
	if err != nil {
		return Reading{}, err
	}
	return Read(contact, events, s.now()), nil
}

// HistoryPage is the most that one page of history holds.
const HistoryPage = 50

// History gives the contact's verifications requested before the event numbered before
// (0: from the newest), newest first, and where to go on (0: nowhere). Where the policy shows no history there is none.
func (s *Service) History(ctx context.Context, d Desk, contact string, before int64) ([]Entry, int64, error) {
	if _, ok := d.Contact(contact); !ok {
		return nil, 0, notFound("This contact is not on the ticket. Reopen the ticket to load it again.")
	}
	rules, err := s.Rules(ctx, d.Tenant, d.Client.ID)
	if err != nil || rules.HistoryEntries == 0 {
		return nil, 0, err
	}
	events, err := s.Ledger.Page(ctx, d.Tenant, contact, before, HistoryPage+1)
	if err != nil {
		return nil, 0, err
	}
	entries := Read(contact, events, s.now()).Entries
	if len(entries) <= HistoryPage {
		return entries, 0, nil
	}
	entries = entries[:HistoryPage]
	return entries, entries[HistoryPage-1].Seq, nil
}
