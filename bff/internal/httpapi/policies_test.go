package httpapi_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/sdk/api"
)

const (
	defaultPolicy = "/api/v1/policies/default"
	contosoPolicy = "/api/v1/policies/clients/contoso"
)

// apiKey creates an API key of the tenant.
func (h *harness) apiKey(tenant string) string {
	h.t.Helper()
	key, secret, err := admin.APIKey{Tenant: tenant, Name: "Noor Haddad", Scopes: admin.Scopes, CreatedAt: h.now}.Draw(rand.Reader)
	if err != nil {
		h.t.Fatal(err)
	}
	if err := storetest.PutAPIKey(h.t.Context(), h.db, key); err != nil {
		h.t.Fatal(err)
	}
	return secret
}

func editBody(version int, fields string) string {
	return fmt.Sprintf(`{"version":%d,"fields":%s}`, version, fields)
}

func TestAPolicyIsReadEditedAndExplained(t *testing.T) {
	h := newHarness(t)
	key := h.apiKey("acme")
	before := decodeAs[api.PolicyView](t, h.call(http.MethodGet, contosoPolicy, key, ""), http.StatusOK)
	if before.Overrides.Version != 0 || *before.Effective.CodeLength != 6 || before.Explanations[7].Text != "Shieldpod's own default." {
		t.Errorf("before any edit: %+v, %+v", before.Overrides, before.Explanations[7])
	}
	decodeAs[api.PolicyView](t, h.call(http.MethodPut, defaultPolicy, key, editBody(0, `{"code_length":7,"verified_for_seconds":600}`)), http.StatusOK)
	after := decodeAs[api.PolicyView](t, h.call(http.MethodPut, contosoPolicy, key,
		`{"version":0,"name":"Contoso","fields":{"code_length":8,"banner":{"text":"VIP <b>client</b>","tone":"warning"}}}`), http.StatusOK)
	if *after.Effective.CodeLength != 8 || *after.Effective.VerifiedForSeconds != 600 || after.Effective.Banner.Text != "VIP <b>client</b>" {
		t.Errorf("the policy that results: %+v", after.Effective)
	}
	texts := map[string]string{}
	for _, e := range after.Explanations {
		texts[e.Field] = e.Text
	}
	for field, want := range map[string]string{
		"code_length":          "Set by Contoso's policy, version 1, by Noor Haddad on 23 Nov 2026.",
		"verified_for_seconds": "Set by ACME's default policy, version 1, by Noor Haddad on 23 Nov 2026.",
		"tries_per_code":       "Shieldpod's own default.",
	} {
		if texts[field] != want {
			t.Errorf("%s: %q, want %q", field, texts[field], want)
		}
	}
	if len(after.Explanations) != len(policy.Fields) {
		t.Errorf("%d fields are explained, want %d", len(after.Explanations), len(policy.Fields))
	}
	page := decodeAs[api.PolicyPage](t, h.call(http.MethodGet, "/api/v1/policies", key, ""), http.StatusOK)
	if len(page.Policies) != 2 || page.Policies[0].ClientId != "" || page.Policies[1].ClientId != "contoso" || page.Next != "" {
		t.Errorf("the list: %+v", page)
	}
	if h.countEvents("acme") != 2 {
		t.Errorf("%d events are in the log, want 2", h.countEvents("acme"))
	}
}

func TestAStaleEditIsRefusedWithTheCurrentVersion(t *testing.T) {
	h := newHarness(t)
	key := h.apiKey("acme")
	decodeAs[api.PolicyView](t, h.call(http.MethodPut, contosoPolicy, key, editBody(0, `{"code_length":8}`)), http.StatusOK)
	a := h.call(http.MethodPut, contosoPolicy, key, editBody(0, `{"code_length":7}`))
	p := a.problem(t)
	if a.status != http.StatusConflict || p.Code != "stale_version" || p.Policy.Version != 1 || *p.Policy.Fields.CodeLength != 8 {
		t.Errorf("%d %+v", a.status, p)
	}
	if h.countEvents("acme") != 1 {
		t.Error("the refused edit is in the event log")
	}
}

