// Package vonage sends text messages through Vonage's SMS API and reads its delivery receipts.
//
// The library github.com/vonage/vonage-go-sdk makes the requests. It takes no context and reads the first part of a
// response without checking that there is one. So every send has its own transport, which is bound to the context and
// checks the response before the library reads it.
//
// Start with [New] for sending and [Plugin] for its place in the server.
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

// Config is the account. All fields except Host and Callback are required.
type Config struct {
	Key      string // API key, eight characters
	Secret   string // API secret
	From     string // a number, or a name of up to 11 letters where the country allows it
	Host     string // default "https://rest.nexmo.com"
	Callback string // public URL of Shieldpod: receipts are sent there, and not to the account's own setting
}

// Sender sends text messages.
type Sender struct {
	config    Config
	auth      vonage.Auth
	transport http.RoundTripper
}

var _ courier.Sender = (*Sender)(nil)

// New returns a sender, or an error that names the invalid setting.
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
		config: c, auth: vonage.CreateAuthFromKeySecret(c.Key, c.Secret), transport: courier.NewTransport(),
	}, nil
}

// Send implements [courier.Sender]. The deadline of ctx bounds the request.
func (s *Sender) Send(ctx context.Context, m courier.OutgoingMessage) (courier.Result, error) {
	to, ok := courier.E164Digits(m.To)
	if !ok {
		return courier.Result{}, &courier.Fault{
			Kind: courier.Rejected, Reason: verify.ReasonInvalidRecipient, Err: errors.New("vonage: not a number in E.164"),
		}
	}
	traceCtx, connected := courier.TraceConnection(ctx)
	x := &exchange{ctx: traceCtx, transport: s.transport}
	client := vonage.NewSMSClient(s.auth)
	client.Config.BasePath = s.config.Host + "/sms"
	client.Config.HTTPClient = &http.Client{Transport: x, CheckRedirect: courier.NoRedirect}
	opts := vonage.SMSOpts{ClientRef: m.ID, Type: "text"}
	if !message.GSM7(m.Text) {
		opts.Type = "unicode"
	}
	if s.config.Callback != "" {
		opts.Callback = s.config.Callback + "/hooks/vonage/" + url.PathEscape(m.Tenant)
	}
	_, _, err := client.Send(s.config.From, to, m.Text, opts)
	if len(x.parts) > 0 {
		return resultOf(x.parts)
	}
	if x.status == 0 {
		return courier.Result{}, courier.NoResponse(Carrier, err, connected())
	}
	if x.status == http.StatusOK { // an unreadable response: the message may have been sent
		return courier.Result{}, &courier.Fault{Kind: courier.Indeterminate, Err: errors.New("vonage: HTTP 200 without an answer in it")}
	}
	return courier.Result{}, courier.StatusFault(Carrier, x.status, x.header)
}

// messagePart is Vonage's result for one segment of a message.
type messagePart struct {
	Status string `json:"status"`
	ID     string `json:"message-id"`
}

// exchange is one request and its response, bound to a context.
type exchange struct {
	ctx       context.Context
	transport http.RoundTripper
	status    int
	header    http.Header
	parts     []messagePart
}

var errNoParts = errors.New("no answer in it")

// RoundTrip makes the request under the context. It keeps a response without parts from the library.
func (x *exchange) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := x.transport.RoundTrip(r.WithContext(x.ctx))
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	if closeErr := response.Body.Close(); err == nil {
		err = closeErr
	}
	x.status, x.header = response.StatusCode, response.Header
	if err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	if response.StatusCode != http.StatusOK {
		return response, nil
	}
	var parsed struct {
		Messages []messagePart `json:"messages"`
	}
	if strictjson.Unmarshal(body, &parsed) != nil || len(parsed.Messages) == 0 {
		return nil, errNoParts
	}
	x.parts = parsed.Messages
	return response, nil
}

// resultOf combines the results of all parts. When only some parts were accepted the result is indeterminate, because
// another send would repeat those parts: the technician decides.
func resultOf(parts []messagePart) (courier.Result, error) {
	var fault *courier.Fault
	accepted := 0
	for _, p := range parts {
		if p.Status == "0" {
			accepted++
		} else if fault == nil {
			fault = faultOfStatus(p.Status)
		}
	}
	switch {
	case fault == nil:
		return courier.Result{Carrier: Carrier, Ref: parts[0].ID}, nil
	case accepted > 0:
		return courier.Result{}, &courier.Fault{
			Kind: courier.Indeterminate, Err: fmt.Errorf("vonage: %d of %d parts taken, then: %w", accepted, len(parts), fault.Err),
		}
	}
	return courier.Result{}, fault
}

// statusText describes a status for the operator.
func statusText(status string) string {
	text := map[string]string{
		"1": "it is asked too often", "2": "a parameter is missing", "3": "a parameter is invalid, such as the sender", "4": "the API key or secret is wrong",
		"5": "it has an internal error", "6": "the number can't be reached", "7": "the number is barred", "8": "the account is barred",
		"9": "the account has no credit left", "10": "the account has too many open connections", "14": "the signature is wrong",
		"15": "the account may not send under this sender", "29": "the account is a trial, which sends to registered numbers only", "33": "the number is deactivated",
	}[status]
	if text == "" {
		return fmt.Sprintf("it refuses the message (status %.8q)", status)
	}
	return text + " (status " + status + ")"
}

// faultOfStatus returns the fault of a Vonage status. Vonage's error texts are left out, because they may contain a number.
func faultOfStatus(status string) *courier.Fault {
	f := &courier.Fault{Kind: courier.Misconfigured, Err: errors.New("vonage: " + statusText(status))}
	switch status {
	case "1", "5", "10": // throttled, internal error, too many binds
		f.Kind = courier.Temporary
	case "6", "33": // unroutable, number deactivated
		f.Kind, f.Reason = courier.Rejected, verify.ReasonInvalidRecipient
	case "7": // number barred
		f.Kind, f.Reason = courier.Rejected, verify.ReasonBlocked
	}
	return f
}

// Check requests the account's balance. It costs nothing and sends nothing.
func (s *Sender) Check(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.config.Host+"/account/get-balance", nil)
	if err != nil {
		return err
	}
	r.SetBasicAuth(s.config.Key, s.config.Secret)
	response, err := (&http.Client{Transport: s.transport, CheckRedirect: courier.NoRedirect}).Do(r)
	if err != nil {
		return courier.NoResponse(Carrier, err, false)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return courier.StatusFault(Carrier, response.StatusCode, response.Header)
	}
	return nil
}
