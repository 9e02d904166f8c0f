package cli

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/bff/internal/store"
)

func TestIssuersAndASignInAreSetByCommands(t *testing.T) {
	o := newOperator(t)
	o.platform()
	dir := t.TempDir()
	secret, empty, shared := filepath.Join(dir, "secret"), filepath.Join(dir, "empty"), filepath.Join(dir, "shared")
	for path, content := range map[string]string{secret: "hush-hush\n", empty: "\n", shared: "k7Qz0vT4sJ2mW9xB6nF1cR8yL3pH5dGa\n"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put := func(more ...string) []string {
		return append([]string{"tenant", "issuer", "put", "--tenant", "acme"}, more...)
	}
	signIn := func(more ...string) []string {
		return append([]string{"tenant", "signin", "put", "--tenant", "acme", "--client-id", "pod", "--psa", "connectwise"}, more...)
	}
	const keys, desk, google = "https://keys.example", "acme.desk.example", "https://accounts.google.com"
	for _, s := range []struct {
		name string
		args []string
		out  string
		err  string
	}{
		{"a tenant must be there", put("--issuer", keys, "--jwks-url", keys+"/jwks", "--algorithm", "EdDSA"), "", "there is no tenant"},
		{"a tenant is made", []string{"tenant", "put", "acme", "--name", "Acme IT", "--origin", "https://psa.example"}, "acme", ""},
		{"keys are fetched by https (row 27)", put("--issuer", keys, "--jwks-url", "http://keys.example/jwks", "--algorithm", "EdDSA"), "", "must begin with https"},
		{"keys are fetched from nowhere inside (row 27)", put("--issuer", keys, "--jwks-url", "https://169.254.169.254/jwks", "--algorithm", "EdDSA"), "", "not on the public internet"},
		{"keys need an algorithm", put("--issuer", keys, "--jwks-url", keys+"/jwks"), "", "no algorithm is allowed"},
		{"a shared secret is not published", put("--issuer", keys, "--jwks-url", keys+"/jwks", "--algorithm", "HS256"), "", "can be published"},
		{"an algorithm is of keys", put("--issuer", keys, "--algorithm", "EdDSA"), "", "set --jwks-url"},
		{"an issuer needs a reason", put("--issuer", keys), "", "needs no entry"},
		{"keys are fetched", put("--issuer", keys, "--jwks-url", keys+"/jwks", "--algorithm", "EdDSA", "--algorithm", "RS256"), "keys from https://keys.example/jwks (EdDSA, RS256)", ""},
		{"no secret comes beside them", []string{"key", "add", "--tenant", "acme", "--issuer", keys, "--kid", "k", "--algorithm", "HS256", "--secret-file", shared}, "", "shared secret"},
		{"a ticket must be signed", put("--issuer", desk, "--claim", "sub=/sub", "--constant", "ctx.psa=zendesk"), "", "ctx.ticket.id, which must be inside the signature"},
		{"a constant goes with claims", put("--issuer", desk, "--constant", "ctx.psa=zendesk"), "", "go with --claim"},
		{"claims are mapped", put("--issuer", desk, "--claim", "sub=/sub", "--claim", "ctx.ticket.id=/context/ticketId", "--constant", "ctx.psa=zendesk", "--audience", "https://acme.desk.example/a=1;b", "--type", "JWT", "--type", "none"), "claims mapped", ""},
		{"the doctor misses its key", []string{"doctor"}, "issuer acme.desk.example has no key", "1 check failed: each line with FAIL above says what to do"},
		{"an issuer is changed, not doubled", put("--issuer", keys, "--jwks-url", keys+"/new", "--algorithm", "ES256"), "keys from https://keys.example/new (ES256)\n  issuer acme", ""},
		{"a provider is reached by https (row 27)", signIn("--issuer", "http://id.example"), "", "must begin with https"},
		{"a provider of everybody's needs a domain", signIn("--issuer", google), "", "say whose e-mail addresses"},
		{"an empty secret is none", signIn("--issuer", google, "--email-domain", "acme.example", "--client-secret-file", empty), "", "is empty"},
		{"technicians sign in", signIn("--issuer", google, "--email-domain", "acme.example", "--client-secret-file", secret), "/signin/callback", ""},
		{"the list shows it", []string{"tenant", "list"}, "signin https://accounts.google.com  client pod  tickets of connectwise  technicians by sub  of acme.example", ""},
		{"an issuer is removed", []string{"tenant", "issuer", "remove", "--tenant", "acme", "--issuer", desk}, "acme", ""},
		{"it is removed once", []string{"tenant", "issuer", "remove", "--tenant", "acme", "--issuer", desk}, "", "has no issuer"},
		{"the sign-in is removed", []string{"tenant", "signin", "remove", "--tenant", "acme"}, "acme", ""},
		{"it is removed once, too", []string{"tenant", "signin", "remove", "--tenant", "acme"}, "", "has no sign-in"},
		{"the doctor is content", []string{"doctor", "data"}, "ok", ""},
	} {
		out, err := o.run(s.args...)
		if !strings.Contains(out, s.out) || !strings.Contains(err, s.err) || (s.err == "") != (err == "") {
			t.Errorf("%s: printed %q, error %q; want %q, %q", s.name, out, err, s.out, s.err)
		}
		if strings.Contains(out, "hush-hush") {
			t.Errorf("%s: the secret is printed", s.name)
		}
	}
}

func TestAMappingIsStoredAsItWasGiven(t *testing.T) {
	o := newOperator(t)
	for _, args := range [][]string{
		{"tenant", "put", "acme", "--name", "Acme IT", "--origin", "https://psa.example"},
		{"tenant", "issuer", "put", "--tenant", "acme", "--issuer", "i", "--claim", "sub=/sub", "--claim", "ctx.ticket.id=/a=b/t;u", "--constant", "ctx.psa=zendesk", "--audience", "x", "--type", "none"},
	} {
		if _, err := o.run(args...); err != "" {
			t.Fatal(err)
		}
	}
	flags := app.Database{DataDir: o.env["SHIELDPOD_DATA_DIR"], MasterKey: o.env["SHIELDPOD_MASTER_KEY"]}
	err := withStore(&env{ctx: t.Context()}, flags, func(ctx context.Context, db *store.Store) error {
		acme, err := db.TenantSettings(ctx, "acme")
		want := `{"audience":"x","types":[""],"claims":{"ctx.ticket.id":"/a=b/t;u","sub":"/sub"},"constants":{"ctx.psa":"zendesk"}}`
		if len(acme.Issuers) != 1 || string(acme.Issuers[0].Mapping) != want {
			t.Errorf("got %+v", acme.Issuers)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheDoctorLooksAtAnEmbeddedPod(t *testing.T) {
	pod := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		if r.URL.Path == "/pod/acme" {
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("Content-Security-Policy", "script-src 'self'; frame-ancestors https://psa.example")
			_, _ = w.Write([]byte(`<meta name="shieldpod-origins" content="https://psa.example"><script src="/pod-assets/pod.js"></script>`))
		}
	}))
	defer pod.Close()
	for _, c := range []struct {
		args []string
		says string
		err  string
	}{
		{[]string{"--url", pod.URL + "/pod/acme"}, "ok    it may be framed by https://psa.example", ""},
		{[]string{"--url", pod.URL + "/pod/acme", "--host", pod.URL + "/ticket"}, "FAIL  " + pod.URL + " may not frame the pod: only https://psa.example may\n      shieldpod tenant put acme --add-origin " + pod.URL, "1 check failed: each line with FAIL above says what to do"},
		{[]string{"--url", pod.URL}, "is not the address of a pod", "1 check failed: each line with FAIL above says what to do"},
	} {
		var out, errs bytes.Buffer
		err := Run(t.Context(), append([]string{"doctor", "embed"}, c.args...), func(string) string { return "" }, &out, &errs)
		said := ""
		if err != nil {
			said = err.Error()
		}
		if !strings.Contains(out.String(), c.says) || !strings.Contains(said, c.err) || (c.err == "") != (err == nil) {
			t.Errorf("%v: %q, %v", c.args, out.String(), err)
		}
	}
}
