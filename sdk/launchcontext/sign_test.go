package launchcontext_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 700_000_000, time.UTC)

func TestSignFillsWhatIsEmpty(t *testing.T) {
	key := testKeys(t)["ed25519"]
	signer := launchcontext.Signer{Key: key, Now: func() time.Time { return noon }, Entropy: bytes.NewReader(make([]byte, 16))}
	token, err := signer.Sign(claims())
	if err != nil {
		t.Fatal(err)
	}
	got, err := launchcontext.Verify(token, expect(key, noon))
	if err != nil {
		t.Fatal(err)
	}
	want := claims()
	want.IssuedAt = noon.Truncate(time.Second)
	want.NotBefore, want.ExpiresAt = want.IssuedAt, want.IssuedAt.Add(time.Minute)
	want.ID = "AAAAAAAAAAAAAAAAAAAAAA"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// contacts gives claims two contacts who are fit.
func contacts(c *launchcontext.Claims) []launchcontext.Contact {
	c.Context.Contacts = []launchcontext.Contact{
		{ID: "dana", Name: "Dana Reyes", Channels: []launchcontext.Channel{
			{ID: "mobile", Kind: "phone", Value: "+14155554821"}, {ID: "mail", Kind: "email", Value: "dana@contoso.com"},
		}},
		{ID: "sam", Name: "Sam Okafor"},
	}
	return c.Context.Contacts
}

func TestSignRefusesWhatVerifyRefuses(t *testing.T) {
	type claimsEdit = func(*launchcontext.Claims)
	const invalid = launchcontext.CodeClaims
	cases := []struct {
		name  string
		edit  claimsEdit
		want  launchcontext.Code
		field string
	}{
		{"five minutes are allowed", func(c *launchcontext.Claims) { c.ExpiresAt = noon.Add(5 * time.Minute) }, "", ""},
		{"five minutes and a second are not", func(c *launchcontext.Claims) { c.ExpiresAt = noon.Add(301 * time.Second) }, launchcontext.CodeLifetime, "exp"},
		{"an end before the beginning", func(c *launchcontext.Claims) { c.ExpiresAt = noon }, launchcontext.CodeLifetime, "exp"},
		{"an end that has passed", func(c *launchcontext.Claims) {
			c.IssuedAt, c.ExpiresAt = noon.Add(-2*time.Minute), noon.Add(-time.Minute)
		}, launchcontext.CodeExpired, "exp"},
		{"a beginning that has not come", func(c *launchcontext.Claims) {
			c.NotBefore, c.ExpiresAt = noon.Add(time.Minute), noon.Add(2*time.Minute)
		}, launchcontext.CodeNotYet, "nbf"},
		{"issued in the future", func(c *launchcontext.Claims) {
			c.IssuedAt, c.NotBefore, c.ExpiresAt = noon.Add(time.Minute), noon, noon.Add(2*time.Minute)
		}, launchcontext.CodeNotYet, "iat"},
		{"no issuer", func(c *launchcontext.Claims) { c.Issuer = "" }, invalid, "iss"},
		{"no audience", func(c *launchcontext.Claims) { c.Audience = "" }, invalid, "aud"},
		{"an audience with a slash at its end", func(c *launchcontext.Claims) { c.Audience = "https://pod.example/" }, launchcontext.CodeAudience, "aud"},
		{"an audience with a path", func(c *launchcontext.Claims) { c.Audience = "https://pod.example/pod" }, launchcontext.CodeAudience, "aud"},
		{"an audience in capitals", func(c *launchcontext.Claims) { c.Audience = "https://Pod.example" }, launchcontext.CodeAudience, "aud"},
		{"an audience without a scheme", func(c *launchcontext.Claims) { c.Audience = "pod.example" }, launchcontext.CodeAudience, "aud"},
		{"an audience with https's own port", func(c *launchcontext.Claims) { c.Audience = "https://pod.example:443" }, launchcontext.CodeAudience, "aud"},
		{"no technician", func(c *launchcontext.Claims) { c.Subject = "" }, invalid, "sub"},
		{"a technician's id with a line break", func(c *launchcontext.Claims) { c.Subject = "member\n7" }, invalid, "sub"},
		{"a technician's id of 129 bytes", func(c *launchcontext.Claims) { c.Subject = strings.Repeat("x", 129) }, invalid, "sub"},
		{"a technician's id of 128 bytes", func(c *launchcontext.Claims) { c.Subject = strings.Repeat("x", 128) }, "", ""},
		{"a technician's id that is ConnectWise's", func(c *launchcontext.Claims) { c.Subject = "connectwise:7" }, invalid, "sub"},
		{"no tenant", func(c *launchcontext.Claims) { c.Tenant = "" }, invalid, "tid"},
		{"a tenant that is no slug", func(c *launchcontext.Claims) { c.Tenant = "Acme IT" }, invalid, "tid"},
		{"an origin with a slash at its end", func(c *launchcontext.Claims) { c.Origin = "https://psa.example/" }, invalid, "origin"},
		{"an origin with a path", func(c *launchcontext.Claims) { c.Origin = "https://psa.example/tickets/4711" }, invalid, "origin"},
		{"an origin with a user", func(c *launchcontext.Claims) { c.Origin = "https://ana@psa.example" }, invalid, "origin"},
		{"an origin of another scheme", func(c *launchcontext.Claims) { c.Origin = "file://psa" }, invalid, "origin"},
		{"the origin null", func(c *launchcontext.Claims) { c.Origin = "null" }, invalid, "origin"},
		{"an origin with a port", func(c *launchcontext.Claims) { c.Origin = "https://psa.example:8443" }, "", ""},
		{"an origin of IPv6", func(c *launchcontext.Claims) { c.Origin = "http://[::1]:8081" }, "", ""},
		{"a technician's address that is none", func(c *launchcontext.Claims) { c.Actor.Email = "ana" }, invalid, "act.email"},
		{"a technician's number that is none", func(c *launchcontext.Claims) { c.Actor.Phone = "unknown" }, invalid, "act.phone"},
		{"no ticket system", func(c *launchcontext.Claims) { c.Context.PSA = "" }, invalid, "ctx.psa"},
		{"a ticket system of 61 bytes", func(c *launchcontext.Claims) { c.Context.PSA = strings.Repeat("x", 61) }, invalid, "ctx.psa"},
		{"a ticket system that looks like another", func(c *launchcontext.Claims) { c.Context.PSA = "connectwise " }, invalid, "ctx.psa"},
		{"no ticket", func(c *launchcontext.Claims) { c.Context.Ticket.ID = "" }, invalid, "ctx.ticket.id"},
		{"a ticket's id with a turn of direction", func(c *launchcontext.Claims) { c.Context.Ticket.ID = "\u202e1174" }, invalid, "ctx.ticket.id"},
		{"a ticket's address that runs", func(c *launchcontext.Claims) { c.Context.Ticket.URL = "javascript:alert(1)" }, invalid, "ctx.ticket.url"},
		{"a ticket's address of 2,049 bytes", func(c *launchcontext.Claims) {
			c.Context.Ticket.URL = "https://psa.example/" + strings.Repeat("x", 2029)
		}, invalid, "ctx.ticket.url"},
		{"no client", func(c *launchcontext.Claims) { c.Context.Client.ID = "" }, invalid, "ctx.client.id"},
		{"a client's id with a space before", func(c *launchcontext.Claims) { c.Context.Client.ID = " contoso" }, invalid, "ctx.client.id"},
		{"a client's id of two spaces", func(c *launchcontext.Claims) { c.Context.Client.ID = "con  toso" }, invalid, "ctx.client.id"},
		{"a client's name of nothing that is seen", func(c *launchcontext.Claims) { c.Context.Client.Name = " \u200b " }, invalid, "ctx.client.name"},
		{"no contact", func(c *launchcontext.Claims) { c.Context.Contact.ID = "" }, invalid, "ctx.contact.id"},
		{"contacts", func(c *launchcontext.Claims) { contacts(c) }, "", ""},
		{"contacts without the ticket's own", func(c *launchcontext.Claims) { contacts(c)[0].ID = "raj" }, invalid, "ctx.contact.id"},
		{"no contact among the contacts", func(c *launchcontext.Claims) { c.Context.Contacts = []launchcontext.Contact{} }, invalid, "ctx.contact.id"},
		{"a contact without an id", func(c *launchcontext.Claims) { contacts(c)[1].ID = "" }, invalid, "ctx.contacts[1].id"},
		{"a contact without a name", func(c *launchcontext.Claims) { contacts(c)[1].Name = "" }, invalid, "ctx.contacts[1].name"},
		{"a contact's name that is not seen", func(c *launchcontext.Claims) { contacts(c)[1].Name = "\u2060" }, invalid, "ctx.contacts[1].name"},
		{"two contacts of one id", func(c *launchcontext.Claims) { contacts(c)[1].ID = "dana" }, invalid, "ctx.contacts[1].id"},
		{"a channel without an id", func(c *launchcontext.Claims) { contacts(c)[0].Channels[1].ID = "" }, invalid, "ctx.contacts[0].channels[1].id"},
		{"a channel without a value", func(c *launchcontext.Claims) { contacts(c)[0].Channels[1].Value = "" }, invalid, "ctx.contacts[0].channels[1].value"},
		{"two channels of one id", func(c *launchcontext.Claims) { contacts(c)[0].Channels[1].ID = "mobile" }, invalid, "ctx.contacts[0].channels[1].id"},
		{"a channel's id with something invisible", func(c *launchcontext.Claims) { contacts(c)[0].Channels[1].ID = "ma\u200bil" }, invalid, "ctx.contacts[0].channels[1].id"},
		{"a channel of an unknown kind", func(c *launchcontext.Claims) { contacts(c)[0].Channels[0].Kind = "mobile" }, invalid, "ctx.contacts[0].channels[0].kind"},
		{"more contacts than a context can carry", func(c *launchcontext.Claims) {
			for i := range 200 {
				c.Context.Contacts = append(contacts(c), launchcontext.Contact{ID: strconv.Itoa(i), Name: strings.Repeat("x", 8000)})
			}
		}, launchcontext.CodeTooLarge, "ctx.contacts"},
	}
	key := testKeys(t)["hs256"]
	signer := launchcontext.Signer{Key: key, Now: func() time.Time { return noon }}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			full := claims()
			c.edit(&full)
			_, err := signer.Sign(full)
			var refusal *launchcontext.Error
			if errors.As(err, &refusal); (err == nil) != (c.want == "") || err != nil && (refusal.Code != c.want || refusal.Field != c.field) {
				t.Errorf("Sign: got %v, want %q %q", err, c.want, c.field)
			}
			_, err = launchcontext.Verify(signedAnyhow(t, full, key), expect(key, noon))
			switch errors.As(err, &refusal); {
			case (err == nil) != (c.want == ""), err != nil && c.want != launchcontext.CodeTooLarge && (refusal.Code != c.want || refusal.Field != c.field):
				t.Errorf("Verify: got %v, want %q %q", err, c.want, c.field)
			case err != nil && refusal.Proven != (c.field != "iss" && c.want != launchcontext.CodeTooLarge):
				t.Errorf("Verify: the signature counts as proven: %t", refusal.Proven)
			}
		})
	}
}

