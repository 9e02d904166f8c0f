package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
)

// Overrides are what one level sets of the policy: the tenant, or one of its clients. What a level does
// not set is the level's above: the tenant's over a client's, [Default] over the tenant's.
type Overrides struct {
	Tenant  string
	Client  string // empty: the tenant's own
	Name    string // the client's, as explanations say it; may be empty
	Version int64  // grows by one with each edit; 0: nothing was ever set
	By      string // of the last edit
	At      time.Time
	Fields  map[string]FieldOverride
}

// FieldOverride is one field's value, and the edit that gave it.
type FieldOverride struct {
	Value   json.RawMessage `json:"value"` // in the contract's shape, compact
	Version int64           `json:"version"`
	By      string          `json:"by"`
	At      time.Time       `json:"at"`
}

// Version names the settings that a policy is made of: the tenant's and the client's.
type Version struct{ Tenant, Client int64 }

// String is as pods show it: 12.7.
func (v Version) String() string { return fmt.Sprintf("%d.%d", v.Tenant, v.Client) }

// Values are the fields without their histories.
func (s Overrides) Values() map[string]json.RawMessage {
	values := make(map[string]json.RawMessage, len(s.Fields))
	for name, setting := range s.Fields {
		values[name] = setting.Value
	}
	return values
}

// apply lays the settings over a policy, and gives those that it took. One that an older version wrote, and this one
// takes no more, is left out: the field is the level's above.
func (s Overrides) apply(p *Policy) Overrides {
	taken := s
	for i := range Fields {
		f := &Fields[i]
		if setting, set := s.Fields[f.Name]; set && f.read(setting.Value, p) != nil {
			taken.Fields = maps.Clone(taken.Fields)
			delete(taken.Fields, f.Name)
		}
	}
	return taken
}

// FieldChange is what an edit did to one field. A value that is absent is the level's above.
type FieldChange struct {
	Field    string
	From, To json.RawMessage
}

// Edited is what the settings become when the values take the place of all that was set, and what that changes.
// Invalid: Field names a value that is out of its range, of the wrong type or unknown.
func (s Overrides) Edited(values map[string]json.RawMessage, by string, at time.Time) (Overrides, []FieldChange, error) {
	next := s
	next.Version, next.By, next.At, next.Fields = s.Version+1, by, at, map[string]FieldOverride{}
	for name, value := range values {
		f, known := FieldNamed(name)
		if !known {
			return s, nil, invalidField(name, "There is no such field. docs/policies.md lists them.")
		}
		if f.TenantOnly && s.Client != "" {
			return s, nil, invalidField(name, "This field is the tenant's alone: set it in the default policy.")
		}
		compact, err := f.canonical(value)
		if err != nil {
			return s, nil, err
		}
		old, had := s.Fields[name]
		if had && bytes.Equal(old.Value, compact) {
			next.Fields[name] = old
			continue
		}
		next.Fields[name] = FieldOverride{Value: compact, Version: next.Version, By: by, At: at}
	}
	return next, changes(s, next), nil
}

func changes(before, after Overrides) []FieldChange {
	var list []FieldChange
	for i := range Fields {
		name := Fields[i].Name
		from, to := before.Fields[name].Value, after.Fields[name].Value
		if !bytes.Equal(from, to) {
			list = append(list, FieldChange{Field: name, From: from, To: to})
		}
	}
	return list
}

// Values is what makes the policy of the built-in one: the fields in which they differ.
func (p Policy) Values() map[string]json.RawMessage {
	values, builtin := p.values(), Default().values()
	maps.DeleteFunc(values, func(name string, value json.RawMessage) bool { return bytes.Equal(value, builtin[name]) })
	return values
}

// values are all of the policy's fields.
func (p Policy) values() map[string]json.RawMessage {
	values := make(map[string]json.RawMessage, len(Fields))
	for i := range Fields {
		values[Fields[i].Name] = Fields[i].format(p)
	}
	return values
}

// FieldNamed finds a field of the policy.
func FieldNamed(name string) (*Field, bool) {
	i := slices.IndexFunc(Fields, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return nil, false
	}
	return &Fields[i], true
}

// CheckTogether refuses fields of a level that can't both hold, under the tenant's own overrides: Conflict.
// For the tenant's own level, own is not looked at.
func (s Overrides) CheckTogether(own Overrides) error {
	if s.Client == "" {
		return s.checkTogether(Of(Tenant{}, s, Overrides{}))
	}
	return s.checkTogether(Of(Tenant{}, own, s))
}

// checkTogether refuses fields that can't both hold. The level's own fields are looked at: what another
// level's change makes moot does no harm, because every rule can only refuse.
func (s Overrides) checkTogether(p Policy) error {
	set := func(name string) bool { _, is := s.Fields[name]; return is }
	link := slices.ContainsFunc(p.Methods, func(m channel.Method) bool { return !m.ByCode() })
	code := slices.ContainsFunc(p.Methods, channel.Method.ByCode)
	text := slices.ContainsFunc(p.Methods, func(m channel.Method) bool { return m.Kind() == channel.Phone })
	switch {
	case p.NumberMatching && !link && (set("number_matching") || set("methods")):
		return conflict("number_matching", "Numbers are matched on links, and no link is among the methods.")
	case !code && set("code_length"):
		return conflict("code_length", "A code's length is set, and no code is among the methods.")
	case !text && len(s.Fields["sms_countries"].Value) > len("[]"):
		return conflict("sms_countries", "Countries are allowed for texts, and no method by phone is among the methods.")
	case p.TriesPerCode > p.FailuresBeforeLock && (set("tries_per_code") || set("failures_before_lock")):
		return conflict("tries_per_code", "A code has more tries than the contact has failures before it is locked.")
	case !p.Banner.Until.IsZero() && !p.Banner.From.Before(p.Banner.Until) && set("banner"):
		return conflict("banner", "The banner ends before it begins.")
	}
	return nil
}

func conflict(field, public string) error {
	return &Error{Problem: Conflict, Field: "fields." + field, Public: public}
}

func invalidField(name, public string) error {
	return &Error{Problem: Invalid, Field: "fields." + name, Public: public}
}
