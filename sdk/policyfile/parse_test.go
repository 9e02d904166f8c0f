package policyfile_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/sdk/api"
	"github.com/shieldpod/shieldpod/sdk/policyfile"
)

func TestParseRefusesWhatItIsNotSureOf(t *testing.T) {
	tests := []struct{ name, give, want string }{
		{"an empty file", "", "p: is empty"},
		{"a file of comments", "# nothing\n", "p: is empty"},
		{"a document without a value", "---\n", "p: is empty"},
		{"no mapping", "- default\n", "p:1: must be keys and values, indented under it"},
		{"an unknown key", "defaults: {}\n", "p:1: defaults: there is no such key: a file has default and clients"},
		{"an unknown field", "default:\n  code_size: 6\n", "p:2: default.code_size: there is no such field: docs/policies.md lists them"},
		{"a field in another case", "default: {Code_Length: 6}\n", "p:1: default.Code_Length: there is no such field: docs/policies.md lists them"},
		{"a field twice", "default:\n  code_length: 6\n  sms_voip: true\n  code_length: 7\n", "p:4: default.code_length: comes twice: first on line 2"},
		{"a client twice", "clients:\n  contoso: {}\n  contoso: {}\n", "p:3: clients.contoso: comes twice: first on line 2"},
		{"a client twice, once in quotes", "clients:\n  4711: {}\n  \"4711\": {}\n", "p:3: clients.4711: comes twice: first on line 2"},
		{"a client without an id", "clients:\n  \"\": {}\n", "p:2: clients[\"\"]: a client has an id"},
		{"a client of nothing", "clients:\n  contoso:\n", "p:2: clients.contoso: must be keys and values, indented under it"},
		{"an id that is a date", "clients:\n  2026-11-24: {}\n", "p:2: clients: a key must be text: put it in quotes"},
		{"a merge key", "clients:\n  contoso: {<<: {code_length: 6}}\n", "p:2: clients.contoso: a key must be text: put it in quotes"},
		{"a key that is a list", "? [default]\n: {}\n", "p:1: a key must be text: put it in quotes"},
		{"a name of the default", "default: {name: Acme}\n", "p:1: default.name: only a client has a name"},
		{"a name that is a number", "clients: {contoso: {name: 365}}\n", "p:1: clients.contoso.name: must be text: put it in quotes"},
		{"a version that is text", "default: {version: \"12\"}\n", "p:1: default.version: must be a whole number in digits"},
		{"a negative version", "default: {version: -1}\n", "p:1: default.version: must not be negative"},
		{"a number with a fraction", "default: {code_length: 6.0}\n", "p:1: default.code_length: must be a whole number in digits"},
		{"a number that could be octal", "default: {code_length: 06}\n", "p:1: default.code_length: must be a whole number in digits"},
		{"a number in base 16", "default: {code_length: 0x6}\n", "p:1: default.code_length: must be a whole number in digits"},
		{"a number past all bounds", "default: {code_length: 99999999999999999999}\n", "p:1: default.code_length: must be a whole number in digits"},
		{"a truth that is a word", "default: {sms_voip: yes}\n", "p:1: default.sms_voip: must be true or false"},
		{"text that is a truth", "default: {override_note: true}\n", "p:1: default.override_note: must be text: put it in quotes"},
		{"a list that is text", "default: {methods: email_link}\n", "p:1: default.methods: must be a list"},
		{"a list of another type", "default:\n  note_presets:\n    - Manager\n    - 12\n", "p:4: default.note_presets[1]: must be text: put it in quotes"},
		{"null", "default: {code_length: null}\n", "p:1: default.code_length: must be a whole number in digits; leave the field out to have the level's above"},
		{"a banner that is text", "default: {banner: Hello}\n", "p:1: default.banner: must be keys and values, indented under it"},
		{"a banner without text", "default:\n  banner:\n    tone: info\n", `p:2: default.banner: must have a text (of none, "": no banner)`},
		{"a banner with more", "default: {banner: {text: x, colour: red}}\n", "p:1: default.banner.colour: there is no such key: a banner has text, tone, from and until"},
		{"a time without a zone", "default: {banner: {text: x, until: 2026-11-24 09:00}}\n", "p:1: default.banner.until: must be a time like 2026-11-24T09:00:00Z"},
		{"a price that is text", "default: {sms_prices: {NO: cheap}}\n", "p:1: default.sms_prices.NO: must be a whole number in digits"},
		{"an anchor", "default: &all {code_length: 6}\n", "p:1: default: anchors and aliases are not taken: write the value out"},
		{"an alias", "default: {}\nclients: {contoso: *all}\n", "p:2: can't be read: unknown anchor 'all' referenced"},
		{"a tag", "default: {code_length: !!int \"6\"}\n", "p:1: default.code_length: tags are not taken: write the value without !!int"},
		{"a second document", "default: {}\n---\ndefault: {}\n", "p:2: a second document begins here: write one"},
		{"a second document that is none", "default: {}\n---\n[\n", "p:4: can't be read: did not find expected node content"},
		{"a tab", "default:\n\tcode_length: 6\n", "p:2: a tab indents this line: use spaces"},
		{"no YAML", "default: {code_length: 6\n", "p:2: can't be read: did not find expected ',' or '}'"},
		{"bytes that are no UTF-8", "default: {}\n# caf\xe9\n", "p:2: has a character that no text has: save it as UTF-8"},
		{"UTF-16", "\xff\xfed\x00", "p:1: has a character that no text has: save it as UTF-8"},
		{"a control character", "default: {}\nclients: {\"a\x00b\": {}}\n", "p:2: has a character that no text has: save it as UTF-8"},
		{"more than 1 MB", strings.Repeat("#", policyfile.MaxSize+1), "p: is over 1 MB: split it"},
		{"a depth without end", strings.Repeat("[", 100_000), "p:1: can't be read: exceeded max depth of 32"},
		{"an id that looks like a path", "clients: {\"a.b c\": {code_length: x}}\n", "p:1: clients[\"a.b c\"].code_length: must be a whole number in digits"},
		{
			"several problems, all told", "clients:\n  a:\n    code_length: x\n  b: {sms_voip: 1}\ndefault: {name: x}\n",
			"p:3: clients.a.code_length: must be a whole number in digits\np:4: clients.b.sms_voip: must be true or false\np:5: default.name: only a client has a name",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := policyfile.Parse("p", []byte(test.give))
			if err == nil || err.Error() != test.want {
				t.Errorf("got %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestABombOfAliasesGoesOffNowhere(t *testing.T) {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 26; i++ {
		last, next := string(rune('a'+i-1)), string(rune('a'+i))
		b.WriteString(strings.ReplaceAll(strings.ReplaceAll("N: &N [*L, *L, *L, *L, *L, *L, *L, *L, *L]\n", "N", next+"0"), "L", last+"0"))
	}
	_, err := policyfile.Parse("p", []byte(b.String()))
	if err == nil || !strings.HasPrefix(err.Error(), "p:1: a0: there is no such key") {
		t.Errorf("got %v", err)
	}
	_, err = policyfile.Parse("p", []byte("default: &a {banner: *a}\n"))
	if want := "p:1: default: anchors and aliases are not taken: write the value out"; err == nil || err.Error() != want {
		t.Errorf("an alias of what it is in: %v", err)
	}
}

func TestNoMoreThanTwentyProblemsAreTold(t *testing.T) {
	_, err := policyfile.Parse("p", []byte("default:\n"+strings.Repeat("  x: 1\n", 30)))
	if lines := strings.Split(err.Error(), "\n"); len(lines) != 21 || lines[20] != "and 10 more" {
		t.Errorf("%d lines:\n%v", len(lines), err)
	}
}

func TestWordsThatAreNoTextElsewhereAreTextHere(t *testing.T) {
	f, err := policyfile.Parse("p", []byte("default: {override_note: off, sms_countries: [NO, ON]}\nclients: {4711: {name: no}, no: {}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if *f.Default.Fields.OverrideNote != api.NoteRuleOff || (*f.Default.Fields.SmsCountries)[0] != "NO" || f.Clients[0].Client != "4711" || f.Clients[0].Name != "no" || f.Clients[1].Client != "no" {
		t.Errorf("%+v", f)
	}
}

// TestAFileIsWrittenByteForByteAsEver: a change here is a change in the users' version control.
func TestAFileIsWrittenByteForByteAsEver(t *testing.T) {
	want, err := os.ReadFile("testdata/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f, err := policyfile.Parse("policy.yaml", want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.Format()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	banner := f.Clients[0].Fields.Banner
	if !strings.HasPrefix(banner.Text, "VIP client. Verify before any password work: call Kim’s desk first, and write down who called. Never") || !banner.From.Equal(time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v", banner)
	}
}

func TestAProblemOfTheServersStandsAtItsLine(t *testing.T) {
	f, err := policyfile.Parse("p", []byte("default:\n  banner:\n    text: x\n  note_presets:\n    - a\n    - b\nclients:\n  \"a b\":\n    code_length: 9\n"))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		level policyfile.Level
		path  string
		want  string
	}{
		{"a field", f.Clients[0], "code_length", `p:9: clients["a b"].code_length: no`},
		{"a field that the file leaves out stands at its level", f.Clients[0], "version", `p:8: clients["a b"].version: no`},
		{"a level", *f.Default, "", "p:1: default: no"},
		{"a part of a field", *f.Default, "banner.text", "p:3: default.banner.text: no"},
		{"a part that is left out stands at its field", *f.Default, "banner.tone", "p:2: default.banner.tone: no"},
		{"an item", *f.Default, "note_presets[1]", "p:6: default.note_presets[1]: no"},
		{"a level that comes from no file", policyfile.Of(api.PolicyOverrides{ClientId: "x"}), "version", ": clients.x.version: no"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.level.Problem(test.path, "no").Error(); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
