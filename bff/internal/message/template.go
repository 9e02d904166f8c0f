package message

import (
	"fmt"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/text"
)

// Template is a text with placeholders in braces, taken apart. What it is filled with is never looked at
// again: braces, markup and line breaks in a value stay what they are, and each sink encodes the whole.
// The zero Template is the empty text.
type Template struct{ parts []part }

// part is a text, or the hole that follows it.
type part struct {
	text string
	hole hole
}

// hole is what a placeholder stands for.
type hole uint8

// The holes. Those up to link are for tenants to use; the others are in our own words only.
const (
	noHole hole = iota
	holeTenant
	holeTechnician
	holeTicket
	holeMinutes
	holeCode
	holeLink
	holeRecipient
	holeUntil
	holeNumber
	holes
)

var holeNames = [holes]string{
	holeTenant: "tenant", holeTechnician: "technician", holeTicket: "ticket", holeMinutes: "minutes", holeCode: "code",
	holeLink: "link", holeRecipient: "recipient", holeUntil: "until", holeNumber: "number",
}

func (h hole) String() string { return "{" + holeNames[h] + "}" }

// Values are what placeholders stand for.
type Values struct {
	Tenant     string
	Technician string
	Ticket     string // its number
	Minutes    string // how long it is valid, with the unit
	Code       string
	Link       string
	Recipient  string
	Until      string // a time of day
	Number     string
}

func (v *Values) of(h hole) string {
	switch h {
	case holeTenant:
		return v.Tenant
	case holeTechnician:
		return v.Technician
	case holeTicket:
		return v.Ticket
	case holeMinutes:
		return v.Minutes
	case holeCode:
		return v.Code
	case holeLink:
		return v.Link
	case holeRecipient:
		return v.Recipient
	case holeUntil:
		return v.Until
	case holeNumber:
		return v.Number
	}
	return ""
}

// Fill puts the values in.
func (t Template) Fill(v *Values) string {
	if len(t.parts) == 1 && t.parts[0].hole == noHole {
		return t.parts[0].text
	}
	var b strings.Builder
	for _, p := range t.parts {
		b.WriteString(p.text)
		b.WriteString(v.of(p.hole))
	}
	return b.String()
}

// IsEmpty tells whether there is no text in it.
func (t Template) IsEmpty() bool { return len(t.parts) == 0 }

// String is the text that the template was parsed from.
func (t Template) String() string {
	var b strings.Builder
	for _, p := range t.parts {
		b.WriteString(p.text)
		if p.hole != noHole {
			b.WriteString(p.hole.String())
		}
	}
	return b.String()
}

// count is how often a placeholder stands in it.
func (t Template) count(h hole) (n int) {
	for _, p := range t.parts {
		if p.hole == h {
			n++
		}
	}
	return n
}

// cut takes it apart at the placeholder; without it, all of it stands before.
func (t Template) cut(h hole) (before, after Template) {
	for i, p := range t.parts {
		if p.hole == h {
			before.parts = append(append(before.parts, t.parts[:i]...), part{text: p.text})
			after.parts = t.parts[i+1:]
			return before, after
		}
	}
	return t, Template{}
}

// sentence is an error in words for people.
type sentence string

func (s sentence) Error() string { return string(s) }

const (
	errNested  = sentence("A brace stands inside of another. Braces are for placeholders alone, such as {tenant}.")
	errUnended = sentence("A brace is opened and not closed. Braces are for placeholders alone, such as {tenant}.")
	errStray   = sentence("A brace is closed that was not opened. Braces are for placeholders alone, such as {tenant}.")
)

// parse takes a text apart. Its errors are sentences for people.
func parse(text string) (Template, error) {
	var t Template
	for text != "" {
		i := strings.IndexAny(text, "{}")
		if i < 0 {
			t.parts = append(t.parts, part{text: text})
			return t, nil
		}
		if text[i] == '}' {
			return Template{}, errStray
		}
		before, rest := text[:i], text[i+1:]
		j := strings.IndexAny(rest, "{}")
		switch {
		case j < 0:
			return Template{}, errUnended
		case rest[j] == '{':
			return Template{}, errNested
		}
		h, known := holeNamed(rest[:j])
		if !known {
			return Template{}, sentence(fmt.Sprintf("There is no placeholder %s. There are %s.", quoted(rest[:j]), spoken(tenantHoles)))
		}
		t.parts = append(t.parts, part{text: before, hole: h})
		text = rest[j+1:]
	}
	return t, nil
}

func holeNamed(name string) (hole, bool) {
	for h := noHole + 1; h < holes; h++ {
		if holeNames[h] == name {
			return h, true
		}
	}
	return noHole, false
}

// quoted is what somebody took for a placeholder, as far as it can be repeated.
func quoted(name string) string { return "{" + line(name, 24) + "}" }

// spoken lists placeholders.
func spoken(list []hole) string {
	names := make([]string, len(list))
	for i, h := range list {
		names[i] = h.String()
	}
	return strings.Join(names, ", ")
}

// Line reduces a name to one harmless line, as messages and pages show it.
func Line(name string) string { return line(name, nameInMail) }

// line reduces a name to one line of at most so many characters, without anything that
// could break out of a header, hide or turn around what stands beside it.
func line(name string, limit int) string { return text.LineCut(name, limit, "...") }
