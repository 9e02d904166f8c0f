package launchcontext

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// maxKeys is how many keys a set may have.
const maxKeys = 100

// jwkRules accept what products put into their keys, and no name twice.
var jwkRules = strictjson.Rules{Depth: maxDepth, Null: true}

// ParseKeySet reads a JWK Set (RFC 7517, section 5) as an issuer publishes it. Keys that can't check contexts are left
// out: of another use or kind, too weak, or without a kid. CodeKeyInvalid: the whole set can't be trusted. It is no
// set, a kid is repeated, or it publishes a shared secret or a private key.
func ParseKeySet(data []byte) ([]VerificationKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	err := strictjson.Check(context.Background(), data, jwkRules) // names that are not read must not repeat either
	if err == nil {
		err = strictjson.Unmarshal(data, &set)
	}
	if err != nil {
		return nil, &Error{Code: CodeKeyInvalid, Field: "keys", Err: err}
	}
	if set.Keys == nil || len(set.Keys) > maxKeys {
		return nil, refuse(CodeKeyInvalid, "keys", "must be a list of up to %d keys", maxKeys)
	}
	var keys []VerificationKey
	taken := map[string]bool{}
	for i, item := range set.Keys {
		field := fmt.Sprintf("keys[%d]", i)
		var one struct {
			Kty any             `json:"kty"`
			Kid any             `json:"kid"`
			D   json.RawMessage `json:"d"`
		}
		if err := strictjson.Unmarshal(item, &one); err != nil {
			return nil, &Error{Code: CodeKeyInvalid, Field: field, Err: err}
		}
		kid, _ := one.Kid.(string)
		switch {
		case one.D != nil || one.Kty == "oct":
			return nil, refuse(CodeKeyInvalid, field, "a private key or a shared secret is published")
		case kid == "":
			continue
		case taken[kid]:
			return nil, refuse(CodeKeyInvalid, field, "its kid is repeated")
		}
		taken[kid] = true
		if key, err := ParsePublicKey(item, kid); err == nil {
			keys = append(keys, key)
		}
	}
	return keys, nil
}
