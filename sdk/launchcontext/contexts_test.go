package launchcontext_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

const contexts = "../../testdata/contexts"

var update = flag.Bool("update", false, "sign the tokens of testdata/contexts anew")

// base is the valid context that every case is a mutation of.
type base struct {
	About    string         `json:"about"`
	Audience string         `json:"audience"`
	Issuer   string         `json:"issuer"`
	Now      int64          `json:"now"`
	Sign     string         `json:"sign"`
	Header   map[string]any `json:"header"`
	Claims   map[string]any `json:"claims"`
	Token    string         `json:"token"`
}

// mutation says what differs from the base, and what becomes of it. README.md of the folder explains the fields.
type mutation struct {
	About  string               `json:"about"`
	Row    int                  `json:"row,omitempty"`
	Header map[string]any       `json:"header,omitempty"`
	Claims map[string]any       `json:"claims,omitempty"`
	Text   map[string][2]string `json:"text,omitempty"`
	Sign   string               `json:"sign,omitempty"`
	Tamper map[string]any       `json:"tamper,omitempty"`
	Around *[2]string           `json:"around,omitempty"`
	Later  int64                `json:"later,omitempty"`
	Want   launchcontext.Code   `json:"want"`
	Field  string               `json:"field,omitempty"`
	Token  string               `json:"token"`
}

func TestContexts(t *testing.T) {
	valid := readBase(t)
	keys := testKeys(t)
	for _, path := range files(t, "*.json") {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		if name == "valid" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			var m mutation
			readJSON(t, path, &m)
			if made := mutate(t, valid, m, keys); *update {
				m.Token = made
				writeJSON(t, path, m)
			} else if !sameToken(m.Token, made) {
				t.Errorf("the token is not what the mutation makes; run the test with -update")
			}
			_, err := launchcontext.Verify(m.Token, launchcontext.Expect{
				Audience: valid.Audience, Keys: pinned(valid.Issuer, keys), Now: at(valid.Now + m.Later),
			})
			var refusal *launchcontext.Error
			_ = errors.As(err, &refusal)
			if (err == nil) != (m.Want == "") || err != nil && (refusal.Code != m.Want || refusal.Field != m.Field) {
				t.Errorf("%s: got %v, want code %q, field %q", m.About, err, m.Want, m.Field)
			}
		})
	}
}

