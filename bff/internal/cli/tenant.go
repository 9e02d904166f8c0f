package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	sdkwebhook "github.com/shieldpod/shieldpod/sdk/webhook"
)

type tenantCmd struct {
	Put    tenantPutCmd    `cmd:"" help:"Create a tenant, or change the named settings of one."`
	List   tenantListCmd   `cmd:"" help:"List tenants with their origins and signing keys."`
	Log    tenantLogCmd    `cmd:"" help:"List the administrative acts on a tenant: who changed what, from what, to what."`
	Issuer tenantIssuerCmd `cmd:"" help:"Say where an issuer's keys are, and how to read tokens that are no launch contexts."`
	Signin tenantSigninCmd `cmd:"" help:"Let technicians sign in, for ticket systems that sign nothing."`
}

type tenantPutCmd struct {
	app.Database
	ID           string   `arg:"" help:"The tenant's slug: a-z, 0-9 and hyphens."`
	Name         string   `help:"Name that end users see."`
	Region       string   `help:"Two-letter country of phone numbers written without one."`
	Origin       []string `help:"Origin that may frame the pod, like https://psa.example; repeat for more. Replaces those set before."`
	AddOrigin    []string `help:"One more origin that may frame the pod; repeat for more."`
	RemoveOrigin []string `help:"Origin that may frame the pod no longer; repeat for more."`
	ProcedureURL string   `help:"What technicians do when an end user says: I did not ask for this."`
	Webhook      string   `help:"Where verifications, denials, locked contacts and paused numbers are posted: a URL with https, or none."`
}

// tenantFlags are the flags by which the fields of a tenant are set.
var tenantFlags = map[string]string{
	"name": "--name ", "region": "--region ", "origins": "--origin ", "add_origins": "--add-origin ", "remove_origins": "--remove-origin: ",
	"procedure_url": "--procedure-url ", "webhook_url": "--webhook: ",
}

// Run stores the tenant.
func (c *tenantPutCmd) Run(e *env) error {
	if len(c.Origin) > 0 && len(c.AddOrigin)+len(c.RemoveOrigin) > 0 {
		return errors.New("--origin replaces all origins: give it alone, or change the list by --add-origin and --remove-origin")
	}
	edit := admin.TenantEdit{
		Name: c.Name, Region: c.Region, Origins: c.Origin, AddOrigins: c.AddOrigin, RemoveOrigins: c.RemoveOrigin,
		ProcedureURL: c.ProcedureURL, WebhookURL: c.Webhook,
	}
	if c.Webhook == "none" {
		edit.WebhookURL, edit.RemoveWebhook = "", true
	}
	return withStore(e, c.Database, func(ctx context.Context, db *store.Store) error {
		acts := newActs(e, db)
		put, err := acts.PutTenant(ctx, acts.by, c.ID, edit)
		if err != nil {
			return c.explain(err)
		}
		err = errors.Join(printTenant(e, put.After), printOrigins(e, put.Before.Origins, put.After.Origins))
		if err != nil || put.WebhookSecret == nil {
			return err
		}
		secret, err := sdkwebhook.NewSecret(put.WebhookSecret)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.stdout, "The webhook's secret, which is not shown again: %s\n", secret.Text())
		return err
	})
}

func (c *tenantPutCmd) explain(err error) error {
	var refusal *verify.Error
	switch {
	case !errors.As(err, &refusal):
		return err
	case refusal.Code == verify.CodeNotFound:
		return fmt.Errorf("there is no tenant %q yet, and a new one needs a name and an origin: shieldpod tenant put %s --name 'Acme IT' --origin https://psa.example", c.ID, c.ID)
	case refusal.Field == "id":
		return fmt.Errorf("tenant %q: %s", c.ID, refusal.Public)
	case refusal.Field == "remove_origins":
		return fmt.Errorf("%w of %s: 'shieldpod tenant list' shows what may", publicError(err, tenantFlags), c.ID)
	}
	return publicError(err, tenantFlags)
}

// printOrigins prints the removed origins, and when the change takes effect.
func printOrigins(e *env, before, after []string) error {
	if slices.Equal(before, after) {
		return nil
	}
	var b strings.Builder
	for _, origin := range before {
		if !slices.Contains(after, origin) {
			fmt.Fprintf(&b, "%s may frame the pod no longer.\n", origin)
		}
	}
	if len(after) == 0 {
		b.WriteString("No origin may frame the pod now: add one by --add-origin.\n")
	}
	b.WriteString("Running servers follow within five seconds.\n")
	_, err := fmt.Fprint(e.stdout, b.String())
	return err
}

type tenantListCmd struct{ app.Database }

// Run prints every tenant.
func (c *tenantListCmd) Run(e *env) error {
	return withStore(e, c.Database, func(ctx context.Context, db *store.Store) error {
		tenants, err := db.TenantList(ctx)
		if err != nil {
			return err
		}
		if len(tenants) == 0 {
			_, err := fmt.Fprintln(e.stdout, "No tenant yet. Create one: shieldpod tenant put acme --name 'Acme IT' --origin https://psa.example")
			return err
		}
		for _, t := range tenants {
			if err := printTenant(e, t); err != nil {
				return err
			}
		}
		return nil
	})
}

func printTenant(e *env, t admin.Tenant) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s  region %s\n", t.ID, t.Name, t.Region)
	for _, origin := range t.Origins {
		fmt.Fprintf(&b, "  origin %s\n", origin)
	}
	if u, err := url.Parse(t.Webhook.URL); err == nil && u.Host != "" {
		fmt.Fprintf(&b, "  webhook %s://%s\n", u.Scheme, u.Host) // the path is often a secret
	}
	for _, k := range t.Keys {
		fmt.Fprintf(&b, "  key    %s  kid %s  issuer %s\n", k.Algorithm, k.ID, k.Issuer)
	}
	printIssuers(&b, t)
	_, err := fmt.Fprint(e.stdout, b.String())
	return err
}
