package launch_test

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// callers is the number of concurrent callers.
const callers = 64

// BenchmarkLaunch exchanges EdDSA contexts for sessions on a real store: it verifies the context, records its use
// durably, stores the session, and signs the bearer.
func BenchmarkLaunch(b *testing.B) {
	h := newHarness(b)
	contexts := make([]string, b.N)
	for i := range contexts {
		contexts[i] = h.sign(b, nil)
	}
	var next atomic.Int64
	b.SetParallelism(callers / runtime.GOMAXPROCS(0))
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := h.Open(context.Background(), contexts[next.Add(1)-1], ""); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "launches/s")
}

// BenchmarkAuthenticate measures a cached session, and one that is read from the store.
func BenchmarkAuthenticate(b *testing.B) {
	h := newHarness(b)
	grant := h.open(b, h.sign(b, nil), "")
	b.Run("recent", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := h.Authenticate(context.Background(), grant.Token); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := h.newNode().Authenticate(context.Background(), grant.Token); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkHostedLaunch opens ConnectWise tickets while the adapter's caches are warm: it verifies, reads, compares and
// stores durably, signs the bearer, and collects the pod's contents.
func BenchmarkHostedLaunch(b *testing.B) {
	for _, people := range []int{2, psa.MaxContacts} {
		b.Run(fmt.Sprintf("contacts=%d", people), func(b *testing.B) {
			h := newHarness(b)
			for i := len(h.psa.ticket.Contacts); i < people; i++ {
				h.psa.ticket.Contacts = append(h.psa.ticket.Contacts, launchcontext.Contact{
					ID: fmt.Sprint("c", i), Name: "Raj Patel", Title: "Accountant", Channels: []launchcontext.Channel{
						{ID: "1", Kind: launchcontext.KindPhone, Value: fmt.Sprintf("415555%04d", i), Label: "Mobile"},
						{ID: "2", Kind: launchcontext.KindEmail, Value: fmt.Sprintf("raj%d@contoso.com", i), Label: "Work"},
					},
				})
			}
			domain := storetest.Service(h.store, h.Now)
			b.ReportAllocs()
			for b.Loop() {
				grant, err := h.OpenHosted(context.Background(), hostedLaunch())
				if err != nil {
					b.Fatal(err)
				}
				if _, err := domain.Pod(context.Background(), grant.Session.Context); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
