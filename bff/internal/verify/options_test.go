package verify

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
)

func TestOptions(t *testing.T) {
	mobile := Channel{Kind: channel.Phone, Value: "+14155554821", Capability: channel.Mobile}
	landline := Channel{Kind: channel.Phone, Value: "+14155550199", Capability: channel.Landline}
	unknown := Channel{Kind: channel.Phone, Value: "+14155550100"}
	mail := Channel{Kind: channel.Email, Value: "dana@contoso.com"}
	tests := []struct {
		name    string
		methods []channel.Method
		give    Channel
		want    []Option
	}{
		{"a mobile takes a code and a link, the code first", channel.Methods, mobile, []Option{{Method: channel.SMSCode}, {Method: channel.SMSLink}}},
		{"a number of unknown kind is tried: the carrier will tell", channel.Methods, unknown, []Option{{Method: channel.SMSCode}, {Method: channel.SMSLink}}},
		{"a landline is refused as one", channel.Methods, landline, []Option{{channel.SMSCode, ReasonLandline}, {channel.SMSLink, ReasonLandline}}},
		{"an address takes a link, and a code where somebody wants it", channel.Methods, mail, []Option{{Method: channel.EmailLink}, {Method: channel.EmailCode}}},
		{"a code by e-mail is no option until somebody wants it", []channel.Method{channel.EmailLink}, mail, []Option{{Method: channel.EmailLink}}},
		{"what the policy leaves out is refused by policy", []channel.Method{channel.SMSLink}, mobile, []Option{{channel.SMSCode, Code(policy.ReasonMethod)}, {Method: channel.SMSLink}}},
		{"policy goes before landline: another number would not help", []channel.Method{channel.EmailLink}, landline, []Option{{channel.SMSCode, Code(policy.ReasonMethod)}, {channel.SMSLink, Code(policy.ReasonMethod)}}},
		{"an empty policy refuses everything", nil, mail, []Option{{channel.EmailLink, Code(policy.ReasonMethod)}}},
		{"a channel of no kind has no methods", channel.Methods, Channel{}, []Option{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, TicketContext{}.Options(policy.Policy{Methods: test.methods, SMSCountries: []string{""}}, Contact{}, test.give, ContactState{}, time.Time{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAMethodIsOfferedOnlyWhereACarrierIsSetUp(t *testing.T) {
	mobile := Channel{Kind: channel.Phone, Value: "+14155554821", Capability: channel.Mobile}
	landline := Channel{Kind: channel.Phone, Value: "+14155550199", Capability: channel.Landline}
	mail := Channel{Kind: channel.Email, Value: "dana@contoso.com"}
	for _, c := range []struct {
		name    string
		missing []channel.Kind
		give    Channel
		want    []Option
	}{
		{"without a text carrier a mobile gets nothing", []channel.Kind{channel.Phone}, mobile, []Option{{channel.SMSCode, Code(policy.ReasonNoCarrier)}, {channel.SMSLink, Code(policy.ReasonNoCarrier)}}},
		{"without a text carrier e-mail goes on", []channel.Kind{channel.Phone}, mail, []Option{{Method: channel.EmailLink}, {Method: channel.EmailCode}}},
		{"without a mail carrier an address gets nothing", []channel.Kind{channel.Email}, mail, []Option{{channel.EmailLink, Code(policy.ReasonNoCarrier)}, {channel.EmailCode, Code(policy.ReasonNoCarrier)}}},
		{"without a mail carrier texts go on", []channel.Kind{channel.Email}, mobile, []Option{{Method: channel.SMSCode}, {Method: channel.SMSLink}}},
		{"a landline is one with or without a carrier", []channel.Kind{channel.Phone}, landline, []Option{{channel.SMSCode, ReasonLandline}, {channel.SMSLink, ReasonLandline}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := policy.Policy{Methods: channel.Methods, SMSCountries: []string{""}, NoCarrier: c.missing}
			if diff := cmp.Diff(c.want, TicketContext{}.Options(p, Contact{}, c.give, ContactState{}, time.Time{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for _, o := range c.want {
				err := TicketContext{}.check(p, Contact{}, c.give, o.Method, time.Time{})
				if refused := CodeOf(err) == CodeMethodNotAllowed; refused != (o.Refusal != "") {
					t.Errorf("%s: %v", o.Method, err)
				}
			}
		})
	}
}

func TestCheckMethodFitsTheOptions(t *testing.T) {
	channels := []Channel{{Kind: channel.Email}, {Kind: channel.Phone}, {Kind: channel.Phone, Capability: channel.Landline}, {}}
	for _, allowed := range [][]channel.Method{nil, channel.Methods, {channel.EmailLink}, {channel.SMSCode}} {
		p := policy.Policy{Methods: allowed, SMSCountries: []string{""}}
		for _, ch := range channels {
			offered := map[channel.Method]Code{}
			for _, o := range (TicketContext{}).Options(p, Contact{}, ch, ContactState{}, time.Time{}) {
				offered[o.Method] = o.Refusal
			}
			for _, m := range append([]channel.Method{"", "fax"}, channel.Methods...) {
				refusal, fits := offered[m]
				want := Code("")
				switch {
				case m == channel.EmailCode && ch.Kind == channel.Email && !fits:
					want = CodeMethodNotAllowed // not offered, and refused when it is requested all the same
				case !fits:
					want = CodeInvalid
				case refusal != "":
					want = CodeMethodNotAllowed
				}
				if got := CodeOf(TicketContext{}.check(p, Contact{}, ch, m, time.Time{})); got != want {
					t.Errorf("%v on %v under %v: got %q, want %q", m, ch, allowed, got, want)
				}
			}
		}
	}
}

func TestAllow(t *testing.T) {
	now := epoch
	day := 24 * time.Hour
	us := Channel{Kind: channel.Phone, Value: "+14155554821", Capability: channel.Mobile, Country: "US"}
	mail := Channel{Kind: channel.Email, Value: "dana@contoso.com"}
	with := func(ch Channel, change func(*Channel)) Channel { change(&ch); return ch }
	rules := func(change func(*policy.Policy)) policy.Policy {
		p := policy.Default()
		p.SMSCountries = []string{"US"}
		if change != nil {
			change(&p)
		}
		return p
	}
	ana := Technician{ID: "ana", Email: "ana@acme.example", Phone: "+14155550123"}
	for _, row := range []struct {
		name   string
		policy policy.Policy
		by     Technician
		also   []Channel // that the contact has
		give   Channel
		method channel.Method
		want   Code
	}{
		{"a mobile of the tenant's country takes a code", rules(nil), ana, nil, us, channel.SMSCode, ""},
		{"Threat_18: a number of another country does not", rules(nil), ana, nil, with(us, func(c *Channel) { c.Country = "GB" }), channel.SMSCode, Code(policy.ReasonCountryNotAllowed)},
		{"Threat_18: nor does one of no country", rules(nil), ana, nil, with(us, func(c *Channel) { c.Country = "" }), channel.SMSLink, Code(policy.ReasonCountryNotAllowed)},
		{"a country that is allowed is fine", rules(func(p *policy.Policy) { p.SMSCountries = []string{"GB", "US"} }), ana, nil, with(us, func(c *Channel) { c.Country = "GB" }), channel.SMSCode, ""},
		{"Threat_18: a number that costs is told as that, whatever its country", rules(nil), ana, nil, with(us, func(c *Channel) { c.Line, c.Country = channel.Premium, "GB" }), channel.SMSCode, Code(policy.ReasonPremiumRate)},
		{"Threat_18: no policy allows a number that costs", rules(func(p *policy.Policy) { p.SMSVoIP = true }), ana, nil, with(us, func(c *Channel) { c.Line = channel.Premium }), channel.SMSCode, Code(policy.ReasonPremiumRate)},
		{"Threat_18: a number without a SIM gets no texts", rules(nil), ana, nil, with(us, func(c *Channel) { c.Line = channel.VoIP }), channel.SMSCode, Code(policy.ReasonVoIP)},
		{"but where the policy says so", rules(func(p *policy.Policy) { p.SMSVoIP = true }), ana, nil, with(us, func(c *Channel) { c.Line = channel.VoIP }), channel.SMSCode, ""},
		{"a landline is told before its country", rules(nil), ana, nil, with(us, func(c *Channel) { c.Capability, c.Country = channel.Landline, "GB" }), channel.SMSCode, ReasonLandline},
		{"an address has no country", rules(nil), ana, nil, mail, channel.EmailLink, ""},
		{"Threat_10: the technician's own address is refused", rules(nil), ana, nil, with(mail, func(c *Channel) { c.Value = "ana@acme.example" }), channel.EmailLink, ReasonOwn},
		{"Threat_10: in another case as well", rules(nil), ana, nil, with(mail, func(c *Channel) { c.Value = "Ana@ACME.example" }), channel.EmailLink, ReasonOwn},
		{"Threat_10: the technician's own number is refused", rules(nil), ana, nil, with(us, func(c *Channel) { c.Value = ana.Phone }), channel.SMSCode, ReasonOwn},
		{"Threat_10: and every other channel of the contact who has it", rules(nil), ana, []Channel{{Kind: channel.Email, Value: "ANA@acme.example"}}, us, channel.SMSCode, ReasonOwn},
		{"a technician of whom no address is known is nobody's contact", rules(nil), Technician{ID: "ana"}, []Channel{{Kind: channel.Email}, {Kind: channel.Phone}}, us, channel.SMSCode, ""},
		{"Threat_09: a number that was changed yesterday is only marked", rules(nil), ana, nil, with(us, func(c *Channel) { c.ChangedAt = now.Add(-day) }), channel.SMSCode, ""},
		{"Threat_09: where the policy says so it is refused", rules(func(p *policy.Policy) { p.ChangedChannels = policy.ChangeRefuse }), ana, nil, with(us, func(c *Channel) { c.ChangedAt = now.Add(-day) }), channel.SMSCode, Code(policy.ReasonChanged)},
		{"Threat_09: to the last moment of the days that count", rules(func(p *policy.Policy) { p.ChangedChannels = policy.ChangeRefuse }), ana, nil, with(us, func(c *Channel) { c.ChangedAt = now.Add(-7*day + 1) }), channel.SMSCode, Code(policy.ReasonChanged)},
		{"Threat_09: and no longer", rules(func(p *policy.Policy) { p.ChangedChannels = policy.ChangeRefuse }), ana, nil, with(us, func(c *Channel) { c.ChangedAt = now.Add(-7 * day) }), channel.SMSCode, ""},
		{"Threat_09: with no days that count nothing was changed lately", rules(func(p *policy.Policy) { p.ChangedChannels, p.ChangedDays = policy.ChangeRefuse, 0 }), ana, nil, with(mail, func(c *Channel) { c.ChangedAt = now }), channel.EmailLink, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			contact := Contact{ID: "dana", Channels: append([]Channel{row.give}, row.also...)}
			d := TicketContext{Technician: row.by, Contacts: []Contact{contact}}
			if got := d.refusal(row.policy, contact, row.give, row.method, now); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
			want := CodeMethodNotAllowed
			switch row.want {
			case "":
				want = ""
			case ReasonOwn:
				want = CodeOwnChannel
			}
			if got := CodeOf(d.check(row.policy, contact, row.give, row.method, now)); got != want {
				t.Errorf("Send answers %q, want %q", got, want)
			}
		})
	}
}

func TestALockIsOnCodesOnly(t *testing.T) {
	p := policy.Default()
	p.SMSCountries = []string{"US"}
	got := TicketContext{}.Options(p, Contact{}, Channel{Kind: channel.Phone, Country: "US"}, ContactState{Locked: true}, epoch)
	if len(got) != 2 || got[0] != (Option{channel.SMSCode, ReasonLocked}) || got[1] != (Option{Method: channel.SMSLink}) {
		t.Errorf("got %v", got)
	}
}
