// Package notify carries change notifications within a node and between nodes: "contact C of tenant T has events up to N".
// The domain publishes them and the sockets subscribe to them.
//
// A subscriber reads the store, so a lost notification delays an update and the state is never wrong. Notifications are
// not stored, not retried and never block the publisher.
//
// Start with [Start].
package notify

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

var _ verify.Notifier = (*Bus)(nil)

// Config selects the NATS server that carries the notifications. With no field set, it is embedded in this process and not
// reachable from another process.
type Config struct {
	// URL of an existing NATS, or several separated by commas: nats:// or tls:// (verified with the system's certificate
	// authorities), with user:password@ or token@ where it requires them. It excludes the cluster fields.
	URL string

	// ClusterListen is the address where this node's server accepts routes from the other nodes: host:port or
	// nats://user:password@host:port. Other nodes must present the same user and password. Without them only a loopback
	// address is accepted. tls://user:password@host:port?cert=…&key=…&ca=… (PEM files) encrypts the routes, and both ends
	// must present a certificate of that authority.
	ClusterListen string
	// ClusterRoutes are the other nodes' ClusterListen addresses: host:port, or with scheme, user and password. A route
	// inherits missing parts from ClusterListen. All nodes may share one list, because a node skips its own address.
	ClusterRoutes []string
	// ClusterName must be the same on all nodes. Empty: "shieldpod".
	ClusterName string

	Now func() time.Time // required
	Log *slog.Logger     // required
}

// Bus publishes and receives notifications on one node. Its methods are safe for concurrent use.
type Bus struct {
	embedded *server.Server // nil when an existing NATS is used
	conn     *nats.Conn
	mesh     mesh
	log      *slog.Logger

	queue     chan notification
	done      chan struct{}
	publisher sync.WaitGroup
	closeOnce sync.Once

	mu     sync.Mutex
	onLost map[*nats.Subscription]func(contact string, seq int64)
}

// maxQueued bounds the notifications that wait for the connection. More are dropped.
const maxQueued = 4096

// Start starts a bus. An error names the setting to correct. An existing NATS may be unavailable at first: see Ready.
// The context bounds the start only. Call Close to stop the bus.
func Start(ctx context.Context, cfg Config) (*Bus, error) {
	if cfg.URL != "" && (cfg.ClusterListen != "" || len(cfg.ClusterRoutes) > 0) {
		return nil, errors.New("bus: set either the URL of an existing NATS or a cluster of embedded ones, not both")
	}
	b := &Bus{
		log: cfg.Log, queue: make(chan notification, maxQueued), done: make(chan struct{}),
		onLost: map[*nats.Subscription]func(string, int64){},
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
	b.publisher.Go(b.publish)
	return b, nil
}

// dial connects to an existing NATS and keeps trying until the bus is closed.
func (b *Bus) dial(servers string) (err error) {
	if err := checkServers(servers); err != nil {
		return err
	}
	var reconnected atomic.Bool
	b.conn, err = nats.Connect(servers, append(b.options(),
		nats.RetryOnFailedConnect(true),
		nats.ConnectHandler(func(*nats.Conn) {
			if reconnected.Load() {
				b.notifyLost(nil)
			}
		}),
	)...)
	if err != nil {
		return fmt.Errorf("bus: NATS: %w", err)
	}
	reconnected.Store(!b.conn.IsConnected())
	return nil
}

// checkServers validates a list of URLs. Its errors never quote a URL, because it may contain a password.
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
		nats.ReconnectBufSize(-1), // a notification is dropped without a connection
		nats.ReconnectHandler(func(*nats.Conn) { b.notifyLost(nil) }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				b.log.Warn("bus lost its NATS; pods are brought up to date more slowly", "err", err)
			}
		}),
		nats.ErrorHandler(func(_ *nats.Conn, sub *nats.Subscription, err error) {
			b.log.Warn("bus", "err", err)
			if sub != nil && errors.Is(err, nats.ErrSlowConsumer) {
				b.notifyLost(sub)
			}
		}),
	}
}

// Notify publishes that the contact has events up to seq. It never blocks and never fails.
func (b *Bus) Notify(tenant, contact string, seq int64) {
	select {
	case b.queue <- notification{tenant: tenant, contact: contact, seq: seq}:
	default:
	}
}

