package courier_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"database/sql"
	"encoding/base64"
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

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/courier/sendgrid"
	"github.com/shieldpod/shieldpod/bff/internal/courier/smtp"
	"github.com/shieldpod/shieldpod/bff/internal/courier/twilio"
	"github.com/shieldpod/shieldpod/bff/internal/courier/vonage"
	"github.com/shieldpod/shieldpod/bff/internal/jobs"
	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/sandbox/carriers"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// harness is the whole path from a technician's Send to an end user's phone: the domain on a real store, the courier,
// both carriers' libraries over HTTP to the sandbox, and its signed webhooks back. Only the clock is replaced.
type harness struct {
	*verify.Service
	*courier.Courier
	waker   *jobs.Waker
	store   *store.Store
	rows    *sql.DB
	sandbox *httptest.Server
	hooks   *httptest.Server

	mailServer  *net.TCPAddr
	clockOffset atomic.Int64
	changed     chan struct{} // signals every write
	log         *lockedBuffer

	mu       sync.Mutex
	webhooks []webhookRequest // every webhook request
	answers  map[int]int
}

type webhookRequest struct {
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

var ticketContext = verify.TicketContext{
	Tenant: "acme", Technician: verify.Technician{ID: "t1", Name: "Ana Ortiz"}, Ticket: verify.Ticket{ID: "1", Number: "4711"},
	Client: verify.Client{ID: "contoso", Name: "Contoso"}, DefaultContact: "dana",
	Contacts: []verify.Contact{{ID: "dana", Name: "Dana Reyes", Channels: []verify.Channel{
		{ID: "mobile", Kind: channel.Phone, Value: mobile, Capability: channel.Mobile},
		{ID: "mail", Kind: channel.Email, Value: mailAddress},
	}}},
}

// newHarness builds a harness without running the courier.
func newHarness(t testing.TB, change func(*courier.Config)) *harness {
	t.Helper()
	h := &harness{waker: new(jobs.Waker), changed: make(chan struct{}, 1), log: new(lockedBuffer), answers: map[int]int{}}
	path := filepath.Join(t.TempDir(), "shieldpod.db")
	h.store = storetest.Open(t, path, h.now)
	if err := storetest.PutTenant(t.Context(), h.store, verify.Tenant{ID: "acme", Name: "Acme IT"}); err != nil {
		t.Fatal(err)
	}
	var err error
	if h.rows, err = sql.Open("sqlite", path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.rows.Close() })
	h.Service = storetest.Service(h.store, h.now)
	h.Notifier = h
	log := slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))

	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	const receiptSecret = "the account's signature secret"
	mux := http.NewServeMux()
	accounts := reportAccounts(t, key, receiptSecret)
	var site string // base URL of the webhooks
	for _, plugin := range []courier.Plugin{sendgrid.Plugin, vonage.Plugin, twilio.Plugin} {
		for _, pattern := range plugin.Patterns() {
			mux.HandleFunc(pattern, func(w http.ResponseWriter, request *http.Request) {
				courier.NewReportHandler(plugin, courier.ReportConfig{
					Accounts: accounts, Reports: h, PublicURL: site, Now: h.now, Log: log,
				}).ServeHTTP(w, request)
			})
		}
	}
	h.hooks = httptest.NewServer(h.recordWebhooks(mux))
	t.Cleanup(h.hooks.Close)
	site = h.hooks.URL

	sandbox, err := carriers.New(carriers.Config{
		HookBase: h.hooks.URL, Tenant: "acme", SendGridKey: "SG.key", SendGridHookKey: key, VonageKey: "12345678",
		VonageSecret: "api secret", VonageSignature: receiptSecret, TwilioAccount: twilioAccount, TwilioToken: "twilio's token",
		SMTPPassword: "the mail server's password", Microsoft: &microsoft, Now: h.now,
		Delay: func() time.Duration { return 0 },
	})
	if err != nil {
		t.Fatal(err)
	}
	h.sandbox = httptest.NewServer(sandbox)
	t.Cleanup(h.sandbox.Close)
	t.Cleanup(sandbox.Close)
	h.mailServer = serveMail(t, sandbox)

	mail, err := sendgrid.New(sendgrid.Config{Key: "SG.key", From: "verify@acme-it.com", Host: h.sandbox.URL})
	if err != nil {
		t.Fatal(err)
	}
	sms, err := vonage.New(vonage.Config{Key: "12345678", Secret: "api secret", From: "Acme IT", Host: h.sandbox.URL, Callback: h.hooks.URL})
	if err != nil {
		t.Fatal(err)
	}
	c := courier.Config{
		Queues: h.queues(), Waker: h.waker, Reports: h, Brands: message.NewBrandCache(h.store, h.store, h.now), Carriers: carriersOf(mail, sms), PublicURL: "https://verify.acme-it.com", Now: h.now,
		Random: func() float64 { return 0.5 }, Log: log,
	}
	if change != nil {
		change(&c)
	}
	h.Courier = courier.New(c)
	h.Waker = h.waker
	return h
}

