package storetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// session gives an open pod session.
func session(id string) verify.Session {
	return verify.Session{
		ID: id, Origin: "https://psa.example", OpenedAt: noon, EndsAt: noon.Add(8 * time.Hour),
		Context: verify.TicketContext{
			Tenant: "acme", Technician: verify.Technician{ID: "ana", Name: "Ana Ortiz", Email: "ana@acme.example"},
			Ticket: verify.Ticket{PSA: "demo", ID: "1", Number: "4711", Summary: "Reset"}, Client: verify.Client{ID: "c", Name: "Contoso"},
			Contacts: []verify.Contact{{ID: "dana", Name: "Dana Reyes", Channels: []verify.Channel{
				{ID: "mobile", Kind: channel.Phone, Value: "+14155554821", Capability: channel.Mobile},
			}}},
			DefaultContact: "dana",
		},
	}
}

// failed is the error alone.
func failed(_ bool, err error) error { return err }

var sessions = []promise{
	{"a session reads back as it was opened", func(t *testing.T, s *store.Store) {
		want(t, failed(s.OpenSession(t.Context(), verify.NewSession{Session: session("s1"), JTI: "jti", JTIUntil: noon.Add(time.Minute)})), "")
		found, err := s.Session(t.Context(), "s1")
		first := session("s1")
		first.FirstOpen = true
		if diff := cmp.Diff(first, found); diff != "" || err != nil {
			t.Error(err, diff)
		}
		_, err = s.Session(t.Context(), "s2")
		want(t, err, verify.CodeNotFound)
	}},
	{"a ticket is opened for the first time once by each technician, and never again", func(t *testing.T, s *store.Store) {
		ana, noor, other := session("s1"), session("s3"), session("s4")
		noor.Context.Technician.ID, other.Context.Ticket.ID = "noor", "2"
		again := session("s2")
		for i, row := range []struct {
			session verify.Session
			want    bool
		}{{ana, true}, {again, false}, {noor, true}, {other, true}} {
			first, err := s.OpenSession(t.Context(),
				verify.NewSession{Session: row.session, JTI: fmt.Sprint("jti", i), JTIUntil: noon.Add(time.Minute)})
			want(t, err, "")
			found, err := s.Session(t.Context(), row.session.ID)
			want(t, err, "")
			if first != row.want || found.FirstOpen != row.want {
				t.Errorf("session %s is told %t and reads back as %t, want %t", row.session.ID, first, found.FirstOpen, row.want)
			}
		}
	}},
	{"Threat_02: a launch context opens one session, however many try it at the same time", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		ended := together(func(n int) error {
			return failed(s.OpenSession(ctx,
				verify.NewSession{Session: session(fmt.Sprint("s", n)), JTI: "the same", JTIUntil: noon.Add(time.Minute)}))
		})
		if diff := cmp.Diff(map[verify.Code]int{"": 1, verify.CodeContextReplayed: crowd - 1}, ended); diff != "" {
			t.Error(diff)
		}
		opened := 0
		for n := range crowd {
			if _, err := s.Session(ctx, fmt.Sprint("s", n)); err == nil {
				opened++
			}
		}
		if opened != 1 {
			t.Errorf("%d sessions were opened, want 1", opened)
		}
	}},
	{"Threat_02: a context whose session could not be stored is not spent", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		want(t, failed(s.OpenSession(ctx, verify.NewSession{Session: session("s1"), JTI: "first", JTIUntil: noon.Add(time.Minute)})), "")
		want(t, failed(s.OpenSession(ctx, verify.NewSession{Session: session("s1"), JTI: "second", JTIUntil: noon.Add(time.Minute)})),
			verify.CodeUnavailable)
		want(t, failed(s.OpenSession(ctx, verify.NewSession{Session: session("s2"), JTI: "second", JTIUntil: noon.Add(time.Minute)})), "")
	}},
	{"another tenant's context may have the same jti", func(t *testing.T, s *store.Store) {
		other := session("s2")
		other.Context.Tenant = "zenith"
		want(t, failed(s.OpenSession(t.Context(), verify.NewSession{Session: session("s1"), JTI: "jti", JTIUntil: noon.Add(time.Minute)})), "")
		want(t, failed(s.OpenSession(t.Context(), verify.NewSession{Session: other, JTI: "jti", JTIUntil: noon.Add(time.Minute)})), "")
	}},
	{"a session without a jti spends none, and counts as an opening of its ticket", func(t *testing.T, s *store.Store) {
		for i, first := range []bool{true, false} {
			got, err := s.OpenSession(t.Context(), verify.NewSession{Session: session(fmt.Sprint("s", i))})
			if want(t, err, ""); got != first {
				t.Errorf("session %d is the first: %t, want %t", i, got, first)
			}
		}
	}},
	{"what was seen of contacts reads back for those who are asked for", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		dana, raj := []verify.KnownChannel{{Destination: "one"}}, []verify.KnownChannel{{Destination: "two", Since: noon}, {Destination: "three"}}
		put := func(id, tenant, jti string, seen map[string][]verify.KnownChannel) error {
			opened := verify.NewSession{Session: session(id), JTI: jti, JTIUntil: noon.Add(time.Minute), Channels: seen}
			opened.Context.Tenant = tenant
			return failed(s.OpenSession(ctx, opened))
		}
		want(t, put("s1", "acme", "once", map[string][]verify.KnownChannel{"dana": raj, "raj": raj, "lee": dana}), "")
		want(t, put("s2", "acme", "", map[string][]verify.KnownChannel{"dana": dana}), "")
		want(t, put("s3", "zenith", "", map[string][]verify.KnownChannel{"dana": raj}), "")
		want(t, put("s4", "acme", "once", map[string][]verify.KnownChannel{"dana": raj}), verify.CodeContextReplayed) // stores nothing
		for _, row := range []struct {
			contacts []string
			want     map[string][]verify.KnownChannel
		}{
			{[]string{"raj", "nobody", "dana"}, map[string][]verify.KnownChannel{"dana": dana, "raj": raj}},
			{[]string{"nobody"}, map[string][]verify.KnownChannel{}},
			{nil, map[string][]verify.KnownChannel{}},
		} {
			seen, err := s.KnownChannels(ctx, "acme", row.contacts)
			if diff := cmp.Diff(row.want, seen); diff != "" || err != nil {
				t.Errorf("%v: %v %s", row.contacts, err, diff)
			}
		}
	}},
	{"a session that was ended is not found, and ending it again is no error", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		want(t, failed(s.OpenSession(ctx, verify.NewSession{Session: session("s1"), JTI: "jti", JTIUntil: noon.Add(time.Minute)})), "")
		want(t, s.EndSession(ctx, "zenith", "s1"), "") // threat 7: not theirs to end
		_, err := s.Session(ctx, "s1")
		want(t, err, "")
		for range 2 {
			want(t, s.EndSession(ctx, "acme", "s1"), "")
			_, err := s.Session(ctx, "s1")
			want(t, err, verify.CodeNotFound)
		}
	}},
	{"EndSessions ends a technician's sessions, or all of the tenant's, and nobody else's", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		ana, noor, other := session("s1"), session("s2"), session("s3")
		noor.Context.Technician.ID, other.Context.Tenant = "noor", "zenith"
		for _, open := range []verify.Session{ana, noor, other} {
			want(t, failed(s.OpenSession(ctx, verify.NewSession{Session: open})), "")
		}
		for _, row := range []struct {
			technician string
			ended      int64
			left       []string
		}{{"nobody", 0, []string{"s1", "s2", "s3"}}, {"noor", 1, []string{"s1", "s3"}}, {"", 1, []string{"s3"}}} {
			n, err := EndSessions(ctx, s, "acme", row.technician)
			if want(t, err, ""); n != row.ended {
				t.Errorf("%d of %q are ended, want %d", n, row.technician, row.ended)
			}
			for _, id := range row.left {
				_, err := s.Session(ctx, id)
				want(t, err, "")
			}
		}
		_, err := s.Session(ctx, "s1")
		want(t, err, verify.CodeNotFound)
	}},
	{"EndedSince tells each tenant once, in the order in which sessions were ended", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		tell := func(after int64, want ...string) int64 {
			t.Helper()
			got, last, err := s.EndedSince(ctx, after)
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("after %d: %v, %v, want %v", after, got, err, want)
			}
			return last
		}
		if last := tell(0); last != 0 {
			t.Errorf("nothing has happened up to %d", last)
		}
		other := session("s3")
		other.Context.Tenant = "zenith"
		for _, open := range []verify.Session{session("s1"), session("s2"), other} {
			want(t, failed(s.OpenSession(ctx, verify.NewSession{Session: open})), "")
		}
		want(t, s.EndSession(ctx, "acme", "s1"), "")
		want(t, s.EndSession(ctx, "acme", "s1"), "") // it was ended before
		first := tell(0, "acme")
		tell(first)
		_, err := EndSessions(ctx, s, "zenith", "")
		want(t, err, "")
		tell(first, "zenith")
		_, err = EndSessions(ctx, s, "acme", "nobody")
		want(t, err, "")
		last := tell(0, "acme", "zenith")
		_, err = EndSessions(ctx, s, "acme", "")
		want(t, err, "")
		tell(last, "acme")
		tell(0, "zenith", "acme")
	}},
	{"EndedSince misses nothing that is ended at the same time", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		const tenants = 24
		for i := range tenants {
			v := session(fmt.Sprint("s", i))
			v.Context.Tenant = fmt.Sprint("t-", i)
			want(t, failed(s.OpenSession(ctx, verify.NewSession{Session: v})), "")
		}
		var all sync.WaitGroup
		for i := range tenants {
			all.Go(func() { want(t, s.EndSession(ctx, fmt.Sprint("t-", i), fmt.Sprint("s", i)), "") })
		}
		ended := make(chan struct{})
		go func() {
			all.Wait()
			close(ended)
		}()
		told, after, over := map[string]bool{}, int64(0), false
		for !over {
			select {
			case <-ended:
				over = true // and asks once more
			default:
			}
			list, last, err := s.EndedSince(ctx, after)
			want(t, err, "")
			for _, tenant := range list {
				told[tenant] = true
			}
			after = last
		}
		if len(told) != tenants {
			t.Errorf("%d of %d tenants are told", len(told), tenants)
		}
	}},
	{"OpenSessions gives the tenant's that were not ended", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		other := session("s3")
		other.Context.Tenant = "zenith"
		for _, open := range []verify.Session{session("s1"), session("s2"), other} {
			want(t, failed(s.OpenSession(ctx, verify.NewSession{Session: open})), "")
		}
		want(t, s.EndSession(ctx, "acme", "s1"), "")
		open, err := s.OpenSessions(ctx, "acme")
		if err != nil || len(open) != 1 || !open["s2"] {
			t.Errorf("%v, %v", open, err)
		}
	}},
	{"Sweep forgets what has run out and nothing else", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		over := session("over")
		over.EndsAt = noon.Add(time.Hour)
		want(t, failed(s.OpenSession(ctx, verify.NewSession{Session: over, JTI: "over", JTIUntil: noon.Add(time.Hour)})), "")
		want(t, failed(s.OpenSession(ctx,
			verify.NewSession{Session: session("open"), JTI: "open", JTIUntil: noon.Add(time.Hour + time.Millisecond)})), "")
		want(t, s.Sweep(ctx, noon.Add(time.Hour)), "")
		_, err := s.Session(ctx, "over")
		want(t, err, verify.CodeNotFound)
		_, err = s.Session(ctx, "open")
		want(t, err, "")
		want(t, failed(s.OpenSession(ctx, verify.NewSession{Session: session("s3"), JTI: "over", JTIUntil: noon})), "")
		want(t, failed(s.OpenSession(ctx, verify.NewSession{Session: session("s4"), JTI: "open", JTIUntil: noon})), verify.CodeContextReplayed)
	}},
}

