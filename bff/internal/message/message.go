// Package message puts a verification into words: an e-mail, in HTML and in plain
// text, or a text message.
//
// Start with [RenderMail] and [RenderSMS]. Both are pure: the same job gives the
// same words. Names come from ticket systems and are data, never markup: they are
// reduced to one harmless line, then encoded for where they stand.
package message

import (
	"bytes"
	_ "embed"
	"fmt"
	html "html/template"
	"math"
	"net/url"
	"strings"
	text "text/template"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Mail is an e-mail, ready for a carrier. FromName and Subject are one line each.
type Mail struct {
	FromName string
	Subject  string
	Text     string
	HTML     string
}

//go:embed mail.html
var mailHTML string

//go:embed mail.txt
var mailText string

var (
	htmlPart = html.Must(html.New("mail.html").Parse(mailHTML))
	textPart = text.Must(text.New("mail.txt").Parse(mailText))
)

// How long a name may be, in characters; a longer one ends in three dots.
const (
	nameInMail = 80
	nameInSMS  = 24
)

// RenderMail writes the e-mail that carries the job's link to publicURL's landing page.
// It refuses a job that is not proven by a link in an e-mail.
func RenderMail(j verify.Job, t verify.Tenant, publicURL string) (Mail, error) {
	if j.Method != verify.EmailLink {
		return Mail{}, fmt.Errorf("no e-mail for method %q", j.Method)
	}
	w := wordsOf(j, t, publicURL, nameInMail)
	var plain, rich bytes.Buffer
	if err := textPart.Execute(&plain, w); err != nil {
		return Mail{}, fmt.Errorf("mail text: %w", err)
	}
	if err := htmlPart.Execute(&rich, w); err != nil {
		return Mail{}, fmt.Errorf("mail html: %w", err)
	}
	return Mail{FromName: w.Tenant, Subject: w.subject(), Text: plain.String(), HTML: rich.String()}, nil
}

// words is what every message is made of; the templates see nothing else.
type words struct {
	Tenant     string
	Initial    string
	Technician string
	Ticket     string // number; empty when the ticket has none
	Recipient  string // empty when nobody knows
	Valid      string // "5 minutes"
	Until      string // "14:07 UTC"
	Link       string
}

func wordsOf(j verify.Job, t verify.Tenant, publicURL string, most int) words {
	w := words{
		Tenant:     line(t.Name, most),
		Technician: line(j.Technician, most),
		Ticket:     line(j.Ticket, most),
		Recipient:  line(j.Recipient, most),
		Valid:      minutes(j.ValidFor, " minute"),
		Until:      j.ExpiresAt.UTC().Format("15:04 UTC"),
	}
	if w.Tenant == "" {
		w.Tenant = line(t.ID, most)
	}
	if first, size := utf8.DecodeRuneInString(w.Tenant); size > 0 {
		w.Initial = string(unicode.ToUpper(first))
	}
	if !j.Method.ByCode() {
		w.Link = strings.TrimRight(publicURL, "/") + "/v/" + url.PathEscape(j.Secret)
	}
	return w
}

func (w words) subject() string {
	return w.Tenant + ": confirm that it is you" + w.ticket(" (ticket ", ")")
}

// minutes says a duration as people do: to the nearest minute, and never none at all.
func minutes(d time.Duration, unit string) string {
	n := max(1, int(math.Round(d.Minutes())))
	if n == 1 || !strings.HasSuffix(unit, "minute") {
		return fmt.Sprintf("%d%s", n, unit)
	}
	return fmt.Sprintf("%d%ss", n, unit)
}

// line reduces a name to one line of at most so many characters, without anything that
// could break out of a header, hide or turn around what stands beside it.
func line(name string, most int) string {
	name = strings.Map(harmless, name)
	name = strings.Join(strings.Fields(name), " ")
	if utf8.RuneCountInString(name) <= most {
		return name
	}
	return strings.TrimSpace(string([]rune(name)[:most-3])) + "..."
}

// Zero-width joiners: invisible, but Persian, Hindi and others can't be written without them.
const (
	nonJoiner = '\u200c'
	joiner    = '\u200d'
)

func harmless(r rune) rune {
	switch {
	case r == joiner, r == nonJoiner:
		return r
	case unicode.IsControl(r), unicode.IsSpace(r):
		return ' '
	case r == utf8.RuneError, unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs):
		return -1
	}
	return r
}