func TestABadPolicyIsRefusedByNameAndNothingIsApplied(t *testing.T) {
	h := newHarness(t)
	key := h.apiKey("acme")
	for _, row := range []struct {
		name, path, body string
		status           int
		code, field      string
	}{
		{"a value out of its range", contosoPolicy, editBody(0, `{"code_length":9}`), 422, "invalid", "fields.code_length"},
		{"a value of the wrong type", contosoPolicy, editBody(0, `{"code_length":"8"}`), 422, "invalid", "fields.code_length"},
		{"a fraction", contosoPolicy, editBody(0, `{"code_length":6.5}`), 422, "invalid", "fields.code_length"},
		{"an unknown field", contosoPolicy, editBody(0, `{"code_size":8}`), 422, "invalid", "fields.code_size"},
		{"a field in another case", contosoPolicy, editBody(0, `{"Code_length":8}`), 400, "malformed", "fields.Code_length"},
		{"a field that comes twice", contosoPolicy, editBody(0, `{"code_length":8,"code_length":6}`), 400, "malformed", "fields.code_length"},
		{"a field of a field that comes twice", contosoPolicy, editBody(0, `{"banner":{"text":"a","text":"b"}}`), 400, "malformed", "fields.banner.text"},
		{"null", contosoPolicy, editBody(0, `{"banner":null}`), 400, "malformed", "fields.banner"},
		{"an unknown member of a banner", contosoPolicy, editBody(0, `{"banner":{"text":"a","html":"b"}}`), 422, "invalid", "fields.banner"},
		{"a quota at a client", contosoPolicy, editBody(0, `{"quota_tenant_day":5}`), 422, "invalid", "fields.quota_tenant_day"},
		{"codes and no method by phone", contosoPolicy, editBody(0, `{"methods":["email_link"],"code_length":8}`), 422, "policy_conflict", "fields.code_length"},
		{"numbers to match and no link", contosoPolicy, editBody(0, `{"methods":["sms_code"],"number_matching":true}`), 422, "policy_conflict", "fields.number_matching"},
		{"more tries than failures", contosoPolicy, editBody(0, `{"tries_per_code":5,"failures_before_lock":4}`), 422, "policy_conflict", "fields.tries_per_code"},
		{"a banner that ends before it begins", contosoPolicy,
			editBody(0, `{"banner":{"text":"a","from":"2026-11-24T00:00:00Z","until":"2026-11-23T00:00:00Z"}}`), 422, "policy_conflict", "fields.banner"},
		{"a text that turns the direction of writing", contosoPolicy, editBody(0, `{"banner":{"text":"Row22 \u202e"}}`), 422, "invalid", "fields.banner"},
		{"a preset with a line break", contosoPolicy, editBody(0, `{"note_presets":["Row22\nInjected: yes"]}`), 422, "invalid", "fields.note_presets"},
		{"no version", contosoPolicy, `{"fields":{}}`, 422, "invalid", "version"},
		{"no fields", contosoPolicy, `{"version":0}`, 422, "invalid", "fields"},
		{"a name for the tenant's own", defaultPolicy, `{"version":0,"name":"x","fields":{}}`, 422, "invalid", "name"},
		{"a batch with a bad one in it", "/api/v1/policies",
			`{"policies":[{"client_id":"a","version":0,"fields":{"code_length":8}},{"client_id":"b","version":0,"fields":{"code_length":9}}]}`,
			422, "invalid", "policies[1].fields.code_length"},
		{"a batch with a stale one in it", "/api/v1/policies",
			`{"policies":[{"client_id":"a","version":0,"fields":{"code_length":8}},{"client_id":"b","version":3,"fields":{}}]}`,
			409, "stale_version", "policies[1].version"},
		{"a batch with one client twice", "/api/v1/policies",
			`{"policies":[{"client_id":"a","version":0,"fields":{}},{"client_id":"a","version":0,"fields":{}}]}`, 422, "invalid", "policies[1].client_id"},
		{"an empty batch", "/api/v1/policies", `{"policies":[]}`, 422, "invalid", "policies"},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := h.call(http.MethodPut, row.path, key, row.body)
			if p := a.problem(t); a.status != row.status || p.Code != row.code || p.Field != row.field || p.Detail == "" {
				t.Errorf("%d %s of %s: %s; want %d %s of %s", a.status, p.Code, p.Field, p.Detail, row.status, row.code, row.field)
			}
			if h.countEvents("acme") != 0 {
				t.Error("something was applied")
			}
		})
	}
}

