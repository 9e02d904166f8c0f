package securitylog

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"
)

// Limits of a throttled log.
const (
	messagesPerSecond = 10 // of one message
	messageBurst      = 100
	maxMessages       = 256
)

// Throttle returns a handler that limits the rate of each message, so that a client that causes errors can't fill the disk.
// The next line of a message has the number of dropped records in the attribute left_out.
func Throttle(next slog.Handler, now func() time.Time) slog.Handler {
	messages, err := simplelru.NewLRU[string, *message](maxMessages, nil)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return throttle{next, &messageLimits{now: now, messages: messages}}
}

type throttle struct {
	slog.Handler
	limits *messageLimits
}

type messageLimits struct {
	now      func() time.Time
	mu       sync.Mutex
	messages *simplelru.LRU[string, *message]
}

type message struct {
	limiter *rate.Limiter
	leftOut int
}

// Handle writes the record, or counts it.
func (t throttle) Handle(ctx context.Context, r slog.Record) error {
	leftOut, ok := t.limits.take(r.Message)
	if !ok {
		return nil
	}
	if leftOut > 0 {
		r = r.Clone()
		r.AddAttrs(slog.Int("left_out", leftOut))
	}
	return t.Handler.Handle(ctx, r)
}

// WithAttrs keeps the limits.
func (t throttle) WithAttrs(attrs []slog.Attr) slog.Handler {
	return throttle{t.Handler.WithAttrs(attrs), t.limits}
}

// WithGroup keeps the limits.
func (t throttle) WithGroup(name string) slog.Handler {
	return throttle{t.Handler.WithGroup(name), t.limits}
}

func (l *messageLimits) take(text string) (leftOut int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m, known := l.messages.Get(text)
	if !known {
		m = &message{limiter: rate.NewLimiter(messagesPerSecond, messageBurst)}
		l.messages.Add(text, m)
	}
	if !m.limiter.AllowN(l.now(), 1) {
		m.leftOut++
		return 0, false
	}
	leftOut, m.leftOut = m.leftOut, 0
	return leftOut, true
}
