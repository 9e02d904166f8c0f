package store_test

import (
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
)

func TestWritesOnPostgreSQLTakeFewRoundTrips(t *testing.T) {
	s, trips := store.OpenCounted(t, storetest.PostgreSQLURL(t), storetest.Vault(t))
	tenant(t, s)
	svc := service(s)
	send := func(n int64) {
		if _, err := svc.Send(t.Context(), ticketContext(n), request(n)); err != nil {
			t.Fatal(err)
		}
	}
	send(0) // has the statements prepared, and the policy read
	for _, row := range []struct {
		name string
		act  func()
		want int64
	}{
		{"a send to a new contact: lock, questions, and the writes with the commit", func() { send(1) }, 3},
		{"the same send again: lock, questions, commit, and one for the shield", func() { send(1) }, 4},
	} {
		if got := trips.Of(row.act); got != row.want {
			t.Errorf("%s takes %d round trips, want %d", row.name, got, row.want)
		}
	}
}
