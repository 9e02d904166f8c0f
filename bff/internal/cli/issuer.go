package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/launch"
)

type tenantIssuerCmd struct {
	Put    issuerPutCmd    `cmd:"" help:"Fetch an issuer's keys, or read tokens of its own shape."`
	Remove issuerRemoveCmd `cmd:"" help:"Do neither any more. Its registered keys stay: see 'shieldpod key remove'."`
}

type issuerPutCmd struct {
	tenantArg
	Issuer    string            `required:"" help:"The tokens' iss, exactly."`
	JwksURL   string            `name:"jwks-url" help:"Where the issuer publishes its keys: a JWK Set, by https. Without it its keys are registered by 'shieldpod key add'."`
	Algorithm []string          `help:"Algorithm of the keys that are fetched: EdDSA, ES256 or RS256; repeat for more."`
	Claim     map[string]string `mapsep:"none" placeholder:"OURS=/THEIRS" help:"For tokens that are no launch contexts: where one of a context's claims stands in them, such as ctx.ticket.id=/context/ticketId; repeat for more."`
	Constant  map[string]string `mapsep:"none" placeholder:"OURS=VALUE" help:"What one of a context's claims always is, such as ctx.psa=zendesk; repeat for more."`
	Audience  string            `help:"With --claim: the tokens' aud, exactly. Without it they must name the public URL."`
	Type      []string          `help:"With --claim: a typ that is taken, or none for tokens without one; repeat for more. Without it JWT and none."`
}

// Run stores the issuer, and replaces its earlier settings.
func (c *issuerPutCmd) Run(e *env) error {
	issuer, err := c.issuer()
	if err != nil {
		return err
	}
	err = c.changeTenant(e, func(ctx context.Context, acts acts) (admin.Tenant, error) {
		t, err := acts.PutIssuer(ctx, acts.by, c.Tenant, issuer)
		return t, publicError(err, map[string]string{"keys_url": "--jwks-url: "})
	})
	if err == nil && issuer.KeysURL == "" {
		_, err = fmt.Fprintf(e.stdout, "Its tokens are checked by its registered keys: shieldpod key add --tenant %s --issuer %s --help\n", c.Tenant, c.Issuer)
	}
	return err
}

func (c *issuerPutCmd) issuer() (admin.Issuer, error) {
	issuer := admin.Issuer{Name: c.Issuer, KeysURL: c.JwksURL, Algorithms: c.Algorithm}
	if c.JwksURL == "" && len(c.Algorithm) > 0 {
		return issuer, fmt.Errorf("--algorithm is of keys that are fetched: set --jwks-url, too")
	}
	if len(c.Claim) == 0 {
		if len(c.Constant) > 0 || c.Audience != "" || len(c.Type) > 0 {
			return issuer, fmt.Errorf("--constant, --audience and --type go with --claim")
		}
		return issuer, nil
	}
	m := launch.Mapping{Audience: c.Audience, Claims: c.Claim, Constants: c.Constant}
	for _, typ := range c.Type {
		m.Types = append(m.Types, strings.TrimPrefix(typ, "none"))
	}
	var err error
	issuer.Mapping, err = json.Marshal(m)
	return issuer, err
}

type issuerRemoveCmd struct {
	tenantArg
	Issuer string `required:"" help:"The tokens' iss."`
}

// Run removes the issuer.
func (c *issuerRemoveCmd) Run(e *env) error {
	return c.changeTenant(e, func(ctx context.Context, acts acts) (admin.Tenant, error) {
		t, err := acts.RemoveIssuer(ctx, acts.by, c.Tenant, c.Issuer)
		return t, notFoundError(err, "tenant %q has no issuer %s of its own kind", c.Tenant, c.Issuer)
	})
}

// printIssuers prints what 'tenant issuer' and 'tenant signin' set.
func printIssuers(b *strings.Builder, t admin.Tenant) {
	for _, i := range t.Issuers {
		fmt.Fprintf(b, "  issuer %s", i.Name)
		if i.KeysURL != "" {
			fmt.Fprintf(b, "  keys from %s (%s)", i.KeysURL, strings.Join(i.Algorithms, ", "))
		}
		if len(i.Mapping) > 0 {
			fmt.Fprint(b, "  claims mapped")
		}
		fmt.Fprintln(b)
	}
	if in := t.SignIn; in.Issuer != "" {
		fmt.Fprintf(b, "  signin %s  client %s  tickets of %s  technicians by %s", in.Issuer, in.ClientID, in.System, in.Claim)
		if len(in.Domains) > 0 {
			fmt.Fprintf(b, "  of %s", strings.Join(in.Domains, ", "))
		}
		fmt.Fprintln(b)
	}
}
