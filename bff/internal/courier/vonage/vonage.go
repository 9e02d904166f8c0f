// Package vonage sends text messages by Vonage's SMS API and understands its delivery receipts.
//
// Start with [New] for the way out and [NewWebhook] for the way back. The library
// github.com/vonage/vonage-go-sdk makes the requests. It knows no context and reads the
// first part of an answer without looking whether there is one, so every send gets a
// transport of its own, bound to the context, that judges the answer before the library does.
package vonage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/vonage/vonage-go-sdk"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/text"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// Carrier is the name under which Vonage appears in events.
const Carrier = "vonage"

// Config is the account. All fields are required, but for Host and Callback.
type Config struct {
	Key      string // API key, eight characters
	Secret   string // API secret
	From     string // a number, or a name of up to 11 letters where the country allows it
	Host     string // "https://rest.nexmo.com" when empty
	Callback string // our public URL, to have receipts sent there whatever the account says
}

// Sender sends text messages.
type Sender struct {
	config Config
	auth   vonage.Auth
	way    http.RoundTripper
}

var _ courier.Sender = (*Sender)(nil)

// New makes a sender, or says what the configuration lacks.
func New(c Config) (*Sender, error) {
	switch {
	case len(c.Key) != 8:
		return nil, errors.New("vonage: an API key has eight characters")
	case c.Secret == "":
		return nil, errors.New("vonage: the API secret is missing")
	case c.From == "" || !text.OneLine(c.From):
		return nil, errors.New("vonage: the sender's number or name is missing or has control characters")
	}
	if c.Host == "" {
		c.Host = "https://rest.nexmo.com"
	}
	c.Host = strings.TrimRight(c.Host, "/")
	c.Callback = strings.TrimRight(c.Callback, "/")
	return &Sender{
		config: c, auth: vonage.CreateAuthFromKeySecret(c.Key, c.Secret), way: courier.NewTransport(),
	}, nil
}

// Send asks Vonage to deliver the parcel's text. ctx's deadline bounds it.
func (s *Sender) Send(ctx context.Context, p courier.Parcel) (courier.Receipt, error) {
	to, ok := courier.Digits(p.To)
	if !ok {
		return courier.Receipt{}, &courier.Fault{
			Kind: courier.Refused, Reason: verify.ReasonInvalidRecipient, Err: errors.New("vonage: not a number in E.164"),
		}
	}
	watched, asked := courier.Watch(ctx)
	x := &exchange{ctx: watched, way: s.way}
	client := vonage.NewSMSClient(s.auth)
	client.Config.BasePath = s.config.Host + "/sms"
	client.Config.HTTPClient = &http.Client{Transport: x, CheckRedirect: courier.NoRedirect}
	opts := vonage.SMSOpts{ClientRef: p.ID, Type: "text"}
	if !message.GSM7(p.Text) {
		opts.Type = "unicode"
	}
	if s.config.Callback != "" {
		opts.Callback = s.config.Callback + "/hooks/vonage/" + url.PathEscape(p.Tenant)
	}
	_, _, err := client.Send(s.config.From, to, p.Text, opts)
	if len(x.parts) > 0 {
		return judge(x.parts)
	}
	if x.status == 0 {
		return courier.Receipt{}, courier.Unanswered(Carrier, err, asked())
	}
	if x.status == http.StatusOK { // words that are no answer: it may have gone out
		return courier.Receipt{}, &courier.Fault{Kind: courier.Unsure, Err: errors.New("vonage: HTTP 200 without an answer in it")}
	}
	return courier.Receipt{}, courier.ByStatus(Carrier, x.status, x.header)
}

// part is Vonage's word on one segment of a message.
type part struct {
	Status string `json:"status"`
	ID     string `json:"message-id"`
}

// exchange is one request and its answer, bound to a context.
type exchange struct {
	ctx    context.Context
	way    http.RoundTripper
	status int
	header http.Header
	parts  []part
}

var errNoParts = errors.New("no answer in it")

// RoundTrip makes the request under the context and reads the answer before the library
// does: one without parts never reaches it.
func (x *exchange) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := x.way.RoundTrip(r.WithContext(x.ctx))
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(answer.Body)
	if closing := answer.Body.Close(); err == nil {
		err = closing
	}
	x.status, x.header = answer.StatusCode, answer.Header
	if err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	if answer.StatusCode != http.StatusOK {
		return answer, nil
	}
	var said struct {
		Messages []part `json:"messages"`
	}
	if strictjson.Unmarshal(body, &said) != nil || len(said.Messages) == 0 {
		return nil, errNoParts
	}
	x.parts = said.Messages
	return answer, nil
}

// judge makes one verdict of the parts. When some went out and some did not, sending the
// whole again would repeat those that did: that is for the technician to decide.
func judge(parts []part) (courier.Receipt, error) {
	var fault *courier.Fault
	taken := 0
	for _, p := range parts {
		if p.Status == "0" {
			taken++
		} else if fault == nil {
			fault = byStatus(p.Status)
		}
	}
	switch {
	case fault == nil:
		return courier.Receipt{Carrier: Carrier, Ref: parts[0].ID}, nil
	case taken > 0:
		return courier.Receipt{}, &courier.Fault{
			Kind: courier.Unsure, Err: fmt.Errorf("vonage: %d of %d parts taken, then: %w", taken, len(parts), fault.Err),
		}
	}
	return courier.Receipt{}, fault
}

// statusWords says what a status means to the operator.
func statusWords(status string) string {
	words := map[string]string{
		"1": "it is asked too often", "2": "a parameter is missing", "3": "a parameter is invalid, such as the sender", "4": "the API key or secret is wrong",
		"5": "it has an internal error", "6": "the number can't be reached", "7": "the number is barred", "8": "the account is barred",
		"9": "the account has no credit left", "10": "the account has too many open connections", "14": "the signature is wrong",
		"15": "the account may not send under this sender", "29": "the account is a trial, which sends to registered numbers only", "33": "the number is deactivated",
	}[status]
	if words == "" {
		return fmt.Sprintf("it refuses the message (status %.8q)", status)
	}
	return words + " (status " + status + ")"
}

// byStatus sorts Vonage's own statuses. Its error texts are left out: they may repeat a number.
func byStatus(status string) *courier.Fault {
	f := &courier.Fault{Kind: courier.Setup, Err: errors.New("vonage: " + statusWords(status))}
	switch status {
	case "1", "5", "10": // throttled, internal error, too many binds
		f.Kind = courier.Busy
	case "6", "33": // unroutable, number deactivated
		f.Kind, f.Reason = courier.Refused, verify.ReasonInvalidRecipient
	case "7": // number barred
		f.Kind, f.Reason = courier.Refused, verify.ReasonBlocked
	}
	return f
}

// Check asks for the account's balance: it costs nothing and sends nothing.
func (s *Sender) Check(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.config.Host+"/account/get-balance", nil)
	if err != nil {
		return err
	}
	r.SetBasicAuth(s.config.Key, s.config.Secret)
	answer, err := (&http.Client{Transport: s.way, CheckRedirect: courier.NoRedirect}).Do(r)
	if err != nil {
		return courier.Unanswered(Carrier, err, false)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return courier.ByStatus(Carrier, answer.StatusCode, answer.Header)
	}
	return nil
}
