package cli

import (
	"context"
	"encoding/base64"
	"regexp"
	"strings"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	sdkwebhook "github.com/shieldpod/shieldpod/sdk/webhook"
)

func TestAPIKeysAreMadeListedAndRemoved(t *testing.T) {
	o := newOperator(t)
	for _, tenant := range []string{"acme", "bolt"} {
		if _, err := o.run("tenant", "put", tenant, "--name", "Acme IT", "--origin", "https://psa.example"); err != "" {
			t.Fatal(err)
		}
	}
	secret, err := o.run("apikey", "new", "--tenant", "acme", "--name", "Ana Ortiz")
	parts := regexp.MustCompile(`^spk_([0-9a-z]+)_[A-Za-z0-9_-]{43}\n$`).FindStringSubmatch(secret)
	if err != "" || parts == nil {
		t.Fatalf("printed %q, error %q", secret, err)
	}
	secret, id := strings.TrimSpace(secret), parts[1]
	steps := []struct {
		name string
		args []string
		out  string
		err  string
	}{
		{"a key has a holder", []string{"apikey", "new", "--tenant", "acme", "--name", " "}, "", "--name must say who holds the key, like 'Ana Ortiz'"},
		{"whose name breaks no line (row 22)", []string{"apikey", "new", "--tenant", "acme", "--name", "Ana\nOrtiz"}, "", `--name "Ana\nOrtiz" must have up to 60 characters on one line, none of them invisible`},
		{"a key is of a tenant", []string{"apikey", "new", "--tenant", "nobody", "--name", "Ana"}, "", `there is no tenant "nobody": 'shieldpod tenant list' shows those that there are, 'shieldpod tenant put nobody --name NAME --origin https://psa.example' creates it`},
		{"the list has no secret (row 25)", []string{"apikey", "list", "--tenant", "acme"}, id + "  Ana Ortiz  since " + app.SystemClock().Format("2 Jan 2006") + "\n" + allScopes + "  expires  never\n  used     never\n", ""},
		{"a scope is one of ours", []string{"apikey", "new", "--tenant", "acme", "--name", "Ana", "--scope", "all"}, "", `--scope "all" is no scope: give some of policies:read, policies:write, branding:read, branding:write, directory:read, directory:write, contacts:unlock`},
		{"an end is a date", []string{"apikey", "new", "--tenant", "acme", "--name", "Ana", "--expires", "soon"}, "", `--expires "soon" must be a date like 2027-01-31`},
		{"an end is to come", []string{"apikey", "new", "--tenant", "acme", "--name", "Ana", "--expires", "2020-01-31"}, "", "--expires must be later than now"},
		{"another tenant has none (row 7)", []string{"apikey", "list", "--tenant", "bolt"}, "No API key yet. Make one: shieldpod apikey new --tenant bolt --name 'Ana Ortiz'\n", ""},
		{"and can't remove it (row 7)", []string{"apikey", "remove", "--tenant", "bolt", id}, "", `tenant "bolt" has no API key of this id: see 'shieldpod apikey list --tenant bolt'`},
		{"a whole key is no id, and not repeated (row 25)", []string{"apikey", "remove", "--tenant", "acme", secret}, "", `tenant "acme" has no API key of this id: see 'shieldpod apikey list --tenant acme'`},
		{"it is removed", []string{"apikey", "remove", "--tenant", "acme", id}, "API key " + id + " is removed: nobody gets in by it any more.\n", ""},
		{"once", []string{"apikey", "remove", "--tenant", "acme", id}, "", `tenant "acme" has no API key of this id: see 'shieldpod apikey list --tenant acme'`},
		{"and is gone", []string{"apikey", "list", "--tenant", "acme"}, "No API key yet. Make one: shieldpod apikey new --tenant acme --name 'Ana Ortiz'\n", ""},
	}
	for _, s := range steps {
		if out, err := o.run(s.args...); out != s.out || err != s.err {
			t.Errorf("%s: printed %q, error %q; want %q, %q", s.name, out, err, s.out, s.err)
		}
	}
}

const allScopes = "  scopes   policies:read, policies:write, branding:read, branding:write, directory:read, directory:write, contacts:unlock\n"

func TestAnAPIKeyHasScopesAndAnEnd(t *testing.T) {
	o := newOperator(t)
	o.must("tenant", "put", "acme", "--name", "Acme IT", "--origin", "https://psa.example")
	o.must("apikey", "new", "--tenant", "acme", "--name", "Sync", "--scope", "directory:write", "--scope", "policies:read", "--expires", "2099-12-31")
	if got := o.must("apikey", "list", "--tenant", "acme"); !strings.HasSuffix(got, "  scopes   directory:write, policies:read\n  expires  1 Jan 2100 00:00 UTC\n  used     never\n") {
		t.Errorf("printed %q", got)
	}
}

func TestAWebhookGetsASecretOnce(t *testing.T) {
	o := newOperator(t)
	put := func(url string) (string, string) {
		return o.run("tenant", "put", "acme", "--name", "Acme IT", "--origin", "https://psa.example", "--webhook", url)
	}
	printed := func(out string) []byte {
		secret := regexp.MustCompile(`whsec_\S+`).FindString(out)
		if secret == "" {
			return nil
		}
		if _, err := sdkwebhook.ParseSecret(secret); err != nil {
			t.Errorf("%q: %v", out, err)
		}
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		if err != nil {
			t.Errorf("%q: %v", out, err)
		}
		return key
	}
	for _, url := range []string{"http://hooks.example/x", "https://localhost/x", "https://10.0.0.7/x", "hooks.example"} {
		if _, err := put(url); !strings.HasPrefix(err, "--webhook: ") {
			t.Errorf("%s (row 27): %q", url, err)
		}
	}
	out, err := put("https://hooks.example/very-secret")
	first := printed(out)
	if err != "" || first == nil || !strings.HasPrefix(out, "acme  Acme IT  region US\n  origin https://psa.example\n  webhook https://hooks.example\n") || strings.Contains(out, "very-secret") {
		t.Fatalf("printed %q, error %q", out, err)
	}
	if out, err := put("https://other.example/"); err != "" || out != "acme  Acme IT  region US\n  origin https://psa.example\n  webhook https://other.example\n" {
		t.Errorf("another URL: printed %q, error %q", out, err)
	}
	if hook := storedWebhook(t, o); string(hook.Secret) != string(first) || hook.URL != "https://other.example/" {
		t.Errorf("the secret changed with the URL: %s", hook.URL)
	}
	if out, err := put("none"); err != "" || out != "acme  Acme IT  region US\n  origin https://psa.example\n" {
		t.Errorf("none: printed %q, error %q", out, err)
	}
	if hook := storedWebhook(t, o); hook.URL != "" || len(hook.Secret) != 0 {
		t.Errorf("something is left of it: %q", hook.URL)
	}
	if out, _ := put("https://hooks.example/"); printed(out) == nil || string(printed(out)) == string(first) {
		t.Error("after none there is no new secret")
	}
}

func storedWebhook(t *testing.T, o *operator) (hook verify.Webhook) {
	t.Helper()
	flags := app.Database{DataDir: o.env["SHIELDPOD_DATA_DIR"], MasterKey: o.env["SHIELDPOD_MASTER_KEY"]}
	err := withStore(&env{ctx: t.Context()}, flags, func(ctx context.Context, db *store.Store) (err error) {
		hook, err = db.Webhook(ctx, "acme")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return hook
}