// tenant gives a tenant with all its settings.
func tenant(id string) admin.Tenant {
	return admin.Tenant{
		Tenant: verify.Tenant{
			ID: id, Name: "Acme IT", Region: "US", ProcedureURL: "https://acme.example/fraud",
			Webhook: verify.Webhook{URL: "https://hooks.acme.example/", Secret: []byte("a secret of the webhook")},
			Origins: []string{"https://psa.example", "http://127.0.0.1:8081"},
		},
		Keys: []admin.SigningKey{
			{Issuer: "https://psa.example", ID: "2025", Algorithm: "EdDSA", Material: []byte("public")},
			{Issuer: "https://psa.example", ID: "old", Algorithm: "HS256", Material: []byte("a secret of 32 bytes, shared once")},
		},
		Issuers: []admin.Issuer{
			{Name: "https://keys.example", KeysURL: "https://keys.example/jwks", Algorithms: []string{"ES256", "RS256"}},
			{Name: "acme.desk.example", Mapping: json.RawMessage(`{"claims":{"sub":"/sub"}}`)},
		},
		SignIn: admin.SignIn{
			Issuer: "https://id.example", ClientID: "shieldpod", Secret: []byte("a secret of the client"),
			System: "helpdesk", Claim: "sub", Domains: []string{"acme.example"},
		},
	}
}

