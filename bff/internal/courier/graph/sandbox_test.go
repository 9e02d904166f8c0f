package graph_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/courier/graph"
	"github.com/shieldpod/shieldpod/bff/internal/sandbox/carriers"
)

// newSandbox returns the stand-in for Microsoft, and the certificate with its key that it accepts.
func newSandbox(t *testing.T) (server *httptest.Server, certificate string) {
	t.Helper()
	hookKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: now(), NotAfter: now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	s, err := carriers.New(carriers.Config{
		SendGridHookKey: hookKey, Now: now,
		Microsoft: &carriers.Microsoft{Directory: directory, Client: client, Secret: secret, Certificate: parsed, Mailbox: mailbox},
	})
	if err != nil {
		t.Fatal(err)
	}
	server = httptest.NewServer(s)
	t.Cleanup(func() {
		server.Close()
		s.Close()
	})
	return server, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})) + string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
}

func inbox(t *testing.T, server *httptest.Server) []carriers.Message {
	t.Helper()
	response, err := http.Get(server.URL + "/api/messages")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var messages []carriers.Message
	if err := json.NewDecoder(response.Body).Decode(&messages); err != nil {
		t.Fatal(err)
	}
	return messages
}

func setMode(t *testing.T, server *httptest.Server, mode string) {
	t.Helper()
	response, err := http.Post(server.URL+"/api/faults", "application/json", strings.NewReader(`{"target":"graph","mode":"`+mode+`","times":1}`))
	if err != nil {
		t.Fatal(err)
	}
	if _ = response.Body.Close(); response.StatusCode != http.StatusOK {
		t.Fatalf("mode %s: HTTP %d", mode, response.StatusCode)
	}
}

func TestAMailArrivesBySecretAndByCertificate(t *testing.T) {
	server, certificate := newSandbox(t)
	m := &microsoft{Server: server}
	for name, credential := range map[string]string{"by secret": secret, "by certificate": certificate} {
		s := m.sender(t, func(c *graph.Config) { c.Credential = credential })
		if err := s.Check(t.Context()); err != nil {
			t.Errorf("%s: the check fails: %v", name, err)
		}
		if _, err := s.Send(t.Context(), outgoing(nil)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	got := inbox(t, server)
	if len(got) != 2 {
		t.Fatalf("%d messages, want 2: a check sends none, and no copy is kept", len(got))
	}
	if m := got[0]; m.To != "dana@contoso.com" || m.From != "Ácme IT <verify@acme-it.com>" || m.Subject != "Is it you?" || m.Text != "open the secret-token" || m.HTML != "<p>open the secret-token</p>" {
		t.Errorf("%+v", m)
	}
	s := m.sender(t, func(c *graph.Config) { c.SaveToSentItems = true })
	if _, err := s.Send(t.Context(), outgoing(nil)); err != nil {
		t.Fatal(err)
	}
	if got := inbox(t, server); len(got) != 4 || got[0].To != mailbox {
		t.Errorf("%d messages: the copy is missing", len(got))
	}
}

func TestEachFaultOfMicrosoftIsReported(t *testing.T) {
	const later, setup = courier.Temporary, courier.Misconfigured
	for mode, want := range map[string]struct {
		kind     courier.FaultKind
		says     string
		messages int
	}{
		"429":                 {later, "graph: HTTP 429, ApplicationThrottled", 0},
		"throttled":           {later, "graph: HTTP 429, ApplicationThrottled", 0},
		"5xx":                 {later, "graph: HTTP 500, ErrorInternalServerError", 0},
		"down":                {later, "graph: HTTP 503", 0},
		"cut":                 {courier.Indeterminate, "graph: asked, no answer", 1},
		"refuse":              {courier.Rejected, "graph: HTTP 400, ErrorInvalidRecipients", 0},
		"access_denied":       {setup, "graph: HTTP 403, ErrorAccessDenied: the application may not send from this mailbox. ", 0},
		"send_as_denied":      {setup, "graph: HTTP 403, ErrorSendAsDenied: the mailbox may not send with this sender's address. ", 0},
		"mailbox_not_enabled": {setup, "graph: HTTP 404, MailboxNotEnabledForRESTAPI: ", 0},
		"secret_expired":      {setup, "graph: no access token: AADSTS7000222: the client secret has expired. ", 0},
		"policy_block":        {setup, "graph: no access token: AADSTS53003: ", 0},
		"token_down":          {later, "graph: no access token: HTTP 503", 0},
	} {
		t.Run(mode, func(t *testing.T) {
			server, _ := newSandbox(t)
			setMode(t, server, mode)
			_, err := (&microsoft{Server: server}).sender(t, nil).Send(t.Context(), outgoing(nil))
			f := faultOf(t, err)
			if f.Kind != want.kind || !strings.HasPrefix(f.Error(), want.says) {
				t.Errorf("kind %d, %q; want %d and %q", f.Kind, f, want.kind, want.says)
			}
			if n := len(inbox(t, server)); n != want.messages {
				t.Errorf("%d messages arrived, want %d", n, want.messages)
			}
		})
	}
}

func TestATokenThatEndsEarlyDelaysNoMail(t *testing.T) {
	server, _ := newSandbox(t)
	s := (&microsoft{Server: server}).sender(t, nil)
	for range 2 {
		if _, err := s.Send(t.Context(), outgoing(nil)); err != nil {
			t.Fatal(err)
		}
		setMode(t, server, "token_expired")
	}
	if n := len(inbox(t, server)); n != 2 {
		t.Errorf("%d messages arrived, want 2", n)
	}
}

func TestAnAccountThatMicrosoftRefusesSaysWhatToChange(t *testing.T) {
	server, _ := newSandbox(t)
	_, stranger := newSandbox(t)
	for _, c := range []struct {
		name   string
		change func(*graph.Config)
		want   string
	}{
		{"another secret", func(c *graph.Config) { c.Credential = "wrong" }, "AADSTS7000215: the client secret is wrong. Give the secret's Value"},
		{"another certificate", func(c *graph.Config) { c.Credential = stranger }, "AADSTS700027: the certificate is not registered"},
		{"another application", func(c *graph.Config) { c.Microsoft.Client = directory }, "AADSTS700016: this directory has no such application"},
		{"another directory", func(c *graph.Config) { c.Microsoft.Directory = "contoso.com" }, "AADSTS90002: there is no such directory"},
		{"another mailbox", func(c *graph.Config) { c.Mailbox = "boss@acme-it.com" }, "ErrorAccessDenied: the application may not send from this mailbox. Let the application"},
	} {
		err := (&microsoft{Server: server}).sender(t, c.change).Check(t.Context())
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}
