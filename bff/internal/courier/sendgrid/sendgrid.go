// Package sendgrid sends e-mail through SendGrid's v3 API and reads its event webhook.
//
// The library github.com/sendgrid/sendgrid-go makes the requests. This package adds a request value per send (the
// library's Client shares one body), its own transport (the library's has no time-out), and retries by the job worker only
// (the library's retries ignore the context).
//
// Start with [New] for sending and [Plugin] for its place in the server.
package sendgrid

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/sendgrid/rest"
	"github.com/sendgrid/sendgrid-go"
	"github.com/sendgrid/sendgrid-go/helpers/mail"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/mailaddress"
	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/text"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// Carrier is the name under which SendGrid appears in events.
const Carrier = "sendgrid"

// Custom arguments, which SendGrid repeats in the events of a message. They hold no personal data.
const (
	jobArg    = "shieldpod_job"
	tenantArg = "shieldpod_tenant"
)

// Config is the account. All fields except Host are required.
type Config struct {
	Key  string // API key with mail.send only
	From string // the verified sender's address
	Host string // default "https://api.sendgrid.com"; other regions have other hosts
}

// Sender sends e-mail.
type Sender struct {
	config Config
	client *rest.Client
}

var _ courier.Sender = (*Sender)(nil)

// New returns a sender, or an error that names the invalid setting.
func New(c Config) (*Sender, error) {
	if c.Key == "" || strings.ContainsFunc(c.Key, unicode.IsSpace) {
		return nil, errors.New("sendgrid: the API key is missing or has spaces in it")
	}
	var err error
	if c.From, err = mailaddress.Normalize(c.From); err != nil {
		return nil, errors.New("sendgrid: the sender's address is missing or is none")
	}
	return &Sender{config: c, client: &rest.Client{HTTPClient: &http.Client{
		Transport: courier.NewTransport(), CheckRedirect: courier.NoRedirect,
	}}}, nil
}

// Send implements [courier.Sender]. The deadline of ctx bounds the request.
func (s *Sender) Send(ctx context.Context, m courier.OutgoingMessage) (courier.Result, error) {
	to, err := mailaddress.Normalize(m.To)
	switch {
	case err != nil:
		return courier.Result{}, &courier.Fault{
			Kind: courier.Rejected, Reason: verify.ReasonInvalidRecipient, Err: errors.New("sendgrid: not an e-mail address"),
		}
	case !mailaddress.IsASCII(to): // SendGrid accepts such an address with 202 and drops the mail as invalid later
		return courier.Result{}, &courier.Fault{
			Kind: courier.Unsupported, Reason: verify.ReasonAddressForm, Err: errors.New("sendgrid: it can't send to an address with letters outside of ASCII before the @"),
		}
	}
	from := s.config.From
	if m.Mail.FromAddress != "" {
		from, err = mailaddress.Normalize(m.Mail.FromAddress)
	}
	if err != nil || !text.OneLine(m.Mail.FromName) || !text.OneLine(m.Mail.Subject) {
		return courier.Result{}, &courier.Fault{
			Kind: courier.Misconfigured, Err: errors.New("sendgrid: the sender or the subject can't stand in a header"),
		}
	}
	body, err := json.Marshal(s.compose(m, from, to))
	if err != nil {
		return courier.Result{}, &courier.Fault{Kind: courier.Misconfigured, Err: fmt.Errorf("sendgrid: %w", err)}
	}
	request := sendgrid.GetRequest(s.config.Key, "/v3/mail/send", s.config.Host)
	request.Method, request.Body = rest.Post, body

	traceCtx, connected := courier.TraceConnection(ctx)
	response, err := s.client.SendWithContext(traceCtx, request)
	if response == nil {
		return courier.Result{}, courier.NoResponse(Carrier, err, connected())
	}
	if response.StatusCode/100 == 2 { // accepted, even if the body could not be read
		return courier.Result{Carrier: Carrier, Ref: http.Header(response.Headers).Get("X-Message-Id")}, nil
	}
	return courier.Result{}, responseFault(response)
}

// compose builds the request's body. Custom arguments hold no personal data. Tracking is off, because it would route the
// secure link through a redirector of SendGrid.
func (s *Sender) compose(out courier.OutgoingMessage, from, to string) *mail.SGMailV3 {
	m := mail.NewV3MailInit(
		mail.NewEmail(out.Mail.FromName, from), out.Mail.Subject, mail.NewEmail("", to),
		mail.NewContent("text/plain", out.Mail.Text), mail.NewContent("text/html", out.Mail.HTML),
	)
	m.SetCustomArg(jobArg, out.ID)
	m.SetCustomArg(tenantArg, out.Tenant)
	for name, value := range message.Headers {
		m.SetHeader(name, value)
	}
	m.SetTrackingSettings(mail.NewTrackingSettings().
		SetClickTracking(mail.NewClickTrackingSetting().SetEnable(false).SetEnableText(false)).
		SetOpenTracking(mail.NewOpenTrackingSetting().SetEnable(false)).
		SetSubscriptionTracking(mail.NewSubscriptionTrackingSetting().SetEnable(false)))
	return m
}

// responseFault returns the fault of a response without success. Of SendGrid's errors only the field names are kept,
// because the messages may contain an address.
func responseFault(response *rest.Response) *courier.Fault {
	f := courier.StatusFault(Carrier, response.StatusCode, response.Headers)
	if response.StatusCode != http.StatusBadRequest {
		return f
	}
	var parsed struct {
		Errors []struct {
			Field string `json:"field"`
		} `json:"errors"`
	}
	if strictjson.Unmarshal([]byte(response.Body), &parsed) != nil {
		return f
	}
	recipient := len(parsed.Errors) > 0
	for _, e := range parsed.Errors {
		f.Err = fmt.Errorf("%w, field %q", f.Err, e.Field)
		recipient = recipient && strings.HasPrefix(e.Field, "personalizations.0.to")
	}
	if recipient {
		f.Kind, f.Reason = courier.Rejected, verify.ReasonInvalidRecipient
	}
	return f
}

// Check requests the scopes of the API key. It costs nothing and sends nothing.
func (s *Sender) Check(ctx context.Context) error {
	request := sendgrid.GetRequest(s.config.Key, "/v3/scopes", s.config.Host)
	request.Method = rest.Get
	response, err := s.client.SendWithContext(ctx, request)
	if response == nil {
		return courier.NoResponse(Carrier, err, false)
	}
	if response.StatusCode != http.StatusOK {
		return courier.StatusFault(Carrier, response.StatusCode, response.Headers)
	}
	var parsed struct {
		Scopes []string `json:"scopes"`
	}
	if strictjson.Unmarshal([]byte(response.Body), &parsed) != nil || !slices.Contains(parsed.Scopes, "mail.send") {
		return &courier.Fault{Kind: courier.Misconfigured, Err: errors.New("sendgrid: the API key may not send mail: give it mail.send")}
	}
	return nil
}
