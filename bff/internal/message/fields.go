package message

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/shieldpod/shieldpod/bff/internal/text"
)

// Texts that a tenant may write in each language, by their names in the contract.
const (
	MailSubject     = "mail_subject"
	MailText        = "mail_text"
	MailCodeText    = "mail_code_text"
	MailSignature   = "mail_signature"
	MailFooter      = "mail_footer"
	SMSCode         = "sms_code"
	SMSLink         = "sms_link"
	ScriptSMSCode   = "script_sms_code"
	ScriptSMSLink   = "script_sms_link"
	ScriptEmailCode = "script_email_code"
	ScriptEmailLink = "script_email_link"
	ScriptNumber    = "script_number"
)

// textKey precedes a text's name in the catalogue.
const textKey = "texts."

// Text is one text that a tenant may write, and what it may hold.
type Text struct {
	Name     string
	Most     int  // characters
	Lines    bool // may have several
	Optional bool // may be empty, and is where we have no words for it
	may      []hole
	must     hole // exactly once
}

// tenantHoles are those that tenants may use.
var tenantHoles = []hole{holeTenant, holeTechnician, holeTicket, holeMinutes, holeCode, holeLink}

var (
	names  = []hole{holeTenant, holeTechnician, holeTicket, holeMinutes}
	coded  = append(slices.Clip(names), holeCode)
	linked = append(slices.Clip(names), holeLink)
	picked = append(slices.Clip(names), holeNumber)
)

// Texts lists them in the contract's order.
var Texts = []Text{
	{Name: MailSubject, Most: 120, may: names},
	{Name: MailCodeText, Most: 2000, Lines: true, may: coded, must: holeCode},
	{Name: MailText, Most: 2000, Lines: true, may: linked, must: holeLink},
	{Name: MailSignature, Most: 500, Lines: true, Optional: true, may: names},
	{Name: MailFooter, Most: 500, Lines: true, Optional: true, may: names},
	{Name: SMSCode, Most: 500, may: coded, must: holeCode},
	{Name: SMSLink, Most: 500, may: linked, must: holeLink},
	{Name: ScriptSMSCode, Most: 300, Optional: true, may: names},
	{Name: ScriptSMSLink, Most: 300, Optional: true, may: names},
	{Name: ScriptEmailCode, Most: 300, Optional: true, may: names},
	{Name: ScriptEmailLink, Most: 300, Optional: true, may: names},
	{Name: ScriptNumber, Most: 300, Optional: true, may: picked},
}

func textNamed(name string) (Text, bool) {
	i := slices.IndexFunc(Texts, func(t Text) bool { return t.Name == name })
	if i < 0 {
		return Text{}, false
	}
	return Texts[i], true
}

// unit is what people write after {minutes}, which brings its own.
var unit = regexp.MustCompile(`(?i)^\s*min`)

// read takes a text apart, if it may stand there. Its errors are sentences for people.
func (f Text) read(given string) (Template, error) {
	given = strings.ReplaceAll(given, "\r\n", "\n")
	given = strings.TrimSpace(given)
	switch n := utf8.RuneCountInString(given); {
	case n == 0 && !f.Optional:
		return Template{}, sentence("This text can't be empty. Leave it out to have Shieldpod's own.")
	case n > f.Most:
		return Template{}, sentence(fmt.Sprintf("This text has up to %d characters, and this one has %d.", f.Most, n))
	case !f.Lines && strings.Contains(given, "\n"):
		return Template{}, sentence("This text is one line.")
	}
	if i := strings.IndexFunc(given, text.Forbidden); i >= 0 {
		r, _ := utf8.DecodeRuneInString(given[i:])
		return Template{}, sentence(fmt.Sprintf("There is a character that can't be seen or turns others around: U+%04X.", r))
	}
	t, err := parse(given)
	if err != nil {
		return Template{}, err
	}
	return t, f.check(t)
}

func (f Text) check(t Template) error {
	for i, p := range t.parts {
		if p.hole != noHole && !slices.Contains(f.may, p.hole) {
			return sentence(fmt.Sprintf("%s can't stand in this text. These can: %s.", p.hole, spoken(f.may)))
		}
		if p.hole == holeMinutes && i+1 < len(t.parts) && unit.MatchString(t.parts[i+1].text) {
			return sentence("{minutes} brings its unit, as in “5 minutes”: take the word after it out.")
		}
	}
	if f.must == noHole {
		return nil
	}
	switch t.count(f.must) {
	case 0:
		return sentence(fmt.Sprintf("%s is missing: without it the message can't be answered.", f.must))
	case 1:
	default:
		return sentence(fmt.Sprintf("%s stands there twice.", f.must))
	}
	if before, after := t.cut(f.must); f.Lines && !alone(before.String(), after.String()) {
		return sentence(fmt.Sprintf("Put %s on a line of its own: it is shown large.", f.must))
	}
	return nil
}

// alone tells whether what stands between the two has its line for itself.
func alone(before, after string) bool {
	before, after = strings.TrimRight(before, " "), strings.TrimLeft(after, " ")
	return (before == "" || strings.HasSuffix(before, "\n")) && (after == "" || strings.HasPrefix(after, "\n"))
}
