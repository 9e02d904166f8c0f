package app

import (
	"crypto/rand"
	mathrand "math/rand/v2"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/launch"
	"github.com/shieldpod/shieldpod/bff/internal/outward"
	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/psa/connectwise"
	"github.com/shieldpod/shieldpod/bff/internal/psa/directory"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

var (
	_ psa.Queue     = (*store.Store)(nil)
	_ psa.Results   = (*verify.Service)(nil)
	_ launch.Hosted = (*connectwise.Client)(nil)
	_ verify.Noter  = (*psa.Worker)(nil)
)

// What a ticket system's answers may take, and weigh: a page of a client's people.
const (
	askTime  = 5 * time.Second
	askLimit = 8<<20 + 1
)

// newConnectWise makes what asks ConnectWise, by the guarded way out.
func newConnectWise(connections verify.Connections, loopback bool, now func() time.Time) (*connectwise.Client, error) {
	return connectwise.New(connectwise.Config{
		Connections: connections, Now: now, Entropy: rand.Reader,
		HTTP: outward.Client(outward.Config{AllowLoopback: loopback, Timeout: askTime, BodyLimit: askLimit, KeepAlive: true}),
	})
}

// connect ties in the ticket systems that are asked, and written to.
func (srv *server) connect(domain *verify.Service, door *launch.Service) error {
	manage, err := newConnectWise(srv.store, srv.loopback, srv.now)
	if err != nil {
		return err
	}
	door.Hosted = manage
	door.Tickets = psa.Systems{
		Connections: srv.store, Directory: directory.Directory{Cards: srv.store},
		Adapters: map[string]psa.Adapter{psa.ConnectWise: manage},
	}
	srv.notes = psa.NewWorker(psa.WorkerConfig{
		Queue: srv.store, Results: domain, Tenants: srv.store, Writers: map[string]psa.Writer{psa.ConnectWise: manage},
		Now: srv.now, Chance: mathrand.Float64, Log: srv.log,
	})
	domain.Noter = srv.notes
	return nil
}
