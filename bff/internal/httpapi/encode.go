package httpapi

import (
	"context"
	"encoding/json"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/locale"
	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/quota"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/api"
)

// Frames encodes the frames of the live hub in the schemas of the contract.
type Frames struct {
	Verify *verify.Service
	Brands Brands
}

// Snapshot encodes the whole pod.
func (f Frames) Snapshot(ctx context.Context, s verify.Session, p verify.Pod) ([]byte, error) {
	brand, err := f.Brands.Brand(ctx, p.Tenant.ID)
	if err != nil {
		return nil, err
	}
	return json.Marshal(api.SnapshotFrame{Type: api.SnapshotFrameTypeSnapshot, Pod: podOf(s, p, brand)})
}

// Policy encodes the whole pod under a changed policy.
func (f Frames) Policy(ctx context.Context, s verify.Session, p verify.Pod) ([]byte, error) {
	brand, err := f.Brands.Brand(ctx, p.Tenant.ID)
	if err != nil {
		return nil, err
	}
	return json.Marshal(api.PolicyFrame{Type: api.PolicyFrameTypePolicy, Pod: podOf(s, p, brand)})
}

// Update encodes the current state of one contact.
func (f Frames) Update(ctx context.Context, s verify.Session, state verify.ContactState, now time.Time) ([]byte, error) {
	rules, err := f.Verify.EffectivePolicy(ctx, s.Context.Tenant, s.Context.Client.ID)
	if err != nil {
		return nil, err
	}
	if state, err = f.Verify.ApplyPolicy(ctx, s.Context, state); err != nil {
		return nil, err
	}
	view := podView{ticket: s.Context, rules: rules, now: now.UTC()}
	contact, _ := s.Context.Contact(state.Contact)
	methods := make(map[string][]api.MethodOption, len(contact.Channels))
	for _, ch := range contact.Channels {
		methods[ch.ID] = view.options(contact, ch, state)
	}
	shields := make(map[string]api.Shield, len(state.Shields))
	for id, shield := range state.Shields {
		shields[id] = shieldOf(shield)
	}
	return json.Marshal(api.EventFrame{
		Type: api.EventFrameTypeEvent, Seq: state.Seq, Now: view.now, ContactId: state.Contact,
		Shields: shields, Methods: methods, Lock: view.lock(state), History: view.entries(contact.Name, state.Entries),
	})
}

// Session encodes a renewed bearer.
func (Frames) Session(token string, until time.Time) ([]byte, error) {
	return json.Marshal(api.SessionFrame{Type: api.SessionFrameTypeSession, Token: token, ExpiresAt: until.UTC()})
}

// podOf returns the pod with masked destinations. Plain destinations never leave the server.
func podOf(s verify.Session, p verify.Pod, b *message.Brand) api.Pod {
	view := podView{ticket: p.Context, rules: p.Rules, now: p.Now.UTC()}
	pod := api.Pod{
		Now:        view.now,
		Tenant:     api.Tenant{Id: p.Tenant.ID, Name: p.Tenant.Name, ProcedureUrl: p.Tenant.ProcedureURL},
		Technician: personOf(p.Context.Technician), TechnicianKnown: p.Context.TechnicianKnown(),
		Ticket:    api.Ticket{Id: p.Context.Ticket.ID, Number: p.Context.Ticket.Number, Summary: p.Context.Ticket.Summary},
		Client:    api.Client{Id: p.Context.Client.ID, Name: p.Context.Client.Name},
		Origin:    s.Origin,
		FirstOpen: s.FirstOpen,
		Policy:    view.policy(),
		Contacts:  make([]api.Contact, 0, len(p.Context.Contacts)),
	}
	for _, c := range p.Context.Contacts {
		contact := view.contact(c, p.Contacts[c.ID])
		language := c.Language
		if language == "" {
			language = p.Rules.Language
		}
		contact.Scripts = scriptsOf(b.Scripts(p.Context, p.Rules.Policy, language))
		if contact.Default {
			pod.Contacts = append([]api.Contact{contact}, pod.Contacts...)
		} else {
			pod.Contacts = append(pod.Contacts, contact)
		}
	}
	return pod
}

// podView converts the contacts of a ticket under its policy at a point in time.
type podView struct {
	ticket verify.TicketContext
	rules  *policy.Effective
	now    time.Time
}

func (v podView) contact(c verify.Contact, reading verify.ContactState) api.Contact {
	contact := api.Contact{
		Id: c.ID, Name: c.Name, Title: c.Title, Default: c.ID == v.ticket.DefaultContact, Seq: reading.Seq,
		Channels: make([]api.Channel, len(c.Channels)), Lock: v.lock(reading), History: v.entries(c.Name, reading.Entries),
	}
	for i, ch := range c.Channels {
		contact.Channels[i] = api.Channel{
			Id: ch.ID, Kind: api.ChannelKind(ch.Kind), Label: ch.Label, Masked: verify.Mask(ch),
			Methods: v.options(c, ch, reading), Shield: shieldOf(reading.Shields[ch.ID]),
		}
		if ch.Unusable != "" {
			contact.Channels[i].Unusable = api.Unusable{Reason: api.UnusableReason(ch.Unusable), Text: ch.Unusable.Words(ch.Kind)}
		}
		if v.rules.ChangedLately(ch.ChangedAt, v.now) {
			contact.Channels[i].ChangedAt = ch.ChangedAt.UTC()
		}
	}
	return contact
}

// explainedFields are the policy fields whose source a pod shows.
var explainedFields = []string{
	"methods", "override_note", "show_on_load", "failures_before_lock", "verified_for_seconds", "verified_scope",
	"number_matching", "before_save", "sms_countries", "sms_voip", "sms_toll_free", "technician_address", "changed_channels",
}

