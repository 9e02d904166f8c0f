package policyfile

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/sdk/api"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

const heading = "# What the tenant sets, and what its clients override. A field that is left out is the level's above:\n" +
	"# the tenant's over a client's, Shieldpod's own over the tenant's. docs/policies.md lists the fields.\n"

// Format writes the file: fields in the contract's order, clients by id, so that the same policies are the same bytes.
func (f File) Format() ([]byte, error) {
	w := &writer{}
	w.WriteString(heading)
	if f.Default != nil {
		if err := w.level(defaultKey, *f.Default); err != nil {
			return nil, err
		}
	}
	if len(f.Clients) == 0 {
		w.line(clientsKey, "{}")
		return []byte(w.String()), nil
	}
	w.line(clientsKey, "")
	w.indent++
	for _, l := range slices.SortedFunc(slices.Values(f.Clients), byID) {
		if err := w.level(l.Client, l); err != nil {
			return nil, err
		}
	}
	return []byte(w.String()), nil
}

// writer writes YAML in blocks. How a text is written is ours, not a library's: files live in version control.
type writer struct {
	strings.Builder
	indent int
}

func (w *writer) margin() string { return strings.Repeat("  ", w.indent) }

// line writes a key and what stands beside it.
func (w *writer) line(key, value string) {
	w.WriteString(w.margin() + scalar(key) + ":")
	if value != "" {
		w.WriteString(" " + value)
	}
	w.WriteString("\n")
}

func (w *writer) level(key string, l Level) error {
	values, err := valuesOf(l.Fields)
	if err != nil {
		return err
	}
	if l.Name == "" && l.Version == nil && len(values) == 0 {
		w.line(key, "{}")
		return nil
	}
	w.line(key, "")
	w.indent++
	defer func() { w.indent-- }()
	if l.Name != "" {
		w.line(nameKey, scalar(l.Name))
	}
	if l.Version != nil {
		w.line(versionKey, strconv.FormatInt(*l.Version, 10))
	}
	for _, f := range fields {
		if value, set := values[f.name]; set {
			if err := w.field(f, value); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *writer) field(f field, value json.RawMessage) (err error) {
	switch f.shape {
	case yesOrNo, number:
		w.line(f.name, string(value))
	case words, texts:
		var list []string
		err = strictjson.Unmarshal(value, &list)
		w.list(f, list)
	case banner:
		var b api.Banner
		err = strictjson.Unmarshal(value, &b)
		w.banner(b)
	case prices:
		var list map[string]int64
		err = strictjson.Unmarshal(value, &list)
		w.prices(f.name, list)
	case text:
		var s string
		err = strictjson.Unmarshal(value, &s)
		w.line(f.name, scalar(s))
	}
	return err
}

func (w *writer) list(f field, list []string) {
	if len(list) == 0 {
		w.line(f.name, "[]")
		return
	}
	if f.shape == words {
		w.line(f.name, w.inline(list))
		return
	}
	w.line(f.name, "")
	for _, s := range list {
		w.WriteString(w.margin() + "  - " + scalar(s) + "\n")
	}
}

// inline writes a list of names in brackets, over as many lines as it takes.
func (w *writer) inline(list []string) string {
	items := make([]string, len(list))
	for i, s := range list {
		if items[i] = s; !simpleWord.MatchString(s) || taken(s) {
			items[i] = strconv.Quote(s)
		}
	}
	return "[" + strings.Join(wrap(strings.Join(items, ", ")), "\n"+w.margin()+"  ") + "]"
}

func (w *writer) banner(b api.Banner) {
	w.line("banner", "")
	w.indent++
	defer func() { w.indent-- }()
	w.line("text", w.prose(b.Text))
	if b.Tone != "" {
		w.line("tone", scalar(string(b.Tone)))
	}
	if !b.From.IsZero() {
		w.line("from", b.From.Format(time.RFC3339Nano))
	}
	if !b.Until.IsZero() {
		w.line("until", b.Until.Format(time.RFC3339Nano))
	}
}

// prose writes a long text over several lines, if that changes nothing of it.
func (w *writer) prose(s string) string {
	lines := wrap(s)
	if len(lines) == 1 || !printable(s) || oneLine(s) != s {
		return scalar(s)
	}
	margin := "\n" + w.margin() + "  "
	return ">-" + margin + strings.Join(lines, margin)
}

func (w *writer) prices(name string, list map[string]int64) {
	if len(list) == 0 {
		w.line(name, "{}")
		return
	}
	w.line(name, "")
	w.indent++
	defer func() { w.indent-- }()
	for _, country := range slices.Sorted(maps.Keys(list)) {
		w.line(country, strconv.FormatInt(list[country], 10))
	}
}
