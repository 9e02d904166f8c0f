package cli

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the test changes a stored byte behind the store's back

	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/bff/internal/app/apptest"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// operator runs commands on a data folder of its own.
type operator struct {
	t   *testing.T
	env map[string]string
}

func newOperator(t *testing.T) *operator {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	storetest.Seed(t, filepath.Join(dir, app.DatabaseFile))
	return &operator{t: t, env: map[string]string{
		"SHIELDPOD_DATA_DIR":   dir,
		"SHIELDPOD_MASTER_KEY": base64.StdEncoding.EncodeToString(apptest.MasterKey("tests")),
	}}
}

// run gives what the command printed, and its error's text.
func (o *operator) run(args ...string) (string, string) {
	o.t.Helper()
	var out, errs bytes.Buffer
	err := Run(o.t.Context(), args, func(name string) string { return o.env[name] }, &out, &errs)
	if err != nil {
		return out.String(), err.Error()
	}
	return out.String(), ""
}

func TestServeRefusesABadConfigurationWithASentenceThatSaysWhatToSet(t *testing.T) {
	good := map[string]string{
		"SHIELDPOD_PUBLIC_URL": "https://pod.example", "SHIELDPOD_LISTEN": "127.0.0.1:0",
		"SHIELDPOD_SENDGRID_KEY": "SG.x", "SHIELDPOD_SENDGRID_FROM": "verify@acme.example", "SHIELDPOD_SENDGRID_WEBHOOK_KEY": apptest.WebhookKey(t),
		"SHIELDPOD_VONAGE_KEY": "abcd1234", "SHIELDPOD_VONAGE_SECRET": "s", "SHIELDPOD_VONAGE_FROM": "Acme",
		"SHIELDPOD_VONAGE_SIGNATURE_SECRET": "a-long-enough-secret",
	}
	cases := []struct{ name, variable, value, want string }{
		{"no master key", "SHIELDPOD_MASTER_KEY", "", "set SHIELDPOD_MASTER_KEY or --master-key-file"},
		{"a master key that is too short", "SHIELDPOD_MASTER_KEY", "c2hvcnQ=", "must be 32 bytes in base64"},
		{"no public URL", "SHIELDPOD_PUBLIC_URL", "", "set SHIELDPOD_PUBLIC_URL or --public-url"},
		{"two master keys", "SHIELDPOD_MASTER_KEY_FILE", "/etc/shieldpod/master.key", "set either SHIELDPOD_MASTER_KEY or --master-key-file"},
		{"a carrier that is not asked over TLS", "SHIELDPOD_SENDGRID_HOST", "http://api.sendgrid.example", "--sendgrid-host \"http://api.sendgrid.example\" must be https"},
		{"a carrier's host that is none", "SHIELDPOD_VONAGE_HOST", "rest.nexmo.com", "--vonage-host"},
		{"a NATS that is none", "SHIELDPOD_NATS_URL", "http://127.0.0.1:4222", "write the URL of NATS as"},
		{"a public URL with a path", "SHIELDPOD_PUBLIC_URL", "https://pod.example/x", "must be a scheme and a host only"},
		{"a public URL without TLS", "SHIELDPOD_PUBLIC_URL", "http://pod.example", "must be https"},
		{"no SendGrid key", "SHIELDPOD_SENDGRID_KEY", "", "set SHIELDPOD_SENDGRID_KEY or --sendgrid-key"},
		{"no Vonage sender", "SHIELDPOD_VONAGE_FROM", "", "set SHIELDPOD_VONAGE_FROM or --vonage-from"},
		{"a weak signature", "SHIELDPOD_VONAGE_SIGNATURE_METHOD", "md5", `must be one of "sha256","sha512"`},
		{"a signature secret that can be guessed", "SHIELDPOD_VONAGE_SIGNATURE_SECRET", "short", "--vonage-signature-secret"},
		{"a webhook key that is none", "SHIELDPOD_SENDGRID_WEBHOOK_KEY", "not-a-key", "--sendgrid-webhook-key"},
		{"a database of another kind", "SHIELDPOD_DATABASE_URL", "mysql://x", "must begin with postgres://"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o := newOperator(t)
			for name, value := range good {
				o.env[name] = value
			}
			o.env[c.variable] = c.value
			if _, err := o.run("serve"); !strings.Contains(err, c.want) {
				t.Errorf("serve said %q, want it to say %q", err, c.want)
			}
		})
	}
}

