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

// newTickets reads tickets and contacts from the ticket system of each tenant.
func newTickets(db *store.Store, manage *connectwise.Client) psa.Systems {
	return psa.Systems{
		Connections: db, Directory: directory.Directory{Cards: db}, Adapters: map[string]psa.Adapter{psa.ConnectWise: manage},
	}
}

// newNotes writes results onto tickets.
func newNotes(c Config, db *store.Store, waker *jobs.Waker, manage *connectwise.Client, results psa.Results) *jobs.Worker[verify.NoteJob] {
	return psa.NewWorker(psa.WorkerConfig{
		Queue: db.Notes(), Waker: waker, Results: results, Tenants: db, Writers: map[string]psa.Writer{psa.ConnectWise: manage},
		Now: c.Now, Random: mathrand.Float64, Log: c.Log,
	})
}