var tenants = []promise{
	{"a tenant reads back as it was put", func(t *testing.T, s *store.Store) {
		want(t, PutTenantSettings(t.Context(), s, tenant("acme")), "")
		found, err := s.TenantSettings(t.Context(), "acme")
		if diff := cmp.Diff(tenant("acme"), found); diff != "" || err != nil {
			t.Error(err, diff)
		}
	}},
	{"a tenant that is put again replaces the old one at once, origins, keys, issuers and sign-in too", func(t *testing.T, s *store.Store) {
		want(t, PutTenantSettings(t.Context(), s, tenant("acme")), "")
		_, err := s.TenantSettings(t.Context(), "acme")
		want(t, err, "")
		changed := admin.Tenant{Tenant: verify.Tenant{ID: "acme", Name: "Acme", Origins: []string{"https://new.example"}}}
		want(t, PutTenantSettings(t.Context(), s, changed), "")
		found, err := s.TenantSettings(t.Context(), "acme")
		if diff := cmp.Diff(changed, found); diff != "" || err != nil {
			t.Error(err, diff)
		}
	}},
	{"an unknown tenant is not found, until it is put", func(t *testing.T, s *store.Store) {
		_, err := s.TenantSettings(t.Context(), "acme")
		want(t, err, verify.CodeNotFound)
		want(t, PutTenantSettings(t.Context(), s, tenant("acme")), "")
		_, err = s.TenantSettings(t.Context(), "acme")
		want(t, err, "")
	}},
	{"TenantList gives every tenant, in order of their ids", func(t *testing.T, s *store.Store) {
		for _, id := range []string{"zenith", "acme"} {
			want(t, PutTenantSettings(t.Context(), s, tenant(id)), "")
		}
		all, err := s.TenantList(t.Context())
		if diff := cmp.Diff([]admin.Tenant{tenant("acme"), tenant("zenith")}, all); diff != "" || err != nil {
			t.Error(err, diff)
		}
	}},
}