func TestThreat_25_ARefusalOfASettingDoesNotRepeatItsPassword(t *testing.T) {
	for _, c := range []struct{ name, url string }{
		{"a password with a space", "postgres://pod:s3cr3t word@db/pod"},
		{"a port that is none", "postgres://pod:s3cr3t@db:x/pod"},
		{"a host that is not closed", "postgres://pod:s3cr3t@[::1/pod"},
	} {
		o := newOperator(t)
		o.env["SHIELDPOD_DATABASE_URL"] = c.url
		if _, err := o.run("doctor"); !strings.Contains(err, "--database-url can't be read") || strings.Contains(err, "s3cr3t") {
			t.Errorf("%s: %q", c.name, err)
		}
	}
}

func TestATenantAndItsKeysAreSetByCommands(t *testing.T) {
	o := newOperator(t)
	if err := os.Remove(filepath.Join(o.env["SHIELDPOD_DATA_DIR"], app.DatabaseFile)); err != nil { // the first command makes it
		t.Fatal(err)
	}
	o.platform()
	dir := t.TempDir()
	private, public := filepath.Join(dir, "psa.pem"), filepath.Join(dir, "psa.pub.pem")
	weak := filepath.Join(dir, "weak")
	if err := os.WriteFile(weak, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	strong := filepath.Join(dir, "strong")
	if err := os.WriteFile(strong, []byte("k7Qz0vT4sJ2mW9xB6nF1cR8yL3pH5dGa\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	steps := []struct {
		name string
		args []string
		out  string
		err  string
	}{
		{"the doctor makes no database", []string{"doctor"}, "", "there is no database in"},
		{"there is no tenant at first", []string{"tenant", "list"}, "No tenant yet", ""},
		{"a slug has small letters", []string{"tenant", "put", "Acme"}, "", "a slug has up to 40"},
		{"an origin has no path", []string{"tenant", "put", "acme", "--origin", "https://psa.example/tickets"}, "", "scheme and a host only"},
		{"an origin is no pattern (row 23)", []string{"tenant", "put", "acme", "--origin", "https://*.example"}, "", "scheme and a host only"},
		{"a name breaks no header (row 22)", []string{"tenant", "put", "acme", "--name", "Acme\r\nBcc: x"}, "", "on one line"},
		{"a name turns nothing around (row 22)", []string{"tenant", "put", "acme", "--name", "Acme \u202eTI"}, "", "on one line"},
		{"a name has an end", []string{"tenant", "put", "acme", "--name", strings.Repeat("a", 61)}, "", "up to 60"},
		{"a region is a country", []string{"tenant", "put", "acme", "--region", "XX"}, "", "must be a country's"},
		{"a procedure is a web address (row 22)", []string{"tenant", "put", "acme", "--procedure-url", `https://x" onclick="y`}, "", "must be a web address"},
		{"a tenant is made", []string{"tenant", "put", "acme", "--name", "Acme IT", "--origin", "https://psa.example"}, "origin https://psa.example", ""},
		{"a key pair is made", []string{"key", "new", "--out", private, "--public-out", public}, "Private key in", ""},
		{"a key file is never overwritten", []string{"key", "new", "--out", private, "--public-out", public}, "", "exists already and is not overwritten"},
		{"a key of another kind is refused", []string{"key", "add", "--tenant", "acme", "--issuer", "https://psa.example", "--kid", "k1", "--public", public, "--algorithm", "RS256"}, "", "holds a key for EdDSA"},
		{"a private key is no public one", []string{"key", "add", "--tenant", "acme", "--issuer", "https://psa.example", "--kid", "k1", "--public", private}, "", "--public"},
		{"a short secret is refused (row 6)", []string{"key", "add", "--tenant", "acme", "--issuer", "https://psa.example", "--kid", "k1", "--algorithm", "HS256", "--secret-file", weak}, "", "--secret-file"},
		{"a key is trusted", []string{"key", "add", "--tenant", "acme", "--issuer", "https://psa.example", "--kid", "k1", "--public", public}, "kid k1", ""},
		{"it is not trusted twice", []string{"key", "add", "--tenant", "acme", "--issuer", "https://psa.example", "--kid", "k1", "--public", public}, "", "already trusts"},
		{"a shared secret does not mix with public keys", []string{"key", "add", "--tenant", "acme", "--issuer", "https://psa.example", "--kid", "k2", "--algorithm", "HS256", "--secret-file", strong}, "", "both a shared secret and public keys"},
		{"a change keeps what it does not name", []string{"tenant", "put", "acme", "--region", "DE"}, "kid k1", ""},
		{"origins replace those set before", []string{"tenant", "put", "acme", "--origin", "https://b.example", "--origin", "https://c.example"}, "origin https://b.example\n  origin https://c.example\n  key", ""},
		{"the list shows all of it", []string{"tenant", "list"}, "acme  Acme IT  region DE", ""},
		{"an unknown tenant is told", []string{"key", "remove", "--tenant", "bolt", "--issuer", "i", "--kid", "k"}, "", "there is no tenant"},
		{"a key is removed", []string{"key", "remove", "--tenant", "acme", "--issuer", "https://psa.example", "--kid", "k1"}, "acme", ""},
		{"the doctor misses it", []string{"doctor"}, "no signing key is trusted", "1 check failed: each line with FAIL above says what to do"},
	}
	for _, s := range steps {
		out, err := o.run(s.args...)
		if !strings.Contains(out, s.out) || !strings.Contains(err, s.err) || (s.err == "") != (err == "") {
			t.Errorf("%s: printed %q, error %q; want %q, %q", s.name, out, err, s.out, s.err)
		}
	}
}

func TestThreat_28_TheDoctorNamesTheEventWhoseByteWasChanged(t *testing.T) {
	o := newOperator(t)
	if _, err := o.run("tenant", "put", "acme", "--name", "Acme IT", "--origin", "https://psa.example"); err != "" {
		t.Fatal(err)
	}
	path := filepath.Join(o.env["SHIELDPOD_DATA_DIR"], "shieldpod.db")
	flags := app.Database{DataDir: o.env["SHIELDPOD_DATA_DIR"], MasterKey: o.env["SHIELDPOD_MASTER_KEY"]}
	at := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	out := &env{ctx: t.Context()}
	err := withStore(out, flags, func(ctx context.Context, db *store.Store) error {
		return db.Write(ctx, "acme", func(tx verify.Tx) error {
			for range 3 {
				err := tx.Append(ctx, &verify.Event{Tenant: "acme", At: at, Kind: verify.EventRequested, Verification: "v_1", Contact: "dana", Channel: "m"})
				if err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if said, _ := o.run("doctor"); !strings.Contains(said, "the chain of 4 events is whole") {
		t.Fatalf("before: %q", said)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), `UPDATE events SET body = replace(body, '"dana"', '"dane"') WHERE seq = 3`); err != nil {
		t.Fatal(err)
	}
	if said, _ := o.run("doctor"); !strings.Contains(said, "FAIL  acme: event 3 was changed") {
		t.Errorf("after: %q", said)
	}
}

func TestAContextIsSignedWithAKeyOfOnesOwn(t *testing.T) {
	o := newOperator(t)
	dir := t.TempDir()
	private, claims := filepath.Join(dir, "psa.pem"), filepath.Join(dir, "claims.json")
	if _, err := o.run("key", "new", "--out", private, "--public-out", filepath.Join(dir, "pub.pem")); err != "" {
		t.Fatal(err)
	}
	content, err := json.Marshal(map[string]any{
		"iss": "https://psa.example", "aud": "https://pod.example", "sub": "ana", "tid": "acme",
		"ctx": map[string]any{
			"psa": "desk", "ticket": map[string]string{"id": "1", "summary": "x"}, "client": map[string]string{"id": "c", "name": "C"},
			"contact": map[string]string{"id": "d", "name": "Dana"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(claims, content, 0o600); err != nil {
		t.Fatal(err)
	}
	out, failure := o.run("context", "sign", "--key", private, "--kid", "k1", "--claims", claims)
	if parts := strings.Split(strings.TrimSpace(out), "."); failure != "" || len(parts) != 3 {
		t.Errorf("printed %q, error %q", out, failure)
	}
}

func TestCommandsTakeTheirSettingsFromTheEnvironment(t *testing.T) {
	o := newOperator(t)
	o.env["SHIELDPOD_DATABASE_URL"] = "postgres://nobody@127.0.0.1:1/none"
	put := []string{"tenant", "put", "acme", "--name", "Acme IT", "--origin", "https://psa.example"}
	if _, said := o.run(put...); said == "" || !strings.Contains(said, "database") {
		t.Errorf("with a database that is not there: %q", said)
	}
	delete(o.env, "SHIELDPOD_DATABASE_URL")
	if _, said := o.run(put...); said != "" {
		t.Error(said)
	}
}

func TestTheVersionNamesTheBuild(t *testing.T) {
	out, err := newOperator(t).run("--version")
	if err != "" || !regexp.MustCompile(`^shieldpod \S+, go1\.\d+`).MatchString(out) {
		t.Errorf("printed %q, error %q", out, err)
	}
}
