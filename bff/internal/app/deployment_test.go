package app_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/bff/internal/app/apptest"
	"github.com/shieldpod/shieldpod/bff/internal/cli"
	"github.com/shieldpod/shieldpod/bff/internal/notify"
	"github.com/shieldpod/shieldpod/bff/internal/sandbox/carriers"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/sdk/api"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// deployment is one database with the servers on it, in a process of their own or in this one, and the sandbox as their
// carriers.
type deployment struct {
	metrics string // address of /metrics; empty: nowhere
	binary  string // built when the first process starts
	env     []string
	port    string
	master  []byte
	dir     string
	key     launchcontext.SigningKey
	phone   http.Handler

	ticks    <-chan time.Time // drives the hubs of nodes; nil for a ticker
	audience string           // the public URL
	numbers  atomic.Int64     // given out: every contact has one of its own
}

func newDeployment(t *testing.T) *deployment {
	t.Helper()
	d := &deployment{dir: t.TempDir(), master: apptest.MasterKey("the deployment"), port: apptest.FreePort(t)}
	storetest.Seed(t, filepath.Join(d.dir, app.DatabaseFile))
	hookKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	hookPublic, err := x509.MarshalPKIXPublicKey(&hookKey.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	phone, err := carriers.New(carriers.Config{
		HookBase: "http://127.0.0.1:" + d.port, Tenant: "acme", SendGridKey: "SG.test", SendGridHookKey: hookKey,
		VonageKey: "demo0001", VonageSecret: "a-secret", VonageSignature: "a-signature-secret", Now: app.SystemClock,
		Delay: func() time.Duration { return 0 }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(phone.Close)
	carriers := httptest.NewServer(phone)
	t.Cleanup(carriers.Close)
	d.phone, d.audience = phone, "http://127.0.0.1:"+d.port
	d.env = append(os.Environ(),
		"SHIELDPOD_MASTER_KEY="+base64.StdEncoding.EncodeToString(d.master), "SHIELDPOD_DATA_DIR="+d.dir,
		"SHIELDPOD_LISTEN=127.0.0.1:"+d.port, "SHIELDPOD_PUBLIC_URL=http://127.0.0.1:"+d.port,
		"SHIELDPOD_SENDGRID_KEY=SG.test", "SHIELDPOD_SENDGRID_FROM=verify@acme.example", "SHIELDPOD_SENDGRID_HOST="+carriers.URL,
		"SHIELDPOD_SENDGRID_WEBHOOK_KEY="+base64.StdEncoding.EncodeToString(hookPublic),
		"SHIELDPOD_VONAGE_KEY=demo0001", "SHIELDPOD_VONAGE_SECRET=a-secret", "SHIELDPOD_VONAGE_FROM=AcmeIT",
		"SHIELDPOD_VONAGE_HOST="+carriers.URL, "SHIELDPOD_VONAGE_SIGNATURE_SECRET=a-signature-secret",
	)
	return d
}

// trust makes the tenant and its signing key, by the commands that an operator uses.
func (d *deployment) trust(t *testing.T) {
	t.Helper()
	private, public := filepath.Join(d.dir, "psa.pem"), filepath.Join(d.dir, "psa.pub.pem")
	for _, args := range [][]string{
		{"tenant", "put", "acme", "--name", "Acme IT", "--origin", "https://psa.example"},
		{"key", "new", "--out", private, "--public-out", public},
		{"key", "add", "--tenant", "acme", "--issuer", "https://psa.example", "--kid", "k1", "--public", public},
	} {
		if err := cli.Run(t.Context(), args, d.getenv, io.Discard, io.Discard); err != nil {
			t.Fatalf("%v: %v", args, err)
		}
	}
	pem, err := os.ReadFile(private)
	if err != nil {
		t.Fatal(err)
	}
	if d.key, err = launchcontext.ParsePrivateKey(pem, "k1"); err != nil {
		t.Fatal(err)
	}
}

// start runs the server and returns once it says that it is ready.
func (d *deployment) start(t *testing.T) *exec.Cmd {
	t.Helper()
	if d.binary == "" {
		d.binary = filepath.Join(t.TempDir(), "shieldpod")
		build := exec.CommandContext(t.Context(), "go", "build", "-o", d.binary, "github.com/shieldpod/shieldpod/bff/cmd/shieldpod")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	process := exec.CommandContext(t.Context(), d.binary, "serve")
	process.Env = d.env
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
func (d *deployment) open(t *testing.T) *store.Store {
	t.Helper()
	keys, err := app.DeriveKeys(d.master)
	if err != nil {
		t.Fatal(err)
	}
	vault, err := store.NewVault(keys.Vault, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), store.Config{URL: filepath.Join(d.dir, app.DatabaseFile), Vault: vault})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func (d *deployment) launch(ctx context.Context, contact, number string) (string, error) {
	signed, err := launchcontext.Sign(launchcontext.Claims{
		Issuer: "https://psa.example", Audience: d.audience, Subject: "ana", Tenant: "acme",
		Context: launchcontext.Context{
			PSA: "test", Ticket: launchcontext.Ticket{ID: "1", Summary: "Reset"}, Client: launchcontext.Client{ID: "c", Name: "Contoso"},
			Contact: launchcontext.Default{ID: contact, Name: "Dana"},
			Contacts: []launchcontext.Contact{{ID: contact, Name: "Dana", Channels: []launchcontext.Channel{
				{ID: "m", Kind: launchcontext.KindPhone, Value: number},
			}}},
		},
	}, d.key)
	if err != nil {
		return "", err
	}
	var launched api.SessionOpened
	err = d.post(ctx, "/api/v1/launch", "", `{"context":"`+signed+`"}`, http.StatusOK, &launched)
	return launched.Token, err
}

// readSMS waits for the text that was sent last to the number, until the context ends.
func (d *deployment) readSMS(ctx context.Context, number string) string {
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
		d.phone.ServeHTTP(answer, request)
		var messages []struct {
			Code string `json:"code"`
		}
		if json.Unmarshal(answer.Body.Bytes(), &messages) == nil && len(messages) == 1 {
			return messages[0].Code
		}
	}
}

func (d *deployment) post(ctx context.Context, path, bearer, body string, want int, into any) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute) // ends a test that hangs
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://127.0.0.1:"+d.port+path, strings.NewReader(body))
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

// node starts one of several servers in this process.
func (d *deployment) node(t *testing.T, routes []string, which int) *deployment {
	t.Helper()
	n := &deployment{env: d.env, dir: d.dir, master: d.master, key: d.key, phone: d.phone, port: apptest.FreePort(t), audience: d.audience, ticks: d.ticks}
	var log bytes.Buffer
	c := n.config(t, slog.New(slog.NewTextHandler(&log, nil)))
	c.Bus = notify.Config{ClusterListen: routes[which], ClusterRoutes: routes}
	c.MetricsListen = d.metrics
	ctx, stop := context.WithCancel(t.Context())
	srv, err := app.New(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	listeners, err := app.Listen(ctx, c.Listen)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Run(ctx, listeners) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("node %d ended with %v\n%s", which, err, &log)
		}
	})
	return n
}

// config is what the command line makes of the deployment's environment.
func (d *deployment) config(t *testing.T, log *slog.Logger) app.Config {
	t.Helper()
	keys, err := app.DeriveKeys(d.master)
	if err != nil {
		t.Fatal(err)
	}
	database, err := app.Database{DataDir: d.dir, DatabaseURL: d.getenv("SHIELDPOD_DATABASE_URL")}.URL(log)
	if err != nil {
		t.Fatal(err)
	}
	limits, err := parseLimits()
	if err != nil {
		t.Fatal(err)
	}
	carriers := app.PlatformCarriers{
		SendgridKey: "SG.test", SendgridFrom: "verify@acme.example", SendgridHost: d.getenv("SHIELDPOD_SENDGRID_HOST"),
		SendgridWebhookKey: d.getenv("SHIELDPOD_SENDGRID_WEBHOOK_KEY"),
		VonageKey:          d.getenv("SHIELDPOD_VONAGE_KEY"), VonageSecret: d.getenv("SHIELDPOD_VONAGE_SECRET"), VonageFrom: d.getenv("SHIELDPOD_VONAGE_FROM"),
		VonageHost: d.getenv("SHIELDPOD_VONAGE_HOST"), VonageSignatureSecret: d.getenv("SHIELDPOD_VONAGE_SIGNATURE_SECRET"), VonageSignatureMethod: "sha256",
	}
	if err := carriers.Check(log); err != nil {
		t.Fatal(err)
	}
	return app.Config{
		Listen: []string{"127.0.0.1:" + d.port}, PublicURL: d.audience, Database: database, Keys: keys, Carriers: carriers, Limits: limits,
		Now: app.SystemClock, Ticks: d.ticks, Log: log,
	}
}

func (d *deployment) getenv(name string) string {
	for i := len(d.env) - 1; i >= 0; i-- {
		if value, found := strings.CutPrefix(d.env[i], name+"="); found {
			return value
		}
	}
	return ""
}

func (d *deployment) setenv(name, value string) { d.env = append(d.env, name+"="+value) }
