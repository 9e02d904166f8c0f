// Package bus carries whispers between the parts of a node and between nodes: "contact C of
// tenant T has events up to N". [Start] it, hand it to the domain as its Whisperer (Nudge) and
// to the sockets as their ear (Listen).
//
// A whisper holds no fact that anybody relies on: who hears one reads the store, and one that is
// lost costs delay, never truth. So nothing here is stored, retried or waited for.
package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

var _ verify.Whisperer = (*Bus)(nil)

// Config says which NATS carries the whispers: with nothing set, an engine inside this process
// that no other process can reach.
type Config struct {
	// URL of an existing NATS, or several with commas between: nats:// or tls:// (checked against
	// the system's certificate authorities), with user:password@ or token@ where it asks for them.
	// It excludes the cluster fields.
	URL string

	// ClusterListen is where this node's engine takes routes from the other nodes: host:port or
	// nats://user:password@host:port. Other nodes must show the same user and password; without
	// them only a loopback address is accepted. tls://user:password@host:port?cert=…&key=…&ca=…
	// (PEM files) encrypts the routes and has both ends show a certificate of that authority.
	ClusterListen string
	// ClusterRoutes are the other nodes' ClusterListen addresses, host:port or with scheme, user
	// and password; what a route leaves out is taken from ClusterListen. One list may serve all
	// nodes: a node passes over its own address.
	ClusterRoutes []string
	// ClusterName must be the same on all nodes; "shieldpod" if empty.
	ClusterName string

	Now func() time.Time // required
	Log *slog.Logger     // required
}

// Bus is one node's end of it. Its methods may be called from many goroutines.
type Bus struct {
	engine *server.Server // nil when an existing NATS is used
	conn   *nats.Conn
	mesh   mesh
	log    *slog.Logger

	out  chan whisper
	done chan struct{}
	sent sync.WaitGroup
	end  sync.Once

	mu   sync.Mutex
	ears map[*nats.Subscription]func(contact string, seq int64)
}

// queued whispers wait here for the connection; more are dropped.
const queued = 4096

// Start brings the bus up, or says what to set. An existing NATS need not answer yet: Ready tells.
// The context bounds the start only; Close ends the bus.
func Start(ctx context.Context, cfg Config) (*Bus, error) {
	if cfg.URL != "" && (cfg.ClusterListen != "" || len(cfg.ClusterRoutes) > 0) {
		return nil, errors.New("bus: set either the URL of an existing NATS or a cluster of embedded ones, not both")
	}
	b := &Bus{
		log: cfg.Log, out: make(chan whisper, queued), done: make(chan struct{}),
		ears: map[*nats.Subscription]func(string, int64){},
	}
	var err error
	if cfg.URL != "" {
		err = b.dial(cfg.URL)
	} else {
		err = b.embed(ctx, cfg)
	}
	if err != nil {
		return nil, err
	}
	b.sent.Go(b.publish)
	return b, nil
}

// dial connects to an existing NATS, and goes on trying for as long as the bus lives.
func (b *Bus) dial(servers string) (err error) {
	if err := checkServers(servers); err != nil {
		return err
	}
	var late atomic.Bool
	b.conn, err = nats.Connect(servers, append(b.options(),
		nats.RetryOnFailedConnect(true),
		nats.ConnectHandler(func(*nats.Conn) {
			if late.Load() {
				b.gap(nil)
			}
		}),
	)...)
	if err != nil {
		return fmt.Errorf("bus: NATS: %w", err)
	}
	late.Store(!b.conn.IsConnected())
	return nil
}

// checkServers never quotes what it refuses: it may hold a password.
func checkServers(list string) error {
	for server := range strings.SplitSeq(list, ",") {
		u, err := url.Parse(strings.TrimSpace(server))
		if err != nil || u.Host == "" || (u.Scheme != "nats" && u.Scheme != "tls") {
			return errors.New("bus: write the URL of NATS as nats://host:port or tls://user:password@host:port, with %-signs for what is special in the password")
		}
	}
	return nil
}

func (b *Bus) options() []nats.Option {
	return []nats.Option{
		nats.Name("shieldpod"),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(time.Second),
		nats.ReconnectBufSize(-1), // a whisper that can't leave now is not worth keeping
		nats.ReconnectHandler(func(*nats.Conn) { b.gap(nil) }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				b.log.Warn("bus lost its NATS; pods are brought up to date more slowly", "err", err)
			}
		}),
		nats.ErrorHandler(func(_ *nats.Conn, sub *nats.Subscription, err error) {
			b.log.Warn("bus", "err", err)
			if sub != nil && errors.Is(err, nats.ErrSlowConsumer) {
				b.gap(sub)
			}
		}),
	}
}

