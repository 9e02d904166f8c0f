// Package twilio sends text messages by Twilio's HTTP API and understands its status callbacks.
//
// Start with [New] for the way out and [NewWebhook] for the way back. Two requests are all that is needed
// of the API, so they are made here and by no library.
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
	Key      string // SID of an API key (SK…), whose secret Secret then is; empty: Secret is the account's auth token
	Secret   string
	From     string // a number in E.164, a name of up to 11 letters, or the SID of a messaging service (MG…)
	Host     string // "https://api.twilio.com" when empty
	Callback string // our public URL; empty: no receipts
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

// New makes a sender, or says what the configuration lacks.
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

// answerLimit is what Twilio's answer to a message may have, in bytes.
const answerLimit = 64 << 10

// Send asks Twilio to deliver the parcel's text. ctx's deadline bounds it.
func (s *Sender) Send(ctx context.Context, p courier.Parcel) (courier.Receipt, error) {
	if _, ok := courier.Digits(p.To); !ok {
		return courier.Receipt{}, &courier.Fault{
			Kind: courier.Refused, Reason: verify.ReasonInvalidRecipient, Err: errors.New("twilio: not a number in E.164"),
		}
	}
	form := url.Values{"To": {p.To}, "Body": {p.Text}}
	if serviceSID.MatchString(s.config.From) {
		form.Set("MessagingServiceSid", s.config.From)
	} else {
		form.Set("From", s.config.From)
	}
	if s.config.Callback != "" {
		form.Set("StatusCallback", s.callback(p))
	}
	watched, asked := courier.Watch(ctx)
	answer, err := s.ask(watched, http.MethodPost, "/Messages.json", strings.NewReader(form.Encode()))
	if err != nil {
		return courier.Receipt{}, courier.Unanswered(Carrier, err, asked())
	}
	defer func() { _ = answer.Body.Close() }()
	var said struct {
		SID  string `json:"sid"`
		Code int    `json:"code"`
	}
	body, err := strictjson.Read(ctx, answer.Body, answerLimit)
	if err == nil {
		err = strictjson.Unmarshal(body, &said)
	}
	if answer.StatusCode/100 == 2 { // whatever became of the answer's body, the message is theirs
		return courier.Receipt{Carrier: Carrier, Ref: said.SID}, nil
	}
	if err != nil {
		said.Code = 0
	}
	return courier.Receipt{}, refusal(answer, said.Code)
}

// Check asks for the account itself: it costs nothing and sends nothing.
func (s *Sender) Check(ctx context.Context) error {
	answer, err := s.ask(ctx, http.MethodGet, ".json", nil)
	if err != nil {
		return courier.Unanswered(Carrier, err, false)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return refusal(answer, 0)
	}
	return nil
}

func (s *Sender) ask(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
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

// callback is where the receipts of one message go. Twilio has no place for an id of ours, and its signature
// no time: both are in the address, which the signature covers.
func (s *Sender) callback(p courier.Parcel) string {
	query := url.Values{queryJob: {p.ID}, queryAt: {strconv.FormatInt(s.config.Now().Unix(), 10)}}
	return s.config.Callback + callbackPath(p.Tenant) + "?" + query.Encode()
}

// refusal reads Twilio's own code. Its words are left out: they may repeat a number.
func refusal(answer *http.Response, code int) *courier.Fault {
	f := courier.ByStatus(Carrier, answer.StatusCode, answer.Header)
	if code == 0 {
		return f
	}
	f.Err = fmt.Errorf("%w, code %d", f.Err, code)
	if answer.StatusCode/100 != 4 {
		return f
	}
	switch reason := reasonOf(code); {
	case temporary[code]:
		f.Kind = courier.Busy
	case reason != "" && reason != verify.ReasonCarrierSet && reason != verify.ReasonUndelivered:
		f.Kind, f.Reason = courier.Refused, reason
	}
	return f
}
