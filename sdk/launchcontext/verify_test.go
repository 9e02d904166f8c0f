package launchcontext_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

func TestThreat_01_TokenMustBeSmallAndCanonical(t *testing.T) {
	valid := readBase(t)
	key := testKeys(t)["ed25519"]
	header, rest, _ := strings.Cut(valid.Token, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	last := signature[len(signature)-1]
	cases := []struct {
		name, token string
		want        launchcontext.Code
	}{
		{"the valid one", valid.Token, ""},
		{"nothing", "", launchcontext.CodeMalformed},
		{"two dots and nothing else", "..", launchcontext.CodeMalformed},
		{"longer than 8 KiB", valid.Token + strings.Repeat("A", launchcontext.MaxSize), launchcontext.CodeTooLarge},
		{"8 KiB of dots", strings.Repeat(".", launchcontext.MaxSize), launchcontext.CodeMalformed},
		{"a line break in the header", header[:5] + "\n" + header[5:] + "." + payload + "." + signature, launchcontext.CodeMalformed},
		{"a line break in the signature", header + "." + payload + "." + signature[:5] + "\r\n" + signature[5:], launchcontext.CodeMalformed},
		{"bits beyond the last byte", header + "." + payload + "." + signature[:len(signature)-1] + string(last+1), launchcontext.CodeMalformed},
		{"the standard alphabet", header + "." + payload + "." + strings.NewReplacer("_", "/", "-", "+").Replace(signature), launchcontext.CodeMalformed},
		{"claims that are not UTF-8", header + "." + b64([]byte("{\"iss\":\"\xff\"}")) + "." + signature, launchcontext.CodeMalformed},
		{"claims that are not JSON", header + "." + b64([]byte(`{"iss":}`)) + "." + signature, launchcontext.CodeMalformed},
		{"deep nesting", header + "." + b64([]byte(`{"a.b":`+strings.Repeat("[", 2000)+strings.Repeat("]", 2000)+`}`)) + "." + signature, launchcontext.CodeMalformed},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := launchcontext.Verify(c.token, expect(key, time.Unix(valid.Now, 0)))
			if launchcontext.CodeOf(err) != c.want {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestVerifyTrustsNoKeyringBlindly(t *testing.T) {
	valid := readBase(t)
	keys := testKeys(t)
	down := errors.New("the memory is down")
	cases := []struct {
		name string
		want launchcontext.Code
		keys launchcontext.Keyring
	}{
		{"a keyring that fails", launchcontext.CodeKeyUnknown, func(launchcontext.Unverified) (launchcontext.VerificationKey, error) {
			return launchcontext.VerificationKey{}, down
		}},
		{"a keyring that gives no key", launchcontext.CodeKeyUnknown, func(launchcontext.Unverified) (launchcontext.VerificationKey, error) {
			return launchcontext.VerificationKey{}, nil
		}},
		{"a keyring that gives a key of another id", launchcontext.CodeKeyUnknown, func(launchcontext.Unverified) (launchcontext.VerificationKey, error) {
			return keys["es256"].Public(), nil
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := launchcontext.Verify(valid.Token, launchcontext.Expect{Audience: valid.Audience, Keys: c.keys, Now: at(valid.Now)})
			if launchcontext.CodeOf(err) != c.want {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	_, err := launchcontext.Verify(valid.Token, launchcontext.Expect{Audience: valid.Audience, Keys: cases[0].keys, Now: at(valid.Now)})
	if !errors.Is(err, down) {
		t.Errorf("the keyring's error is lost: %v", err)
	}
}

func TestThreat_03_NoAudienceExpectedAcceptsNone(t *testing.T) {
	valid := readBase(t)
	want := expect(testKeys(t)["ed25519"], time.Unix(valid.Now, 0))
	want.Audience = ""
	if _, err := launchcontext.Verify(valid.Token, want); launchcontext.CodeOf(err) != launchcontext.CodeAudience {
		t.Errorf("got %v", err)
	}
}

func TestThreat_25_RefusalsRepeatNoClaim(t *testing.T) {
	valid := readBase(t)
	keys := testKeys(t)
	for _, path := range files(t, "*.json") {
		if strings.HasSuffix(path, "/valid.json") {
			continue
		}
		var m mutation
		readJSON(t, path, &m)
		_, err := launchcontext.Verify(m.Token, launchcontext.Expect{
			Audience: valid.Audience, Keys: pinned(valid.Issuer, keys), Now: at(valid.Now + m.Later),
		})
		if err == nil {
			continue
		}
		for _, content := range []string{"4711", "Dana", "dana@", "555", "c5f8a1d2e3b4", "acme", "member-", "other.example", "attacker"} {
			if strings.Contains(err.Error(), content) {
				t.Errorf("%s: %q repeats %q", path, err, content)
			}
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	valid := readBase(b)
	for name, key := range testKeys(b) {
		if name == "stranger" {
			continue
		}
		token := must(launchcontext.Signer{Key: key, Now: at(valid.Now)}.Sign(claims()))
		want := expect(key, time.Unix(valid.Now, 0))
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := launchcontext.Verify(token, want); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
