package launchcontext

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// maxDepth is how deep JSON may nest; a context of ours needs six levels.
const maxDepth = 16

// scanner walks JSON that is known to be valid, so that all that is left to find out is where each value ends.
type scanner struct {
	r    *reader
	rest []byte
}

// next gives the first byte that is not blank, without taking it.
func (t *scanner) next() byte {
	t.rest = bytes.TrimLeft(t.rest, " \t\r\n")
	return t.rest[0]
}

// take takes so many bytes.
func (t *scanner) take(n int) []byte {
	taken := t.rest[:n]
	t.rest = t.rest[n:]
	return taken
}

// more tells whether another item comes before the closing bracket, and takes the comma or the bracket.
func (t *scanner) more(closing byte) bool {
	switch t.next() {
	case closing:
		t.take(1)
		return false
	case ',':
		t.take(1)
	}
	return t.r.fault == nil
}

func (t *scanner) value(path string, depth int) any {
	if depth == maxDepth {
		t.r.refuse(CodeMalformed, path, "nested too deep")
		return nil
	}
	switch t.next() {
	case '{':
		return t.members(path, depth+1)
	case '[':
		return t.items(path, depth+1)
	case '"':
		return t.str()
	case 't':
		t.take(len("true"))
		return true
	case 'f':
		t.take(len("false"))
		return false
	case 'n':
		t.take(len("null"))
		return nil
	}
	end := bytes.IndexAny(t.rest, " \t\r\n,]}")
	if end < 0 {
		end = len(t.rest)
	}
	return json.Number(t.take(end))
}

func (t *scanner) members(path string, depth int) map[string]any {
	members := map[string]any{}
	for t.take(1); t.more('}'); {
		t.next()
		name := t.str()
		at := join(path, name)
		if _, repeated := members[name]; repeated {
			t.r.refuse(CodeMalformed, at, "is repeated")
		}
		t.next()
		t.take(len(":"))
		members[name] = t.value(at, depth)
	}
	return members
}

func (t *scanner) items(path string, depth int) []any {
	items := []any{}
	for t.take(1); t.more(']'); {
		items = append(items, t.value(path+"["+strconv.Itoa(len(items))+"]", depth))
	}
	return items
}

// str takes a string and resolves its escapes.
func (t *scanner) str() string {
	end, escaped := 1, false
	for t.rest[end] != '"' {
		if t.rest[end] == '\\' {
			escaped = true
			end++
		}
		end++
	}
	quoted := t.take(end + 1)
	if !escaped {
		return string(quoted[1:end])
	}
	var s string
	if err := json.Unmarshal(quoted, &s); err != nil {
		t.r.refuse(CodeMalformed, "", "not a string")
	}
	return s
}
