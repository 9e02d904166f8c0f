// Package sendgrid sends e-mail by SendGrid's v3 API and understands its event webhook.
//
// Start with [New] for the way out and [NewWebhook] for the way back. The library
// github.com/sendgrid/sendgrid-go makes the requests; what it leaves open is closed here:
// a request value per send (its Client shares one body), a transport of our own (its own
// has no time-out), and no retries but the outbox's (its own outsleep the context).
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
	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/text"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// Carrier is the name under which SendGrid appears in events.
const Carrier = "sendgrid"

// Custom arguments, by which events bring back which message they are of. Nothing in them is personal.
const (
	jobArg    = "shieldpod_job"
	tenantArg = "shieldpod_tenant"
)

// Config is the account. All fields are required, but for Host.
type Config struct {
	Key  string // API key with mail.send only
	From string // the verified sender's address
	Host string // "https://api.sendgrid.com" when empty; another region's otherwise
}

// Sender sends e-mail.
type Sender struct {
	config Config
	client *rest.Client
}

var _ courier.Sender = (*Sender)(nil)

// New makes a sender, or says what the configuration lacks.
func New(c Config) (*Sender, error) {
	if c.Key == "" || strings.ContainsFunc(c.Key, unicode.IsSpace) {
		return nil, errors.New("sendgrid: the API key is missing or has spaces in it")
	}
	var err error
	if c.From, err = courier.MailAddress(c.From); err != nil {
		return nil, errors.New("sendgrid: the sender's address is missing or is none")
	}
	return &Sender{config: c, client: &rest.Client{HTTPClient: &http.Client{
		Transport: courier.NewTransport(), CheckRedirect: courier.NoRedirect,
	}}}, nil
}

// Send asks SendGrid to deliver the parcel's mail. ctx's deadline bounds it.
func (s *Sender) Send(ctx context.Context, p courier.Parcel) (courier.Receipt, error) {
	to, err := courier.MailAddress(p.To)
	switch {
	case err != nil:
		return courier.Receipt{}, &courier.Fault{
			Kind: courier.Refused, Reason: verify.ReasonInvalidRecipient, Err: errors.New("sendgrid: not an e-mail address"),
		}
	case !courier.ASCII(to): // SendGrid answers 202 to such an address and drops the mail as invalid later
		return courier.Receipt{}, &courier.Fault{
			Kind: courier.Unsupported, Reason: verify.ReasonAddressForm, Err: errors.New("sendgrid: it can't send to an address with letters outside of ASCII before the @"),
		}
	}
	from := s.config.From
	if p.Mail.FromAddress != "" {
		from, err = courier.MailAddress(p.Mail.FromAddress)
	}
	if err != nil || !text.OneLine(p.Mail.FromName) || !text.OneLine(p.Mail.Subject) {
		return courier.Receipt{}, &courier.Fault{
			Kind: courier.Setup, Err: errors.New("sendgrid: the sender or the subject can't stand in a header"),
		}
	}
	body, err := json.Marshal(s.compose(p, from, to))
	if err != nil {
		return courier.Receipt{}, &courier.Fault{Kind: courier.Setup, Err: fmt.Errorf("sendgrid: %w", err)}
	}
	request := sendgrid.GetRequest(s.config.Key, "/v3/mail/send", s.config.Host)
	request.Method, request.Body = rest.Post, body

	watched, asked := courier.Watch(ctx)
	answer, err := s.client.SendWithContext(watched, request)
	if answer == nil {
		return courier.Receipt{}, courier.Unanswered(Carrier, err, asked())
	}
	if answer.StatusCode/100 == 2 { // whatever became of the answer's body, the mail is theirs
		return courier.Receipt{Carrier: Carrier, Ref: http.Header(answer.Headers).Get("X-Message-Id")}, nil
	}
	return courier.Receipt{}, refused(answer)
}

// compose builds the request's body. Nothing personal goes into custom arguments, and
// tracking is off: it would lead the secure link through somebody else's redirector.
func (s *Sender) compose(p courier.Parcel, from, to string) *mail.SGMailV3 {
	m := mail.NewV3MailInit(
		mail.NewEmail(p.Mail.FromName, from), p.Mail.Subject, mail.NewEmail("", to),
		mail.NewContent("text/plain", p.Mail.Text), mail.NewContent("text/html", p.Mail.HTML),
	)
	m.SetCustomArg(jobArg, p.ID)
	m.SetCustomArg(tenantArg, p.Tenant)
	for name, value := range message.Headers {
		m.SetHeader(name, value)
	}
	m.SetTrackingSettings(mail.NewTrackingSettings().
		SetClickTracking(mail.NewClickTrackingSetting().SetEnable(false).SetEnableText(false)).
		SetOpenTracking(mail.NewOpenTrackingSetting().SetEnable(false)).
		SetSubscriptionTracking(mail.NewSubscriptionTrackingSetting().SetEnable(false)))
	return m
}

// refused sorts an answer that is no success. Of SendGrid's words only the names of the
// fields are kept: its messages may repeat an address.
func refused(answer *rest.Response) *courier.Fault {
	f := courier.ByStatus(Carrier, answer.StatusCode, answer.Headers)
	if answer.StatusCode != http.StatusBadRequest {
		return f
	}
	var said struct {
		Errors []struct {
			Field string `json:"field"`
		} `json:"errors"`
	}
	if strictjson.Unmarshal([]byte(answer.Body), &said) != nil {
		return f
	}
	recipient := len(said.Errors) > 0
	for _, e := range said.Errors {
		f.Err = fmt.Errorf("%w, field %q", f.Err, e.Field)
		recipient = recipient && strings.HasPrefix(e.Field, "personalizations.0.to")
	}
	if recipient {
		f.Kind, f.Reason = courier.Refused, verify.ReasonInvalidRecipient
	}
	return f
}

// Check asks what the key may do: it costs nothing and sends nothing.
func (s *Sender) Check(ctx context.Context) error {
	request := sendgrid.GetRequest(s.config.Key, "/v3/scopes", s.config.Host)
	request.Method = rest.Get
	answer, err := s.client.SendWithContext(ctx, request)
	if answer == nil {
		return courier.Unanswered(Carrier, err, false)
	}
	if answer.StatusCode != http.StatusOK {
		return courier.ByStatus(Carrier, answer.StatusCode, answer.Headers)
	}
	var may struct {
		Scopes []string `json:"scopes"`
	}
	if strictjson.Unmarshal([]byte(answer.Body), &may) != nil || !slices.Contains(may.Scopes, "mail.send") {
		return &courier.Fault{Kind: courier.Setup, Err: errors.New("sendgrid: the API key may not send mail: give it mail.send")}
	}
	return nil
}
