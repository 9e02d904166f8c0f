package vonage_test

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/shieldpod/shieldpod/bff/internal/courier/vonage"
)

const messagesReceipt = `{"message_uuid":"aaaa","to":"14155554821","from":"AcmeIT","timestamp":"2026-03-04T14:00:00Z","status":"undeliverable",` +
	`"error":{"type":"https://developer.vonage.com/api-errors/messages#1230","title":1230,"detail":"barred"},"client_ref":"v_1","usage":{"price":"0.03"}}`

// bearer returns Vonage's token over a body, changed and then signed.
func bearer(t *testing.T, method jwt.SigningMethod, key any, body string, change jwt.MapClaims) string {
	t.Helper()
	hash := sha256.Sum256([]byte(body))
	claims := jwt.MapClaims{"iss": "Vonage", "iat": now.Unix(), "jti": "1", "api_key": "12345678", "payload_hash": hex.EncodeToString(hash[:])}
	maps.Copy(claims, change)
	token, err := jwt.NewWithClaims(method, claims).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return "Bearer " + token
}

func (h *webhookHarness) post(body string, authorization ...string) int {
	req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header["Authorization"] = authorization
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, req)
	return recorder.Code
}

func TestAReceiptSignedByATokenIsReadInBothShapes(t *testing.T) {
	for body, want := range map[string]string{
		messagesReceipt: "v_1 failed blocked",
		`{"status":"submitted","client_ref":"v_1"}`:                        "v_1 sent vonage",
		`{"status":"delivered","client_ref":"v_1"}`:                        "v_1 delivered ",
		`{"status":"failed","err-code":"9","client-ref":"v_1"}`:            "v_1 failed invalid_recipient",
		`{"status":"rejected","error":{"title":"odd"},"client_ref":"v_1"}`: "",
	} {
		h := newWebhook(t, vonage.SHA256)
		code := h.post(body, bearer(t, jwt.SigningMethodHS256, []byte(signature), body, nil))
		if got := strings.Join(h.Received, "; "); got != want || code != http.StatusNoContent && want != "" {
			t.Errorf("%s: HTTP %d, %q; want %q", body, code, got, want)
		}
	}
}

func TestThreat_20_AForgedOrStaleTokenChangesNothing(t *testing.T) {
	body := messagesReceipt
	good := bearer(t, jwt.SigningMethodHS256, []byte(signature), body, nil)
	signed := func(change jwt.MapClaims) []string {
		return []string{bearer(t, jwt.SigningMethodHS256, []byte(signature), body, change)}
	}
	for _, c := range []struct {
		name   string
		body   string
		tokens []string
		want   int
	}{
		{"one bit of the body flipped", strings.Replace(body, "undeliverable", "vndeliverable", 1), []string{good}, 403},
		{"the job changed", strings.Replace(body, "v_1", "v_2", 1), []string{good}, 403},
		{"the signature cut short", body, []string{good[:len(good)-4]}, 403},
		{"another secret", body, []string{bearer(t, jwt.SigningMethodHS256, []byte("guessed guessed guessed"), body, nil)}, 403},
		{"HS512 where HS256 is pinned", body, []string{bearer(t, jwt.SigningMethodHS512, []byte(signature), body, nil)}, 403},
		{"alg none", body, []string{bearer(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, body, nil)}, 403},
		{"eleven minutes old", body, signed(jwt.MapClaims{"iat": now.Add(-11 * time.Minute).Unix()}), 403},
		{"two minutes ahead", body, signed(jwt.MapClaims{"iat": now.Add(2 * time.Minute).Unix()}), 403},
		{"without its time", body, signed(jwt.MapClaims{"iat": nil}), 403},
		{"without the body's hash", body, signed(jwt.MapClaims{"payload_hash": ""}), 403},
		{"of another issuer", body, signed(jwt.MapClaims{"iss": "another"}), 403},
		{"two tokens", body, []string{good, good}, 403},
		{"no bearer", body, []string{strings.TrimPrefix(good, "Bearer ")}, 403},
		{"a body that is no JSON", "status=delivered", []string{bearer(t, jwt.SigningMethodHS256, []byte(signature), "status=delivered", nil)}, 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newWebhook(t, vonage.SHA256)
			if code := h.post(c.body, c.tokens...); code != c.want || len(h.Received) > 0 {
				t.Errorf("HTTP %d, %q; want %d and nothing", code, h.Received, c.want)
			}
		})
	}
}
