package cli

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// vendor signs contexts with a key of its own, as software that checks nothing.
type vendor struct {
	t       *testing.T
	private ed25519.PrivateKey
	key     launchcontext.SigningKey
	claims  launchcontext.Claims
}

func newVendor(t *testing.T) *vendor {
	t.Helper()
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, 32))
	key, err := launchcontext.NewSigningKey("psa-1", private)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().Truncate(time.Second)
	return &vendor{t: t, private: private, key: key, claims: launchcontext.Claims{
		Issuer: "https://psa.example", Audience: "https://pod.example", Subject: "ana", Tenant: "acme", Origin: "https://psa.example",
		IssuedAt: now, NotBefore: now, ExpiresAt: now.Add(time.Minute), ID: "j-1",
		Context: launchcontext.Context{
			PSA: "desk", Ticket: launchcontext.Ticket{ID: "4711"}, Client: launchcontext.Client{ID: "contoso", Name: "Contoso"},
			Contact: launchcontext.Default{ID: "dana"},
			Contacts: []launchcontext.Contact{{ID: "dana", Name: "Dana Reyes", Channels: []launchcontext.Channel{
				{ID: "mobile", Kind: "phone", Value: "+14155554821"}, {ID: "home", Kind: "phone", Value: "ask reception"},
			}}},
		},
	}}
}

func (v *vendor) sign(edit func(*launchcontext.Claims)) string {
	v.t.Helper()
	c := v.claims
	if edit != nil {
		edit(&c)
	}
	payload, err := json.Marshal(c)
	if err != nil {
		v.t.Fatal(err)
	}
	return v.signText(string(payload))
}

func (v *vendor) signText(payload string) string {
	part := base64.RawURLEncoding.EncodeToString
	text := part([]byte(`{"alg":"EdDSA","typ":"pod-launch+jwt","kid":"psa-1"}`)) + "." + part([]byte(payload))
	return text + "." + part(ed25519.Sign(v.private, []byte(text)))
}

// file writes the public key.
func (v *vendor) file() string {
	v.t.Helper()
	content, err := v.key.Public().PEM()
	if err != nil {
		v.t.Fatal(err)
	}
	path := filepath.Join(v.t.TempDir(), "public.pem")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		v.t.Fatal(err)
	}
	return path
}

func TestContextCheckExplainsAToken(t *testing.T) {
	v := newVendor(t)
	key := v.file()
	good := v.sign(nil)
	many := v.signText(`{"iss":"https://psa.example","aud":"https://pod.example/","sub":"ana","tid":"acme","colour":1,"ctx":{"ticket":{"id":4711},"client":{"id":"c","name":"C"}}}`)
	const one = "the server would refuse this context, for the reason above"
	for _, c := range []struct {
		name string
		args []string
		says []string // on the standard output
		err  string
	}{
		{"a good one without a key", []string{good}, []string{
			"alg EdDSA, typ pod-launch+jwt, kid psa-1", "https://psa.example (iss)", "4711 of desk", "1, with 2 channels", "Not checked. Give --key", "Nothing is wrong with what was checked.",
		}, ""},
		{"a good one with its key", []string{good, "--key", key}, []string{"Good: made by the key of --key.", "Nothing is wrong"}, ""},
		{"for another server", []string{good, "--key", key, "--public-url", "https://pod.other.example"}, []string{"aud must be https://pod.other.example exactly (audience_invalid)"}, one},
		{"a stranger's", []string{good[:len(good)-8] + "AAAAAAAA", "--key", key}, []string{"Not made by the key of --key.", "the signature is not by the registered key (signature_invalid)"}, one},
		{"an expired one", []string{v.sign(func(c *launchcontext.Claims) {
			c.IssuedAt, c.NotBefore, c.ExpiresAt = c.IssuedAt.Add(-time.Hour), c.NotBefore.Add(-time.Hour), c.ExpiresAt.Add(-time.Hour)
		}), "--key", key}, []string{"Good: made by the key", "exp has passed (expired)"}, one},
		{"one with many mistakes", []string{many, "--key", key}, []string{
			"ctx.ticket.id must be a string (claims_invalid)", "colour is none of the documented names", "jti is missing", "ctx.psa is missing", "ctx.contact.id is missing",
			"iat is missing", "aud must be Shieldpod's public URL exactly", "Good: made by the key",
		}, "the server would refuse this context, for the 7 reasons above"},
		{"no token", []string{"hello"}, []string{"not three parts"}, one},
		{"a key that is none", []string{good, "--key", "context_check_test.go"}, nil, "--key: launch context: key_invalid: neither PEM nor JWK: a key file begins with -----BEGIN or {"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := &operator{t: t, env: map[string]string{}}
			out, err := o.run(append([]string{"context", "check"}, c.args...)...)
			if err != c.err {
				t.Errorf("error %q, want %q", err, c.err)
			}
			for _, want := range c.says {
				if !strings.Contains(out, want) {
					t.Errorf("it does not say %q:\n%s", want, out)
				}
			}
			for _, secret := range []string{"eyJ", "4155554821", "Dana"} {
				if strings.Contains(out+err, secret) {
					t.Errorf("it shows %q:\n%s", secret, out)
				}
			}
		})
	}
}

