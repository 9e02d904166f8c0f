package app

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/sandbox"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/api"
	launchcontext "github.com/shieldpod/shieldpod/sdk/context"
)

// What was acknowledged survives kill -9 at any moment, the chain stays whole, and
// nothing is green that nobody validated.
func TestNothingIsLostWhenTheServerIsKilled(t *testing.T) {
	const kills, callers, acknowledgedPerLife = 5, 6, 200
	v := newVictim(t)
	v.trust(t)
	storetest.SetPolicy(t, v.open(t), "acme", "", storetest.Unbounded)
	book := &ledger{sent: map[string]bool{}, verified: map[string]bool{}, tried: map[string]bool{}}
	for life := range kills {
		process := v.start(t)
		lived, stop := context.WithCancel(t.Context())
		var working sync.WaitGroup
		acknowledged := make(chan struct{}, 1024)
		for caller := range callers {
			working.Go(func() { v.work(lived, t, fmt.Sprintf("%d-%d", life, caller), book, acknowledged) })
		}
		for range acknowledgedPerLife {
			select {
			case <-acknowledged:
			case <-time.After(5 * time.Minute): // ends a test that hangs
				t.Fatal("the server stopped acknowledging")
			}
		}
		if err := process.Process.Kill(); err != nil { // SIGKILL, in the middle of whatever it does
			t.Fatal(err)
		}
		_ = process.Wait() // it says that it was killed
		stop()
		working.Wait()
	}
	book.hold(t, v.open(t))
}

// ledger is what the callers were told, and what they dared.
type ledger struct {
	mu       sync.Mutex
	sent     map[string]bool // acknowledged by 201
	tried    map[string]bool // the right code was sent for it, whatever came back
	verified map[string]bool // acknowledged by 200
}

func (l *ledger) note(list map[string]bool, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	list[id] = true
}

// hold compares what is stored with what was told.
func (l *ledger) hold(t *testing.T, db *store.Store) {
	t.Helper()
	count, broken, err := db.VerifyChain(t.Context(), "acme")
	if err != nil || broken != nil {
		t.Fatalf("the chain of %d events: %v %v", count, broken, err)
	}
	changed, err := db.Changed(t.Context(), "acme", 0)
	if err != nil {
		t.Fatal(err)
	}
	asked, green := map[string]bool{}, map[string]bool{}
	for contact := range changed {
		events, err := db.Recent(t.Context(), "acme", []string{contact}, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			switch e.Kind {
			case verify.EventRequested:
				asked[e.Verification] = true
			case verify.EventVerified:
				green[e.Verification] = true
			}
		}
	}
	for id := range l.sent {
		if !asked[id] {
			t.Errorf("%s was acknowledged and is gone", id)
		}
	}
	for id := range l.verified {
		if !green[id] {
			t.Errorf("%s was acknowledged as verified and is not", id)
		}
	}
	for id := range green {
		if !l.tried[id] {
			t.Errorf("%s is green and nobody gave its code", id)
		}
	}
	if len(l.sent) == 0 || len(l.verified) == 0 {
		t.Errorf("%d sent and %d verified: the test proved nothing", len(l.sent), len(l.verified))
	}
	t.Logf("%d sent, %d verified, %d events", len(l.sent), len(l.verified), count)
}

// victim is a server in a process of its own, with the sandbox as its carriers.
type victim struct {
	metrics string // address of /metrics; empty: nowhere
	binary  string
	env     []string
	port    string
	master  []byte
	dir     string
	key     launchcontext.SigningKey
	phone   http.Handler

	beats    <-chan time.Time // drives the hubs of nodes; nil for a ticker
	audience string           // the public URL
	numbers  atomic.Int64     // given out: every contact has one of its own
}

func newVictim(t *testing.T) *victim {
	t.Helper()
	v := &victim{binary: filepath.Join(t.TempDir(), "shieldpod"), dir: t.TempDir(), master: masterKey("the victim"), port: freePort(t)}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", v.binary, "github.com/shieldpod/shieldpod/bff/cmd/shieldpod").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	hookKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	hookPublic, err := x509.MarshalPKIXPublicKey(&hookKey.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	phone, err := sandbox.New(sandbox.Config{
		HookBase: "http://127.0.0.1:" + v.port, Tenant: "acme", SendGridKey: "SG.test", SendGridHookKey: hookKey,
		VonageKey: "demo0001", VonageSecret: "a-secret", VonageSignature: "a-signature-secret", Now: systemClock,
		Delay: func() time.Duration { return 0 }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(phone.Close)
	carriers := httptest.NewServer(phone)
	t.Cleanup(carriers.Close)
	v.phone, v.audience = phone, "http://127.0.0.1:"+v.port
	v.env = append(os.Environ(),
		"SHIELDPOD_MASTER_KEY="+base64.StdEncoding.EncodeToString(v.master), "SHIELDPOD_DATA_DIR="+v.dir,
		"SHIELDPOD_LISTEN=127.0.0.1:"+v.port, "SHIELDPOD_PUBLIC_URL=http://127.0.0.1:"+v.port,
		"SHIELDPOD_SENDGRID_KEY=SG.test", "SHIELDPOD_SENDGRID_FROM=verify@acme.example", "SHIELDPOD_SENDGRID_HOST="+carriers.URL,
		"SHIELDPOD_SENDGRID_WEBHOOK_KEY="+base64.StdEncoding.EncodeToString(hookPublic),
		"SHIELDPOD_VONAGE_KEY=demo0001", "SHIELDPOD_VONAGE_SECRET=a-secret", "SHIELDPOD_VONAGE_FROM=AcmeIT",
		"SHIELDPOD_VONAGE_HOST="+carriers.URL, "SHIELDPOD_VONAGE_SIGNATURE_SECRET=a-signature-secret",
	)
	return v
}

