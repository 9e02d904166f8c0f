package smtp_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/courier/smtp"
	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

const password = "a-password-that-no-log-may-hold"

func now() time.Time { return time.Date(2026, 3, 4, 14, 0, 0, 0, time.UTC) }

func outgoing(change func(*courier.OutgoingMessage)) courier.OutgoingMessage {
	p := courier.OutgoingMessage{
		ID: "v_01", Tenant: "acme", To: "dana@contoso.com",
		Mail: message.Mail{FromName: "Ácme IT", Subject: "Is it you?", Text: "open the secret-token", HTML: "<p>open the secret-token</p>"},
	}
	if change != nil {
		change(&p)
	}
	return p
}

func newSender(t *testing.T, srv *server, change func(*smtp.Config)) *smtp.Sender {
	t.Helper()
	c := smtp.Config{Host: srv.host, Port: srv.port, From: "verify@acme-it.com", Roots: srv.roots, Now: now}
	if change != nil {
		change(&c)
	}
	s, err := smtp.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func withAccount(c *smtp.Config) { c.Username, c.Password = "verify", password }

// faultKindOf returns the kind and reason of a fault, and checks that its text holds no secret.
func faultKindOf(t *testing.T, err error) (courier.FaultKind, verify.Code) {
	t.Helper()
	var f *courier.Fault
	if !errors.As(err, &f) {
		t.Fatalf("%v (%T) is no fault", err, err)
	}
	for _, secret := range []string{"dana@contoso.com", "secret-token", password} {
		if strings.Contains(f.Error(), secret) {
			t.Errorf("the fault contains %q: %v", secret, f)
		}
	}
	return f.Kind, f.Reason
}

func TestAMailIsSentEncryptedAndComplete(t *testing.T) {
	for _, c := range []struct {
		name     string
		script   script
		security smtp.Security
	}{
		{"by STARTTLS", script{starttls: true, auth: true}, smtp.STARTTLS},
		{"by TLS from the first byte", script{tls: true, auth: true}, smtp.TLS},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := serve(t, c.script)
			s := newSender(t, srv, func(config *smtp.Config) {
				withAccount(config)
				config.Security = c.security
			})
			receipt, err := s.Send(t.Context(), outgoing(nil))
			if err != nil || receipt != (courier.Result{Carrier: "smtp"}) {
				t.Fatalf("receipt %v, error %v", receipt, err)
			}
			commands, mails := srv.recorded()
			if !slices.Contains(commands, "EHLO acme-it.com") || !slices.Contains(commands, "MAIL FROM:<verify@acme-it.com> BODY=8BITMIME") || !slices.Contains(commands, "RCPT TO:<dana@contoso.com>") {
				t.Errorf("heard %q", commands)
			}
			checkMail(t, mails)
		})
	}
}

func TestTheConfiguredNameIsUsedForEHLO(t *testing.T) {
	srv := serve(t, script{starttls: true})
	if _, err := newSender(t, srv, func(c *smtp.Config) { c.Hello = "pod.example" }).Send(t.Context(), outgoing(nil)); err != nil {
		t.Fatal(err)
	}
	commands, _ := srv.recorded()
	hellos := slices.DeleteFunc(commands, func(line string) bool { return !strings.HasPrefix(line, "EHLO") })
	if diff := cmp.Diff([]string{"EHLO pod.example", "EHLO pod.example"}, hellos); diff != "" { // before and after STARTTLS
		t.Error(diff)
	}
}

func TestAServerWithoutEHLOGetsHELO(t *testing.T) {
	srv := serve(t, script{replies: map[string]string{"EHLO": "502 what?"}})
	if _, err := newSender(t, srv, func(c *smtp.Config) { c.Security = smtp.None }).Send(t.Context(), outgoing(nil)); err != nil {
		t.Fatal(err)
	}
	commands, mails := srv.recorded()
	if !slices.Contains(commands, "HELO acme-it.com") || !slices.Contains(commands, "MAIL FROM:<verify@acme-it.com>") || len(mails) != 1 {
		t.Errorf("heard %q", commands)
	}
}

