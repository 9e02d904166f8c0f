// Package sandbox stands in for the carriers: it speaks the wire protocols of SendGrid,
// Vonage, Twilio and of a mail server, signed delivery webhooks included, and shows what arrived on a page that looks
// like the end user's phone and mailbox.
//
// Start with [New]; the result is one http.Handler, and [Sandbox.ServeSMTP] is the mail server. It is for the demo, the tests and load
// measurements, and takes the carriers' side: it knows nothing of the product but what any
// carrier sees. Told to misbehave, it fails in the ways in which carriers fail.
package sandbox

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net/http"
	"strings"
	"time"
)

// Config is whom the sandbox serves. Accounts, TwilioAccount, SMTPPassword, Advance, Hold, Names, Delay and Log may be left out.
type Config struct {
	HookBase        string            // the BFF's URL, where delivery webhooks go
	Tenant          string            // whose webhooks, unless a message says otherwise
	SendGridKey     string            // API key that is accepted
	Accounts        map[string]string // other tenants, by their own API keys at SendGrid
	SendGridHookKey *ecdsa.PrivateKey // signs the event webhook: P-256
	VonageKey       string
	VonageSecret    string
	VonageSignature string // secret that signs delivery receipts
	TwilioAccount   string // SID of the account; empty: there is no Twilio here
	TwilioToken     string
	SMTPPassword    string // of anybody who signs in at ServeSMTP
	Now             func() time.Time
	Advance         func(time.Duration)  // sets the demo's clock forward; without it there is no button
	Hold            func(bool)           // stops the demo's clock for tests, or lets it run; needed where Advance is set
	Names           map[string]string    // who reads what arrives at an address or number
	Delay           func() time.Duration // how long a delivery takes; 300 to 600 ms
	Log             *slog.Logger
}

// Sandbox is the carriers, the phones and the mailboxes.
type Sandbox struct {
	Config
	inbox   *inbox
	moods   moods
	post    *postman
	forger  *ecdsa.PrivateKey // not the key that the BFF trusts
	handler http.Handler
}

// New makes a sandbox. Close ends what it has under way.
func New(c Config) (*Sandbox, error) {
	if c.SendGridHookKey == nil || c.SendGridHookKey.Curve != elliptic.P256() {
		return nil, errors.New("sandbox: the webhook key is missing or not on the curve P-256")
	}
	if c.Delay == nil {
		c.Delay = func() time.Duration { return 300*time.Millisecond + mathrand.N(300*time.Millisecond) }
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	c.HookBase = strings.TrimRight(c.HookBase, "/")
	forger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	s := &Sandbox{Config: c, inbox: newInbox(), forger: forger}
	s.post = newPostman(s.deliverMailEvents, s.deliverReceipt)
	s.handler = s.routes()
	return s, nil
}

// ServeHTTP speaks as whichever carrier, page or API the path belongs to.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Close drops the webhooks that have not been delivered and ends the streams to open pages.
func (s *Sandbox) Close() { s.post.close() }

func (s *Sandbox) routes() http.Handler {
	api := http.NewServeMux()
	api.HandleFunc("GET /api/messages", s.listMessages)
	api.HandleFunc("GET /api/messages/{id}/html", s.showMail)
	api.HandleFunc("GET /api/state", s.showState)
	api.HandleFunc("GET /api/stream", s.stream)
	api.HandleFunc("POST /api/misbehave", s.misbehave)
	api.HandleFunc("POST /api/clock", s.setClock)

	all := http.NewServeMux()
	all.HandleFunc("POST /v3/mail/send", s.sendMail)
	all.HandleFunc("POST /sms/json", s.sendSMS)
	all.HandleFunc("GET /account/get-balance", s.showBalance)
	all.HandleFunc("GET /v3/scopes", s.showScopes)
	all.HandleFunc("POST /2010-04-01/Accounts/{account}/Messages.json", s.sendTwilio)
	all.HandleFunc("GET /2010-04-01/Accounts/{account}", s.showTwilioAccount)
	all.Handle("/api/", http.NewCrossOriginProtection().Handler(api)) // no other site's page sets our clock
	all.Handle("/", page())
	return all
}
