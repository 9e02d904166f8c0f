package sendgrid_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/courier/couriertest"
	"github.com/shieldpod/shieldpod/bff/internal/courier/sendgrid"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

var now = time.Date(2026, 3, 4, 14, 0, 0, 0, time.UTC)

type webhookHarness struct {
	*couriertest.Hooks
	key *ecdsa.PrivateKey
}

func newWebhook(t *testing.T) *webhookHarness {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	settings := sendgrid.Settings{WebhookKey: keyText(t, &key.PublicKey)}
	return &webhookHarness{couriertest.NewHooks(t, sendgrid.Plugin, settings, sendgrid.Secret{}, "", func() time.Time { return now }), key}
}

// keyText returns a public key as SendGrid shows it.
func keyText(t *testing.T, public any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

// request is a webhook request of SendGrid with the changes of a test.
type request struct {
	tenant   string
	stamp    string
	signed   string // the signed text, if not the body
	body     string
	key      *ecdsa.PrivateKey
	strip    bool
	flip     bool
	platform bool // to the account shared by several tenants
}

func (h *webhookHarness) post(t *testing.T, r request) int {
	t.Helper()
	if r.tenant == "" {
		r.tenant = "acme"
	}
	if r.stamp == "" {
		r.stamp = strconv.FormatInt(now.Unix(), 10)
	}
	if r.signed == "" {
		r.signed = r.stamp + r.body
	}
	if r.key == nil {
		r.key = h.key
	}
	sum := sha256.Sum256([]byte(r.signed))
	signature, err := ecdsa.SignASN1(rand.Reader, r.key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	if r.flip {
		signature[len(signature)-1] ^= 1
	}
	path := "/hooks/sendgrid/" + r.tenant
	if r.platform {
		path = "/hooks/sendgrid"
	}
	req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(r.body))
	if !r.strip {
		req.Header.Set("X-Twilio-Email-Event-Webhook-Signature", base64.StdEncoding.EncodeToString(signature))
	}
	req.Header.Set("X-Twilio-Email-Event-Webhook-Timestamp", r.stamp)
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, req)
	return recorder.Code
}

func TestABatchOfEventsBecomesReports(t *testing.T) {
	h := newWebhook(t)
	body := `[{"event":"processed","shieldpod_job":"v_1","email":"dana@contoso.com","sg_event_id":"a"},
{"event":"deferred","shieldpod_job":"v_2","response":"451 try later"},
{"event":"delivered","shieldpod_job":"v_1"},
{"event":"bounce","type":"bounce","shieldpod_job":"v_3","reason":"550 unknown"},
{"event":"bounce","type":"blocked","shieldpod_job":"v_4"},
{"event":"bounce","type":"bounce","status":"5.2.2","shieldpod_job":"v_10"},
{"event":"bounce","type":"bounce","status":"5.7.26","reason":"550 5.7.26 This mail has been blocked because the sender is unauthenticated.","shieldpod_job":"v_11"},
{"event":"bounce","type":"bounce","status":"5.0.0","reason":"550 5.1.1 user unknown","shieldpod_job":"v_12"},
{"event":"bounce","type":"bounce","status":"5.0.0","reason":"553 Sender address rejected","shieldpod_job":"v_13"},
{"event":"bounce","type":"blocked","status":"4.2.2","reason":"452 4.2.2 over quota","shieldpod_job":"v_14"},
{"event":"blocked","shieldpod_job":"v_5"},
{"event":"dropped","reason":"Bounced Address","shieldpod_job":"v_6"},
{"event":"dropped","reason":"Spam Reporting Address","shieldpod_job":"v_7"},
{"event":"dropped","reason":"Recipient List over Package Quota","shieldpod_job":"v_8"},
{"event":"dropped","reason":"something new","shieldpod_job":"v_9"},
{"event":"delivered"},
{"event":"delivered","shieldpod_job":"of another sender"},
{"event":"unheard of","shieldpod_job":"v_1"}]` + "\r\n"
	if code := h.post(t, request{body: body}); code != http.StatusNoContent {
		t.Fatalf("HTTP %d, want 204", code)
	}
	want := []string{
		"v_1 sent sendgrid", "v_2 sent sendgrid", "v_1 delivered ", "v_3 failed invalid_recipient", "v_4 failed blocked", "v_10 failed mailbox_full",
		"v_11 failed carrier_misconfigured", "v_12 failed invalid_recipient", "v_13 failed carrier_misconfigured", "v_14 failed mailbox_full", "v_5 failed blocked",
		"v_6 failed invalid_recipient", "v_7 failed blocked", "v_8 failed carrier_misconfigured", "v_9 failed undelivered",
	}
	if diff := cmp.Diff(want, h.Received); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(h.Log.String(), "of no message of this tenant\" events=1") || strings.Contains(h.Log.String(), "contoso") {
		t.Errorf("log: %s", h.Log.String())
	}
}

