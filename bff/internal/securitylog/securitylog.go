// Package securitylog writes down what looks like an attack: one line per kind, tenant and address at a time, with how often it
// has happened since the line before, and a counter per kind. A flood costs a counter each, and no line.
//
// Start with [New]. A line holds a code, a tenant's slug and a network address, and nothing else: no token, no name, no value
// that a client has sent.
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

// Bounds of what is kept and written.
const (
	interval       = time.Minute // from one line of a kind, tenant and address to the next
	maxKeys        = 4096
	maxQueue       = 256 // lines that wait for a slow disk
	linesPerSecond = 20  // of all kinds together
	lineBurst      = 200
	maxTenant      = 64
)

// Log is the security log. Its methods may be called from many goroutines; a nil Log does nothing.
type Log struct {
	log     *slog.Logger
	now     func() time.Time
	counter *prometheus.CounterVec
	lines   chan line
	budget  *rate.Limiter

	mu     sync.Mutex
	kept   *simplelru.LRU[key, *entry]
	unsaid int // events whose line was dropped
}

type key struct {
	code, tenant string
	address      netip.Addr
}

type entry struct {
	address netip.Addr // of the last event
	pending int        // events since the last line
	quiet   time.Time  // no line before
}

type line struct {
	key     key
	address netip.Addr
	count   int
}

// New makes a log that writes to the given one. The clock should be monotonic, like time.Now. Run writes what is recorded.
func New(log *slog.Logger, now func() time.Time) *Log {
	l := &Log{
		log: log, now: now, lines: make(chan line, maxQueue), budget: rate.NewLimiter(linesPerSecond, lineBurst),
		counter: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "shieldpod_security_events_total", Help: "What was refused because it looks like an attack, by code.",
		}, []string{"code"}),
	}
	kept, err := simplelru.NewLRU(maxKeys, func(_ key, e *entry) { l.unsaid += e.pending })
	if err != nil {
		panic(err) // only for a size below 1
	}
	l.kept = kept
	return l
}

// Collector gives the counter to a metrics registry.
func (l *Log) Collector() prometheus.Collector { return l.counter }

// Record counts an event, and has a line written unless one of the same kind, tenant and address was written lately. It never
// waits. A tenant that is not written like one is left out: it comes from the client.
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
	e, known := l.kept.Get(k)
	if !known {
		e = &entry{}
		l.kept.Add(k, e)
	}
	e.address = address.WithZone("")
	e.pending++
	l.tell(k, e, now)
}

// tell queues an entry's line, under the lock, if it is time for one and there is room. What is not said now is said by a
// later line's count.
func (l *Log) tell(k key, e *entry, now time.Time) {
	if e.pending == 0 || now.Before(e.quiet) || !l.budget.AllowN(now, 1) {
		return
	}
	select {
	case l.lines <- line{k, e.address, e.pending}:
		e.pending, e.quiet = 0, now.Add(interval)
	default:
	}
}

// Run writes lines until ctx is done, and then what is left.
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
			for _, e := range l.kept.Values() {
				e.quiet = time.Time{}
			}
			l.mu.Unlock()
			l.Flush()
			return
		}
	}
}

// Flush queues the lines that have become due, and writes all that wait.
func (l *Log) Flush() {
	now := l.now()
	l.mu.Lock()
	for _, k := range l.kept.Keys() {
		if e, known := l.kept.Peek(k); known {
			l.tell(k, e, now)
		}
	}
	unsaid := l.unsaid
	l.unsaid = 0
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
	if unsaid > 0 {
		l.write(line{key: key{code: CodeMore}, count: unsaid})
	}
}

// write is read by fail2ban: docs/security-log.md has the expression.
func (l *Log) write(one line) {
	address := ""
	if one.address.IsValid() {
		address = one.address.String()
	}
	l.log.LogAttrs(context.Background(), slog.LevelWarn, "security",
		slog.String("code", one.key.code), slog.String("tenant", one.key.tenant), slog.String("address", address), slog.Int("count", one.count))
}

// isSlug tells whether it is written as tenants are: a-z, 0-9 and hyphens.
func isSlug(tenant string) bool {
	return len(tenant) <= maxTenant && strings.Trim(tenant, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
