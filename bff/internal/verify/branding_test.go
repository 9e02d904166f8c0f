package verify_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

func TestABrandingIsEditedFromTheVersionThatWasRead(t *testing.T) {
	h := newHarness(t)
	edit := func(version int64, body string, changes ...verify.Change) (verify.Branding, error) {
		return h.Rebrand(ctx, noor, verify.Branding{Version: version, Body: json.RawMessage(body)}, changes)
	}
	change := verify.Change{Field: "theme.action", To: json.RawMessage(`"#112233"`)}
	h.notifier.received()
	got, err := edit(0, `{"a":1}`, change)
	want := verify.Branding{Tenant: "acme", Version: 1, By: "Noor Haddad", At: opening, Body: json.RawMessage(`{"a":1}`)}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if notifications, _ := h.notifier.received(); len(notifications) != 1 || notifications[0].contact != "" {
		t.Errorf("whispered %v, want the tenant's own", notifications)
	}
	for _, version := range []int64{0, 2, -1} {
		_, err := edit(version, `{"a":2}`, change)
		wantCode(t, err, verify.CodeStaleVersion)
	}
	if same, err := edit(1, `{"a":1}`); err != nil || same.Version != 1 || same.By != "Noor Haddad" {
		t.Errorf("without a change: %+v, %v", same, err)
	}
	h.wantSilence()
	events := h.events("acme", "")
	if len(events) > 0 {
		t.Errorf("a contact without a name has %d events", len(events))
	}
	codes := together(20, func(int) error {
		_, err := edit(1, `{"a":3}`, change)
		return err
	})
	if diff := cmp.Diff(map[verify.Code]int{"": 1, verify.CodeStaleVersion: 19}, codes); diff != "" {
		t.Error(diff)
	}
}
