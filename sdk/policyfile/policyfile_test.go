package policyfile_test

import (
	"bytes"
	"encoding/json"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
	"pgregory.net/rapid"

	"github.com/shieldpod/shieldpod/sdk/api"
	"github.com/shieldpod/shieldpod/sdk/policyfile"
)

// tricky are texts that YAML takes for something else when they are written carelessly.
var tricky = []string{
	"", " ", "off", "no", "NO", "yes", "y", "null", "~", "true", "1e3", "0x1f", "007", "1_000", "4711", ".5", ".inf", "2026-11-24", "2026-11-24T09:00:00Z",
	"=", "<<", "- a", "? a", "a: b", "a #b", "#a", "a:", ":", "'", `"`, `\`, `say "hi"`, "it's", "[a]", "{a}", "a, b", "&a", "*a", "!a", "|", ">", "%a", "@a", "`a`", "---", "...",
	"  leading", "trailing ", "two\nlines", "\nfirst", "last\n", "\ttab", "a\tb", "line\u2028separator", "next\u0085line", "\ufeffmark", "🛡️ Schild", "承認 👍🏽", "\u202eturned",
	strings.Repeat("A long text that tells what to do. ", 14), strings.Repeat("double  space ", 20), strings.Repeat("x", 300), strings.Repeat("- ", 80),
}

func texts() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom(tricky), rapid.StringN(0, 300, -1))
}

// draw makes one of a value, or leaves it out.
func draw[T any](t *rapid.T, name string, g *rapid.Generator[T]) *T {
	return rapid.Ptr(g, true).Draw(t, name)
}

func numbers() *rapid.Generator[int] { return rapid.IntRange(0, 1_000_000_000) }

func moments() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		return time.Unix(rapid.Int64Range(0, 4_000_000_000).Draw(t, "seconds"), 0).UTC()
	})
}

func settings() *rapid.Generator[api.PolicyFields] {
	return rapid.Custom(func(t *rapid.T) api.PolicyFields {
		f := api.PolicyFields{
			Methods:      draw(t, "methods", rapid.SliceOfDistinct(rapid.SampledFrom([]api.Method{"email_link", "sms_link", "sms_code"}), func(m api.Method) api.Method { return m })),
			OverrideNote: draw(t, "override_note", rapid.SampledFrom([]api.NoteRule{"off", "optional", "required"})),
			NotePresets:  draw(t, "note_presets", rapid.SliceOfN(texts(), 0, 10)),
			ShowOnLoad:   draw(t, "show_on_load", rapid.Bool()), CodeLength: draw(t, "code_length", numbers()),
			SmsCountries:       draw(t, "sms_countries", rapid.SliceOfN(rapid.SampledFrom([]string{"NO", "US", "DE", "ON"}), 0, 60)),
			SmsPrices:          draw(t, "sms_prices", rapid.MapOf(rapid.SampledFrom([]string{"*", "NO", "US"}), numbers())),
			QuotaTenantDay:     draw(t, "quota_tenant_day", numbers()),
			VerifiedForSeconds: draw(t, "verified_for_seconds", numbers()),
			ChangedChannels:    draw(t, "changed_channels", rapid.SampledFrom([]api.PolicyFieldsChangedChannels{"mark", "refuse"})),
			NumberMatching:     draw(t, "number_matching", rapid.Bool()),
			PumpingSample:      draw(t, "pumping_sample", numbers()),
			FailuresBeforeLock: draw(t, "failures_before_lock", numbers()),
		}
		f.Banner = draw(t, "banner", rapid.Custom(func(t *rapid.T) api.Banner {
			b := api.Banner{Text: texts().Draw(t, "text"), Tone: rapid.SampledFrom([]api.BannerTone{"", "info", "warning", "critical"}).Draw(t, "tone")}
			if rapid.Bool().Draw(t, "timed") {
				b.From, b.Until = moments().Draw(t, "from"), moments().Draw(t, "until")
			}
			return b
		}))
		return f
	})
}

func files() *rapid.Generator[policyfile.File] {
	return rapid.Custom(func(t *rapid.T) policyfile.File {
		f := policyfile.File{Default: draw(t, "default", rapid.Custom(func(t *rapid.T) policyfile.Level {
			return policyfile.Level{Version: draw(t, "version", rapid.Int64Min(0)), Fields: settings().Draw(t, "fields")}
		}))}
		ids := rapid.SliceOfNDistinct(texts().Filter(func(s string) bool { return s != "" && len(s) < 300 }), 0, 5, func(s string) string { return s }).Draw(t, "clients")
		for _, id := range ids {
			f.Clients = append(f.Clients, policyfile.Level{
				Client: id, Name: texts().Draw(t, "name"), Version: draw(t, "version", rapid.Int64Min(0)), Fields: settings().Draw(t, "fields"),
			})
		}
		return f
	})
}

func TestWhatIsWrittenIsReadAgainAndWrittenAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := files().Draw(t, "file")
		written, err := f.Format()
		if err != nil {
			t.Fatal(err)
		}
		read, err := policyfile.Parse("policy.yaml", written)
		if err != nil {
			t.Fatalf("%v\n%s", err, written)
		}
		levels, again := f.Levels(), read.Levels()
		if len(levels) != len(again) {
			t.Fatalf("%d levels became %d\n%s", len(levels), len(again), written)
		}
		byClient := map[string]policyfile.Level{}
		for _, l := range again {
			byClient[l.Client] = l
		}
		for _, want := range levels {
			got := byClient[want.Client]
			if diff := cmp.Diff(asJSON(t, want.Fields), asJSON(t, got.Fields)); diff != "" || got.Name != want.Name {
				t.Fatalf("%q (%q, was %q): %s\n%s", want.Client, got.Name, want.Name, diff, written)
			}
			if diff := cmp.Diff(want.Version, got.Version); diff != "" {
				t.Fatalf("version: %s", diff)
			}
		}
		if twice, err := read.Format(); err != nil || !bytes.Equal(twice, written) {
			t.Fatalf("%v\n%s", err, cmp.Diff(string(written), string(twice)))
		}
	})
}

func asJSON(t *rapid.T, f api.PolicyFields) string {
	text, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("default:\n  version: 12\n  banner: {text: x, until: 2026-11-24T09:00:00Z}\nclients:\n  4711:\n    methods: [email_link]\n    sms_prices: {\"*\": 5}\n"))
	f.Add([]byte("clients: &a\n  x: *a\n"))
	f.Add([]byte("default: {note_presets: [off, |\n  x]}\n---\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		file, err := policyfile.Parse("f", content)
		if err != nil {
			if err.Error() == "" {
				t.Error("refused without a word")
			}
			return
		}
		written, err := file.Format()
		if err != nil {
			t.Fatal(err)
		}
		if len(written) > policyfile.MaxSize {
			return
		}
		read, err := policyfile.Parse("f", written)
		if err != nil {
			t.Fatalf("%v\n%s", err, written)
		}
		if again, err := read.Format(); err != nil || !bytes.Equal(written, again) {
			t.Fatalf("%v\n%s\n%s", err, written, again)
		}
	})
}

// TestTheFieldsAreTheContractsInItsOrder reads them in the contract itself.
func TestTheFieldsAreTheContractsInItsOrder(t *testing.T) {
	var contract struct {
		Components struct {
			Schemas struct {
				PolicyFields struct{ Properties yaml.Node } `yaml:"PolicyFields"`
			}
		}
	}
	if err := yaml.Unmarshal(api.Contract, &contract); err != nil {
		t.Fatal(err)
	}
	shapes := map[string]string{"array": "list", "integer": "number", "boolean": "yes or no", "string": "text", "object": "prices"}
	var want []string
	properties := contract.Components.Schemas.PolicyFields.Properties.Content
	for i := 0; i+1 < len(properties); i += 2 {
		var schema struct {
			Type  string
			AllOf []struct {
				Ref string `yaml:"$ref"`
			} `yaml:"allOf"`
		}
		if err := properties[i+1].Decode(&schema); err != nil {
			t.Fatal(err)
		}
		shape := shapes[schema.Type]
		if len(schema.AllOf) > 0 {
			shape = map[string]string{"NoteRule": "text", "SaveRule": "text", "Banner": "banner"}[path.Base(schema.AllOf[0].Ref)]
		}
		want = append(want, properties[i].Value+": "+shape)
	}
	if diff := cmp.Diff(want, policyfile.Shapes()); diff != "" {
		t.Errorf("(-contract +here):\n%s", diff)
	}
}
