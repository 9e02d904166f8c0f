package launch_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/launch"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

func TestIssuersAreCheckedWhenTheyAreRegistered(t *testing.T) {
	const mapped = `{"claims":{"sub":"/sub","ctx.ticket.id":"/context/ticket"},"constants":{"ctx.psa":"desk"}}`
	fetched := admin.Issuer{Name: "a", KeysURL: "https://a.example/jwks", Algorithms: []string{"EdDSA"}}
	with := func(mapping string) []admin.Issuer {
		return []admin.Issuer{{Name: "a", Mapping: json.RawMessage(mapping)}}
	}
	edit := func(from, to string) []admin.Issuer { return with(strings.Replace(mapped, from, to, 1)) }
	secret := []admin.SigningKey{registered(t, "a", newKey(t, "s", launchcontext.HS256))}
	for _, c := range []struct {
		name    string
		issuers []admin.Issuer
		keys    []admin.SigningKey
		says    string // empty: accepted
	}{
		{name: "keys that are fetched", issuers: []admin.Issuer{fetched}},
		{name: "claims that are mapped", issuers: with(mapped)},
		{name: "claims that are mapped, beside a shared secret", issuers: with(mapped), keys: secret},
		{name: "a client by claims", issuers: edit(`"/sub"`, `"/sub","ctx.client.id":"/c","ctx.client.name":"/n","ctx.contact.id":"/p"`)},
		{name: "typ and audience of its own", issuers: edit(`{"claims"`, `{"audience":"x","types":["at+jwt",""],"claims"`)},
		{name: "no name", issuers: []admin.Issuer{{KeysURL: "https://a.example", Algorithms: []string{"EdDSA"}}}, says: "no name"},
		{name: "nothing to say", issuers: []admin.Issuer{{Name: "a"}}, says: "needs no entry"},
		{name: "the same twice", issuers: []admin.Issuer{fetched, fetched}, says: "there twice"},
		{name: "no algorithm", issuers: []admin.Issuer{{Name: "a", KeysURL: "https://a.example"}}, says: "no algorithm"},
		{name: "an algorithm of shared secrets", issuers: []admin.Issuer{{Name: "a", KeysURL: "https://a.example", Algorithms: []string{"HS256"}}}, says: "can be published"},
		{name: "fetched keys beside a shared secret", issuers: []admin.Issuer{fetched}, keys: secret, says: "shared secret"},
		{name: "a mapping that is no JSON", issuers: with(`{`), says: "can't be read"},
		{name: "a mapping with something unknown", issuers: edit(`{"claims"`, `{"claim":{},"claims"`), says: "can't be read"},
		{name: "a mapping and more", issuers: with(mapped + `{}`), says: "can't be read"},
		{name: "no ticket inside the signature", issuers: edit(`,"ctx.ticket.id":"/context/ticket"`, ""), says: "ctx.ticket.id, which must be inside"},
		{name: "a ticket that is always the same", issuers: with(`{"claims":{"sub":"/sub"},"constants":{"ctx.psa":"desk","ctx.ticket.id":"7"}}`), says: "ctx.ticket.id, which must be inside"},
		{name: "a technician who is always the same", issuers: with(`{"claims":{"ctx.ticket.id":"/t"},"constants":{"ctx.psa":"desk","sub":"ana"}}`), says: "sub, which must be inside"},
		{name: "an e-mail that is always the same", issuers: edit(`"ctx.psa"`, `"act.email":"a@b.example","ctx.psa"`), says: "can't be a constant"},
		{name: "a constant that is empty", issuers: edit(`"ctx.psa"`, `"origin":"","ctx.psa"`), says: "is empty"},
		{name: "a claim that is mapped and a constant", issuers: edit(`"/sub"`, `"/sub","ctx.psa":"/psa"`), says: "both"},
		{name: "a claim that nobody knows", issuers: edit(`"/sub"`, `"/sub","ctx.contacts":"/all"`), says: "no claim that can be mapped"},
		{name: "a claim's name for a pointer", issuers: edit(`"/sub"`, `"sub"`), says: "no JSON pointer"},
		{name: "no ticket system", issuers: edit(`"ctx.psa":"desk"`, ""), says: "ctx.psa"},
		{name: "half a client", issuers: edit(`"/sub"`, `"/sub","ctx.client.id":"/c"`), says: "all of ctx.client.id"},
		{name: "a launch context's typ", issuers: edit(`{"claims"`, `{"types":["pod-launch+jwt"],"claims"`), says: "means something else"},
		{name: "a bearer's typ", issuers: edit(`{"claims"`, `{"types":["pod-session+jwt"],"claims"`), says: "means something else"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := launch.CheckIssuers(c.issuers, c.keys)
			var refusal *verify.Error
			switch {
			case c.says == "" && err == nil:
			case c.says == "" || !errors.As(err, &refusal) || refusal.Code != verify.CodeInvalid || refusal.Field == "" || !strings.Contains(refusal.Public, c.says):
				t.Errorf("got %v, want it to say %q", err, c.says)
			}
		})
	}
}
