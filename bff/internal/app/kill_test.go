package app_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/api"
)

// What was acknowledged survives kill -9 at any moment, the chain stays whole, and no shield is green without its code.
func TestNothingIsLostWhenTheServerIsKilled(t *testing.T) {
	const kills, callers, acknowledgedPerLife = 5, 6, 200
	d := newDeployment(t)
	d.trust(t)
	storetest.SetPolicy(t, d.open(t), "acme", "", storetest.Unbounded)
	acks := &acknowledgements{sent: map[string]bool{}, verified: map[string]bool{}, tried: map[string]bool{}}
	for life := range kills {
		process := d.start(t)
		lived, stop := context.WithCancel(t.Context())
		var working sync.WaitGroup
		acknowledged := make(chan struct{}, 1024)
		for caller := range callers {
			working.Go(func() { d.work(lived, t, fmt.Sprintf("%d-%d", life, caller), acks, acknowledged) })
		}
		for range acknowledgedPerLife {
			select {
			case <-acknowledged:
			case <-time.After(5 * time.Minute): // ends a test that hangs
				t.Fatal("the server stopped acknowledging")
			}
		}
		if err := process.Process.Kill(); err != nil { // SIGKILL, in the middle of its work
			t.Fatal(err)
		}
		_ = process.Wait() // it says that it was killed
		stop()
		working.Wait()
	}
	acks.check(t, d.open(t))
}

// acknowledgements are what the callers were answered, and which codes they sent.
type acknowledgements struct {
	mu       sync.Mutex
	sent     map[string]bool // acknowledged by 201
	tried    map[string]bool // the right code was sent for it, with any answer
	verified map[string]bool // acknowledged by 200
}

func (l *acknowledgements) note(list map[string]bool, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	list[id] = true
}

// check compares the stored events with the answers.
func (l *acknowledgements) check(t *testing.T, db *store.Store) {
	t.Helper()
	count, broken, err := db.VerifyChain(t.Context(), "acme")
	if err != nil || broken != nil {
		t.Fatalf("the chain of %d events: %v %v", count, broken, err)
	}
	changed, err := db.Changed(t.Context(), "acme", 0)
	if err != nil {
		t.Fatal(err)
	}
	asked, green := map[string]bool{}, map[string]bool{}
	for contact := range changed {
		events, err := db.Recent(t.Context(), "acme", []string{contact}, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			switch e.Kind {
			case verify.EventRequested:
				asked[e.Verification] = true
			case verify.EventVerified:
				green[e.Verification] = true
			}
		}
	}
	for id := range l.sent {
		if !asked[id] {
			t.Errorf("%s was acknowledged and is gone", id)
		}
	}
	for id := range l.verified {
		if !green[id] {
			t.Errorf("%s was acknowledged as verified and is not", id)
		}
	}
	for id := range green {
		if !l.tried[id] {
			t.Errorf("%s is green without its code", id)
		}
	}
	if len(l.sent) == 0 || len(l.verified) == 0 {
		t.Errorf("%d sent and %d verified: the test proved nothing", len(l.sent), len(l.verified))
	}
	t.Logf("%d sent, %d verified, %d events", len(l.sent), len(l.verified), count)
}

// work verifies one contact after another until the server is killed. It returns at the first error: only what was
// acknowledged before counts.
func (d *deployment) work(ctx context.Context, t *testing.T, name string, acks *acknowledgements, acknowledged chan<- struct{}) {
	for n := 0; ctx.Err() == nil; n++ {
		number := fmt.Sprintf("+1415%d", 2000000+d.numbers.Add(1))
		token, err := d.launch(ctx, fmt.Sprintf("c-%s-%d", name, n), number)
		if err != nil {
			t.Logf("%s stops: %v", name, err) // a killed server looks like this; so would a broken one
			return
		}
		var sent api.Verification
		body := fmt.Sprintf(`{"contact_id":"c-%s-%d","channel_id":"m","method":"sms_code"}`, name, n)
		if d.post(ctx, "/api/v1/verifications", token, body, http.StatusCreated, &sent) != nil {
			return
		}
		acks.note(acks.sent, sent.Id)
		acknowledged <- struct{}{}
		code := d.readSMS(ctx, number)
		if code == "" {
			continue
		}
		acks.note(acks.tried, sent.Id)
		var green api.Verification
		if d.post(ctx, "/api/v1/verifications/"+sent.Id+"/code", token, `{"code":"`+code+`"}`, http.StatusOK, &green) == nil {
			acks.note(acks.verified, sent.Id)
			acknowledged <- struct{}{}
		}
	}
}
