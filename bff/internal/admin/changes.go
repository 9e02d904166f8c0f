package admin

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/url"
	"slices"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// fact is one field of a record: its value, and how an event shows it.
type fact struct {
	field string
	value string // compared, never shown
	shown any    // nil: the field is empty
	// replaced is shown in place of shown where the value has changed and reads the same; nil: shown is used.
	replaced any
}

// plain is a field that events may show as it is. An empty value is as good as none.
func plain(field string, value any) fact {
	text, err := json.Marshal(value)
	if err != nil {
		panic("a record can't be written: " + err.Error()) // plain values: it always can
	}
	switch string(text) {
	case `""`, `0`, `null`, `[]`, `false`:
		return fact{field: field}
	}
	return fact{field: field, value: string(text), shown: json.RawMessage(text)}
}

// secret is a field that events name and never show.
func secret(field string, material []byte) fact {
	if len(material) == 0 {
		return fact{field: field}
	}
	return fact{field: field, value: string(material), shown: "set", replaced: "changed"}
}

// address is a URL whose path may be a secret: events show its host.
func address(field, text string) fact {
	u, err := url.Parse(text)
	if text == "" || err != nil {
		return secret(field, []byte(text))
	}
	host := u.Scheme + "://" + u.Host
	return fact{field: field, value: text, shown: host, replaced: host + " (changed)"}
}

// members are the members of an adapter's settings, each a field, in order of their names.
func members(settings json.RawMessage) []fact {
	var all map[string]json.RawMessage
	if err := strictjson.Unmarshal(settings, &all); err != nil {
		return []fact{secret("settings", settings)}
	}
	var facts []fact
	for _, name := range slices.Sorted(maps.Keys(all)) {
		facts = append(facts, plain(name, all[name]))
	}
	return facts
}

// fingerprint names a public key.
func fingerprint(material []byte) string {
	sum := sha256.Sum256(material)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// diff gives the fields in which a record differs. The record is absent where it has no facts.
func diff(before, after []fact) []verify.Change {
	var list []verify.Change
	for _, field := range fieldNames(before, after) {
		from, to := factNamed(before, field), factNamed(after, field)
		if from.value == to.value {
			continue
		}
		change := verify.Change{Field: field, From: shown(from.shown), To: shown(to.shown)}
		if to.replaced != nil && string(change.From) == string(change.To) {
			change.To = shown(to.replaced)
		}
		list = append(list, change)
	}
	return list
}

func fieldNames(lists ...[]fact) (names []string) {
	for _, f := range slices.Concat(lists...) {
		if !slices.Contains(names, f.field) {
			names = append(names, f.field)
		}
	}
	return names
}

func factNamed(facts []fact, field string) fact {
	i := slices.IndexFunc(facts, func(f fact) bool { return f.field == field })
	if i < 0 {
		return fact{}
	}
	return facts[i]
}

func shown(value any) json.RawMessage {
	if value == nil {
		return nil
	}
	text, err := json.Marshal(value)
	if err != nil {
		panic("a change can't be written: " + err.Error()) // plain values: it always can
	}
	return text
}
