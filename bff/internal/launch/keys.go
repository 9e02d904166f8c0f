package launch

import (
	"errors"
	"fmt"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// CheckKeys validates the keys that a tenant is about to trust: each key fits its algorithm and is strong enough, ids
// are unique per issuer, and an issuer has either shared secrets or public keys. CodeInvalid: Field names the key.
func CheckKeys(keys []admin.SigningKey) error {
	for i, k := range keys {
		_, err := launchcontext.ParseMaterial(k.ID, launchcontext.Algorithm(k.Algorithm), k.Material)
		if err == nil && k.ID == "" {
			err = errors.New("the key has no id")
		}
		if err == nil && k.Issuer == "" {
			err = errors.New("the key has no issuer")
		}
		if err == nil {
			err = checkConflict(keys[:i], k)
		}
		if err != nil {
			return &verify.Error{
				Code: verify.CodeInvalid, Field: fmt.Sprintf("keys[%d]", i), Err: err,
				Public: "This key can't be used: " + err.Error() + ".",
			}
		}
	}
	return nil
}

// checkConflict refuses a key that makes it ambiguous which key checks a context, or by which kind of algorithm.
func checkConflict(others []admin.SigningKey, k admin.SigningKey) error {
	for _, other := range others {
		switch {
		case other.Issuer != k.Issuer:
		case other.ID == k.ID:
			return errors.New("the issuer has two keys of one id")
		case isSharedSecret(other) != isSharedSecret(k):
			return errors.New("the issuer has both a shared secret and public keys")
		}
	}
	return nil
}

func isSharedSecret(k admin.SigningKey) bool { return k.Algorithm == string(launchcontext.HS256) }

// registeredKey gives the key of this issuer and id. Keys that CheckKeys would refuse are not used, even if
// they are registered.
func registeredKey(keys []admin.SigningKey, issuer, id string) (launchcontext.VerificationKey, error) {
	found := -1
	for i, k := range keys {
		if k.Issuer != issuer {
			continue
		}
		if err := checkConflict(keys[:i], k); err != nil {
			return launchcontext.VerificationKey{}, err
		}
		if k.ID == id {
			found = i
		}
	}
	if found < 0 {
		return launchcontext.VerificationKey{}, errors.New("no such key")
	}
	k := keys[found]
	return launchcontext.ParseMaterial(k.ID, launchcontext.Algorithm(k.Algorithm), k.Material)
}
