package message

import (
	"fmt"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/text"
)

// Template is a parsed text with placeholders in braces. Values are never parsed: braces, markup and line breaks in a
// value stay as they are, and each output encodes the whole text. The zero Template is the empty text.
type Template struct{ parts []part }

// part is a text and the placeholder that follows it.
type part struct {
	text        string
	placeholder placeholder
}

// placeholder identifies a value in a template.
type placeholder uint8

// The placeholders. Tenants may use those up to linkPlaceholder; the others occur in built-in texts only.
const (
	noPlaceholder placeholder = iota
	tenantPlaceholder
	technicianPlaceholder
	ticketPlaceholder
	minutesPlaceholder
	codePlaceholder
	linkPlaceholder
	recipientPlaceholder
	untilPlaceholder
	numberPlaceholder
	placeholderCount
)

var placeholderNames = [placeholderCount]string{
	tenantPlaceholder: "tenant", technicianPlaceholder: "technician",
	ticketPlaceholder: "ticket", minutesPlaceholder: "minutes", codePlaceholder: "code",
	linkPlaceholder: "link", recipientPlaceholder: "recipient", untilPlaceholder: "until", numberPlaceholder: "number",
}

func (h placeholder) String() string { return "{" + placeholderNames[h] + "}" }

// Values are the values of placeholders.
type Values struct {
	Tenant     string
	Technician string
	Ticket     string // the ticket number
	Minutes    string // validity, with its unit
	Code       string
	Link       string
	Recipient  string
	Until      string // a time of day
	Number     string
}

func (v *Values) of(h placeholder) string {
	switch h {
	case tenantPlaceholder:
		return v.Tenant
	case technicianPlaceholder:
		return v.Technician
	case ticketPlaceholder:
		return v.Ticket
	case minutesPlaceholder:
		return v.Minutes
	case codePlaceholder:
		return v.Code
	case linkPlaceholder:
		return v.Link
	case recipientPlaceholder:
		return v.Recipient
	case untilPlaceholder:
		return v.Until
	case numberPlaceholder:
		return v.Number
	}
	return ""
}

// Fill returns the text with the values.
func (t Template) Fill(v *Values) string {
	if len(t.parts) == 1 && t.parts[0].placeholder == noPlaceholder {
		return t.parts[0].text
	}
	var b strings.Builder
	for _, p := range t.parts {
		b.WriteString(p.text)
		b.WriteString(v.of(p.placeholder))
	}
	return b.String()
}

// IsEmpty reports whether the template is the empty text.
func (t Template) IsEmpty() bool { return len(t.parts) == 0 }

// String returns the text from which the template was parsed.
func (t Template) String() string {
	var b strings.Builder
	for _, p := range t.parts {
		b.WriteString(p.text)
		if p.placeholder != noPlaceholder {
			b.WriteString(p.placeholder.String())
		}
	}
	return b.String()
}

// count returns how often a placeholder occurs.
func (t Template) count(h placeholder) (n int) {
	for _, p := range t.parts {
		if p.placeholder == h {
			n++
		}
	}
	return n
}

// cut splits the template at a placeholder. Without the placeholder, before is the whole template.
func (t Template) cut(h placeholder) (before, after Template) {
	for i, p := range t.parts {
		if p.placeholder == h {
			before.parts = append(append(before.parts, t.parts[:i]...), part{text: p.text})
			after.parts = t.parts[i+1:]
			return before, after
		}
	}
	return t, Template{}
}

// userError is an error whose text is a sentence for users.
type userError string

func (s userError) Error() string { return string(s) }

const (
	errNested   = userError("A brace stands inside of another. Braces are for placeholders alone, such as {tenant}.")
	errUnclosed = userError("A brace is opened and not closed. Braces are for placeholders alone, such as {tenant}.")
	errUnopened = userError("A brace is closed that was not opened. Braces are for placeholders alone, such as {tenant}.")
)

// parse parses a text. Its errors are sentences for users.
func parse(text string) (Template, error) {
	var t Template
	for text != "" {
		i := strings.IndexAny(text, "{}")
		if i < 0 {
			t.parts = append(t.parts, part{text: text})
			return t, nil
		}
		if text[i] == '}' {
			return Template{}, errUnopened
		}
		before, rest := text[:i], text[i+1:]
		j := strings.IndexAny(rest, "{}")
		switch {
		case j < 0:
			return Template{}, errUnclosed
		case rest[j] == '{':
			return Template{}, errNested
		}
		h, known := placeholderNamed(rest[:j])
		if !known {
			return Template{}, userError(fmt.Sprintf("There is no placeholder %s. There are %s.", quotePlaceholder(rest[:j]), listPlaceholders(tenantPlaceholders)))
		}
		t.parts = append(t.parts, part{text: before, placeholder: h})
		text = rest[j+1:]
	}
	return t, nil
}

func placeholderNamed(name string) (placeholder, bool) {
	for h := noPlaceholder + 1; h < placeholderCount; h++ {
		if placeholderNames[h] == name {
			return h, true
		}
	}
	return noPlaceholder, false
}

// quotePlaceholder returns an unknown placeholder in a form that is safe to repeat.
func quotePlaceholder(name string) string { return "{" + line(name, 24) + "}" }

// listPlaceholders returns the placeholders as a list for users.
func listPlaceholders(list []placeholder) string {
	names := make([]string, len(list))
	for i, h := range list {
		names[i] = h.String()
	}
	return strings.Join(names, ", ")
}

// Line reduces a name to one harmless line, as messages and pages show it.
func Line(name string) string { return line(name, maxNameInMail) }

// line reduces a name to one line with a maximum length in characters, without characters that could break out of a
// header, or hide or reverse the text next to them.
func line(name string, limit int) string { return text.LineCut(name, limit, "...") }
