package httpapi_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3filter"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/api"
)

const (
	branding = "/api/v1/branding"
	logo     = "/api/v1/branding/logo"
)

func init() {
	for _, kind := range []string{"image/png", "image/svg+xml"} {
		openapi3filter.RegisterBodyDecoder(kind, openapi3filter.FileBodyDecoder)
	}
}

func squarePNG(t *testing.T, side int) string {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewNRGBA(image.Rect(0, 0, side, side))); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func (h *harness) putLogo(key string, version int, file string) response {
	h.t.Helper()
	return h.call(http.MethodPut, fmt.Sprintf("%s?version=%d", logo, version), key, file, "Content-Type", "image/png")
}

func TestBrandingIsReadEditedAndLogged(t *testing.T) {
	h := newHarness(t)
	key := h.apiKey("acme")
	before := decodeAs[api.BrandingView](t, h.call(http.MethodGet, branding, key, ""), http.StatusOK)
	if before.Version != 0 || before.Effective.Action != "#0f4f6b" || len(before.Builtin) != 5 || !strings.Contains(*before.Builtin["de"].SmsCode, "{code}") {
		t.Errorf("before any edit: %+v", before)
	}
	after := decodeAs[api.BrandingView](t, h.call(http.MethodPut, branding, key, editBody(0,
		`{"sender":{"name":"Acme Care"},"theme":{"action":"#ffcc00","angle":0},"texts":{"de":{"mail_footer":"Gruß <b>"}}}`)), http.StatusOK)
	if after.Version != 1 || after.EditedBy != "Noor Haddad" || after.Fields.Sender.Name != "Acme Care" || *after.Fields.Theme.Angle != 0 ||
		*after.Fields.Texts["de"].MailFooter != "Gruß <b>" || after.Effective.ActionText != "#000000" {
		t.Errorf("after it: %+v", after)
	}
	read := decodeAs[api.BrandingView](t, h.call(http.MethodGet, branding, key, ""), http.StatusOK)
	if read.Version != 1 || read.Fields.Theme.Action != "#ffcc00" {
		t.Errorf("read back: %+v", read)
	}
	if same := decodeAs[api.BrandingView](t, h.call(http.MethodPut, branding, key, editBody(1,
		`{"sender":{"name":"Acme Care"},"theme":{"action":"#ffcc00","angle":0},"texts":{"de":{"mail_footer":"Gruß <b>"}}}`)), http.StatusOK); same.Version != 1 {
		t.Errorf("an edit without a change made version %d", same.Version)
	}
	if n := h.countEvents("acme"); n != 1 {
		t.Errorf("%d events are in the log, want 1", n)
	}
}

func TestBrandingRefusesByName(t *testing.T) {
	h := newHarness(t)
	key := h.apiKey("acme")
	decodeAs[api.BrandingView](t, h.call(http.MethodPut, branding, key, editBody(0, `{"theme":{"angle":1}}`)), http.StatusOK)
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		code, field              string
	}{
		{"a stale version", http.MethodPut, branding, editBody(0, `{}`), 409, "stale_version", "version"},
		{"a future version", http.MethodPut, branding, editBody(2, `{}`), 409, "stale_version", "version"},
		{"no version", http.MethodPut, branding, `{"fields":{}}`, 422, "invalid", "version"},
		{"no fields", http.MethodPut, branding, `{"version":1}`, 422, "invalid", "fields"},
		{"an unknown placeholder", http.MethodPut, branding, editBody(1, `{"texts":{"en":{"sms_code":"{code} {name}"}}}`), 422, "invalid", "fields.texts.en.sms_code"},
		{"a missing placeholder", http.MethodPut, branding, editBody(1, `{"texts":{"en":{"mail_text":"Hello"}}}`), 422, "invalid", "fields.texts.en.mail_text"},
		{"a field that is null", http.MethodPut, branding, editBody(1, `{"theme":null}`), 400, "malformed", "fields.theme"},
		{"a field that comes twice", http.MethodPut, branding, editBody(1, `{"theme":{},"theme":{}}`), 400, "malformed", "fields.theme"},
		{"an invalid preview", http.MethodPost, branding + "/preview", `{"fields":{"theme":{"angle":999}}}`, 422, "invalid", "fields.theme.angle"},
		{"an invalid language tag", http.MethodGet, branding + "/preview?language=deutsch!", "", 422, "invalid", "language"},
		{"a logo without a version", http.MethodDelete, logo, "", 400, "malformed", "version"},
		{"a version in words", http.MethodDelete, logo + "?version=last", "", 400, "malformed", "version"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := h.call(c.method, c.path, key, c.body)
			if p := a.problem(t); a.status != c.status || p.Code != c.code || p.Field != c.field {
				t.Errorf("%d %+v, want %d %s at %s", a.status, p, c.status, c.code, c.field)
			}
		})
	}
	if n := h.countEvents("acme"); n != 1 {
		t.Errorf("%d events are in the log, want 1: a refusal adds none", n)
	}
}

