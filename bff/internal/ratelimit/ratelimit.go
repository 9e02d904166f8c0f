// Package ratelimit limits the rate of requests per network address.
//
// A [Limiter] keeps one token bucket per address, up to a fixed number of buckets. Above it the least recently used bucket
// is dropped, so that a client with many addresses can't exhaust the memory.
//
// Start with [New].
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

// Limit is the rate and the size of a token bucket. The zero value: no limit.
type Limit struct {
	PerSecond float64 // tokens added per second
	Burst     int     // tokens in a full bucket
}

// UnmarshalText parses the text of a flag: "200/2000" for 200 a second and 2000 at once, "off" for no limit.
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

// String formats the limit for UnmarshalText.
func (l Limit) String() string {
	if l.Burst == 0 {
		return "off"
	}
	return strconv.FormatFloat(l.PerSecond, 'f', -1, 64) + "/" + strconv.Itoa(l.Burst)
}

// maxBuckets bounds the memory of one limiter to about 4 MiB.
const maxBuckets = 16 << 10

// Limiter holds a bucket for each address. Its methods are safe for concurrent use. A nil Limiter allows everything.
type Limiter struct {
	limit Limit
	now   func() time.Time

	mu      sync.Mutex
	buckets *simplelru.LRU[netip.Addr, *rate.Limiter]
}

// New returns a limiter, or nil when there is no limit. The clock should be monotonic, like time.Now: after a step back no
// bucket is filled until the clock has caught up.
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

// Take takes a token of the address. Without a token it returns the time until the next one, at least a second.
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

// Return returns a token to the bucket after a client has authenticated.
func (l *Limiter) Return(address netip.Addr) {
	if l != nil {
		l.bucket(address).AllowN(l.now(), -1) // a negative number adds to the bucket, up to its size
	}
}

// Len returns the number of buckets.
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

// Key returns the address that selects the bucket: the /64 of an IPv6 address, because one client owns all of it, and any
// other address itself. An IPv4-mapped IPv6 address counts as IPv4.
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
