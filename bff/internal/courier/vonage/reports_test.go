package vonage_test

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"hash"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/courier/couriertest"
	"github.com/shieldpod/shieldpod/bff/internal/courier/vonage"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

const signature = "a signature secret of the account"

var now = time.Date(2026, 3, 4, 14, 0, 0, 0, time.UTC)

type webhookHarness struct{ *couriertest.Hooks }

func newWebhook(t *testing.T, method string) *webhookHarness {
	t.Helper()
	settings, secret := vonage.Settings{SignatureMethod: method}, vonage.Secret{SignatureSecret: signature}
	return &webhookHarness{couriertest.NewHooks(t, vonage.Plugin, settings, secret, "", func() time.Time { return now })}
}

// receipt returns a receipt of Vonage, changed and then signed.
func receipt(kind func() hash.Hash, secret string, change map[string]string) map[string]string {
	r := map[string]string{
		"msisdn": "14155554821", "to": "AcmeIT", "network-code": "310260", "messageId": "0A0000001234567B", "price": "0.03330000",
		"status": "delivered", "scts": "2603041400", "err-code": "0", "client-ref": "v_1", "api-key": "12345678",
		"message-timestamp": "2026-03-04 14:00:00", "timestamp": strconv.FormatInt(now.Unix(), 10), "nonce": "a&b=c",
	}
	maps.Copy(r, change)
	r["sig"] = sign(kind, secret, r)
	return r
}

func sign(kind func() hash.Hash, secret string, r map[string]string) string {
	var text string
	for _, name := range slices.Sorted(maps.Keys(r)) {
		text += "&" + name + "=" + strings.NewReplacer("&", "_", "=", "_").Replace(r[name])
	}
	mac := hmac.New(kind, []byte(secret))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}

func form(r map[string]string) string {
	v := url.Values{}
	for name, value := range r {
		v.Set(name, value)
	}
	return v.Encode()
}

func (h *webhookHarness) do(method, path, kind, body string) int {
	req := httptest.NewRequest(method, path, strings.NewReader(body))
	req.Header.Set("Content-Type", kind)
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, req)
	return recorder.Code
}

const (
	path     = "/hooks/vonage/acme"
	formKind = "application/x-www-form-urlencoded"
)

func TestAReceiptIsReadInEveryForm(t *testing.T) {
	for method, kind := range map[string]func() hash.Hash{vonage.SHA256: sha256.New, vonage.SHA512: sha512.New} {
		r := receipt(kind, signature, nil)
		asJSON, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		number := strings.Replace(string(asJSON), `"timestamp":"1772632800"`, `"timestamp":1772632800`, 1)
		upper := maps.Clone(r)
		upper["sig"] = strings.ToUpper(r["sig"])
		for name, req := range map[string]func(*webhookHarness) int{
			"query": func(h *webhookHarness) int { return h.do(http.MethodGet, path+"?"+form(r), "", "") },
			"form":  func(h *webhookHarness) int { return h.do(http.MethodPost, path, formKind, form(r)) },
			"JSON":  func(h *webhookHarness) int { return h.do(http.MethodPost, path, "application/json", string(asJSON)) },
			"JSON with a number": func(h *webhookHarness) int {
				return h.do(http.MethodPost, path, "application/json; charset=utf-8", number)
			},
			"upper-case hex": func(h *webhookHarness) int { return h.do(http.MethodPost, path, formKind, form(upper)) },
		} {
			h := newWebhook(t, method)
			if code := req(h); code != http.StatusNoContent || len(h.Received) != 1 || h.Received[0] != "v_1 delivered " {
				t.Errorf("%s, %s: HTTP %d, reports %q, want 204 and v_1 delivered", method, name, code, h.Received)
			}
		}
	}
}

func TestAStatusBecomesAReport(t *testing.T) {
	for _, c := range []struct{ status, code, want string }{
		{"accepted", "0", "v_1 sent vonage"},
		{"buffered", "0", "v_1 sent vonage"},
		{"delivered", "0", "v_1 delivered "},
		{"failed", "9", "v_1 failed invalid_recipient"},
		{"failed", "3", "v_1 failed invalid_recipient"},
		{"rejected", "4", "v_1 failed blocked"},
		{"rejected", "53", "v_1 failed blocked"},
		{"rejected", "54", "v_1 failed carrier_misconfigured"},
		{"rejected", "39", "v_1 failed carrier_misconfigured"},
		{"rejected", "51", "v_1 failed carrier_misconfigured"},
		{"expired", "2", "v_1 failed undelivered"},
		{"failed", "99", "v_1 failed undelivered"},
		{"unknown", "0", ""},
		{"verified", "0", ""},
	} {
		h := newWebhook(t, vonage.SHA256)
		code := h.do(http.MethodPost, path, formKind, form(receipt(sha256.New, signature, map[string]string{"status": c.status, "err-code": c.code})))
		if got := strings.Join(h.Received, "; "); code != http.StatusNoContent || got != c.want {
			t.Errorf("%s/%s: HTTP %d, %q; want 204, %q", c.status, c.code, code, got, c.want)
		}
	}
}