// signedAnyhow is a context of other software, which checks nothing.
func signedAnyhow(t *testing.T, c launchcontext.Claims, key launchcontext.SigningKey) string {
	t.Helper()
	if c.IssuedAt.IsZero() {
		c.IssuedAt = noon
	}
	if c.NotBefore.IsZero() {
		c.NotBefore = c.IssuedAt
	}
	if c.ExpiresAt.IsZero() {
		c.ExpiresAt = c.IssuedAt.Add(time.Minute)
	}
	c.ID = "c5f8a1d2e3b4"
	header := must(json.Marshal(map[string]string{"alg": "HS256", "typ": launchcontext.Type, "kid": key.ID()}))
	signed := b64(header) + "." + b64(must(json.Marshal(c)))
	return signed + "." + b64(must(jwt.SigningMethodHS256.Sign(signed, launchcontext.RawKey(key))))
}

func TestARefusalSaysWhetherTheSignatureIsProven(t *testing.T) {
	key := testKeys(t)["hs256"]
	full := claims()
	contacts(&full)
	good := signedAnyhow(t, full, key)
	parts := strings.Split(good, ".")
	payload := string(must(base64.RawURLEncoding.DecodeString(parts[1])))
	edited := func(old, new string) (signed, forged string) {
		if !strings.Contains(payload, old) {
			t.Fatalf("the claims have no %s", old)
		}
		text := parts[0] + "." + b64([]byte(strings.Replace(payload, old, new, 1)))
		return text + "." + b64(must(jwt.SigningMethodHS256.Sign(text, launchcontext.RawKey(key)))), text + "." + parts[2]
	}
	for _, c := range []struct {
		name, old, new string
		field          string
		proven         bool
	}{
		{"a numeric ticket id", `"id":"4711"`, `"id":4711`, "ctx.ticket.id", true},
		{"an unknown member", `"ticket":{`, `"ticket":{"priority":1,`, "ctx.ticket.priority", true},
		{"a member in another case", `"psa":`, `"PSA":`, "ctx.PSA", true},
		{"null", `"Dana Reyes"`, `null`, "ctx.contacts[0].name", true},
		{"a time as text", `"exp":1767268860`, `"exp":"1767268860"`, "exp", true},
		{"a time beyond the year 9999", `"exp":1767268860`, `"exp":253402300800`, "exp", true},
		{"a name twice, which leaves the claims ambiguous but for who signed", `"psa":`, `"psa":"x","psa":`, "ctx.psa", true},
		{"an issuer twice", `"iss":`, `"iss":"x","iss":`, "iss", false},
		{"an issuer whom nobody knows", `"iss":"https://psa.example"`, `"iss":"https://other.example"`, "kid", false},
		{"JSON that is broken", `"client":{`, `"client":{{`, "ctx.client", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			signed, forged := edited(c.old, c.new)
			for token, proven := range map[string]bool{signed: c.proven, forged: false} {
				_, err := launchcontext.Verify(token, expect(key, noon))
				var refusal *launchcontext.Error
				if !errors.As(err, &refusal) || refusal.Field != c.field || refusal.Proven != proven {
					t.Errorf("got %v, proven %t, want %q, proven %t", err, refusal != nil && refusal.Proven, c.field, proven)
				}
			}
		})
	}
}

