package launchcontext

import (
	"crypto/rand"
	"encoding/base64"
	"io"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Signer signs launch contexts with one key.
type Signer struct {
	Key     SigningKey
	Now     func() time.Time // nil: the system's clock
	Entropy io.Reader        // nil: the system's; for jti
}

// Sign makes a launch context that lives DefaultLifetime, or as the claims say. It refuses what Shieldpod would refuse, by
// the code that Shieldpod runs: see Claims.Check.
// CodeClaims: a claim is missing or can't be used. CodeAudience: aud is not a server's URL. CodeLifetime: too long.
// CodeExpired, CodeNotYet: the times do not include the present one. CodeTooLarge: too many contacts for one context.
func Sign(c Claims, key SigningKey) (string, error) { return Signer{Key: key}.Sign(c) }

// Sign is the function Sign with the Signer's key, clock and entropy.
func (s Signer) Sign(c Claims) (string, error) {
	method := s.Key.algorithm.method()
	if method == nil {
		return "", refuse(CodeKeyInvalid, "", "no key to sign with")
	}
	now := time.Now()
	if s.Now != nil {
		now = s.Now()
	}
	c, err := s.complete(c, now)
	if err != nil {
		return "", err
	}
	if err := c.Check(); err != nil {
		return "", err
	}
	if err := c.checkMoment(now); err != nil {
		return "", err
	}
	t := jwt.Token{Method: method, Claims: &decoded{c}, Header: map[string]any{"alg": method.Alg(), "typ": Type, "kid": s.Key.id}}
	token, err := t.SignedString(s.Key.key)
	if err != nil {
		return "", &Error{Code: CodeKeyInvalid, Err: err}
	}
	if len(token) > MaxSize {
		return "", refuse(CodeTooLarge, "ctx.contacts", "the context has %d bytes, and may have %d", len(token), MaxSize)
	}
	return token, nil
}

func (s Signer) complete(c Claims, now time.Time) (Claims, error) {
	entropy := s.Entropy
	if entropy == nil {
		entropy = rand.Reader
	}
	if c.IssuedAt.IsZero() {
		c.IssuedAt = now
	}
	if c.NotBefore.IsZero() {
		c.NotBefore = c.IssuedAt
	}
	if c.ExpiresAt.IsZero() {
		c.ExpiresAt = c.IssuedAt.Add(DefaultLifetime)
	}
	if c.ID == "" {
		var id [16]byte
		if _, err := io.ReadFull(entropy, id[:]); err != nil {
			return Claims{}, err
		}
		c.ID = base64.RawURLEncoding.EncodeToString(id[:])
	}
	return c, nil
}
