package policyfile

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/sdk/api"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// Change is a field in which two levels differ, in the contract's JSON. A value that is nil is the level's above.
type Change struct {
	Field    string
	From, To json.RawMessage
}

// Changes tells the fields in which two levels differ, in the contract's order. What the server would keep alike is
// alike: a banner's tone that is left out is info, white space in its text is one space, countries have no order.
func Changes(from, to api.PolicyFields) ([]Change, error) {
	before, err := valuesOf(kept(from))
	if err != nil {
		return nil, err
	}
	after, err := valuesOf(kept(to))
	if err != nil {
		return nil, err
	}
	var changes []Change
	for _, f := range fields {
		if old, now := before[f.name], after[f.name]; !bytes.Equal(old, now) {
			changes = append(changes, Change{Field: f.name, From: old, To: now})
		}
	}
	return changes, nil
}

// SameName tells whether the server would keep a client's names alike.
func SameName(a, b string) bool { return oneLine(a) == oneLine(b) }

// kept are the fields as the server keeps them.
func kept(f api.PolicyFields) api.PolicyFields {
	if f.Banner != nil {
		b := *f.Banner
		b.Text = oneLine(b.Text)
		b.From, b.Until = b.From.UTC().Truncate(time.Second), b.Until.UTC().Truncate(time.Second)
		switch {
		case b.Text == "":
			b = api.Banner{}
		case b.Tone == "":
			b.Tone = api.BannerToneInfo
		}
		f.Banner = &b
	}
	if f.SmsCountries != nil {
		sorted := slices.Sorted(slices.Values(*f.SmsCountries))
		if sorted == nil {
			sorted = []string{}
		}
		f.SmsCountries = &sorted
	}
	return f
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// valuesOf are the fields that are set, by name.
func valuesOf(f api.PolicyFields) (map[string]json.RawMessage, error) {
	all, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	values := map[string]json.RawMessage{}
	err = strictjson.Unmarshal(all, &values)
	return values, err
}
