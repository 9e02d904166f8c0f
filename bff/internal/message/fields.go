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

// textKey is the prefix of a text's name in the catalog.
const textKey = "texts."

// Text is one text that a tenant may write, with its limits.
type Text struct {
	Name      string
	MaxLength int  // in characters
	Multiline bool // may have several lines
	Optional  bool // may be empty, which is the default where there is no built-in text
	allowed   []placeholder
	required  placeholder // must occur exactly once
}

// tenantPlaceholders are the placeholders that tenants may use.
var tenantPlaceholders = []placeholder{tenantPlaceholder, technicianPlaceholder,
	ticketPlaceholder, minutesPlaceholder, codePlaceholder, linkPlaceholder}

var (
	namePlaceholders   = []placeholder{tenantPlaceholder, technicianPlaceholder, ticketPlaceholder, minutesPlaceholder}
	codePlaceholders   = append(slices.Clip(namePlaceholders), codePlaceholder)
	linkPlaceholders   = append(slices.Clip(namePlaceholders), linkPlaceholder)
	numberPlaceholders = append(slices.Clip(namePlaceholders), numberPlaceholder)
)

// Texts lists the texts in the contract's order.
var Texts = []Text{
	{Name: MailSubject, MaxLength: 120, allowed: namePlaceholders},
	{Name: MailCodeText, MaxLength: 2000, Multiline: true, allowed: codePlaceholders, required: codePlaceholder},
	{Name: MailText, MaxLength: 2000, Multiline: true, allowed: linkPlaceholders, required: linkPlaceholder},
	{Name: MailSignature, MaxLength: 500, Multiline: true, Optional: true, allowed: namePlaceholders},
	{Name: MailFooter, MaxLength: 500, Multiline: true, Optional: true, allowed: namePlaceholders},
	{Name: SMSCode, MaxLength: 500, allowed: codePlaceholders, required: codePlaceholder},
	{Name: SMSLink, MaxLength: 500, allowed: linkPlaceholders, required: linkPlaceholder},
	{Name: ScriptSMSCode, MaxLength: 300, Optional: true, allowed: namePlaceholders},
	{Name: ScriptSMSLink, MaxLength: 300, Optional: true, allowed: namePlaceholders},
	{Name: ScriptEmailCode, MaxLength: 300, Optional: true, allowed: namePlaceholders},
	{Name: ScriptEmailLink, MaxLength: 300, Optional: true, allowed: namePlaceholders},
	{Name: ScriptNumber, MaxLength: 300, Optional: true, allowed: numberPlaceholders},
}

func textNamed(name string) (Text, bool) {
	i := slices.IndexFunc(Texts, func(t Text) bool { return t.Name == name })
	if i < 0 {
		return Text{}, false
	}
	return Texts[i], true
}

// unitPattern matches a unit after {minutes}, which contains its own.
var unitPattern = regexp.MustCompile(`(?i)^\s*min`)

// parse parses and checks a text. Its errors are sentences for users.
func (f Text) parse(value string) (Template, error) {
	value = strings.ReplaceAll(value, "\r\n", "\n")
	value = strings.TrimSpace(value)
	switch n := utf8.RuneCountInString(value); {
	case n == 0 && !f.Optional:
		return Template{}, userError("This text can't be empty. Leave it out to have Shieldpod's own.")
	case n > f.MaxLength:
		return Template{}, userError(fmt.Sprintf("This text has up to %d characters, and this one has %d.", f.MaxLength, n))
	case !f.Multiline && strings.Contains(value, "\n"):
		return Template{}, userError("This text is one line.")
	}
	if i := strings.IndexFunc(value, text.Forbidden); i >= 0 {
		r, _ := utf8.DecodeRuneInString(value[i:])
		return Template{}, userError(fmt.Sprintf("There is a character that can't be seen or turns others around: U+%04X.", r))
	}
	t, err := parse(value)
	if err != nil {
		return Template{}, err
	}
	return t, f.check(t)
}

func (f Text) check(t Template) error {
	for i, p := range t.parts {
		if p.placeholder != noPlaceholder && !slices.Contains(f.allowed, p.placeholder) {
			return userError(fmt.Sprintf("%s can't stand in this text. These can: %s.", p.placeholder, listPlaceholders(f.allowed)))
		}
		if p.placeholder == minutesPlaceholder && i+1 < len(t.parts) && unitPattern.MatchString(t.parts[i+1].text) {
			return userError("{minutes} brings its unit, as in “5 minutes”: take the word after it out.")
		}
	}
	if f.required == noPlaceholder {
		return nil
	}
	switch t.count(f.required) {
	case 0:
		return userError(fmt.Sprintf("%s is missing: without it the message can't be answered.", f.required))
	case 1:
	default:
		return userError(fmt.Sprintf("%s stands there twice.", f.required))
	}
	if before, after := t.cut(f.required); f.Multiline && !isOnOwnLine(before.String(), after.String()) {
		return userError(fmt.Sprintf("Put %s on a line of its own: it is shown large.", f.required))
	}
	return nil
}

// isOnOwnLine reports whether the gap between the two texts has a line of its own.
func isOnOwnLine(before, after string) bool {
	before, after = strings.TrimRight(before, " "), strings.TrimLeft(after, " ")
	return (before == "" || strings.HasSuffix(before, "\n")) && (after == "" || strings.HasPrefix(after, "\n"))
}