func TestValidContextSaysWhatWasSigned(t *testing.T) {
	valid := readBase(t)
	keys := testKeys(t)
	if made := mutate(t, valid, mutation{}, keys); *update {
		valid.Token = made
		writeJSON(t, filepath.Join(contexts, "valid.json"), valid)
	}
	got, err := launchcontext.Verify(valid.Token, launchcontext.Expect{
		Audience: valid.Audience, Keys: pinned(valid.Issuer, keys), Now: at(valid.Now),
	})
	if err != nil {
		t.Fatal(err)
	}
	mobile, landline := true, false
	want := launchcontext.Claims{
		Issuer: "https://psa.example", Audience: "https://pod.example", Subject: "member-7", Tenant: "acme",
		IssuedAt: time.Unix(1767225600, 0).UTC(), NotBefore: time.Unix(1767225600, 0).UTC(), ExpiresAt: time.Unix(1767225660, 0).UTC(),
		ID: "c5f8a1d2e3b4", Origin: "https://psa.example",
		Actor: launchcontext.Actor{Name: "Ana Ortiz", Email: "ana@acme.example"},
		Context: launchcontext.Context{
			PSA:     "demo",
			Ticket:  launchcontext.Ticket{ID: "4711", Number: "T-4711", Summary: "Password reset", URL: "https://psa.example/tickets/4711"},
			Client:  launchcontext.Client{ID: "contoso", Name: "Contoso"},
			Contact: launchcontext.Default{ID: "dana", Name: "Dana Reyes"},
			Contacts: []launchcontext.Contact{
				{ID: "dana", Name: "Dana Reyes", Title: "Accountant", Channels: []launchcontext.Channel{
					{ID: "dana-mobile", Kind: "phone", Value: "+14155554821", Label: "Mobile", Mobile: &mobile},
					{ID: "dana-desk", Kind: "phone", Value: "(415) 555-0199", Label: "Desk", Mobile: &landline},
					{ID: "dana-mail", Kind: "email", Value: "dana@contoso.com", Label: "Work"},
				}},
				{ID: "sam", Name: "Sam Okafor", Channels: []launchcontext.Channel{
					{ID: "sam-mail", Kind: "email", Value: "sam@contoso.com"},
				}},
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// mutate builds the token that a case describes, with golang-jwt's signing and nothing of ours.
func mutate(t *testing.T, valid base, m mutation, keys map[string]launchcontext.SigningKey) string {
	t.Helper()
	header := m.edit("header", merged(valid.Header, m.Header))
	claims := m.edit("claims", merged(valid.Claims, m.Claims))
	signed := b64(header) + "." + b64(claims)
	signature := sign(t, signed, valid, m, keys)
	if m.Tamper != nil {
		signed = b64(header) + "." + b64(m.edit("claims", merged(merged(valid.Claims, m.Claims), m.Tamper)))
	}
	token := signed + "." + b64(signature)
	if m.Around != nil {
		token = m.Around[0] + token + m.Around[1]
	}
	return token
}

func sign(t *testing.T, signed string, valid base, m mutation, keys map[string]launchcontext.SigningKey) []byte {
	t.Helper()
	with := valid.Sign
	if m.Sign != "" {
		with = m.Sign
	}
	if with == "nothing" {
		return nil
	}
	var method jwt.SigningMethod
	var material any
	if name, confused := strings.CutPrefix(with, "hmac with the public key of "); confused {
		public, err := keys[name].Public().PEM()
		if err != nil {
			t.Fatal(err)
		}
		method, material = jwt.SigningMethodHS256, public
	} else {
		key, known := keys[with]
		if !known {
			t.Fatalf("no key %q", with)
		}
		method, material = jwt.GetSigningMethod(string(key.Algorithm())), launchcontext.RawKey(key)
	}
	signature, err := method.Sign(signed, material)
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

func (m mutation) edit(part string, value map[string]any) []byte {
	text, _ := json.Marshal(value)
	if swap, ok := m.Text[part]; ok {
		return []byte(strings.Replace(string(text), swap[0], swap[1], 1))
	}
	return text
}

// merged is a JSON merge patch (RFC 7396): null removes.
func merged(target, patch map[string]any) map[string]any {
	result := map[string]any{}
	for name, v := range target {
		result[name] = v
	}
	for name, v := range patch {
		inner, isObject := v.(map[string]any)
		within, _ := result[name].(map[string]any)
		switch {
		case v == nil:
			delete(result, name)
		case isObject:
			result[name] = merged(within, inner)
		default:
			result[name] = v
		}
	}
	return result
}

// sameToken compares all but an ES256 signature, which chance is part of.
func sameToken(stored, made string) bool {
	if strings.HasPrefix(stored, b64([]byte(`{"alg":"ES256"`))[:18]) {
		return stored[:strings.LastIndex(stored, ".")] == made[:strings.LastIndex(made, ".")]
	}
	return stored == made
}

func testKeys(t testing.TB) map[string]launchcontext.SigningKey {
	t.Helper()
	keys := map[string]launchcontext.SigningKey{}
	for _, path := range files(t, "keys/*.jwk.json") {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		key, err := launchcontext.ParsePrivateKey(data, "")
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		keys[strings.TrimSuffix(filepath.Base(path), ".jwk.json")] = key
	}
	return keys
}

// pinned is the keyring of the cases: every test key but the stranger's.
func pinned(issuer string, keys map[string]launchcontext.SigningKey) launchcontext.Keyring {
	var public []launchcontext.VerificationKey
	for name, key := range keys {
		if name != "stranger" {
			public = append(public, key.Public())
		}
	}
	return launchcontext.Pin(issuer, public...)
}

func readBase(t testing.TB) base {
	t.Helper()
	var b base
	readJSON(t, filepath.Join(contexts, "valid.json"), &b)
	return b
}

func files(t testing.TB, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(contexts, pattern))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no %s in %s: %v", pattern, contexts, err)
	}
	return paths
}

func readJSON(t testing.TB, path string, into any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	dec.UseNumber()
	if err := dec.Decode(into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func writeJSON(t *testing.T, path string, v any) {
	t.Helper()
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func b64(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

func at(seconds int64) func() time.Time {
	return func() time.Time { return time.Unix(seconds, 0) }
}
