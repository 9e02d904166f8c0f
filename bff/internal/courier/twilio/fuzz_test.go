package twilio_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/courier/twilio"
)

// An unsigned receipt is never accepted. A signed receipt may still have any content.
func FuzzReceipts(f *testing.F) {
	good := url.Values{}
	for name, value := range receipt(nil) {
		good.Set(name, value)
	}
	for _, body := range []string{good.Encode(), "", "a=1&a=2", "%zz=1", "MessageStatus=failed&ErrorCode=99999999999999999999", "AccountSid=" + account + "&MessageStatus=undelivered&ErrorCode=-1"} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		status, h := call{body: body, signature: "AAAA"}.do(t)
		log := h.Log.String()
		if body != "" && (len(h.Received) > 0 || log == "" || status != http.StatusForbidden && status != http.StatusBadRequest) {
			t.Errorf("unsigned: HTTP %d, told %q, logged %q", status, h.Received, log)
		}
		values, err := url.ParseQuery(body)
		if err != nil {
			return
		}
		fields := map[string]string{}
		for name, list := range values {
			fields[name] = list[0]
		}
		signed := base64.StdEncoding.EncodeToString(twilio.Sign(token, site+path, fields))
		if status, _ := (call{body: body, signature: signed}).do(t); body != "" && status != http.StatusNoContent && status != http.StatusForbidden && status != http.StatusBadRequest {
			t.Errorf("signed: HTTP %d", status)
		}
	})
}
