package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
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
	Tenant string `required:"" help:"The tenant's slug." placeholder:"SLUG"`
}

// withStore opens the database for one command on the tenant, and refuses a tenant that does not exist.
func (a tenantArg) withStore(e *env, do func(context.Context, *store.Store, admin.Tenant) error) error {
	return withStore(e, a.Database, func(ctx context.Context, db *store.Store) error {
		t, err := db.TenantSettings(ctx, a.Tenant)
		if verify.CodeOf(err) == verify.CodeNotFound {
			return fmt.Errorf("there is no tenant %q: 'shieldpod tenant list' shows those that there are, 'shieldpod tenant put %s --name NAME --origin https://psa.example' creates it", a.Tenant, a.Tenant)
		}
		if err != nil {
			return err
		}
		return do(ctx, db, t)
	})
}

// acts are the administrative acts on a database, and who performs them.
type acts struct {
	*admin.Service
	by admin.Actor
}

func newActs(e *env, db *store.Store) acts {
	return acts{Service: app.NewAdmin(db, false, app.SystemClock), by: e.actor()}
}

// withActs is withStore for commands that change something.
func (a tenantArg) withActs(e *env, do func(context.Context, acts, *store.Store) error) error {
	return a.withStore(e, func(ctx context.Context, db *store.Store, _ admin.Tenant) error { return do(ctx, newActs(e, db), db) })
}

// changeTenant performs an act on the tenant's own settings, and prints them.
func (a tenantArg) changeTenant(e *env, change func(context.Context, acts) (admin.Tenant, error)) error {
	return a.withActs(e, func(ctx context.Context, acts acts, _ *store.Store) error {
		t, err := change(ctx, acts)
		if err != nil {
			return err
		}
		return printTenant(e, t)
	})
}

// publicError is a refusal's public text, after the flag that its field is set by. flags may be nil.
func publicError(err error, flags map[string]string) error {
	var refusal *verify.Error
	if !errors.As(err, &refusal) || refusal.Public == "" || refusal.Code == verify.CodeUnavailable {
		return err
	}
	return errors.New(flags[refusal.Field] + refusal.Public)
}

// notFoundError is publicError with another text where there is nothing to change.
func notFoundError(err error, format string, args ...any) error {
	if verify.CodeOf(err) == verify.CodeNotFound {
		return fmt.Errorf(format, args...)
	}
	return publicError(err, nil)
}
