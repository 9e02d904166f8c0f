package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/store"
)

type apikeyCmd struct {
	New    apikeyNewCmd    `cmd:"" help:"Make a key for an admin's scripts, and print it once."`
	List   apikeyListCmd   `cmd:"" help:"List a tenant's keys, without what opens them."`
	Remove apikeyRemoveCmd `cmd:"" help:"Let nobody in by a key any more."`
}

type apikeyNewCmd struct {
	tenantArg
	Name    string        `required:"" help:"Who holds it: edits are told under this name."`
	Scope   []admin.Scope `help:"What the key may do: ${scopes}; repeat for more. Without it the key may do all of it." placeholder:"SCOPE"`
	Expires string        `help:"Last day of the key, in UTC, like 2027-01-31. Without it the key does not expire." placeholder:"DATE"`
}

// apiKeyFlags are the flags by which the fields of a key are set.
var apiKeyFlags = map[string]string{"name": "--name ", "scopes": "--scope ", "expires_at": "--expires "}

// Run stores the key's hash, and prints the key.
func (c *apikeyNewCmd) Run(e *env) error {
	request := admin.APIKeyRequest{Name: c.Name, Scopes: c.Scope}
	if c.Expires != "" {
		day, err := time.Parse(time.DateOnly, c.Expires)
		if err != nil {
			return fmt.Errorf("--expires %q must be a date like 2027-01-31", c.Expires)
		}
		request.ExpiresAt = day.AddDate(0, 0, 1)
	}
	return c.withActs(e, func(ctx context.Context, acts acts, _ *store.Store) error {
		key, secret, err := acts.CreateAPIKey(ctx, acts.by, c.Tenant, request)
		if err != nil {
			return publicError(err, apiKeyFlags)
		}
		if _, err := fmt.Fprintln(e.stdout, secret); err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.stderr, "This is %s's API key %s, and it is not shown again. Its scopes at %s: %s.\n", key.Name, key.ID, c.Tenant, scopeList(key.Scopes))
		return err
	})
}

type apikeyListCmd struct {
	tenantArg
}

// Run prints the keys, oldest first.
func (c *apikeyListCmd) Run(e *env) error {
	return c.withStore(e, func(ctx context.Context, db *store.Store, _ admin.Tenant) error {
		keys, err := db.APIKeys(ctx, c.Tenant)
		if err != nil {
			return err
		}
		var b strings.Builder
		for _, k := range keys {
			fmt.Fprintf(&b, "%s  %s  since %s\n", k.ID, k.Name, k.CreatedAt.UTC().Format(dayFormat))
			fmt.Fprintf(&b, "  scopes   %s\n", scopeList(k.Scopes))
			fmt.Fprintf(&b, "  expires  %s\n", timeOr(k.ExpiresAt, "never"))
			fmt.Fprintf(&b, "  used     %s\n", timeOr(k.UsedAt, "never"))
		}
		if len(keys) == 0 {
			fmt.Fprintf(&b, "No API key yet. Make one: shieldpod apikey new --tenant %s --name 'Ana Ortiz'\n", c.Tenant)
		}
		_, err = fmt.Fprint(e.stdout, b.String())
		return err
	})
}

const (
	dayFormat    = "2 Jan 2006"
	minuteFormat = "2 Jan 2006 15:04 UTC"
)

// timeOr is a time to the minute, or the other text if there is none.
func timeOr(t time.Time, none string) string {
	if t.IsZero() {
		return none
	}
	return t.UTC().Format(minuteFormat)
}

func scopeList(scopes []admin.Scope) string {
	names := make([]string, len(scopes))
	for i, s := range scopes {
		names[i] = string(s)
	}
	return strings.Join(names, ", ")
}

type apikeyRemoveCmd struct {
	tenantArg
	ID string `arg:"" help:"The key's id, as the list has it."`
}

// Run removes the key.
func (c *apikeyRemoveCmd) Run(e *env) error {
	return c.withActs(e, func(ctx context.Context, acts acts, _ *store.Store) error {
		err := acts.RemoveAPIKey(ctx, acts.by, c.Tenant, c.ID)
		if err != nil {
			// An id may be a whole key, given by mistake: it is not repeated.
			return notFoundError(err, "tenant %q has no API key of this id: see 'shieldpod apikey list --tenant %s'", c.Tenant, c.Tenant)
		}
		_, err = fmt.Fprintf(e.stdout, "API key %s is removed: nobody gets in by it any more.\n", c.ID)
		return err
	})
}
