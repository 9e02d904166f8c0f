package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/app/apptest"
)

// runningDemo is a demo in this process.
type runningDemo struct {
	t           *testing.T
	client      http.Client
	pod, manage string // the server, and ConnectWise as the server reaches it
	dir         string // the data folder
	log         *logBuffer
}

// logBuffer keeps the server's log. Several goroutines may write to it.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *logBuffer) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(line)
}

func (j *logBuffer) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// welcome is closed when the demo prints what to open: by then it serves.
type welcome struct {
	once sync.Once
	yes  chan struct{}
}

func (o *welcome) Write(words []byte) (int, error) {
	o.once.Do(func() { close(o.yes) })
	return len(words), nil
}

func startDemo(t *testing.T) *runningDemo {
	t.Helper()
	pod, desk, phone, manage := apptest.FreePort(t), apptest.FreePort(t), apptest.FreePort(t), apptest.FreePort(t)
	dir := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	printed, log := &welcome{yes: make(chan struct{})}, &logBuffer{}
	ended := make(chan error, 1)
	go func() {
		ended <- Run(ctx, []string{
			"--port", pod, "--desk-port", desk, "--phone-port", phone, "--connectwise-port", manage, "--data-dir", dir,
		}, printed, log)
	}()
	select {
	case <-printed.yes:
	case err := <-ended:
		t.Fatal(err)
	}
	p := &runningDemo{t: t, pod: "http://localhost:" + pod, manage: "http://127.0.0.1:" + manage, dir: dir, log: log}
	p.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	t.Cleanup(func() {
		p.client.CloseIdleConnections()
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return p
}

func (p *runningDemo) post(address, kind, body string) (*http.Response, []byte) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	answer, err := p.client.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	said, err := io.ReadAll(answer.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer, said
}

// signIn begins a session in ConnectWise, and gives its hash.
func (p *runningDemo) signIn(member string) string {
	p.t.Helper()
	answer, said := p.post(p.manage+"/signin", "application/x-www-form-urlencoded", url.Values{"member": {member}, "to": {"/"}}.Encode())
	for _, c := range answer.Cookies() {
		if c.Name == "memberHash" {
			return c.Value
		}
	}
	p.t.Fatalf("%s can't sign in: %s", member, said)
	return ""
}

// launchResult is the answer to a launch.
type launchResult struct {
	Code string
	Pod  struct {
		Ticket   struct{ ID string }
		Contacts []struct{ Name string }
	}
}

func (p *runningDemo) launch(member, hash, ticket, screen string) (int, launchResult) {
	p.t.Helper()
	body, err := json.Marshal(map[string]any{
		"tenant": acmeTenant, "ticket": map[string]string{"id": ticket, "screen": screen},
		"member": map[string]string{"id": member, "hash": hash, "context": "web", "company": "acme"},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	answer, said := p.post(p.pod+"/api/v1/launch/connectwise", "application/json", string(body))
	var got launchResult
	if err := json.Unmarshal(said, &got); err != nil {
		p.t.Fatalf("%d %s", answer.StatusCode, said)
	}
	if bytes.Contains(said, []byte(hash)) {
		p.t.Error("the member's hash came back")
	}
	return answer.StatusCode, got
}

func TestTheDemosConnectWiseOpensPodsOfWhomItShould(t *testing.T) {
	p := startDemo(t)
	for _, c := range []struct {
		name, does         string // what ConnectWise is told to do first
		member, as, ticket string // as: who is claimed, if not the member
		screen             string
		status             int
		want               string // the first contact, or the refusal's code
	}{
		{name: "the everyday case", member: "AOrtiz", ticket: "61211", screen: "ticket", status: 200, want: "Dana Reyes"},
		{name: "in another case of letters", member: "AOrtiz", as: "aortiz", ticket: "61211", status: 200, want: "Dana Reyes"},
		{name: "a project ticket", member: "AOrtiz", ticket: "61165", screen: "projectticket", status: 200, want: "Marcus Lee"},
		{name: "a project ticket, on no known screen", member: "AOrtiz", ticket: "61165", status: 200, want: "Marcus Lee"},
		{name: "a client of 1,040 people", member: "AOrtiz", ticket: "61144", status: 200, want: "Rosa Abbot"},
		{name: "a caller who is no contact", member: "AOrtiz", ticket: "61139", status: 422, want: "no_contact"},
		{name: "a contact who has left", member: "AOrtiz", ticket: "61133", status: 422, want: "no_contact"},
		{name: "a ticket on a board that is closed to the member", member: "LPark", ticket: "61150", status: 404, want: "ticket_not_found"},
		{name: "the same, to whom it is open", member: "AOrtiz", ticket: "61150", status: 200, want: "Dana Reyes"},
		{name: "a member without any right to tickets", member: "SNovak", ticket: "61211", status: 404, want: "ticket_not_found"},
		{name: "no such ticket", member: "AOrtiz", ticket: "1", status: 404, want: "ticket_not_found"},
		{name: "a member who has left", member: "RFrost", ticket: "61211", status: 401, want: "member_refused"},
		{name: "a session under a colleague's name", member: "AOrtiz", as: "LPark", ticket: "61211", status: 401, want: "member_refused"},
		{name: "nobody's session", as: "AOrtiz", ticket: "61211", status: 401, want: "member_refused"},
		{name: "made inactive", does: "inactive", member: "AOrtiz", ticket: "61211", status: 401, want: "member_refused"},
		{name: "taken for somebody else", does: "mismatch", member: "AOrtiz", ticket: "61211", status: 401, want: "member_refused"},
		{name: "down", does: "down", member: "AOrtiz", ticket: "61211", status: 503, want: "psa_unavailable"},
		{name: "a page instead of an answer", does: "html", member: "AOrtiz", ticket: "61211", status: 503, want: "psa_unavailable"},
		{name: "an error of its own", does: "500", member: "AOrtiz", ticket: "61211", status: 503, want: "psa_unavailable"},
		{name: "a connection that is cut", does: "cut", member: "AOrtiz", ticket: "61211", status: 503, want: "psa_unavailable"},
		{name: "too many requests", does: "429", member: "AOrtiz", ticket: "61211", status: 429, want: "psa_busy"},
		{name: "nobody is believed", does: "401", member: "AOrtiz", ticket: "61211", status: 401, want: "member_refused"},
		{name: "nobody may do anything", does: "403", member: "AOrtiz", ticket: "61211", status: 401, want: "member_refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p.t = t
			hash := strings.Repeat("0", 32)
			if c.member != "" {
				hash = p.signIn(c.member)
			}
			if c.as == "" {
				c.as = c.member
			}
			if c.does != "" {
				p.post(p.manage+"/api/faults", "application/json", fmt.Sprintf(`{"target":"connectwise","mode":%q}`, c.does))
				defer p.post(p.manage+"/api/faults", "application/json", `{"target":"connectwise","mode":"ok"}`)
			}
			status, got := p.launch(c.as, hash, c.ticket, c.screen)
			name := got.Code
			if len(got.Pod.Contacts) > 0 {
				name = got.Pod.Contacts[0].Name
			}
			if status != c.status || name != c.want {
				t.Errorf("%d %s, want %d %s", status, name, c.status, c.want)
			}
		})
	}
}

func TestAnUpgradeOfConnectWiseIsFollowed(t *testing.T) {
	p := startDemo(t)
	ana := p.signIn("AOrtiz")
	if status, got := p.launch("AOrtiz", ana, "61211", "ticket"); status != 200 {
		t.Fatalf("before: %d %s", status, got.Code)
	}
	p.post(p.manage+"/api/codebase", "application/json", `{"codebase":"v2026_1"}`)
	if status, got := p.launch("AOrtiz", ana, "61198", "ticket"); status != 200 || got.Pod.Ticket.ID != "61198" {
		t.Errorf("after: %d %s", status, got.Code)
	}
}

func TestThreat_25_AMembersSessionIsWrittenNowhere(t *testing.T) {
	p := startDemo(t)
	ana := p.signIn("AOrtiz")
	for _, does := range []string{"ok", "mismatch", "html", "500", "cut", "down", "401", "429"} {
		p.post(p.manage+"/api/faults", "application/json", fmt.Sprintf(`{"target":"connectwise","mode":%q}`, does))
		p.launch("AOrtiz", ana, "61211", "ticket") // looks for the hash in what comes back
	}
	files, err := filepath.Glob(filepath.Join(p.dir, "*"))
	if err != nil || len(files) < 2 {
		t.Fatal(err, files)
	}
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte(ana)) {
			t.Errorf("%s holds it", filepath.Base(name))
		}
	}
	if log := p.log.String(); strings.Contains(log, ana) || !strings.Contains(log, "psa_unavailable") {
		t.Errorf("the log has it, or nothing at all: %s", log)
	}
}
