package httpapi

import (
	"encoding/json"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/api"
)

// Frames writes what the live hub sends, in the contract's shapes.
type Frames struct{ Verify *verify.Service }

// Snapshot is the whole pod.
func (Frames) Snapshot(s verify.Session, p verify.Pod) ([]byte, error) {
	return json.Marshal(api.SnapshotFrame{Type: api.Snapshot, Pod: podOf(s, p)})
}

// Update is one contact as it reads now.
func (f Frames) Update(s verify.Session, r verify.Reading, now time.Time) ([]byte, error) {
	r = f.Verify.Fit(s.Desk, r)
	contact, _ := s.Desk.Contact(r.Contact)
	shields := make(map[string]api.Shield, len(r.Shields))
	for id, shield := range r.Shields {
		shields[id] = shieldOf(shield)
	}
	return json.Marshal(api.UpdateFrame{
		Type: api.Event, Seq: r.Seq, Now: now.UTC(), ContactId: r.Contact,
		Shields: shields, History: entriesOf(contact.Name, r.Entries),
	})
}

// Session is a renewed bearer.
func (Frames) Session(token string, until time.Time) ([]byte, error) {
	return json.Marshal(api.SessionFrame{Type: api.Session, Token: token, ExpiresAt: until.UTC()})
}

// podOf shows a desk without its destinations: they leave the server masked.
func podOf(s verify.Session, p verify.Pod) api.Pod {
	pod := api.Pod{
		Now:        p.Now.UTC(),
		Tenant:     api.Tenant{Id: p.Tenant.ID, Name: p.Tenant.Name, ProcedureUrl: p.Tenant.ProcedureURL},
		Technician: personOf(p.Desk.Technician),
		Ticket:     api.Ticket{Id: p.Desk.Ticket.ID, Number: p.Desk.Ticket.Number, Summary: p.Desk.Ticket.Summary},
		Client:     api.Client{Id: p.Desk.Client.ID, Name: p.Desk.Client.Name},
		Origin:     s.Origin,
		Policy:     policyOf(p.Tenant.Policy),
		Contacts:   make([]api.Contact, 0, len(p.Desk.Contacts)),
	}
	for _, c := range p.Desk.Contacts {
		contact := contactOf(c, p)
		if contact.Default {
			pod.Contacts = append([]api.Contact{contact}, pod.Contacts...)
		} else {
			pod.Contacts = append(pod.Contacts, contact)
		}
	}
	return pod
}

func contactOf(c verify.Contact, p verify.Pod) api.Contact {
	reading := p.Readings[c.ID]
	contact := api.Contact{
		Id: c.ID, Name: c.Name, Title: c.Title, Default: c.ID == p.Desk.DefaultContact, Seq: reading.Seq,
		Channels: make([]api.Channel, len(c.Channels)), History: entriesOf(c.Name, reading.Entries),
	}
	for i, ch := range c.Channels {
		contact.Channels[i] = api.Channel{
			Id: ch.ID, Kind: api.ChannelKind(ch.Kind), Label: ch.Label, Masked: verify.Mask(ch),
			Methods: optionsOf(p.Tenant.Policy.Options(ch)), Shield: shieldOf(reading.Shields[ch.ID]),
		}
	}
	return contact
}

func policyOf(p verify.Policy) api.Policy {
	presets := p.NotePresets
	if presets == nil {
		presets = []string{}
	}
	return api.Policy{
		OverrideNote: api.PolicyOverrideNote(p.OverrideNote), NotePresets: presets,
		NoteMin: verify.NoteMin, NoteMax: verify.NoteMax, ShowOnLoad: p.ShowOnLoad,
	}
}

func optionsOf(options []verify.Option) []api.MethodOption {
	out := make([]api.MethodOption, len(options))
	for i, o := range options {
		out[i] = api.MethodOption{Method: api.Method(o.Method), Refusal: api.Reason(o.Refusal)}
	}
	return out
}

func shieldOf(s verify.Shield) api.Shield {
	if s.State == "" {
		return api.Shield{State: api.ShieldState(verify.ShieldUnverified)}
	}
	out := api.Shield{
		State: api.ShieldState(s.State), VerificationId: s.Verification, Method: api.Method(s.Method), Stage: api.ShieldStage(s.Stage),
		At: s.At, Until: s.Until, By: personOf(s.By), Reason: api.Reason(s.Reason),
		CodeLength: s.CodeLength, TriesLeft: s.TriesLeft, ResendAt: s.ResendAt,
	}
	if under := s.Beneath(); under != nil {
		beneath := shieldOf(*under)
		out.Beneath = &beneath
	}
	return out
}

func entriesOf(contactName string, entries []verify.Entry) []api.HistoryEntry {
	out := make([]api.HistoryEntry, len(entries))
	for i, n := range entries {
		out[i] = api.HistoryEntry{
			VerificationId: n.Verification, ChannelId: n.Channel, Method: api.Method(n.Method), Masked: n.Masked,
			Technician: personOf(n.Technician), TicketNumber: n.Ticket.Number, Note: n.Note,
			RequestedAt: n.RequestedAt, ExpiresAt: n.ExpiresAt, EndedAt: n.EndedAt,
			Outcome: api.HistoryEntryOutcome(n.Outcome), Reason: api.Reason(n.Reason),
		}
		if n.Outcome == verify.Open {
			out[i].Outcome = api.HistoryEntryOutcomeOpen
		} else {
			out[i].TicketNote = verify.Note(contactName, n)
		}
	}
	return out
}

func verificationOf(r verify.Result) api.Verification {
	return api.Verification{
		Id: r.Verification, ContactId: r.Contact, ChannelId: r.Channel, Method: api.Method(r.Method),
		Seq: r.Seq, Shield: shieldOf(r.Shield),
	}
}

func personOf(t verify.Technician) api.Person {
	if t.Name == "" {
		return api.Person{Id: t.ID, Name: t.ID}
	}
	return api.Person{Id: t.ID, Name: t.Name}
}
