package smtp_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/courier/couriertest"
	"github.com/shieldpod/shieldpod/bff/internal/courier/oauth"
	"github.com/shieldpod/shieldpod/bff/internal/courier/smtp"
	"github.com/shieldpod/shieldpod/bff/internal/sandbox/carriers"
)

var microsoft = carriers.Microsoft{
	Directory: "11111111-2222-4333-8444-555555555555", Client: "0f0e0d0c-0b0a-4908-8706-050403020100", Secret: password, Mailbox: "verify@acme-it.com",
}

const offersTokens = "250-mail.example\r\n250-STARTTLS\r\n250-AUTH LOGIN XOAUTH2\r\n250 HELP"

// withTokens signs in by tokens that are numbered from 1.
func withTokens(t *testing.T, signIn smtp.SignIn) func(*smtp.Config) {
	t.Helper()
	issued := 0
	authority := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		issued++
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"token_type":"Bearer","expires_in":3599,"access_token":"token-%d"}`, issued)
	}))
	t.Cleanup(authority.Close)
	tokens, err := oauth.NewMicrosoft("smtp", oauth.Microsoft{Directory: microsoft.Directory, Client: microsoft.Client}, password, "https://outlook.office365.com", authority.URL, now)
	if err != nil {
		t.Fatal(err)
	}
	return func(c *smtp.Config) { c.SignIn, c.Username, c.Tokens = signIn, microsoft.Mailbox, tokens }
}

// authLine is the command that signs in by a token.
func authLine(token string) string {
	return "AUTH XOAUTH2 " + base64.StdEncoding.EncodeToString([]byte("user=verify@acme-it.com\x01auth=Bearer "+token+"\x01\x01"))
}

func authLines(srv *server) []string {
	commands, _ := srv.recorded()
	return slices.DeleteFunc(commands, func(line string) bool { return !strings.HasPrefix(line, "AUTH") && line != "" })
}

func TestATokenIsSentAsXOAUTH2AndKept(t *testing.T) {
	srv := serve(t, script{starttls: true, replies: map[string]string{"EHLO": offersTokens}})
	s := newSender(t, srv, withTokens(t, smtp.ByMicrosoft))
	for range 2 {
		if _, err := s.Send(t.Context(), outgoing(nil)); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{authLine("token-1"), authLine("token-1")}, authLines(srv)); diff != "" {
		t.Error(diff)
	}
	if _, mails := srv.recorded(); len(mails) != 2 {
		t.Errorf("%d messages arrived", len(mails))
	}
}

// Public reports are the source of the replies.
func TestARefusedSignInByTokenSaysWhatToChange(t *testing.T) {
	const setup, later = courier.Misconfigured, courier.Temporary
	for _, c := range []struct {
		name, offers, reply string
		signIn              smtp.SignIn
		kind                courier.FaultKind
		next                string // empty: none
	}{
		{"Exchange: no right", "", "535 5.7.3 Authentication unsuccessful [AM0PR06CA0126.eurprd06.prod.outlook.com 2024-02-14T14:50:26.590Z 08DC2D372B4C3DED]", smtp.ByMicrosoft, setup, "SMTP.SendAsApp"},
		{"Exchange: SMTP is off for the organisation", "", "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information.", smtp.ByMicrosoft, setup, "Set-CASMailbox"},
		{"Exchange: SMTP is off for the mailbox", "", "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.", smtp.ByMicrosoft, setup, "Set-CASMailbox"},
		{"Gmail: another mailbox, or no scope", "", "535 5.7.8 Username and Password not accepted. For more information, go to 535 5.7.8 https://support.google.com/mail/?p=BadCredentials - gsmtp", smtp.ByGoogle, setup, "primary address"},
		{"Exchange is busy", "", "454 4.7.0 Temporary authentication failure", smtp.ByMicrosoft, later, ""},
		{"Gmail: too many sign-ins", "", "454 4.7.0 Too many login attempts, please try again later. - gsmtp", smtp.ByGoogle, later, ""},
		{"a server without XOAUTH2", "250-mail.example\r\n250-STARTTLS\r\n250-AUTH LOGIN PLAIN\r\n250 HELP", "", smtp.ByMicrosoft, setup, "offers no XOAUTH2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			replies := map[string]string{"EHLO": offersTokens, "AUTH": c.reply}
			if c.offers != "" {
				replies["EHLO"] = c.offers
			}
			s := newSender(t, serve(t, script{starttls: true, replies: replies}), withTokens(t, c.signIn))
			err := s.Check(t.Context())
			var f *courier.Fault
			if !errors.As(err, &f) || f.Kind != c.kind || !strings.Contains(f.NextStep, c.next) || c.next == "" && f.NextStep != "" {
				t.Fatalf("%+v, want kind %d and a next step with %q", err, c.kind, c.next)
			}
			if strings.Contains(f.Error(), "token-1") || strings.Contains(f.Error(), "outlook.com ") {
				t.Errorf("the fault repeats too much: %v", f)
			}
		})
	}
}

func TestAPasswordThatTheServerNoLongerTakesLeadsToTokens(t *testing.T) {
	for reply, next := range map[string]string{
		"535 5.7.139 Authentication unsuccessful, basic authentication is disabled. [BY3PR05CA0001]": "--sign-in microsoft",
		"534 5.7.9 Application-specific password required. - gsmtp":                                  "--sign-in google",
		"535 5.7.8 Error: authentication failed":                                                     "",
	} {
		s := newSender(t, serve(t, script{starttls: true, auth: true, replies: map[string]string{"AUTH": reply}}), withAccount)
		var f *courier.Fault
		if err := s.Check(t.Context()); !errors.As(err, &f) || !strings.Contains(f.NextStep, next) || next == "" && f.NextStep != "" {
			t.Errorf("%s: %v, next step %q", reply, err, f.NextStep)
		}
	}
}

func TestARefusedTokenIsReplacedOnceAndThenReported(t *testing.T) {
	const refusal = "535 5.7.3 Authentication unsuccessful"
	challenge := "334 " + base64.StdEncoding.EncodeToString([]byte(`{"status":"401"}`))
	srv := serve(t, script{starttls: true, replies: map[string]string{"EHLO": offersTokens}})
	s := newSender(t, srv, withTokens(t, smtp.ByMicrosoft))
	if err := s.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	srv.setReply(authLine("token-1"), challenge)
	srv.setReply("", refusal) // to the empty line that answers the challenge
	if err := s.Check(t.Context()); err != nil {
		t.Fatalf("the new token is not used: %v", err)
	}
	srv.setReply(authLine("token-2"), refusal)
	srv.setReply(authLine("token-3"), refusal)
	f := couriertest.Fault(t, s.Check(t.Context()), "token-1", "token-2", "token-3")
	if f.Kind != courier.Misconfigured || !strings.HasPrefix(f.Error(), "smtp: AUTH: 535 5.7.3: it wants another sign-in. Grant the application SMTP.SendAsApp") {
		t.Errorf("two refusals: kind %v, %v", f.Kind, f)
	}
	want := []string{authLine("token-1"), authLine("token-1"), "", authLine("token-2"), authLine("token-2"), authLine("token-3")}
	if diff := cmp.Diff(want, authLines(srv)); diff != "" {
		t.Error(diff)
	}
}

func TestSignInsThatCantWorkAreRefused(t *testing.T) {
	with := withTokens(t, smtp.ByMicrosoft)
	for _, c := range []struct {
		name   string
		change func(*smtp.Config)
		want   string
	}{
		{"a token and a password", func(c *smtp.Config) { with(c); c.Password = password }, "no password"},
		{"a token without a user", func(c *smtp.Config) { with(c); c.Username = "" }, "has a user name"},
		{"a sign-in without tokens", func(c *smtp.Config) { c.SignIn, c.Username = smtp.ByGoogle, "a" }, "has a user name"},
		{"tokens without a sign-in", func(c *smtp.Config) { with(c); c.SignIn, c.Password = "", password }, "by password has no access token"},
		{"an unknown sign-in", func(c *smtp.Config) { c.SignIn = "kerberos" }, "the sign-in is password, microsoft or google"},
	} {
		config := smtp.Config{Host: "mail.example", From: "verify@acme-it.com", Now: now}
		c.change(&config)
		if _, err := smtp.New(config); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// standIn is the stand-in for Microsoft, Google and their mail servers.
type standIn struct {
	url       string
	mail      *net.TCPAddr
	googleKey string
}

func newStandIn(t *testing.T) *standIn {
	t.Helper()
	hookKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	const account = "shieldpod@project.iam.gserviceaccount.com"
	text, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": account, "private_key_id": "1", "private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})),
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := carriers.New(carriers.Config{
		SendGridHookKey: hookKey, Now: now, Microsoft: &microsoft, Google: &carriers.Google{Account: account, Key: &key.PublicKey, Mailbox: microsoft.Mailbox},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.ServeSMTP(l) }()
	t.Cleanup(func() {
		_ = l.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
		server.Close()
		s.Close()
	})
	return &standIn{server.URL, l.Addr().(*net.TCPAddr), string(text)}
}

// open returns the carrier of a stored account.
func (s *standIn) open(t *testing.T, signIn smtp.SignIn, change func(*smtp.Settings, *smtp.Secret)) (courier.Carrier, error) {
	t.Helper()
	settings := smtp.Settings{
		Host: s.mail.IP.String(), Port: s.mail.Port, Security: smtp.None, From: microsoft.Mailbox, SignIn: signIn, TokenHost: s.url,
	}
	secret := smtp.Secret{Credential: s.googleKey}
	if signIn == smtp.ByMicrosoft {
		settings.Microsoft = oauth.Microsoft{Directory: microsoft.Directory, Client: microsoft.Client}
		secret.Credential = microsoft.Secret
	}
	if change != nil {
		change(&settings, &secret)
	}
	account, err := smtp.Plugin.NewAccount("acme", 1, settings, secret)
	if err != nil {
		t.Fatal(err)
	}
	return smtp.Plugin.Open(account, courier.Server{PublicURL: "https://pod.example", Now: now})
}

func (s *standIn) setMode(t *testing.T, target, mode string) {
	t.Helper()
	response, err := http.Post(s.url+"/api/faults", "application/json", strings.NewReader(fmt.Sprintf(`{"target":%q,"mode":%q,"times":1}`, target, mode)))
	if err != nil {
		t.Fatal(err)
	}
	if _ = response.Body.Close(); response.StatusCode != http.StatusOK {
		t.Fatalf("%s, %s: HTTP %d", target, mode, response.StatusCode)
	}
}

func (s *standIn) messages(t *testing.T) (list []carriers.Message) {
	t.Helper()
	response, err := http.Get(s.url + "/api/messages")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(response.Body).Decode(&list); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestAMailArrivesByTokensOfMicrosoftAndGoogle(t *testing.T) {
	for _, signIn := range []smtp.SignIn{smtp.ByMicrosoft, smtp.ByGoogle} {
		t.Run(string(signIn), func(t *testing.T) {
			s := newStandIn(t)
			carrier, err := s.open(t, signIn, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := carrier.Check(t.Context()); err != nil {
				t.Errorf("the check fails: %v", err)
			}
			for range 2 { // the second one after the token has ended early
				if _, err := carrier.Send(t.Context(), outgoing(nil)); err != nil {
					t.Fatal(err)
				}
				s.setMode(t, "smtp", "token_expired")
			}
			got := s.messages(t)
			if len(got) != 2 || got[0].To != "dana@contoso.com" || got[0].Text != "open the secret-token" {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestAFaultOfTheSignInByTokenIsReported(t *testing.T) {
	wrong := func(_ *smtp.Settings, secret *smtp.Secret) { secret.Credential = "wrong" }
	stranger := func(settings *smtp.Settings, _ *smtp.Secret) { settings.Username = "boss@acme-it.com" }
	for _, c := range []struct {
		name         string
		signIn       smtp.SignIn
		change       func(*smtp.Settings, *smtp.Secret)
		target, mode string
		kind         courier.FaultKind
		says         string
	}{
		{"the secret has expired", smtp.ByMicrosoft, nil, "graph", "secret_expired", courier.Misconfigured, "smtp: no access token: AADSTS7000222: the client secret has expired. Make a new one"},
		{"the secret is wrong", smtp.ByMicrosoft, wrong, "", "", courier.Misconfigured, "smtp: no access token: AADSTS7000215"},
		{"the token's host is down", smtp.ByMicrosoft, nil, "graph", "token_down", courier.Temporary, "smtp: no access token: HTTP 503"},
		{"SMTP is off", smtp.ByMicrosoft, nil, "smtp", "smtp_disabled", courier.Misconfigured, "smtp: AUTH: 535 5.7.139"},
		{"another mailbox", smtp.ByMicrosoft, stranger, "", "", courier.Misconfigured, "smtp: AUTH: 535 5.7.3"},
		{"no delegation", smtp.ByGoogle, nil, "google", "delegation_missing", courier.Misconfigured, "smtp: no access token: unauthorized_client: the service account may not act"},
		{"Google is down", smtp.ByGoogle, nil, "google", "token_down", courier.Temporary, "smtp: no access token: HTTP 503"},
		{"no such mailbox", smtp.ByGoogle, stranger, "", "", courier.Misconfigured, "smtp: no access token: invalid_grant: there is no such mailbox"},
		{"the message's answer is lost", smtp.ByGoogle, nil, "smtp", "cut", courier.Indeterminate, "smtp: end of message"},
		{"the mailbox is full", smtp.ByMicrosoft, nil, "smtp", "mailbox_full", courier.Rejected, "smtp: RCPT: 552 5.2.2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStandIn(t)
			carrier, err := s.open(t, c.signIn, c.change)
			if err != nil {
				t.Fatal(err)
			}
			if c.target != "" {
				s.setMode(t, c.target, c.mode)
			}
			_, err = carrier.Send(t.Context(), outgoing(nil))
			kind, _ := faultKindOf(t, err)
			if kind != c.kind || !strings.HasPrefix(err.Error(), c.says) {
				t.Errorf("kind %d, %q; want %d and %q", kind, err, c.kind, c.says)
			}
		})
	}
}

func TestAnAccountWithTwoWaysToSignInIsRefused(t *testing.T) {
	s := newStandIn(t)
	for want, change := range map[string]func(*smtp.Settings, *smtp.Secret){
		"smtp: a credential needs the sign-in microsoft or google": func(settings *smtp.Settings, _ *smtp.Secret) {
			settings.SignIn = ""
		},
		"smtp: a sign-in by access token has a user name and no password": func(_ *smtp.Settings, secret *smtp.Secret) {
			secret.Password = password
		},
		"smtp: the sign-in is password, microsoft or google": func(settings *smtp.Settings, secret *smtp.Secret) {
			settings.SignIn, secret.Credential = "x", ""
		},
	} {
		if _, err := s.open(t, smtp.ByMicrosoft, change); err == nil || err.Error() != want {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
