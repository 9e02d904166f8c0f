// Package carriers implements the carriers' side of their wire protocols: SendGrid, Vonage, Twilio, Microsoft Graph and a
// mail server, with signed delivery webhooks. A page shows the received messages as the end user's phone and mailbox.
//
// Start with [New]; the result is one http.Handler, and [Sandbox.ServeSMTP] is the mail server. It is for the demo,
// tests and load measurements. It knows no more of the product than a carrier does. It can be set to fail as carriers
// fail.
package carriers

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

	"github.com/shieldpod/shieldpod/bff/internal/sandbox/faults"
)

// Config holds the settings of the sandbox. Accounts, TwilioAccount, SMTPPassword, Microsoft, Google, Advance,
// Hold, Names, Delay and Log are optional.
type Config struct {
	HookBase        string            // the BFF's URL, to which delivery webhooks are sent
	Tenant          string            // owner of the webhooks, unless a message names another one
	SendGridKey     string            // the accepted API key
	Accounts        map[string]string // other tenants, by their own API keys at SendGrid
	SendGridHookKey *ecdsa.PrivateKey // signs the event webhook: P-256
	VonageKey       string
	VonageSecret    string
	VonageSignature string // signs delivery receipts
	TwilioAccount   string // SID of the account; empty: no Twilio
	TwilioToken     string
	SMTPPassword    string // of every account at ServeSMTP
	Microsoft       *Microsoft
	Google          *Google
	Now             func() time.Time
	Advance         func(time.Duration)  // moves the demo's clock forward; nil: the page has no button
	Hold            func(bool)           // stops or starts the demo's clock for tests; required with Advance
	Names           map[string]string    // the reader of each address or number
	Delay           func() time.Duration // duration of a delivery; default 300 to 600 ms
	Log             *slog.Logger
}

// Sandbox is the carriers, the phones and the mailboxes.
type Sandbox struct {
	Config
	inbox     *inbox
	faults    *faults.Set
	tokens    *tokens
	sender    *webhookSender
	forgedKey *ecdsa.PrivateKey // not the key that the BFF trusts
	handler   http.Handler
}

// New makes a sandbox. Close ends its pending work.
func New(c Config) (*Sandbox, error) {
	if c.SendGridHookKey == nil || c.SendGridHookKey.Curve != elliptic.P256() {
		return nil, errors.New("carriers: the webhook key is missing or not on the curve P-256")
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
		return nil, fmt.Errorf("carriers: %w", err)
	}
	s := &Sandbox{Config: c, inbox: newInbox(), faults: faults.New(targets), tokens: newTokens(), forgedKey: forger}
	s.sender = newWebhookSender(s.deliverMailEvents, s.deliverReceipt)
	s.handler = s.routes()
	return s, nil
}

// ServeHTTP serves the carriers, the page and its API, by path.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Close drops pending webhooks and ends the streams to open pages.
func (s *Sandbox) Close() { s.sender.close() }

func (s *Sandbox) routes() http.Handler {
	api := http.NewServeMux()
	api.HandleFunc("GET /api/messages", s.listMessages)
	api.HandleFunc("GET /api/messages/{id}/html", s.showMail)
	api.HandleFunc("GET /api/state", s.showState)
	api.HandleFunc("GET /api/stream", s.stream)
	api.Handle("POST /api/faults", s.faults)
	api.HandleFunc("POST /api/clock", s.setClock)

	all := http.NewServeMux()
	all.HandleFunc("POST /v3/mail/send", s.sendMail)
	all.HandleFunc("POST /sms/json", s.sendSMS)
	all.HandleFunc("GET /account/get-balance", s.showBalance)
	all.HandleFunc("GET /v3/scopes", s.showScopes)
	all.HandleFunc("POST /2010-04-01/Accounts/{account}/Messages.json", s.sendTwilio)
	all.HandleFunc("GET /2010-04-01/Accounts/{account}", s.showTwilioAccount)
	if s.Microsoft != nil {
		all.HandleFunc("POST /v1.0/users/{mailbox}/sendMail", s.sendGraph)
		all.HandleFunc("POST /{directory}/oauth2/v2.0/token", s.issueMicrosoft)
	}
	if s.Google != nil {
		all.HandleFunc("POST /token", s.issueGoogle)
	}
	protected := http.NewCrossOriginProtection().Handler(api) // no other site's page sets our clock
	for _, pattern := range []string{"GET /api/", "POST /api/faults", "POST /api/clock"} {
		all.Handle(pattern, protected)
	}
	all.Handle("/", pageHandler())
	return all
}