func TestAnEditWithoutAChangeIsNotStored(t *testing.T) {
	h := newHarness(t)
	key := h.apiKey("acme")
	decodeAs[api.PolicyView](t, h.call(http.MethodPut, contosoPolicy, key, editBody(0, `{"code_length":8}`)), http.StatusOK)
	again := decodeAs[api.PolicyView](t, h.call(http.MethodPut, contosoPolicy, key, editBody(1, `{"code_length": 8}`)), http.StatusOK)
	if again.Overrides.Version != 1 || h.countEvents("acme") != 1 {
		t.Errorf("version %d, %d events", again.Overrides.Version, h.countEvents("acme"))
	}
}

func TestKeysAndBearersAreNotInterchangeable(t *testing.T) {
	h := newHarness(t)
	h.tenant("zenith")
	key, bearer := h.apiKey("acme"), h.launch("acme", "4711").Token
	decodeAs[api.PolicyView](t, h.call(http.MethodPut, contosoPolicy, key, editBody(0, `{"code_length":8}`)), http.StatusOK)
	for _, row := range []struct {
		name, method, path, key, code string
	}{
		{"no key", http.MethodGet, defaultPolicy, "", "api_key_invalid"},
		{"a pod's bearer edits no policy", http.MethodGet, defaultPolicy, bearer, "api_key_invalid"},
		{"an API key opens no pod", http.MethodGet, "/api/v1/pod", key, "session_invalid"},
		{"a key with another end", http.MethodGet, defaultPolicy, key[:len(key)-1] + "-", "api_key_invalid"},
		{"an unknown key", http.MethodGet, defaultPolicy, "spk_" + strings.Repeat("0", 26) + "_" + strings.Repeat("A", 43), "api_key_invalid"},
		{"a name without its secret", http.MethodGet, defaultPolicy, key[:strings.LastIndexByte(key[:35], '_')+1], "api_key_invalid"},
	} {
		a := h.call(row.method, row.path, row.key, "")
		if p := a.problem(t); a.status != http.StatusUnauthorized || p.Code != row.code {
			t.Errorf("%s: %d %s", row.name, a.status, p.Code)
		}
	}
	// Row 7: an admin of another tenant reads the client without overrides.
	theirs := decodeAs[api.PolicyView](t, h.call(http.MethodGet, contosoPolicy, h.apiKey("zenith"), ""), http.StatusOK)
	if theirs.Overrides.Version != 0 || *theirs.Effective.CodeLength != 6 {
		t.Errorf("row 7: another tenant reads %+v", theirs.Overrides)
	}
}

func TestAPodFollowsItsClientsPolicy(t *testing.T) {
	h := newHarness(t)
	key := h.apiKey("acme")
	token := h.launch("acme", "4711").Token
	pod := func() api.Pod {
		return decodeAs[api.SessionOpened](t, h.call(http.MethodGet, "/api/v1/pod", token, ""), http.StatusOK).Pod
	}
	if p := pod(); !p.FirstOpen || p.Policy.Version != "0.0" || p.Contacts[0].Channels[0].Methods[0].Reason != "" {
		t.Errorf("before the edit: %+v", p.Policy)
	}
	decodeAs[api.PolicyView](t, h.call(http.MethodPut, contosoPolicy, key, editBody(0, `{"methods":["email_link"],"ticket_note":false,"before_save":"block"}`)), http.StatusOK)
	p := pod()
	mobile := p.Contacts[0].Channels[0].Methods[0]
	if p.Policy.Version != "0.1" || p.Policy.TicketNote || p.Policy.BeforeSave != "block" || mobile.Reason != "policy" ||
		mobile.Explanation != "Set by Contoso's policy, version 1, by Noor Haddad on 23 Nov 2026." {
		t.Errorf("after it: %+v, %+v", p.Policy, mobile)
	}
	a := h.send(token, "acme-dana", "mobile", "sms_code", "")
	if refused := a.problem(t); a.status != http.StatusForbidden || refused.Code != "verification_method_not_allowed" || refused.Reason != "policy" {
		t.Errorf("a code now: %d %+v", a.status, refused)
	}
	if again := h.launch("acme", "4711"); again.Pod.FirstOpen {
		t.Error("the ticket is opened for the first time twice")
	}
}

