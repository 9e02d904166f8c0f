package message

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Brand is how a tenant looks and speaks to end users: what it has set, over what its name makes of it.
// It is shared: read it, don't write to it.
type Brand struct {
	Tenant      string // its id
	Name        string
	Version     int64 // 0: nothing was ever set
	Theme       Theme
	Sender      Sender
	Logo        Logo // of e-mails, and of pages that have none of their own
	LandingLogo Logo
	texts       map[string]map[string]Template // by language and field: what the tenant has written
}

// Theme is the colours of a page: one card on a gradient.
type Theme struct {
	From       Colour
	To         Colour
	Angle      int // of the gradient, in degrees
	Card       Colour
	Text       Colour // on the card
	Action     Colour // buttons
	ActionText Colour
}

// DefaultTheme is that of a tenant that has set none.
var DefaultTheme = Theme{
	From: Colour{0x10, 0x24, 0x3f}, To: Colour{0x2b, 0x85, 0x79}, Angle: 160,
	Card: White, Text: Colour{0x16, 0x20, 0x2b}, Action: Colour{0x0f, 0x4f, 0x6b}, ActionText: White,
}

// Sender is who an e-mail comes from.
type Sender struct {
	Name    string // empty: the tenant's
	Address string // empty: the carrier's own
}

// Logo is a picture that everybody may fetch who has its address.
type Logo struct {
	Hash   string `json:"hash"` // SHA-256 of the PNG; empty: there is none
	Width  int    `json:"width"`
	Height int    `json:"height"`
}

// Path is where the server has it.
func (l Logo) Path() string { return "/brand/" + l.Hash + ".png" }

// Fitted is the size at which it is shown in a box: as large as fits, and no larger than it is.
func (l Logo) Fitted(width, height int) (w, h int) {
	w, h = l.Width, l.Height
	if w > width {
		w, h = width, h*width/w
	}
	if h > height {
		w, h = w*height/h, height
	}
	return max(w, 1), max(h, 1)
}

// Default is the brand that a tenant's name makes.
func Default(t verify.Tenant) *Brand {
	b := &Brand{Tenant: t.ID, Name: line(t.Name, nameInMail), Theme: DefaultTheme}
	if b.Name == "" {
		b.Name = line(t.ID, nameInMail)
	}
	return b
}

// PageLogo is the one that pages show.
func (b *Brand) PageLogo() Logo {
	if b.LandingLogo.Hash != "" {
		return b.LandingLogo
	}
	return b.Logo
}

// Initial stands where a logo would.
func (b *Brand) Initial() string {
	first, _ := utf8.DecodeRuneInString(b.Name)
	return string(unicode.ToUpper(first))
}

// text gives what the tenant says in a language: its own words, or ours.
func (b *Brand) text(field string, w *Words) Template {
	if t, set := b.texts[w.Tag][field]; set {
		return t
	}
	return w.texts[textKey+field]
}

// Scripts are what a technician reads aloud, by step. A step that the tenant has written nothing for is absent.
type Scripts map[string]string

// Steps of a verification that have a script, with the method that each is of. The number that the end user is
// to pick is the pod's to fill in.
var steps = []struct {
	name   string
	field  string
	method verify.Method
}{
	{"sms_code", ScriptSMSCode, verify.SMSCode},
	{"sms_link", ScriptSMSLink, verify.SMSLink},
	{"email_code", ScriptEmailCode, verify.EmailCode},
	{"email_link", ScriptEmailLink, verify.EmailLink},
	{"number", ScriptNumber, ""},
}

// Scripts fills in what the technician of a desk reads aloud to a contact who speaks the language.
func (b *Brand) Scripts(d verify.Desk, p verify.Policy, language string) Scripts {
	w := In(language)
	written := b.texts[w.Tag]
	if len(written) == 0 {
		return nil
	}
	var s Scripts
	for _, step := range steps {
		t, set := written[step.field]
		if !set || t.IsEmpty() {
			continue
		}
		validity := p.LinkValidity
		if step.method.ByCode() {
			validity = p.CodeValidity
		}
		technician := d.Technician.Name
		if technician == "" {
			technician = d.Technician.ID
		}
		if s == nil {
			s = Scripts{}
		}
		s[step.name] = t.Fill(&Values{
			Tenant: b.Name, Technician: line(technician, nameInMail), Ticket: line(d.Ticket.Number, nameInMail),
			Minutes: w.Minutes(validity), Number: holeNumber.String(),
		})
	}
	return s
}

// lines are a text's paragraphs, each with its lines.
func lines(text string) [][]string {
	var all [][]string
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		if paragraph = strings.Trim(paragraph, "\n"); strings.TrimSpace(paragraph) != "" {
			all = append(all, strings.Split(paragraph, "\n"))
		}
	}
	return all
}
