package launch

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// CheckIssuers validates the issuers that a tenant is about to trust, together with its signing keys: each issuer has
// what is needed to check and to read its tokens, and its settings do not contradict each other. CodeInvalid: Field
// names the issuer.
func CheckIssuers(issuers []admin.Issuer, keys []admin.SigningKey) error {
	for i, issuer := range issuers {
		err := checkIssuer(issuer, keys)
		if slices.ContainsFunc(issuers[:i], func(other admin.Issuer) bool { return other.Name == issuer.Name }) {
			err = errors.New("the issuer is there twice")
		}
		if err != nil {
			return &verify.Error{
				Code: verify.CodeInvalid, Field: fmt.Sprintf("issuers[%d]", i), Err: err,
				Public: "This issuer can't be used: " + err.Error() + ".",
			}
		}
	}
	return nil
}

func checkIssuer(i admin.Issuer, keys []admin.SigningKey) error {
	switch {
	case i.Name == "":
		return errors.New("it has no name")
	case i.KeysURL == "" && len(i.Mapping) == 0:
		return errors.New("it has neither a URL of keys nor a mapping, and needs no entry")
	case i.KeysURL != "" && len(i.Algorithms) == 0:
		return errors.New("no algorithm is allowed for the keys that are fetched")
	case i.KeysURL != "" && slices.ContainsFunc(keys, func(k admin.SigningKey) bool { return k.Issuer == i.Name && isSharedSecret(k) }):
		return errors.New("it has a shared secret, and public keys may not stand beside one")
	}
	for _, a := range i.Algorithms {
		if !slices.Contains(publicAlgorithms, launchcontext.Algorithm(a)) {
			return fmt.Errorf("%q is not an algorithm of keys that can be published: EdDSA, ES256 or RS256", a)
		}
	}
	if len(i.Mapping) == 0 {
		return nil
	}
	_, err := parseMapping(i.Mapping)
	return err
}

// publicAlgorithms are the algorithms whose keys may be published.
var publicAlgorithms = []launchcontext.Algorithm{launchcontext.EdDSA, launchcontext.ES256, launchcontext.RS256}

func findIssuer(t admin.Tenant, name string) (admin.Issuer, bool) {
	i := slices.IndexFunc(t.Issuers, func(i admin.Issuer) bool { return i.Name == name })
	if i < 0 {
		return admin.Issuer{}, false
	}
	return t.Issuers[i], true
}

// verificationKey gives the key that checks an issuer's token with this kid: a registered key, otherwise one that the
// issuer publishes. CodeUnavailable: the keys can't be fetched, and none that were fetched before may still be used.
func (s *Service) verificationKey(ctx context.Context, t admin.Tenant, issuer, kid string) (launchcontext.VerificationKey, error) {
	registered, err := registeredKey(t.Keys, issuer, kid)
	i, known := findIssuer(t, issuer)
	if err == nil || !known || i.KeysURL == "" || kid == "" {
		return registered, err
	}
	if slices.ContainsFunc(t.Keys, func(k admin.SigningKey) bool { return k.Issuer == issuer && isSharedSecret(k) }) {
		return launchcontext.VerificationKey{}, errors.New("the issuer has both a shared secret and public keys")
	}
	key, err := findIssuerKey(ctx, s.issuerKeys, s.Client, i.KeysURL, kid, s.Now())
	switch {
	case errors.Is(err, errNoKey):
		return key, err
	case err != nil:
		return key, &verify.Error{Code: verify.CodeUnavailable, Public: publicKeysDown, Err: fmt.Errorf("keys of %s: %w", issuer, err)}
	case !slices.Contains(i.Algorithms, string(key.Algorithm())):
		return launchcontext.VerificationKey{}, errors.New("its algorithm is none of those that the issuer may use")
	}
	return key, nil
}

// onlyKey gives the issuer's registered key for tokens without a kid, if there is exactly one.
func onlyKey(t admin.Tenant, issuer string) (launchcontext.VerificationKey, error) {
	var id string
	count := 0
	for _, k := range t.Keys {
		if k.Issuer == issuer {
			id = k.ID
			count++
		}
	}
	if count != 1 {
		return launchcontext.VerificationKey{}, fmt.Errorf("the token names no key, and the issuer has %d", count)
	}
	return registeredKey(t.Keys, issuer, id)
}