func TestInspectGivesEveryFault(t *testing.T) {
	key := testKeys(t)["hs256"]
	full := claims()
	contacts(&full)[0].Channels[1].ID = ""
	full.Audience, full.Subject, full.Context.Contact.ID = "https://pod.example/", "", "raj"
	token := signedAnyhow(t, full, key)
	parts := strings.Split(token, ".")
	payload := string(must(base64.RawURLEncoding.DecodeString(parts[1])))
	payload = strings.Replace(payload, `"psa":"demo"`, `"psa":7,"colour":"red"`, 1)
	header := b64([]byte(`{"alg":"none","typ":"JWT","kid":"","jku":"https://evil.example"}`))
	for _, c := range []struct {
		name, token string
		want        []string
	}{
		{"many faults", header + "." + b64([]byte(payload)) + "." + parts[2], []string{
			"jku header_invalid", "typ header_invalid", "alg header_invalid", "kid header_invalid",
			"ctx.psa claims_invalid", "ctx.colour claims_invalid", "sub claims_invalid", "aud audience_invalid",
			"ctx.contacts[0].channels[1].id claims_invalid", "ctx.contact.id claims_invalid",
		}},
		{"no token", "hello", []string{" malformed"}},
		{"claims that are cut", parts[0] + "." + b64([]byte(payload[:40])) + "." + parts[2], []string{"aud malformed"}},
		{"nothing", must(launchcontext.Signer{Key: key}.Sign(claims())), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, fault := range launchcontext.Inspect(c.token).Faults {
				got = append(got, fault.Field+" "+string(fault.Code))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSignNeedsAKeyAndEntropy(t *testing.T) {
	if _, err := launchcontext.Sign(claims(), launchcontext.SigningKey{}); launchcontext.CodeOf(err) != launchcontext.CodeKeyInvalid {
		t.Errorf("no key: %v", err)
	}
	signer := launchcontext.Signer{Key: testKeys(t)["hs256"], Entropy: strings.NewReader("short")}
	if _, err := signer.Sign(claims()); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("no entropy: %v", err)
	}
}

func TestClaimsComeBackFromJSON(t *testing.T) {
	want := claims()
	want.IssuedAt = time.Unix(1767225600, 0).UTC()
	want.Context.Contacts = []launchcontext.Contact{}
	data := must(json.Marshal(want))
	var got launchcontext.Claims
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := json.Unmarshal([]byte(`{"ISS":"x"}`), &got); launchcontext.CodeOf(err) != launchcontext.CodeClaims {
		t.Errorf("another case: %v", err)
	}
}

func expect(key launchcontext.SigningKey, now time.Time) launchcontext.Expect {
	return launchcontext.Expect{
		Audience: "https://pod.example", Keys: launchcontext.Pin("https://psa.example", key.Public()),
		Now: func() time.Time { return now },
	}
}
