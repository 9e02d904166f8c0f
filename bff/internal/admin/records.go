package admin

import (
	"encoding/json"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Tenant is a tenant and whom it trusts to open sessions.
type Tenant struct {
	verify.Tenant
	Keys    []SigningKey
	Issuers []Issuer
	SignIn  SignIn
}

// SigningKey is what launch contexts of one issuer are checked with.
type SigningKey struct {
	Issuer    string // the context's iss, exactly
	ID        string // the context's kid
	Algorithm string // EdDSA, ES256, RS256 or HS256: fixed: a context can't change it
	Material  []byte // PKIX public key in DER; for HS256 the shared secret
}

// Issuer is a signer whose keys are fetched, or who signs claims of his own shape. One who signs launch
// contexts with keys that are all registered needs none.
type Issuer struct {
	Name       string          // the tokens' iss, exactly
	KeysURL    string          // of his JWK Set; empty: only registered keys count
	Algorithms []string        // of keys that are fetched: EdDSA, ES256, RS256
	Mapping    json.RawMessage // from his claims to a launch context's, in package launch's shape; empty: he signs launch contexts
}

// SignIn is the OpenID provider at which technicians sign in when their ticket system signs nothing.
type SignIn struct {
	Issuer   string   `json:"issuer"` // the provider's URL, exactly as it names itself; empty: there is no sign-in
	ClientID string   `json:"client_id"`
	Secret   []byte   `json:"-"`       // of the client; empty: a public client
	System   string   `json:"system"`  // the ticket system in which a ticket is looked up
	Claim    string   `json:"claim"`   // whose value is the technician's id
	Domains  []string `json:"domains"` // if any: only verified e-mail addresses in these get in
}
