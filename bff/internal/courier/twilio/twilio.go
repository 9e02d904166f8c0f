// Package twilio sends text messages through Twilio's HTTP API and reads its status callbacks.
//
// It needs only two requests of the API and makes them without a library.
//
// Start with [New] for sending and [Plugin] for its place in the server.
package twilio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/text"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// Carrier is the name under which Twilio appears in events.
const Carrier = "twilio"

// Config is the account. Account, Secret and From are required, and Callback for receipts.
type Config struct {
	Account  string // SID of the account: AC and 32 hexadecimal digits
	Key      string // SID of an API key (SK…), to which Secret then belongs; empty: Secret is the account's auth token
	Secret   string
	From     string // a number in E.164, a name of up to 11 letters, or the SID of a messaging service (MG…)
	Host     string // default "https://api.twilio.com"
	Callback string // public URL of Shieldpod; empty: no receipts
	Now      func() time.Time
}

// Sender sends text messages.
type Sender struct {
	config Config
	client *http.Client
}

var _ courier.Sender = (*Sender)(nil)

var (
	accountSID = regexp.MustCompile(`^AC[0-9a-f]{32}$`)
	keySID     = regexp.MustCompile(`^SK[0-9a-f]{32}$`)
	serviceSID = regexp.MustCompile(`^MG[0-9a-f]{32}$`)
)

// New returns a sender, or an error that names the invalid setting.
func New(c Config) (*Sender, error) {
	switch {
	case !accountSID.MatchString(c.Account):
		return nil, errors.New("twilio: an account's SID is AC and 32 hexadecimal digits")
	case c.Key != "" && !keySID.MatchString(c.Key):
		return nil, errors.New("twilio: an API key's SID is SK and 32 hexadecimal digits")
	case c.Secret == "":
		return nil, errors.New("twilio: the auth token, or the API key's secret, is missing")
	case c.From == "" || !text.OneLine(c.From):
		return nil, errors.New("twilio: the sender's number, name or messaging service is missing")
	case c.Callback != "" && c.Now == nil:
		return nil, errors.New("twilio: receipts need a clock")
	}
	if c.Host == "" {
		c.Host = "https://api.twilio.com"
	}
	c.Host = strings.TrimRight(c.Host, "/")
	c.Callback = strings.TrimRight(c.Callback, "/")
	return &Sender{config: c, client: &http.Client{Transport: courier.NewTransport(), CheckRedirect: courier.NoRedirect}}, nil
}

// maxResponseBytes bounds Twilio's response to a message.
const maxResponseBytes = 64 << 10

// Send implements [courier.Sender]. The deadline of ctx bounds the request.
func (s *Sender) Send(ctx context.Context, m courier.OutgoingMessage) (courier.Result, error) {
	if _, ok := courier.E164Digits(m.To); !ok {
		return courier.Result{}, &courier.Fault{
			Kind: courier.Rejected, Reason: verify.ReasonInvalidRecipient, Err: errors.New("twilio: not a number in E.164"),
		}
	}
	form := url.Values{"To": {m.To}, "Body": {m.Text}}
	if serviceSID.MatchString(s.config.From) {
		form.Set("MessagingServiceSid", s.config.From)
	} else {
		form.Set("From", s.config.From)
	}
	if s.config.Callback != "" {
		form.Set("StatusCallback", s.callbackURL(m))
	}
	traceCtx, connected := courier.TraceConnection(ctx)
	response, err := s.do(traceCtx, http.MethodPost, "/Messages.json", strings.NewReader(form.Encode()))
	if err != nil {
		return courier.Result{}, courier.NoResponse(Carrier, err, connected())
	}
	defer func() { _ = response.Body.Close() }()
	var parsed struct {
		SID  string `json:"sid"`
		Code int    `json:"code"`
	}
	body, err := strictjson.Read(ctx, response.Body, maxResponseBytes)
	if err == nil {
		err = strictjson.Unmarshal(body, &parsed)
	}
	if response.StatusCode/100 == 2 { // accepted, even if the body could not be read
		return courier.Result{Carrier: Carrier, Ref: parsed.SID}, nil
	}
	if err != nil {
		parsed.Code = 0
	}
	return courier.Result{}, responseFault(response, parsed.Code)
}

// Check requests the account. It costs nothing and sends nothing.
func (s *Sender) Check(ctx context.Context) error {
	response, err := s.do(ctx, http.MethodGet, ".json", nil)
	if err != nil {
		return courier.NoResponse(Carrier, err, false)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return responseFault(response, 0)
	}
	return nil
}

func (s *Sender) do(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, s.config.Host+"/2010-04-01/Accounts/"+s.config.Account+path, body)
	if err != nil {
		return nil, err
	}
	user := s.config.Account
	if s.config.Key != "" {
		user = s.config.Key
	}
	r.SetBasicAuth(user, s.config.Secret)
	if body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return s.client.Do(r)
}

// callbackURL returns the URL for the receipts of one message. Twilio's receipts carry neither a caller's id nor a
// time, so both are in the URL, which the signature covers.
func (s *Sender) callbackURL(m courier.OutgoingMessage) string {
	query := url.Values{queryJob: {m.ID}, queryAt: {strconv.FormatInt(s.config.Now().Unix(), 10)}}
	return s.config.Callback + callbackPath(m.Tenant) + "?" + query.Encode()
}

// responseFault returns the fault of a response with an error code. Twilio's texts are left out, because they may contain
// a number.
func responseFault(response *http.Response, code int) *courier.Fault {
	f := courier.StatusFault(Carrier, response.StatusCode, response.Header)
	if code == 0 {
		return f
	}
	f.Err = fmt.Errorf("%w, code %d", f.Err, code)
	if response.StatusCode/100 != 4 {
		return f
	}
	switch reason := reasonOf(code); {
	case temporaryCodes[code]:
		f.Kind = courier.Temporary
	case reason != "" && reason != verify.ReasonCarrierSet && reason != verify.ReasonUndelivered:
		f.Kind, f.Reason = courier.Rejected, reason
	}
	return f
}
