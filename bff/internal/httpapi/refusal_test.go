package httpapi_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/shieldpod/shieldpod/sdk/api"
)

func TestABadRequestIsRefusedByNameAndWritesNothing(t *testing.T) {
	h := newHarness(t)
	token := h.launch("acme", "4711").Token
	const send, key = "/api/v1/verifications", "an-idempotency-key"
	valid := `{"contact_id":"acme-dana","channel_id":"mobile","method":"sms_code"}`
	long := strings.Repeat("x", 129)
	cases := []struct {
		name   string
		path   string
		body   string
		header []string
		status int
		code   string
		field  string
	}{
		{name: "a body that is not JSON", path: send, body: `{"contact_id"`, status: 400, code: "malformed"},
		{name: "something after the JSON", path: send, body: valid + `{}`, status: 400, code: "malformed"},
		{name: "an unknown field", path: send, body: `{"contact_id":"acme-dana","chanel_id":"x"}`, status: 400, code: "malformed", field: "chanel_id"},
		{name: "a destination of the caller's own (row 8)", path: send, body: strings.Replace(valid, "{", `{"to":"+14155550000",`, 1), status: 400, code: "malformed", field: "to"},
		{name: "a number for a string", path: send, body: strings.Replace(valid, `"mobile"`, `7`, 1), status: 400, code: "malformed", field: "channel_id"},
		{name: "a null for the body", path: send, body: `null`, status: 400, code: "malformed"},
		{name: "a list for the body", path: send, body: `[` + valid + `]`, status: 400, code: "malformed"},
		{name: "no body at all", path: send, body: ` `, status: 400, code: "malformed"},
		{name: "a null for a value", path: send, body: strings.Replace(valid, "}", `,"note":null}`, 1), status: 400, code: "malformed", field: "note"},
		{name: "a field that comes twice", path: send, body: strings.Replace(valid, "{", `{"contact_id":"acme-raj",`, 1), status: 400, code: "malformed", field: "contact_id"},
		{name: "a field that comes twice by an escape", path: send, body: strings.Replace(valid, "{", `{"contact\u005fid":"acme-raj",`, 1), status: 400, code: "malformed", field: "contact_id"},
		{name: "a field in another case", path: send, body: strings.Replace(valid, "contact_id", "Contact_ID", 1), status: 400, code: "malformed", field: "Contact_ID"},
		{name: "a malformed field name", path: send, body: strings.Replace(valid, "{", `{"<script>":"x",`, 1), status: 400, code: "malformed"},
		{name: "text that is not UTF-8", path: send, body: strings.Replace(valid, "acme-dana", "acme-dana\xff", 1), status: 400, code: "malformed"},
		{name: "no contact", path: send, body: strings.Replace(valid, "acme-dana", "", 1), status: 422, code: "invalid", field: "contact_id"},
		{name: "a channel id over its length", path: send, body: strings.Replace(valid, "mobile", long, 1), status: 422, code: "invalid", field: "channel_id"},
		{name: "an unknown method", path: send, body: strings.Replace(valid, "sms_code", "carrier_pigeon", 1), status: 422, code: "invalid", field: "method"},
		{name: "a method of another kind of channel", path: send, body: strings.Replace(valid, "sms_code", "email_link", 1), status: 422, code: "invalid", field: "method"},
		{name: "a landline", path: send, body: strings.Replace(valid, "mobile", "desk", 1), status: 403, code: "verification_method_not_allowed"},
		{name: "a note over its length", path: send, body: strings.Replace(valid, "}", `,"note":"`+strings.Repeat("é", 501)+`"}`, 1), status: 422, code: "invalid", field: "note"},
		{name: "another contact without a note", path: send, body: strings.NewReplacer("acme-dana", "acme-raj", "mobile", "raj-mobile").Replace(valid), status: 422, code: "note_required"},
		{name: "a body over the limit", path: send, body: `{"note":"` + strings.Repeat("x", 17<<10) + `"}`, status: 413, code: "too_large"},
		{name: "a body that is a form", path: send, body: `contact_id=acme-dana`, header: []string{"Content-Type", "application/x-www-form-urlencoded"}, status: 415, code: "unsupported_media_type"},
		{name: "an idempotency key that is too short", path: send, body: valid, header: []string{"Idempotency-Key", "short"}, status: 422, code: "invalid", field: "Idempotency-Key"},
		{name: "an idempotency key with spaces", path: send, body: valid, header: []string{"Idempotency-Key", "not a good key"}, status: 422, code: "invalid", field: "Idempotency-Key"},
		{name: "a field that comes twice beside a code", path: send + "/v_0/code", body: `{"code":"123456","code":"654321"}`, status: 400, code: "malformed", field: "code"},
		{name: "a malformed code", path: send + "/v_0/code", body: `{"code":"12ab56"}`, status: 422, code: "invalid", field: "code"},
		{name: "a code over its length", path: send + "/v_0/code", body: `{"code":"` + strings.Repeat("1", 65) + `"}`, status: 422, code: "invalid", field: "code"},
		{name: "an unknown verification", path: send + "/v_0/code", body: `{"code":"123456"}`, status: 404, code: "not_found"},
		{name: "a malformed verification id", path: send + "/%00/cancel", body: `{}`, status: 404, code: "not_found"},
		{name: "a launch without a context", path: "/api/v1/launch", body: `{}`, status: 422, code: "invalid", field: "context"},
		{name: "a launch by something that is no context", path: "/api/v1/launch", body: `{"context":"a.b.c"}`, status: 401, code: "context_invalid"},
		{name: "an unknown route", path: "/api/v1/other", body: `{}`, status: 404, code: "unknown_route"},
	}
	before := h.countEvents("acme")
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			headers := append([]string{"Idempotency-Key", key}, c.header...)
			a := h.call(http.MethodPost, c.path, token, c.body, headers...)
			if a.status != c.status {
				t.Fatalf("status %d, want %d: %s", a.status, c.status, a.body)
			}
			p := a.problem(t)
			if p.Code != c.code || p.Field != c.field || p.Status != c.status || p.Detail == "" {
				t.Errorf("problem %+v, want code %q and field %q", p, c.code, c.field)
			}
			if kind := a.header.Get("Content-Type"); kind != "application/problem+json" {
				t.Errorf("Content-Type %q", kind)
			}
		})
	}
	if after := h.countEvents("acme"); after != before {
		t.Errorf("%d events were written by refused requests", after-before)
	}
	if lines := strings.Split(strings.TrimSpace(h.log.String()), "\n"); len(lines) != 1 || !strings.Contains(lines[0], `level=WARN msg="launch context refused" code=malformed`) {
		t.Errorf("only the refusal of a launch context is logged, the log has: %s", h.log)
	}
}

