package cli

import (
	"strings"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/bff/internal/app/apptest"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// TestPoliciesAsCodeAgainstTheServer goes the way of docs/policy-as-code.md against the real thing.
func TestPoliciesAsCodeAgainstTheServer(t *testing.T) {
	srv := apptest.New(t, apptest.Config(t, "https://pod.example"))
	a := newAdmin(t, srv.Handler)
	if err := storetest.PutTenant(t.Context(), srv.Store, verify.Tenant{ID: "acme", Name: "Acme IT", Region: "US"}); err != nil {
		t.Fatal(err)
	}
	key, secret, err := admin.APIKey{Tenant: "acme", Name: "Ana Ortiz", Scopes: admin.Scopes, CreatedAt: app.SystemClock()}.Draw(strings.NewReader(strings.Repeat("entropy!", 20)))
	if err != nil {
		t.Fatal(err)
	}
	if err := storetest.PutAPIKey(t.Context(), srv.Store, key); err != nil {
		t.Fatal(err)
	}
	apply := func(flags ...string) string { return a.said(append([]string{"policy", "apply", a.file}, flags...)...) }
	again := "Applied. Run 'shieldpod policy export' to have the new versions in the file.\n"
	if said := a.said("policy", "export"); !strings.HasPrefix(said, "error: SERVER refused: ") || !strings.HasSuffix(said, " (api_key_invalid)\n") {
		t.Errorf("without the key: %q", said)
	}
	a.env["SHIELDPOD_API_KEY"] = secret
	empty := a.said("policy", "export")
	if !strings.HasSuffix(empty, "default:\n  version: 0\nclients: {}\n") {
		t.Errorf("at first: %q", empty)
	}
	a.write("default:\n  version: 0\n  override_note: off\n  banner:\n    text: >\n      Verify before any\n      password work.\nclients:\n  4711:\n    name: Contoso\n    methods: [email_link]\n    note_presets: [\"no\"]\n")
	shown := "default: + override_note off\ndefault: + banner \"Verify before any password work.\", info\n" +
		"4711 (Contoso): + name Contoso\n4711 (Contoso): + methods email_link\n4711 (Contoso): + note_presets \"no\"\n"
	if said := apply("--yes"); said != shown+"error: policy.yaml:12: clients.4711.note_presets: A preset must be one line of 3 to 80 characters, none of them invisible. (invalid)\nNothing was applied.\n" {
		t.Errorf("with a mistake: %s", said)
	}
	if said := a.said("policy", "export"); said != empty {
		t.Errorf("after a mistake: %s", said)
	}
	a.write("default:\n  version: 0\n  override_note: off\n  banner:\n    text: >\n      Verify before any\n      password work.\nclients:\n  4711:\n    name: Contoso\n    methods: [email_link]\n")
	shown = strings.Replace(shown, "4711 (Contoso): + note_presets \"no\"\n", "", 1)
	if said := apply("--yes"); said != shown+"default: version 1\n4711 (Contoso): version 1\n"+again {
		t.Errorf("applied: %s", said)
	}
	if said := apply("--yes"); said != "Nothing to change.\n" {
		t.Errorf("applied again: %s", said)
	}
	export := a.said("policy", "export")
	a.write(export)
	if said := apply("--yes", "--prune"); said != "Nothing to change.\n" || export != a.said("policy", "export") {
		t.Errorf("what was exported: %s", said)
	}
	a.write("clients: {}\n")
	if said := apply("--yes", "--prune"); said != "4711 (Contoso): - methods email_link (back to the tenant's)\nLeft alone, for the file does not name them: default.\n4711 (Contoso): version 2\n"+again {
		t.Errorf("pruned: %s", said)
	}
	a.write(strings.Replace(export, "email_link", "sms_code", 1))
	if said := apply("--yes"); !strings.Contains(said, "error: policy.yaml:12: clients.4711.version: 4711 (Contoso) is at version 2 by now, edited by Ana Ortiz on ") {
		t.Errorf("an old version: %s", said)
	}
}
