package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/sdk/api"
	"github.com/shieldpod/shieldpod/sdk/policyfile"
)

// policyServer answers as the contract has it, two policies a page, and keeps what it is given.
type policyServer struct {
	t        *testing.T
	settings []api.PolicyOverrides
	batches  []api.PolicyBatch
	refuse   http.HandlerFunc // in place of a write
}

const policyKey = "spk_06ea_c2VjcmV0"

func (s *policyServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+policyKey {
		problem(w, http.StatusUnauthorized, api.Problem{Code: "api_key_invalid", Detail: "This is no API key of ours."})
		return
	}
	if r.URL.Path != "/api/v1/policies" {
		s.t.Errorf("%s %s was asked for", r.Method, r.URL.Path)
	}
	var page api.PolicyPage
	if r.Method == http.MethodGet {
		from, _ := strconv.Atoi(r.URL.Query().Get("cursor"))
		page.Policies = s.settings[from:min(from+2, len(s.settings))]
		if from+2 < len(s.settings) {
			page.Next = strconv.Itoa(from + 2)
		}
		answer(w, http.StatusOK, "application/json", page)
		return
	}
	var batch api.PolicyBatch
	if err := json.NewDecoder(r.Body).Decode(&batch); err != nil {
		s.t.Error(err)
	}
	s.batches = append(s.batches, batch)
	if s.refuse != nil {
		s.refuse(w, r)
		return
	}
	for _, e := range batch.Policies {
		page.Policies = append(page.Policies, api.PolicyOverrides{ClientId: e.ClientId, Name: e.Name, Version: e.Version + 1, Fields: e.Fields})
	}
	answer(w, http.StatusOK, "application/json", page)
}

func problem(w http.ResponseWriter, status int, p api.Problem) {
	answer(w, status, "application/problem+json", p)
}

func answer(w http.ResponseWriter, status int, kind string, body any) {
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that is gone
}

// policyAdmin runs policy commands against a server.
type policyAdmin struct {
	*operator
	site, file string
}

func newAdmin(t *testing.T, server http.Handler) *policyAdmin {
	t.Helper()
	site := httptest.NewServer(server)
	t.Cleanup(site.Close)
	a := &policyAdmin{operator: newOperator(t), site: site.URL, file: filepath.Join(t.TempDir(), "policy.yaml")}
	a.env["SHIELDPOD_SERVER"], a.env["SHIELDPOD_API_KEY"] = site.URL, policyKey
	return a
}

// said is what a command printed and its error, with neither the server's address nor the file's folder.
func (a *policyAdmin) said(args ...string) string {
	a.t.Helper()
	out, err := a.run(args...)
	if err != "" {
		out += "error: " + err + "\n"
	}
	return strings.NewReplacer(a.site, "SERVER", filepath.Dir(a.file)+"/", "").Replace(out)
}

func (a *policyAdmin) write(content string) {
	a.t.Helper()
	if err := os.WriteFile(a.file, []byte(content), 0o600); err != nil {
		a.t.Fatal(err)
	}
}

func level(t *testing.T, content string) policyfile.Level {
	t.Helper()
	f, err := policyfile.Parse("level", []byte("clients: {x: "+content+"}"))
	if err != nil {
		t.Fatal(err)
	}
	return f.Clients[0]
}

func setting(t *testing.T, client string, version int64, content string) api.PolicyOverrides {
	l := level(t, content)
	s := api.PolicyOverrides{ClientId: client, Name: l.Name, Version: version, Fields: l.Fields}
	if version > 0 {
		s.EditedBy, s.EditedAt = "Ana Ortiz", time.Date(2026, 11, 24, 14, 2, 0, 0, time.UTC)
	}
	return s
}

func acme(t *testing.T) *policyServer {
	return &policyServer{t: t, settings: []api.PolicyOverrides{
		setting(t, "", 12, `{override_note: required, banner: {text: "Hello", tone: warning}}`),
		setting(t, "contoso", 7, `{name: Contoso, methods: [email_link], code_length: 6}`),
		setting(t, "emptied", 3, `{name: Emptied}`),
		setting(t, "fabrikam", 2, `{note_presets: [Manager approval], sms_countries: []}`),
		setting(t, "tailwind", 1, `{name: Tailwind, banner: {text: ""}}`),
	}}
}

const acmeFile = `# What the tenant sets, and what its clients override. A field that is left out is the level's above:
# the tenant's over a client's, Shieldpod's own over the tenant's. docs/policies.md lists the fields.
default:
  version: 12
  override_note: required
  banner:
    text: Hello
    tone: warning
clients:
  contoso:
    name: Contoso
    version: 7
    methods: [email_link]
    code_length: 6
  fabrikam:
    version: 2
    note_presets:
      - Manager approval
    sms_countries: []
  tailwind:
    name: Tailwind
    version: 1
    banner:
      text: ""
`