func TestARepeatedHeaderIsRefused(t *testing.T) {
	h := newHarness(t)
	token := h.launch("acme", "4711").Token
	cases := []struct {
		name   string
		header http.Header
		status int
		code   string
		field  string
	}{
		{"two bearers", http.Header{"Authorization": {"Bearer " + token, "Bearer " + token}, "Idempotency-Key": {"an-idempotency-key"}}, 401, "session_invalid", ""},
		{"two idempotency keys", http.Header{"Authorization": {"Bearer " + token}, "Idempotency-Key": {"an-idempotency-key", "another-key"}}, 400, "malformed", "Idempotency-Key"},
		{"no idempotency key", http.Header{"Authorization": {"Bearer " + token}}, 400, "malformed", "Idempotency-Key"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			body := strings.NewReader(`{"contact_id":"acme-dana","channel_id":"mobile","method":"sms_code"}`)
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.server.URL+"/api/v1/verifications", body)
			if err != nil {
				t.Fatal(err)
			}
			request.Header = c.header
			request.Header.Set("Content-Type", "application/json")
			a := h.do(request)
			if p := a.problem(t); a.status != c.status || p.Code != c.code || p.Field != c.field {
				t.Errorf("%d %+v", a.status, p)
			}
		})
	}
	if h.countEvents("acme") != 0 {
		t.Error("something was sent")
	}
}

func TestARouteListsItsMethods(t *testing.T) {
	h := newHarness(t)
	for _, c := range []struct{ method, path, allow string }{
		{http.MethodPut, "/api/v1/pod", "OPTIONS, GET"},
		{http.MethodHead, "/api/v1/pod", "OPTIONS, GET"},
		{http.MethodGet, "/api/v1/launch", "OPTIONS, POST"},
		{http.MethodPost, "/healthz", "OPTIONS, GET, HEAD"},
	} {
		a := h.call(c.method, c.path, "", "")
		if a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") != c.allow {
			t.Errorf("%s %s: %d, Allow %q, want %q", c.method, c.path, a.status, a.header.Get("Allow"), c.allow)
		}
		if c.method != http.MethodHead {
			if p := a.problem(t); p.Code != "method_not_allowed" {
				t.Errorf("%s %s: code %q", c.method, c.path, p.Code)
			}
		}
	}
	for _, path := range []string{"/healthz", "/readyz", "/openapi.yaml", "/pod/acme"} {
		if a := h.call(http.MethodHead, path, "", ""); a.status != http.StatusOK || len(a.body) > 0 {
			t.Errorf("HEAD %s: %d with %d bytes", path, a.status, len(a.body))
		}
	}
}

func TestAnInvalidCursorIsRefused(t *testing.T) {
	h := newHarness(t)
	token := h.launch("acme", "4711").Token
	for _, cursor := range []string{"0", "-1", "%2B5", "007", "1e3", "99999999999999999999", "%00"} {
		a := h.call(http.MethodGet, "/api/v1/contacts/acme-dana/history?cursor="+cursor, token, "")
		if p := a.problem(t); a.status != http.StatusUnprocessableEntity || p.Code != "invalid" || p.Field != "cursor" {
			t.Errorf("cursor %s: %d %+v", cursor, a.status, p)
		}
	}
}

