package policyfile

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// member is a key of a mapping, and its value.
type member struct {
	key, path string
	line      int
	value     *yaml.Node
}

// members gives what a mapping holds, each key once.
func (r *reader) members(n *yaml.Node, path string) []member {
	if !r.plain(n, path) {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		r.refuse(n.Line, path, "must be keys and values, indented under it")
		return nil
	}
	members, first := make([]member, 0, len(n.Content)/2), map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		at := join(path, key.Value)
		switch line := first[key.Value]; {
		case !r.plain(key, path):
			continue
		case key.Kind != yaml.ScalarNode || key.Tag != "!!str" && key.Tag != "!!int":
			r.refuse(key.Line, path, "a key must be text: put it in quotes")
			continue
		case line > 0:
			r.refuse(key.Line, at, "comes twice: first on line %d", line)
			continue
		}
		first[key.Value] = key.Line
		members = append(members, member{key: key.Value, path: at, line: key.Line, value: n.Content[i+1]})
	}
	return members
}

// plain refuses what makes YAML more than a tree of values.
func (r *reader) plain(n *yaml.Node, path string) bool {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		r.refuse(n.Line, path, "anchors and aliases are not taken: write the value out")
	case n.Style&yaml.TaggedStyle != 0:
		r.refuse(n.Line, path, "tags are not taken: write the value without %s", n.Tag)
	default:
		return true
	}
	return false
}

// value reads a field, and notes the lines of what it holds.
func (r *reader) value(f field, m member, lines map[string]int) any {
	switch f.shape {
	case yesOrNo:
		return r.yesOrNo(m.value, m.path)
	case number:
		n, _ := r.number(m.value, m.path)
		return n
	case words, texts:
		return r.texts(m, lines)
	case banner:
		return r.banner(m, lines)
	case prices:
		byCountry := map[string]int64{}
		for _, price := range r.members(m.value, m.path) {
			lines[join(m.key, price.key)] = price.line
			byCountry[price.key], _ = r.number(price.value, price.path)
		}
		return byCountry
	}
	s, _ := r.text(m.value, m.path)
	return s
}

func (r *reader) yesOrNo(n *yaml.Node, path string) bool {
	if single(n) && n.Tag == "!!bool" {
		return strings.EqualFold(n.Value, "true")
	}
	r.mistyped(n, path, "must be true or false")
	return false
}

var digits = regexp.MustCompile(`^(?:0|-?[1-9][0-9]*)$`)

func (r *reader) number(n *yaml.Node, path string) (int64, bool) {
	if single(n) && n.Tag == "!!int" && digits.MatchString(n.Value) {
		if value, err := strconv.ParseInt(n.Value, 10, 64); err == nil {
			return value, true
		}
	}
	r.mistyped(n, path, "must be a whole number in digits")
	return 0, false
}

func (r *reader) text(n *yaml.Node, path string) (string, bool) {
	if single(n) && n.Tag == "!!str" {
		return n.Value, true
	}
	r.mistyped(n, path, "must be text: put it in quotes")
	return "", false
}

func (r *reader) texts(m member, lines map[string]int) []string {
	list := []string{}
	if !r.plain(m.value, m.path) {
		return list
	}
	if m.value.Kind != yaml.SequenceNode {
		r.mistyped(m.value, m.path, "must be a list")
		return list
	}
	for i, item := range m.value.Content {
		place := fmt.Sprintf("[%d]", i)
		lines[m.key+place] = item.Line
		if s, ok := r.text(item, m.path+place); ok {
			list = append(list, s)
		}
	}
	return list
}

func (r *reader) banner(m member, lines map[string]int) map[string]any {
	value := map[string]any{}
	whole := m.value.Kind == yaml.MappingNode
	for _, part := range r.members(m.value, m.path) {
		lines[join(m.key, part.key)] = part.line
		switch part.key {
		case "text", "tone":
			value[part.key], _ = r.text(part.value, part.path)
		case "from", "until":
			value[part.key] = r.moment(part.value, part.path)
		default:
			r.refuse(part.line, part.path, "there is no such key: a banner has text, tone, from and until")
		}
	}
	if _, said := value["text"]; whole && !said {
		r.refuse(m.line, m.path, `must have a text (of none, "": no banner)`)
	}
	return value
}

func (r *reader) moment(n *yaml.Node, path string) time.Time {
	if single(n) && (n.Tag == "!!timestamp" || n.Tag == "!!str") {
		if at, err := time.Parse(time.RFC3339, n.Value); err == nil {
			return at
		}
	}
	r.mistyped(n, path, "must be a time like 2026-11-24T09:00:00Z")
	return time.Time{}
}

// single tells whether the node is a single value and nothing more.
func single(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Anchor == "" && n.Style&yaml.TaggedStyle == 0
}

// mistyped says what a value must be, unless it is more than a value.
func (r *reader) mistyped(n *yaml.Node, path, must string) {
	if !r.plain(n, path) {
		return
	}
	if n.Tag == "!!null" {
		must += "; leave the field out to have the level's above"
	}
	r.refuse(n.Line, path, "%s", must)
}
