package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

var contoso = verify.Clientele{Tenant: "acme", System: "desk", Client: "contoso"}

// card gives a contact whose body says which it is.
func card(id string) verify.Card { return verify.Card{ID: id, Body: []byte("body of " + id)} }

// push stores cards with no more than ten to a client.
func push(t *testing.T, s *store.Store, of verify.Clientele, sync string, ids ...string) error {
	t.Helper()
	cards := make([]verify.Card, len(ids))
	for i, id := range ids {
		cards[i] = card(id)
	}
	return s.PutCards(t.Context(), of, cards, sync, 10)
}

// holds demands the ids of the client's cards, in order.
func holds(t *testing.T, s *store.Store, of verify.Clientele, ids ...string) {
	t.Helper()
	cards, err := s.Cards(t.Context(), of, "", "", 100)
	want(t, err, "")
	found := make([]string, len(cards))
	for i, c := range cards {
		found[i] = c.ID
		if string(c.Body) != "body of "+c.ID {
			t.Errorf("%s reads back as %q", c.ID, c.Body)
		}
	}
	if diff := cmp.Diff(append([]string{}, ids...), found); diff != "" {
		t.Error(diff)
	}
}

// finish ends a sync and demands how many it removes.
func finish(t *testing.T, s *store.Store, sync string, removed int64) {
	t.Helper()
	n, err := s.FinishSync(t.Context(), contoso, sync)
	if want(t, err, ""); n != removed {
		t.Errorf("the sync removes %d, want %d", n, removed)
	}
}

var cards = []promise{
	{"a card that is pushed again takes the place of the old one", func(t *testing.T, s *store.Store) {
		want(t, PutTenantSettings(t.Context(), s, tenant("acme")), "")
		want(t, push(t, s, contoso, "", "b", "a"), "")
		want(t, push(t, s, contoso, "", "b"), "")
		holds(t, s, contoso, "a", "b")
	}},
	{"a client's own card comes before the page, and not in it again", func(t *testing.T, s *store.Store) {
		want(t, PutTenantSettings(t.Context(), s, tenant("acme")), "")
		want(t, push(t, s, contoso, "", "a", "b", "c", "d"), "")
		for _, c := range []struct {
			own, after string
			n          int
			want       string
		}{{"", "", 2, "[a b]"}, {"", "b", 9, "[c d]"}, {"d", "", 2, "[d a b]"}, {"a", "", 9, "[a b c d]"}, {"x", "", 1, "[a]"}} {
			found, err := s.Cards(t.Context(), contoso, c.own, c.after, c.n)
			want(t, err, "")
			var ids []string
			for _, card := range found {
				ids = append(ids, card.ID)
			}
			if got := fmt.Sprint(ids); got != c.want {
				t.Errorf("own %q after %q: %s, want %s", c.own, c.after, got, c.want)
			}
		}
	}},
	{"Threat_07: another tenant, system or client has none of them, and can't remove or finish anything", func(t *testing.T, s *store.Store) {
		for _, id := range []string{"acme", "zenith"} {
			want(t, PutTenantSettings(t.Context(), s, tenant(id)), "")
		}
		want(t, push(t, s, contoso, "token-of-acme", "a"), "")
		for _, of := range []verify.Clientele{
			{Tenant: "zenith", System: "desk", Client: "contoso"}, {Tenant: "acme", System: "other", Client: "contoso"},
			{Tenant: "acme", System: "desk", Client: "fabrikam"},
		} {
			holds(t, s, of)
			want(t, s.RemoveCard(t.Context(), of, "a"), "")
			_, err := s.FinishSync(t.Context(), of, "token-of-acme")
			want(t, err, verify.CodeNotFound)
		}
		holds(t, s, contoso, "a")
	}},
	{"a push beyond the most stores nothing at all", func(t *testing.T, s *store.Store) {
		want(t, PutTenantSettings(t.Context(), s, tenant("acme")), "")
		want(t, push(t, s, contoso, "", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j"), "")
		want(t, push(t, s, contoso, "", "a", "k"), verify.CodeInvalid)
		want(t, push(t, s, contoso, "", "a", "j"), "")
		holds(t, s, contoso, "a", "b", "c", "d", "e", "f", "g", "h", "i", "j")
	}},
	{"nothing is pushed to a tenant that is not there", func(t *testing.T, s *store.Store) {
		want(t, push(t, s, contoso, "", "a"), verify.CodeNotFound)
	}},
	{"a sync removes what nothing has pushed since it began, in it or beside it", func(t *testing.T, s *store.Store) {
		want(t, PutTenantSettings(t.Context(), s, tenant("acme")), "")
		want(t, push(t, s, contoso, "", "gone", "stays", "kept"), "")
		want(t, push(t, s, contoso, "run-1", "stays"), "")
		want(t, push(t, s, contoso, "", "beside"), "")
		want(t, push(t, s, contoso, "run-1", "kept"), "")
		finish(t, s, "run-1", 1)
		holds(t, s, contoso, "beside", "kept", "stays")
		finish(t, s, "run-1", 0)
	}},
	{"two syncs at once remove nothing of each other's", func(t *testing.T, s *store.Store) {
		want(t, PutTenantSettings(t.Context(), s, tenant("acme")), "")
		want(t, push(t, s, contoso, "run-1", "a"), "")
		want(t, push(t, s, contoso, "run-2", "a", "b"), "")
		finish(t, s, "run-1", 0)
		finish(t, s, "run-2", 0)
		holds(t, s, contoso, "a", "b")
	}},
	{"a sync of nobody leaves nobody", func(t *testing.T, s *store.Store) {
		want(t, PutTenantSettings(t.Context(), s, tenant("acme")), "")
		want(t, push(t, s, contoso, "", "a", "b"), "")
		want(t, push(t, s, contoso, "run-1"), "")
		finish(t, s, "run-1", 2)
		holds(t, s, contoso)
	}},
	{"a sync that is finished or unknown takes no more", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		want(t, PutTenantSettings(ctx, s, tenant("acme")), "")
		want(t, push(t, s, contoso, "run-1", "a"), "")
		finish(t, s, "run-1", 0)
		want(t, push(t, s, contoso, "run-1", "b"), verify.CodeKeyReused)
		holds(t, s, contoso, "a")
		_, err := s.FinishSync(ctx, contoso, "run-2")
		want(t, err, verify.CodeNotFound)
		want(t, s.Sweep(ctx, time.Now().Add(8*24*time.Hour)), "") // the token is forgotten
		_, err = s.FinishSync(ctx, contoso, "run-1")
		want(t, err, verify.CodeNotFound)
		holds(t, s, contoso, "a")
	}},
	{"fifty pushes at once are all there", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		want(t, PutTenantSettings(ctx, s, tenant("acme")), "")
		ended := together(func(n int) error {
			return s.PutCards(ctx, contoso, []verify.Card{card(fmt.Sprint("c", n))}, "run-1", crowd)
		})
		if diff := cmp.Diff(map[verify.Code]int{"": crowd}, ended); diff != "" {
			t.Error(diff)
		}
		finish(t, s, "run-1", 0)
	}},
}
