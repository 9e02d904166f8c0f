package launchcontext_test

import (
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

func TestIDsThatNoAddressCanNameAreRefusedWhenSigned(t *testing.T) {
	for _, row := range []struct {
		id    string
		taken bool
	}{
		{".", false}, {"..", false}, {"a\nb", false}, {" a", false}, {"...", true}, {".a", true}, {"a/b", true}, {"a//b", true}, {"%2e", true},
		{"https://psa.example/contacts/7", true},
	} {
		id, taken := row.id, row.taken
		now := time.Now()
		claims := launchcontext.Claims{
			Issuer: "https://psa.example", Audience: "https://pod.example", Subject: "ana", Tenant: "acme", ID: "j1", IssuedAt: now, NotBefore: now, ExpiresAt: now.Add(time.Minute),
			Context: launchcontext.Context{
				PSA: "desk", Ticket: launchcontext.Ticket{ID: "4711"}, Client: launchcontext.Client{ID: "contoso", Name: "Contoso"}, Contact: launchcontext.Default{ID: id},
			},
		}
		err := claims.Check()
		if (err == nil) != taken || !taken && launchcontext.CodeOf(err) != launchcontext.CodeClaims {
			t.Errorf("%q: %v", id, err)
		}
	}
}
