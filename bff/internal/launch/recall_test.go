package launch_test

import (
	"context"
	"crypto/rand"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/launch"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// counting is a memory that has every session and counts the questions.
type counting struct {
	launch.Sessions
	reads atomic.Int64
}

func (c *counting) Session(_ context.Context, id string) (verify.Session, error) {
	c.reads.Add(1)
	return verify.Session{ID: id, Desk: verify.Desk{Tenant: "acme"}, EndsAt: time.Unix(1767225600, 0).Add(time.Hour)}, nil
}

func TestSessionIsReadOnceInFiveSeconds(t *testing.T) {
	memory, s, now := recalling()
	token := bearerOf(t, s, "s_1")
	memory.reads.Store(0)
	for _, step := range []struct {
		after time.Duration
		reads int64
	}{{0, 0}, {4 * time.Second, 0}, {time.Second, 1}, {4 * time.Second, 1}, {time.Second, 2}, {-time.Second, 3}} {
		*now = now.Add(step.after)
		if _, _, err := s.Authenticate(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		if got := memory.reads.Load(); got != step.reads {
			t.Errorf("%s on: %d reads, want %d", step.after, got, step.reads)
		}
	}
}

func TestMemoryOfSessionsIsBounded(t *testing.T) {
	memory, s, now := recalling()
	for i := range 3 * launch.RecallSize {
		bearerOf(t, s, "s_"+strconv.Itoa(i))
		if n := s.Remembered(); n > launch.RecallSize {
			t.Fatalf("%d sessions remembered", n)
		}
	}
	memory.reads.Store(0)
	bearerOf(t, s, "s_"+strconv.Itoa(3*launch.RecallSize-1))
	if memory.reads.Load() != 0 {
		t.Error("the last one is forgotten")
	}
	for range 2 { // sessions that nobody asks for any more do not stay
		*now = now.Add(5 * time.Second)
		bearerOf(t, s, "s_new")
	}
	if n := s.Remembered(); n > 2 {
		t.Errorf("%d sessions remembered", n)
	}
}

func recalling() (*counting, *launch.Service, *time.Time) {
	now := time.Unix(1767225600, 0)
	memory := &counting{}
	return memory, &launch.Service{
		Tenants: down{}, Sessions: memory, Audience: audience, Secret: secret,
		Now: func() time.Time { return now }, Entropy: rand.Reader,
	}, &now
}

func bearerOf(t testing.TB, s *launch.Service, id string) string {
	t.Helper()
	token, _, err := s.Renew(t.Context(), verify.Session{ID: id})
	if err != nil {
		t.Fatal(err)
	}
	return token
}