func TestTheAuthMechanismIsOneThatTheServerOffers(t *testing.T) {
	const before, after = "250-mail.example\r\n250-STARTTLS\r\n", "\r\n250 HELP"
	user, pass := base64.StdEncoding.EncodeToString([]byte("verify")), base64.StdEncoding.EncodeToString([]byte(password))
	plain := "AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00verify\x00"+password))
	for _, c := range []struct {
		name, offers string
		replies      map[string]string
		want         []string // the commands from AUTH on; nil: no AUTH
	}{
		{"PLAIN before LOGIN", "250-AUTH LOGIN PLAIN", nil, []string{plain}},
		{"in small letters", "250-auth login plain", nil, []string{plain}},
		{"in the old form", "250-AUTH=LOGIN PLAIN", nil, []string{plain}},
		{"on two lines", "250-AUTH LOGIN\r\n250-AUTH=PLAIN", nil, []string{plain}},
		{"LOGIN", "250-AUTH LOGIN NTLM", map[string]string{"AUTH": "334 VXNlcm5hbWU6", user: "334 UGFzc3dvcmQ6", pass: "235 2.7.0 in"}, []string{"AUTH LOGIN", user, pass}},
		{"LOGIN with prompts that are not encoded", "250-AUTH LOGIN", map[string]string{"AUTH": "334 Username:", user: "334 Password:", pass: "235 in"}, []string{"AUTH LOGIN", user, pass}},
		{"LOGIN with prompts that are empty", "250-AUTH LOGIN", map[string]string{"AUTH": "334", user: "334", pass: "235"}, []string{"AUTH LOGIN", user, pass}},
		{"none that can be used", "250-AUTH GSSAPI", nil, nil},
		{"none at all", "250-8BITMIME", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			replies := map[string]string{"EHLO": before + c.offers + after}
			maps.Copy(replies, c.replies)
			srv := serve(t, script{starttls: true, replies: replies})
			err := newSender(t, srv, withAccount).Check(t.Context())
			commands, _ := srv.recorded()
			if c.want == nil {
				if k, _ := faultKindOf(t, err); k != courier.Misconfigured || slices.ContainsFunc(commands, func(l string) bool { return strings.HasPrefix(l, "AUTH") }) {
					t.Errorf("%v; heard %q", err, commands)
				}
				return
			}
			at := slices.IndexFunc(commands, func(l string) bool { return strings.HasPrefix(l, "AUTH") })
			if err != nil || at < 0 || !slices.Equal(commands[at:], append(c.want, "QUIT")) {
				t.Errorf("%v; heard %q, want %q", err, commands, c.want)
			}
		})
	}
}

func TestPlaintextAfterSTARTTLSIsNotRead(t *testing.T) {
	srv := serve(t, script{starttls: true, replies: map[string]string{"STARTTLS": "220 go ahead\r\n250 injected"}})
	_, err := newSender(t, srv, nil).Send(t.Context(), outgoing(nil))
	if k, _ := faultKindOf(t, err); k != courier.Misconfigured {
		t.Errorf("%v", err)
	}
}

func TestTheBrandsAddressIsInTheHeaderAndTheAccountsInTheEnvelope(t *testing.T) {
	srv := serve(t, script{starttls: true})
	if _, err := newSender(t, srv, nil).Send(t.Context(), outgoing(func(p *courier.OutgoingMessage) { p.Mail.FromAddress = "it@acme.example" })); err != nil {
		t.Fatal(err)
	}
	commands, mails := srv.recorded()
	if !slices.Contains(commands, "MAIL FROM:<verify@acme-it.com> BODY=8BITMIME") || !strings.Contains(strings.Join(mails, ""), "<it@acme.example>\r\n") {
		t.Errorf("heard %q, got %q", commands, mails)
	}
}

func TestThreat_22_ANameStaysANameWithAnyContent(t *testing.T) {
	for _, name := range []string{`Acme "Fix-it" IT`, `Acme\`, `Acme" <eve@evil.example>`, `Müller, Kündig & "Söhne"`, "=?utf-8?q?Eve?=", "Acme 🛡"} {
		t.Run(name, func(t *testing.T) {
			srv := serve(t, script{starttls: true})
			if _, err := newSender(t, srv, nil).Send(t.Context(), outgoing(func(p *courier.OutgoingMessage) { p.Mail.FromName = name })); err != nil {
				t.Fatal(err)
			}
			_, mails := srv.recorded()
			m, err := netmail.ReadMessage(strings.NewReader(strings.Join(mails, "")))
			if err != nil {
				t.Fatal(err)
			}
			from, err := m.Header.AddressList("From")
			if err != nil || len(from) != 1 || *from[0] != (netmail.Address{Name: name, Address: "verify@acme-it.com"}) {
				t.Errorf("from %v (%v) in %q", from, err, m.Header.Get("From"))
			}
		})
	}
}

