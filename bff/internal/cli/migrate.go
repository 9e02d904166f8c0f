package cli

import (
	"context"
	"fmt"

	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/bff/internal/store"
)

type migrateCmd struct{ app.Database }

// Run brings the tables up to date.
func (c *migrateCmd) Run(e *env) error {
	return withStore(e, c.Database, func(context.Context, *store.Store) error {
		_, err := fmt.Fprintln(e.stdout, "The tables are up to date.")
		return err
	})
}
