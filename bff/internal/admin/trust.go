package admin

import (
	"context"
	"slices"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// sharedSecret is the algorithm whose keys are secrets.
const sharedSecret = "HS256"

// AddKey has the tenant trust a signing key of an issuer. CodeInvalid: the key is weak, does not fit the tenant's other
// keys and issuers, or the issuer has one of its id.
func (s *Service) AddKey(ctx context.Context, by Actor, tenant string, k SigningKey) (Tenant, error) {
	if k.Algorithm == sharedSecret {
		if err := s.Checks.CheckSecret(k.Material); err != nil {
			return Tenant{}, refused("secret", err)
		}
	}
	return s.changeTrust(ctx, by, tenant, func(t *Tenant) (verify.Event, error) {
		if slices.ContainsFunc(t.Keys, isKey(k.Issuer, k.ID)) {
			return verify.Event{}, invalid("id", "The tenant already trusts a key of this id of this issuer. Remove it first, or choose another id.")
		}
		t.Keys = append(slices.Clone(t.Keys), k)
		if err := s.Checks.CheckKeys(t.Keys); err != nil {
			return verify.Event{}, refused("keys", err)
		}
		return verify.Event{Kind: verify.EventSigningKeyAdded, Subject: k.ID, Changes: diff(nil, keyFacts(k))}, s.checkIssuers(*t)
	})
}

// RemoveKey has the tenant trust a key no longer. CodeNotFound: it trusts no such key. CodeInvalid: an issuer's tokens
// could no longer be read.
func (s *Service) RemoveKey(ctx context.Context, by Actor, tenant, issuer, id string) (Tenant, error) {
	return s.changeTrust(ctx, by, tenant, func(t *Tenant) (verify.Event, error) {
		at := slices.IndexFunc(t.Keys, isKey(issuer, id))
		if at < 0 {
			return verify.Event{}, missing("The tenant trusts no such key.")
		}
		removed := t.Keys[at]
		t.Keys = slices.Delete(slices.Clone(t.Keys), at, at+1)
		return verify.Event{Kind: verify.EventSigningKeyRemoved, Subject: id, Changes: diff(keyFacts(removed), nil)}, s.checkIssuers(*t)
	})
}

// PutIssuer sets where an issuer's keys are fetched and how its tokens are read, in place of its settings before.
func (s *Service) PutIssuer(ctx context.Context, by Actor, tenant string, issuer Issuer) (Tenant, error) {
	if issuer.KeysURL != "" {
		if err := s.Checks.CheckURL(issuer.KeysURL); err != nil {
			return Tenant{}, refused("keys_url", err)
		}
	}
	return s.changeTrust(ctx, by, tenant, func(t *Tenant) (verify.Event, error) {
		var before []fact
		t.Issuers = slices.Clone(t.Issuers)
		if at := slices.IndexFunc(t.Issuers, isIssuer(issuer.Name)); at >= 0 {
			before = issuerFacts(t.Issuers[at])
			t.Issuers[at] = issuer
		} else {
			t.Issuers = append(t.Issuers, issuer)
		}
		if err := s.checkIssuers(*t); err != nil { // before its mapping is shown
			return verify.Event{}, err
		}
		return verify.Event{Kind: verify.EventIssuerSet, Subject: issuer.Name, Changes: diff(before, issuerFacts(issuer))}, nil
	})
}

// RemoveIssuer removes the settings of an issuer. Its registered keys stay. CodeNotFound: it has none.
func (s *Service) RemoveIssuer(ctx context.Context, by Actor, tenant, name string) (Tenant, error) {
	return s.changeTrust(ctx, by, tenant, func(t *Tenant) (verify.Event, error) {
		at := slices.IndexFunc(t.Issuers, isIssuer(name))
		if at < 0 {
			return verify.Event{}, missing("The tenant has no such issuer.")
		}
		removed := t.Issuers[at]
		t.Issuers = slices.Delete(slices.Clone(t.Issuers), at, at+1)
		return verify.Event{Kind: verify.EventIssuerRemoved, Subject: name, Changes: diff(issuerFacts(removed), nil)}, nil
	})
}

// PutSignIn sets the provider at which technicians sign in, in place of the one before.
func (s *Service) PutSignIn(ctx context.Context, by Actor, tenant string, in SignIn) (Tenant, error) {
	if err := s.Checks.CheckURL(in.Issuer); err != nil {
		return Tenant{}, refused("issuer", err)
	}
	if err := s.Checks.CheckSignIn(in); err != nil {
		return Tenant{}, refused("sign_in", err)
	}
	return s.changeTrust(ctx, by, tenant, func(t *Tenant) (verify.Event, error) {
		e := verify.Event{Kind: verify.EventSignInSet, Subject: in.Issuer, Changes: diff(signInFacts(t.SignIn), signInFacts(in))}
		t.SignIn = in
		return e, nil
	})
}

// RemoveSignIn ends the signing in. CodeNotFound: there was none.
func (s *Service) RemoveSignIn(ctx context.Context, by Actor, tenant string) (Tenant, error) {
	return s.changeTrust(ctx, by, tenant, func(t *Tenant) (verify.Event, error) {
		if t.SignIn.Issuer == "" {
			return verify.Event{}, missing("The tenant has no sign-in.")
		}
		e := verify.Event{Kind: verify.EventSignInRemoved, Subject: t.SignIn.Issuer, Changes: diff(signInFacts(t.SignIn), nil)}
		t.SignIn = SignIn{}
		return e, nil
	})
}

// changeTrust stores the tenant as change leaves it, with the event that change gives.
func (s *Service) changeTrust(
	ctx context.Context, by Actor, tenant string, change func(*Tenant) (verify.Event, error),
) (t Tenant, err error) {
	err = s.perform(ctx, by, tenant, func(a *act) error {
		if t, err = a.Tenant(ctx, tenant); err != nil {
			return err
		}
		e, err := change(&t)
		if err != nil {
			return err
		}
		return a.apply(ctx, e, func() error { return a.PutTenant(ctx, t) })
	})
	return t, err
}

// checkIssuers refuses issuers whose tokens could not be checked by the tenant's keys.
func (s *Service) checkIssuers(t Tenant) error {
	return refused("issuers", s.Checks.CheckIssuers(t.Issuers, t.Keys))
}

func isKey(issuer, id string) func(SigningKey) bool {
	return func(k SigningKey) bool { return k.Issuer == issuer && k.ID == id }
}

func isIssuer(name string) func(Issuer) bool {
	return func(i Issuer) bool { return i.Name == name }
}

func keyFacts(k SigningKey) []fact {
	material := plain("fingerprint", fingerprint(k.Material))
	if k.Algorithm == sharedSecret {
		material = secret("secret", k.Material)
	}
	return []fact{plain("issuer", k.Issuer), plain("algorithm", k.Algorithm), material}
}

func issuerFacts(i Issuer) []fact {
	return []fact{plain("name", i.Name), plain("keys_url", i.KeysURL), plain("algorithms", i.Algorithms), plain("mapping", i.Mapping)}
}

func signInFacts(in SignIn) []fact {
	return []fact{
		plain("issuer", in.Issuer), plain("client_id", in.ClientID), secret("client_secret", in.Secret), plain("system", in.System),
		plain("claim", in.Claim), plain("domains", in.Domains),
	}
}