// checkMail parses the one message and checks its parts.
func checkMail(t *testing.T, mails []string) {
	t.Helper()
	if len(mails) != 1 {
		t.Fatalf("%d messages, want 1", len(mails))
	}
	m, err := netmail.ReadMessage(strings.NewReader(mails[0]))
	if err != nil {
		t.Fatal(err)
	}
	from, err := m.Header.AddressList("From")
	if err != nil || len(from) != 1 || *from[0] != (netmail.Address{Name: "Ácme IT", Address: "verify@acme-it.com"}) {
		t.Errorf("from %v, error %v", from, err)
	}
	for name, want := range map[string]string{
		"To": "<dana@contoso.com>", "Subject": "Is it you?", "Message-Id": "<v_01@acme-it.com>",
		"Auto-Submitted": "auto-generated", "Date": "Wed, 04 Mar 2026 14:00:00 +0000",
	} {
		if got := m.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("%s, %v", kind, err)
	}
	got := map[string]string{}
	for parts := multipart.NewReader(m.Body, params["boundary"]); ; {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type"))
		got[kind] = strings.TrimSpace(string(text))
	}
	want := map[string]string{"text/plain": "open the secret-token", "text/html": "<p>open the secret-token</p>"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// resultText describes the result of a send in the terms of testdata/refusals.txt.
func resultText(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return "taken"
	}
	kind, reason := faultKindOf(t, err)
	switch kind {
	case courier.Misconfigured:
		return "ours"
	case courier.Temporary:
		return "busy"
	case courier.Indeterminate:
		return "indeterminate"
	case courier.Unsupported:
		return "form"
	}
	return map[verify.Code]string{verify.ReasonInvalidRecipient: "invalid_recipient", verify.ReasonBlocked: "blocked", verify.ReasonMailboxFull: "full"}[reason]
}

func TestARefusalIsClassifiedByStepCodeAndText(t *testing.T) {
	content, err := os.ReadFile("testdata/refusals.txt")
	if err != nil {
		t.Fatal(err)
	}
	fill := strings.NewReplacer("{to}", "dana@contoso.com", "{from}", "verify@acme-it.com", `\n`, "\r\n")
	for number, line := range strings.Split(string(content), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(line, "|")
		if len(fields) != 3 {
			t.Fatalf("line %d has %d fields", number+1, len(fields))
		}
		step, reply, want := strings.TrimSpace(fields[0]), fill.Replace(strings.TrimSpace(fields[1])), strings.TrimSpace(fields[2])
		t.Run(fmt.Sprintf("line %d: %s %s", number+1, step, strings.TrimSpace(fields[1])), func(t *testing.T) {
			t.Parallel()
			srv := serve(t, script{starttls: true, auth: true, replies: map[string]string{step: reply}})
			_, err := newSender(t, srv, withAccount).Send(t.Context(), outgoing(nil))
			if got := resultText(t, err); got != want {
				t.Errorf("%s, want %s: %v", got, want, err)
			}
			if _, mails := srv.recorded(); want == "taken" && len(mails) != 1 {
				t.Errorf("%d messages arrived, want 1", len(mails))
			}
		})
	}
}

func TestNothingIsSentWithoutEncryption(t *testing.T) {
	t.Run("a server that does not offer it is refused", func(t *testing.T) {
		srv := serve(t, script{auth: true})
		_, err := newSender(t, srv, withAccount).Send(t.Context(), outgoing(nil))
		if k, _ := faultKindOf(t, err); k != courier.Misconfigured {
			t.Errorf("%v", err)
		}
		if commands, mails := srv.recorded(); len(mails) > 0 || slices.ContainsFunc(commands, func(l string) bool { return strings.HasPrefix(l, "AUTH") }) {
			t.Errorf("heard %q", commands)
		}
	})
	t.Run("a server with an untrusted certificate is refused", func(t *testing.T) {
		srv := serve(t, script{starttls: true})
		_, err := newSender(t, srv, func(c *smtp.Config) { c.Roots = nil }).Send(t.Context(), outgoing(nil))
		if k, _ := faultKindOf(t, err); k != courier.Misconfigured {
			t.Errorf("%v", err)
		}
		if _, mails := srv.recorded(); len(mails) > 0 {
			t.Error("a message went out")
		}
	})
	t.Run("a server that takes no sign-in of ours is refused", func(t *testing.T) {
		_, err := newSender(t, serve(t, script{starttls: true}), withAccount).Send(t.Context(), outgoing(nil))
		if k, _ := faultKindOf(t, err); k != courier.Misconfigured {
			t.Errorf("%v", err)
		}
	})
	t.Run("but to this very machine", func(t *testing.T) {
		srv := serve(t, script{auth: true})
		if _, err := newSender(t, srv, func(c *smtp.Config) {
			withAccount(c)
			c.Security = smtp.None
		}).Send(t.Context(), outgoing(nil)); err != nil {
			t.Error(err)
		}
	})
}

func TestThreat_22_ARecipientWithACommandIsRefusedBeforeTheSession(t *testing.T) {
	for name, change := range map[string]func(*courier.OutgoingMessage){
		"a second recipient in a quoted part": func(p *courier.OutgoingMessage) { p.To = `"dana@contoso.com> RCPT TO:<eve"@evil.example` },
		"a second address":                    func(p *courier.OutgoingMessage) { p.To = "dana@contoso.com,eve@evil.example" },
		"a line's end":                        func(p *courier.OutgoingMessage) { p.To = "dana@contoso.com\r\nRCPT TO:<eve@evil.example>" },
		"a name beside it":                    func(p *courier.OutgoingMessage) { p.To = "Dana <dana@contoso.com>" },
		"two at signs":                        func(p *courier.OutgoingMessage) { p.To = "dana@contoso.com@evil.example" },
		"a header in the subject":             func(p *courier.OutgoingMessage) { p.Mail.Subject = "hi\r\nBcc: eve@evil.example" },
		"a second sender":                     func(p *courier.OutgoingMessage) { p.Mail.FromAddress = "a@acme.example,b@acme.example" },
		"a header in the sender's address":    func(p *courier.OutgoingMessage) { p.Mail.FromAddress = "a@acme.example\r\nBcc: eve@evil.example" },
		"a header in the sender's name":       func(p *courier.OutgoingMessage) { p.Mail.FromName = "Acme\r\nBcc: eve@evil.example" },
	} {
		t.Run(name, func(t *testing.T) {
			srv := serve(t, script{starttls: true})
			if _, err := newSender(t, srv, nil).Send(t.Context(), outgoing(change)); err == nil {
				t.Error("it was sent")
			}
			if commands, _ := srv.recorded(); len(commands) > 0 {
				t.Errorf("the server heard %q", commands)
			}
		})
	}
}

func TestACancelledSendEnds(t *testing.T) {
	srv := serve(t, script{starttls: true})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := newSender(t, srv, nil).Send(ctx, outgoing(nil))
	if k, _ := faultKindOf(t, err); k != courier.Temporary {
		t.Errorf("%v", err)
	}
	if commands, _ := srv.recorded(); len(commands) > 0 {
		t.Errorf("heard %q", commands)
	}
}

func TestAnInvalidSettingIsRefused(t *testing.T) {
	good := smtp.Config{Host: "mail.example", From: "verify@acme-it.com", Now: now}
	if _, err := smtp.New(good); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*smtp.Config){
		"smtp: the host is missing or is more than a name or an address": func(c *smtp.Config) { c.Host = "mail.example:25" },
		"smtp: security is starttls, tls or none":                        func(c *smtp.Config) { c.Security = "ssl" },
		"smtp: a port lies between 1 and 65535":                          func(c *smtp.Config) { c.Port = 70000 },
		"smtp: the sender's address is missing or is none":               func(c *smtp.Config) { c.From = "Acme <verify@acme-it.com>" },
		"smtp: a user name and a password come together":                 func(c *smtp.Config) { c.Username = "verify" },
		"smtp: the name for EHLO is a fully qualified host name, such as pod.example, or an address in brackets, such as [192.0.2.1]": func(c *smtp.Config) { c.Hello = "localhost" },
		"smtp: the clock is missing": func(c *smtp.Config) { c.Now = nil },
	} {
		c := good
		change(&c)
		if _, err := smtp.New(c); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestACheckSignsInAndSendsNothing(t *testing.T) {
	srv := serve(t, script{starttls: true, auth: true})
	if err := newSender(t, srv, withAccount).Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	commands, mails := srv.recorded()
	if len(mails) > 0 || slices.ContainsFunc(commands, func(l string) bool { return strings.HasPrefix(l, "MAIL") }) {
		t.Errorf("heard %q", commands)
	}
	bad := serve(t, script{starttls: true, auth: true, replies: map[string]string{"AUTH": "535 5.7.8 no"}})
	if k, _ := faultKindOf(t, newSender(t, bad, withAccount).Check(t.Context())); k != courier.Misconfigured {
		t.Errorf("kind %d", k)
	}
}
