package verify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// counted counts what is read of policies.
type counted struct {
	verify.Policies
	levels, looks int
	meanwhile     func() // happens once, after the next level is read
}

func (c *counted) PolicyLevel(ctx context.Context, tenant, client string) (policy.Overrides, error) {
	c.levels++
	s, err := c.Policies.PolicyLevel(ctx, tenant, client)
	if happen := c.meanwhile; happen != nil {
		c.meanwhile = nil
		happen()
	}
	return s, err
}

func (c *counted) PolicyEdits(ctx context.Context, tenant string) (int64, error) {
	c.looks++
	return c.Policies.PolicyEdits(ctx, tenant)
}

// set has an admin, on the node given, set a code's length.
func (h *harness) set(node *verify.Service, client string, version int64, length string) {
	h.t.Helper()
	fields := map[string]json.RawMessage{"code_length": json.RawMessage(length)}
	acts := storetest.Admin(h.store, h.Now)
	acts.Notifier, acts.Changed = h.notifier, node.Forget
	if _, err := acts.EditPolicies(ctx, noor.Actor, "acme", []admin.PolicyEdit{{Client: client, Version: version, Fields: fields}}); err != nil {
		h.t.Fatal(err)
	}
}

func (h *harness) codeLength(client string) int {
	h.t.Helper()
	r, err := h.EffectivePolicy(ctx, "acme", client)
	if err != nil {
		h.t.Fatal(err)
	}
	return r.CodeLength
}

func TestAChangeWithoutANotificationHoldsWithinTwoSeconds(t *testing.T) {
	h := newHarness(t)
	other := h.other()
	for i, row := range []struct {
		client string
		set    func()
		read   string
		before int
		after  int
	}{
		{"", func() { h.set(other, "", 1, "7") }, "contoso", 6, 7},
		{"contoso", func() { h.set(other, "contoso", 0, "8") }, "contoso", 7, 8},
		{"fabrikam", func() { h.set(other, "fabrikam", 0, "6") }, "contoso", 8, 8},
		{"fabrikam", func() {}, "fabrikam", 6, 6},
	} {
		if got := h.codeLength(row.read); got != row.before {
			t.Errorf("row %d: at first codes have %d digits, want %d", i, got, row.before)
		}
		row.set()
		h.clock.advance(2*time.Second - 1)
		if got := h.codeLength(row.read); got != row.before {
			t.Errorf("row %d: a moment before, they have %d, want %d: a request costs no query", i, got, row.before)
		}
		h.clock.advance(1)
		if got := h.codeLength(row.read); got != row.after {
			t.Errorf("row %d: after two seconds they have %d, want %d", i, got, row.after)
		}
	}
}

func TestOneLookServesAllClientsOfATenant(t *testing.T) {
	h := newHarness(t)
	reads := &counted{Policies: h.Policies}
	h.Policies = reads
	for round := range 3 {
		for n := range 100 {
			h.codeLength(fmt.Sprint("client-", n))
		}
		if reads.levels != 101 || reads.looks != round+1 {
			t.Errorf("round %d: %d levels were read and %d looks taken, want 101 and %d", round, reads.levels, reads.looks, round+1)
		}
		h.clock.advance(2 * time.Second)
	}
}

func TestWhatWasReadBeforeAnEditIsNotKept(t *testing.T) {
	for _, client := range []string{"", "contoso"} {
		h := newHarness(t)
		reads := &counted{Policies: h.Policies}
		h.Policies = reads
		if client != "" {
			h.codeLength("") // the tenant's own are known: the next that is read is the client's
		}
		version := map[string]int64{"": 1}[client]
		reads.meanwhile = func() { h.set(&h.Service, client, version, "8") }
		h.codeLength("contoso")
		if got := h.codeLength("contoso"); got != 8 {
			t.Errorf("after an edit of %q codes have %d digits, want 8", client, got)
		}
	}
}

func TestRulesFollowTheirTenant(t *testing.T) {
	h := newHarness(t)
	country := func() string {
		r, err := h.EffectivePolicy(ctx, "acme", "contoso")
		if err != nil {
			t.Fatal(err)
		}
		return r.SMSCountries[0]
	}
	for _, region := range []string{"GB", "DE"} {
		if err := storetest.PutTenant(ctx, h.store, verify.Tenant{ID: "acme", Name: "Acme IT", Region: region}); err != nil {
			t.Fatal(err)
		}
		h.clock.advance(2 * time.Second)
		if got := country(); got != region {
			t.Errorf("texts go to %s, want %s", got, region)
		}
	}
}

func TestWithoutTheStoreThereAreNoRules(t *testing.T) {
	h := newHarness(t)
	h.codeLength("contoso")
	if err := h.store.Close(); err != nil {
		t.Fatal(err)
	}
	h.clock.advance(2 * time.Second)
	_, err := h.EffectivePolicy(ctx, "acme", "contoso")
	wantCode(t, err, verify.CodeUnavailable)
}