// publish sends queued notifications. Only this goroutine waits for the connection.
func (b *Bus) publish() {
	for {
		select {
		case <-b.done:
			return
		case n := <-b.queue:
			if subject, payload, ok := n.encode(); ok {
				// Without a connection Publish fails at once, and the notification is lost.
				_ = b.conn.Publish(subject, payload)
			}
		}
	}
}

// Subscribe calls onNotify for each notification about the tenant's contacts, in order, until stop is called. An empty contact
// stands for the tenant's policy. An empty contact with seq 0 means that notifications may have been lost, so the subscriber
// must read its state again. onNotify must not block. A last call may overlap with stop.
func (b *Bus) Subscribe(tenant string, onNotify func(contact string, seq int64)) (stop func(), err error) {
	if !isSlug(tenant) {
		return nil, fmt.Errorf("bus: %q is not a tenant", tenant)
	}
	return b.subscribeSubject(subjectOf(tenant, "*"), func(n notification) { onNotify(n.contact, n.seq) }, onNotify)
}

// SubscribeTenants calls onChange for each tenant whose policy or other settings have changed, until stop is called. An empty
// tenant means that notifications may have been lost. onChange must not block.
func (b *Bus) SubscribeTenants(onChange func(tenant string)) (stop func(), err error) {
	return b.subscribeSubject(subjectOf("*", digest("")), func(n notification) { onChange(n.tenant) }, func(string, int64) { onChange("") })
}

// subscribeSubject calls onNotify for each notification on the subject, and onLost when some may have been lost.
func (b *Bus) subscribeSubject(
	subject string, onNotify func(notification), onLost func(contact string, seq int64),
) (stop func(), err error) {
	sub, err := b.conn.Subscribe(subject, func(m *nats.Msg) {
		if n, ok := decode(m.Subject, m.Data); ok {
			onNotify(n)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("bus: %w", err)
	}
	b.mu.Lock()
	b.onLost[sub] = onLost
	b.mu.Unlock()
	b.flush()
	return func() {
		b.mu.Lock()
		delete(b.onLost, sub)
		b.mu.Unlock()
		_ = sub.Unsubscribe() // fails only when the connection is closed, which ends the subscription as well
	}, nil
}

// flush waits up to 2 seconds until NATS has registered the subscription, so that notifications after Subscribe has returned
// are received. An unavailable NATS registers it after the reconnect.
func (b *Bus) flush() {
	if b.conn.Status() == nats.CONNECTED {
		if err := b.conn.FlushTimeout(2 * time.Second); err != nil {
			b.log.Warn("bus", "err", err)
		}
	}
}

// notifyLost tells the subscriber of sub that notifications may have been lost. With nil it tells all subscribers.
func (b *Bus) notifyLost(sub *nats.Subscription) {
	b.mu.Lock()
	var callbacks []func(string, int64)
	for s, onLost := range b.onLost {
		if sub == nil || s == sub {
			callbacks = append(callbacks, onLost)
		}
	}
	b.mu.Unlock()
	for _, onLost := range callbacks {
		onLost("", 0)
	}
}

// Ready returns nil when notifications reach all nodes, or the reason why they do not.
func (b *Bus) Ready() error {
	if status := b.conn.Status(); status != nats.CONNECTED {
		return fmt.Errorf("bus: NATS is %s", status)
	}
	if b.embedded == nil {
		return nil
	}
	return b.mesh.ready(b.embedded.NumRemotes())
}

// Close stops the bus. Notify and Ready may be called after it; notifications are then dropped.
func (b *Bus) Close() {
	b.closeOnce.Do(func() {
		close(b.done)
		b.publisher.Wait()
		b.conn.Close()
		if b.embedded != nil {
			b.embedded.Shutdown()
			b.embedded.WaitForShutdown()
		}
	})
}

// mesh tracks whether a node is connected to the others.
type mesh struct {
	now    func() time.Time
	since  time.Time
	want   int // routes to other nodes in the configuration
	formed atomic.Bool
}

// meshTimeout is how long a starting node waits for the others. After it the node serves, because one dead node must not
// prevent the rest from starting, and pods are updated without notifications.
const meshTimeout = 30 * time.Second

// ready returns nil once all nodes have been connected. It stays nil when a node disconnects later.
func (m *mesh) ready(have int) error {
	switch {
	case m.formed.Load():
	case have >= m.want, m.now().Sub(m.since) >= meshTimeout:
		m.formed.Store(true)
	default:
		return fmt.Errorf("bus: joined to %d of %d other nodes", have, m.want)
	}
	return nil
}