func TestThreat_18_AnExhaustedQuotaSaysWhenItFrees(t *testing.T) {
	h := newHarness(t)
	key := h.apiKey("acme")
	decodeAs[api.PolicyView](t, h.call(http.MethodPut, defaultPolicy, key, editBody(0, `{"quota_technician_minute":2}`)), http.StatusOK)
	token := h.launch("acme", "4711").Token
	decodeAs[api.Verification](t, h.send(token, "acme-dana", "mobile", "sms_code", ""), http.StatusCreated)
	second := decodeAs[api.Verification](t, h.send(token, "acme-dana", "mail", "email_link", ""), http.StatusCreated)
	if len(second.Warnings) != 1 || second.Warnings[0].Name != "quota_technician_minute" || second.Warnings[0].Used != 2 {
		t.Errorf("the last send has no warning: %+v", second.Warnings)
	}
	a := h.send(token, "acme-raj", "raj-mobile", "sms_code", "Manager approval")
	p := a.problem(t)
	if a.status != http.StatusTooManyRequests || p.Code != "quota_exceeded" || p.Quota.Name != "quota_technician_minute" ||
		p.Quota.Used != 2 || p.Quota.Limit != 2 || a.header.Get("Retry-After") != "60" || !p.Quota.FreesAt.Equal(h.now.Add(time.Minute)) {
		t.Errorf("%d %+v, Retry-After %s", a.status, p, a.header.Get("Retry-After"))
	}
	h.now = h.now.Add(time.Minute)
	decodeAs[api.Verification](t, h.send(token, "acme-raj", "raj-mobile", "sms_code", "Manager approval"), http.StatusCreated)
}

func TestALockedContactIsShownAndUnlockedByAnAdmin(t *testing.T) {
	h := newHarness(t)
	storetest.SetPolicy(t, h.db, "acme", "", func(p *policy.Policy) { p.FailuresBeforeLock = 3 })
	key := h.apiKey("acme")
	token := h.launch("acme", "4711").Token
	sent := decodeAs[api.Verification](t, h.send(token, "acme-dana", "mobile", "sms_code", ""), http.StatusCreated)
	wrong := fmt.Sprintf(`{"code":"%06d"}`, (atoi(t, h.takeJob().Secret)+1)%1_000_000)
	for range 3 {
		h.call(http.MethodPost, "/api/v1/verifications/"+sent.Id+"/code", token, wrong)
	}
	dana := func() api.Contact {
		return decodeAs[api.SessionOpened](t, h.call(http.MethodGet, "/api/v1/pod", token, ""), http.StatusOK).Pod.Contacts[0]
	}
	if got := dana(); got.Lock != (api.Lock{Failures: 3, Limit: 3, Locked: true}) || got.Channels[0].Methods[0].Reason != "locked" {
		t.Errorf("row 13: the pod shows %+v, %+v", got.Lock, got.Channels[0].Methods)
	}
	for _, want := range []int{3, 0} {
		cleared := decodeAs[api.UnlockResult](t, h.call(http.MethodPost, "/api/v1/contacts/acme-dana/unlock", key, ""), http.StatusOK)
		if cleared.Failures != want {
			t.Errorf("%d failures were cleared, want %d", cleared.Failures, want)
		}
	}
	if got := dana(); got.Lock != (api.Lock{}) || got.Channels[0].Methods[0].Reason != "" {
		t.Errorf("after the unlock the pod shows %+v", got)
	}
}

func atoi(t *testing.T, code string) int {
	t.Helper()
	n, err := strconv.Atoi(code)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
