package webhook_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/egress"
	"github.com/shieldpod/shieldpod/bff/internal/jobs"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/bff/internal/webhook"
	sdk "github.com/shieldpod/shieldpod/sdk/webhook"
)

var secret = bytes.Repeat([]byte{7}, 32)

func sharedSecret(t *testing.T) sdk.Secret {
	t.Helper()
	s, err := sdk.NewSecret(secret)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// harness is a worker on a real store, with a receiver that returns a set status.
type harness struct {
	*jobs.Worker[verify.Alert]
	store    *store.Store
	waker    jobs.Waker
	posted   chan struct{} // signals a post
	now      time.Time
	log      bytes.Buffer
	mu       sync.Mutex
	status   int
	received []sdk.Event
	errs     []error
}

func newHarness(t *testing.T, loopback bool) *harness {
	t.Helper()
	h := &harness{posted: make(chan struct{}, 99), now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), status: http.StatusNoContent, store: storetest.SQLite(t)}
	receiver := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		e, err := sdk.Verify(r.Header, body, h.now, sharedSecret(t))
		h.mu.Lock()
		h.received, h.errs = append(h.received, e), append(h.errs, err)
		status := h.status
		h.mu.Unlock()
		h.posted <- struct{}{}
		w.Header().Set("Location", "https://127.0.0.1/elsewhere")
		w.WriteHeader(status)
	}))
	t.Cleanup(receiver.Close)
	roots := x509.NewCertPool()
	roots.AddCert(receiver.Certificate())
	h.setWebhook(t, receiver.URL+"/hook?key=hush")
	h.Worker = webhook.New(webhook.Config{
		Queue: h.store.Alerts(), Waker: &h.waker, Targets: h.store, Random: func() float64 { return 0.5 },
		Client: egress.Client(egress.Config{AllowLoopback: loopback, Roots: roots, Timeout: time.Minute}),
		Now:    func() time.Time { return h.now }, Log: slog.New(slog.NewTextHandler(&h.log, nil)),
	})
	return h
}

func (h *harness) setWebhook(t *testing.T, url string) {
	t.Helper()
	if err := storetest.PutTenant(t.Context(), h.store, verify.Tenant{ID: "acme", Webhook: verify.Webhook{URL: url, Secret: secret}}); err != nil {
		t.Fatal(err)
	}
}

func (h *harness) addAlert(t *testing.T, tenant, id string) {
	t.Helper()
	body := `{"id":"` + id + `","type":"denied","tenant":"` + tenant + `","seq":1,"at":"2026-03-02T12:00:00Z","data":{"contact_id":"dana"}}`
	err := h.store.Write(t.Context(), tenant, func(tx verify.Tx) error {
		return tx.Alert(t.Context(), verify.Alert{ID: id, Tenant: tenant, Kind: verify.EventDenied, Seq: 1, Body: []byte(body)})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// nextWait returns the time until the next post; false without one.
func (h *harness) nextWait(t *testing.T) (time.Duration, bool) {
	t.Helper()
	at, waits, err := h.store.Alerts().NextDue(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return at.Sub(h.now), waits
}

func TestAnAlertIsSignedAndPostedOnce(t *testing.T) {
	h := newHarness(t, true)
	h.addAlert(t, "acme", "acme-1")
	h.DoDue(t.Context())
	h.DoDue(t.Context())
	if len(h.received) != 1 || h.errs[0] != nil || h.received[0].ID != "acme-1" || h.received[0].Data.ContactID != "dana" {
		t.Errorf("got %+v, %v", h.received, h.errs)
	}
	if _, waits := h.nextWait(t); waits {
		t.Error("it waits to be posted again")
	}
}

func TestAFailedPostIsRetriedWithGrowingDelays(t *testing.T) {
	h := newHarness(t, true)
	h.status = http.StatusInternalServerError
	h.addAlert(t, "acme", "acme-1")
	least := 10 * time.Second
	for n := range 20 {
		h.DoDue(t.Context())
		if len(h.received) != n+1 {
			t.Fatalf("it was posted %d times, want %d", len(h.received), n+1)
		}
		wait, waits := h.nextWait(t)
		if n == 19 {
			if waits {
				t.Error("it is tried for ever")
			}
			break
		}
		if !waits || wait < least || wait > least*5/4 {
			t.Fatalf("after post %d it waits %s, want %s or a little more", n+1, wait, least)
		}
		h.now = h.now.Add(wait)
		least = min(2*least, time.Hour)
	}
	if strings.Contains(h.log.String(), "hush") || strings.Contains(h.log.String(), "dana") {
		t.Errorf("Row25: the log contains too much: %s", h.log.String())
	}
}

func TestTheStatusDecidesAboutARetry(t *testing.T) {
	for status, again := range map[int]bool{200: false, 204: false, 410: false, 301: true, 307: true, 400: true, 429: true, 503: true} {
		h := newHarness(t, true)
		h.status = status
		h.addAlert(t, "acme", "acme-1")
		h.DoDue(t.Context())
		if _, waits := h.nextWait(t); waits != again || len(h.received) != 1 {
			t.Errorf("after %d it waits: %t, and was posted %d times", status, waits, len(h.received))
		}
	}
}

func TestARemovedWebhookGetsNothing(t *testing.T) {
	h := newHarness(t, true)
	h.addAlert(t, "acme", "acme-1")
	h.setWebhook(t, "")
	h.DoDue(t.Context())
	if _, waits := h.nextWait(t); waits || len(h.received) != 0 {
		t.Errorf("it waits: %t; posts: %d", waits, len(h.received))
	}
}

func TestThreat_27_TheAddressIsCheckedWhenItIsDialled(t *testing.T) {
	h := newHarness(t, false)
	// A public name that resolves to a loopback address: only the dialler can check it.
	h.setWebhook(t, "https://localtest.me/")
	h.addAlert(t, "acme", "acme-1")
	h.DoDue(t.Context())
	if _, waits := h.nextWait(t); !waits || len(h.received) != 0 {
		t.Errorf("it waits: %t; posts: %d", waits, len(h.received))
	}
}

func TestASlowReceiverDelaysNoOtherTenant(t *testing.T) {
	h := newHarness(t, true)
	hook, err := h.store.Webhook(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stop }))
	t.Cleanup(slow.Close)
	for id, url := range map[string]string{"acme": slow.URL, "umbrella": hook.URL} {
		if err := storetest.PutTenant(t.Context(), h.store, verify.Tenant{ID: id, Webhook: verify.Webhook{URL: url, Secret: secret}}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 9 { // more than a claim takes
		h.addAlert(t, "acme", fmt.Sprint("acme-", i))
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { h.Run(ctx) })
	h.addAlert(t, "umbrella", "umbrella-1")
	h.waker.Wake(verify.WebhookJobs)
	select {
	case <-h.posted:
	case <-time.After(time.Minute): // ends a test that hangs
		t.Error("the other tenant's webhook waits")
	}
	cancel()
	close(stop)
	running.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.received) != 1 || h.received[0].ID != "umbrella-1" {
		t.Errorf("received %+v", h.received)
	}
}
