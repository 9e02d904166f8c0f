package policyfile_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/sdk/api"
	"github.com/shieldpod/shieldpod/sdk/policyfile"
)

func TestChanges(t *testing.T) {
	tests := []struct {
		name, from, to string
		want           []string
	}{
		{"nothing", "{code_length: 6}", "{code_length: 6}", nil},
		{"a value, a new field and one that is gone, in the contract's order", "{code_length: 6, methods: [email_link]}", "{code_length: 8, sms_voip: true}", []string{`methods ["email_link"] → `, "code_length 6 → 8", "sms_voip  → true"}},
		{"a tone that is left out is info", "{banner: {text: x}}", "{banner: {text: x, tone: info}}", nil},
		{"white space in a banner is one space", "{banner: {text: x y}}", "{banner: {text: \" x\\n\\ty \"}}", nil},
		{"a banner without text has nothing else", "{banner: {text: \"\"}}", "{banner: {text: \" \", tone: warning, until: 2026-11-24T09:00:00Z}}", nil},
		{"but is not one that is left out", "{banner: {text: \"\"}}", "{}", []string{`banner {"text":""} → `}},
		{"a time is the same in every zone, to the second", "{banner: {text: x, from: 2026-11-24T09:00:00Z}}", "{banner: {text: x, from: 2026-11-24T10:00:00.5+01:00}}", nil},
		{"another time", "{banner: {text: x, from: 2026-11-24T09:00:00Z}}", "{banner: {text: x, from: 2026-11-24T09:00:01Z}}", []string{`banner {"from":"2026-11-24T09:00:00Z","text":"x","tone":"info"} → {"from":"2026-11-24T09:00:01Z","text":"x","tone":"info"}`}},
		{"countries have no order", "{sms_countries: [US, DE]}", "{sms_countries: [DE, US]}", nil},
		{"no countries are not none said", "{sms_countries: []}", "{}", []string{"sms_countries [] → "}},
		{"presets have one", "{note_presets: [one, two]}", "{note_presets: [two, one]}", []string{`note_presets ["one","two"] → ["two","one"]`}},
		{"prices have no order", "{sms_prices: {US: 5, DE: 6}}", "{sms_prices: {DE: 6, US: 5}}", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			changes, err := policyfile.Changes(fieldsOf(t, test.from), fieldsOf(t, test.to))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range changes {
				got = append(got, c.Field+" "+string(c.From)+" → "+string(c.To))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func fieldsOf(t *testing.T, level string) api.PolicyFields {
	t.Helper()
	f, err := policyfile.Parse("p", []byte("default: "+level))
	if err != nil {
		t.Fatal(err)
	}
	return f.Default.Fields
}
