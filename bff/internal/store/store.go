// Package store is the durable memory: one SQL text on SQLite (the embedded
// default) and PostgreSQL.
//
// Start with [Open], then [Store.Migrate]. A [Store] is the domain's
// [verify.Ledger] and [verify.Tenants] and the [admin.Ledger], keeps the pod
// sessions and the jobs, and checks the event chain.
// What must not be read from a stolen file is sealed by a [Vault].
package store

import (
	"context"
	"errors"
	"net/url"
	"runtime"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/cache"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

var (
	_ verify.Ledger  = (*Store)(nil)
	_ verify.Tenants = (*Store)(nil)
	_ admin.Ledger   = (*Store)(nil)
	_ admin.APIKeys  = (*Store)(nil)
	_ admin.Sessions = (*Store)(nil)
)

// Config says where the memory is and what seals it. All fields are required but Now.
type Config struct {
	URL   string // path of an SQLite file, or postgres://…
	Vault *Vault
	Now   func() time.Time // time.Now if nil
}

// Store is the memory. It is safe for many goroutines, and, like the databases
// below it, for many processes.
type Store struct {
	engine  engine
	vault   *Vault
	now     func() time.Time
	tenants *cache.Cache[string, admin.Tenant]
	// chainSlots has room for the walkers of chains that read at the same time.
	chainSlots chan struct{}

	pages *cache.Cache[pageKey, page] // the last read page of contacts
	probe probe
}

// engine is what SQLite and PostgreSQL do each in their own way.
type engine interface {
	// write runs the steps as [verify.Ledger] promises. Writes of one tenant may share a transaction; an empty tenant
	// is for writes that belong to none or to several.
	write(ctx context.Context, tenant string, steps []step) error
	// reader runs statements that change nothing, each seeing what was durable when it began.
	reader() runner
	// migrator gives the means to bring the schema up to date.
	migrator() (*goose.Provider, error)
	close() error
}

// step is a part of a write that is undone alone when it fails.
type step func(*tx) error

// Open connects to the database, creating an SQLite file that is not there.
// CodeUnavailable: it can't be reached. The schema is brought up to date by Migrate.
func Open(ctx context.Context, c Config) (*Store, error) {
	if c.Vault == nil {
		return nil, errors.New("store: a vault is required")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	s := newStore(c)
	open := openSQLite
	if isPostgreSQL(c.URL) {
		open = openPostgreSQL
	}
	var err error
	if s.engine, err = open(ctx, c.URL, s); err != nil {
		return nil, unavailable("open", err)
	}
	return s, nil
}

// newStore makes a store without its database.
func newStore(c Config) *Store {
	return &Store{
		vault: c.Vault, now: c.Now,
		tenants:    cache.New[string, admin.Tenant](maxCachedTenants, tenantFresh),
		chainSlots: make(chan struct{}, runtime.GOMAXPROCS(0)),
		pages:      cache.NewWeighed[pageKey](pagesHold, 0, func(p page) int { return len(p.events) + pageWeight }),
	}
}

func isPostgreSQL(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql")
}

// Migrate brings the schema up to date. Several nodes may call it at once.
// ErrOtherKey: the vault's key is not the one that the database was sealed under.
func (s *Store) Migrate(ctx context.Context) (err error) {
	provider, err := s.engine.migrator()
	if err != nil {
		return unavailable("migrate", err)
	}
	defer func() { err = errors.Join(err, provider.Close()) }()
	if _, err := provider.Up(ctx); err != nil {
		return unavailable("migrate", err)
	}
	return s.checkKey(ctx)
}

// Close waits for what was begun and lets go of the database. What is asked afterwards is CodeUnavailable.
func (s *Store) Close() error { return s.engine.close() }

// Write is [verify.Ledger]'s.
func (s *Store) Write(ctx context.Context, tenant string, steps ...func(verify.Tx) error) error {
	mine := make([]step, len(steps))
	for i, theirs := range steps {
		mine[i] = func(t *tx) error { return theirs(t) }
	}
	return s.engine.write(ctx, tenant, mine)
}

// Administer is [admin.Ledger]'s. What is cached of the tenant is discarded.
func (s *Store) Administer(ctx context.Context, tenant string, act func(admin.Tx) error) error {
	defer s.tenants.Remove(tenant)
	return s.engine.write(ctx, tenant, []step{func(t *tx) error {
		if err := t.lockTenant(ctx, tenant); err != nil {
			return err
		}
		return act(t)
	}})
}

// update runs one step of the store's own that belongs to no tenant, or to several.
func (s *Store) update(ctx context.Context, own step) error {
	return s.engine.write(ctx, "", []step{own})
}

// updateOf runs one step of the store's own that belongs to the tenant.
func (s *Store) updateOf(ctx context.Context, tenant string, own step) error {
	return s.engine.write(ctx, tenant, []step{own})
}

// get reads one row outside any transaction; sql.ErrNoRows if there is none.
func (s *Store) get(ctx context.Context, doing, text string, args []any, into ...any) error {
	if err := ctx.Err(); err != nil {
		return unavailable(doing, err)
	}
	return read(ctx, s.engine.reader(), doing, text, args, into...)
}

// list reads rows outside any transaction, calling each for every one.
func (s *Store) list(ctx context.Context, doing, text string, args []any, each func(scan) error) error {
	if err := ctx.Err(); err != nil {
		return unavailable(doing, err)
	}
	return list(ctx, s.engine.reader(), doing, text, args, each)
}
