package httpapi_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/api"
)

func TestEachRouteOfAnAPIKeyNeedsItsScope(t *testing.T) {
	h := newHarness(t)
	const contacts = "/api/v1/directory/desk/clients/contoso/contacts"
	by := admin.Actor{Kind: verify.ActorCLI, ID: "ana"}
	keys := map[admin.Scope]string{}
	for _, scope := range admin.Scopes {
		_, text, err := h.admin.CreateAPIKey(t.Context(), by, "acme", admin.APIKeyRequest{Name: "Noor", Scopes: []admin.Scope{scope}})
		if err != nil {
			t.Fatal(err)
		}
		keys[scope] = text
	}
	for _, c := range []struct {
		method, path string
		scope        admin.Scope
	}{
		{http.MethodGet, "/api/v1/policies", admin.ScopePoliciesRead},
		{http.MethodGet, defaultPolicy, admin.ScopePoliciesRead},
		{http.MethodGet, contosoPolicy, admin.ScopePoliciesRead},
		{http.MethodPut, "/api/v1/policies", admin.ScopePoliciesWrite},
		{http.MethodPut, defaultPolicy, admin.ScopePoliciesWrite},
		{http.MethodPut, contosoPolicy, admin.ScopePoliciesWrite},
		{http.MethodGet, "/api/v1/branding", admin.ScopeBrandingRead},
		{http.MethodGet, "/api/v1/branding/preview", admin.ScopeBrandingRead},
		{http.MethodPost, "/api/v1/branding/preview", admin.ScopeBrandingRead},
		{http.MethodPut, "/api/v1/branding", admin.ScopeBrandingWrite},
		{http.MethodPut, "/api/v1/branding/logo?version=0", admin.ScopeBrandingWrite},
		{http.MethodDelete, "/api/v1/branding/logo?version=0", admin.ScopeBrandingWrite},
		{http.MethodPut, "/api/v1/branding/landing-logo?version=0", admin.ScopeBrandingWrite},
		{http.MethodDelete, "/api/v1/branding/landing-logo?version=0", admin.ScopeBrandingWrite},
		{http.MethodGet, contacts, admin.ScopeDirectoryRead},
		{http.MethodPut, contacts, admin.ScopeDirectoryWrite},
		{http.MethodDelete, contacts + "/dana", admin.ScopeDirectoryWrite},
		{http.MethodPost, "/api/v1/directory/desk/clients/contoso/sync/t/finish", admin.ScopeDirectoryWrite},
		{http.MethodPost, "/api/v1/contacts/dana/unlock", admin.ScopeContactsUnlock},
	} {
		for scope, key := range keys {
			allowed := scope == c.scope || c.scope == scope[:len(scope)-len("write")]+"read" && scope != admin.ScopeContactsUnlock
			a := h.call(c.method, c.path, key, "{}")
			if refused := a.status == http.StatusForbidden; refused == allowed {
				t.Errorf("%s %s with %s: status %d, allowed: %t", c.method, c.path, scope, a.status, allowed)
			}
			if !allowed {
				if problem := decodeAs[api.Problem](t, a, http.StatusForbidden); problem.Code != "scope_missing" {
					t.Errorf("%s %s with %s: code %s", c.method, c.path, scope, problem.Code)
				}
			}
		}
	}
}

func TestAnExpiredAPIKeyIsRefusedByItsOwnCode(t *testing.T) {
	h := newHarness(t)
	_, key, err := h.admin.CreateAPIKey(t.Context(), admin.Actor{Kind: verify.ActorCLI, ID: "ana"}, "acme", admin.APIKeyRequest{Name: "Noor", ExpiresAt: h.now.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if a := h.call(http.MethodGet, defaultPolicy, key, ""); a.status != http.StatusOK {
		t.Errorf("before its end: status %d", a.status)
	}
	h.now = h.now.Add(time.Hour)
	if problem := decodeAs[api.Problem](t, h.call(http.MethodGet, defaultPolicy, key, ""), http.StatusUnauthorized); problem.Code != "api_key_expired" {
		t.Errorf("after its end: code %s", problem.Code)
	}
}
