package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

type apikeyCmd struct {
	New    apikeyNewCmd    `cmd:"" help:"Make a key for an admin's scripts, and print it once."`
	List   apikeyListCmd   `cmd:"" help:"List a tenant's keys, without what opens them."`
	Remove apikeyRemoveCmd `cmd:"" help:"Let nobody in by a key any more."`
}

type apikeyNewCmd struct {
	tenantArg
	Name string `required:"" help:"Who holds it: edits are told under this name."`
}

// Run stores the key's hash, and prints the key.
func (c *apikeyNewCmd) Run(e *env) error {
	if strings.TrimSpace(c.Name) == "" {
		return errors.New("--name must say who holds the key, like 'Ana Ortiz'")
	}
	if err := checkName(c.Name); err != nil {
		return err
	}
	return c.withStore(e, func(ctx context.Context, db *store.Store, _ verify.Tenant) error {
		key, secret, err := verify.NewAPIKey(c.Tenant, c.Name, app.SystemClock(), rand.Reader)
		if err != nil {
			return err
		}
		if err := db.PutAPIKey(ctx, key); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(e.stdout, secret); err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.stderr, "This is %s's API key %s, and it is not shown again. It may change every policy and every pushed contact of %s.\n", key.Name, key.ID, c.Tenant)
		return err
	})
}

type apikeyListCmd struct {
	tenantArg
}

// Run prints the keys, oldest first.
func (c *apikeyListCmd) Run(e *env) error {
	return c.withStore(e, func(ctx context.Context, db *store.Store, _ verify.Tenant) error {
		keys, err := db.APIKeys(ctx, c.Tenant)
		if err != nil {
			return err
		}
		var b strings.Builder
		for _, k := range keys {
			fmt.Fprintf(&b, "%s  %s  since %s\n", k.ID, k.Name, k.CreatedAt.UTC().Format("2 Jan 2006"))
		}
		if len(keys) == 0 {
			fmt.Fprintf(&b, "No API key yet. Make one: shieldpod apikey new %s --name 'Ana Ortiz'\n", c.Tenant)
		}
		_, err = fmt.Fprint(e.stdout, b.String())
		return err
	})
}

type apikeyRemoveCmd struct {
	tenantArg
	ID string `arg:"" help:"The key's id, as the list has it."`
}

// Run removes the key.
func (c *apikeyRemoveCmd) Run(e *env) error {
	return c.withStore(e, func(ctx context.Context, db *store.Store, _ verify.Tenant) error {
		removed, err := db.RemoveAPIKey(ctx, c.Tenant, c.ID)
		if err != nil {
			return err
		}
		if !removed {
			// An id may be a whole key, given by mistake: it is not repeated.
			return fmt.Errorf("tenant %q has no API key of this id: see 'shieldpod apikey list %s'", c.Tenant, c.Tenant)
		}
		_, err = fmt.Fprintf(e.stdout, "API key %s is removed: nobody gets in by it any more.\n", c.ID)
		return err
	})
}
