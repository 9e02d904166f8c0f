package admin

import (
	"context"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Log reads the events of administrative acts, outside of any transaction.
type Log interface {
	// AdminEvents gives up to n events of the tenant's administrative acts that are numbered below before, newest first;
	// from the newest on if before is 0.
	AdminEvents(ctx context.Context, tenant string, before int64, n int) ([]verify.Event, error)
}
