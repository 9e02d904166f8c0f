package launch_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/launch"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

func TestChannelsThatAreNotCertainAreNotUsable(t *testing.T) {
	yes, no := true, false
	phone := func(value string, mobile *bool) launchcontext.Channel {
		return launchcontext.Channel{ID: "c", Kind: launchcontext.KindPhone, Value: value, Mobile: mobile}
	}
	email := func(value string) launchcontext.Channel {
		return launchcontext.Channel{ID: "c", Kind: launchcontext.KindEmail, Value: value}
	}
	cases := []struct {
		name       string
		given      launchcontext.Channel
		region     string
		value      string // empty: not usable
		capability channel.Capability
		unusable   verify.Unusable
	}{
		{"a national number gets its country", phone("(415) 555-4821", &yes), "US", "+14155554821", channel.Mobile, ""},
		{"a number with its country keeps it", phone("+44 7911 123456", nil), "US", "+447911123456", channel.Mobile, ""},
		{"an international prefix is understood", phone("00 44 7911 123456", nil), "DE", "+447911123456", channel.Mobile, ""},
		{"a British landline is told by its number", phone("020 7946 0018", nil), "GB", "+442079460018", channel.Landline, ""},
		{"an American number does not tell", phone("415 555 4821", nil), "US", "+14155554821", channel.Unknown, ""},
		{"the ticket system knows better: mobile", phone("020 7946 0018", &yes), "GB", "+442079460018", channel.Mobile, ""},
		{"the ticket system knows better: landline", phone("+44 7911 123456", &no), "GB", "+447911123456", channel.Landline, ""},
		{"a free number is tried", phone("800 234 5678", nil), "US", "+18002345678", channel.Unknown, ""},
		{"an extension is behind a switchboard", phone("415 555 4821 ext. 12", &yes), "US", "", "", verify.UnusableExtension},
		{"a local number without its area", phone("555-4821", &yes), "US", "", "", verify.UnusableIncomplete},
		{"a national number of nowhere", phone("415 555 4821", &yes), "", "", "", verify.UnusableCountry},
		{"a number of another plan", phone("07911 123456", &yes), "US", "", "", verify.UnusableInvalid},
		{"a digit too many", phone("+1 415 555 48211", &yes), "US", "", "", verify.UnusableInvalid},
		{"a number in letters", phone("1-800-FLOWERS", &yes), "US", "", "", verify.UnusableWords},
		{"a number with words around it", phone("call 415 555 4821 after five", &yes), "US", "", "", verify.UnusableWords},
		{"a number with labels around it", phone("cell 415 555 4821 (home)", &yes), "US", "+14155554821", channel.Mobile, ""},
		{"an emergency number", phone("911", &yes), "US", "", "", verify.UnusableIncomplete},
		{"a word", phone("unknown", &yes), "US", "", "", verify.UnusableWords},
		{"a very long number", phone(strings.Repeat("1", 65), &yes), "US", "", "", verify.UnusableInvalid},
		{"an address", email("dana@contoso.com"), "US", "dana@contoso.com", "", ""},
		{"an address in capitals", email(" Dana.Reyes@Contoso.COM "), "US", "Dana.Reyes@contoso.com", "", ""},
		{"an address with a tag", email("dana+it@contoso.com"), "US", "dana+it@contoso.com", "", ""},
		{"an address with a name", email("Dana <dana@contoso.com>"), "US", "", "", verify.UnusableWords},
		{"two addresses", email("dana@contoso.com,sam@contoso.com"), "US", "", "", verify.UnusableSeveral},
		{"two at signs", email("dana@evil.example@contoso.com"), "US", "", "", verify.UnusableSeveral},
		{"a header after a line break", email("dana@contoso.com\r\nBcc: x@evil.example"), "US", "", "", verify.UnusableSeveral},
		{"an invisible character", email("dana@conto\u200bso.com"), "US", "dana@contoso.com", "", ""},
		{"a turn of direction", email("dana@\u202emoc.osotnoc"), "US", "dana@moc.osotnoc", "", ""},
		{"no host", email("dana@"), "US", "", "", verify.UnusableInvalid},
		{"a host without a dot", email("dana@localhost"), "US", "", "", verify.UnusableInvalid},
		{"nobody", email("@contoso.com"), "US", "", "", verify.UnusableInvalid},
		{"a comment", email("dana(x)@contoso.com"), "US", "", "", verify.UnusableInvalid},
		{"a quote that only begins", email(`"dana@contoso.com`), "US", "", "", verify.UnusableInvalid},
		{"a quote that only ends", email(`dana"@contoso.com`), "US", "", "", verify.UnusableInvalid},
		{"a number where an address belongs", email("+14155554821"), "US", "", "", verify.UnusableInvalid},
		{"a very long address", email(strings.Repeat("a", 250) + "@contoso.com"), "US", "", "", verify.UnusableInvalid},
	}
	h := newHarness(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			acme := h.acme(t)
			acme.Region = c.region
			h.put(t, acme)
			tc := h.open(t, h.sign(t, func(claims *launchcontext.Claims) {
				claims.Context.Contacts[0].Channels = []launchcontext.Channel{c.given}
			}), "").Session.Context
			want := []verify.Channel{{ID: "c", Kind: channel.Kind(c.given.Kind), Value: c.value, Capability: c.capability, Unusable: c.unusable}}
			facts := cmpopts.IgnoreFields(verify.Channel{}, "Canonical", "Person", "Candidates", "Country", "Line", "ChangedAt")
			if diff := cmp.Diff(want, tc.Contacts[0].Channels, facts); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestThreat_18_NumbersSayWhatTheyCostAndWhere(t *testing.T) {
	yes := true
	h := newHarness(t)
	for _, c := range []struct {
		name, number string
		mobile       *bool
		country      string
		line         channel.Line
		capability   channel.Capability
	}{
		{"an American number", "+14155554821", nil, "US", channel.Ordinary, channel.Unknown},
		{"a Canadian one under the same code", "+14165550123", nil, "CA", channel.Ordinary, channel.Unknown},
		{"an American premium number", "+19002345678", nil, "US", channel.Premium, channel.Unknown},
		{"a British premium number", "+449098765432", nil, "GB", channel.Premium, channel.Unknown},
		{"a British personal number, which costs as much", "+447012345678", nil, "GB", channel.Premium, channel.Unknown},
		{"a German number of shared cost", "+4918012345678", nil, "DE", channel.Premium, channel.Unknown},
		{"a British number without a SIM", "+445612345678", nil, "GB", channel.VoIP, channel.Unknown},
		{"a premium number stays one when the ticket system calls it mobile", "+449098765432", &yes, "GB", channel.Premium, channel.Mobile},
		{"a number for companies gets no texts", "+443001234567", nil, "GB", channel.Ordinary, channel.Landline},
		{"a number of no country", "+883510012345", nil, "", channel.Ordinary, channel.Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			tc := h.open(t, h.sign(t, func(claims *launchcontext.Claims) {
				claims.Context.Contacts[0].Channels = []launchcontext.Channel{
					{ID: "c", Kind: launchcontext.KindPhone, Value: c.number, Mobile: c.mobile},
				}
			}), "").Session.Context
			channels := tc.Contacts[0].Channels
			if len(channels) != 1 {
				t.Fatalf("the number was left out")
			}
			if got := channels[0]; got.Country != c.country || got.Capability != c.capability || (c.country != "" && got.Line != c.line) {
				t.Errorf("country %q, line %q, capability %q", got.Country, got.Line, got.Capability)
			}
		})
	}
}

func TestThreat_09_AChangeInTheTicketSystemIsNoticed(t *testing.T) {
	h := newHarness(t)
	open := func(channels ...launchcontext.Channel) []verify.Channel {
		t.Helper()
		return h.open(t, h.sign(t, func(c *launchcontext.Claims) { c.Context.Contacts[0].Channels = channels }), "").Session.Context.Contacts[0].Channels
	}
	number := func(id, value string) launchcontext.Channel {
		return launchcontext.Channel{ID: id, Kind: launchcontext.KindPhone, Value: value}
	}
	first := open(number("a", "+14155554821"))
	if !first[0].ChangedAt.IsZero() {
		t.Error("a contact that is seen for the first time has a changed number")
	}
	h.now = h.now.Add(time.Hour)
	swapped := h.now.UTC()
	second := open(number("a", "+14155559999"), number("b", "+14155554821"))
	if !second[0].ChangedAt.Equal(swapped) || !second[1].ChangedAt.IsZero() {
		t.Errorf("after a swap the new number is changed at %v, and the old one under another id at %v", second[0].ChangedAt, second[1].ChangedAt)
	}
	h.now = h.now.Add(time.Hour)
	if third := open(number("a", "+14155559999")); !third[0].ChangedAt.Equal(swapped) {
		t.Errorf("opened again, it is changed at %v", third[0].ChangedAt)
	}
	said := number("a", "+14155559999")
	for _, c := range []struct {
		name      string
		say, want time.Time
	}{
		{"what the ticket system says counts, if it is later", h.now.Add(-time.Minute), h.now.Add(-time.Minute).UTC()},
		{"what it says of the past takes no mark away", h.now.AddDate(-1, 0, 0), swapped},
		{"what it says of the future is of now", h.now.Add(time.Hour), h.now.UTC()},
	} {
		said.ChangedAt = c.say
		if got := open(said); !got[0].ChangedAt.Equal(c.want) {
			t.Errorf("%s: %v, want %v", c.name, got[0].ChangedAt, c.want)
		}
	}
}

func TestThreat_10_TheTechniciansOwnNumberIsKnownInAnySpelling(t *testing.T) {
	h := newHarness(t)
	tc := h.open(t, h.sign(t, func(c *launchcontext.Claims) { c.Actor.Phone = "(415) 555-4821" }), "").Session.Context
	if tc.Technician.Phone != "+14155554821" {
		t.Errorf("the technician's number is %q", tc.Technician.Phone)
	}
	_, err := h.Open(t.Context(), h.sign(t, func(c *launchcontext.Claims) { c.Actor.Phone = "unknown" }), "")
	var refusal *verify.Error
	if !errors.As(err, &refusal) || refusal.Code != verify.CodeContextInvalid || refusal.Field != "act.phone" {
		t.Errorf("a number that is none: %v", err)
	}
}

func TestChannelsToOneDestinationAreMerged(t *testing.T) {
	yes, no := true, false
	h := newHarness(t)
	tc := h.open(t, h.sign(t, func(c *launchcontext.Claims) {
		c.Context.Contacts[0].Channels = []launchcontext.Channel{
			{ID: "a", Kind: "phone", Value: "415 555 4821"},
			{ID: "b", Kind: "phone", Value: "+1 (415) 555-4821", Label: "Mobile", Mobile: &yes},
			{ID: "c", Kind: "phone", Value: "415 555 0199", Label: "Desk", Mobile: &no},
			{ID: "d", Kind: "phone", Value: "415 555 0199", Label: "Home", Mobile: &yes},
			{ID: "e", Kind: "email", Value: "dana@contoso.com", Label: "Work"},
			{ID: "f", Kind: "email", Value: "dana@CONTOSO.com", Label: "Other"},
			{ID: "g", Kind: "email", Value: "Dana@contoso.com"},
		}
	}), "").Session.Context
	want := []verify.Channel{
		{ID: "a", Kind: channel.Phone, Value: "+14155554821", Label: "Mobile", Capability: channel.Mobile, Country: "US"},
		{ID: "c", Kind: channel.Phone, Value: "+14155550199", Label: "Desk", Capability: channel.Unknown, Country: "US"},
		{ID: "e", Kind: channel.Email, Value: "dana@contoso.com", Label: "Work"},
	}
	if diff := cmp.Diff(want, tc.Contacts[0].Channels); diff != "" {
		t.Error(diff)
	}
}

func TestThreat_22_TextIsCleanedForPeople(t *testing.T) {
	cases := []struct{ name, given, want string }{
		{"letters of any script stay", "Zoë 王小明 Дана", "Zoë 王小明 Дана"},
		{"markup is text, and each sink encodes it", `<b onclick="x">{{.}}</b>`, `<b onclick="x">{{.}}</b>`},
		{"line breaks become spaces", "Reset\r\nBcc: x@evil.example", "Reset Bcc: x@evil.example"},
		{"line and paragraph separators too", "a\u2028b\u2029c", "a b c"},
		{"terminal escapes lose their escape", "\x1b[31mred", "[31mred"},
		{"a null byte becomes a space", "a\x00b", "a b"},
		{"turns of direction vanish", "Dana \u202eseyeR\u202c", "Dana seyeR"},
		{"isolates vanish", "\u2066Dana\u2069", "Dana"},
		{"invisible characters vanish", "Da\u200bna\ufeff\u00ad", "Dana"},
		{"tags vanish", "Dana\U000E0041", "Dana"},
		{"a joiner of Persian stays", "می\u200cخواهم", "می\u200cخواهم"},
		{"spaces shrink", "  Dana \t  Reyes\u00a0 ", "Dana Reyes"},
		{"long text is cut", strings.Repeat("é", 121), strings.Repeat("é", 119) + "…"},
		{"text of just that length is not", strings.Repeat("é", 120), strings.Repeat("é", 120)},
	}
	h := newHarness(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			tc := h.open(t, h.sign(t, func(claims *launchcontext.Claims) {
				claims.Actor.Name, claims.Context.Client.Name = c.given, c.given
				claims.Context.Contacts[0].Name, claims.Context.Contacts[0].Title = c.given, c.given
			}), "").Session.Context
			for _, got := range []string{tc.Technician.Name, tc.Client.Name, tc.Contacts[0].Name, tc.Contacts[0].Title} {
				if got != c.want {
					t.Errorf("got %q, want %q", got, c.want)
				}
			}
		})
	}
}

