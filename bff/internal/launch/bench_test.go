package launch_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
)

// callers is how many ask at once.
const callers = 64

// BenchmarkLaunch exchanges EdDSA contexts for sessions on a real store: verified, spent, stored durably, bearer signed.
func BenchmarkLaunch(b *testing.B) {
	h := newHouse(b)
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

// BenchmarkAuthenticate knows a session that was read a moment ago, and one that has to be read.
func BenchmarkAuthenticate(b *testing.B) {
	h := newHouse(b)
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
			if _, _, err := h.door().Authenticate(context.Background(), grant.Token); err != nil {
				b.Fatal(err)
			}
		}
	})
}
