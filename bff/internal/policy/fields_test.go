package policy

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func TestFieldsTakeWhatIsInTheirRange(t *testing.T) {
	list := func(n int) string {
		return `["` + strings.Join(strings.Split(strings.Repeat("text ", n), " ")[:n], `","`) + `"]`
	}
	long := strings.Repeat("ü", 500)
	for _, row := range []struct {
		field    string
		fit, not []string
	}{
		{"methods", []string{`["email_link"]`, `["sms_code","sms_link","email_link"]`}, []string{`[]`, `["fax"]`, `["email_link","email_link"]`, `"email_link"`, `{}`}},
		{"override_note", []string{`"off"`, `"optional"`, `"required"`}, []string{`""`, `"Off"`, `true`}},
		{"note_presets", []string{`[]`, `["abc"]`, `["` + strings.Repeat("x", 80) + `"]`}, []string{`["ab"]`, `["` + strings.Repeat("x", 81) + `"]`, `["abc","abc"]`, `["a\nbc"]`, `["ab\u202ec"]`, list(11), `[1]`}},
		{"banner", []string{`{"text":""}`, `{"text":"` + long + `"}`, `{"text":"a","tone":"critical","from":"2026-01-01T00:00:00Z","until":"2026-01-02T00:00:00+02:00"}`}, []string{`{"text":"` + long + `ü"}`, `{"text":"a","tone":"loud"}`, `{"text":"a","from":"noon"}`, `{"text":"a","until":"9999-12-31T23:59:59-01:00"}`, `{"text":"a","from":"0000-01-01T00:00:00+01:00"}`, `{"text":"a\u0000"}`, `{"text":"a","x":1}`, `"a"`}},
		{"show_on_load", []string{`true`, `false`}, []string{`1`, `"on"`}},
		{"link_validity_seconds", []string{`60`, `3600`}, []string{`59`, `3601`, `"60"`, `60.5`, `-60`}},
		{"code_validity_seconds", []string{`60`, `600`}, []string{`59`, `601`}},
		{"code_length", []string{`6`, `8`}, []string{`5`, `9`}},
		{"tries_per_code", []string{`1`, `10`}, []string{`0`, `11`}},
		{"failures_before_lock", []string{`3`, `100`}, []string{`2`, `101`}},
		{"resend_cooldown_seconds", []string{`10`, `600`}, []string{`9`, `601`}},
		{"verified_for_seconds", []string{`60`, `86400`}, []string{`59`, `86401`}},
		{"verified_scope", []string{`"contact"`, `"ticket"`}, []string{`"client"`}},
		{"history_entries", []string{`0`, `100`}, []string{`-1`, `101`}},
		{"number_matching", []string{`true`}, []string{`"true"`}},
		{"ticket_note", []string{`false`}, []string{`0`}},
		{"before_save", []string{`"off"`, `"warn"`, `"block"`}, []string{`""`, `"Block"`, `true`}},
		{"sms_countries", []string{`[]`, `["US","GB"]`}, []string{`["us"]`, `["USA"]`, `["US","US"]`, `"US"`}},
		{"sms_voip", []string{`true`}, []string{`[]`}},
		{"sms_toll_free", []string{`true`}, []string{`1`}},
		{"technician_address", []string{`"optional"`, `"required"`}, []string{`""`, `"Required"`, `true`}},
		{"changed_channel_days", []string{`0`, `90`}, []string{`-1`, `91`}},
		{"changed_channels", []string{`"flag"`, `"refuse"`}, []string{`"ignore"`}},
		{"language", []string{`"de"`, `"pt-BR"`, `"zh-Hant-TW"`}, []string{`""`, `"German"`, `"d"`, `"de_AT"`, `"de-"`, `["de"]`}},
		{"quota_destination_day", []string{`1`, `1000`}, []string{`0`, `1001`}},
		{"quota_prefix_hour", []string{`1`, `1000000000`}, []string{`0`, `1000000001`}},
		{"quota_technician_minute", []string{`1`, `1000000000`}, []string{`0`, `1000000001`}},
		{"quota_technician_hour", []string{`1`, `1000000000`}, []string{`0`, `1e3000`}},
		{"quota_client_hour", []string{`1`, `1000000000`}, []string{`0`, `1000000001`}},
		{"quota_country_hour", []string{`1`, `1000000000`}, []string{`0`, `1000000001`}},
		{"quota_tenant_minute", []string{`1`, `1000000000`}, []string{`0`, `1000000001`}},
		{"quota_tenant_day", []string{`1`, `1000000000`}, []string{`0`, `1000000001`}},
		{"quota_tenant_spend_day", []string{`1`, `1000000000000`}, []string{`0`, `1000000000001`}},
		{"sms_prices", []string{`{"*":0}`, `{"*":50,"DE":1000000}`}, []string{`{}`, `{"DE":50}`, `{"*":-1}`, `{"*":1000001}`, `{"*":1,"de":1}`}},
		{"pumping_floor_percent", []string{`0`, `100`}, []string{`-1`, `101`}},
		{"pumping_sample", []string{`10`, `10000`}, []string{`9`, `10001`}},
		{"pumping_pause_seconds", []string{`300`, `86400`}, []string{`299`, `86401`}},
	} {
		f, known := FieldNamed(row.field)
		if !known {
			t.Errorf("there is no field %s", row.field)
			continue
		}
		for _, value := range row.fit {
			kept, err := f.canonical(json.RawMessage(value))
			if err != nil {
				t.Errorf("%s refuses %s: %v", row.field, value, err)
			}
			if again, err := f.canonical(kept); err != nil || string(again) != string(kept) {
				t.Errorf("%s keeps %s as %s, and that as %s", row.field, value, kept, again)
			}
		}
		for _, value := range append(row.not, `null`, ``, `[[]]`, `1 2`) {
			_, err := f.canonical(json.RawMessage(value))
			var refused *Error
			if !errors.As(err, &refused) || refused.Problem != Invalid {
				t.Errorf("%s takes %s", row.field, value)
			}
		}
	}
}

