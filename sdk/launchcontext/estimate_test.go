package launchcontext

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
)

func TestARandomSecretHoldsFarMoreBitsThanAreNeeded(t *testing.T) {
	for name, write := range map[string]func([]byte) string{
		"raw": func(b []byte) string { return string(b) }, "hexadecimal": hex.EncodeToString, "base64": base64.StdEncoding.EncodeToString,
		"base64url": base64.RawURLEncoding.EncodeToString, "base32": base32.StdEncoding.EncodeToString,
	} {
		secret := make([]byte, 32)
		for range 2000 {
			if _, err := rand.Read(secret); err != nil {
				t.Fatal(err)
			}
			text := []byte(write(secret))
			if _, err := SharedSecret("k1", text); err != nil {
				t.Fatalf("%s: %q: %v", name, text, err)
			}
			if bits := secretBits(text); bits < minSecretBits+20 {
				t.Errorf("%s: %q: %.0f bits", name, text, bits)
			}
		}
	}
}

func TestThreat_06_ASecretThatFollowsAPatternIsRefused(t *testing.T) {
	for name, secret := range map[string]string{
		"a word repeated":           "changeme-changeme-changeme-changeme",
		"a word in leet, repeated":  "Ch4ng3M3_Ch4ng3M3_Ch4ng3M3_Ch4ng3M3",
		"rows of the keyboard":      "qwertyuiopasdfghjklzxcvbnm1234567890",
		"columns of the keyboard":   "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
		"the alphabet":              "abcdefghijklmnopqrstuvwxyz0123456789",
		"a value filled with zeros": "24tngvzaictc" + strings.Repeat("0", 60),
		"words":                     "my-super-secret-jwt-token-key-for-development",
		"words in base64":           base64.StdEncoding.EncodeToString([]byte("my-super-secret-jwt-token-key")),
		"words in hexadecimal":      hex.EncodeToString([]byte("my-super-secret-jwt-token-key")),
		"words in base64, twice":    base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte("my-super-secret-jwt-key")))),
		"a UUID":                    "0a6b944d-d2fb-46fc-a85e-0295c986cd9f",
		"an MD5":                    "5f4dcc3b5aa765d61d8327deb882cf99",
		"digits":                    "84720394857203948572039485720394",
	} {
		if _, err := SharedSecret("k1", []byte(secret)); CodeOf(err) != CodeKeyWeak {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, secret := range map[string]string{
		"a placeholder":     "<random_string_at_least_32_characters_long>",
		"a variable":        "${JWT_SECRET_FROM_THE_ENVIRONMENT}",
		"a token":           "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
		"a password's hash": "$2b$10$Gg91pyMdkpIwT2MRMl7xxObPSOAQpS2Gnt29indH8Q4jxpiSfPup2",
	} {
		if _, err := SharedSecret("k1", []byte(secret)); CodeOf(err) != CodeKeyInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzSharedSecret(f *testing.F) {
	f.Add([]byte("changeme-changeme-changeme-changeme"))
	f.Add([]byte("\xff\x00Größe"))
	f.Fuzz(func(t *testing.T, secret []byte) {
		if bits := secretBits(secret); bits < 0 || bits > 8*float64(len(secret)) {
			t.Errorf("%q: %v bits", secret, bits)
		}
	})
}
