package main

import (
	"context"
	"fmt"

	"github.com/shieldpod/shieldpod/bff/internal/store"
)

type endSessionsCmd struct {
	databaseFlags
	Tenant     string `arg:"" help:"The tenant's slug."`
	Technician string `help:"Only this technician's, by the id that launches name, as in connectwise:ana."`
}

// Run revokes the open sessions: their pods stop within seconds, and have to be launched again.
func (c *endSessionsCmd) Run(o *outside) error {
	return withTenant(o, c.databaseFlags, c.Tenant, func(ctx context.Context, db *store.Store) error {
		n, err := db.EndSessions(ctx, c.Tenant, c.Technician)
		if err == nil {
			_, err = fmt.Fprintf(o.stdout, "%d sessions are ended; their pods stop within seconds.\n", n)
		}
		return err
	})
}
