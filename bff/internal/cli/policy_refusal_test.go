package cli

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/shieldpod/shieldpod/sdk/api"
)

const twoEdits = `default: {override_note: required, banner: {text: Hello, tone: warning}}
clients:
  contoso:
    version: 7
    methods: [email_link]
    code_length: 60
  tailwind:
    banner:
      text: Hi
`

const (
	shownEdits = "contoso (Contoso): code_length 6 → 60\ntailwind (Tailwind): banner none → \"Hi\", info\nLeft alone, for the file does not name them: fabrikam.\n"
	oneEdit    = "clients:\n  contoso:\n    methods: [email_link]\n    code_length: 60\n"
	shownEdit  = "contoso (Contoso): code_length 6 → 60\nLeft alone, for the file does not name them: default, fabrikam, tailwind (Tailwind).\n"
)

func TestARefusalOfTheServersIsToldAtItsLine(t *testing.T) {
	newer := api.PolicyOverrides{ClientId: "contoso", Version: 8, EditedBy: "Kim Lee", EditedAt: time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC)}
	maybe := "The changes may have been applied or not: see by --dry-run what is left of them.\n"
	tests := []struct {
		name, give string
		refusal    api.Problem
		status     int
		want       string
	}{
		{
			"a value", twoEdits, api.Problem{Code: "invalid", Detail: "This must be a whole number from 6 to 8.", Field: "policies[0].fields.code_length"}, http.StatusUnprocessableEntity,
			shownEdits + "error: policy.yaml:6: clients.contoso.code_length: This must be a whole number from 6 to 8. (invalid)\nNothing was applied.\n",
		},
		{
			"a part of one", twoEdits, api.Problem{Code: "invalid", Detail: "Too long.", Field: "policies[1].fields.banner.text"}, http.StatusUnprocessableEntity,
			shownEdits + "error: policy.yaml:9: clients.tailwind.banner.text: Too long. (invalid)\nNothing was applied.\n",
		},
		{
			"of the only one, without a place", oneEdit, api.Problem{Code: "policy_conflict", Detail: "No code is among the methods.", Field: "fields.code_length"}, http.StatusUnprocessableEntity,
			shownEdit + "error: policy.yaml:4: clients.contoso.code_length: No code is among the methods. (policy_conflict)\nNothing was applied.\n",
		},
		{
			"somebody was faster", twoEdits, api.Problem{Code: "stale_version", Detail: "By now 8.", Field: "policies[0].version", Policy: newer}, http.StatusConflict,
			shownEdits + "error: policy.yaml:4: clients.contoso.version: contoso (Contoso) is at version 8 by now, edited by Kim Lee on 24 Nov 2026 at 15:00 UTC; this was made from version 7\n" +
				"Nothing was applied. Run 'shieldpod policy export' again, and make your changes there.\n",
		},
		{
			"a place that there is not", twoEdits, api.Problem{Code: "invalid", Detail: "No.", Field: "policies[9].fields.x"}, http.StatusUnprocessableEntity,
			shownEdits + "error: SERVER refused: No. (invalid, policies[9].fields.x)\nNothing was applied.\n",
		},
		{
			"a refusal of all", twoEdits, api.Problem{Code: "too_large", Detail: "The body is over 1 MiB."}, http.StatusRequestEntityTooLarge,
			shownEdits + "error: SERVER refused: The body is over 1 MiB. (too_large)\nNothing was applied.\n",
		},
		{
			"a fault", twoEdits, api.Problem{Code: "internal", Detail: "Something broke.", RequestId: "r1"}, http.StatusInternalServerError,
			shownEdits + "error: SERVER refused: Something broke. (internal, request r1)\n" + maybe,
		},
		{
			"words that would move the cursor (row 22)", twoEdits, api.Problem{Code: "invalid", Detail: "\x1b[2JDone", Field: "policies[0].name"}, http.StatusUnprocessableEntity,
			shownEdits + `error: policy.yaml:3: clients.contoso.name: "\x1b[2JDone" (invalid)` + "\nNothing was applied.\n",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := acme(t)
			server.refuse = func(w http.ResponseWriter, _ *http.Request) { problem(w, test.status, test.refusal) }
			a := newAdmin(t, server)
			a.write(test.give)
			if got := a.said("policy", "apply", a.file, "--yes"); got != test.want {
				t.Errorf("said\n%swant\n%s", got, test.want)
			}
		})
	}
}

