package admin

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Scope is what an API key may do. The scope to write something includes the scope to read it.
type Scope string

// The scopes.
const (
	ScopePoliciesRead   Scope = "policies:read"
	ScopePoliciesWrite  Scope = "policies:write"
	ScopeBrandingRead   Scope = "branding:read"
	ScopeBrandingWrite  Scope = "branding:write"
	ScopeDirectoryRead  Scope = "directory:read"
	ScopeDirectoryWrite Scope = "directory:write"
	ScopeContactsUnlock Scope = "contacts:unlock"
)

// Scopes lists every scope.
var Scopes = []Scope{
	ScopePoliciesRead, ScopePoliciesWrite, ScopeBrandingRead, ScopeBrandingWrite, ScopeDirectoryRead, ScopeDirectoryWrite, ScopeContactsUnlock,
}

// APIKey lets an administrator's script in. Its secret is shown once, and only its hash is kept.
type APIKey struct {
	ID        string
	Tenant    string
	Name      string // who holds it: events and explanations say it
	Hash      []byte // SHA-256 of the secret
	Scopes    []Scope
	CreatedAt time.Time
	ExpiresAt time.Time // zero: never
	UsedAt    time.Time // about a minute exact; zero: never
}

// APIKeys reads the keys, outside of any transaction.
type APIKeys interface {
	// APIKey gives a key of any tenant by its id, or CodeNotFound.
	APIKey(ctx context.Context, id string) (APIKey, error)
	// UseAPIKey records that the key was used, if its last use was recorded before the second time.
	UseAPIKey(ctx context.Context, id string, at, unlessSince time.Time) error
}

// Caller is an administrator who is let in by an API key.
type Caller struct {
	Tenant string
	Actor  Actor
	scopes []Scope
}

// Require refuses what the key may not do. CodeScope: the key lacks the scope.
func (c Caller) Require(scope Scope) error {
	writes := Scope(strings.TrimSuffix(string(scope), ":read") + ":write")
	if slices.Contains(c.scopes, scope) || slices.Contains(c.scopes, writes) {
		return nil
	}
	return &verify.Error{Code: verify.CodeScope, Public: fmt.Sprintf("This API key lacks the scope %s. Make one that has it by 'shieldpod apikey new'.", scope)}
}

const (
	apiKeyPrefix = "spk_"
	// maxAPIKey is longer than any secret, in bytes.
	maxAPIKey = 128
	// useInterval is how often the use of a key is recorded.
	useInterval = time.Minute
)

// APIKeyRequest is the key that is wanted.
type APIKeyRequest struct {
	Name      string    // who holds it
	Scopes    []Scope   // empty: all
	ExpiresAt time.Time // zero: never
}

// CreateAPIKey draws a key of the tenant. The secret is spk_, the key's id and 256 bits, and is not shown again.
// CodeInvalid: Field says what of the request is refused. CodeNotFound: there is no such tenant.
func (s *Service) CreateAPIKey(ctx context.Context, by Actor, tenant string, r APIKeyRequest) (key APIKey, secretText string, err error) {
	if key, secretText, err = s.drawAPIKey(tenant, r); err != nil {
		return APIKey{}, "", err
	}
	err = s.perform(ctx, by, tenant, func(a *act) error {
		if _, err := a.Tenant(ctx, tenant); err != nil {
			return err
		}
		e := verify.Event{Kind: verify.EventAPIKeyCreated, Subject: key.ID, Changes: diff(nil, apiKeyFacts(key))}
		return a.apply(ctx, e, func() error { return a.PutAPIKey(ctx, key) })
	})
	if err != nil {
		return APIKey{}, "", err
	}
	return key, secretText, nil
}

func (s *Service) drawAPIKey(tenant string, r APIKeyRequest) (APIKey, string, error) {
	now := s.Now()
	if strings.TrimSpace(r.Name) == "" {
		return APIKey{}, "", invalid("name", "must say who holds the key, like 'Ana Ortiz'")
	}
	if err := s.Checks.CheckName(r.Name, maxName); err != nil {
		return APIKey{}, "", refused("name", err)
	}
	for _, scope := range r.Scopes {
		if !slices.Contains(Scopes, scope) {
			return APIKey{}, "", invalid("scopes", "%q is no scope: give some of %s", scope, listed(Scopes))
		}
	}
	if !r.ExpiresAt.IsZero() && !r.ExpiresAt.After(now) {
		return APIKey{}, "", invalid("expires_at", "must be later than now")
	}
	key := APIKey{Tenant: tenant, Name: r.Name, Scopes: r.Scopes, CreatedAt: now, ExpiresAt: r.ExpiresAt}
	if len(key.Scopes) == 0 {
		key.Scopes = Scopes
	}
	return key.Draw(s.Entropy)
}

