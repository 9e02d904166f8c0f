package verify

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestOptions(t *testing.T) {
	mobile := Channel{Kind: Phone, Value: "+14155554821", Capability: Mobile}
	landline := Channel{Kind: Phone, Value: "+14155550199", Capability: Landline}
	unknown := Channel{Kind: Phone, Value: "+14155550100"}
	mail := Channel{Kind: Email, Value: "dana@contoso.com"}
	tests := []struct {
		name    string
		methods []Method
		give    Channel
		want    []Option
	}{
		{"a mobile takes a code and a link, the code first", Methods, mobile, []Option{{Method: SMSCode}, {Method: SMSLink}}},
		{"a number of unknown kind is tried: the carrier will tell", Methods, unknown, []Option{{Method: SMSCode}, {Method: SMSLink}}},
		{"a landline is refused as one", Methods, landline, []Option{{SMSCode, ReasonLandline}, {SMSLink, ReasonLandline}}},
		{"an address takes a link, and a code where somebody wants it", Methods, mail, []Option{{Method: EmailLink}, {Method: EmailCode}}},
		{"a code by e-mail is no option until somebody wants it", []Method{EmailLink}, mail, []Option{{Method: EmailLink}}},
		{"what the policy leaves out is refused by policy", []Method{SMSLink}, mobile, []Option{{SMSCode, ReasonPolicy}, {Method: SMSLink}}},
		{"policy goes before landline: another number would not help", []Method{EmailLink}, landline, []Option{{SMSCode, ReasonPolicy}, {SMSLink, ReasonPolicy}}},
		{"an empty policy refuses everything", nil, mail, []Option{{EmailLink, ReasonPolicy}}},
		{"a channel of no kind has no methods", Methods, Channel{}, []Option{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Policy{Methods: test.methods, SMSCountries: []string{""}}.Options(TicketContext{}, Contact{}, test.give, ContactState{}, time.Time{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAMethodIsOfferedOnlyWhereACarrierIsSetUp(t *testing.T) {
	mobile := Channel{Kind: Phone, Value: "+14155554821", Capability: Mobile}
	landline := Channel{Kind: Phone, Value: "+14155550199", Capability: Landline}
	mail := Channel{Kind: Email, Value: "dana@contoso.com"}
	for _, c := range []struct {
		name    string
		missing []ChannelKind
		give    Channel
		want    []Option
	}{
		{"without a text carrier a mobile gets nothing", []ChannelKind{Phone}, mobile, []Option{{SMSCode, ReasonNoCarrier}, {SMSLink, ReasonNoCarrier}}},
		{"without a text carrier e-mail goes on", []ChannelKind{Phone}, mail, []Option{{Method: EmailLink}, {Method: EmailCode}}},
		{"without a mail carrier an address gets nothing", []ChannelKind{Email}, mail, []Option{{EmailLink, ReasonNoCarrier}, {EmailCode, ReasonNoCarrier}}},
		{"without a mail carrier texts go on", []ChannelKind{Email}, mobile, []Option{{Method: SMSCode}, {Method: SMSLink}}},
		{"a landline is one with or without a carrier", []ChannelKind{Phone}, landline, []Option{{SMSCode, ReasonLandline}, {SMSLink, ReasonLandline}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := Policy{Methods: Methods, SMSCountries: []string{""}, NoCarrier: c.missing}
			if diff := cmp.Diff(c.want, p.Options(TicketContext{}, Contact{}, c.give, ContactState{}, time.Time{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for _, o := range c.want {
				err := p.check(TicketContext{}, Contact{}, c.give, o.Method, time.Time{})
				if refused := CodeOf(err) == CodeMethodNotAllowed; refused != (o.Refusal != "") {
					t.Errorf("%s: %v", o.Method, err)
				}
			}
		})
	}
}

func TestCheckMethodFitsTheOptions(t *testing.T) {
	channels := []Channel{{Kind: Email}, {Kind: Phone}, {Kind: Phone, Capability: Landline}, {}}
	for _, allowed := range [][]Method{nil, Methods, {EmailLink}, {SMSCode}} {
		p := Policy{Methods: allowed, SMSCountries: []string{""}}
		for _, ch := range channels {
			offered := map[Method]Code{}
			for _, o := range p.Options(TicketContext{}, Contact{}, ch, ContactState{}, time.Time{}) {
				offered[o.Method] = o.Refusal
			}
			for _, m := range append([]Method{"", "fax"}, Methods...) {
				refusal, fits := offered[m]
				want := Code("")
				switch {
				case m == EmailCode && ch.Kind == Email && !fits:
					want = CodeMethodNotAllowed // not offered, and refused when it is requested all the same
				case !fits:
					want = CodeInvalid
				case refusal != "":
					want = CodeMethodNotAllowed
				}
				if got := CodeOf(p.check(TicketContext{}, Contact{}, ch, m, time.Time{})); got != want {
					t.Errorf("%v on %v under %v: got %q, want %q", m, ch, allowed, got, want)
				}
			}
		}
	}
}

func TestCheckNote(t *testing.T) {
	tests := []struct {
		name     string
		rule     NoteRule
		override bool
		give     string
		want     Code
		kept     string
	}{
		{"another contact needs a note", NoteRequired, true, "", CodeNoteRequired, ""},
		{"white space is no note", NoteRequired, true, " \t\n\u00a0 ", CodeNoteRequired, ""},
		{"the ticket's own contact needs none", NoteRequired, false, "", "", ""},
		{"an optional note may be left out", NoteOptional, true, "", "", ""},
		{"without the rule nobody asks", NoteOff, true, "", "", ""},
		{"a note is kept without the space around it", NoteRequired, true, "  Manager approval ", "", "Manager approval"},
		{"a note on the ticket's own contact is kept", NoteRequired, false, "Calls from the car", "", "Calls from the car"},
		{"two characters are too few", NoteRequired, true, "ok", CodeInvalid, ""},
		{"three are enough", NoteRequired, true, "yes", "", "yes"},
		{"characters are counted, not bytes", NoteRequired, true, "日本", CodeInvalid, ""},
		{"without the rule a note about another contact is not kept", NoteOff, true, "Manager approval", "", ""},
		{"the rule's absence does not lift the bounds", NoteOff, false, "ok", CodeInvalid, ""},
		{"500 characters fit", NoteRequired, true, strings.Repeat("ü", 500), "", strings.Repeat("ü", 500)},
		{"501 do not", NoteRequired, true, strings.Repeat("ü", 501), CodeInvalid, ""},
		{"lines are joined: a note is one line of the ticket note", NoteRequired, true, "Approved\r\n\tby Kim\u2028today", "", "Approved by Kim today"},
		{"a control character is refused", NoteRequired, true, "fine\x1b[2J", CodeInvalid, ""},
		{"a null is refused", NoteRequired, true, "fine\x00", CodeInvalid, ""},
		{"a bidirectional override is refused", NoteRequired, true, "fine \u202eenif", CodeInvalid, ""},
		{"broken UTF-8 is refused", NoteRequired, true, "fine \xff", CodeInvalid, ""},
		{"letters of any script are fine", NoteRequired, true, "Genehmigt – 承認 👍🏽", "", "Genehmigt – 承認 👍🏽"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			kept, err := Policy{OverrideNote: test.rule}.checkNote(test.give, test.override)
			if got := CodeOf(err); got != test.want || kept != test.kept {
				t.Errorf("got %q and %q, want %q and %q", got, kept, test.want, test.kept)
			}
		})
	}
}

func TestCheckKey(t *testing.T) {
	for key, want := range map[string]Code{
		"":                               CodeInvalid,
		"1234567":                        CodeInvalid,
		"12345678":                       "",
		"Az09_-Az09_-":                   "",
		strings.Repeat("k", 64):          "",
		strings.Repeat("k", 65):          CodeInvalid,
		"with space":                     CodeInvalid,
		"with\nline":                     CodeInvalid,
		"schlüssel":                      CodeInvalid,
		"9b2f6a7e-4c1d-4e0a-8f3b-0123ab": "",
	} {
		if got := CodeOf(checkKey(key)); got != want {
			t.Errorf("key %q: got %q, want %q", key, got, want)
		}
	}
}
