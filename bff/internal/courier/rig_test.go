package courier_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/courier/sendgrid"
	"github.com/shieldpod/shieldpod/bff/internal/courier/smtp"
	"github.com/shieldpod/shieldpod/bff/internal/courier/twilio"
	"github.com/shieldpod/shieldpod/bff/internal/courier/vonage"
	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/sandbox"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// rig is everything between a technician's Send and an end user's phone, as it runs in
// earnest: the domain on a real store, the courier, both carriers' libraries over HTTP to
// the sandbox, and its signed webhooks back. Only the clock can be set.
type rig struct {
	*verify.Service
	*courier.Courier
	store   *store.Store
	rows    *sql.DB
	sandbox *httptest.Server
	hooks   *httptest.Server

	mailServer *net.TCPAddr
	ahead      atomic.Int64
	news       chan struct{} // rings whenever something was written
	log        *lockedBuffer

	mu      sync.Mutex
	taken   []taken // every webhook request that came
	answers map[int]int
}

type taken struct {
	address, body string
	header        http.Header
}

type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

var desk = verify.Desk{
	Tenant: "acme", Technician: verify.Technician{ID: "t1", Name: "Ana Ortiz"}, Ticket: verify.Ticket{ID: "1", Number: "4711"},
	Client: verify.Client{ID: "contoso", Name: "Contoso"}, DefaultContact: "dana",
	Contacts: []verify.Contact{{ID: "dana", Name: "Dana Reyes", Channels: []verify.Channel{
		{ID: "mobile", Kind: verify.Phone, Value: mobile, Capability: verify.Mobile},
		{ID: "mail", Kind: verify.Email, Value: mailAddress},
	}}},
}

// newRig sets all up but does not run the courier yet.
func newRig(t testing.TB, change func(*courier.Config)) *rig {
	t.Helper()
	r := &rig{news: make(chan struct{}, 1), log: new(lockedBuffer), answers: map[int]int{}}
	path := filepath.Join(t.TempDir(), "shieldpod.db")
	r.store = storetest.Open(t, path, r.now)
	if err := r.store.PutTenant(t.Context(), verify.Tenant{ID: "acme", Name: "Acme IT"}); err != nil {
		t.Fatal(err)
	}
	var err error
	if r.rows, err = sql.Open("sqlite", path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.rows.Close() })
	r.Service = storetest.Service(r.store, r.now)
	r.Bus = r
	log := slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))

	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	const receiptSecret = "the account's signature secret"
	receipts := vonage.NewWebhook(vonage.WebhookConfig{
		Reports: r, Now: r.now, Log: log,
		Signing: func(context.Context, string) (vonage.Signing, error) {
			return vonage.Signing{Secret: receiptSecret, Method: vonage.SHA256}, nil
		},
	})
	mux := http.NewServeMux()
	mux.Handle("POST /hooks/sendgrid/{tenant}", sendgrid.NewWebhook(sendgrid.WebhookConfig{
		Key:     func(context.Context, string) (*ecdsa.PublicKey, error) { return &key.PublicKey, nil },
		Reports: r, Now: r.now, Log: log,
	}))
	mux.Handle("/hooks/vonage/{tenant}", receipts)
	var site string // of the hooks, once they are served
	mux.HandleFunc("POST /hooks/twilio/{tenant}", func(w http.ResponseWriter, request *http.Request) {
		twilio.NewWebhook(twilio.WebhookConfig{
			PublicURL: site, Reports: r, Now: r.now, Log: log,
			Account: func(context.Context, string) (twilio.Account, error) {
				return twilio.Account{SID: twilioAccount, Token: "twilio's token"}, nil
			},
		}).ServeHTTP(w, request)
	})
	r.hooks = httptest.NewServer(r.recording(mux))
	t.Cleanup(r.hooks.Close)
	site = r.hooks.URL

	carriers, err := sandbox.New(sandbox.Config{
		HookBase: r.hooks.URL, Tenant: "acme", SendGridKey: "SG.key", SendGridHookKey: key, VonageKey: "12345678",
		VonageSecret: "api secret", VonageSignature: receiptSecret, TwilioAccount: twilioAccount, TwilioToken: "twilio's token",
		SMTPPassword: "the mail server's password", Now: r.now,
		Delay: func() time.Duration { return 0 },
	})
	if err != nil {
		t.Fatal(err)
	}
	r.sandbox = httptest.NewServer(carriers)
	t.Cleanup(r.sandbox.Close)
	t.Cleanup(carriers.Close)
	r.mailServer = serveMail(t, carriers)

	mail, err := sendgrid.New(sendgrid.Config{Key: "SG.key", From: "verify@acme-it.com", Host: r.sandbox.URL})
	if err != nil {
		t.Fatal(err)
	}
	sms, err := vonage.New(vonage.Config{Key: "12345678", Secret: "api secret", From: "Acme IT", Host: r.sandbox.URL, Callback: r.hooks.URL})
	if err != nil {
		t.Fatal(err)
	}
	c := courier.Config{
		Outbox: r, Reports: r, Brands: &message.Shelf{Tenants: r.store, Brandings: r.store, Now: r.now}, Carriers: by(mail, sms), PublicURL: "https://verify.acme-it.com", Now: r.now,
		Chance: func() float64 { return 0.5 }, Log: log,
	}
	if change != nil {
		change(&c)
	}
	r.Courier = courier.New(c)
	r.Service.Courier = r.Courier
	return r
}

