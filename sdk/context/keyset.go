package launchcontext

import (
	"encoding/json"
	"fmt"
)

// maxKeys is how many keys a set may have.
const maxKeys = 100

// ParseKeySet reads a JWK Set (RFC 7517, section 5) as an issuer publishes it. Keys that can't check contexts are left
// out: of another use or kind, too weak, or without a kid. CodeKeyInvalid: the whole set can't be trusted. It is no
// set, a kid is repeated, or it publishes what is nobody else's business: a shared secret or a private key.
func ParseKeySet(data []byte) ([]VerificationKey, error) {
	strict := &reader{code: CodeKeyInvalid}
	list, given := strict.read(data).list("keys")
	if err := strict.failure(); err != nil {
		return nil, &Error{Code: CodeKeyInvalid, Field: "keys", Err: err}
	}
	if !given || len(list) > maxKeys {
		return nil, refuse(CodeKeyInvalid, "keys", "must be a list of up to %d keys", maxKeys)
	}
	var keys []VerificationKey
	taken := map[string]bool{}
	for i, item := range list {
		field := fmt.Sprintf("keys[%d]", i)
		kid, _ := item.left["kid"].(string)
		_, private := item.left["d"]
		switch {
		case private || item.left["kty"] == "oct":
			return nil, refuse(CodeKeyInvalid, field, "a private key or a shared secret is published")
		case kid == "":
			continue
		case taken[kid]:
			return nil, refuse(CodeKeyInvalid, field, "its kid is repeated")
		}
		taken[kid] = true
		single, err := json.Marshal(item.left)
		if err != nil {
			return nil, &Error{Code: CodeKeyInvalid, Field: field, Err: err}
		}
		if key, err := ParsePublicKey(single, kid); err == nil {
			keys = append(keys, key)
		}
	}
	return keys, nil
}
