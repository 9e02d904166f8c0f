package message

import (
	"fmt"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// RenderSMS writes the text that carries the job's code or link, in the job's language. A code comes without an
// autofill line: it is to be read aloud, and a phone shall not offer to type it into a page. And whatever the
// tenant writes around it, the last words are ours: to whom to read it, and to whom not.
// It refuses a job that is not sent by SMS.
func RenderSMS(j verify.Job, b *Brand, publicURL string) (string, error) {
	w := In(j.Language)
	v := valuesOf(j, b, publicURL, nameInSMS)
	v.Minutes = w.shortMinutes(j.ValidFor)
	switch j.Method {
	case verify.SMSCode:
		return b.text(SMSCode, w).Fill(&v) + " " + w.Say("sms.warning", &v), nil
	case verify.SMSLink:
		return b.text(SMSLink, w).Fill(&v), nil
	}
	return "", fmt.Errorf("no text message for method %q", j.Method)
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

// Size is what a text message weighs in the air.
type Size struct {
	Encoding   string // GSM-7 or UCS-2
	Characters int    // as the encoding counts them: an escaped one, or one beyond the basic plane, is two
	Segments   int    // what carriers charge for
}

// Measure tells what a text weighs. A segment of several is shorter, for it says where it belongs; no
// character is cut in two.
func Measure(text string) Size {
	s := Size{Encoding: "UCS-2"}
	one, joined := 70, 67
	width := func(r rune) int { return 1 + min(1, int(r>>16)) }
	if GSM7(text) {
		s.Encoding, one, joined = "GSM-7", 160, 153
		width = func(r rune) int {
			if strings.ContainsRune(gsmEscaped, r) {
				return 2
			}
			return 1
		}
	}
	room := 0
	for _, r := range text {
		n := width(r)
		s.Characters += n
		if n > room {
			s.Segments, room = s.Segments+1, joined
		}
		room -= n
	}
	if s.Characters <= one {
		s.Segments = min(1, s.Characters)
	}
	return s
}