const twilioAccount = "AC0123456789abcdef0123456789abcdef"

// serveMail has the sandbox's mail server listen until the test ends.
func serveMail(t testing.TB, carriers *sandbox.Sandbox) *net.TCPAddr {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- carriers.ServeSMTP(l) }()
	t.Cleanup(func() {
		_ = l.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().(*net.TCPAddr)
}

// seconds are the second carriers of each kind, as tenants have them of their own.
func (r *rig) seconds(t testing.TB) (mail, sms courier.Sender) {
	t.Helper()
	sms, err := twilio.New(twilio.Config{
		Account: twilioAccount, Secret: "twilio's token", From: "+15105550100", Host: r.sandbox.URL, Callback: r.hooks.URL, Now: r.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	mail, err = smtp.New(smtp.Config{
		Host: r.mailServer.IP.String(), Port: r.mailServer.Port, Security: smtp.None, Username: "verify", Password: "the mail server's password",
		From: "verify@acme-it.com", Now: r.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return mail, sms
}

// start runs the courier until the test ends.
func (r *rig) start(t testing.TB) {
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		r.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-stopped
	})
}

func (r *rig) now() time.Time { return time.Now().Add(time.Duration(r.ahead.Load())) }

func (r *rig) advance(d time.Duration) {
	r.ahead.Add(int64(d))
	r.Wake()
}

func (r *rig) Nudge(string, string, int64) { r.ring() }

func (r *rig) ring() {
	select {
	case r.news <- struct{}{}:
	default:
	}
}

// The store's outbox, with a bell.

func (r *rig) ClaimJobs(ctx context.Context, kind verify.ChannelKind, now, until time.Time, n int) ([]verify.Job, error) {
	return r.store.ClaimJobs(ctx, kind, now, until, n)
}

func (r *rig) LapsedJobs(ctx context.Context, now, until time.Time, n int) ([]verify.Job, error) {
	defer r.ring()
	return r.store.LapsedJobs(ctx, now, until, n)
}

func (r *rig) NextJobAt(ctx context.Context, kind verify.ChannelKind) (time.Time, bool, error) {
	return r.store.NextJobAt(ctx, kind)
}

func (r *rig) RetryJob(ctx context.Context, id string, at time.Time, cause string) error {
	defer r.ring()
	return r.store.RetryJob(ctx, id, at, cause)
}

func (r *rig) SettleJob(ctx context.Context, id string, state verify.JobState, ref, cause string) error {
	defer r.ring()
	return r.store.SettleJob(ctx, id, state, ref, cause)
}

// recording keeps every webhook request and how it was answered.
func (r *rig) recording(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		q.Body = io.NopCloser(bytes.NewReader(body))
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, q)
		w.WriteHeader(answer.Code)
		r.mu.Lock()
		r.taken = append(r.taken, taken{q.URL.RequestURI(), string(body), q.Header.Clone()})
		r.answers[answer.Code]++
		r.mu.Unlock()
		r.ring()
	})
}

