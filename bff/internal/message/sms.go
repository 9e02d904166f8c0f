package message

import (
	"fmt"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// RenderSMS renders the text message with the job's code or link, in the job's language. A code comes without an
// autofill line, because it is read aloud and a phone must not offer to type it into a page. After the tenant's text
// comes a fixed warning about whom to read the code to. It refuses a job that is not sent by SMS.
func RenderSMS(j verify.Job, b *Brand, publicURL string) (string, error) {
	w := ForLanguage(j.Language)
	v := valuesOf(j, b, publicURL, maxNameInSMS)
	v.Minutes = w.shortMinutes(j.ValidFor)
	switch j.Method {
	case channel.SMSCode:
		return b.template(SMSCode, w).Fill(&v) + " " + w.Text("sms.warning", &v), nil
	case channel.SMSLink:
		return b.template(SMSLink, w).Fill(&v), nil
	}
	return "", fmt.Errorf("no text message for method %q", j.Method)
}

// groupDigits splits a code in two halves for reading aloud: 482 913.
func groupDigits(code string) string {
	half := len(code) / 2
	return code[:half] + " " + code[half:]
}

// The GSM-7 alphabet: one septet for a basic character, two for an escaped one.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmEscaped = "\f^{}\\[~]|€"
)

// GSM7 reports whether the text fits the GSM 03.38 alphabet. Otherwise it is sent as UCS-2, and a segment holds 70
// characters instead of 160.
func GSM7(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool {
		return !strings.ContainsRune(gsmBasic, r) && !strings.ContainsRune(gsmEscaped, r)
	}) < 0
}

// Size is the size of a text message as carriers count it.
type Size struct {
	Encoding   string // GSM-7 or UCS-2
	Characters int    // in units of the encoding: two for an escaped character, or one outside the basic plane
	Segments   int    // the unit of price
}

// Measure returns the size of a text. A segment of a longer message holds less, because it has a header. A character
// is never split.
func Measure(text string) Size {
	s := Size{Encoding: "UCS-2"}
	single, joined := 70, 67
	width := func(r rune) int { return 1 + min(1, int(r>>16)) }
	if GSM7(text) {
		s.Encoding, single, joined = "GSM-7", 160, 153
		width = func(r rune) int {
			if strings.ContainsRune(gsmEscaped, r) {
				return 2
			}
			return 1
		}
	}
	remaining := 0
	for _, r := range text {
		n := width(r)
		s.Characters += n
		if n > remaining {
			s.Segments, remaining = s.Segments+1, joined
		}
		remaining -= n
	}
	if s.Characters <= single {
		s.Segments = min(1, s.Characters)
	}
	return s
}
