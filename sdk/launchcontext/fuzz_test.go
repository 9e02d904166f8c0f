package launchcontext_test

import (
	"encoding/base64"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// FuzzVerify looks for a token that makes the guard panic, or that it accepts although golang-jwt at its strictest
// would not, or that says something else once its claims are signed again. The signature is made good, so
// that what is judged is the guard and not the key.
func FuzzVerify(f *testing.F) {
	valid := readBase(f)
	key := testKeys(f)["hs256"]
	seeds := []string{valid.Token}
	for _, path := range files(f, "*.json") {
		if filepath.Base(path) != "valid.json" {
			var m mutation
			readJSON(f, path, &m)
			seeds = append(seeds, m.Token)
		}
	}
	for _, token := range seeds {
		parts := strings.Split(token+"..", ".")
		header, _ := base64.RawURLEncoding.DecodeString(parts[0])
		payload, _ := base64.RawURLEncoding.DecodeString(parts[1])
		swap := strings.NewReplacer("EdDSA", "HS256", "test-ed25519", "test-hs256")
		f.Add(token, swap.Replace(string(header)), string(payload))
	}
	now := time.Unix(valid.Now, 0)
	f.Fuzz(func(t *testing.T, token, header, payload string) {
		_, _ = launchcontext.Verify(token, expect(key, now))

		signed := b64([]byte(header)) + "." + b64([]byte(payload))
		signature, err := jwt.SigningMethodHS256.Sign(signed, launchcontext.RawKey(key))
		if err != nil {
			t.Fatal(err)
		}
		token = signed + "." + b64(signature)
		claims, err := launchcontext.Verify(token, expect(key, now))
		if err != nil {
			if launchcontext.CodeOf(err) == "" {
				t.Fatalf("a refusal without a code: %v", err)
			}
			return
		}
		strict := jwt.NewParser(
			jwt.WithValidMethods([]string{"HS256"}), jwt.WithStrictDecoding(), jwt.WithExpirationRequired(), jwt.WithNotBeforeRequired(),
			jwt.WithIssuedAt(), jwt.WithAudience("https://pod.example"), jwt.WithIssuer("https://psa.example"),
			jwt.WithLeeway(launchcontext.Leeway), jwt.WithTimeFunc(func() time.Time { return now }),
		)
		if _, err := strict.Parse(token, func(*jwt.Token) (any, error) { return launchcontext.RawKey(key), nil }); err != nil {
			t.Fatalf("golang-jwt refuses what the guard accepts: %v\n%s\n%s", err, header, payload)
		}
		again, err := launchcontext.Signer{Key: key, Now: func() time.Time { return now }}.Sign(claims)
		if launchcontext.CodeOf(err) == launchcontext.CodeTooLarge {
			return // JSON may be written shorter than we write it
		}
		if err != nil {
			t.Fatalf("accepted, but not signed again: %v\n%s", err, payload)
		}
		same, err := launchcontext.Verify(again, expect(key, now))
		if err != nil {
			t.Fatalf("signed again, but not accepted: %v\n%s", err, payload)
		}
		if diff := cmp.Diff(claims, same); diff != "" {
			t.Fatal(diff)
		}
	})
}
