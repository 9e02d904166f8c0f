package httpapi_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/shieldpod/shieldpod/sdk/api"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// signRaw signs an edited header and edited claims.
func (h *harness) signRaw(header, claims func(string) string, seed byte) string {
	h.t.Helper()
	parts := strings.Split(h.context("acme", "4711"), ".")
	text := base64Of(header(base64Decode(h.t, parts[0]))) + "." + base64Of(claims(base64Decode(h.t, parts[1])))
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, 32))
	return text + "." + base64Of(string(ed25519.Sign(key, []byte(text))))
}

// mustReplace returns a function that replaces old, which must be present.
func (h *harness) mustReplace(old, new string) func(string) string {
	return func(text string) string {
		h.t.Helper()
		if !strings.Contains(text, old) {
			h.t.Fatalf("%s is not in %s", old, text)
		}
		return strings.Replace(text, old, new, 1)
	}
}

func unchanged(text string) string { return text }

func TestARefusedLaunchCanBeDebugged(t *testing.T) {
	const notProven = "The ticket system's launch context was not accepted."
	h := newHarness(t)
	claims := func(old, new string) string { return h.signRaw(unchanged, h.mustReplace(old, new), 'a') }
	header := func(old, new string) string { return h.signRaw(h.mustReplace(old, new), unchanged, 'a') }
	now := h.now.Unix()
	cases := []struct {
		name, token string
		code        string // answered
		field, says string // answered; all answers are equal unless the signature is valid
		log         string // code and field
		reason      string
	}{
		{"a numeric ticket id", claims(`"id":"4711"`, `"id":4711`), "context_invalid", "ctx.ticket.id", "must be a string", "code=claims_invalid field=ctx.ticket.id", "must be a string"},
		{"an unknown field", claims(`"ticket":{`, `"ticket":{"priority":"high",`), "context_invalid", "ctx.ticket.priority", "is none of the documented names", "code=claims_invalid field=ctx.ticket.priority", "is none of the documented names"},
		{"a field in another case", claims(`"psa":`, `"PSA":`), "context_invalid", "ctx.PSA", "in another case", "code=claims_invalid field=ctx.PSA", "in another case"},
		{"kind mobile", claims(`"kind":"phone"`, `"kind":"mobile"`), "context_invalid", "ctx.contacts[0].channels[0].kind", `must be "email" or "phone"`, "code=claims_invalid field=ctx.contacts[0].channels[0].kind", "must be"},
		{"a channel without id", claims(`"id":"mobile",`, ``), "context_invalid", "ctx.contacts[0].channels[0].id", "is missing", "code=claims_invalid field=ctx.contacts[0].channels[0].id", "is missing"},
		{"no contact", claims(`"contact":{"id":"acme-dana","name":"Dana Reyes"},`, ``), "context_invalid", "ctx.contact.id", "is missing", "code=claims_invalid field=ctx.contact.id", "is missing"},
		{"no psa", claims(`"psa":"desk",`, ``), "context_invalid", "ctx.psa", "is missing", "code=claims_invalid field=ctx.psa", "is missing"},
		{"aud with a slash", claims(`"aud":"https://pod.example"`, `"aud":"https://pod.example/"`), "context_invalid", "aud", "without a slash at the end", "code=audience_invalid field=aud", "public URL"},
		{"aud of another server", claims(`"aud":"https://pod.example"`, `"aud":"https://pod.other.example"`), "context_invalid", "aud", "is not this server's public URL", "code=audience_invalid field=aud", "public URL"},
		{"aud as a list", claims(`"aud":"https://pod.example"`, `"aud":["https://pod.example"]`), "context_invalid", "aud", "must be a string", "code=claims_invalid field=aud", "must be a string"},
		{"a contact who is not among the contacts", claims(`"contact":{"id":"acme-dana"`, `"contact":{"id":"acme-ana"`), "context_invalid", "ctx.contact.id", "is not among ctx.contacts", "code=claims_invalid field=ctx.contact.id", "is not among"},
		{"two channels of one id", claims(`"id":"desk"`, `"id":"mobile"`), "context_invalid", "ctx.contacts[0].channels[1].id", "is repeated", "code=claims_invalid field=ctx.contacts[0].channels[1].id", "is repeated"},
		{"an origin with a path", claims(`"origin":"https://psa.example"`, `"origin":"https://psa.example/tickets"`), "context_invalid", "origin", "a scheme and a host only", "code=claims_invalid field=origin", "a scheme and a host only"},
		{"an origin that is not the tenant's", claims(`"origin":"https://psa.example"`, `"origin":"https://other.example"`), "context_invalid", "origin", "is not one of the tenant's", "code=claims_invalid field=origin", "is not one of the tenant's"},
		{"an invalid number of a technician", claims(`"act":{`, `"act":{"phone":"12",`), "context_invalid", "act.phone", "is not a phone number", "code=claims_invalid field=act.phone", "is not a phone number"},
		{"exp as text", claims(`"exp":`, `"exp":"1","x":`), "context_invalid", "exp", "whole number of seconds", "code=claims_invalid field=exp", "whole number"},
		{"a lifetime of an hour", claims(`"exp":`+itoa(now+60), `"exp":`+itoa(now+3600)), "context_invalid", "exp", "at most 5m0s after iat", "code=lifetime_invalid field=exp", "at most"},
		{"expired", claims(`"iat":`+itoa(now)+`,"nbf":`+itoa(now)+`,"exp":`+itoa(now+60), `"iat":`+itoa(now-90)+`,"nbf":`+itoa(now-90)+`,"exp":`+itoa(now-30)), "context_expired", "exp", "took too long", "code=expired field=exp", "has passed"},
		{"a clock that is ahead", claims(`"iat":`+itoa(now)+`,"nbf":`+itoa(now)+`,"exp":`+itoa(now+60), `"iat":`+itoa(now+60)+`,"nbf":`+itoa(now+60)+`,"exp":`+itoa(now+90)), "context_invalid", "nbf", "clock is ahead", "code=not_yet_valid field=nbf", "compare the clocks"},

		{"a wrong kid", header(`"kid":"acme-1"`, `"kid":"acme-2"`), "context_invalid", "", notProven, "code=key_unknown field=kid kid=acme-2 tenant=acme", "no such key"},
		{"no kid", header(`"kid":"acme-1"`, `"kid":""`), "context_invalid", "", notProven, "code=header_invalid field=kid", "visible ASCII"},
		{"a wrong issuer", claims(`"iss":"https://psa.example"`, `"iss":"https://psa.example/"`), "context_invalid", "", notProven, "code=key_unknown field=kid issuer=https://psa.example/", "no such key"},
		{"a wrong tenant", claims(`"tid":"acme"`, `"tid":"acme-it"`), "context_invalid", "", notProven, "code=key_unknown field=kid tenant=acme-it", "no such tenant"},
		{"a wrong algorithm", header(`"alg":"EdDSA"`, `"alg":"ES256"`), "context_invalid", "", notProven, "code=algorithm_refused field=alg", "pinned key"},
		{"a wrong typ", header(`"typ":"pod-launch+jwt"`, `"typ":"JWT"`), "context_invalid", "", notProven, "code=header_invalid field=typ", "pod-launch+jwt"},
		{"an unknown member of the header", header(`"alg":`, `"jku":"https://evil.example","alg":`), "context_invalid", "", notProven, "code=header_invalid field=jku", "documented names"},
		{"a bad signature", h.signRaw(unchanged, unchanged, 'z'), "context_invalid", "", notProven, "code=signature_invalid", "not by the registered key"},
		{"a bad signature on bad claims", h.signRaw(unchanged, h.mustReplace(`"id":"4711"`, `"id":4711`), 'z'), "context_invalid", "", notProven, "code=claims_invalid field=ctx.ticket.id signature_proven=false", "must be a string"},
		{"claims that are no JSON", claims(`"psa":`, `"psa"`), "context_invalid", "", notProven, "code=malformed", "is not JSON"},
		{"no token", "hello", "context_invalid", "", notProven, "code=malformed", "three parts"},
	}
	var common []byte
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h.t = t
			h.log.Reset()
			a := h.call(http.MethodPost, "/api/v1/launch", "", `{"context":"`+c.token+`"}`)
			p := a.problem(t)
			if a.status != http.StatusUnauthorized || p.Code != c.code || p.Field != c.field || !strings.Contains(p.Detail, c.says) {
				t.Errorf("answered %d %s, want %s of %q that says %q", a.status, a.body, c.code, c.field, c.says)
			}
			if c.says == notProven {
				if common == nil {
					common = a.body
				}
				if !bytes.Equal(common, a.body) {
					t.Errorf("with an invalid signature two answers differ:\n%s\n%s", common, a.body)
				}
			}
			lines := strings.Split(strings.TrimSpace(h.log.String()), "\n")
			if len(lines) != 1 || !strings.Contains(lines[0], `level=WARN msg="launch context refused"`) || !strings.Contains(lines[0], c.reason) {
				t.Fatalf("the log has %q, want one line that says %q", lines, c.reason)
			}
			for _, pair := range strings.Fields(c.log) {
				if !strings.Contains(lines[0]+" ", " "+pair+" ") {
					t.Errorf("the log has %s, want %s in it", lines[0], pair)
				}
			}
			for _, secret := range []string{"Dana", "contoso.com", "5554821", "Ana", "eyJ", "evil.example"} {
				if strings.Contains(lines[0], secret) {
					t.Errorf("the log has %q in it: %s", secret, lines[0])
				}
			}
		})
	}
}

