package twilio_test

import (
	"cmp"
	"encoding/base64"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/courier/couriertest"
	"github.com/shieldpod/shieldpod/bff/internal/courier/twilio"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

const (
	site = "https://pod.example"
	path = "/hooks/twilio/acme?at=1772632800&job=v_1"
)

// call is one request to the webhook. It is signed unless a signature is set.
type call struct {
	public    string // default: site
	path      string
	fields    map[string]string
	signature string
	token     string
	body      string // instead of the fields
	kind      string
	err       error // of recording
}

func receipt(change map[string]string) map[string]string {
	r := map[string]string{
		"MessageSid": "SM77", "MessageStatus": "delivered", "AccountSid": account, "From": "+15105550100", "To": "+14155554821", "ApiVersion": "2010-04-01",
	}
	maps.Copy(r, change)
	return r
}

func (c call) do(t *testing.T) (status int, h *couriertest.Hooks) {
	t.Helper()
	h = couriertest.NewHooks(t, twilio.Plugin, twilio.Settings{Account: account}, twilio.Secret{Token: token}, cmp.Or(c.public, site), clock)
	h.Err = c.err
	form := url.Values{}
	for name, value := range c.fields {
		form.Set(name, value)
	}
	body := c.body
	if body == "" {
		body = form.Encode()
	}
	if c.path == "" {
		c.path = path
	}
	if c.token == "" {
		c.token = token
	}
	if c.signature == "" {
		c.signature = base64.StdEncoding.EncodeToString(twilio.Sign(c.token, site+c.path, c.fields))
	}
	if c.kind == "" {
		c.kind = "application/x-www-form-urlencoded"
	}
	req := httptest.NewRequest(http.MethodPost, c.path, strings.NewReader(body))
	req.Header.Set("Content-Type", c.kind)
	req.Header.Set("X-Twilio-Signature", c.signature)
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, req)
	if log := h.Log.String(); strings.Contains(log, "4155554821") || strings.Contains(log, token) {
		t.Errorf("the log contains a number or the token: %s", log)
	}
	return recorder.Code, h
}

func TestTheSignatureIsTwiliosOwn(t *testing.T) { // the example in Twilio's documentation
	got := base64.StdEncoding.EncodeToString(twilio.Sign("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", map[string]string{
		"CallSid": "CA1234567890ABCDE", "Caller": "+14158675309", "Digits": "1234", "From": "+14158675309", "To": "+18005551212",
	}))
	if want := "RSOYDt4T1cUTdK1PDd93/VVr8B8="; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestAReceiptBecomesAReport(t *testing.T) {
	for _, c := range []struct {
		status, code string
		want         []string
	}{
		{"queued", "", nil},
		{"sending", "", nil},
		{"sent", "", []string{"v_1 sent twilio"}},
		{"delivered", "", []string{"v_1 delivered "}},
		{"read", "", []string{"v_1 delivered "}},
		{"undelivered", "30003", []string{"v_1 failed invalid_recipient"}},
		{"undelivered", "30006", []string{"v_1 failed landline"}},
		{"undelivered", "30007", []string{"v_1 failed blocked"}},
		{"failed", "21610", []string{"v_1 failed opted_out"}},
		{"undelivered", "30034", []string{"v_1 failed carrier_misconfigured"}},
		{"undelivered", "30004", []string{"v_1 failed blocked"}},
		{"undelivered", "30005", []string{"v_1 failed invalid_recipient"}},
		{"failed", "21635", []string{"v_1 failed landline"}},
		{"failed", "21265", []string{"v_1 failed invalid_recipient"}},
		{"failed", "21408", []string{"v_1 failed carrier_misconfigured"}},
		{"failed", "21612", []string{"v_1 failed carrier_misconfigured"}},
		{"failed", "30001", []string{"v_1 failed undelivered"}},
		{"failed", "30002", []string{"v_1 failed carrier_misconfigured"}},
		{"undelivered", "30017", []string{"v_1 failed undelivered"}},
		{"undelivered", "30032", []string{"v_1 failed carrier_misconfigured"}},
		{"failed", "30008", []string{"v_1 failed undelivered"}},
		{"failed", "", []string{"v_1 failed undelivered"}},
		{"a new word", "", nil},
	} {
		fields := receipt(map[string]string{"MessageStatus": c.status})
		if c.code != "" {
			fields["ErrorCode"] = c.code
		}
		if status, h := (call{fields: fields}).do(t); status != http.StatusNoContent || !slices.Equal(h.Received, c.want) {
			t.Errorf("%s %s: %d, told %q, want %q", c.status, c.code, status, h.Received, c.want)
		}
	}
}

func TestThreat_20_AReceiptThatIsNotTwiliosChangesNothing(t *testing.T) {
	good := receipt(nil)
	signed := base64.StdEncoding.EncodeToString(twilio.Sign(token, site+path, good))
	flipped := "A" + signed[1:]
	if flipped == signed {
		flipped = "B" + signed[1:]
	}
	for _, c := range []struct {
		name string
		call call
		want int
	}{
		{"a bit of the signature flipped", call{fields: good, signature: flipped}, 403},
		{"no base64", call{fields: good, signature: "!"}, 403},
		{"a field altered under an old signature", call{fields: receipt(map[string]string{"MessageStatus": "failed"}), signature: signed}, 403},
		{"another job under an old signature", call{path: "/hooks/twilio/acme?at=1772632800&job=v_2", fields: good, signature: signed}, 403},
		{"a new time under an old signature", call{path: "/hooks/twilio/acme?at=1772632801&job=v_1", fields: good, signature: signed}, 403},
		{"another tenant under an old signature", call{path: "/hooks/twilio/other?at=1772632800&job=v_1", fields: good, signature: signed}, 403},
		{"signed by another token", call{fields: good, token: "another token"}, 403},
		{"of another account", call{fields: receipt(map[string]string{"AccountSid": "AC" + strings.Repeat("f", 32)})}, 403},
		{"hours old", call{path: "/hooks/twilio/acme?at=1772618399&job=v_1", fields: good}, 403},
		{"from the future", call{path: "/hooks/twilio/acme?at=1772632861&job=v_1", fields: good}, 403},
		{"without a time", call{path: "/hooks/twilio/acme?job=v_1", fields: good}, 403},
		{"of a tenant that does not send by Twilio", call{path: "/hooks/twilio/stranger?at=1772632800&job=v_1", fields: good}, 403},
		{"a field that comes twice", call{fields: good, body: "MessageStatus=sent&MessageStatus=delivered"}, 400},
		{"JSON", call{fields: good, kind: "application/json"}, 400},
		{"a body that is too large", call{fields: good, body: strings.Repeat("a", 65<<10)}, 400},
		{"while the account can't be read", call{path: "/hooks/twilio/broken?at=1772632800&job=v_1", fields: good}, 503},
		{"of another tenant's message", call{path: "/hooks/twilio/other?at=1772632800&job=v_1", fields: good}, 204},
		{"of no message", call{path: "/hooks/twilio/acme?at=1772632800", fields: good}, 204},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, h := c.call.do(t)
			if status != c.want || len(h.Received) > 0 {
				t.Errorf("%d, want %d; told %q", status, c.want, h.Received)
			}
			if quiet := c.name == "of no message"; h.Log.Len() == 0 != quiet {
				t.Errorf("logged %q", h.Log.String())
			}
		})
	}
}

