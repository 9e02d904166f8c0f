package bus

import (
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// endsSubject begins the subjects of notifications that sessions of a tenant were ended: ends.<tenant>, without a payload.
const endsSubject = "ends."

// flushTime is how long NotifyEnds waits for the connection.
const flushTime = time.Second

// NotifyEnds tells every node that sessions of the tenant were ended. One that is not told finds out by itself within a second.
func (b *Bus) NotifyEnds(tenant string) error {
	if !isSlug(tenant) {
		return fmt.Errorf("bus: %q is not a tenant", tenant)
	}
	if err := b.conn.Publish(endsSubject+tenant, nil); err != nil {
		return fmt.Errorf("bus: %w", err)
	}
	return b.conn.FlushTimeout(flushTime)
}

// ListenEnds calls heard for each tenant of which sessions were ended, until stop is called. heard must be quick.
func (b *Bus) ListenEnds(heard func(tenant string)) (stop func(), err error) {
	sub, err := b.conn.Subscribe(endsSubject+"*", func(m *nats.Msg) {
		if tenant := strings.TrimPrefix(m.Subject, endsSubject); isSlug(tenant) {
			heard(tenant)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("bus: %w", err)
	}
	b.settle()
	return func() { _ = sub.Unsubscribe() }, nil // fails only when the connection is closed, and then it is gone as well
}