func TestAReplayedContextIsLogged(t *testing.T) {
	h := newHarness(t)
	body := `{"context":"` + h.context("acme", "4711") + `"}`
	decodeAs[api.SessionOpened](t, h.call(http.MethodPost, "/api/v1/launch", "", body), http.StatusOK)
	if h.log.Len() > 0 {
		t.Errorf("an accepted launch is logged: %s", h.log)
	}
	a := h.call(http.MethodPost, "/api/v1/launch", "", body)
	if p := a.problem(t); p.Code != "context_replayed" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if line := h.log.String(); strings.Count(line, "\n") != 1 || !strings.Contains(line, `msg="launch context refused" code=context_replayed`) || !strings.Contains(line, "tenant=acme issuer=https://psa.example kid=acme-1 signature_proven=true") {
		t.Errorf("the log has %s", line)
	}
}

func TestTheLogOfRefusedContextsContainsNoForgedText(t *testing.T) {
	h := newHarness(t)
	payload, err := json.Marshal(map[string]string{"iss": "a\nlevel=ERROR \x1b[31m" + strings.Repeat("x", 500), "tid": "\u202eacme"})
	if err != nil {
		t.Fatal(err)
	}
	token := base64Of(`{"alg":"EdDSA","typ":"`+launchcontext.Type+`","kid":"k"}`) + "." + base64Of(string(payload)) + ".c2ln"
	h.call(http.MethodPost, "/api/v1/launch", "", `{"context":"`+token+`"}`)
	if line := h.log.String(); strings.Count(line, "\n") != 1 || len(line) > 600 || strings.ContainsAny(line, "\x1b\u202e") || strings.Contains(line, "level=ERROR") && !strings.Contains(line, "a?level=ERROR") {
		t.Errorf("the log has %q", line)
	}
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func base64Decode(t *testing.T, part string) string {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
