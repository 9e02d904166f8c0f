package policy

import (
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
)

func TestRefusal(t *testing.T) {
	const day = 24 * time.Hour
	us := Target{Kind: channel.Phone, Country: "US"}
	mail := Target{Kind: channel.Email}
	with := func(to Target, change func(*Target)) Target { change(&to); return to }
	under := func(change func(*Policy)) Policy {
		p := Default()
		p.SMSCountries = []string{"US"}
		change(&p)
		return p
	}
	unchanged := under(func(*Policy) {})
	refusing := under(func(p *Policy) { p.ChangedChannels = ChangeRefuse })
	for _, row := range []struct {
		name   string
		policy Policy
		give   Target
		method channel.Method
		want   Reason
	}{
		{"a number of an allowed country gets a code", unchanged, us, channel.SMSCode, ""},
		{"an address gets a link", unchanged, mail, channel.EmailLink, ""},
		{"a method that is not among the policy's is refused", unchanged, mail, channel.EmailCode, ReasonMethod},
		{"the method is named before the landline", under(func(p *Policy) { p.Methods = nil }), with(us, func(to *Target) { to.Capability = channel.Landline }), channel.SMSCode, ReasonMethod},
		{"a number of another country is refused", unchanged, with(us, func(to *Target) { to.Country = "GB" }), channel.SMSCode, ReasonCountryNotAllowed},
		{"a number of no country is refused", unchanged, with(us, func(to *Target) { to.Country = "" }), channel.SMSLink, ReasonCountryNotAllowed},
		{"a landline is named before its country", unchanged, with(us, func(to *Target) { to.Capability, to.Country = channel.Landline, "GB" }), channel.SMSCode, ReasonLandline},
		{"a number that costs is refused under every policy", under(func(p *Policy) { p.SMSVoIP, p.SMSTollFree = true, true }), with(us, func(to *Target) { to.Line = channel.Premium }), channel.SMSCode, ReasonPremiumRate},
		{"a number without a SIM is refused", unchanged, with(us, func(to *Target) { to.Line = channel.VoIP }), channel.SMSCode, ReasonVoIP},
		{"a number without a SIM gets texts where the policy says so", under(func(p *Policy) { p.SMSVoIP = true }), with(us, func(to *Target) { to.Line = channel.VoIP }), channel.SMSCode, ""},
		{"a toll-free number is refused", unchanged, with(us, func(to *Target) { to.Line = channel.TollFree }), channel.SMSCode, ReasonTollFree},
		{"a toll-free number gets texts where the policy says so", under(func(p *Policy) { p.SMSTollFree = true }), with(us, func(to *Target) { to.Line = channel.TollFree }), channel.SMSCode, ""},
		{"a changed channel is not refused by default", unchanged, with(us, func(to *Target) { to.ChangedAt = noon.Add(-day) }), channel.SMSCode, ""},
		{"a changed channel is refused where the policy says so", refusing, with(us, func(to *Target) { to.ChangedAt = noon.Add(-day) }), channel.SMSCode, ReasonChanged},
		{"a changed channel is refused to the last moment of the days", refusing, with(mail, func(to *Target) { to.ChangedAt = noon.Add(-7*day + 1) }), channel.EmailLink, ReasonChanged},
		{"a changed channel is refused no longer than the days", refusing, with(mail, func(to *Target) { to.ChangedAt = noon.Add(-7 * day) }), channel.EmailLink, ""},
		{"without a text carrier a number is refused", under(func(p *Policy) { p.NoCarrier = []channel.Kind{channel.Phone} }), us, channel.SMSCode, ReasonNoCarrier},
		{"without a text carrier an address gets its link", under(func(p *Policy) { p.NoCarrier = []channel.Kind{channel.Phone} }), mail, channel.EmailLink, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := row.policy.Refusal(row.give, row.method, noon)
			if got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
			if (got.Words() == "") != (got == "") {
				t.Errorf("%q has the words %q", got, got.Words())
			}
		})
	}
}