// trust makes the tenant and its signing key, by the commands that an operator uses.
func (v *victim) trust(t *testing.T) {
	t.Helper()
	private, public := filepath.Join(v.dir, "psa.pem"), filepath.Join(v.dir, "psa.pub.pem")
	for _, args := range [][]string{
		{"tenant", "put", "acme", "--name", "Acme IT", "--origin", "https://psa.example"},
		{"key", "new", "--out", private, "--public-out", public},
		{"key", "add", "acme", "--issuer", "https://psa.example", "--kid", "k1", "--public", public},
	} {
		if err := runContext(t.Context(), args, v.getenv, io.Discard, io.Discard); err != nil {
			t.Fatalf("%v: %v", args, err)
		}
	}
	pem, err := os.ReadFile(private)
	if err != nil {
		t.Fatal(err)
	}
	if v.key, err = launchcontext.ParsePrivateKey(pem, "k1"); err != nil {
		t.Fatal(err)
	}
}

// start runs the server and returns once it says that it is ready.
func (v *victim) start(t *testing.T) *exec.Cmd {
	t.Helper()
	process := exec.CommandContext(t.Context(), v.binary, "serve")
	process.Env = v.env
	said, err := process.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "msg=ready") {
			go func() { _, _ = io.Copy(io.Discard, said) }()
			return process
		}
		t.Log(lines.Text())
	}
	t.Fatal("the server ended before it was ready")
	return nil
}

// open reads the data once the server is gone.
func (v *victim) open(t *testing.T) *store.Store {
	t.Helper()
	keys, err := derive(v.master)
	if err != nil {
		t.Fatal(err)
	}
	vault, err := store.NewVault(keys.vault, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), store.Config{URL: filepath.Join(v.dir, "shieldpod.db"), Vault: vault})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// work verifies one contact after another until the server's life ends. Errors are what a
// killed server looks like; what counts is what it acknowledged before.
func (v *victim) work(ctx context.Context, t *testing.T, name string, book *ledger, acknowledged chan<- struct{}) {
	for n := 0; ctx.Err() == nil; n++ {
		number := fmt.Sprintf("+1415%d", 2000000+v.numbers.Add(1))
		token, err := v.launch(ctx, fmt.Sprintf("c-%s-%d", name, n), number)
		if err != nil {
			t.Logf("%s stops: %v", name, err) // a killed server looks like this; so would a broken one
			return
		}
		var sent api.Verification
		body := fmt.Sprintf(`{"contact_id":"c-%s-%d","channel_id":"m","method":"sms_code"}`, name, n)
		if v.post(ctx, "/api/v1/verifications", token, body, http.StatusCreated, &sent) != nil {
			return
		}
		book.note(book.sent, sent.Id)
		acknowledged <- struct{}{}
		code := v.readSMS(ctx, number)
		if code == "" {
			continue
		}
		book.note(book.tried, sent.Id)
		var green api.Verification
		if v.post(ctx, "/api/v1/verifications/"+sent.Id+"/code", token, `{"code":"`+code+`"}`, http.StatusOK, &green) == nil {
			book.note(book.verified, sent.Id)
			acknowledged <- struct{}{}
		}
	}
}

func (v *victim) launch(ctx context.Context, contact, number string) (string, error) {
	signed, err := launchcontext.Sign(launchcontext.Claims{
		Issuer: "https://psa.example", Audience: v.audience, Subject: "ana", Tenant: "acme",
		Context: launchcontext.Context{
			PSA: "test", Ticket: launchcontext.Ticket{ID: "1", Summary: "Reset"}, Client: launchcontext.Client{ID: "c", Name: "Contoso"},
			Contact: launchcontext.Default{ID: contact, Name: "Dana"},
			Contacts: []launchcontext.Contact{{ID: contact, Name: "Dana", Channels: []launchcontext.Channel{
				{ID: "m", Kind: launchcontext.KindPhone, Value: number},
			}}},
		},
	}, v.key)
	if err != nil {
		return "", err
	}
	var launched api.SessionOpened
	err = v.post(ctx, "/api/v1/launch", "", `{"context":"`+signed+`"}`, http.StatusOK, &launched)
	return launched.Token, err
}

// readSMS waits for the text that was sent last to the number, until the context ends.
func (v *victim) readSMS(ctx context.Context, number string) string {
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return ""
		case <-look.C:
		}
		answer := httptest.NewRecorder()
		request := httptest.NewRequestWithContext(ctx, http.MethodGet, "/api/messages?limit=1&to=%2B"+number[1:], nil)
		v.phone.ServeHTTP(answer, request)
		var messages []struct {
			Code string `json:"code"`
		}
		if json.Unmarshal(answer.Body.Bytes(), &messages) == nil && len(messages) == 1 {
			return messages[0].Code
		}
	}
}

func (v *victim) post(ctx context.Context, path, bearer, body string, want int, into any) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute) // ends a test that hangs
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://127.0.0.1:"+v.port+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", rand.Text())
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != want {
		said, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10))
		return fmt.Errorf("%s: %s: %s", path, response.Status, said)
	}
	return json.NewDecoder(response.Body).Decode(into)
}

func freePort(t *testing.T) string {
	t.Helper()
	for {
		l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_, port, err := net.SplitHostPort(l.Addr().String())
		if err = errors.Join(err, l.Close()); err != nil {
			t.Fatal(err)
		}
		if _, given := givenPorts.LoadOrStore(port, true); !given {
			return port
		}
	}
}

// givenPorts are those that freePort gave: the system may name one again as soon as it is closed.
var givenPorts sync.Map
