package cli

import (
	"context"
	"fmt"

	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/bff/internal/notify"
	"github.com/shieldpod/shieldpod/bff/internal/store"
)

type sessionCmd struct {
	End endSessionsCmd `cmd:"" help:"End the pod sessions of a tenant that are open, of all technicians or of one."`
}

type endSessionsCmd struct {
	tenantArg
	Technician string `help:"Only this technician's, by the id that launches name, as in connectwise:ana."`
	NatsURL    string `help:"The NATS between the nodes, so that they are told at once. Without it they find out within a second."`
}

// Run revokes the open sessions: their pods stop within a second on every node, and have to be launched again.
func (c *endSessionsCmd) Run(e *env) error {
	return c.withActs(e, func(ctx context.Context, acts acts, _ *store.Store) error {
		n, err := acts.EndSessions(ctx, acts.by, c.Tenant, c.Technician)
		if err != nil {
			return err
		}
		if n > 0 && c.NatsURL != "" {
			if err := c.notify(ctx, e); err != nil {
				e.log.Warn("the nodes were not told; they find out within a second", "err", err)
			}
		}
		_, err = fmt.Fprintf(e.stdout, "%d sessions are ended; their pods stop within a second.\n", n)
		return err
	})
}

// notify publishes to the nodes that sessions have ended.
func (c *endSessionsCmd) notify(ctx context.Context, e *env) error {
	b, err := notify.Start(ctx, notify.Config{URL: c.NatsURL, Now: app.SystemClock, Log: e.log})
	if err != nil {
		return err
	}
	defer b.Close()
	return b.NotifyEndedSessions(c.Tenant)
}
