package app

import (
	"context"

	"github.com/shieldpod/shieldpod/bff/internal/httpapi"
	"github.com/shieldpod/shieldpod/bff/internal/store"
)

// ready names the parts that a verification needs and that do not work.
func (srv *Server) ready(ctx context.Context) (missing []httpapi.NotReady) {
	if err := srv.Store.Ready(ctx); err != nil {
		missing = append(missing, httpapi.NotReady{Part: "database", Why: store.Fault(err), Err: err})
	}
	if err := srv.bus.Ready(); err != nil {
		missing = append(missing, httpapi.NotReady{Part: "bus", Why: "this node has not found the others, or its NATS", Err: err})
	}
	return missing
}
