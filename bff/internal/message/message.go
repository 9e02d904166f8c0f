// Package message puts a verification into words: an e-mail, in HTML and in plain
// text, or a text message, as the tenant's [Brand] looks and speaks.
//
// Start with [RenderMail] and [RenderSMS]. Both are pure: the same job and brand give
// the same words. A [Brand] is what the tenant has set over what its name makes of it;
// a [Shelf] gives those of every tenant. The words that no tenant writes are in the
// folder languages, a file for each language ([In]).
//
// Names come from ticket systems and texts from tenants. Both are data, never markup and
// never templates of Go: names are reduced to one harmless line, texts are taken apart by a
// parser that knows placeholders only, and each sink encodes the whole.
package message

import (
	"bytes"
	_ "embed"
	"fmt"
	html "html/template"
	"net/url"
	"strings"
	text "text/template"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Mail is an e-mail, ready for a carrier. Of the sender and the subject each is one line.
type Mail struct {
	FromName    string
	FromAddress string // empty: the carrier's own
	Subject     string
	Text        string
	HTML        string
}

// Headers are those that every e-mail has beside: it is a machine's, and no machine shall answer it (RFC 3834).
var Headers = map[string]string{"Auto-Submitted": "auto-generated"}

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

	subjectMost = 250
)

// RenderMail writes the e-mail that carries the job's code, or its link to publicURL's landing page, in the job's
// language. Whatever the tenant writes around a code, to whom to read it and to whom not is said by us.
// It refuses a job that is not sent by e-mail.
func RenderMail(j verify.Job, b *Brand, publicURL string) (Mail, error) {
	if j.Method.Kind() != verify.Email {
		return Mail{}, fmt.Errorf("no e-mail for method %q", j.Method)
	}
	v := viewOf(j, b, publicURL)
	var plain, rich bytes.Buffer
	if err := textPart.Execute(&plain, v); err != nil {
		return Mail{}, fmt.Errorf("mail text: %w", err)
	}
	if err := htmlPart.Execute(&rich, v); err != nil {
		return Mail{}, fmt.Errorf("mail html: %w", err)
	}
	m := Mail{FromName: b.Sender.Name, FromAddress: b.Sender.Address, Subject: v.Subject, Text: plain.String(), HTML: rich.String()}
	if m.FromName == "" {
		m.FromName = b.Name
	}
	return m, nil
}

// mailView is what an e-mail is made of; the templates see nothing else.
type mailView struct {
	Brand *Brand
	Values
	words *Words

	Lang      string
	Subject   string
	Above     [][]string // the tenant's text: paragraphs before the button
	Below     [][]string // and after it
	Signature [][]string
	Footer    [][]string
	LogoURL   string
	LogoWidth int
	LogoHigh  int
	Paint     paints
}

// paints are the brand's colours where an e-mail has them, ready for its styles.
type paints struct{ Band, Fade, OnBand, Action, ActionText, Link, DarkLink html.CSS }

// Say gives a text of the catalogue.
func (v *mailView) Say(key string) string { return v.words.Say(key, &v.Values) }

func viewOf(j verify.Job, b *Brand, publicURL string) *mailView {
	w := In(j.Language)
	v := &mailView{Brand: b, Values: valuesOf(j, b, publicURL, nameInMail), words: w, Lang: w.Tag, Paint: paintsOf(b.Theme)}
	v.Minutes, v.Until = w.Minutes(j.ValidFor), w.TimeOfDay(j.ExpiresAt, j.TimeZone)
	v.Subject = inert(line(b.text(MailSubject, w).Fill(&v.Values), subjectMost))
	text, large := MailText, holeLink
	if j.Method.ByCode() {
		text, large = MailCodeText, holeCode
	}
	above, below := b.text(text, w).cut(large)
	v.Above, v.Below = lines(above.Fill(&v.Values)), lines(below.Fill(&v.Values))
	v.Signature = lines(b.text(MailSignature, w).Fill(&v.Values))
	v.Footer = lines(b.text(MailFooter, w).Fill(&v.Values))
	if b.Logo.Hash != "" {
		v.LogoURL = strings.TrimRight(publicURL, "/") + b.Logo.Path()
		v.LogoWidth, v.LogoHigh = b.Logo.Fitted(200, 48)
	}
	return v
}

// inert keeps mail programs from decoding what stands in a header: an encoded word (RFC 2047) could bring in what [line]
// has taken out.
func inert(header string) string { return strings.ReplaceAll(header, "=?", "= ?") }

// valuesOf are what the job fills placeholders with, each one harmless line.
func valuesOf(j verify.Job, b *Brand, publicURL string, most int) Values {
	v := Values{
		Tenant:     line(b.Name, most),
		Technician: line(j.Technician, most),
		Ticket:     line(j.Ticket, most),
		Recipient:  line(j.Recipient, most),
	}
	if v.Ticket == "" {
		v.Ticket = "-"
	}
	if j.Method.ByCode() {
		v.Code = grouped(j.Secret)
	} else {
		v.Link = strings.TrimRight(publicURL, "/") + "/v/" + url.PathEscape(j.Secret)
	}
	return v
}

// paintsOf makes an e-mail's colours of the look. The text on the band and the links are ours to choose: whatever
// the tenant has set, they can be read.
func paintsOf(l Theme) paints {
	band := l.From
	on := On(band)
	to := band
	for share := 1.0; share > 0; share -= 0.25 { // the name stands on all of the gradient
		if mixed := Mix(l.To, band, share); Contrast(on, mixed) >= ContrastText {
			to = mixed
			break
		}
	}
	css := func(c Colour) html.CSS { return html.CSS(c.String()) }
	return paints{
		Band: css(band), OnBand: css(on), Action: css(l.Action), ActionText: css(l.ActionText),
		Fade: html.CSS(fmt.Sprintf("linear-gradient(%ddeg,%s,%s)", l.Angle, band, to)),
		Link: css(Readable(l.Action, Colour{0xee, 0xf1, 0xf6}, ContrastText)), DarkLink: css(Readable(l.Action, Colour{0x10, 0x14, 0x1b}, ContrastText)),
	}
}
