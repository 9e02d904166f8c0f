// Package securitylog records events that look like an attack. It writes at most one line a minute for each code, tenant and
// address, with the number of events since the previous line, and counts all events by code.
//
// A line contains a code, the slug of a tenant and a network address. It contains no token, no name and no other value that a
// client has sent.
//
// Start with [New].
package securitylog

import (
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"github.com/shieldpod/shieldpod/bff/internal/ratelimit"
)

// Limits of the memory and of the output.
const (
	interval       = time.Minute // between two lines of a code, tenant and address
	maxKeys        = 4096
	maxQueue       = 256 // lines that wait for the writer
	linesPerSecond = 20  // of all codes together
	lineBurst      = 200
	maxTenant      = 64
)

// Log is the security log. Its methods are safe for concurrent use. A nil Log does nothing.
type Log struct {
	log     *slog.Logger
	now     func() time.Time
	counter *prometheus.CounterVec
	lines   chan line
	limiter *rate.Limiter

	mu      sync.Mutex
	entries *simplelru.LRU[key, *entry]
	evicted int // events of evicted entries
}

type key struct {
	code, tenant string
	address      netip.Addr
}

type entry struct {
	address  netip.Addr // of the last event
	pending  int        // events since the last line
	nextLine time.Time  // earliest time of the next line
}

type line struct {
	key     key
	address netip.Addr
	count   int
}

// New returns a log that writes to log. The clock should be monotonic, like time.Now. Run writes the lines.
func New(log *slog.Logger, now func() time.Time) *Log {
	l := &Log{
		log: log, now: now, lines: make(chan line, maxQueue), limiter: rate.NewLimiter(linesPerSecond, lineBurst),
		counter: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "shieldpod_security_events_total", Help: "What was refused because it looks like an attack, by code.",
		}, []string{"code"}),
	}
	entries, err := simplelru.NewLRU(maxKeys, func(_ key, e *entry) { l.evicted += e.pending })
	if err != nil {
		panic(err) // only for a size below 1
	}
	l.entries = entries
	return l
}

// Collector returns the counter for a metrics registry.
func (l *Log) Collector() prometheus.Collector { return l.counter }

// Record counts an event and queues a line, unless a line of the same code, tenant and address was written in the last minute.
// It never blocks. An invalid tenant is omitted, because it comes from the client.
func (l *Log) Record(code, tenant string, address netip.Addr) {
	if l == nil {
		return
	}
	l.counter.WithLabelValues(code).Inc()
	if !isSlug(tenant) {
		tenant = ""
	}
	k := key{code, tenant, ratelimit.Key(address)}
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	e, known := l.entries.Get(k)
	if !known {
		e = &entry{}
		l.entries.Add(k, e)
	}
	e.address = address.WithZone("")
	e.pending++
	l.enqueue(k, e, now)
}

// enqueue queues the line of an entry if it is due and the queue has room. A later line includes the count otherwise. The
// caller holds the lock.
func (l *Log) enqueue(k key, e *entry, now time.Time) {
	if e.pending == 0 || now.Before(e.nextLine) || !l.limiter.AllowN(now, 1) {
		return
	}
	select {
	case l.lines <- line{k, e.address, e.pending}:
		e.pending, e.nextLine = 0, now.Add(interval)
	default:
	}
}

// Run writes lines until ctx is done, and then all remaining lines.
func (l *Log) Run(ctx context.Context) {
	tick := time.NewTicker(interval / 6)
	defer tick.Stop()
	for {
		select {
		case one := <-l.lines:
			l.write(one)
		case <-tick.C:
			l.Flush()
		case <-ctx.Done():
			l.mu.Lock()
			for _, e := range l.entries.Values() {
				e.nextLine = time.Time{}
			}
			l.mu.Unlock()
			l.Flush()
			return
		}
	}
}

// Flush queues the lines that are due and writes all queued lines.
func (l *Log) Flush() {
	now := l.now()
	l.mu.Lock()
	for _, k := range l.entries.Keys() {
		if e, known := l.entries.Peek(k); known {
			l.enqueue(k, e, now)
		}
	}
	evicted := l.evicted
	l.evicted = 0
	l.mu.Unlock()
	for {
		select {
		case one := <-l.lines:
			l.write(one)
			continue
		default:
		}
		break
	}
	if evicted > 0 {
		l.write(line{key: key{code: CodeMore}, count: evicted})
	}
}

// write writes one line. fail2ban reads it with the expression in docs/security-log.md.
func (l *Log) write(one line) {
	address := ""
	if one.address.IsValid() {
		address = one.address.String()
	}
	l.log.LogAttrs(context.Background(), slog.LevelWarn, "security",
		slog.String("code", one.key.code), slog.String("tenant", one.key.tenant), slog.String("address", address), slog.Int("count", one.count))
}

// isSlug reports whether the text is empty or a valid tenant id: a-z, 0-9 and hyphens.
func isSlug(tenant string) bool {
	return len(tenant) <= maxTenant && strings.Trim(tenant, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
