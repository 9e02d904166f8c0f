package courier_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/jobs"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// BenchmarkOutboxToPhone takes text messages from their queue through Vonage's library to the
// sandbox and back as delivery receipts: two events and three writes to its job for each.
func BenchmarkOutboxToPhone(b *testing.B) {
	var settled atomic.Int64
	var r *harness
	r = newHarness(b, func(c *courier.Config) {
		texts := c.Queues[channel.Phone]
		texts.Messages = countingQueue{texts.Messages, func() {
			settled.Add(1)
			r.signal()
		}}
		c.Queues[channel.Phone] = texts
	})
	storetest.SetPolicy(b, r.store, "acme", "", storetest.Unbounded)
	tc := ticketContext
	tc.Contacts = nil
	for i := range b.N {
		tc.Contacts = append(tc.Contacts, verify.Contact{ID: fmt.Sprint(i), Channels: []verify.Channel{
			{ID: "mobile", Kind: channel.Phone, Value: fmt.Sprintf("+1415%07d", i)},
		}})
	}
	for _, c := range tc.Contacts {
		request := verify.Request{Contact: c.ID, Channel: "mobile", Method: channel.SMSCode, Note: "Manager approval", Key: "benchmark-key-" + c.ID}
		if _, err := r.Send(b.Context(), tc, request); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	r.start(b)
	r.waitFor(b, "all settled", func() bool { return settled.Load() == int64(b.N) })
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

// countingQueue reports every settled job.
type countingQueue struct {
	jobs.Queue[verify.Job]
	onSettle func()
}

func (c countingQueue) Settle(ctx context.Context, j verify.Job, state verify.JobState, ref, cause string) error {
	defer c.onSettle()
	return c.Queue.Settle(ctx, j, state, ref, cause)
}
