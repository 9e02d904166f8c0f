package admin_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

func TestAnAPIKeyLetsItsHolderInUntilItExpires(t *testing.T) {
	h := newHarness(t, storetest.SQLite(t))
	now := opening
	h.Now = func() time.Time { return now }
	key, text, err := h.CreateAPIKey(ctx, ana, "acme", admin.APIKeyRequest{Name: "Noor", ExpiresAt: opening.Add(time.Hour)})
	h.must(err)
	for _, c := range []struct {
		name string
		at   time.Duration
		text string
		want verify.Code
	}{
		{"a new key lets in", 0, text, ""},
		{"a millisecond before its end it lets in", time.Hour - time.Millisecond, text, ""},
		{"at its end it is refused", time.Hour, text, verify.CodeAPIKeyExpired},
		{"a key that ends in another letter is none", 0, text[:len(text)-1] + "!", verify.CodeAPIKey},
		{"an expired key with a wrong secret is none", 2 * time.Hour, text[:len(text)-1] + "!", verify.CodeAPIKey},
		{"a key of an unknown id is none", 0, strings.Replace(text, key.ID, "00000000000000000000000000", 1), verify.CodeAPIKey},
		{"a key without an id is none", 0, "spk_", verify.CodeAPIKey},
		{"an empty key is none", 0, "", verify.CodeAPIKey},
	} {
		now = opening.Add(c.at)
		caller, err := h.Authenticate(ctx, c.text)
		if verify.CodeOf(err) != c.want || (err == nil) != (c.want == "") {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if err == nil && (caller.Tenant != "acme" || caller.Actor != admin.Actor{Kind: verify.ActorAPIKey, ID: key.ID, Name: "Noor"}) {
			t.Errorf("%s: %+v", c.name, caller)
		}
		if err != nil && caller.Require(admin.ScopePoliciesRead) == nil {
			t.Errorf("%s: the caller may do something", c.name)
		}
	}
	now = opening
	h.must(h.RemoveAPIKey(ctx, ana, "acme", key.ID))
	if _, err := h.Authenticate(ctx, text); verify.CodeOf(err) != verify.CodeAPIKey {
		t.Errorf("a removed key: %v", err)
	}
}

func TestAScopeToWriteIncludesTheScopeToRead(t *testing.T) {
	h := newHarness(t, storetest.SQLite(t))
	for _, c := range []struct{ has, needs, want string }{
		{"policies:read", "policies:read", ""},
		{"policies:read", "policies:write", "scope_missing"},
		{"policies:write", "policies:read", ""},
		{"policies:write", "policies:write", ""},
		{"policies:write", "branding:read", "scope_missing"},
		{"contacts:unlock", "contacts:unlock", ""},
		{"contacts:unlock", "directory:read", "scope_missing"},
		{"directory:write", "contacts:unlock", "scope_missing"},
	} {
		_, text, err := h.CreateAPIKey(ctx, ana, "acme", admin.APIKeyRequest{Name: "Noor", Scopes: []admin.Scope{admin.Scope(c.has)}})
		h.must(err)
		caller, err := h.Authenticate(ctx, text)
		h.must(err)
		if err := caller.Require(admin.Scope(c.needs)); string(verify.CodeOf(err)) != c.want {
			t.Errorf("%s for %s: %v, want %q", c.has, c.needs, err, c.want)
		}
	}
}

// countedUses counts the writes of last uses, and can refuse them.
type countedUses struct {
	admin.APIKeys
	writes int
	err    error
}

func (c *countedUses) UseAPIKey(ctx context.Context, id string, at, unlessSince time.Time) error {
	c.writes++
	if c.err != nil {
		return c.err
	}
	return c.APIKeys.UseAPIKey(ctx, id, at, unlessSince)
}

func TestTheLastUseOfAKeyIsWrittenOnceAMinute(t *testing.T) {
	h := newHarness(t, storetest.SQLite(t))
	now := opening
	uses := &countedUses{APIKeys: h.APIKeys}
	h.APIKeys, h.Now = uses, func() time.Time { return now }
	key, text, err := h.CreateAPIKey(ctx, ana, "acme", admin.APIKeyRequest{Name: "Noor"})
	h.must(err)
	for _, c := range []struct {
		at     time.Duration
		writes int
		used   time.Duration
	}{{0, 1, 0}, {30 * time.Second, 1, 0}, {time.Minute - time.Millisecond, 1, 0}, {time.Minute, 2, time.Minute}, {time.Hour, 3, time.Hour}} {
		now = opening.Add(c.at)
		_, err := h.Authenticate(ctx, text)
		h.must(err)
		kept, err := h.store.APIKey(ctx, key.ID)
		h.must(err)
		if uses.writes != c.writes || !kept.UsedAt.Equal(opening.Add(c.used)) {
			t.Errorf("after %s: %d writes, used at %s", c.at, uses.writes, kept.UsedAt)
		}
	}
	now, uses.err = opening.Add(2*time.Hour), &verify.Error{Code: verify.CodeUnavailable}
	if _, err := h.Authenticate(ctx, text); err != nil {
		t.Errorf("while no use can be written: %v", err)
	}
}

func TestTwoNodesWriteAUseOnce(t *testing.T) {
	h := newHarness(t, storetest.SQLite(t))
	key, _, err := h.CreateAPIKey(ctx, ana, "acme", admin.APIKeyRequest{Name: "Noor"})
	h.must(err)
	for _, at := range []time.Duration{time.Hour, time.Hour + time.Second} {
		h.must(h.store.UseAPIKey(ctx, key.ID, opening.Add(at), opening.Add(at-time.Minute)))
	}
	if kept, err := h.store.APIKey(ctx, key.ID); err != nil || !kept.UsedAt.Equal(opening.Add(time.Hour)) {
		t.Errorf("used at %s (%v)", kept.UsedAt, err)
	}
}

func TestThreat_07_AKeyIsRemovedByItsTenantOnly(t *testing.T) {
	h := newHarness(t, storetest.SQLite(t))
	key, _, err := h.CreateAPIKey(ctx, ana, "acme", admin.APIKeyRequest{Name: "Noor"})
	h.must(err)
	if err := h.RemoveAPIKey(ctx, ana, "umbrella", key.ID); verify.CodeOf(err) != verify.CodeNotFound {
		t.Errorf("removed for another tenant: %v", err)
	}
	if _, err := h.store.APIKey(ctx, key.ID); err != nil || len(h.events("umbrella")) > 0 {
		t.Errorf("the key: %v, events: %v", err, h.events("umbrella"))
	}
}

func TestThreat_07_AKeyOfNoTenantIsNotCreated(t *testing.T) {
	h := newHarness(t, storetest.SQLite(t))
	if _, _, err := h.CreateAPIKey(ctx, ana, "umbrella", admin.APIKeyRequest{Name: "Noor"}); verify.CodeOf(err) != verify.CodeNotFound {
		t.Errorf("created: %v", err)
	}
}
