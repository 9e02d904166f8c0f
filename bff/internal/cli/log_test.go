package cli

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/bff/internal/app/apptest"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// unchanging are the commands that change no tenant. 'policy apply' changes one through the API.
var unchanging = map[string]bool{
	"serve": true, "migrate": true, "key master": true, "key new": true, "tenant list": true, "tenant log": true, "carrier list": true,
	"carrier check": true, "psa connectwise show": true, "psa connectwise register": true, "apikey list": true,
	"policy export": true, "policy apply": true, "context sign": true, "context check": true, "doctor data": true, "doctor embed": true,
}

// commandPaths are the commands of the grammar, without the program's name.
func commandPaths(t *testing.T) (paths []string) {
	t.Helper()
	parser, err := newParser()
	if err != nil {
		t.Fatal(err)
	}
	for _, leaf := range parser.Model.Leaves(false) {
		path := strings.Fields(leaf.FullPath())[1:]
		names := path[:0]
		for _, word := range path {
			if !strings.HasPrefix(word, "<") {
				names = append(names, word)
			}
		}
		paths = append(paths, strings.Join(names, " "))
	}
	return paths
}

func TestThreat_32_EachCommandThatChangesATenantLeavesOneEvent(t *testing.T) {
	o := newOperator(t)
	o.platform()
	dir := t.TempDir()
	public := filepath.Join(dir, "pub.pem")
	o.must("key", "new", "--out", filepath.Join(dir, "key.pem"), "--public-out", public)
	const hush = "hush-hush-4d9f27c1-of-the-account"
	secret := secretFile(t, hush)
	withOpenSession := func() {
		flags := app.Database{DataDir: o.env["SHIELDPOD_DATA_DIR"], MasterKey: o.env["SHIELDPOD_MASTER_KEY"]}
		err := withStore(&env{ctx: t.Context()}, flags, func(ctx context.Context, db *store.Store) error {
			s := verify.Session{ID: "s1", EndsAt: time.Now().Add(time.Hour), Context: verify.TicketContext{Tenant: "acme"}}
			_, err := db.OpenSession(ctx, verify.NewSession{Session: s})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var keyID string
	tested := map[string]bool{}
	for i, c := range []struct {
		path, args string
		event      string // the beginning of its line, after the time
	}{
		{"tenant put", "acme --name Acme --origin https://psa.example", "tenant_created  by "},
		{"tenant put", "acme --webhook https://hooks.example/" + hush, "tenant_changed  by "},
		{"key add", "--tenant acme --issuer https://psa.example --kid k1 --public " + public, "signing_key_added k1  by "},
		{"key remove", "--tenant acme --issuer https://psa.example --kid k1", "signing_key_removed k1  by "},
		{"tenant issuer put", "--tenant acme --issuer https://keys.example --jwks-url https://keys.example/jwks --algorithm EdDSA", "issuer_set https://keys.example  by "},
		{"tenant issuer remove", "--tenant acme --issuer https://keys.example", "issuer_removed https://keys.example  by "},
		{"tenant signin put", "--tenant acme --issuer https://id.example --client-id pod --psa connectwise --client-secret-file " + secret, "sign_in_set https://id.example  by "},
		{"tenant signin remove", "--tenant acme", "sign_in_removed https://id.example  by "},
		{"carrier sendgrid", "--tenant acme --no-check --from verify@acme.example --webhook-key " + apptest.WebhookKey(t) + " --key-file " + secret, "carrier_set sendgrid  by "},
		{"carrier smtp", "--tenant acme --no-check --from verify@acme.example --host mail.acme.example --username verify --password-file " + secret, "carrier_set smtp  by "},
		{"carrier graph", "--tenant acme --no-check --directory acme.example --client 0f0e0d0c-0b0a-4908-8706-050403020100 --mailbox verify@acme.example --credential-file " + secret, "carrier_set graph  by "},
		{"carrier vonage", "--tenant acme --no-check --from AcmeIT --key 12345678 --secret-file " + secret + " --signature-secret-file " + secret, "carrier_set vonage  by "},
		{"carrier twilio", "--tenant acme --no-check --from +15105550100 --account " + twilioAccount + " --token-file " + secret, "carrier_set twilio  by "},
		{"carrier remove", "--tenant acme twilio", "carrier_removed twilio  by "},
		{"psa connectwise set", "--tenant acme --host eu.myconnectwise.net --company acmeit --client-id 4dd2c7e8 --connectwise-public-key pub --connectwise-private-key-file " + secret, "connection_set connectwise  by "},
		{"psa connectwise remove", "--tenant acme", "connection_removed connectwise  by "},
		{"apikey new", "--tenant acme --name Noor", "api_key_created KEY  by "},
		{"apikey remove", "--tenant acme KEY", "api_key_removed KEY  by "},
		{"session end", "--tenant acme", "sessions_ended  by "},
	} {
		tested[c.path] = true
		if c.path == "session end" {
			withOpenSession()
		}
		before := ""
		if i > 0 {
			before = o.must("tenant", "log", "--tenant", "acme", "--limit", "1000")
		}
		out := o.must(append(strings.Fields(c.path), strings.Fields(strings.ReplaceAll(c.args, "KEY", keyID))...)...)
		if c.path == "apikey new" {
			keyID = strings.Split(out, "_")[1]
		}
		after := o.must("tenant", "log", "--tenant", "acme", "--limit", "1000")
		added, found := strings.CutSuffix(after, before)
		_, line, _ := strings.Cut(added, " UTC  ")
		if want := strings.ReplaceAll(c.event, "KEY", keyID); !found || !strings.HasPrefix(line, want) || strings.Contains(line, " UTC  ") {
			t.Errorf("%s: the log has %q more, want one event %q", c.path, added, want)
		}
		if !strings.Contains(added, ", cli\n  ") || !strings.Contains(added, " -> ") {
			t.Errorf("%s: the event names no actor or no change: %q", c.path, added)
		}
		if strings.Contains(after, hush) || strings.Contains(after, strings.TrimSpace(out)+"\n") && c.path == "apikey new" {
			t.Errorf("%s: the log shows a secret: %q", c.path, after)
		}
	}
	for _, path := range commandPaths(t) {
		if tested[path] == unchanging[path] {
			t.Errorf("%q: has a row of the table: %t, is listed as unchanging: %t", path, tested[path], unchanging[path])
		}
	}
}