func TestNoRouteOfThePodAnswersWithoutABearer(t *testing.T) {
	h := newHarness(t)
	opened := h.launch("acme", "4711")
	routes := []struct{ method, path, body string }{
		{http.MethodGet, "/api/v1/pod", ""},
		{http.MethodPost, "/api/v1/verifications", `{"contact_id":"acme-dana","channel_id":"mobile","method":"sms_code"}`},
		{http.MethodPost, "/api/v1/verifications/v_0/code", `{"code":"123456"}`},
		{http.MethodPost, "/api/v1/verifications/v_0/cancel", ""},
		{http.MethodGet, "/api/v1/contacts/acme-dana/history", ""},
	}
	bearers := map[string]string{
		"none": "", "malformed": "x.y.z", "altered": opened.Token[:len(opened.Token)-2] + "AA",
		"a launch context (row 3)": h.context("acme", "4711"),
	}
	for _, r := range routes {
		for name, bearer := range bearers {
			a := h.call(r.method, r.path, bearer, r.body, "Idempotency-Key", "an-idempotency-key")
			if p := a.problem(t); a.status != http.StatusUnauthorized || p.Code != "session_invalid" {
				t.Errorf("%s %s with a bearer %s: %d %q", r.method, r.path, name, a.status, p.Code)
			}
		}
	}
}

func TestThreat_07_AnIdOfAnotherTenantReadsAsUnknown(t *testing.T) {
	h := newHarness(t)
	h.tenant("bolt")
	acme, bolt := h.launch("acme", "4711"), h.launch("bolt", "4711")
	theirs := decodeAs[api.Verification](t, h.send(bolt.Token, "bolt-dana", "mobile", "sms_code", ""), http.StatusCreated)
	code := h.takeJob().Secret
	pairs := []struct{ name, method, theirs, none, body string }{
		{"its verification's code", http.MethodPost, "/api/v1/verifications/" + theirs.Id + "/code", "/api/v1/verifications/v_0/code", `{"code":"` + code + `"}`},
		{"its verification", http.MethodPost, "/api/v1/verifications/" + theirs.Id + "/cancel", "/api/v1/verifications/v_0/cancel", ""},
		{"its contact's history", http.MethodGet, "/api/v1/contacts/bolt-dana/history", "/api/v1/contacts/nobody/history", ""},
	}
	for _, p := range pairs {
		got, want := h.call(p.method, p.theirs, acme.Token, p.body), h.call(p.method, p.none, acme.Token, p.body)
		if got.status != http.StatusNotFound || !bytes.Equal(got.body, want.body) {
			t.Errorf("%s: %d %s, and for an unknown id: %s", p.name, got.status, got.body, want.body)
		}
	}
	got := h.send(acme.Token, "bolt-dana", "mobile", "sms_code", "")
	want := h.send(acme.Token, "nobody", "mobile", "sms_code", "")
	if got.status != http.StatusNotFound || !bytes.Equal(got.body, want.body) {
		t.Errorf("sending to its contact: %d %s, and to an unknown contact: %s", got.status, got.body, want.body)
	}
	if h.countEvents("acme") != 0 {
		t.Error("requests for another tenant's objects left events")
	}
}

func TestThreat_25_AnswersAreNotCachedAndContainNoSecret(t *testing.T) {
	h := newHarness(t)
	opened := h.launch("acme", "4711")
	a := h.send(opened.Token, "acme-dana", "mobile", "sms_code", "")
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
	} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	job := h.takeJob()
	for _, path := range []string{"/api/v1/pod", "/api/v1/contacts/acme-dana/history"} {
		body := string(h.call(http.MethodGet, path, opened.Token, "").body)
		for what, secret := range map[string]string{"code": job.Secret, "number": "4155554821", "address": "dana@contoso.com"} {
			if strings.Contains(body, secret) {
				t.Errorf("%s contains the %s", path, what)
			}
		}
	}
}

func TestAnUnavailableStoreIsReportedAndNothingIsVerified(t *testing.T) {
	h := newHarness(t)
	opened := h.launch("acme", "4711")
	sent := decodeAs[api.Verification](t, h.send(opened.Token, "acme-dana", "mobile", "sms_code", ""), http.StatusCreated)
	code := h.takeJob().Secret
	if err := h.db.Close(); err != nil {
		t.Fatal(err)
	}
	a := h.call(http.MethodPost, "/api/v1/verifications/"+sent.Id+"/code", opened.Token, `{"code":"`+code+`"}`)
	if p := a.problem(t); a.status != http.StatusServiceUnavailable || p.Code != "unavailable" || p.RequestId == "" {
		t.Errorf("with the store closed the right code gave %d %+v", a.status, p)
	}
	if strings.Contains(h.log.String(), code) {
		t.Error("the log contains the code")
	}
}
