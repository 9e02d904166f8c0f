package policyfile

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"

	"github.com/shieldpod/shieldpod/sdk/api"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// MaxSize is how many bytes a file may have.
const MaxSize = 1 << 20

// What a file may have besides. The YAML library takes up to 1 KiB for each line, bracket or comma, so that no file takes
// more than about 100 MB.
const (
	maxDepth = 32      // levels
	maxItems = 100_000 // lines, brackets and commas
)

// Parse reads a file; its name is for what is said about it. Types, names and repetitions are checked, ranges are not:
// they are the server's. The error is [Problems].
func Parse(name string, content []byte) (File, error) {
	r := &reader{name: name}
	if root := r.document(content); root != nil {
		f := r.file(root)
		if len(r.problems) == 0 {
			return f, nil
		}
	}
	slices.SortStableFunc(r.problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return File{}, r.problems
}

// reader collects what is wrong on its way through a file.
type reader struct {
	name     string
	problems Problems
}

func (r *reader) refuse(line int, path, format string, args ...any) {
	r.problems = append(r.problems, Problem{File: r.name, Line: line, Path: path, Text: fmt.Sprintf(format, args...)})
}

// document gives the root of the only document, or nil.
func (r *reader) document(content []byte) *yaml.Node {
	switch at := unreadable(content); {
	case len(content) > MaxSize:
		r.refuse(0, "", "is over 1 MB: split it")
		return nil
	case items(content) > maxItems:
		r.refuse(0, "", "has more than %d lines, brackets and commas: split it", maxItems)
		return nil
	case at >= 0:
		r.refuse(lineAt(content, at), "", "has a character that no text has: save it as UTF-8")
		return nil
	}
	loader, err := yaml.NewLoader(bytes.NewReader(content),
		yaml.WithUniqueKeys(false), // they are told apart in members
		yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth))))
	if err != nil {
		r.refuse(0, "", "%v", err)
		return nil
	}
	var first, second yaml.Node
	err = loader.Load(&first)
	if errors.Is(err, io.EOF) || err == nil && (len(first.Content) == 0 || first.Content[0].Tag == "!!null") {
		r.refuse(0, "", "is empty")
		return nil
	}
	if err != nil {
		r.syntax(content, err)
		return nil
	}
	if err := loader.Load(&second); err == nil {
		r.refuse(second.Line, "", "a second document begins here: write one")
		return nil
	} else if !errors.Is(err, io.EOF) {
		r.syntax(content, err)
		return nil
	}
	return first.Content[0]
}

// syntax tells what is no YAML.
func (r *reader) syntax(content []byte, err error) {
	var at *yaml.LoadError
	if !errors.As(err, &at) {
		r.refuse(0, "", "can't be read: %v", err)
		return
	}
	lines := bytes.Split(content, []byte("\n"))
	if n := at.Mark.Line; n > 0 && n <= len(lines) {
		indent := lines[n-1][:len(lines[n-1])-len(bytes.TrimLeft(lines[n-1], " \t"))]
		if bytes.ContainsRune(indent, '\t') {
			r.refuse(n, "", "a tab indents this line: use spaces")
			return
		}
	}
	r.refuse(at.Mark.Line, "", "can't be read: %s", at.Message)
}

// unreadable finds the first byte that is no UTF-8, or a control character other than a tab or the end of a line; or gives -1.
func unreadable(content []byte) int {
	for i := 0; i < len(content); {
		c, size := utf8.DecodeRune(content[i:])
		if c == utf8.RuneError && size == 1 || c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f {
			return i
		}
		i += size
	}
	return -1
}

func items(content []byte) (n int) {
	for _, c := range content {
		switch c {
		case '\n', '[', ']', '{', '}', ',':
			n++
		}
	}
	return n
}

func lineAt(content []byte, i int) int { return 1 + bytes.Count(content[:i], []byte("\n")) }

func (r *reader) file(root *yaml.Node) File {
	var f File
	for _, m := range r.members(root, "") {
		switch m.key {
		case defaultKey:
			level := r.level(m, "")
			f.Default = &level
		case clientsKey:
			for _, client := range r.members(m.value, m.path) {
				if client.key == "" {
					r.refuse(client.line, client.path, "a client has an id")
					continue
				}
				f.Clients = append(f.Clients, r.level(client, client.key))
			}
		default:
			r.refuse(m.line, m.path, "there is no such key: a file has default and clients")
		}
	}
	slices.SortFunc(f.Clients, byID)
	return f
}

func byID(a, b Level) int { return strings.Compare(a.Client, b.Client) }

func (r *reader) level(m member, client string) Level {
	l := Level{Client: client, file: r.name, lines: map[string]int{"": m.line}}
	values := map[string]any{}
	for _, m := range r.members(m.value, m.path) {
		l.lines[m.key] = m.line
		f, known := fieldNamed(m.key)
		switch {
		case m.key == versionKey:
			if n, ok := r.number(m.value, m.path); ok && n >= 0 {
				l.Version = &n
			} else if ok {
				r.refuse(m.line, m.path, "must not be negative")
			}
		case m.key == nameKey && client != "":
			l.Name, _ = r.text(m.value, m.path)
		case m.key == nameKey:
			r.refuse(m.line, m.path, "only a client has a name")
		case !known:
			r.refuse(m.line, m.path, "there is no such field: docs/policies.md lists them")
		default:
			values[m.key] = r.value(f, m, l.lines)
		}
	}
	if len(r.problems) == 0 {
		l.Fields = r.typed(values, m)
	}
	return l
}

// typed brings the values, which are of the fields' shapes, into the contract's type.
func (r *reader) typed(values map[string]any, m member) (fields api.PolicyFields) {
	all, err := json.Marshal(values)
	if err == nil {
		err = strictjson.Unmarshal(all, &fields)
	}
	if err != nil {
		r.refuse(m.line, m.path, "can't be taken: %v", err)
	}
	return fields
}