func TestAColourWithLowContrastIsRefusedWithASuggestion(t *testing.T) {
	h := newHarness(t)
	key := h.apiKey("acme")
	a := h.call(http.MethodPut, branding, key, editBody(0, `{"theme":{"text":"#cccccc"}}`))
	p := a.problem(t)
	if a.status != 422 || p.Code != "contrast_too_low" || p.Field != "fields.theme.text" || p.Contrast.Needed != 4.5 || p.Contrast.Measured < 1.59 || p.Contrast.Measured > 1.61 {
		t.Fatalf("%d %+v", a.status, p)
	}
	decodeAs[api.BrandingView](t, h.call(http.MethodPut, branding, key, editBody(0, `{"theme":{"text":"`+p.Contrast.Nearest+`"}}`)), http.StatusOK)
}

func TestALogoIsSetShownAndDeleted(t *testing.T) {
	h := newHarness(t)
	key := h.apiKey("acme")
	set := decodeAs[api.BrandingView](t, h.putLogo(key, 0, squarePNG(t, 400)), http.StatusOK)
	if set.Version != 1 || set.Logo.Width != 160 || set.Logo.Height != 160 || !strings.HasPrefix(set.Logo.Url, publicURL+"/brand/") {
		t.Fatalf("%+v", set)
	}
	hash := strings.TrimSuffix(strings.TrimPrefix(set.Logo.Url, publicURL+"/brand/"), ".png")
	if _, err := h.db.BrandImage(t.Context(), hash); err != nil {
		t.Error(err)
	}
	own := decodeAs[api.BrandingView](t, h.call(http.MethodPut, branding+"/landing-logo?version=1", key, squarePNG(t, 20), "Content-Type", "image/png"), http.StatusOK)
	if own.LandingLogo.Width != 20 || own.Logo.Url != set.Logo.Url {
		t.Errorf("%+v", own)
	}
	if stale := h.putLogo(key, 1, squarePNG(t, 30)); stale.status != 409 {
		t.Errorf("a stale logo: %d", stale.status)
	}
	gone := decodeAs[api.BrandingView](t, h.call(http.MethodDelete, logo+"?version=2", key, ""), http.StatusOK)
	if gone.Logo.Url != "" || gone.LandingLogo.Width != 20 {
		t.Errorf("%+v", gone)
	}
	if _, err := h.db.BrandImage(t.Context(), hash); verify.CodeOf(err) != verify.CodeNotFound {
		t.Errorf("the image is still stored (%v)", err)
	}
	decodeAs[api.BrandingView](t, h.call(http.MethodDelete, branding+"/landing-logo?version=3", key, ""), http.StatusOK)
}

