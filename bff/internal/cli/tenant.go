package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/bff/internal/egress"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/text"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	sdkwebhook "github.com/shieldpod/shieldpod/sdk/webhook"
)

type tenantCmd struct {
	Put    tenantPutCmd    `cmd:"" help:"Create a tenant, or change the named settings of one."`
	List   tenantListCmd   `cmd:"" help:"List tenants with their origins and signing keys."`
	Issuer tenantIssuerCmd `cmd:"" help:"Say where an issuer's keys are, and how to read tokens that are no launch contexts."`
	Signin tenantSigninCmd `cmd:"" help:"Let technicians sign in, for ticket systems that sign nothing."`

	Carrier     tenantCarrierCmd `cmd:"" help:"Have a tenant send by carriers' accounts of its own."`
	EndSessions endSessionsCmd   `cmd:"" help:"End the pod sessions that are open, of all technicians or of one."`
	ConnectWise connectwiseCmd   `cmd:"" name:"connectwise" help:"Connect a tenant to its ConnectWise Manage."`
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

var slug = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$`)

// Run stores the tenant.
func (c *tenantPutCmd) Run(e *env) error {
	if !slug.MatchString(c.ID) {
		return fmt.Errorf("tenant %q: a slug has up to 40 of a-z, 0-9 and hyphens, like acme-it", c.ID)
	}
	return withStore(e, c.Database, func(ctx context.Context, db *store.Store) error {
		t, err := db.Tenant(ctx, c.ID)
		created := verify.CodeOf(err) == verify.CodeNotFound
		switch {
		case created:
			t = verify.Tenant{ID: c.ID, Region: "US"}
		case err != nil:
			return err
		}
		before := t.Origins
		if err := c.change(&t); err != nil {
			return err
		}
		if created && (t.Name == "" || len(t.Origins) == 0) {
			return fmt.Errorf("there is no tenant %q yet, and a new one needs a name and an origin: shieldpod tenant put %s --name 'Acme IT' --origin https://psa.example", c.ID, c.ID)
		}
		secret, err := c.hook(&t.Webhook, rand.Reader)
		if err != nil {
			return err
		}
		if err := db.PutTenant(ctx, t); err != nil {
			return err
		}
		if err := errors.Join(printTenant(e, t), printOrigins(e, before, t.Origins)); err != nil || secret == "" {
			return err
		}
		_, err = fmt.Fprintf(e.stdout, "The webhook's secret, which is not shown again: %s\n", secret)
		return err
	})
}

// change applies the flags that were given.
func (c *tenantPutCmd) change(t *verify.Tenant) error {
	if c.Name != "" {
		if err := checkName(c.Name); err != nil {
			return err
		}
		t.Name = c.Name
	}
	if c.Region != "" {
		if phonenumbers.GetCountryCodeForRegion(c.Region) == 0 {
			return fmt.Errorf("--region %q must be a country's two capital letters, like US", c.Region)
		}
		t.Region = c.Region
	}
	origins, err := c.origins(t.Origins)
	if err != nil {
		return err
	}
	t.Origins = origins
	if c.ProcedureURL != "" {
		if u, err := url.Parse(c.ProcedureURL); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.String() != c.ProcedureURL {
			return fmt.Errorf("--procedure-url %q must be a web address that begins with https://", c.ProcedureURL)
		}
		t.ProcedureURL = c.ProcedureURL
	}
	return nil
}

// origins applies the flags to the origins that may frame the pod.
func (c *tenantPutCmd) origins(before []string) ([]string, error) {
	for flag, given := range map[string][]string{"--origin": c.Origin, "--add-origin": c.AddOrigin} {
		for _, origin := range given {
			if err := app.CheckSite(flag, origin); err != nil {
				return nil, err
			}
		}
	}
	origins := slices.Clone(before)
	if len(c.Origin) > 0 {
		if len(c.AddOrigin)+len(c.RemoveOrigin) > 0 {
			return nil, errors.New("--origin replaces all origins: give it alone, or change the list by --add-origin and --remove-origin")
		}
		origins = nil
	}
	for _, origin := range slices.Concat(c.Origin, c.AddOrigin) {
		if !slices.Contains(origins, origin) {
			origins = append(origins, origin)
		}
	}
	for _, origin := range c.RemoveOrigin {
		at := slices.Index(origins, origin)
		if at < 0 {
			return nil, fmt.Errorf("--remove-origin: %q may not frame the pod of %s: 'shieldpod tenant list' shows what may", origin, c.ID)
		}
		origins = slices.Delete(origins, at, at+1)
	}
	return origins, nil
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

// hook sets the webhook's URL. A webhook without a secret gets one, which is returned in the form that people copy.
func (c *tenantPutCmd) hook(w *verify.Webhook, entropy io.Reader) (secret string, err error) {
	switch c.Webhook {
	case "":
		return "", nil
	case "none":
		*w = verify.Webhook{}
		return "", nil
	}
	if err := egress.CheckURL(c.Webhook, false); err != nil {
		return "", fmt.Errorf("--webhook: %w", err)
	}
	w.URL = c.Webhook
	if len(w.Secret) > 0 {
		return "", nil
	}
	w.Secret = make([]byte, 32)
	if _, err := io.ReadFull(entropy, w.Secret); err != nil {
		return "", err
	}
	made, err := sdkwebhook.NewSecret(w.Secret)
	return made.Text(), err
}

// maxName is in characters.
const maxName = 60

// checkName refuses a name that could deceive readers of messages and pages, or break them.
func checkName(name string) error {
	if name != text.Line(name, maxName) {
		return fmt.Errorf("--name %q must have up to %d characters on one line, none of them invisible", name, maxName)
	}
	return nil
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

func printTenant(e *env, t verify.Tenant) error {
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