func TestThreat_22_WhatMachinesReadMustBeCleanAlready(t *testing.T) {
	long := strings.Repeat("x", 129)
	cases := []struct {
		name string
		edit func(*launchcontext.Claims)
		want string // the field; empty: accepted
	}{
		{"as it is", func(*launchcontext.Claims) {}, ""},
		{"a technician's id with a line break", func(c *launchcontext.Claims) { c.Subject = "member\n7" }, "sub"},
		{"a technician's id that is too long", func(c *launchcontext.Claims) { c.Subject = long }, "sub"},
		{"a technician's address that is none", func(c *launchcontext.Claims) { c.Actor.Email = "ana" }, "act.email"},
		{"a technician without an address", func(c *launchcontext.Claims) { c.Actor.Email = "" }, ""},
		{"a ticket's id with a turn of direction", func(c *launchcontext.Claims) { c.Context.Ticket.ID = "\u202e1174" }, "ctx.ticket.id"},
		{"a ticket's address that runs", func(c *launchcontext.Claims) { c.Context.Ticket.URL = "javascript:alert(1)" }, "ctx.ticket.url"},
		{"a ticket's address without a host", func(c *launchcontext.Claims) { c.Context.Ticket.URL = "https:///x" }, "ctx.ticket.url"},
		{"a ticket's address with a line break", func(c *launchcontext.Claims) { c.Context.Ticket.URL = "https://psa.example/\u2028x" }, "ctx.ticket.url"},
		{"a ticket without an address", func(c *launchcontext.Claims) { c.Context.Ticket.URL = "" }, ""},
		{"a ticket system of nothing but controls", func(c *launchcontext.Claims) { c.Context.PSA = "\x01" }, "ctx.psa"},
		{"a ticket system that looks like another, with a space", func(c *launchcontext.Claims) { c.Context.PSA = "connectwise " }, "ctx.psa"},
		{"a ticket system that looks like another, with something invisible", func(c *launchcontext.Claims) { c.Context.PSA = "connect\u200bwise" }, "ctx.psa"},
		{"a ticket system whose name would be cut", func(c *launchcontext.Claims) { c.Context.PSA = long[:61] }, "ctx.psa"},
		{"a ticket system of two words", func(c *launchcontext.Claims) { c.Context.PSA = "Acme Desk" }, ""},
		{"a client's name of nothing but spaces", func(c *launchcontext.Claims) { c.Context.Client.Name = " \u200b " }, "ctx.client.name"},
		{"a client's id with a space before", func(c *launchcontext.Claims) { c.Context.Client.ID = " contoso" }, "ctx.client.id"},
		{"a contact's id that is too long", func(c *launchcontext.Claims) { c.Context.Contacts[1].ID = long }, "ctx.contacts[1].id"},
		{"a contact's name that is invisible", func(c *launchcontext.Claims) { c.Context.Contacts[1].Name = "\u2060" }, "ctx.contacts[1].name"},
		{"two contacts of one id", func(c *launchcontext.Claims) { c.Context.Contacts[1].ID = "dana" }, "ctx.contacts[1].id"},
		{"two channels of one id", func(c *launchcontext.Claims) { c.Context.Contacts[0].Channels[2].ID = "dana-desk" }, "ctx.contacts[0].channels[2].id"},
		{"two contacts with a channel id in common", func(c *launchcontext.Claims) { c.Context.Contacts[1].Channels[0].ID = "dana-mail" }, ""},
		{"a default contact who is not on the ticket", func(c *launchcontext.Claims) { c.Context.Contact.ID = "nobody" }, "ctx.contact.id"},
		{"no contacts among the contacts", func(c *launchcontext.Claims) { c.Context.Contacts = []launchcontext.Contact{} }, "ctx.contact.id"},
		{"a contact without channels", func(c *launchcontext.Claims) { c.Context.Contacts[0].Channels = nil }, ""},
	}
	h := newHarness(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			context := h.sign(t, c.edit)
			if c.want == "" {
				h.open(t, context, "")
				return
			}
			if refusal := h.refused(t, context, "", verify.CodeContextInvalid); refusal.Field != c.want {
				t.Errorf("got %v, want the field %q", &refusal, c.want)
			}
		})
	}
}

