package store_test

import (
	"bytes"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// TestThreat_25_NoSecretIsInTheDatabase leaves codes, tokens, destinations, a launch context's jti and a
// signing secret with a store, in every state of a message, and looks for them in all that is written down.
func TestThreat_25_NoSecretIsInTheDatabase(t *testing.T) {
	onBoth(t, func(t *testing.T, url, driver string) {
		s := storetest.Open(t, url, nil)
		secrets := fill(t, s)
		for name, content := range written(t, url, driver) {
			for what, secret := range secrets {
				if bytes.Contains(content, []byte(secret)) || bytes.Contains(content, []byte(hex.EncodeToString([]byte(secret)))) {
					t.Errorf("%s holds %s, %q", name, what, secret)
				}
			}
		}
	})
}

// fill writes to every table and gives the secrets that must not be found in the files.
func fill(t *testing.T, s *store.Store) map[string]string {
	t.Helper()
	ctx := t.Context()
	secrets := map[string]string{
		"a mobile number": "+14155554821", "its digits": "14155554821", "an address": "dana.reyes@contoso.com",
		"a contact's name": "Dana Reyes", "a jti": "jti-4d9f27c1", "a signing secret": "thirty-two bytes, shared by hand", "a webhook's secret": "thirty-two bytes, for the webhook",
		"a sign-in's secret": "of the client at the provider", "a ticket system's key": "pR1vate-key-of-connectwise",
	}
	// Eight digits, so that chance does not write them.
	key := admin.SigningKey{Issuer: "https://psa.example", ID: "1", Algorithm: "HS256", Material: []byte(secrets["a signing secret"])}
	hook := verify.Webhook{URL: "https://hooks.example/", Secret: []byte(secrets["a webhook's secret"])}
	signIn := admin.SignIn{Issuer: "https://id.example", Secret: []byte(secrets["a sign-in's secret"])}
	if err := storetest.PutTenantSettings(ctx, s, admin.Tenant{Tenant: verify.Tenant{ID: "acme", Webhook: hook}, Keys: []admin.SigningKey{key}, SignIn: signIn}); err != nil {
		t.Fatal(err)
	}
	storetest.SetPolicy(t, s, "acme", "", func(p *policy.Policy) { p.CodeLength, p.ResendCooldown = 8, 10*time.Second })
	apiKey, secret, err := admin.APIKey{Tenant: "acme", Name: "Ana", Scopes: admin.Scopes, CreatedAt: time.Now()}.Draw(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if err := storetest.PutAPIKey(ctx, s, apiKey); err != nil {
		t.Fatal(err)
	}
	secrets["an API key"] = secret
	keys := admin.Connection{Tenant: "acme", System: "connectwise", Settings: []byte(`{}`), Secret: []byte(secrets["a ticket system's key"])}
	if err := storetest.PutConnection(ctx, s, keys); err != nil {
		t.Fatal(err)
	}
	d := ticketContext(1)
	d.TakesNotes, d.Contacts[0].Name = true, secrets["a contact's name"]
	d.Contacts[0].Channels = append(d.Contacts[0].Channels, verify.Channel{ID: "mail", Kind: channel.Email, Value: secrets["an address"]})
	if _, err := s.OpenSession(ctx, verify.NewSession{Session: verify.Session{ID: "s1", Context: d}, JTI: secrets["a jti"], JTIUntil: time.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	of := verify.Clientele{Tenant: "acme", System: "desk", Client: "contoso"}
	body := fmt.Sprintf(`{"id":"dana","name":%q,"channels":[%q,%q]}`, secrets["a contact's name"], secrets["a mobile number"], secrets["an address"])
	if err := s.PutCards(ctx, of, []verify.Card{{ID: "dana", Body: []byte(body)}}, "run-2026-11", 9); err != nil {
		t.Fatal(err)
	}
	at := time.Now()
	svc := storetest.Service(s, func() time.Time { return at })
	for _, state := range []verify.JobState{verify.JobQueued, verify.JobSending, verify.JobSent, verify.JobIndeterminate} {
		for _, id := range []string{"mobile", "mail"} {
			ask := request(1)
			ask.Channel, ask.Key = id, fmt.Sprint(ask.Key, id, state)
			if id == "mail" {
				ask.Method = channel.EmailLink
			}
			if _, err := svc.Send(ctx, d, ask); err != nil {
				t.Fatal(err)
			}
		}
		jobs := claim(t, s, at.Add(time.Second))
		at = at.Add(11 * time.Second) // beyond the cooldown
		if len(jobs) != 2 {
			t.Fatal(jobs)
		}
		for _, j := range jobs {
			secrets["the secret of the "+string(state)+" "+string(j.Method)] = j.Secret
			var err error
			switch state {
			case verify.JobSending:
			case verify.JobQueued:
				err = s.Messages(j.Method.Kind()).Retry(ctx, j, time.Now().Add(time.Hour), "busy")
			default:
				err = s.Messages(j.Method.Kind()).Settle(ctx, j, state, "", "")
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(secrets) != 9+9 {
		t.Fatalf("%d secrets are known, want 18", len(secrets))
	}
	return secrets
}

// written gives all that the database has on the disk (SQLite: the file and its log) or in its tables.
func written(t *testing.T, url, driver string) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	if driver == "sqlite" {
		files, err := filepath.Glob(url + "*")
		if err != nil || len(files) < 2 {
			t.Fatal(err, files)
		}
		for _, name := range files {
			if found[filepath.Base(name)], err = os.ReadFile(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	db, err := sql.Open(driver, url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, table := range []string{
		"key_proof", "tenants", "tenant_origins", "signing_keys", "sessions", "used_contexts", "verifications", "failures", "events", "jobs",
		"directory_clients", "directory_contacts", "directory_syncs",
	} {
		found["table "+table] = dump(t, db, table)
	}
	return found
}

// dump gives all values of a table.
func dump(t *testing.T, db *sql.DB, table string) (all []byte) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT * FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values := make([]sql.RawBytes, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		for _, v := range values {
			all = append(append(all, v...), '\n')
		}
	}
	if rows.Err() != nil || len(all) == 0 && table != "tenant_origins" && table != "failures" {
		t.Fatalf("table %s is empty, or can't be read: %v", table, rows.Err())
	}
	return all
}

func TestAMasterKeyOpensOnlyWhatItSealed(t *testing.T) {
	url := filepath.Join(t.TempDir(), "shieldpod.db")
	first := storetest.Open(t, url, nil)
	fill(t, first)
	waiting, err := storetest.Service(first, time.Now).Send(t.Context(), ticketContext(2), request(2))
	if err != nil {
		t.Fatal(err)
	}
	vault, err := store.NewVault(bytes.Repeat([]byte{8}, 32), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), store.Config{URL: url, Vault: vault})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if _, err := s.Session(t.Context(), "s1"); verify.CodeOf(err) != verify.CodeUnavailable {
		t.Errorf("a session of another key: %v, want %s", err, verify.CodeUnavailable)
	}
	if _, err := s.Tenant(t.Context(), "acme"); verify.CodeOf(err) != verify.CodeUnavailable {
		t.Errorf("a signing secret of another key: %v, want %s", err, verify.CodeUnavailable)
	}
	// A message of another key is given out, so that its technician hears of it, but without what was sealed.
	bare := []verify.Job{{ID: waiting.Verification, Tenant: "acme", Method: channel.SMSCode}}
	if diff := cmp.Diff(bare, claim(t, s, time.Now().Add(time.Second))); diff != "" {
		t.Error(diff)
	}
}

// claim takes every message that is due, of every channel kind.
func claim(t *testing.T, s *store.Store, at time.Time) (all []verify.Job) {
	t.Helper()
	for _, kind := range []channel.Kind{channel.Phone, channel.Email} {
		jobs, err := s.Messages(kind).Claim(t.Context(), at, at.Add(time.Minute), 9, nil)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, jobs...)
	}
	return all
}

func TestAnotherMasterKeyIsNoticedBeforeAnythingIsServed(t *testing.T) {
	onBoth(t, func(t *testing.T, url, _ string) {
		storetest.Open(t, url, nil)
		storetest.Open(t, url, nil) // the same key opens it again
		vault, err := store.NewVault(bytes.Repeat([]byte{8}, 32), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		s, err := store.Open(t.Context(), store.Config{URL: url, Vault: vault})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		if err := s.Migrate(t.Context()); !errors.Is(err, store.ErrOtherKey) {
			t.Errorf("another key gave %v, want ErrOtherKey", err)
		}
	})
}
