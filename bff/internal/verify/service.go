package verify

import (
	"context"
	"io"
	"time"
)

// Service does what people ask of Shieldpod. All fields are required.
type Service struct {
	Ledger  Ledger
	Tenants Tenants
	Bus     Whisperer
	Courier Courier
	Keys    Keys
	Now     func() time.Time
	Entropy io.Reader
}

// Result is what an act has made of a channel.
type Result struct {
	Verification string
	Contact      string
	Channel      string
	Method       Method
	Seq          int64 // of the contact's last event that Shield knows
	Shield       Shield
}

// Pod is all that a pod shows: the desk, the rules and the readings of its contacts.
type Pod struct {
	Now      time.Time
	Tenant   Tenant
	Desk     Desk
	Readings map[string]Reading // by contact; every contact of the desk has one
}

// shieldVerifications is how many of a contact's last verifications a shield is read from, at least.
// An older green or denial than these is out of sight, and reads as unverified.
const shieldVerifications = 50

// now is the time in whole milliseconds, as events keep it: what is answered at once
// and what is read back later are the same.
func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }

// Pod gathers what a pod shows of this desk.
func (s *Service) Pod(ctx context.Context, d Desk) (Pod, error) {
	tenant, err := s.Tenants.Tenant(ctx, d.Tenant)
	if err != nil {
		return Pod{}, err
	}
	ids := make([]string, len(d.Contacts))
	for i, c := range d.Contacts {
		ids[i] = c.ID
	}
	events, err := s.Ledger.Recent(ctx, d.Tenant, ids, max(shieldVerifications, tenant.Policy.HistoryEntries))
	if err != nil {
		return Pod{}, err
	}
	now := s.now()
	pod := Pod{Now: now, Tenant: tenant, Desk: d, Readings: make(map[string]Reading, len(ids))}
	for _, id := range ids {
		r := Read(id, events, now)
		r.Entries = r.Entries[:min(len(r.Entries), tenant.Policy.HistoryEntries)]
		pod.Readings[id] = s.Fit(d, r)
	}
	return pod, nil
}

// Fit is a reading as this desk may show it: a channel whose number or address is not the one that
// was proven is not green, whoever has changed it since, in whichever ticket system.
func (s *Service) Fit(d Desk, r Reading) Reading {
	contact, _ := d.Contact(r.Contact)
	shields := make(map[string]Shield, len(r.Shields))
	for id, shield := range r.Shields {
		channel, _ := contact.Channel(id)
		shields[id] = shield.of(s.Keys.destination(d.Tenant, channel))
	}
	r.Shields = shields
	return r
}

// Reading is what one contact's events say now. What a desk may show of it, Fit tells.
func (s *Service) Reading(ctx context.Context, tenantID, contact string) (Reading, error) {
	tenant, err := s.Tenants.Tenant(ctx, tenantID)
	if err != nil {
		return Reading{}, err
	}
	events, err := s.Ledger.Recent(ctx, tenantID, []string{contact}, max(shieldVerifications, tenant.Policy.HistoryEntries))
	if err != nil {
		return Reading{}, err
	}
	r := Read(contact, events, s.now())
	r.Entries = r.Entries[:min(len(r.Entries), tenant.Policy.HistoryEntries)]
	return r, nil
}

// HistoryPage is the most that one page of history holds.
const HistoryPage = 50

// History gives the contact's verifications requested before the event numbered before
// (0: from the newest), newest first, and where to go on (0: nowhere).
func (s *Service) History(ctx context.Context, d Desk, contact string, before int64) ([]Entry, int64, error) {
	if _, ok := d.Contact(contact); !ok {
		return nil, 0, notFound("This contact is not on the ticket. Reopen the ticket to load it again.")
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
