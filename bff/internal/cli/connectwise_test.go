package cli

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/app"
	adapter "github.com/shieldpod/shieldpod/bff/internal/psa/connectwise"
	"github.com/shieldpod/shieldpod/bff/internal/sandbox/connectwise"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
)

func TestConnectWiseIsConnectedShownAndForgotten(t *testing.T) {
	o := newOperator(t)
	if _, err := o.run("tenant", "put", "acme", "--name", "Acme IT", "--origin", "https://psa.example"); err != "" {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("s3cr3t\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	set := func(more ...string) []string {
		return append([]string{"psa", "connectwise", "set", "--tenant", "acme"}, more...)
	}
	whole := set("--host", "eu.myconnectwise.net", "--company", "acmeit", "--client-id", "4dd2c7e8")
	const shown = "acme  ConnectWise at eu.myconnectwise.net\n  company   acmeit\n  client id 4dd2c7e8\n"
	const keyless = "  API keys  none: contacts are read as each member, and no notes are written\n"
	steps := []struct {
		name, env string // of the private key
		args      []string
		out, err  string
	}{
		{"nothing yet", "", []string{"psa", "connectwise", "show", "--tenant", "acme"}, "", `tenant "acme" is not connected to ConnectWise: see 'shieldpod psa connectwise set --help'`},
		{"a host is needed", "", set("--company", "acmeit"), "", "the host must be a name only, in small letters, like na.myconnectwise.net"},
		{"a client id is needed", "", set("--host", "eu.myconnectwise.net", "--company", "acmeit"), "", "the client id must be the id that ConnectWise's developer site gives, like 4dd2c7e8-0000-4000-8000-000000000000"},
		{"a host is not inside (row 27)", "", set("--host", "10.1.2.3", "--company", "acmeit", "--client-id", "4dd2c7e8"), "", "--host: 10.1.2.3 is not on the public internet"},
		{"nor this machine (row 27)", "", set("--host", "http://127.0.0.1:8083", "--company", "acmeit", "--client-id", "4dd2c7e8"), "", "--host: the URL must begin with https://"},
		{"without keys", "", whole, shown + keyless, ""},
		{"half a key is none", "", set("--connectwise-public-key", "pub"), "", "the public and the private key must both be set, each as ConnectWise shows it"},
		{"a key is given once", "s3cr3t", set("--connectwise-public-key", "pub", "--connectwise-private-key-file", file), "", "two private keys: set either SHIELDPOD_CONNECTWISE_PRIVATE_KEY or --connectwise-private-key-file"},
		{"keys by environment", "s3cr3t", set("--connectwise-public-key", "pub"), shown + "  API keys  set\n", ""},
		{"keys by file", "", set("--connectwise-public-key", "pub", "--connectwise-private-key-file", file), shown + "  API keys  set\n", ""},
		{"types", "", set("--type", "Direct=landline", "--type", "Handy=mobile"), shown + "  type      Direct is landline\n  type      Handy is mobile\n  API keys  set\n", ""},
		{"a type that is none", "", set("--type", "Direct=phone"), "", `the type "Direct" must be mobile, landline or ignore`},
		{"it is forgotten", "", []string{"psa", "connectwise", "remove", "--tenant", "acme"}, "The connection of acme is forgotten. Delete its API member's keys in ConnectWise, and the pod in Manage Hosted API.\n", ""},
		{"once", "", []string{"psa", "connectwise", "remove", "--tenant", "acme"}, "", `tenant "acme" is not connected to ConnectWise: see 'shieldpod psa connectwise set --help'`},
		{"no tenant", "", []string{"psa", "connectwise", "show", "--tenant", "nobody"}, "", `there is no tenant "nobody": 'shieldpod tenant list' shows those that there are, 'shieldpod tenant put nobody --name NAME --origin https://psa.example' creates it`},
	}
	for _, s := range steps {
		o.env["SHIELDPOD_CONNECTWISE_PRIVATE_KEY"] = s.env
		out, err := o.run(s.args...)
		if out != s.out || err != s.err {
			t.Errorf("%s: printed %q, error %q; want %q, %q", s.name, out, err, s.out, s.err)
		}
		if strings.Contains(out+err, "s3cr3t") {
			t.Errorf("Row25: %s: the private key is printed", s.name)
		}
	}
}

// withManage connects acme to a ConnectWise on this machine, as only the demo can.
func withManage(t *testing.T, o *operator, private string) {
	t.Helper()
	manage, err := connectwise.New(connectwise.Config{
		Origin: "http://manage.localhost:8083", Company: "acme", ClientID: "4dd2c7e8", PublicKey: "public", PrivateKey: "private",
		Pod: "http://localhost:8080/pod/other?id=[cw_id]", Now: app.SystemClock,
	})
	if err != nil {
		t.Fatal(err)
	}
	site := httptest.NewServer(manage)
	t.Cleanup(site.Close)
	t.Cleanup(manage.Close)
	settings, err := json.Marshal(adapter.Settings{Host: site.URL, Company: "acme", ClientID: "4dd2c7e8"})
	if err != nil {
		t.Fatal(err)
	}
	secret, err := adapter.Keys{Public: "public", Private: private}.Seal()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.run("tenant", "put", "acme", "--name", "Acme IT", "--origin", "https://psa.example"); err != "" {
		t.Fatal(err)
	}
	flags := app.Database{DataDir: o.env["SHIELDPOD_DATA_DIR"], MasterKey: o.env["SHIELDPOD_MASTER_KEY"]}
	err = withStore(&env{ctx: t.Context()}, flags, func(ctx context.Context, db *store.Store) error {
		return storetest.PutConnection(ctx, db, admin.Connection{Tenant: "acme", System: adapter.Product.Name, Settings: settings, Secret: secret})
	})
	if err != nil {
		t.Fatal(err)
	}
	o.env["SITE"] = site.URL
}

func TestThePodIsRegisteredAndMembersAreToldWhatToDo(t *testing.T) {
	o := newOperator(t)
	withManage(t, o, "private")
	register := []string{"psa", "connectwise", "register", "--tenant", "acme", "--public-url", "https://pod.example"}
	for _, want := range []string{"the pod is registered", "the pod was registered before"} {
		out, err := o.run(register...)
		if err != "" || strings.Count(out, want) != 2 || !strings.Contains(out, "Origin https://pod.example") ||
			!strings.Contains(out, "shieldpod tenant put acme --add-origin "+o.env["SITE"]+"\n") {
			t.Errorf("printed %q, error %q; want %q on both screens", out, err, want)
		}
	}
	if out, err := o.run("psa", "connectwise", "register", "--tenant", "acme"); out != "" || !strings.Contains(err, "SHIELDPOD_PUBLIC_URL") {
		t.Errorf("without a public URL: %q, %q", out, err)
	}
}

func TestTheDoctorAsksConnectWise(t *testing.T) {
	o := newOperator(t)
	withManage(t, o, "private")
	frames := "pages may not frame the pod: shieldpod tenant put acme --add-origin " + o.env["SITE"]
	if out, _ := o.run("doctor"); !strings.Contains(out, "FAIL  acme: ConnectWise answers, but its "+frames) {
		t.Errorf("printed %q", out)
	}
	if _, err := o.run("tenant", "put", "acme", "--name", "Acme IT", "--origin", o.env["SITE"]); err != "" {
		t.Fatal(err)
	}
	if out, _ := o.run("doctor"); !strings.Contains(out, "ok    acme: ConnectWise answers at "+o.env["SITE"]+"/v2025_1, and lets tickets and contacts be read") ||
		strings.Contains(out, "no signing key") {
		t.Errorf("printed %q", out)
	}
	o = newOperator(t)
	withManage(t, o, "wrong")
	if out, err := o.run("doctor"); !strings.Contains(out, "FAIL  acme: ConnectWise: it refuses the keys or the settings") || err == "" || strings.Contains(out, "wrong") {
		t.Errorf("printed %q, error %q", out, err)
	}
}
