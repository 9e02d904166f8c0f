package cli

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/app/apptest"
)

// secretFile holds a secret for a flag.
func secretFile(t *testing.T, secret string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// must is what a command prints that has to work.
func (o *operator) must(args ...string) string {
	o.t.Helper()
	out, err := o.run(args...)
	if err != "" {
		o.t.Fatalf("%q: %s", args, err)
	}
	return out
}

// platform gives the operator's server carriers of its own, which let it in.
func (o *operator) platform() {
	o.t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"scopes":["mail.send"]}`)) }))
	o.t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"SENDGRID_KEY": "SG.x", "SENDGRID_FROM": "verify@acme.example", "SENDGRID_WEBHOOK_KEY": apptest.WebhookKey(o.t), "SENDGRID_HOST": server.URL,
		"VONAGE_KEY": "abcd1234", "VONAGE_SECRET": "a-secret", "VONAGE_FROM": "Acme", "VONAGE_SIGNATURE_SECRET": "a-long-enough-secret", "VONAGE_HOST": server.URL,
	} {
		o.env["SHIELDPOD_"+name] = value
	}
}

const twilioAccount = "AC0123456789abcdef0123456789abcdef"

func TestATenantsCarriersAreKeptInTheirOrderAndNoSecretIsShown(t *testing.T) {
	o := newOperator(t)
	o.must("tenant", "put", "acme", "--name", "Acme IT", "--origin", "https://psa.example")
	texts := secretFile(t, "the api secret of vonage")
	signature := secretFile(t, "a signature secret of theirs")
	token := secretFile(t, "the token of twilio")
	for _, command := range [][]string{
		{"twilio", "--tenant", "acme", "--account", twilioAccount, "--token-file", token, "--from", "+15105550100", "--priority", "2"},
		{"vonage", "--tenant", "acme", "--key", "12345678", "--secret-file", texts, "--signature-secret-file", signature, "--from", "AcmeIT"},
		{"smtp", "--tenant", "acme", "--host", "mail.acme.example", "--username", "verify", "--password-file", secretFile(t, "the password of smtp"), "--from", "verify@acme.example"},
	} {
		o.must(append(append([]string{"carrier"}, command...), "--no-check")...)
	}
	got := o.must("carrier", "list", "--tenant", "acme")
	if want := "e-mail 1  smtp\ntexts 1  vonage\ntexts 2  twilio\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := o.must("carrier", "remove", "--tenant", "acme", "smtp"); !strings.HasSuffix(got, "e-mail    no account of its own\n") {
		t.Errorf("after removal: %q", got)
	}
	if got := o.must("carrier", "list", "--tenant", "acme"); !strings.HasPrefix(got, "texts 1  vonage\n") || !strings.HasSuffix(got, "e-mail    no carrier is set up\n") {
		t.Errorf("without a carrier for e-mail: %q", got)
	}
	o.env["SHIELDPOD_SENDGRID_KEY"], o.env["SHIELDPOD_SENDGRID_FROM"] = "SG.x", "verify@acme.example"
	if got := o.must("carrier", "list", "--tenant", "acme"); !strings.HasSuffix(got, "e-mail    by the platform's sendgrid\n") {
		t.Errorf("with the platform's: %q", got)
	}
	content, err := os.ReadFile(filepath.Join(o.env["SHIELDPOD_DATA_DIR"], "shieldpod.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"the api secret of vonage", "a signature secret of theirs", "the token of twilio", "the password of smtp"} {
		if strings.Contains(string(content), secret) {
			t.Errorf("row 25: the database holds %q in clear", secret)
		}
	}
}

func TestAnAccountThatCantWorkIsRefusedBeforeItIsStored(t *testing.T) {
	o := newOperator(t)
	o.must("tenant", "put", "acme", "--name", "Acme IT", "--origin", "https://psa.example")
	good := secretFile(t, "a secret of sixteen or more")
	for _, c := range []struct {
		name    string
		command []string
		want    string
	}{
		{"a host without TLS", []string{"twilio", "--tenant", "acme", "--account", twilioAccount, "--token-file", good, "--from", "+1510", "--host", "http://api.twilio.example"}, "--host"},
		{"an account that is none", []string{"twilio", "--tenant", "acme", "--account", "AC1", "--token-file", good, "--from", "+1510"}, "an account's SID"},
		{"a key without its secret", []string{"twilio", "--tenant", "acme", "--account", twilioAccount, "--token-file", good, "--key", "SK1", "--from", "+1510"}, "come together"},
		{"a file without a secret", []string{"twilio", "--tenant", "acme", "--account", twilioAccount, "--token-file", secretFile(t, ""), "--from", "+1510"}, "can't be used: it is empty"},
		{"a webhook key that is none", []string{"sendgrid", "--tenant", "acme", "--key-file", good, "--webhook-key", "x", "--from", "verify@acme.example"}, "the webhook key is not base64"},
		{"a signature secret that can be guessed", []string{"vonage", "--tenant", "acme", "--key", "12345678", "--secret-file", good, "--signature-secret-file", secretFile(t, "short"), "--from", "AcmeIT"}, "shorter than 16 characters"},
		{"a sender that is two", []string{"smtp", "--tenant", "acme", "--host", "mail.acme.example", "--from", "a@acme.example,b@acme.example"}, "the sender's address"},
		{"a priority beyond all", []string{"smtp", "--tenant", "acme", "--host", "mail.acme.example", "--from", "a@acme.example", "--priority", "10"}, "--priority is 1 to 9"},
		{"a tenant that there is not", []string{"smtp", "--tenant", "nobody", "--host", "mail.acme.example", "--from", "a@acme.example"}, `there is no tenant "nobody"`},
		{"an account that is not there", []string{"remove", "--tenant", "acme", "twilio"}, "has no account of its own with twilio"},
	} {
		if _, err := o.run(append([]string{"carrier"}, c.command...)...); !strings.Contains(err, c.want) {
			t.Errorf("%s: said %q, want it to say %q", c.name, err, c.want)
		}
	}
	if got := o.must("carrier", "list", "--tenant", "acme"); strings.Contains(got, "1 ") {
		t.Errorf("something was stored: %q", got)
	}
}

func TestDoctorSignsInAtEachCarrier(t *testing.T) {
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		w.WriteHeader(status)
	}))
	defer server.Close()
	o := newOperator(t)
	o.must("tenant", "put", "acme", "--name", "Acme IT", "--origin", "https://psa.example")
	o.must("carrier", "twilio", "--tenant", "acme", "--account", twilioAccount, "--token-file", secretFile(t, "the token"), "--from", "+15105550100", "--host", server.URL)
	if got := o.must("carrier", "check", "--tenant", "acme"); got != "ok    acme: twilio lets us in\n" {
		t.Errorf("%q", got)
	}
	status = http.StatusUnauthorized
	for _, command := range [][]string{{"carrier", "check", "--tenant", "acme"}, {"doctor"}} {
		out, err := o.run(command...)
		if !strings.Contains(out, "FAIL  acme: twilio: HTTP 401: it refuses the account") || !strings.Contains(err, "failed: each line with FAIL above says what to do") {
			t.Errorf("%q said %q, error %q", command, out, err)
		}
	}
}

// An account whose carrier does not let us in is stored only with --no-check.
func TestAnAccountIsSignedInBeforeItIsStored(t *testing.T) {
	status := http.StatusUnauthorized
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	defer server.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := strconv.Itoa(closed.Addr().(*net.TCPAddr).Port)
	_ = closed.Close()
	o := newOperator(t)
	o.must("tenant", "put", "acme", "--name", "Acme IT", "--origin", "https://psa.example")
	texts := []string{"carrier", "twilio", "--tenant", "acme", "--account", twilioAccount, "--token-file", secretFile(t, "the token"), "--from", "+15105550100", "--host", server.URL}
	mails := []string{"carrier", "smtp", "--tenant", "acme", "--host", "127.0.0.1", "--port", port, "--security", "none", "--from", "verify@acme.example"}
	for _, command := range [][]string{texts, mails} {
		if _, said := o.run(command...); !strings.Contains(said, "nothing is stored, because "+command[1]+" does not let us in") {
			t.Errorf("%s: said %q", command[1], said)
		}
	}
	if got := o.must("carrier", "list", "--tenant", "acme"); strings.Contains(got, "1 ") {
		t.Errorf("something was stored: %q", got)
	}
	o.must(append(mails, "--no-check")...)
	status = http.StatusOK
	o.must(texts...)
	if got := o.must("carrier", "list", "--tenant", "acme"); got != "e-mail 1  smtp\ntexts 1  twilio\n" {
		t.Errorf("%q", got)
	}
}

func TestDoctorFailsWhereNoCarrierIsSetUp(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	o := newOperator(t)
	o.must("tenant", "put", "acme", "--name", "Acme IT", "--origin", "https://psa.example")
	const texts, mails = "FAIL  acme: no carrier for texts is set up, so none of its methods is offered: shieldpod carrier twilio|vonage --tenant acme --help", "FAIL  acme: no carrier for e-mail is set up"
	out, _ := o.run("doctor")
	if !strings.Contains(out, texts) || !strings.Contains(out, mails) {
		t.Errorf("said %q", out)
	}
	o.must("carrier", "twilio", "--tenant", "acme", "--account", twilioAccount, "--token-file", secretFile(t, "the token"), "--from", "+15105550100", "--host", server.URL)
	if out, _ = o.run("doctor"); strings.Contains(out, texts) || !strings.Contains(out, mails) {
		t.Errorf("with a text carrier: %q", out)
	}
}

func TestDoctorSignsInAtThePlatformsCarriersToo(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v3/scopes":
			_, _ = w.Write([]byte(`{"scopes":["mail.send"]}`))
		case "/account/get-balance":
			w.WriteHeader(http.StatusUnauthorized)
		default:
			t.Errorf("%s %s", r.Method, r.URL)
		}
	}))
	defer server.Close()
	o := newOperator(t)
	o.must("migrate")
	for name, value := range map[string]string{
		"SENDGRID_KEY": "SG.x", "SENDGRID_FROM": "verify@acme.example", "SENDGRID_WEBHOOK_KEY": apptest.WebhookKey(t), "SENDGRID_HOST": server.URL,
		"VONAGE_KEY": "abcd1234", "VONAGE_SECRET": "not-for-the-eyes", "VONAGE_FROM": "Acme", "VONAGE_SIGNATURE_SECRET": "a-long-enough-secret", "VONAGE_HOST": server.URL,
	} {
		o.env["SHIELDPOD_"+name] = value
	}
	out, err := o.run("doctor")
	if !strings.Contains(out, "ok    the platform: sendgrid lets us in\nFAIL  the platform: vonage: HTTP 401: it refuses the account") || err != "1 check failed: each line with FAIL above says what to do" || strings.Contains(out, "not-for-the-eyes") {
		t.Errorf("said %q, error %q", out, err)
	}
}

// An account with Microsoft 365 is signed in before it is stored, and a refusal says what to change.
func TestAnAccountWithMicrosoft365IsCheckedInPlainWords(t *testing.T) {
	type answer struct {
		status int
		body   string
	}
	granted := answer{http.StatusOK, `{"token_type":"Bearer","expires_in":3599,"access_token":"a-token"}`}
	noRecipient := answer{http.StatusBadRequest, `{"error":{"code":"ErrorInvalidRecipients"}}`}
	token, send := granted, noRecipient
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		is := send
		if strings.HasSuffix(r.URL.Path, "/oauth2/v2.0/token") {
			is = token
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(is.status)
		_, _ = w.Write([]byte(is.body))
	}))
	defer server.Close()
	o := newOperator(t)
	o.must("tenant", "put", "acme", "--name", "Acme IT", "--origin", "https://psa.example")
	put := func(credential string) []string {
		return []string{
			"carrier", "graph", "--tenant", "acme", "--directory", "acme.example", "--client", "0f0e0d0c-0b0a-4908-8706-050403020100",
			"--mailbox", "verify@acme.example", "--credential-file", secretFile(t, credential), "--host", server.URL,
		}
	}
	const secret = "the-client-secret-of-microsoft"
	for _, c := range []struct {
		name        string
		token, send answer
		credential  string
		want        string
	}{
		{"a secret that has expired", answer{401, `{"error":"invalid_client","error_codes":[7000222]}`}, noRecipient, secret, "nothing is stored, because graph does not let us in: graph: no access token: AADSTS7000222: the client secret has expired. Make a new one under Certificates & secrets"},
		{"a mailbox without the right", granted, answer{403, `{"error":{"code":"ErrorAccessDenied"}}`}, secret, "the application may not send from this mailbox. Let the application send from this mailbox: Application Mail.Send"},
		{"the secret's ID", granted, noRecipient, "0f0e0d0c-0b0a-4908-8706-050403020101", "this is the ID of a client secret"},
		{"a certificate without a key", granted, noRecipient, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "the certificate and its private key"},
		{"a certificate that was cut off", granted, noRecipient, "-----BEGIN CERTIFICATE-----\nAAAA", "has no END line"},
		{"two lines", granted, noRecipient, "a\nb", "more than one line"},
	} {
		token, send = c.token, c.send
		if _, said := o.run(put(c.credential)...); !strings.Contains(said, c.want) {
			t.Errorf("%s: said %q, want %q", c.name, said, c.want)
		}
	}
	if got := o.must("carrier", "list", "--tenant", "acme"); strings.Contains(got, "1 ") {
		t.Errorf("something was stored: %q", got)
	}
	token, send = granted, noRecipient
	o.must(put(secret)...)
	if got := o.must("carrier", "check", "--tenant", "acme"); got != "ok    acme: graph lets us in\n" {
		t.Errorf("%q", got)
	}
	send = answer{404, `{"error":{"code":"MailboxNotEnabledForRESTAPI"}}`}
	out, _ := o.run("carrier", "check", "--tenant", "acme")
	if !strings.HasPrefix(out, "FAIL  acme: graph: HTTP 404, MailboxNotEnabledForRESTAPI: ") || strings.Contains(out, "Correct the key") || !strings.Contains(out, "Use a mailbox in Exchange Online") {
		t.Errorf("%q", out)
	}
}

// A mail server that is signed in to by access tokens says what failed at the host that gives them.
func TestASignInByAccessTokenIsCheckedInPlainWords(t *testing.T) {
	var refusal string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(refusal))
	}))
	defer server.Close()
	o := newOperator(t)
	o.must("tenant", "put", "acme", "--name", "Acme IT", "--origin", "https://psa.example")
	put := func(credential string, more ...string) []string {
		return append([]string{
			"carrier", "smtp", "--tenant", "acme", "--host", "smtp.example", "--from", "verify@acme.example", "--token-host", server.URL,
			"--credential-file", secretFile(t, credential),
		}, more...)
	}
	byMicrosoft := []string{"--sign-in", "microsoft", "--directory", "acme.example", "--client", "0f0e0d0c-0b0a-4908-8706-050403020100"}
	byGoogle := []string{"--sign-in", "google"}
	const secret = "the-client-secret-of-microsoft"
	key := googleKey(t)
	for _, c := range []struct {
		name, refusal string
		command       []string
		want          string
	}{
		{"Microsoft: a wrong secret", `{"error":"invalid_client","error_codes":[7000215]}`, put(secret, byMicrosoft...), "nothing is stored, because smtp does not let us in: smtp: no access token: AADSTS7000215: the client secret is wrong. Give the secret's Value"},
		{"Google: no delegation", `{"error":"unauthorized_client"}`, put(key, byGoogle...), "smtp: no access token: unauthorized_client: the service account may not act for this domain's mailboxes. In the Admin console"},
		{"Google: a client secret in place of a key", "", put(secret, byGoogle...), "must be the key of a service account (JSON)"},
		{"Microsoft: no application", "", put(secret, "--sign-in", "microsoft"), "the directory is missing"},
		{"a credential for a sign-in by password", "", put(secret), "a credential needs the sign-in microsoft or google"},
		{"a password beside a credential", "", put(secret, append(byMicrosoft, "--password-file", secretFile(t, "a password"))...), "no password"},
	} {
		refusal = c.refusal
		if _, said := o.run(c.command...); !strings.Contains(said, c.want) || strings.Contains(said, secret) {
			t.Errorf("%s: said %q, want %q", c.name, said, c.want)
		}
	}
	if got := o.must("carrier", "list", "--tenant", "acme"); strings.Contains(got, "1 ") {
		t.Errorf("something was stored: %q", got)
	}
	o.must(append(put(key, byGoogle...), "--no-check")...)
	refusal = `{"error":"disabled_client"}`
	if out, _ := o.run("carrier", "check", "--tenant", "acme"); !strings.HasPrefix(out, "FAIL  acme: smtp: no access token: disabled_client: the service account is disabled. Enable it in Google Cloud's console") {
		t.Errorf("%q", out)
	}
}

// googleKey returns the key of a service account.
func googleKey(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(map[string]string{
		"type": "service_account", "client_email": "shieldpod@project.iam.gserviceaccount.com",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})),
	}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