func TestAnOldVersionIsRefusedBeforeAnybodyIsAsked(t *testing.T) {
	want := "contoso (Contoso): code_length 6 → 8\nfabrikam: - note_presets \"Manager approval\" (back to the tenant's)\nfabrikam: - sms_countries none (back to the tenant's)\n" +
		"Left alone, for the file does not name them: default, tailwind (Tailwind).\n" +
		"error: policy.yaml:3: clients.contoso.version: contoso (Contoso) is at version 7 by now, edited by Ana Ortiz on 24 Nov 2026 at 14:02 UTC; this was made from version 6\n" +
		"policy.yaml:7: clients.fabrikam.version: fabrikam is at version 2 by now, edited by Ana Ortiz on 24 Nov 2026 at 14:02 UTC; this was made from version 9\n" +
		"Nothing was applied. Run 'shieldpod policy export' again, and make your changes there.\n"
	for _, flag := range []string{"--yes", "--dry-run"} {
		server := acme(t)
		a := newAdmin(t, server)
		a.write("clients:\n  contoso:\n    version: 6\n    methods: [email_link]\n    code_length: 8\n  fabrikam:\n    version: 9\n")
		if got := a.said("policy", "apply", a.file, flag); got != want || len(server.batches) > 0 {
			t.Errorf("%s: sent %d, said\n%swant\n%s", flag, len(server.batches), got, want)
		}
	}
}

func TestAFileWithAMistakeAppliesNothing(t *testing.T) {
	server := acme(t)
	a := newAdmin(t, server)
	a.write("default:\n  override_note: optional\nclients:\n  contoso:\n    code_length: eight\n")
	want := "error: policy.yaml:5: clients.contoso.code_length: must be a whole number in digits\nNothing was applied.\n"
	if got := a.said("policy", "apply", a.file, "--yes"); got != want || len(server.batches) > 0 {
		t.Errorf("sent %d, said %q", len(server.batches), got)
	}
}

func TestNoMoreGoesAtOnceThanCanBeAllOrNothing(t *testing.T) {
	server := acme(t)
	a := newAdmin(t, server)
	file := "clients:\n"
	for i := range 1001 {
		file += "  c" + strings.Repeat("x", i%100) + strings.Repeat("y", i/100) + ": {sms_voip: true}\n"
	}
	a.write(file)
	got := a.said("policy", "apply", a.file, "--yes")
	if !strings.HasSuffix(got, "error: 1001 policies would change, and at most 1000 can all be written or none: split the file. Nothing was applied.\n") || len(server.batches) > 0 {
		t.Errorf("sent %d, said %s", len(server.batches), got[max(0, len(got)-300):])
	}
}