func TestEventsOfASharedAccountBelongToTheirTenants(t *testing.T) {
	h := newWebhook(t)
	body := `[{"event":"delivered","shieldpod_job":"v_1","shieldpod_tenant":"acme"},{"event":"delivered","shieldpod_job":"v_2","shieldpod_tenant":"globex"},
{"event":"delivered","shieldpod_job":"v_3"},{"event":"bounce","shieldpod_job":"v_4","shieldpod_tenant":"acme"}]`
	if code := h.post(t, request{body: body, platform: true}); code != http.StatusNoContent {
		t.Errorf("HTTP %d, want 204", code)
	}
	if diff := cmp.Diff([]string{"v_1 delivered ", "v_4 failed invalid_recipient"}, h.Received); diff != "" {
		t.Error(diff)
	}
	if log := h.Log.String(); !strings.Contains(log, "of no message of this tenant\" events=1 tenant=globex") {
		t.Errorf("log: %s", log)
	}
	h = newWebhook(t)
	body = `[{"event":"delivered","shieldpod_job":"v_1","shieldpod_tenant":"acme"}]`
	if code := h.post(t, request{body: body, tenant: "globex"}); code != http.StatusNoContent || len(h.Received) > 0 {
		t.Errorf("row 20: an account of one tenant told of another's message: HTTP %d, %q", code, h.Received)
	}
}

// Row 20: only requests that SendGrid signed recently are accepted.
func TestThreat_20_AForgedOrStaleWebhookChangesNothing(t *testing.T) {
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	const body = `[{"event":"delivered","shieldpod_job":"v_1","email":"dana@contoso.com"}]`
	stamp := strconv.FormatInt(now.Unix(), 10)
	at := func(d time.Duration) string { return strconv.FormatInt(now.Add(d).Unix(), 10) }
	for _, c := range []struct {
		name string
		request
		want int
	}{
		{"signed by another key", request{body: body, key: stranger}, 403},
		{"without a signature", request{body: body, strip: true}, 403},
		{"one bit of the signature flipped", request{body: body, flip: true}, 403},
		{"one letter of the body changed", request{body: strings.Replace(body, "v_1", "v_2", 1), signed: stamp + body}, 403},
		{"another timestamp than was signed", request{body: body, stamp: at(time.Second), signed: stamp + body}, 403},
		{"final line break lost", request{body: body, signed: stamp + body + "\r\n"}, 403},
		{"a digit moved from the timestamp to the body", request{body: "0" + body, stamp: stamp[:9], signed: stamp + body}, 403},
		{"a timestamp of nine digits", request{body: body, stamp: "999999999"}, 403},
		{"a timestamp with a sign", request{body: body, stamp: "+" + stamp[1:]}, 403},
		{"no list", request{body: `{"event":"delivered","shieldpod_job":"v_1"}`}, 403},
		{"eleven minutes old", request{body: body, stamp: at(-11 * time.Minute)}, 403},
		{"two minutes ahead", request{body: body, stamp: at(2 * time.Minute)}, 403},
		{"signed, but cut short", request{body: `[{"event":`}, 400},
		{"larger than a mebibyte", request{body: "[" + strings.Repeat(" ", 1<<20) + "]"}, 413},
		{"of another tenant", request{body: body, tenant: "globex"}, 204},
		{"of a tenant that does not send by SendGrid", request{body: body, tenant: "stranger"}, 403},
		{"while the account can't be read", request{body: body, tenant: "broken"}, 503},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newWebhook(t)
			if code := h.post(t, c.request); code != c.want {
				t.Errorf("HTTP %d, want %d", code, c.want)
			}
			if len(h.Received) > 0 {
				t.Errorf("it was accepted: %q", h.Received)
			}
			if log := h.Log.String(); log == "" || strings.Contains(log, "contoso") {
				t.Errorf("want it logged, without the address: %q", log)
			}
		})
	}
	h := newWebhook(t)
	if code := h.post(t, request{body: body, stamp: at(-9 * time.Minute)}); code != 204 || len(h.Received) != 1 {
		t.Errorf("nine minutes old and genuine: HTTP %d, %q", code, h.Received)
	}
}

// Row 21: opens and clicks, of a reader or a scanner, are no reports.
func TestThreat_21_OpensAndClicksAreNotReports(t *testing.T) {
	h := newWebhook(t)
	for _, kind := range []string{"open", "click", "unsubscribe", "spamreport", "group_unsubscribe", "verified", "opened"} {
		if code := h.post(t, request{body: `[{"event":"` + kind + `","shieldpod_job":"v_1","url":"https://x"}]`}); code != http.StatusNoContent {
			t.Errorf("%s: HTTP %d, want 204", kind, code)
		}
	}
	if len(h.Received) > 0 {
		t.Errorf("they were reported: %q", h.Received)
	}
}

func TestAReportThatCantBeWrittenIsRequestedAgain(t *testing.T) {
	h := newWebhook(t)
	h.Err = &verify.Error{Code: verify.CodeUnavailable}
	if code := h.post(t, request{body: `[{"event":"delivered","shieldpod_job":"v_1"}]`}); code != http.StatusServiceUnavailable {
		t.Errorf("HTTP %d, want 503", code)
	}
}

func TestOnlyAP256KeyIsAccepted(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	wide, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := sendgrid.ParseKey(keyText(t, &key.PublicKey) + "\n")
	if err != nil || !parsed.Equal(&key.PublicKey) {
		t.Errorf("a good key: %v", err)
	}
	for name, bad := range map[string]string{"RSA": keyText(t, &other.PublicKey), "P-384": keyText(t, &wide.PublicKey)} {
		if _, err := sendgrid.ParseKey(bad); err == nil || err.Error() != "sendgrid: the webhook key is not on the curve P-256" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := sendgrid.ParseKey("-----BEGIN"); err == nil || err.Error() != "sendgrid: the webhook key is not base64" {
		t.Errorf("PEM: %v", err)
	}
}