// Draw gives the key an id and a secret of 256 bits.
func (k APIKey) Draw(entropy io.Reader) (APIKey, string, error) {
	id, err := verify.NewID("", k.CreatedAt, entropy)
	if err != nil {
		return APIKey{}, "", err
	}
	var token [32]byte
	if _, err := io.ReadFull(entropy, token[:]); err != nil {
		return APIKey{}, "", fmt.Errorf("entropy: %w", err)
	}
	text := apiKeyPrefix + id + "_" + base64.RawURLEncoding.EncodeToString(token[:])
	hash := sha256.Sum256([]byte(text))
	k.ID, k.Hash = id, hash[:]
	return k, text, nil
}

// RemoveAPIKey revokes the tenant's key. CodeNotFound: it has none of this id.
func (s *Service) RemoveAPIKey(ctx context.Context, by Actor, tenant, id string) error {
	return s.perform(ctx, by, tenant, func(a *act) error {
		key, err := a.APIKey(ctx, id)
		if err == nil && key.Tenant != tenant {
			err = missing("The tenant has no API key of this id.")
		}
		if err != nil {
			return err
		}
		e := verify.Event{Kind: verify.EventAPIKeyRemoved, Subject: id, Changes: diff(apiKeyFacts(key), nil)}
		return a.apply(ctx, e, func() error { return a.RemoveAPIKey(ctx, tenant, id) })
	})
}

func apiKeyFacts(k APIKey) []fact {
	facts := []fact{plain("name", k.Name), plain("scopes", k.Scopes), secret("key", k.Hash)}
	if !k.ExpiresAt.IsZero() {
		facts = append(facts, plain("expires_at", k.ExpiresAt.UTC()))
	}
	return facts
}

// Authenticate gives the administrator whose key it is, and records the use of the key, at most once a minute.
// CodeAPIKey: there is no such key, or it was removed. CodeAPIKeyExpired: its time is over;
// the caller names its tenant then, and may do nothing.
func (s *Service) Authenticate(ctx context.Context, text string) (Caller, error) {
	refusal := &verify.Error{Code: verify.CodeAPIKey, Public: "This is no API key of ours, or it was removed. Make one by 'shieldpod apikey new'."}
	id, _, found := strings.Cut(strings.TrimPrefix(text, apiKeyPrefix), "_")
	if !found || !strings.HasPrefix(text, apiKeyPrefix) || len(text) > maxAPIKey {
		return Caller{}, refusal
	}
	key, err := s.APIKeys.APIKey(ctx, id)
	if verify.CodeOf(err) == verify.CodeNotFound {
		return Caller{}, refusal
	}
	if err != nil {
		return Caller{}, err
	}
	sum := sha256.Sum256([]byte(text))
	if subtle.ConstantTimeCompare(sum[:], key.Hash) != 1 {
		return Caller{}, refusal
	}
	now := s.Now()
	if !key.ExpiresAt.IsZero() && !now.Before(key.ExpiresAt) {
		return Caller{Tenant: key.Tenant}, &verify.Error{Code: verify.CodeAPIKeyExpired, Public: "This API key has expired. Make another by 'shieldpod apikey new'."}
	}
	if now.Sub(key.UsedAt) >= useInterval {
		// A use that can't be recorded is no refusal: keys work while the database takes no writes.
		_ = s.APIKeys.UseAPIKey(ctx, key.ID, now, now.Add(-useInterval))
	}
	return Caller{Tenant: key.Tenant, Actor: Actor{Kind: verify.ActorAPIKey, ID: key.ID, Name: key.Name}, scopes: key.Scopes}, nil
}

// String says which key it is, and not what opens it.
func (k APIKey) String() string { return fmt.Sprintf("%s (%s)", k.ID, k.Name) }

func listed(scopes []Scope) string {
	names := make([]string, len(scopes))
	for i, s := range scopes {
		names[i] = string(s)
	}
	return strings.Join(names, ", ")
}
