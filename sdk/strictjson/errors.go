package strictjson

import (
	"errors"
	"strconv"
	"strings"
)

// Kind is a stable word for why a text was refused.
type Kind string

// Kinds of refusals.
const (
	NotUTF8   Kind = "not_utf8"
	Syntax    Kind = "syntax"     // not JSON
	Trailing  Kind = "trailing"   // something follows the value
	TooDeep   Kind = "too_deep"   // more levels than allowed
	Repeated  Kind = "repeated"   // a name stands twice in one object, perhaps spelled with escapes
	Unknown   Kind = "unknown"    // the type has no such member
	OtherCase Kind = "other_case" // the type has a member of this name in another case
	WrongType Kind = "wrong_type" // null, where it is not accepted, is of the wrong type
	Number    Kind = "number"     // more than 64 characters, or an exponent of more than three digits
	TooMany   Kind = "too_many"   // so many values that they would take far more memory than the text
	TooLarge  Kind = "too_large"  // more bytes than allowed
	Ended     Kind = "ended"      // the context ended first
)

// Error is a refusal. Its text names places and rules and never a value.
type Error struct {
	Kind   Kind
	Path   string // such as contacts[0].id; empty for the whole text. A name that is not plain stands as ?
	Offset int    // in bytes, where the scan stopped
	Err    error  // the rule in words, or the cause
}

// Error gives the place and the rule.
func (e *Error) Error() string {
	if e.Path == "" {
		return e.Reason()
	}
	return e.Path + ": " + e.Reason()
}

// Reason gives the rule in words that follow the name of the place, such as "is repeated".
func (e *Error) Reason() string {
	if e.Err != nil {
		return e.Err.Error()
	}
	return reasons[e.Kind]
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

var reasons = map[Kind]string{
	NotUTF8: "is not UTF-8", Syntax: "is not JSON", Trailing: "has something after its JSON value",
	TooDeep: "is nested too deep", Repeated: "is repeated", Unknown: "is none of the documented names",
	OtherCase: "is a documented name in another case", Number: "is too long for a number",
	TooMany: "has too many values for its size", TooLarge: "is too large", WrongType: "is of the wrong type", Ended: "was not read to its end",
}

// KindOf gives the kind of err, or "" when it has none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}

// path names the place that the scan has reached. It is built for a fault only.
func (s *scanner) path() string {
	var b strings.Builder
	for _, l := range s.levels[:s.depth] {
		if !l.object {
			b.WriteByte('[')
			b.WriteString(strconv.Itoa(l.index))
			b.WriteByte(']')
			continue
		}
		if l.name == 0 {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(plainName(string(s.nameAt(l.name))))
	}
	return b.String()
}

// plainName gives a name for people to read. A name that could deceive the reader of a log is not repeated.
func plainName(name string) string {
	strange := func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' }
	if name == "" || len(name) > 40 || strings.ContainsFunc(name, strange) {
		return "?"
	}
	return name
}