// Twilio signs the callback URL with or without the port of https, and its libraries accept both.
func TestASignatureOverAnyFormOfThePublicURLIsTwilios(t *testing.T) {
	const query = "at=1772632800&job=v_1"
	for _, c := range []struct {
		name, public, signed, path string
		want                       int
	}{
		{"as it is", "https://pod.example", "https://pod.example" + path, path, 204},
		{"with the port of https", "https://pod.example", "https://pod.example:443" + path, path, 204},
		{"another port, with it", "https://pod.example:8443", "https://pod.example:8443" + path, path, 204},
		{"another port, without it", "https://pod.example:8443", "https://pod.example" + path, path, 204},
		{"an IPv6 address with a port, without it", "https://[2001:db8::1]:8443", "https://[2001:db8::1]" + path, path, 204},
		{"an IPv6 address, with the port of https", "https://[2001:db8::1]", "https://[2001:db8::1]:443" + path, path, 204},
		{"http on this machine, with its port", "http://127.0.0.1:8080", "http://127.0.0.1:8080" + path, path, 204},
		{"http on this machine, without it", "http://localhost", "http://localhost:80" + path, path, 204},
		{"a query that a proxy reordered", "https://pod.example", "https://pod.example" + path, "/hooks/twilio/acme?job=v_1&at=1772632800", 204},
		{"a query that a proxy rewrote", "https://pod.example", "https://pod.example" + path, "/hooks/twilio/acme?at=1772632800&job=v%5F1", 204},
		{"a query that a proxy added to", "https://pod.example", "https://pod.example" + path, "/hooks/twilio/acme?" + query + "&via=proxy", 204},
		{"a path that a proxy rewrote", "https://pod.example", "https://pod.example" + path, "/hooks/twilio/%61cme?" + query, 204},
		{"the port of http on https", "https://pod.example", "https://pod.example:80" + path, path, 403},
		{"another port than ours", "https://pod.example:8443", "https://pod.example:9443" + path, path, 403},
		{"http, where we are https", "https://pod.example", "http://pod.example" + path, path, 403},
		{"another host", "https://pod.example", "https://evil.example" + path, path, 403},
		{"a host that begins like ours", "https://pod.example", "https://pod.example.evil.example" + path, path, 403},
		{"a slash at the end", "https://pod.example", "https://pod.example/hooks/twilio/acme/?" + query, path, 403},
		{"another job beside the one that is signed", "https://pod.example", "https://pod.example" + path, "/hooks/twilio/acme?at=1772632800&job=v_2&job=v_1", 403},
		{"another time beside the one that is signed", "https://pod.example", "https://pod.example" + path, "/hooks/twilio/acme?at=1772632801&at=1772632800&job=v_1", 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			fields := receipt(nil)
			signature := base64.StdEncoding.EncodeToString(twilio.Sign(token, c.signed, fields))
			status, h := call{public: c.public, path: c.path, fields: fields, signature: signature}.do(t)
			if status != c.want || (len(h.Received) == 1) != (c.want == 204) {
				t.Errorf("%d, told %q, want %d", status, h.Received, c.want)
			}
		})
	}
}

func TestAReceiptAboutTheAccountIsLoggedAsAnError(t *testing.T) {
	_, h := call{fields: receipt(map[string]string{"MessageStatus": "failed", "ErrorCode": "30034"})}.do(t)
	if log := h.Log.String(); !strings.Contains(log, "level=ERROR") || !strings.Contains(log, "code=30034") {
		t.Errorf("logged %q", log)
	}
}

func TestAReceiptThatCantBeWrittenIsRequestedAgain(t *testing.T) {
	if status, _ := (call{fields: receipt(nil), err: &verify.Error{Code: verify.CodeUnavailable}}).do(t); status != http.StatusServiceUnavailable {
		t.Errorf("%d", status)
	}
}