func TestTicketWithoutANumberIsCalledByItsID(t *testing.T) {
	h := newHarness(t)
	grant := h.open(t, h.sign(t, func(c *launchcontext.Claims) { c.Context.Ticket.Number = "" }), "")
	if got := grant.Session.Context.Ticket.Number; got != "4711" {
		t.Errorf("got %q", got)
	}
}

var e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// The ticket context of any genuine context can be displayed, and its channels can be used for sending.
func TestThreat_22_EveryTicketContextIsUsable(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.RuneFrom([]rune("ab@.+1 5\n\u202e\u200b\u200d\u2028")), 0, 40, -1))
	phone := rapid.OneOf(text, rapid.StringMatching(`(\+1|\+44|0)? ?[0-9 ()/-]{5,14}( x[0-9]{2})?`))
	rapid.Check(t, func(t *rapid.T) {
		c := launchcontext.Claims{Subject: "member-7", Tenant: "acme", Actor: launchcontext.Actor{Name: text.Draw(t, "actor")}}
		c.Context = launchcontext.Context{
			PSA: "demo", Ticket: launchcontext.Ticket{ID: "4711", Summary: text.Draw(t, "summary")},
			Client: launchcontext.Client{ID: "contoso", Name: "C" + text.Draw(t, "client")}, Contact: launchcontext.Default{ID: "a"},
		}
		for _, id := range rapid.SliceOfN(rapid.SampledFrom([]string{"b", "c", "d"}), 0, 3).Draw(t, "contacts") {
			c.Context.Contacts = append(c.Context.Contacts, launchcontext.Contact{ID: id, Name: "N" + text.Draw(t, "name")})
		}
		who := launchcontext.Contact{ID: "a", Name: "N", Title: text.Draw(t, "title")}
		for i, kind := range rapid.SliceOfN(rapid.SampledFrom([]string{"email", "phone"}), 0, 4).Draw(t, "kinds") {
			value := text
			if kind == "phone" {
				value = phone
			}
			who.Channels = append(who.Channels, launchcontext.Channel{ID: string(rune('a' + i)), Kind: kind, Value: value.Draw(t, "value"), Label: text.Draw(t, "label")})
		}
		c.Context.Contacts = append(c.Context.Contacts, who)
		ana := verify.Technician{ID: c.Subject, Name: c.Actor.Name}
		filed := rapid.Bool().Draw(t, "filed")
		tc, err := launch.NewTicketContext(atNoon(nil), verify.Tenant{ID: "acme", Region: "US"}, ana, c.Context, filed)
		if err == nil {
			checkUsable(t, tc)
		} else if code := verify.CodeOf(err); code != verify.CodeContextInvalid && code != verify.CodeContact {
			t.Fatal(err)
		}
	})
}

