// Package ratelimit bounds how often one network address may do something.
//
// Start with [New]. A [Limiter] keeps one token bucket per address, and no more of them than a fixed number: the one that was
// used least recently is dropped, so that a client with many addresses can't make the process grow.
package ratelimit

import (
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"
)

// Limit is a token bucket's size. The zero value stands for no limit.
type Limit struct {
	PerSecond float64 // tokens that come back
	Burst     int     // tokens that a full bucket holds
}

// UnmarshalText reads a limit as flags have it: "200/2000" for 200 a second and 2000 at once, "off" for none.
func (l *Limit) UnmarshalText(text []byte) error {
	if string(text) == "off" {
		*l = Limit{}
		return nil
	}
	perSecond, burst, found := strings.Cut(string(text), "/")
	r, errRate := strconv.ParseFloat(perSecond, 64)
	b, errBurst := strconv.Atoi(burst)
	if !found || errRate != nil || errBurst != nil || b < 1 || !(r > 0) || math.IsInf(r, 0) {
		return fmt.Errorf("%q is no limit: write how many a second and how many at once, like 200/2000, or off", text)
	}
	*l = Limit{PerSecond: r, Burst: b}
	return nil
}

// String writes the limit as UnmarshalText reads it.
func (l Limit) String() string {
	if l.Burst == 0 {
		return "off"
	}
	return strconv.FormatFloat(l.PerSecond, 'f', -1, 64) + "/" + strconv.Itoa(l.Burst)
}

// maxBuckets bounds the addresses that one limiter remembers, to about 4 MiB.
const maxBuckets = 16 << 10

// Limiter has a bucket for each address. Its methods may be called from many goroutines; a nil Limiter allows everything.
type Limiter struct {
	limit Limit
	now   func() time.Time

	mu      sync.Mutex
	buckets *simplelru.LRU[netip.Addr, *rate.Limiter]
}

// New makes a limiter, or nil when there is no limit. The clock should be monotonic, like time.Now: one that steps back would
// fill no bucket until it has caught up.
func New(l Limit, now func() time.Time) *Limiter {
	if l.Burst == 0 {
		return nil
	}
	buckets, err := simplelru.NewLRU[netip.Addr, *rate.Limiter](maxBuckets, nil)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return &Limiter{limit: l, now: now, buckets: buckets}
}

// Take takes a token of the address. Without one it tells how long it takes until there is one again, at least a second.
func (l *Limiter) Take(address netip.Addr) (retryAfter time.Duration, ok bool) {
	if l == nil {
		return 0, true
	}
	now, bucket := l.now(), l.bucket(address)
	if bucket.AllowN(now, 1) {
		return 0, true
	}
	missing := 1 - bucket.TokensAt(now)
	return max(time.Second, time.Duration(missing/l.limit.PerSecond*float64(time.Second))), false
}

// Return gives a token back that Take has taken: the client has proven to be no stranger.
func (l *Limiter) Return(address netip.Addr) {
	if l != nil {
		l.bucket(address).AllowN(l.now(), -1) // a negative number adds to the bucket, never beyond its size
	}
}

// Len is how many addresses are remembered.
func (l *Limiter) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buckets.Len()
}

func (l *Limiter) bucket(address netip.Addr) *rate.Limiter {
	key := Key(address)
	l.mu.Lock()
	defer l.mu.Unlock()
	bucket, known := l.buckets.Get(key)
	if !known {
		bucket = rate.NewLimiter(rate.Limit(l.limit.PerSecond), l.limit.Burst)
		l.buckets.Add(key, bucket)
	}
	return bucket
}

// Key is what an address counts as: itself, or the /64 of an IPv6 address, because one client has all of that. An IPv4 address
// that is written as IPv6 counts as IPv4.
func Key(address netip.Addr) netip.Addr {
	address = address.Unmap().WithZone("")
	if !address.Is6() {
		return address
	}
	prefix, err := address.Prefix(64)
	if err != nil {
		return address
	}
	return prefix.Addr()
}