// fieldOfReason maps a reason to the policy field that causes it.
var fieldOfReason = map[verify.Code]string{
	verify.Code(policy.ReasonMethod): "methods", verify.Code(policy.ReasonCountryNotAllowed): "sms_countries",
	verify.Code(policy.ReasonVoIP): "sms_voip", verify.Code(policy.ReasonTollFree): "sms_toll_free",
	verify.Code(policy.ReasonChanged): "changed_channels", verify.ReasonTechnician: "technician_address",
}

// explanation returns the source of a field's value, or the empty string for the built-in value.
func (v podView) explanation(field string) string {
	if e := v.rules.Explain(field, v.ticket.Client.Name); e.Source != policy.Builtin {
		return e.Text
	}
	return ""
}

func (v podView) policy() api.Policy {
	p := api.Policy{
		Version:      v.rules.Revision(),
		OverrideNote: api.NoteRule(v.rules.OverrideNote), NotePresets: v.rules.NotePresets,
		NoteMin: policy.NoteMin, NoteMax: policy.NoteMax,
		ShowOnLoad: v.rules.ShowOnLoad, TicketNote: v.rules.TicketNote,
		BeforeSave: api.SaveRule(v.rules.BeforeSave), Explanations: map[string]string{},
	}
	if p.NotePresets == nil {
		p.NotePresets = []string{}
	}
	if b := v.rules.Banner; b.Text != "" && (b.Until.IsZero() || v.now.Before(b.Until)) {
		p.Banner = api.Banner{Text: b.Text, Tone: api.BannerTone(b.Tone), From: b.From, Until: b.Until}
	}
	for _, field := range explainedFields {
		if text := v.explanation(field); text != "" {
			p.Explanations[field] = text
		}
	}
	return p
}

func (v podView) options(c verify.Contact, ch verify.Channel, r verify.ContactState) []api.MethodOption {
	options := v.ticket.Options(v.rules.Policy, c, ch, r, v.now)
	out := make([]api.MethodOption, len(options))
	for i, o := range options {
		out[i] = api.MethodOption{Method: api.Method(o.Method), Reason: api.Reason(o.Refusal)}
		if field := fieldOfReason[o.Refusal]; field != "" {
			out[i].Explanation = v.explanation(field)
		}
	}
	return out
}

func (v podView) lock(r verify.ContactState) api.Lock {
	if r.Failures == 0 && !r.Denied {
		return api.Lock{}
	}
	return api.Lock{Failures: r.Failures, Limit: v.rules.FailuresBeforeLock, Locked: r.Locked, Denied: r.Denied}
}

func shieldOf(s verify.Shield) api.Shield {
	if s.State == "" {
		return api.Shield{State: api.ShieldState(verify.ShieldUnverified)}
	}
	out := api.Shield{
		State: api.ShieldState(s.State), VerificationId: s.Verification, Method: api.Method(s.Method), Stage: api.ShieldStage(s.Stage),
		At: s.At, Until: s.Until, By: personOf(s.By), Reason: api.Reason(s.Reason),
		CodeLength: s.CodeLength, TriesLeft: s.TriesLeft, Match: s.Match, ResendAt: s.ResendAt,
	}
	if under := s.RevertsTo(); under != nil {
		revertsTo := shieldOf(*under)
		out.RevertsTo = &revertsTo
	}
	return out
}

func (v podView) entries(contactName string, entries []verify.Entry) []api.HistoryEntry {
	out := make([]api.HistoryEntry, len(entries))
	for i, n := range entries {
		out[i] = api.HistoryEntry{
			VerificationId: n.Verification, ChannelId: n.Channel, Method: api.Method(n.Method), Masked: n.Masked,
			Technician: personOf(n.Technician), TicketNumber: n.Ticket.Number, Note: n.Note, ChangedChannel: n.Changed,
			RequestedAt: n.RequestedAt, ExpiresAt: n.ExpiresAt, EndedAt: n.EndedAt, NoteWrittenAt: n.NoteWrittenAt,
			Outcome: api.HistoryEntryOutcome(n.Outcome), Reason: api.Reason(n.Reason), DeniedAfter: api.HistoryEntryDeniedAfter(n.DeniedAfter),
		}
		if n.Policy != (policy.Version{}) {
			out[i].PolicyVersion = n.Policy.String()
		}
		switch {
		case n.Outcome == verify.Open:
			out[i].Outcome = api.HistoryEntryOutcomeOpen
		case v.rules.TicketNote:
			out[i].TicketNote = verify.Note(contactName, n, locale.Zone(v.rules.TimeZone))
		}
	}
	return out
}

func verificationOf(r verify.Result) api.Verification {
	return api.Verification{
		Id: r.Verification, ContactId: r.Contact, ChannelId: r.Channel, Method: api.Method(r.Method),
		Seq: r.Seq, Shield: shieldOf(r.Shield), Warnings: quotaUsagesOf(r.Warnings),
	}
}

func quotaUsagesOf(standings []quota.Status) []api.QuotaUsage {
	out := make([]api.QuotaUsage, len(standings))
	for i, b := range standings {
		out[i] = quotaUsageOf(b)
	}
	return out
}

func quotaUsageOf(b quota.Status) api.QuotaUsage {
	return api.QuotaUsage{Name: b.Name, Used: b.Used, Limit: b.Limit, FreesAt: b.FreesAt.UTC()}
}

func personOf(t verify.Technician) api.Person {
	if t.Name == "" {
		return api.Person{Id: t.ID, Name: t.ID}
	}
	return api.Person{Id: t.ID, Name: t.Name}
}
