// Package message renders the messages of a verification: an e-mail, in HTML and in plain text, or a text message, in the
// look and with the texts of the tenant's [Brand].
//
// Both functions are pure: the same job and brand give the same message. A [Brand] is the tenant's settings over the
// defaults for its name. A [BrandCache] caches the brands of all tenants. The texts that tenants can't set are in the folder
// languages, one file per language; see [ForLanguage].
//
// Names come from ticket systems and texts from tenants. Both are data, never markup and never Go templates: names are
// reduced to one harmless line, texts are parsed by a parser that knows only placeholders, and each output encodes the
// whole text.
//
// Start with [RenderMail] and [RenderSMS].
package message

import (
	"bytes"
	_ "embed"
	"fmt"
	html "html/template"
	"net/url"
	"strings"
	text "text/template"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Mail is a rendered e-mail. Sender name and subject are one line each.
type Mail struct {
	FromName    string
	FromAddress string // empty: the address of the carrier account
	Subject     string
	Text        string
	HTML        string
}

// Headers are added to every e-mail: it is sent by a machine, and automatic replies are unwanted (RFC 3834).
var Headers = map[string]string{"Auto-Submitted": "auto-generated"}

//go:embed mail.html
var mailHTML string

//go:embed mail.txt
var mailText string

var (
	htmlTemplate = html.Must(html.New("mail.html").Parse(mailHTML))
	textTemplate = text.Must(text.New("mail.txt").Parse(mailText))
)

// Maximum length of names, in characters. A longer name is cut and ends in three dots.
const (
	maxNameInMail = 80
	maxNameInSMS  = 24

	maxSubject = 250
)

// RenderMail renders the e-mail with the job's code, or with a link to the landing page at publicURL, in the job's
// language. A code is always accompanied by a fixed warning about whom to read it to, beside any text of the tenant.
// It refuses a job that is not sent by e-mail.
func RenderMail(j verify.Job, b *Brand, publicURL string) (Mail, error) {
	if j.Method.Kind() != channel.Email {
		return Mail{}, fmt.Errorf("no e-mail for method %q", j.Method)
	}
	v := viewOf(j, b, publicURL)
	var plain, htmlBody bytes.Buffer
	if err := textTemplate.Execute(&plain, v); err != nil {
		return Mail{}, fmt.Errorf("mail text: %w", err)
	}
	if err := htmlTemplate.Execute(&htmlBody, v); err != nil {
		return Mail{}, fmt.Errorf("mail html: %w", err)
	}
	m := Mail{FromName: b.Sender.Name, FromAddress: b.Sender.Address, Subject: v.Subject, Text: plain.String(), HTML: htmlBody.String()}
	if m.FromName == "" {
		m.FromName = b.Name
	}
	return m, nil
}

// mailView is the data of the e-mail templates.
type mailView struct {
	Brand *Brand
	Values
	translation *Translation

	Lang       string
	Subject    string
	Above      [][]string // paragraphs of the tenant's text before the button
	Below      [][]string // paragraphs after the button
	Signature  [][]string
	Footer     [][]string
	LogoURL    string
	LogoWidth  int
	LogoHeight int
	Palette    palette
}

// palette holds the brand's colours for the styles of an e-mail.
type palette struct{ Banner, Gradient, BannerText, Action, ActionText, Link, DarkLink html.CSS }

// Text returns a text of the catalog.
func (v *mailView) Text(key string) string { return v.translation.Text(key, &v.Values) }

func viewOf(j verify.Job, b *Brand, publicURL string) *mailView {
	w := ForLanguage(j.Language)
	v := &mailView{Brand: b, Values: valuesOf(j, b, publicURL, maxNameInMail), translation: w, Lang: w.Tag, Palette: paletteOf(b.Theme)}
	v.Minutes, v.Until = w.Minutes(j.ValidFor), w.TimeOfDay(j.ExpiresAt, j.TimeZone)
	v.Subject = breakEncodedWords(line(b.template(MailSubject, w).Fill(&v.Values), maxSubject))
	text, placeholder := MailText, linkPlaceholder
	if j.Method.ByCode() {
		text, placeholder = MailCodeText, codePlaceholder
	}
	above, below := b.template(text, w).cut(placeholder)
	v.Above, v.Below = paragraphs(above.Fill(&v.Values)), paragraphs(below.Fill(&v.Values))
	v.Signature = paragraphs(b.template(MailSignature, w).Fill(&v.Values))
	v.Footer = paragraphs(b.template(MailFooter, w).Fill(&v.Values))
	if b.Logo.Hash != "" {
		v.LogoURL = strings.TrimRight(publicURL, "/") + b.Logo.Path()
		v.LogoWidth, v.LogoHeight = b.Logo.FitWithin(200, 48)
	}
	return v
}

// breakEncodedWords keeps mail programs from decoding an encoded word (RFC 2047) in a header, which could contain the
// characters that [line] removes.
func breakEncodedWords(header string) string { return strings.ReplaceAll(header, "=?", "= ?") }

// valuesOf returns the values of the job's placeholders, each one harmless line.
func valuesOf(j verify.Job, b *Brand, publicURL string, maxName int) Values {
	v := Values{
		Tenant:     line(b.Name, maxName),
		Technician: line(j.Technician, maxName),
		Ticket:     line(j.Ticket, maxName),
		Recipient:  line(j.Recipient, maxName),
	}
	if v.Ticket == "" {
		v.Ticket = "-"
	}
	if j.Method.ByCode() {
		v.Code = groupDigits(j.Secret)
	} else {
		v.Link = strings.TrimRight(publicURL, "/") + "/v/" + url.PathEscape(j.Secret)
	}
	return v
}

// paletteOf computes the colours of an e-mail from the theme. The colours of links and of text on the banner are
// adjusted so that they are readable with every theme.
func paletteOf(l Theme) palette {
	banner := l.From
	bannerText := TextColorOn(banner)
	to := banner
	for share := 1.0; share > 0; share -= 0.25 { // the name must be readable on the whole gradient
		if mixed := Mix(l.To, banner, share); Contrast(bannerText, mixed) >= ContrastText {
			to = mixed
			break
		}
	}
	css := func(c Color) html.CSS { return html.CSS(c.String()) }
	return palette{
		Banner: css(banner), BannerText: css(bannerText), Action: css(l.Action), ActionText: css(l.ActionText),
		Gradient: html.CSS(fmt.Sprintf("linear-gradient(%ddeg,%s,%s)", l.Angle, banner, to)),
		Link:     css(EnsureContrast(l.Action, Color{0xee, 0xf1, 0xf6}, ContrastText)),
		DarkLink: css(EnsureContrast(l.Action, Color{0x10, 0x14, 0x1b}, ContrastText)),
	}
}
