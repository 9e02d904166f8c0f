package sendgrid_test

import (
	"net/http"
	"strings"
	"testing"
)

// A signed request may have any content: it is either accepted, or refused with a line in the log.
func FuzzEvents(f *testing.F) {
	for _, body := range []string{
		`[{"event":"delivered","shieldpod_job":"v_1","shieldpod_tenant":"acme"}]` + "\r\n", `[]`, `[null]`, `[[]]`, `[{"event":1}]`,
		`[{"event":"bounce","type":"blocked","status":"5.2.2","shieldpod_job":"v_1"},{"event":"dropped","reason":"Invalid"}]`, `[{"shieldpod_job":{"a":[]}}]`, "[\x00]",
	} {
		f.Add(body, true)
		f.Add(body, false)
	}
	f.Fuzz(func(t *testing.T, body string, platform bool) {
		h := newWebhook(t)
		code := h.post(t, request{body: body, platform: platform})
		logged := strings.Contains(h.Log.String(), "was refused")
		switch code {
		case http.StatusNoContent:
			if logged {
				t.Errorf("taken and refused: %s", h.Log.String())
			}
		case http.StatusBadRequest, http.StatusForbidden, http.StatusRequestEntityTooLarge:
			if !logged || len(h.Received) > 0 {
				t.Errorf("HTTP %d, told %q, logged %q", code, h.Received, h.Log.String())
			}
		default:
			t.Errorf("HTTP %d", code)
		}
	})
}
