package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/launch"
)

type tenantSigninCmd struct {
	Put    signinPutCmd    `cmd:"" help:"Let technicians sign in at an OpenID provider, for ticket systems that sign nothing."`
	Remove signinRemoveCmd `cmd:"" help:"Let nobody sign in any more."`
}

type signinPutCmd struct {
	tenantArg
	Issuer           string   `required:"" help:"The provider's URL, exactly as it names itself."`
	ClientID         string   `required:"" name:"client-id" help:"Shieldpod's id at the provider."`
	ClientSecretFile string   `help:"File with the secret that goes with it. Without it Shieldpod is a public client." type:"path"`
	PSA              string   `name:"psa" required:"" help:"The ticket system in which tickets are looked up, such as connectwise."`
	Technician       string   `default:"sub" help:"Claim of the ID token whose value is the technician's id."`
	EmailDomain      []string `help:"Only technicians with a verified address in this domain get in; repeat for more."`
}

// Run stores the sign-in, and replaces an earlier one.
func (c *signinPutCmd) Run(e *env) error {
	if c.Tenant == "callback" {
		return errors.New("a tenant of this name has no address to sign in at: choose another slug")
	}
	in := admin.SignIn{Issuer: c.Issuer, ClientID: c.ClientID, System: c.PSA, Claim: c.Technician, Domains: c.EmailDomain}
	if c.ClientSecretFile != "" {
		secret, err := secretFrom("--client-secret-file", c.ClientSecretFile)
		if err != nil {
			return err
		}
		in.Secret = []byte(secret)
	}
	err := c.changeTenant(e, func(ctx context.Context, acts acts) (admin.Tenant, error) {
		t, err := acts.PutSignIn(ctx, acts.by, c.Tenant, in)
		return t, publicError(err, map[string]string{"issuer": "--issuer: "})
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.stdout, "Register this address with the provider, behind your public URL: %s\n", launch.SignInCallback)
	return err
}

type signinRemoveCmd struct {
	tenantArg
}

// Run removes the sign-in.
func (c *signinRemoveCmd) Run(e *env) error {
	return c.changeTenant(e, func(ctx context.Context, acts acts) (admin.Tenant, error) {
		t, err := acts.RemoveSignIn(ctx, acts.by, c.Tenant)
		return t, notFoundError(err, "tenant %q has no sign-in", c.Tenant)
	})
}