// Nudge whispers that the contact's events have grown to seq. It never blocks and never fails.
func (b *Bus) Nudge(tenant, contact string, seq int64) {
	select {
	case b.out <- whisper{tenant: tenant, contact: contact, seq: seq}:
	default:
	}
}

// publish is the only one who may wait for the connection.
func (b *Bus) publish() {
	for {
		select {
		case <-b.done:
			return
		case w := <-b.out:
			if subject, payload, ok := w.encode(); ok {
				// Without a connection it fails at once. Then the whisper is lost, as whispers may be.
				_ = b.conn.Publish(subject, payload)
			}
		}
	}
}

// Listen calls heard for each whisper about the tenant's contacts, in order, until stop is called.
// An empty contact stands for the tenant's rules; with a seq of 0 it means that whispers may have been lost: read
// again what matters. heard must be quick; a last call may overlap with stop.
func (b *Bus) Listen(tenant string, heard func(contact string, seq int64)) (stop func(), err error) {
	if !isSlug(tenant) {
		return nil, fmt.Errorf("bus: %q is not a tenant", tenant)
	}
	return b.subscribe(subjectOf(tenant, "*"), func(w whisper) { heard(w.contact, w.seq) }, heard)
}

// ListenAll calls heard for each tenant whose rules have changed, until stop is called. No tenant at all means that
// whispers may have been lost. heard must be quick.
func (b *Bus) ListenAll(heard func(tenant string)) (stop func(), err error) {
	return b.subscribe(subjectOf("*", digest("")), func(w whisper) { heard(w.tenant) }, func(string, int64) { heard("") })
}

// subscribe calls heard for each whisper on the subject, and lost when some may have been lost.
func (b *Bus) subscribe(subject string, heard func(whisper), lost func(contact string, seq int64)) (stop func(), err error) {
	sub, err := b.conn.Subscribe(subject, func(m *nats.Msg) {
		if w, ok := decode(m.Subject, m.Data); ok {
			heard(w)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("bus: %w", err)
	}
	b.mu.Lock()
	b.ears[sub] = lost
	b.mu.Unlock()
	b.settle()
	return func() {
		b.mu.Lock()
		delete(b.ears, sub)
		b.mu.Unlock()
		_ = sub.Unsubscribe() // fails only when the connection is closed, and then it is gone as well
	}, nil
}

// settle waits, briefly, until NATS knows of the subscription: what is published after Listen has
// returned is heard. A NATS that is away learns of it when it is back.
func (b *Bus) settle() {
	if b.conn.Status() == nats.CONNECTED {
		if err := b.conn.FlushTimeout(2 * time.Second); err != nil {
			b.log.Warn("bus", "err", err)
		}
	}
}

// gap tells whoever listens (through sub, or at all) that whispers may have been lost.
func (b *Bus) gap(sub *nats.Subscription) {
	b.mu.Lock()
	var told []func(string, int64)
	for s, heard := range b.ears {
		if sub == nil || s == sub {
			told = append(told, heard)
		}
	}
	b.mu.Unlock()
	for _, heard := range told {
		heard("", 0)
	}
}

// Ready says why whispers can't reach everybody yet, or nil.
func (b *Bus) Ready() error {
	if status := b.conn.Status(); status != nats.CONNECTED {
		return fmt.Errorf("bus: NATS is %s", status)
	}
	if b.engine == nil {
		return nil
	}
	return b.mesh.ready(b.engine.NumRemotes())
}

// Close ends the bus. Nudge and Ready may be called after it; whispers then go nowhere.
func (b *Bus) Close() {
	b.end.Do(func() {
		close(b.done)
		b.sent.Wait()
		b.conn.Close()
		if b.engine != nil {
			b.engine.Shutdown()
			b.engine.WaitForShutdown()
		}
	})
}

// mesh tells whether a node has found the others.
type mesh struct {
	now   func() time.Time
	since time.Time
	want  int // routes to others in the configuration
	whole atomic.Bool
}

// meshGrace is how long a node that starts waits for the others. After it, the nodes that are there
// serve: one that is dead must not keep the rest from starting, and pods catch up without whispers.
const meshGrace = 30 * time.Second

// ready is nil once all nodes have been there, and stays so: a node that goes away later takes
// nobody's readiness with it.
func (m *mesh) ready(have int) error {
	switch {
	case m.whole.Load():
	case have >= m.want, m.now().Sub(m.since) >= meshGrace:
		m.whole.Store(true)
	default:
		return fmt.Errorf("bus: joined to %d of %d other nodes", have, m.want)
	}
	return nil
}
