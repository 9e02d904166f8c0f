package message

import (
	"fmt"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// RenderSMS writes the text that carries the job's code or link, in one GSM-7 segment
// when the names are short and Latin. A code comes without an autofill line: it is to be
// read aloud, and a phone shall not offer to type it into a page.
// It refuses a job that is not sent by SMS.
func RenderSMS(j verify.Job, t verify.Tenant, publicURL string) (string, error) {
	if j.Method != verify.SMSCode && j.Method != verify.SMSLink {
		return "", fmt.Errorf("no text message for method %q", j.Method)
	}
	w := wordsOf(j, t, publicURL, nameInSMS)
	valid := minutes(j.ValidFor, " min")
	if j.Method.ByCode() {
		return fmt.Sprintf("%s is your %s code for %s%s. Read this only to the technician you called. If someone called you, don't. Valid %s.",
			grouped(j.Secret), w.Tenant, w.Technician, w.ticket(", ticket ", ""), valid), nil
	}
	return fmt.Sprintf("%s: did you call us? %s asks%s. Confirm or deny in %s: %s",
		w.Tenant, w.Technician, w.ticket(" (ticket ", ")"), valid, w.Link), nil
}

// ticket names the ticket, if there is one.
func (w words) ticket(before, after string) string {
	if w.Ticket == "" {
		return ""
	}
	return before + w.Ticket + after
}

// grouped makes a code easy to read aloud: 482 913.
func grouped(code string) string {
	half := len(code) / 2
	return code[:half] + " " + code[half:]
}

// GSM-7: one septet each, and those behind the escape, which take two.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmEscaped = "\f^{}\\[~]|€"
)

// GSM7 tells whether a phone can get the text in the GSM 03.38 alphabet; if not, it
// needs UCS-2, and a segment holds 70 characters instead of 160.
func GSM7(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool {
		return !strings.ContainsRune(gsmBasic, r) && !strings.ContainsRune(gsmEscaped, r)
	}) < 0
}