func TestContextCheckReadsTheStandardInput(t *testing.T) {
	var out bytes.Buffer
	e := &env{ctx: t.Context(), stdin: strings.NewReader(" " + newVendor(t).sign(nil) + "\n"), stdout: &out}
	if err := (&contextCheckCmd{Token: "-"}).Run(e); err != nil || !strings.Contains(out.String(), "Nothing is wrong") {
		t.Errorf("%v\n%s", err, &out)
	}
	e.stdin = strings.NewReader(strings.Repeat("x", tokenLimit+1))
	if err := (&contextCheckCmd{Token: "-"}).Run(e); err == nil || err.Error() != "the standard input: is longer than 65536 bytes" {
		t.Errorf("too much: %v", err)
	}
}

func TestContextCheckKnowsTheTenantsSettings(t *testing.T) {
	v, o := newVendor(t), newOperator(t)
	key := v.file()
	for _, args := range [][]string{
		{"tenant", "put", "acme", "--name", "Acme IT", "--region", "US", "--origin", "https://psa.example"},
		{"key", "add", "--tenant", "acme", "--issuer", "https://psa.example", "--kid", "psa-1", "--public", key},
	} {
		if _, err := o.run(args...); err != "" {
			t.Fatalf("%v: %s", args, err)
		}
	}
	for _, c := range []struct {
		name string
		edit func(*launchcontext.Claims)
		says []string
		ok   bool
	}{
		{"a good one", nil, []string{"These channels are shown as not usable: contacts[0].channels[1]", "Nothing is wrong"}, true},
		{"another origin", func(c *launchcontext.Claims) { c.Origin = "https://other.example" }, []string{"origin is not one of the tenant's"}, false},
		{"an unknown tenant", func(c *launchcontext.Claims) { c.Tenant = "acme-it" }, []string{`There is no tenant "acme-it"`, "kid no such tenant (key_unknown)"}, false},
		{"another issuer", func(c *launchcontext.Claims) { c.Issuer = "https://psa.example/" }, []string{"The tenant acme trusts: issuer https://psa.example with kid psa-1."}, false},
		{"a technician's number that is none", func(c *launchcontext.Claims) { c.Actor.Phone = "12" }, []string{"act.phone is not a phone number"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := o.run("context", "check", v.sign(c.edit))
			if (err == "") != c.ok {
				t.Errorf("error %q", err)
			}
			for _, want := range c.says {
				if !strings.Contains(out, want) {
					t.Errorf("it does not say %q:\n%s", want, out)
				}
			}
		})
	}
}
