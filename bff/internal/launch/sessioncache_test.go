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

// fakeSessions is a store that has every session and counts the reads.
type fakeSessions struct {
	launch.Sessions
	reads atomic.Int64
}

func (c *fakeSessions) Session(_ context.Context, id string) (verify.Session, error) {
	c.reads.Add(1)
	return verify.Session{ID: id, Context: verify.TicketContext{Tenant: "acme"}, EndsAt: time.Unix(1767225600, 0).Add(time.Hour)}, nil
}

func TestSessionIsReadOnceInHalfASecond(t *testing.T) {
	sessions, s, now := newCacheFixture()
	token := bearerOf(t, s, "s_1")
	sessions.reads.Store(0)
	for _, step := range []struct {
		after time.Duration
		reads int64
	}{{0, 0}, {400 * time.Millisecond, 0}, {100 * time.Millisecond, 1}, {400 * time.Millisecond, 1}, {100 * time.Millisecond, 2}, {-time.Millisecond, 3}} {
		*now = now.Add(step.after)
		if _, _, err := s.Authenticate(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		if got := sessions.reads.Load(); got != step.reads {
			t.Errorf("%s on: %d reads, want %d", step.after, got, step.reads)
		}
	}
}

// fakeEndingSessions ends a session while it is being read.
type fakeEndingSessions struct {
	fakeSessions
	duringRead func()
}

func (e *fakeEndingSessions) Session(ctx context.Context, id string) (verify.Session, error) {
	s, err := e.fakeSessions.Session(ctx, id)
	e.duringRead()
	return s, err
}

func TestSessionThatIsEndedWhileItIsReadIsNotRemembered(t *testing.T) {
	_, s, _ := newCacheFixture()
	sessions := &fakeEndingSessions{}
	sessions.duringRead = func() { s.ForgetSessions("acme") }
	s.Sessions = sessions
	token := bearerOf(t, s, "s_1")
	for reads := range int64(3) {
		if got := sessions.reads.Load(); got != reads+1 {
			t.Fatalf("%d reads, want %d", got, reads+1)
		}
		if _, _, err := s.Authenticate(t.Context(), token); err != nil {
			t.Fatal(err)
		}
	}
}

func TestForgottenSessionsAreReadAnew(t *testing.T) {
	sessions, s, _ := newCacheFixture()
	token := bearerOf(t, s, "s_1")
	s.ForgetSessions("zenith")
	if _, _, err := s.Authenticate(t.Context(), token); err != nil || sessions.reads.Load() != 1 {
		t.Errorf("another tenant's are read anew: %d reads, %v", sessions.reads.Load(), err)
	}
	s.ForgetSessions("acme")
	if _, _, err := s.Authenticate(t.Context(), token); err != nil || sessions.reads.Load() != 2 {
		t.Errorf("%d reads, %v", sessions.reads.Load(), err)
	}
}

func TestMemoryOfSessionsIsBounded(t *testing.T) {
	sessions, s, now := newCacheFixture()
	for i := range 3 * launch.MaxCachedSessions {
		bearerOf(t, s, "s_"+strconv.Itoa(i))
		if n := s.CachedSessions(); n > launch.MaxCachedSessions {
			t.Fatalf("%d sessions remembered", n)
		}
	}
	sessions.reads.Store(0)
	bearerOf(t, s, "s_"+strconv.Itoa(3*launch.MaxCachedSessions-1))
	if sessions.reads.Load() != 0 {
		t.Error("the last one is forgotten")
	}
	for range 2 { // unused sessions do not stay
		*now = now.Add(5 * time.Second)
		bearerOf(t, s, "s_new")
	}
	if n := s.CachedSessions(); n > 2 {
		t.Errorf("%d sessions remembered", n)
	}
}

func newCacheFixture() (*fakeSessions, *launch.Service, *time.Time) {
	now := time.Unix(1767225600, 0)
	sessions := &fakeSessions{}
	return sessions, &launch.Service{
		Tenants: fakeDown{}, Sessions: sessions, Audience: audience, Secret: secret,
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
