package message

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Brand is how a tenant's messages and pages look and which texts they have: the tenant's settings over the defaults
// for its name. It is shared and read-only.
type Brand struct {
	Tenant      string // its id
	Name        string
	Version     int64 // 0: no settings
	Theme       Theme
	Sender      Sender
	Logo        Logo // in e-mails, and on pages without a LandingLogo
	LandingLogo Logo
	texts       map[string]map[string]Template // the tenant's texts, by language and field
}

// Theme holds the colours of a page: one card on a gradient.
type Theme struct {
	From       Color
	To         Color
	Angle      int // of the gradient, in degrees
	Card       Color
	Text       Color // on the card
	Action     Color // of buttons
	ActionText Color
}

// DefaultTheme is the theme of a tenant without settings.
var DefaultTheme = Theme{
	From: Color{0x10, 0x24, 0x3f}, To: Color{0x2b, 0x85, 0x79}, Angle: 160,
	Card: White, Text: Color{0x16, 0x20, 0x2b}, Action: Color{0x0f, 0x4f, 0x6b}, ActionText: White,
}

// Sender is the sender of e-mails.
type Sender struct {
	Name    string // empty: the tenant's name
	Address string // empty: the address of the carrier account
}

// Logo is a picture that is public for everyone who has its URL.
type Logo struct {
	Hash   string `json:"hash"` // SHA-256 of the PNG; empty: no logo
	Width  int    `json:"width"`
	Height int    `json:"height"`
}

// Path returns the path of the logo on the server.
func (l Logo) Path() string { return "/brand/" + l.Hash + ".png" }

// FitWithin returns the size of the logo scaled down to fit a box. It never scales up.
func (l Logo) FitWithin(width, height int) (w, h int) {
	w, h = l.Width, l.Height
	if w > width {
		w, h = width, h*width/w
	}
	if h > height {
		w, h = w*height/h, height
	}
	return max(w, 1), max(h, 1)
}

// Default returns the brand of a tenant without settings.
func Default(t verify.Tenant) *Brand {
	b := &Brand{Tenant: t.ID, Name: line(t.Name, maxNameInMail), Theme: DefaultTheme}
	if b.Name == "" {
		b.Name = line(t.ID, maxNameInMail)
	}
	return b
}

// PageLogo returns the logo for pages.
func (b *Brand) PageLogo() Logo {
	if b.LandingLogo.Hash != "" {
		return b.LandingLogo
	}
	return b.Logo
}

// Initial returns the first letter of the name, which is shown in place of a logo.
func (b *Brand) Initial() string {
	first, _ := utf8.DecodeRuneInString(b.Name)
	return string(unicode.ToUpper(first))
}

// template returns the tenant's text in a language, else the built-in one.
func (b *Brand) template(field string, w *Translation) Template {
	if t, set := b.texts[w.Tag][field]; set {
		return t
	}
	return w.texts[textKey+field]
}

// Scripts are the texts that a technician reads aloud, by step. A step without a text of the tenant is absent.
type Scripts map[string]string

// scriptSteps are the steps of a verification that have a script, with their methods. The pod fills in the number that
// the end user picks.
var scriptSteps = []struct {
	name   string
	field  string
	method channel.Method
}{
	{"sms_code", ScriptSMSCode, channel.SMSCode},
	{"sms_link", ScriptSMSLink, channel.SMSLink},
	{"email_code", ScriptEmailCode, channel.EmailCode},
	{"email_link", ScriptEmailLink, channel.EmailLink},
	{"number", ScriptNumber, ""},
}

// Scripts returns the scripts for a technician's ticket, in the contact's language.
func (b *Brand) Scripts(d verify.TicketContext, p policy.Policy, language string) Scripts {
	w := ForLanguage(language)
	written := b.texts[w.Tag]
	if len(written) == 0 {
		return nil
	}
	var s Scripts
	for _, step := range scriptSteps {
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
			Tenant: b.Name, Technician: line(technician, maxNameInMail), Ticket: line(d.Ticket.Number, maxNameInMail),
			Minutes: w.Minutes(validity), Number: numberPlaceholder.String(),
		})
	}
	return s
}

// paragraphs splits a text into paragraphs of lines.
func paragraphs(text string) [][]string {
	var all [][]string
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		if paragraph = strings.Trim(paragraph, "\n"); strings.TrimSpace(paragraph) != "" {
			all = append(all, strings.Split(paragraph, "\n"))
		}
	}
	return all
}