func TestAServerMustBeOneAndTakeTheKey(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the key went elsewhere") }))
	defer elsewhere.Close()
	pages := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<h1>Hello</h1>")) })
	away := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	})
	round := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, "application/json", api.PolicyPage{Policies: []api.PolicyOverrides{}, Next: "same"})
	})
	tests := []struct {
		name   string
		server http.Handler
		env    map[string]string
		want   string
	}{
		{"no server", nil, map[string]string{"SHIELDPOD_SERVER": ""}, "error: no server: set SHIELDPOD_SERVER or --server to where Shieldpod runs, like https://pod.example\n"},
		{"a server without TLS", nil, map[string]string{"SHIELDPOD_SERVER": "http://pod.example"}, "error: --server \"http://pod.example\" must be https (http is for loopback only)\n"},
		{"a server with a path", nil, map[string]string{"SHIELDPOD_SERVER": "https://pod.example/api"}, "error: --server \"https://pod.example/api\" must be a scheme and a host only, in small letters and without the scheme's own port, like https://pod.example\n"},
		{"no key", nil, map[string]string{"SHIELDPOD_API_KEY": ""}, "error: no API key: set SHIELDPOD_API_KEY or --api-key-file (make one by 'shieldpod apikey new')\n"},
		{"a key that is none (row 25: it is not repeated)", nil, map[string]string{"SHIELDPOD_API_KEY": "hunter2"}, "error: this is no API key: one begins with spk_ (make one by 'shieldpod apikey new')\n"},
		{"a key that would be two headers", nil, map[string]string{"SHIELDPOD_API_KEY": "spk_a\r\nX: y"}, "error: --api-key: the value can't be used: it holds more than one line: leave only the value\n"},
		{"two keys", nil, map[string]string{"SHIELDPOD_API_KEY_FILE": "key"}, "error: two API keys: set either SHIELDPOD_API_KEY or --api-key-file\n"},
		{"a key of nobody", acme(t), map[string]string{"SHIELDPOD_API_KEY": "spk_x_y"}, "error: SERVER refused: This is no API key of ours. (api_key_invalid)\n"},
		{"a web site", pages, nil, "error: SERVER is no Shieldpod (it answered 200 OK)\n"},
		{"a site that leads elsewhere", away, nil, "error: SERVER is no Shieldpod (it answered 307 Temporary Redirect)\n"},
		{"pages without end", round, nil, "error: SERVER gives the same page again and again\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := test.server
			if server == nil {
				server = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was asked") })
			}
			a := newAdmin(t, server)
			for name, value := range test.env {
				a.env[name] = value
			}
			a.write(oneEdit)
			for _, command := range [][]string{{"policy", "export"}, {"policy", "apply", a.file, "--yes"}} {
				if got := a.said(command...); got != test.want {
					t.Errorf("%s said %q, want %q", command[1], got, test.want)
				}
			}
		})
	}
}

func TestApplyingWhatWasExportedChangesNothing(t *testing.T) {
	server := &policyServer{t: t}
	a := newAdmin(t, server)
	texts := rapid.OneOf(rapid.SampledFrom([]string{"off", "no", "null", "1e3", "NO", "~", " leading", "two\nlines", `"quoted": it's`, "🛡️", "- x", "#", strings.Repeat("many words ", 40)}), rapid.StringN(1, 120, -1))
	fields := rapid.Custom(func(t *rapid.T) (f api.PolicyFields) {
		f.NotePresets = rapid.Ptr(rapid.SliceOfN(texts, 0, 10), true).Draw(t, "presets")
		f.CodeLength = rapid.Ptr(rapid.IntRange(6, 8), true).Draw(t, "length")
		f.SmsCountries = rapid.Ptr(rapid.SliceOfDistinct(rapid.SampledFrom([]string{"NO", "US", "DE"}), rapid.ID), true).Draw(t, "countries")
		f.SmsPrices = rapid.Ptr(rapid.MapOf(rapid.SampledFrom([]string{"*", "NO"}), rapid.IntRange(0, 1_000_000)), true).Draw(t, "prices")
		if rapid.Bool().Draw(t, "bannered") {
			f.Banner = &api.Banner{Text: texts.Draw(t, "text"), From: time.Unix(rapid.Int64Range(1, 4e9).Draw(t, "from"), 0).UTC()}
		}
		return f
	})
	rapid.Check(t, func(t *rapid.T) {
		server.settings = []api.PolicyOverrides{{Version: rapid.Int64Min(0).Draw(t, "version"), Fields: fields.Draw(t, "default")}}
		for _, id := range rapid.SliceOfNDistinct(texts, 0, 5, rapid.ID).Draw(t, "clients") {
			server.settings = append(server.settings, api.PolicyOverrides{
				ClientId: id, Name: texts.Draw(t, "name"), Version: rapid.Int64Min(1).Draw(t, "version"), Fields: fields.Draw(t, "fields"),
			})
		}
		if said := a.said("policy", "export", "--out", a.file); strings.Contains(said, "error") {
			t.Fatal(said)
		}
		if said := a.said("policy", "apply", a.file, "--yes", "--prune"); said != "Nothing to change.\n" {
			t.Fatal(said)
		}
	})
}
