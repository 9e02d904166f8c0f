package webhook_test

import (
	"bytes"
	"crypto/x509"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/egress"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/bff/internal/webhook"
	sdk "github.com/shieldpod/shieldpod/sdk/webhook"
)

var secret = bytes.Repeat([]byte{7}, 32)

func shared(t *testing.T) sdk.Secret {
	t.Helper()
	s, err := sdk.NewSecret(secret)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// house is a worker on a real store, with a receiver that answers as it is told.
type house struct {
	*webhook.Worker
	store  *store.Store
	now    time.Time
	log    bytes.Buffer
	mu     sync.Mutex
	answer int
	got    []sdk.Event
	errs   []error
}

func newHouse(t *testing.T, loopback bool) *house {
	t.Helper()
	h := &house{now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), answer: http.StatusNoContent, store: storetest.SQLite(t)}
	receiver := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		e, err := sdk.Verify(r.Header.Get(sdk.Header), body, h.now, shared(t))
		h.mu.Lock()
		h.got, h.errs = append(h.got, e), append(h.errs, err)
		status := h.answer
		h.mu.Unlock()
		w.Header().Set("Location", "https://127.0.0.1/elsewhere")
		w.WriteHeader(status)
	}))
	t.Cleanup(receiver.Close)
	roots := x509.NewCertPool()
	roots.AddCert(receiver.Certificate())
	h.put(t, receiver.URL+"/hook?key=hush")
	h.Worker = webhook.New(webhook.Config{
		Queue: h.store, Targets: h.store,
		Client: egress.Client(egress.Config{AllowLoopback: loopback, Roots: roots, Timeout: time.Minute}),
		Now:    func() time.Time { return h.now }, Log: slog.New(slog.NewTextHandler(&h.log, nil)),
	})
	return h
}

func (h *house) put(t *testing.T, url string) {
	t.Helper()
	if err := h.store.PutTenant(t.Context(), verify.Tenant{ID: "acme", Webhook: verify.Webhook{URL: url, Secret: secret}}); err != nil {
		t.Fatal(err)
	}
}

func (h *house) alert(t *testing.T, id string) {
	t.Helper()
	body := `{"id":"` + id + `","type":"denied","tenant":"acme","seq":1,"at":"2026-03-02T12:00:00Z","data":{"contact_id":"dana"}}`
	err := h.store.Write(t.Context(), "acme", func(tx verify.Tx) error {
		return tx.Alert(t.Context(), verify.Alert{ID: id, Tenant: "acme", Kind: verify.EventDenied, Seq: 1, Body: []byte(body)})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// waits tells how long until the next post; false if none waits.
func (h *house) waits(t *testing.T) (time.Duration, bool) {
	t.Helper()
	at, waits, err := h.store.NextAlertAt(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return at.Sub(h.now), waits
}

func TestAnAlertIsPostedSignedAndOnce(t *testing.T) {
	h := newHouse(t, true)
	h.alert(t, "acme-1")
	h.Post(t.Context())
	h.Post(t.Context())
	if len(h.got) != 1 || h.errs[0] != nil || h.got[0].ID != "acme-1" || h.got[0].Data.ContactID != "dana" {
		t.Errorf("got %+v, %v", h.got, h.errs)
	}
	if _, waits := h.waits(t); waits {
		t.Error("it waits to be posted again")
	}
}

func TestAReceiverThatFailsIsTriedAgainLessAndLessOften(t *testing.T) {
	h := newHouse(t, true)
	h.answer = http.StatusInternalServerError
	h.alert(t, "acme-1")
	least := 10 * time.Second
	for n := range 20 {
		h.Post(t.Context())
		if len(h.got) != n+1 {
			t.Fatalf("it was posted %d times, want %d", len(h.got), n+1)
		}
		wait, waits := h.waits(t)
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
		t.Errorf("Row25: the log tells too much: %s", h.log.String())
	}
}

func TestWhatAnAnswerMeans(t *testing.T) {
	for status, again := range map[int]bool{200: false, 204: false, 410: false, 301: true, 307: true, 400: true, 429: true, 503: true} {
		h := newHouse(t, true)
		h.answer = status
		h.alert(t, "acme-1")
		h.Post(t.Context())
		if _, waits := h.waits(t); waits != again || len(h.got) != 1 {
			t.Errorf("after %d it waits: %t, and was posted %d times", status, waits, len(h.got))
		}
	}
}

func TestAWebhookThatWasRemovedGetsNothing(t *testing.T) {
	h := newHouse(t, true)
	h.alert(t, "acme-1")
	h.put(t, "")
	h.Post(t.Context())
	if _, waits := h.waits(t); waits || len(h.got) != 0 {
		t.Errorf("it waits: %t; posts: %d", waits, len(h.got))
	}
}

func TestRow27TheAddressIsCheckedWhenItIsDialled(t *testing.T) {
	h := newHouse(t, false)
	// A name of the public internet that leads to this machine: only the dialler can know.
	h.put(t, "https://localtest.me/")
	h.alert(t, "acme-1")
	h.Post(t.Context())
	if _, waits := h.waits(t); !waits || len(h.got) != 0 {
		t.Errorf("it waits: %t; posts: %d", waits, len(h.got))
	}
}