func TestAnInvalidLogoIsRefused(t *testing.T) {
	h := newHarness(t)
	key := h.apiKey("acme")
	for _, c := range []struct {
		name, kind, file string
		status           int
		code             string
	}{
		{"an SVG", "image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg"/>`, 422, "image_invalid"},
		{"an SVG that says it is a PNG", "image/png", `<svg xmlns="http://www.w3.org/2000/svg"/>`, 422, "image_invalid"},
		{"one that is cut short", "image/png", squarePNG(t, 40)[:60], 422, "image_invalid"},
		{"a form", "application/x-www-form-urlencoded", squarePNG(t, 4), 415, "unsupported_media_type"},
		{"one that is too large", "image/png", squarePNG(t, 4) + strings.Repeat("x", 1<<20), 413, "too_large"},
	} {
		t.Run(c.name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, h.server.URL+logo+"?version=0", io.NopCloser(strings.NewReader(c.file)))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Type", c.kind)
			request.Header.Set("Authorization", "Bearer "+key)
			if a := h.do(request); a.status != c.status || a.problem(t).Code != c.code {
				t.Errorf("%d %s, want %d %s", a.status, a.body, c.status, c.code)
			}
		})
	}
	if n := h.countEvents("acme"); n != 0 {
		t.Errorf("%d events are in the log, want none", n)
	}
}

func TestAPreviewShowsTheMessages(t *testing.T) {
	h := newHarness(t)
	key := h.apiKey("acme")
	is := decodeAs[api.BrandingPreview](t, h.call(http.MethodGet, branding+"/preview?language=de-AT", key, ""), http.StatusOK)
	if is.Language != "de" || !strings.HasPrefix(is.Mail.Subject, "ACME: Bitte bestätigen Sie") || is.SmsCode.Encoding != "GSM-7" || is.SmsCode.Segments != 2 ||
		!strings.Contains(is.Landing, `<html lang="de">`) || !strings.Contains(is.Landing, "ACME möchte prüfen") || is.Scripts.SmsCode != "" {
		t.Errorf("%+v", is)
	}
	would := decodeAs[api.BrandingPreview](t, h.call(http.MethodPost, branding+"/preview", key,
		`{"language":"en","fields":{"theme":{"action":"#aa0000"},"texts":{"en":{"sms_code":"Łódź {code}","script_number":"Say {number}, {technician}."}}}}`), http.StatusOK)
	if would.SmsCode.Encoding != "UCS-2" || !strings.HasPrefix(would.SmsCode.Text, "Łódź 482 913 Read this only") || would.Scripts.Number != "Say {number}, Ana Ortiz." ||
		!strings.Contains(would.Landing, "--action:#aa0000;") || !strings.Contains(would.Mail.Html, "#aa0000") {
		t.Errorf("%+v", would)
	}
	if read := decodeAs[api.BrandingView](t, h.call(http.MethodGet, branding, key, ""), http.StatusOK); read.Version != 0 {
		t.Error("a preview was stored")
	}
}

func TestScriptsReachThePodFilledIn(t *testing.T) {
	h := newHarness(t)
	key := h.apiKey("acme")
	decodeAs[api.BrandingView](t, h.call(http.MethodPut, branding, key, editBody(0,
		`{"texts":{"en":{"script_sms_code":"“{technician} of {tenant} here. You have {minutes}.”"},"de":{"script_sms_code":"Deutsch"}}}`)), http.StatusOK)
	pod := h.launch("acme", "4711").Pod
	for _, c := range pod.Contacts {
		if want := "“Ana Ortiz of ACME here. You have 5 minutes.”"; c.Scripts.SmsCode != want || c.Scripts.EmailLink != "" {
			t.Errorf("%s: %+v, want %q", c.Id, c.Scripts, want)
		}
	}
}

func TestThreat_07_BrandingBelongsToItsTenant(t *testing.T) {
	h := newHarness(t)
	h.tenant("zenith")
	mine, theirs := h.apiKey("acme"), h.apiKey("zenith")
	decodeAs[api.BrandingView](t, h.putLogo(mine, 0, squarePNG(t, 40)), http.StatusOK)
	if read := decodeAs[api.BrandingView](t, h.call(http.MethodGet, branding, theirs, ""), http.StatusOK); read.Version != 0 || read.Logo.Url != "" {
		t.Errorf("another tenant reads %+v", read)
	}
	for _, key := range []string{"", "spk_nobody_x"} {
		for _, call := range []response{
			h.call(http.MethodGet, branding, key, ""), h.call(http.MethodPut, branding, key, editBody(1, `{}`)),
			h.call(http.MethodDelete, logo+"?version=1", key, ""), h.call(http.MethodGet, branding+"/preview", key, ""),
		} {
			if call.status != 401 {
				t.Errorf("with the key %q: %d", key, call.status)
			}
		}
	}
}
