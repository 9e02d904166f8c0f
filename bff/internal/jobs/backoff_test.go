package jobs_test

import (
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/jobs"
)

func TestTheDelayDoublesUpToItsLimit(t *testing.T) {
	quarter := jobs.Backoff{Base: 5 * time.Second, Max: time.Hour}
	full := jobs.Backoff{Base: time.Second, Max: 20 * time.Second, Full: true}
	for _, row := range []struct {
		name       string
		b          jobs.Backoff
		attempts   int
		retryAfter time.Duration
		random     float64
		want       time.Duration
	}{
		{"the first delay", quarter, 0, 0, 0, 5 * time.Second},
		{"up to a quarter is added", quarter, 0, 0, 0.8, 6 * time.Second},
		{"the fourth delay", quarter, 3, 0, 0, 40 * time.Second},
		{"the longest delay", quarter, 10, 0, 0, time.Hour},
		{"after a million attempts", quarter, 1e6, 0, 0, time.Hour},
		{"the receiver's delay takes its place", quarter, 3, 8 * time.Second, 0.5, 9 * time.Second},
		{"a receiver's delay that has passed", quarter, 0, -time.Second, 0, 5 * time.Second},
		{"full: any part of the delay", full, 2, 0, 0.25, time.Second},
		{"full: none of it", full, 2, 0, 0, 0},
		{"full: the longest delay", full, 99, 0, 0.5, 10 * time.Second},
		{"full: on top of the receiver's delay", full, 0, 40 * time.Second, 0.5, 40*time.Second + 500*time.Millisecond},
		{"full: a receiver's delay that has passed", full, 0, -time.Minute, 0.5, 500 * time.Millisecond},
	} {
		if got := row.b.Delay(row.attempts, row.retryAfter, row.random); got != row.want {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
	}
}
