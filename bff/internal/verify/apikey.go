package verify

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"strings"
	"time"
)

// APIKey lets an admin's script in. Its secret is shown once, and only its hash is kept.
type APIKey struct {
	ID        string
	Tenant    string
	Name      string // who holds it: audit and explanations say it
	Hash      []byte // SHA-256 of the secret
	CreatedAt time.Time
}

// APIKeys knows the keys that were made and not removed.
type APIKeys interface {
	// APIKey gives one by its id, or CodeNotFound.
	APIKey(ctx context.Context, id string) (APIKey, error)
}

const apiKeyPrefix = "spk_"

// NewAPIKey draws a key: spk_, its id, and 256 bits.
func NewAPIKey(tenant, name string, now time.Time, entropy io.Reader) (key APIKey, secret string, err error) {
	id, err := newID("", now, entropy)
	if err != nil {
		return APIKey{}, "", err
	}
	token, err := newToken(entropy)
	if err != nil {
		return APIKey{}, "", err
	}
	secret = apiKeyPrefix + id + "_" + token
	return APIKey{ID: id, Tenant: tenant, Name: name, Hash: tokenHash(secret), CreatedAt: now}, secret, nil
}

// Authenticate gives the admin whose key it is. CodeAPIKey: there is no such key, or it was removed.
func Authenticate(ctx context.Context, keys APIKeys, secret string) (Admin, error) {
	refused := &Error{Code: CodeAPIKey, Public: "This is no API key of ours, or it was removed. Make one by 'shieldpod apikey new'."}
	id, _, found := strings.Cut(strings.TrimPrefix(secret, apiKeyPrefix), "_")
	if !found || !strings.HasPrefix(secret, apiKeyPrefix) || len(secret) > 128 {
		return Admin{}, refused
	}
	key, err := keys.APIKey(ctx, id)
	if CodeOf(err) == CodeNotFound {
		return Admin{}, refused
	}
	if err != nil {
		return Admin{}, err
	}
	sum := sha256.Sum256([]byte(secret))
	if subtle.ConstantTimeCompare(sum[:], key.Hash) != 1 {
		return Admin{}, refused
	}
	return Admin{Tenant: key.Tenant, ID: key.ID, Name: key.Name}, nil
}

// String says which key it is, and not what opens it.
func (k APIKey) String() string { return fmt.Sprintf("%s (%s)", k.ID, k.Name) }
