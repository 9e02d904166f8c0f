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

func TestSessionIsReadOnceInHalfASecond(t *testing.T) {
	memory, s, now := recalling()
	token := bearerOf(t, s, "s_1")
	memory.reads.Store(0)
	for _, step := range []struct {
		after time.Duration
		reads int64
	}{{0, 0}, {400 * time.Millisecond, 0}, {100 * time.Millisecond, 1}, {400 * time.Millisecond, 1}, {100 * time.Millisecond, 2}, {-time.Millisecond, 3}} {
		*now = now.Add(step.after)
		if _, _, err := s.Authenticate(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		if got := memory.reads.Load(); got != step.reads {
			t.Errorf("%s on: %d reads, want %d", step.after, got, step.reads)
		}
	}
}

// ending ends a session while it is being read.
type ending struct {
	counting
	meanwhile func()
}

func (e *ending) Session(ctx context.Context, id string) (verify.Session, error) {
	s, err := e.counting.Session(ctx, id)
	e.meanwhile()
	return s, err
}

func TestSessionThatIsEndedWhileItIsReadIsNotRemembered(t *testing.T) {
	_, s, _ := recalling()
	memory := &ending{}
	memory.meanwhile = func() { s.ForgetSessions("acme") }
	s.Sessions = memory
	token := bearerOf(t, s, "s_1")
	for reads := range int64(3) {
		if got := memory.reads.Load(); got != reads+1 {
			t.Fatalf("%d reads, want %d", got, reads+1)
		}
		if _, _, err := s.Authenticate(t.Context(), token); err != nil {
			t.Fatal(err)
		}
	}
}

func TestForgottenSessionsAreReadAnew(t *testing.T) {
	memory, s, _ := recalling()
	token := bearerOf(t, s, "s_1")
	s.ForgetSessions("zenith")
	if _, _, err := s.Authenticate(t.Context(), token); err != nil || memory.reads.Load() != 1 {
		t.Errorf("another tenant's are read anew: %d reads, %v", memory.reads.Load(), err)
	}
	s.ForgetSessions("acme")
	if _, _, err := s.Authenticate(t.Context(), token); err != nil || memory.reads.Load() != 2 {
		t.Errorf("%d reads, %v", memory.reads.Load(), err)
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
