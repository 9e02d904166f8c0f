package notify

import (
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// endedSubject is the prefix of the subject ends.<tenant>. A message on it has no payload and means that sessions of the
// tenant were ended.
const endedSubject = "ends."

// flushTimeout is how long NotifyEndedSessions waits for the connection.
const flushTimeout = time.Second

// NotifyEndedSessions notifies every node that sessions of the tenant were ended. A node that misses it polls the store within a second.
func (b *Bus) NotifyEndedSessions(tenant string) error {
	if !isSlug(tenant) {
		return fmt.Errorf("bus: %q is not a tenant", tenant)
	}
	if err := b.conn.Publish(endedSubject+tenant, nil); err != nil {
		return fmt.Errorf("bus: %w", err)
	}
	return b.conn.FlushTimeout(flushTimeout)
}

// SubscribeEndedSessions calls onEnded for each tenant whose sessions were ended, until stop is called. onEnded must not block.
func (b *Bus) SubscribeEndedSessions(onEnded func(tenant string)) (stop func(), err error) {
	sub, err := b.conn.Subscribe(endedSubject+"*", func(m *nats.Msg) {
		if tenant := strings.TrimPrefix(m.Subject, endedSubject); isSlug(tenant) {
			onEnded(tenant)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("bus: %w", err)
	}
	b.flush()
	return func() { _ = sub.Unsubscribe() }, nil // fails only when the connection is closed, which ends the subscription as well
}