// TestLevelsOverrideFieldByField holds the resolution against what a reader would do by hand.
func TestLevelsOverrideFieldByField(t *testing.T) {
	values := map[string][]string{
		"code_length": {`6`, `7`, `8`}, "verified_for_seconds": {`60`, `600`}, "show_on_load": {`true`, `false`},
		"methods": {`["email_link"]`, `["sms_code"]`}, "sms_countries": {`[]`, `["DE","GB"]`}, "banner": {`{"text":""}`, `{"text":"a","tone":"info"}`},
	}
	rapid.Check(t, func(t *rapid.T) {
		draw := func(who string) Overrides {
			s := Overrides{Tenant: "acme", Version: 3, Fields: map[string]FieldOverride{}}
			for name, of := range values {
				if rapid.Bool().Draw(t, who+" sets "+name) {
					s.Fields[name] = FieldOverride{Value: json.RawMessage(rapid.SampledFrom(of).Draw(t, name)), Version: 2, By: who, At: noon}
				}
			}
			return s
		}
		tenant, client := draw("tenant"), draw("client")
		client.Client = "contoso"
		r := resolve(Tenant{ID: "acme", Name: "Acme IT", Region: "US"}, tenant, client)
		builtin := Default().values()
		builtin["sms_countries"] = json.RawMessage(`["US"]`)
		for name := range builtin {
			want, source := builtin[name], Builtin
			if s, set := tenant.Fields[name]; set {
				want, source = s.Value, ByTenant
			}
			if s, set := client.Fields[name]; set {
				want, source = s.Value, ByClient
			}
			if name == "sms_countries" && string(want) == "[]" {
				want = json.RawMessage(`["US"]`)
			}
			if diff := cmp.Diff(string(want), string(r.AllValues()[name])); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
			if e := r.Explain(name, "Contoso"); e.Source != source {
				t.Errorf("%s is explained by %s, want %s", name, e.Source, source)
			}
		}
	})
}

func TestAFieldKeepsTheEditThatSetIt(t *testing.T) {
	s := Overrides{Tenant: "acme", Client: "contoso"}
	raw := func(pairs ...string) map[string]json.RawMessage {
		m := map[string]json.RawMessage{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = json.RawMessage(pairs[i+1])
		}
		return m
	}
	first, _, err := s.Edited(raw("code_length", "8", "ticket_note", "false"), "Ana", noon)
	if err != nil {
		t.Fatal(err)
	}
	second, changed, err := first.Edited(raw("code_length", " 8 ", "tries_per_code", "2"), "Noor", noon.Add(48*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	want := []FieldChange{{Field: "tries_per_code", To: json.RawMessage("2")}, {Field: "ticket_note", From: json.RawMessage("false")}}
	if diff := cmp.Diff(want, changed); diff != "" {
		t.Error(diff)
	}
	r := resolve(Tenant{Name: "Acme IT"}, Overrides{}, second)
	for field, want := range map[string]string{
		"code_length":    "Set by Contoso's policy, version 1, by Ana on 2 Mar 2026.",
		"tries_per_code": "Set by Contoso's policy, version 2, by Noor on 4 Mar 2026.",
		"ticket_note":    "Shieldpod's own default.",
	} {
		if got := r.Explain(field, "Contoso").Text; got != want {
			t.Errorf("%s: %q, want %q", field, got, want)
		}
	}
}

func TestAValueThatIsTakenNoMoreFallsBack(t *testing.T) {
	stored := Overrides{Fields: map[string]FieldOverride{"code_length": {Value: json.RawMessage("4")}, "gone": {Value: json.RawMessage("1")}}}
	r := resolve(Tenant{}, stored, Overrides{})
	if r.CodeLength != 6 || r.Explain("code_length", "").Source != Builtin {
		t.Errorf("the code length is %d, by %s", r.CodeLength, r.Explain("code_length", "").Source)
	}
}