func checkUsable(t *rapid.T, d verify.TicketContext) {
	shown := []string{d.Technician.Name, d.Ticket.Summary, d.Client.Name}
	var people []string
	for _, c := range d.Contacts {
		shown, people = append(shown, c.Name, c.Title), append(people, c.ID)
		var places []string
		for _, ch := range c.Channels {
			shown = append(shown, ch.Label)
			if ch.Unusable != "" {
				if ch.Value != "" {
					t.Fatalf("not usable, and %q is kept", ch.Value)
				}
				continue
			}
			if ch.Kind == channel.Phone && !e164.MatchString(ch.Value) || ch.Kind == channel.Email && strings.Count(ch.Value, "@") != 1 {
				t.Fatalf("can't be sent to: %q", ch.Value)
			}
			places = append(places, ch.Value)
		}
		unique(t, places)
	}
	unique(t, people)
	for _, s := range shown {
		if strings.ContainsFunc(s, isUnusable) || utf8.RuneCountInString(s) > 250 || s != strings.TrimSpace(s) {
			t.Fatalf("can't be shown: %q", s)
		}
	}
}

func isUnusable(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || unicode.In(r, unicode.Zl, unicode.Zp) || r == '\u200b' || r == utf8.RuneError
}

func unique(t *rapid.T, list []string) {
	slices.Sort(list)
	if len(slices.Compact(slices.Clone(list))) != len(list) {
		t.Fatalf("repeated: %q", list)
	}
}
