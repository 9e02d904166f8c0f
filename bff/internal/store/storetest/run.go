package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// crowd is how many do the same thing at once where only so many may.
const crowd = 50

// promise is one thing that every store must keep, on a store that is empty.
type promise struct {
	name  string
	check func(t *testing.T, s *store.Store)
}

// Run puts stores, an empty one for each promise, to all that the ports of the domain promise; to the groups alone that
// are named, if any are.
func Run(t *testing.T, open func(t *testing.T) *store.Store, groups ...string) {
	for _, group := range []struct {
		name     string
		promises []promise
	}{
		{"ledger", ledger}, {"attempts", attempts}, {"spending", spending}, {"quotas", quotas},
		{"jobs", jobsOfEachKind()}, {"webhooks", webhooks}, {"messages", messages}, {"notes", notes},
		{"connections", connections}, {"carriers", carriers}, {"marks", marks}, {"sessions", sessions}, {"tenants", tenants},
		{"cards", cards}, {"brands", brands}, {"service", service},
	} {
		if len(groups) > 0 && !slices.Contains(groups, group.name) {
			continue
		}
		t.Run(group.name, func(t *testing.T) {
			for _, p := range group.promises {
				t.Run(p.name, func(t *testing.T) { p.check(t, open(t)) })
			}
		})
	}
}

// noon is when everything in these tests begins.
var noon = time.Date(2025, 6, 2, 12, 0, 0, 0, time.UTC)

// link gives an open verification by link, that others are made of.
func link(id string) verify.Verification {
	return verify.Verification{
		ID: id, Tenant: "acme", Contact: "dana", Channel: "mail", Ticket: "4711", Technician: "ana", Method: channel.EmailLink,
		Secret: []byte("token of " + id), RequestedAt: noon, ExpiresAt: noon.Add(5 * time.Minute),
		VerifiedFor: 30 * time.Minute, Key: "key of " + id, Fingerprint: []byte("request of " + id),
	}
}

// code gives an open verification by code, with three tries.
func code(id string) verify.Verification {
	v := link(id)
	v.Channel, v.Method, v.Secret, v.MaxTries = "mobile", channel.SMSCode, []byte("mac of "+id), 3
	return v
}

// of gives an event of the verification.
func of(v verify.Verification, kind verify.EventKind) verify.Event {
	return verify.Event{
		Tenant: v.Tenant, At: v.RequestedAt, Kind: kind, Verification: v.ID, Contact: v.Contact, Channel: v.Channel,
	}
}

// insert stores the verification and its first event.
func insert(ctx context.Context, v verify.Verification) func(verify.Tx) error {
	return func(tx verify.Tx) error {
		if err := tx.Insert(ctx, v); err != nil {
			return err
		}
		e := of(v, verify.EventRequested)
		e.Until = v.ExpiresAt
		return tx.Append(ctx, &e)
	}
}

// appending stores one event.
func appending(ctx context.Context, e verify.Event) func(verify.Tx) error {
	return func(tx verify.Tx) error {
		e := e // a step may be run again
		return tx.Append(ctx, &e)
	}
}

// must runs steps that have no reason to fail.
func must(t *testing.T, s *store.Store, steps ...func(verify.Tx) error) {
	t.Helper()
	if err := s.Write(t.Context(), "acme", steps...); err != nil {
		t.Fatal(err)
	}
}

// want demands an error of exactly this code; none at all if it is empty.
func want(t *testing.T, err error, code verify.Code) {
	t.Helper()
	if verify.CodeOf(err) != code || (err == nil) != (code == "") {
		t.Fatalf("error is %v, want code %q", err, code)
	}
}

// ask runs one step that has no reason to fail and gives what it found.
func ask[T any](t *testing.T, s *store.Store, question func(verify.Tx) (T, error)) T {
	t.Helper()
	var found T
	must(t, s, func(tx verify.Tx) (err error) {
		found, err = question(tx)
		return err
	})
	return found
}

// together runs the function concurrently, crowd times, and counts the results by code.
func together(do func(n int) error) map[verify.Code]int {
	var mu sync.Mutex
	var all sync.WaitGroup
	ended := map[verify.Code]int{}
	begin := make(chan struct{})
	for n := range crowd {
		all.Go(func() {
			<-begin
			err := do(n)
			code := verify.CodeOf(err)
			if err != nil && code == "" {
				code = verify.Code(err.Error())
			}
			mu.Lock()
			defer mu.Unlock()
			ended[code]++
		})
	}
	close(begin)
	all.Wait()
	return ended
}

// sound demands that the tenant's chain checks and has so many events.
func sound(t *testing.T, s *store.Store, tenant string, events int64) {
	t.Helper()
	n, broken, err := s.VerifyChain(t.Context(), tenant)
	if err != nil || broken != nil || n != events {
		t.Fatalf("the chain of %s has %d sound events, break %v, error %v; want %d and none", tenant, n, broken, err, events)
	}
}

// list tells events in short: number, kind and verification.
func list(events []verify.Event) []string {
	told := make([]string, len(events))
	for i, e := range events {
		told[i] = fmt.Sprintf("%d %s %s", e.Seq, e.Kind, e.Verification)
	}
	return told
}

var errOfStep = errors.New("the step's own error")