// accountsByCarrier are the accounts of every tenant.
type accountsByCarrier map[string]admin.CarrierAccount

func (a accountsByCarrier) Account(_ context.Context, _, carrier string) (admin.CarrierAccount, error) {
	return a[carrier], nil
}

// reportAccounts returns accounts by which reports are checked, and nothing is sent.
func reportAccounts(t testing.TB, hookKey *ecdsa.PrivateKey, vonageSignature string) accountsByCarrier {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(&hookKey.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	accounts := accountsByCarrier{}
	for _, c := range []struct {
		plugin           courier.Plugin
		settings, secret any
	}{
		{sendgrid.Plugin, sendgrid.Settings{WebhookKey: base64.StdEncoding.EncodeToString(der)}, sendgrid.Secret{}},
		{vonage.Plugin, vonage.Settings{SignatureMethod: vonage.SHA256}, vonage.Secret{SignatureSecret: vonageSignature}},
		{twilio.Plugin, twilio.Settings{Account: twilioAccount}, twilio.Secret{Token: "twilio's token"}},
	} {
		if accounts[c.plugin.Name], err = c.plugin.NewAccount("acme", 1, c.settings, c.secret); err != nil {
			t.Fatal(err)
		}
	}
	return accounts
}

const twilioAccount = "AC0123456789abcdef0123456789abcdef"

// serveMail runs the sandbox's mail server until the test ends.
func serveMail(t testing.TB, sandbox *carriers.Sandbox) *net.TCPAddr {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- sandbox.ServeSMTP(l) }()
	t.Cleanup(func() {
		_ = l.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().(*net.TCPAddr)
}

// secondCarriers returns a second carrier of each kind, as tenants configure them.
func (h *harness) secondCarriers(t testing.TB) (mail, sms courier.Sender) {
	t.Helper()
	sms, err := twilio.New(twilio.Config{
		Account: twilioAccount, Secret: "twilio's token", From: "+15105550100", Host: h.sandbox.URL, Callback: h.hooks.URL, Now: h.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	mail, err = smtp.New(smtp.Config{
		Host: h.mailServer.IP.String(), Port: h.mailServer.Port, Security: smtp.None, Username: "verify", Password: "the mail server's password",
		From: "verify@acme-it.com", Now: h.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return mail, sms
}

// start runs the courier until the test ends.
func (h *harness) start(t testing.TB) {
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		h.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-stopped
	})
}

func (h *harness) now() time.Time { return time.Now().Add(time.Duration(h.clockOffset.Load())) }

func (h *harness) advance(d time.Duration) {
	h.clockOffset.Add(int64(d))
	h.waker.WakeAll()
}

func (h *harness) Notify(string, string, int64) { h.signal() }

func (h *harness) signal() {
	select {
	case h.changed <- struct{}{}:
	default:
	}
}

// signalling is a queue that signals after each write.
type signalling struct {
	jobs.Queue[verify.Job]
	h *harness
}

func (q signalling) Retry(ctx context.Context, j verify.Job, at time.Time, cause string) error {
	defer q.h.signal()
	return q.Queue.Retry(ctx, j, at, cause)
}

func (q signalling) Settle(ctx context.Context, j verify.Job, state verify.JobState, ref, cause string) error {
	defer q.h.signal()
	return q.Queue.Settle(ctx, j, state, ref, cause)
}

// queues are the store's, with a signal after each write.
func (h *harness) queues() map[channel.Kind]courier.Queues {
	queues := map[channel.Kind]courier.Queues{}
	for _, kind := range []channel.Kind{channel.Email, channel.Phone} {
		queues[kind] = courier.Queues{Messages: signalling{h.store.Messages(kind), h}, Lapsed: signalling{h.store.LapsedMessages(kind), h}}
	}
	return queues
}

// recordWebhooks records every webhook request and the status of its response.
func (h *harness) recordWebhooks(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		recorder := httptest.NewRecorder()
		next.ServeHTTP(recorder, r)
		w.WriteHeader(recorder.Code)
		h.mu.Lock()
		h.webhooks = append(h.webhooks, webhookRequest{r.URL.RequestURI(), string(body), r.Header.Clone()})
		h.answers[recorder.Code]++
		h.mu.Unlock()
		h.signal()
	})
}

func (h *harness) answeredWith(code int) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.answers[code]
}

// request sends a message as a technician does.
func (h *harness) request(t *testing.T, m channel.Method) string {
	t.Helper()
	id := "mobile"
	if m.Kind() == channel.Email {
		id = "mail"
	}
	result, err := h.Send(t.Context(), ticketContext, verify.Request{Contact: "dana", Channel: id, Method: m, Key: "key-" + string(m)})
	if err != nil {
		t.Fatal(err)
	}
	return result.Verification
}

// deliveryStatus is the whole state of a message.
type deliveryStatus struct {
	State    verify.State
	Stage    verify.Stage
	Reason   verify.Code
	Job      verify.JobState
	Messages int // that reached the end user
}

func (h *harness) deliveryStatus(t *testing.T, id string, m channel.Method) deliveryStatus {
	t.Helper()
	state, err := h.ContactState(t.Context(), "acme", "dana")
	if err != nil {
		t.Fatal(err)
	}
	channelID := "mobile"
	if m.Kind() == channel.Email {
		channelID = "mail"
	}
	shield := state.Shields[channelID]
	job, _ := h.job(t, id)
	return deliveryStatus{shield.State, shield.Stage, shield.Reason, job, len(h.messages(t))}
}

// job reads the row: its state, and whether it still has its payload.
func (h *harness) job(t *testing.T, id string) (state verify.JobState, sealed bool) {
	t.Helper()
	err := h.rows.QueryRowContext(t.Context(), `SELECT state, sealed IS NOT NULL FROM jobs WHERE id = $1`, id).Scan(&state, &sealed)
	if err != nil {
		t.Fatal(err)
	}
	return state, sealed
}

// events counts the events by kind.
func (h *harness) events(t *testing.T) map[verify.EventKind]int {
	t.Helper()
	events, err := h.store.Recent(t.Context(), "acme", []string{"dana"}, 50)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[verify.EventKind]int{}
	for _, e := range events {
		kinds[e.Kind]++
	}
	return kinds
}

// waitFor waits for a condition.
func (h *harness) waitFor(t testing.TB, want string, seen func() bool) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	for !seen() {
		select {
		case <-h.changed:
		case <-deadline:
			t.Fatalf("this never came: %s\n%s", want, h.log)
		}
	}
}

func (h *harness) setFault(t *testing.T, carrier, mode string, times int) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"target": carrier, "mode": mode, "times": times})
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Post(h.sandbox.URL+"/api/faults", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("set a fault: HTTP %d", response.StatusCode)
	}
}

func (h *harness) messages(t *testing.T) []carriers.Message {
	t.Helper()
	response, err := http.Get(h.sandbox.URL + "/api/messages")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var list []carriers.Message
	if err := json.NewDecoder(response.Body).Decode(&list); err != nil {
		t.Fatal(err)
	}
	return list
}

// checkNoSecretsInLog checks that the log holds no content of a message.
func (h *harness) checkNoSecretsInLog(t *testing.T) {
	t.Helper()
	secrets := []string{mobile[1:], mailAddress, "dana@"}
	for _, m := range h.messages(t) {
		if m.Code != "" {
			secrets = append(secrets, m.Code, m.Code[:3]+" "+m.Code[3:])
		}
		if _, token, ok := strings.Cut(m.Link, "/v/"); ok {
			secrets = append(secrets, token)
		}
	}
	for _, s := range secrets {
		if strings.Contains(h.log.String(), s) {
			t.Errorf("%q is in the log:\n%s", s, h.log)
		}
	}
}
