package smtp_test

import (
	netmail "net/mail"
	"slices"
	"strings"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/courier/smtp"
	"github.com/shieldpod/shieldpod/bff/internal/mailaddress"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

const withUTF8 = "250-mail.example\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-STARTTLS\r\n250 ENHANCEDSTATUSCODES"

func TestMailToAnInternationalAddressHasAFormThatTheServerAccepts(t *testing.T) {
	const plain, utf8 = "MAIL FROM:<verify@acme-it.com> BODY=8BITMIME", "MAIL FROM:<verify@acme-it.com> BODY=8BITMIME SMTPUTF8"
	for _, c := range []struct {
		name, to string
		ehlo     string // empty: without SMTPUTF8
		replies  map[string]string
		mail     string // empty: MAIL is not sent
		rcpt     string
		want     string
	}{
		{name: "an international domain", to: "ana@bücher.example", mail: plain, rcpt: "ana@xn--bcher-kva.example", want: "taken"},
		{name: "the same where SMTPUTF8 is offered", to: "ana@bücher.example", ehlo: withUTF8, mail: plain, rcpt: "ana@xn--bcher-kva.example", want: "taken"},
		{name: "a decomposed domain", to: "ana@bu\u0308cher.example", mail: plain, rcpt: "ana@xn--bcher-kva.example", want: "taken"},
		{name: "a domain in capital letters", to: "ana@BÜCHER.example", mail: plain, rcpt: "ana@xn--bcher-kva.example", want: "taken"},
		{name: "a domain that is in ASCII already", to: "ana@xn--bcher-kva.example", mail: plain, rcpt: "ana@xn--bcher-kva.example", want: "taken"},
		{name: "a domain in another script", to: "info@例え.テスト", mail: plain, rcpt: "info@xn--r8jz45g.xn--zckzah", want: "taken"},
		{name: "an ideographic full stop", to: "info@例え。テスト", mail: plain, rcpt: "info@xn--r8jz45g.xn--zckzah", want: "taken"},
		{name: "a part before the @ with other letters", to: "añá@contoso.com", ehlo: withUTF8, mail: utf8, rcpt: "añá@contoso.com", want: "taken"},
		{name: "both parts", to: "añá@bücher.example", ehlo: withUTF8, mail: utf8, rcpt: "añá@xn--bcher-kva.example", want: "taken"},
		{name: "a decomposed part before the @", to: "an\u0303a@contoso.com", ehlo: withUTF8, mail: utf8, rcpt: "aña@contoso.com", want: "taken"},
		{name: "a part before the @ without SMTPUTF8", to: "añá@contoso.com", want: "form"},
		{name: "SMTPUTF8 in small letters", to: "añá@contoso.com", ehlo: "250-mail.example\r\n250-starttls\r\n250 smtputf8", mail: "MAIL FROM:<verify@acme-it.com> SMTPUTF8", rcpt: "añá@contoso.com", want: "taken"},
		{name: "a server that offers it and refuses it", to: "añá@contoso.com", ehlo: withUTF8, replies: map[string]string{"RCPT": "553 5.6.7 not here"}, mail: utf8, rcpt: "añá@contoso.com", want: "form"},
		{name: "a server that refuses it after the message", to: "añá@contoso.com", ehlo: withUTF8, replies: map[string]string{".": "550 5.6.9 can't be passed on"}, mail: utf8, rcpt: "añá@contoso.com", want: "form"},
		{name: "a server that takes its parameter for none", to: "añá@contoso.com", ehlo: withUTF8, replies: map[string]string{"MAIL": "555 5.5.4 unsupported parameter"}, mail: utf8, want: "form"},
		{name: "a domain that has no such form", to: "ana@-bü-.example", want: "invalid_recipient"},
	} {
		t.Run(c.name, func(t *testing.T) {
			replies := map[string]string{}
			if c.ehlo != "" {
				replies["EHLO"] = c.ehlo
			}
			for step, reply := range c.replies {
				replies[step] = reply
			}
			srv := serve(t, script{starttls: true, replies: replies})
			_, err := newSender(t, srv, nil).Send(t.Context(), outgoing(func(p *courier.OutgoingMessage) { p.To = c.to }))
			if got := resultText(t, err); got != c.want {
				t.Errorf("%s, want %s: %v", got, c.want, err)
			}
			commands, mails := srv.recorded()
			if begun := slices.Contains(commands, c.mail); begun != (c.mail != "") || c.rcpt != "" && !slices.Contains(commands, "RCPT TO:<"+c.rcpt+">") {
				t.Errorf("heard %q", commands)
			}
			if all := strings.Join(commands, "\n"); !strings.Contains(all, "SMTPUTF8") && !mailaddress.IsASCII(all) {
				t.Errorf("raw UTF-8 without SMTPUTF8: %q", commands)
			}
			if c.want != "taken" {
				return
			}
			m, err := netmail.ReadMessage(strings.NewReader(strings.Join(mails, "")))
			if err != nil {
				t.Fatal(err)
			}
			if to, err := m.Header.AddressList("To"); err != nil || len(to) != 1 || to[0].Address != c.rcpt {
				t.Errorf("To: %q, %v", m.Header.Get("To"), err)
			}
			if !strings.Contains(c.mail, "SMTPUTF8") && !mailaddress.IsASCII(mails[0]) {
				t.Errorf("a message that is not ASCII went to a server without SMTPUTF8: %q", mails[0])
			}
		})
	}
}

func TestAnUnsupportedAddressHasItsOwnReason(t *testing.T) {
	_, err := newSender(t, serve(t, script{starttls: true}), nil).Send(t.Context(), outgoing(func(p *courier.OutgoingMessage) { p.To = "añá@contoso.com" }))
	if kind, reason := faultKindOf(t, err); kind != courier.Unsupported || reason != verify.ReasonAddressForm {
		t.Errorf("kind %d, reason %q", kind, reason)
	}
}

func TestASendersInternationalDomainIsWrittenInASCII(t *testing.T) {
	srv := serve(t, script{starttls: true})
	s := newSender(t, srv, func(c *smtp.Config) { c.From = "prüfung@bücher.example" })
	if _, err := s.Send(t.Context(), outgoing(nil)); resultText(t, err) != "ours" {
		t.Errorf("a sender that needs SMTPUTF8: %v", err)
	}
	srv = serve(t, script{starttls: true})
	s = newSender(t, srv, func(c *smtp.Config) { c.From = "verify@bücher.example" })
	if _, err := s.Send(t.Context(), outgoing(func(p *courier.OutgoingMessage) { p.Mail.FromAddress = "it@müller.example" })); err != nil {
		t.Fatal(err)
	}
	commands, mails := srv.recorded()
	if !slices.Contains(commands, "MAIL FROM:<verify@xn--bcher-kva.example> BODY=8BITMIME") || !slices.Contains(commands, "EHLO xn--bcher-kva.example") ||
		!strings.Contains(mails[0], "<it@xn--mller-kva.example>") || !mailaddress.IsASCII(mails[0]) {
		t.Errorf("heard %q, got %q", commands, mails)
	}
}
