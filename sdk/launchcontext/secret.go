package launchcontext

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"slices"
	"sync"

	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

const (
	minSecret   = 32 // bytes, as many as HS256 can use
	minDistinct = 8  // different bytes; random secrets never have so few
)

// Refusals name the way out.
const makeSecret = "make one by 'openssl rand -base64 48'"

// SharedSecret is a key for HS256, 32 random bytes or more. Both sides hold it, so either could forge the other's contexts.
// CodeKeyWeak: too short, made of words, rows of the keyboard or repetition, a UUID, or printed in some documentation.
// CodeKeyInvalid: it is a public key. A secret that was random once and is public since passes: generate your own
// (GenerateKey with HS256), and use it nowhere else.
func SharedSecret(id string, secret []byte) (SigningKey, error) { return NewSigningKey(id, secret) }

func judgeSecret(secret []byte) error {
	switch {
	case len(secret) < minSecret:
		return refuse(CodeKeyWeak, "k", "a shared secret must have %d random bytes or more: "+makeSecret, minSecret)
	case distinct(secret) < minDistinct:
		return refuse(CodeKeyWeak, "k", "a shared secret must be random: "+makeSecret)
	case isPublicSecret(secret):
		return refuse(CodeKeyWeak, "k", "this secret is printed in public documentation: "+makeSecret)
	case isKeyFile(secret):
		return refuse(CodeKeyInvalid, "k", "this is a key file, not a shared secret")
	case isToken(secret):
		return refuse(CodeKeyInvalid, "k", "this is a token or a template's placeholder, not a shared secret")
	}
	return nil
}

// judgeRandomness refuses a secret that a person made up.
func judgeRandomness(secret []byte) error {
	if bits := secretBits(secret); bits < minSecretBits {
		return refuse(CodeKeyWeak, "k", "a shared secret must be random: this one can be guessed (%.0f bits, %d are needed): %s", bits, minSecretBits, makeSecret)
	}
	return nil
}

func distinct(secret []byte) int {
	sorted := slices.Clone(secret)
	slices.Sort(sorted)
	return len(slices.Compact(sorted))
}

// isKeyFile knows keys of other kinds: a public key taken for a secret is the classic confusion of algorithms.
func isKeyFile(secret []byte) bool {
	if bytes.Contains(secret, []byte("-----BEGIN")) {
		return true
	}
	if _, err := x509.ParsePKIXPublicKey(secret); err == nil {
		return true
	}
	var members map[string]any
	return strictjson.Unmarshal(secret, &members) == nil && members["kty"] != nil
}

// isToken knows a JWT, a password's hash, and what a template engine or a reader of the manual was to replace.
func isToken(secret []byte) bool { return tokenShape.Match(bytes.TrimSpace(secret)) }

var tokenShape = regexp.MustCompile(`^(?:` +
	`[\w-]+\.[\w-]+\.[\w-]*` + // a JWT
	`|\$(?:2[abxy]|argon2\w+|pbkdf2[\w-]*|scrypt|5|6|y|1)\$.*` + // password hashes
	`|(?:pbkdf2|scrypt|bcrypt)[_:].*` +
	`|<[\w .-]+>|\{+[\w .-]+\}+|\[[\w .-]+\]|%[\w .-]+%|\$\{?[\w .:-]+\}?` + // placeholders
	`)$`)

// publicSecrets are long enough to pass for secrets, and publicly known: defaults of tools, examples of standards and tutorials.
var publicSecrets = []string{
	"a-string-secret-at-least-256-bits-long",                                                 // jwt.io
	"a-valid-string-secret-that-is-at-least-384-bits-long-",                                  // jwt.io
	"a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long",                // jwt.io
	"your-super-secret-jwt-token-with-at-least-32-characters-long",                           // Supabase, self-hosted
	"super-secret-jwt-token-with-at-least-32-characters-long",                                // Supabase, local
	"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow", // RFC 7515, A.1
	"hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg",                                            // RFC 7520, 3.5
	"404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970",                       // Spring tutorials
	"413F4428472B4B6250655368566D5970337336763979244226452948404D6351",                       // Spring tutorials
	"0123456789abcdef0123456789abcdef",
	"abcdefghijklmnopqrstuvwxyz012345",
	"abcdefghijklmnopqrstuvwxyz123456",
	"12345678901234567890123456789012",
}

// knownSecrets holds them as written and as decoded from hexadecimal or base64.
var knownSecrets = sync.OnceValue(func() map[string]bool {
	known := map[string]bool{}
	for _, s := range publicSecrets {
		known[s] = true
		for _, decode := range []func(string) ([]byte, error){
			hex.DecodeString, base64.RawURLEncoding.DecodeString, base64.RawStdEncoding.DecodeString,
		} {
			if raw, err := decode(s); err == nil {
				known[string(raw)] = true
			}
		}
	}
	return known
})

func isPublicSecret(secret []byte) bool { return knownSecrets()[string(bytes.TrimSpace(secret))] }
