package vonage_test

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/shieldpod/shieldpod/bff/internal/courier/vonage"
)

// An unsigned receipt is never accepted. A signed receipt may still have any content.
func FuzzReceipts(f *testing.F) {
	good := receipt(sha256.New, signature, map[string]string{"client-ref": "v_seed"})
	asJSON, err := json.Marshal(good)
	if err != nil {
		f.Fatal(err)
	}
	for _, body := range []string{
		form(good), string(asJSON), messagesReceipt, "", "{}", "[]", `{"status":null}`, `{"a":1}{`, "a=1&a=2", "%zz=1", `{"error":{"title":"1e400"},"client_ref":"v_1","status":"failed"}`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		h := newWebhook(t, vonage.SHA512) // no seed is signed by this method
		for _, kind := range []string{formKind, "application/json"} {
			if code := h.do(http.MethodPost, path, kind, body); code != http.StatusForbidden && code != http.StatusBadRequest {
				t.Errorf("unsigned: HTTP %d", code)
			}
		}
		if len(h.Received) > 0 {
			t.Errorf("it was accepted: %q", h.Received)
		}
		if code := h.post(body, bearer(t, jwt.SigningMethodHS256, []byte(signature), body, nil)); code != http.StatusNoContent && code != http.StatusBadRequest {
			t.Errorf("signed: HTTP %d", code)
		}
	})
}
