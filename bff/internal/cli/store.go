package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// withStore opens the database for one command, and closes it.
func withStore(e *env, d app.Database, do func(context.Context, *store.Store) error) error {
	db, err := d.Open(e.ctx, e.log)
	if err != nil {
		return err
	}
	return errors.Join(do(e.ctx, db), db.Close())
}

// tenantArg is the existing tenant that a command is about, and the database that holds it.
type tenantArg struct {
	app.Database
	Tenant string `arg:"" help:"The tenant's slug."`
}

// withStore opens the database for one command on the tenant, and refuses a tenant that does not exist.
func (a tenantArg) withStore(e *env, do func(context.Context, *store.Store, verify.Tenant) error) error {
	return withStore(e, a.Database, func(ctx context.Context, db *store.Store) error {
		t, err := db.Tenant(ctx, a.Tenant)
		if verify.CodeOf(err) == verify.CodeNotFound {
			return fmt.Errorf("there is no tenant %q: 'shieldpod tenant list' shows those that there are, 'shieldpod tenant put %s --name NAME --origin https://psa.example' creates it", a.Tenant, a.Tenant)
		}
		if err != nil {
			return err
		}
		return do(ctx, db, t)
	})
}

// changeTenant stores the tenant as change leaves it, and prints it.
func (a tenantArg) changeTenant(e *env, change func(*verify.Tenant) error) error {
	return a.withStore(e, func(ctx context.Context, db *store.Store, t verify.Tenant) error {
		if err := change(&t); err != nil {
			return err
		}
		if err := db.PutTenant(ctx, t); err != nil {
			return err
		}
		return printTenant(e, t)
	})
}

// publicError replaces a refusal of the server by its public text.
func publicError(err error) error {
	var refusal *verify.Error
	if errors.As(err, &refusal) && refusal.Public != "" {
		return errors.New(refusal.Public)
	}
	return err
}