func TestPoliciesAreExportedAlikeEachTime(t *testing.T) {
	a := newAdmin(t, acme(t))
	for range 2 {
		if diff := cmp.Diff(acmeFile, a.said("policy", "export")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if said := a.said("policy", "export", "--out", a.file); said != "policy.yaml has the tenant's default and 3 clients.\n" {
			t.Errorf("said %q", said)
		}
		content, err := os.ReadFile(a.file)
		if diff := cmp.Diff(acmeFile, string(content)); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
}

func TestApplyShowsWhatChangesAndSendsThatOnly(t *testing.T) {
	all := `contoso (Contoso): name Contoso → Contoso Ltd
contoso (Contoso): - methods email_link (back to the tenant's)
contoso (Contoso): code_length 6 → 8
contoso (Contoso): + sms_prices * 50, NO 30
newcorp (New "Corp"): + name New "Corp"
newcorp (New "Corp"): + banner "Say \"hi\" \u202e", critical, until 2026-12-01T00:00:00Z
`
	tests := []struct {
		name, give string
		flags      []string
		want       string
		sent       string // the clients of the only batch, with the versions
	}{
		{"what was exported is nothing new", acmeFile, nil, "Nothing to change.\n", ""},
		{
			"what the file does not name is left alone", "default: {override_note: required, banner: {text: Hello, tone: warning}}\nclients: {fabrikam: {note_presets: [Manager approval], sms_countries: []}}\n", nil,
			"Left alone, for the file does not name them: contoso (Contoso), tailwind (Tailwind).\nNothing to change.\n", "",
		},
		{"nor is the default", "clients: {}\n", []string{"--yes"}, "Left alone, for the file does not name them: default, contoso (Contoso), fabrikam, tailwind (Tailwind).\nNothing to change.\n", ""},
		{
			"a version that is left out is the current one", "default: {override_note: optional}\n", []string{"--yes"},
			"default: override_note required → optional\ndefault: - banner \"Hello\", warning (back to Shieldpod's own)\n" +
				"Left alone, for the file does not name them: contoso (Contoso), fabrikam, tailwind (Tailwind).\n" +
				"default: version 13\nApplied. Run 'shieldpod policy export' to have the new versions in the file.\n",
			"@12",
		},
		{
			"several levels go together",
			"clients:\n  contoso: {name: Contoso Ltd, version: 7, code_length: 8, sms_prices: {NO: 30, \"*\": 50}}\n  fabrikam: {note_presets: [Manager approval], sms_countries: []}\n" +
				"  newcorp: {name: 'New \"Corp\"', banner: {text: \"Say \\\"hi\\\" \\u202e\", tone: critical, until: 2026-12-01T00:00:00Z}}\n  tailwind: {banner: {text: \"\"}}\n", []string{"--yes"},
			all + "Left alone, for the file does not name them: default.\ncontoso (Contoso Ltd): version 8\nnewcorp (New \"Corp\"): version 1\n" +
				"Applied. Run 'shieldpod policy export' to have the new versions in the file.\n",
			"contoso@7 newcorp@0",
		},
		{
			"with --prune what is not named is cleared", "clients: {contoso: {methods: [email_link], code_length: 6}}\n", []string{"--yes", "--prune"},
			"fabrikam: - note_presets \"Manager approval\" (back to the tenant's)\nfabrikam: - sms_countries none (back to the tenant's)\ntailwind (Tailwind): - banner none (back to the tenant's)\n" +
				"Left alone, for the file does not name them: default.\nfabrikam: version 3\ntailwind: version 2\nApplied. Run 'shieldpod policy export' to have the new versions in the file.\n",
			"fabrikam@2 tailwind@1",
		},
		{
			"a dry run sends nothing", "default: {}\nclients: {contoso: {methods: [email_link], code_length: 7}}\n", []string{"--dry-run"},
			"default: - override_note required (back to Shieldpod's own)\ndefault: - banner \"Hello\", warning (back to Shieldpod's own)\ncontoso (Contoso): code_length 6 → 7\n" +
				"Left alone, for the file does not name them: fabrikam, tailwind (Tailwind).\n3 changes would be applied.\n",
			"",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := acme(t)
			a := newAdmin(t, server)
			a.write(test.give)
			if diff := cmp.Diff(test.want, a.said(append([]string{"policy", "apply", a.file}, test.flags...)...)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.sent, sent(server)); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
		})
	}
}

func sent(s *policyServer) string {
	var batches []string
	for _, b := range s.batches {
		var edits []string
		for _, e := range b.Policies {
			edits = append(edits, fmt.Sprintf("%s@%d", e.ClientId, e.Version))
		}
		batches = append(batches, strings.Join(edits, " "))
	}
	return strings.Join(batches, "; ")
}

func TestApplyAsksAtATerminal(t *testing.T) {
	one, two := "clients: {contoso: {methods: [email_link], code_length: 7}}\n", "clients: {contoso: {code_length: 7}}\n"
	tests := []struct {
		name, give string
		answers    io.Reader
		question   string
		err        string
		batches    int
	}{
		{"yes", one, strings.NewReader("y\n"), "Apply this change? [y/N] ", "", 1},
		{"a whole yes to several", two, strings.NewReader(" YES \n"), "Apply these 2 changes? [y/N] ", "", 1},
		{"no", one, strings.NewReader("n\n"), "Apply this change? [y/N] ", "Nothing was applied.", 0},
		{"nothing but the key", one, strings.NewReader("\n"), "Apply this change? [y/N] ", "Nothing was applied.", 0},
		{"another word", one, strings.NewReader("yesterday\n"), "Apply this change? [y/N] ", "Nothing was applied.", 0},
		{"the end", one, strings.NewReader(""), "Apply this change? [y/N] ", "Nothing was applied.", 0},
		{"nobody", one, nil, "", "nobody can be asked here: look at the changes with --dry-run, and apply them with --yes. Nothing was applied.", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := acme(t)
			a := newAdmin(t, server)
			a.write(test.give)
			var out, asked bytes.Buffer
			command := policyApplyCmd{File: a.file, serverFlags: serverFlags{Server: a.site, APIKey: policyKey}}
			err := command.Run(&env{ctx: t.Context(), stdout: &out, stderr: &asked, answers: test.answers})
			if said := fmt.Sprint(err); said != test.err && (err != nil || test.err != "") {
				t.Errorf("error %q, want %q", said, test.err)
			}
			if asked.String() != test.question || len(server.batches) != test.batches {
				t.Errorf("asked %q and sent %d, want %q and %d", asked.String(), len(server.batches), test.question, test.batches)
			}
		})
	}
}