func (r *rig) answered(code int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.answers[code]
}

// ask has a technician press Send.
func (r *rig) ask(t *testing.T, m verify.Method) string {
	t.Helper()
	channel := "mobile"
	if m.Kind() == verify.Email {
		channel = "mail"
	}
	result, err := r.Send(t.Context(), desk, verify.Request{Contact: "dana", Channel: channel, Method: m, Key: "key-" + string(m)})
	if err != nil {
		t.Fatal(err)
	}
	return result.Verification
}

// standing is all that is known of a message.
type standing struct {
	State    verify.State
	Stage    verify.Stage
	Reason   verify.Code
	Job      verify.JobState
	Messages int // that reached the end user
}

func (r *rig) standing(t *testing.T, id string, m verify.Method) standing {
	t.Helper()
	reading, err := r.Reading(t.Context(), "acme", "dana")
	if err != nil {
		t.Fatal(err)
	}
	channel := "mobile"
	if m.Kind() == verify.Email {
		channel = "mail"
	}
	shield := reading.Shields[channel]
	job, _ := r.job(t, id)
	return standing{shield.State, shield.Stage, shield.Reason, job, len(r.messages(t))}
}

// job reads the outbox's row: its state, and whether its payload is still there.
func (r *rig) job(t *testing.T, id string) (state verify.JobState, sealed bool) {
	t.Helper()
	err := r.rows.QueryRowContext(t.Context(), `SELECT state, sealed IS NOT NULL FROM outbox WHERE id = $1`, id).Scan(&state, &sealed)
	if err != nil {
		t.Fatal(err)
	}
	return state, sealed
}

// events counts what happened, by kind.
func (r *rig) events(t *testing.T) map[verify.EventKind]int {
	t.Helper()
	events, err := r.store.Recent(t.Context(), "acme", []string{"dana"}, 50)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[verify.EventKind]int{}
	for _, e := range events {
		kinds[e.Kind]++
	}
	return kinds
}

// until waits for what the test wants to see.
func (r *rig) until(t testing.TB, what string, seen func() bool) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	for !seen() {
		select {
		case <-r.news:
		case <-deadline:
			t.Fatalf("this never came: %s\n%s", what, r.log)
		}
	}
}

func (r *rig) misbehave(t *testing.T, carrier, mode string, times int) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"carrier": carrier, "mode": mode, "times": times})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Post(r.sandbox.URL+"/api/misbehave", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("misbehave: HTTP %d", answer.StatusCode)
	}
}

func (r *rig) messages(t *testing.T) []sandbox.Message {
	t.Helper()
	answer, err := http.Get(r.sandbox.URL + "/api/messages")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var list []sandbox.Message
	if err := json.NewDecoder(answer.Body).Decode(&list); err != nil {
		t.Fatal(err)
	}
	return list
}

// keepsSecrets demands that nothing of the messages is in the log.
func (r *rig) keepsSecrets(t *testing.T) {
	t.Helper()
	secrets := []string{mobile[1:], mailAddress, "dana@"}
	for _, m := range r.messages(t) {
		if m.Code != "" {
			secrets = append(secrets, m.Code, m.Code[:3]+" "+m.Code[3:])
		}
		if _, token, ok := strings.Cut(m.Link, "/v/"); ok {
			secrets = append(secrets, token)
		}
	}
	for _, s := range secrets {
		if strings.Contains(r.log.String(), s) {
			t.Errorf("%q is in the log:\n%s", s, r.log)
		}
	}
}
