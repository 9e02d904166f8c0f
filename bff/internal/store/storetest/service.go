package storetest

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// discard ignores notifications and wakes.
type discard struct{}

func (discard) Notify(string, string, int64) {}
func (discard) Wake(verify.JobKind)          {}

// Service gives the domain's service on the store, with fixed keys. What it tells others is lost.
func Service(s *store.Store, now func() time.Time) *verify.Service {
	return &verify.Service{
		Ledger: s, Tenants: s, Policies: s, KnownChannels: s, Notifier: discard{}, Waker: discard{},
		Now: now, Entropy: rand.Reader,
		Keys: verify.Keys{Code: bytes.Repeat([]byte{1}, 32), Destination: bytes.Repeat([]byte{2}, 32)},
	}
}

// sent has a code sent to Dana and gives its verification and the code.
func sent(t *testing.T, s *store.Store, svc *verify.Service) (id, code string) {
	t.Helper()
	want(t, PutTenant(t.Context(), s, verify.Tenant{ID: "acme"}), "")
	r, err := svc.Send(t.Context(), session("").Context, send(0))
	want(t, err, "")
	soon := time.Now().Add(time.Minute)
	jobs, err := s.Messages(channel.Phone).Claim(t.Context(), soon, soon.Add(time.Minute), 9, nil)
	want(t, err, "")
	if len(jobs) != 1 {
		t.Fatalf("%d messages are on their way, want 1", len(jobs))
	}
	return r.Verification, jobs[0].Secret
}

func send(n int) verify.Request {
	return verify.Request{Contact: "dana", Channel: "mobile", Method: channel.SMSCode, Key: fmt.Sprintf("idempotency-key-%04d", n)}
}

var service = []promise{
	{"Threat_19: of fifty sends at once to one channel one passes the cooldown", func(t *testing.T, s *store.Store) {
		want(t, PutTenant(t.Context(), s, verify.Tenant{ID: "acme"}), "")
		svc := Service(s, time.Now)
		ended := together(func(n int) error {
			_, err := svc.Send(t.Context(), session("").Context, send(n))
			return err
		})
		if diff := cmp.Diff(map[verify.Code]int{"": 1, verify.CodeCooldown: crowd - 1}, ended); diff != "" {
			t.Error(diff)
		}
		sound(t, s, "acme", 1)
	}},
	{"fifty sends at once under one idempotency key are one verification", func(t *testing.T, s *store.Store) {
		want(t, PutTenant(t.Context(), s, verify.Tenant{ID: "acme"}), "")
		svc := Service(s, time.Now)
		ended := together(func(int) error {
			_, err := svc.Send(t.Context(), session("").Context, send(0))
			return err
		})
		if diff := cmp.Diff(map[verify.Code]int{"": crowd}, ended); diff != "" {
			t.Error(diff)
		}
		sound(t, s, "acme", 1)
	}},
	{"Threat_13: of fifty wrong codes at once the cap is judged, and then the right one is refused", func(t *testing.T, s *store.Store) {
		svc := Service(s, time.Now)
		id, code := sent(t, s, svc)
		ended := together(func(n int) error {
			wrong := fmt.Sprintf("%06d", n)
			if wrong == code {
				wrong = "999999"
			}
			_, err := svc.CheckCode(t.Context(), session("").Context, id, wrong)
			return err
		})
		if diff := cmp.Diff(map[verify.Code]int{verify.CodeWrongCode: 2, verify.CodeAlreadyUsed: crowd - 2}, ended); diff != "" {
			t.Error(diff)
		}
		_, err := svc.CheckCode(t.Context(), session("").Context, id, code)
		want(t, err, verify.CodeAlreadyUsed)
		sound(t, s, "acme", 1+3+1) // requested, three mismatches, failed
	}},
	{"Threat_15: of fifty right codes at once one succeeds", func(t *testing.T, s *store.Store) {
		svc := Service(s, time.Now)
		id, code := sent(t, s, svc)
		ended := together(func(int) error {
			_, err := svc.CheckCode(t.Context(), session("").Context, id, code)
			return err
		})
		if diff := cmp.Diff(map[verify.Code]int{"": 1, verify.CodeAlreadyUsed: crowd - 1}, ended); diff != "" {
			t.Error(diff)
		}
		sound(t, s, "acme", 2)
		if n := failures(t, s, "acme"); n != 0 {
			t.Errorf("%d failures are left after the success, want none", n)
		}
	}},
}
