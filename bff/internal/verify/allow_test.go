package verify

import (
	"testing"
	"time"
)

func TestAllow(t *testing.T) {
	now := epoch
	day := 24 * time.Hour
	us := Channel{Kind: Phone, Value: "+14155554821", Capability: Mobile, Country: "US"}
	mail := Channel{Kind: Email, Value: "dana@contoso.com"}
	with := func(ch Channel, change func(*Channel)) Channel { change(&ch); return ch }
	policy := func(change func(*Policy)) Policy {
		p := DefaultPolicy()
		p.SMSCountries = []string{"US"}
		if change != nil {
			change(&p)
		}
		return p
	}
	ana := Technician{ID: "ana", Email: "ana@acme.example", Phone: "+14155550123"}
	for _, row := range []struct {
		name   string
		policy Policy
		by     Technician
		also   []Channel // that the contact has
		give   Channel
		method Method
		want   Code
	}{
		{"a mobile of the tenant's country takes a code", policy(nil), ana, nil, us, SMSCode, ""},
		{"Threat_18: a number of another country does not", policy(nil), ana, nil, with(us, func(c *Channel) { c.Country = "GB" }), SMSCode, ReasonCountryNotAllowed},
		{"Threat_18: nor does one of no country", policy(nil), ana, nil, with(us, func(c *Channel) { c.Country = "" }), SMSLink, ReasonCountryNotAllowed},
		{"a country that is allowed is fine", policy(func(p *Policy) { p.SMSCountries = []string{"GB", "US"} }), ana, nil, with(us, func(c *Channel) { c.Country = "GB" }), SMSCode, ""},
		{"Threat_18: a number that costs is told as that, whatever its country", policy(nil), ana, nil, with(us, func(c *Channel) { c.Line, c.Country = Premium, "GB" }), SMSCode, ReasonPremiumRate},
		{"Threat_18: no policy allows a number that costs", policy(func(p *Policy) { p.SMSVoIP = true }), ana, nil, with(us, func(c *Channel) { c.Line = Premium }), SMSCode, ReasonPremiumRate},
		{"Threat_18: a number without a SIM gets no texts", policy(nil), ana, nil, with(us, func(c *Channel) { c.Line = VoIP }), SMSCode, ReasonVoIP},
		{"but where the policy says so", policy(func(p *Policy) { p.SMSVoIP = true }), ana, nil, with(us, func(c *Channel) { c.Line = VoIP }), SMSCode, ""},
		{"a landline is told before its country", policy(nil), ana, nil, with(us, func(c *Channel) { c.Capability, c.Country = Landline, "GB" }), SMSCode, ReasonLandline},
		{"an address has no country", policy(nil), ana, nil, mail, EmailLink, ""},
		{"Threat_10: the technician's own address is refused", policy(nil), ana, nil, with(mail, func(c *Channel) { c.Value = "ana@acme.example" }), EmailLink, ReasonOwn},
		{"Threat_10: in another case as well", policy(nil), ana, nil, with(mail, func(c *Channel) { c.Value = "Ana@ACME.example" }), EmailLink, ReasonOwn},
		{"Threat_10: the technician's own number is refused", policy(nil), ana, nil, with(us, func(c *Channel) { c.Value = ana.Phone }), SMSCode, ReasonOwn},
		{"Threat_10: and every other channel of the contact who has it", policy(nil), ana, []Channel{{Kind: Email, Value: "ANA@acme.example"}}, us, SMSCode, ReasonOwn},
		{"a technician of whom no address is known is nobody's contact", policy(nil), Technician{ID: "ana"}, []Channel{{Kind: Email}, {Kind: Phone}}, us, SMSCode, ""},
		{"Threat_09: a number that was changed yesterday is only marked", policy(nil), ana, nil, with(us, func(c *Channel) { c.ChangedAt = now.Add(-day) }), SMSCode, ""},
		{"Threat_09: where the policy says so it is refused", policy(func(p *Policy) { p.ChangedChannels = ChangeRefuse }), ana, nil, with(us, func(c *Channel) { c.ChangedAt = now.Add(-day) }), SMSCode, ReasonChanged},
		{"Threat_09: to the last moment of the days that count", policy(func(p *Policy) { p.ChangedChannels = ChangeRefuse }), ana, nil, with(us, func(c *Channel) { c.ChangedAt = now.Add(-7*day + 1) }), SMSCode, ReasonChanged},
		{"Threat_09: and no longer", policy(func(p *Policy) { p.ChangedChannels = ChangeRefuse }), ana, nil, with(us, func(c *Channel) { c.ChangedAt = now.Add(-7 * day) }), SMSCode, ""},
		{"Threat_09: with no days that count nothing was changed lately", policy(func(p *Policy) { p.ChangedChannels, p.ChangedDays = ChangeRefuse, 0 }), ana, nil, with(mail, func(c *Channel) { c.ChangedAt = now }), EmailLink, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			contact := Contact{ID: "dana", Channels: append([]Channel{row.give}, row.also...)}
			d := TicketContext{Technician: row.by, Contacts: []Contact{contact}}
			if got := row.policy.refusal(d, contact, row.give, row.method, now); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
			want := CodeMethodNotAllowed
			switch row.want {
			case "":
				want = ""
			case ReasonOwn:
				want = CodeOwnChannel
			}
			if got := CodeOf(row.policy.check(d, contact, row.give, row.method, now)); got != want {
				t.Errorf("Send answers %q, want %q", got, want)
			}
		})
	}
}

func TestALockIsOnCodesOnly(t *testing.T) {
	p := DefaultPolicy()
	p.SMSCountries = []string{"US"}
	got := p.Options(TicketContext{}, Contact{}, Channel{Kind: Phone, Country: "US"}, ContactState{Locked: true}, epoch)
	if len(got) != 2 || got[0] != (Option{SMSCode, ReasonLocked}) || got[1] != (Option{Method: SMSLink}) {
		t.Errorf("got %v", got)
	}
}
