package app

import (
	"crypto/rand"
	mathrand "math/rand/v2"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/egress"
	"github.com/shieldpod/shieldpod/bff/internal/jobs"
	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/psa/connectwise"
	"github.com/shieldpod/shieldpod/bff/internal/psa/directory"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Limits of a ticket system's answer. The largest is a page of a client's contacts.
const (
	askTime  = 5 * time.Second
	askLimit = 8<<20 + 1 // bytes
)

// NewConnectWise makes the client of ConnectWise. It refuses hosts inside the network; loopback allows this machine.
func NewConnectWise(connections psa.Connections, loopback bool, now func() time.Time) (*connectwise.Client, error) {
	return connectwise.New(connectwise.Config{
		Connections: connections, Now: now, Entropy: rand.Reader,
		HTTP: egress.Client(egress.Config{AllowLoopback: loopback, Timeout: askTime, BodyLimit: askLimit, KeepAlive: true}),
	})
}

// connectionChecks refuse invalid settings and secrets of a system, and give the origin of its host.
var connectionChecks = map[string]func(settings, secret []byte) (origin string, err error){
	connectwise.Product.Name: connectwise.CheckConnection,
}

// NewTicketSystems makes the adapters of all ticket systems, and the directory of pushed contacts. loopback is as for
// NewConnectWise.
func NewTicketSystems(db *store.Store, loopback bool, now func() time.Time) (psa.Systems, error) {
	manage, err := NewConnectWise(db, loopback, now)
	if err != nil {
		return psa.Systems{}, err
	}
	return psa.Systems{Connections: db, Directory: directory.Directory{Cards: db}, Adapters: psa.NewRegistry(manage)}, nil
}

// newNotes writes results onto tickets.
func newNotes(
	c Config, db *store.Store, waker *jobs.Waker, writers map[string]psa.Writer, results psa.Results,
) *jobs.Worker[verify.NoteJob] {
	return psa.NewWorker(psa.WorkerConfig{
		Queue: db.Notes(), Waker: waker, Results: results, Tenants: db, Writers: writers,
		Now: c.Now, Random: mathrand.Float64, Log: c.Log,
	})
}