// Row 20: only receipts that Vonage signed recently, by the account's method, are accepted.
func TestThreat_20_AForgedOrStaleReceiptChangesNothing(t *testing.T) {
	good := receipt(sha256.New, signature, nil)
	with := func(name, value string) string {
		r := maps.Clone(good)
		r[name] = value
		return form(r)
	}
	flipped := []byte(good["sig"])
	flipped[0] ^= 1
	merged := maps.Clone(good) // the same signed text with two fields merged into one
	merged["api-key=12345678&client-ref"] = merged["client-ref"]
	delete(merged, "api-key")
	delete(merged, "client-ref")
	at := func(d time.Duration) map[string]string {
		return map[string]string{"timestamp": strconv.FormatInt(now.Add(d).Unix(), 10)}
	}
	for _, c := range []struct {
		name string
		kind string
		body string
		want int
	}{
		{"not signed", formKind, with("sig", ""), 403},
		{"signature that is no hex", formKind, with("sig", "yes"), 403},
		{"one bit of the signature flipped", formKind, with("sig", string(flipped)), 403},
		{"status changed", formKind, with("status", "failed"), 403},
		{"job changed", formKind, with("client-ref", "v_2"), 403},
		{"timestamp changed", formKind, with("timestamp", "1772632801"), 403},
		{"a field added", formKind, with("more", "1"), 403},
		{"a field hidden in another's name", formKind, form(merged), 403},
		{"another secret", formKind, form(receipt(sha256.New, "guessed", nil)), 403},
		{"SHA-512 where SHA-256 is set", formKind, form(receipt(sha512.New, signature, nil)), 403},
		{"SHA-1", formKind, form(receipt(sha1.New, signature, nil)), 403},
		{"MD5", formKind, form(receipt(md5.New, signature, nil)), 403},
		{"eleven minutes old", formKind, form(receipt(sha256.New, signature, at(-11*time.Minute))), 403},
		{"two minutes ahead", formKind, form(receipt(sha256.New, signature, at(2*time.Minute))), 403},
		{"no timestamp", formKind, form(receipt(sha256.New, signature, map[string]string{"timestamp": ""})), 403},
		{"a field twice", formKind, form(good) + "&status=failed", 400},
		{"a field twice in JSON", "application/json", `{"status":"delivered","status":"failed"}`, 400},
		{"JSON that nests", "application/json", `{"status":{"a":1}}`, 400},
		{"JSON with something behind", "application/json", `{"status":"delivered"}{}`, 400},
		{"JSON cut short", "application/json", `{"status":`, 400},
		{"a list", "application/json", `[]`, 400},
		{"another type", "text/plain", form(good), 400},
		{"larger than 64 KiB", formKind, "a=" + strings.Repeat("x", 64<<10), 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newWebhook(t, vonage.SHA256)
			if code := h.do(http.MethodPost, path, c.kind, c.body); code != c.want {
				t.Errorf("HTTP %d, want %d", code, c.want)
			}
			if len(h.Received) > 0 {
				t.Errorf("it was accepted: %q", h.Received)
			}
			if log := h.Log.String(); !strings.Contains(log, "a Vonage webhook was refused") || strings.Contains(log, "4155554821") || strings.Contains(log, signature) {
				t.Errorf("want it logged, without the number and the secret: %q", log)
			}
		})
	}
	h := newWebhook(t, vonage.SHA256)
	if code := h.do(http.MethodPost, path, formKind, form(receipt(sha256.New, signature, at(-9*time.Minute)))); code != 204 || len(h.Received) != 1 {
		t.Errorf("nine minutes old and genuine: HTTP %d, %q", code, h.Received)
	}
}

func TestThreat_20_AReceiptOfAnotherTenantsMessageChangesNothing(t *testing.T) {
	h := newWebhook(t, vonage.SHA256)
	code := h.do(http.MethodPost, "/hooks/vonage/globex", formKind, form(receipt(sha256.New, signature, nil)))
	if code != http.StatusNoContent || len(h.Received) > 0 || !strings.Contains(h.Log.String(), "job=v_1 tenant=globex") {
		t.Errorf("HTTP %d, %q, log %s", code, h.Received, h.Log.String())
	}
}

func TestAReportThatCantBeWrittenIsRequestedAgain(t *testing.T) {
	h := newWebhook(t, vonage.SHA256)
	h.Err = &verify.Error{Code: verify.CodeUnavailable}
	if code := h.do(http.MethodPost, path, formKind, form(receipt(sha256.New, signature, nil))); code != http.StatusServiceUnavailable {
		t.Errorf("HTTP %d, want 503", code)
	}
}

func TestAWeakSignatureMethodIsRefused(t *testing.T) {
	for want, c := range map[string]vonage.Signing{
		`vonage: signature method "md5hash": set the account to SHA-256 HMAC or SHA-512 HMAC`: {Secret: signature, Method: "md5hash"},
		`vonage: signature method "": set the account to SHA-256 HMAC or SHA-512 HMAC`:        {Secret: signature},
		"vonage: the signature secret is missing or shorter than 16 characters":               {Method: vonage.SHA256},
	} {
		if err := c.Check(); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestAReceiptIsCheckedByTheTenantsOwnAccount(t *testing.T) {
	for tenant, want := range map[string]int{"stranger": http.StatusForbidden, "broken": http.StatusServiceUnavailable} {
		h := newWebhook(t, vonage.SHA256)
		code := h.do(http.MethodPost, "/hooks/vonage/"+tenant, formKind, form(receipt(sha256.New, signature, nil)))
		if code != want || len(h.Received) > 0 {
			t.Errorf("%s: HTTP %d, %q; want %d", tenant, code, h.Received, want)
		}
	}
}
