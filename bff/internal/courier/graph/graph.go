// Package graph sends e-mail from a mailbox of Microsoft 365 through Microsoft Graph.
//
// It needs one request of Graph, sendMail, and makes it without a library. An application signs in as itself (package
// oauth). Messages are sent as JSON, because Graph keeps a copy of each message that it gets as MIME: see decision 0039.
//
// Graph answers 202 when it has taken a message. It reports no delivery, so the last stage of such a message is sent. It
// has no key by which a repeated request could be recognised, so a request without an answer is Indeterminate.
//
// Start with [New] for sending and [Plugin] for its place in the server.
package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/courier/oauth"
	"github.com/shieldpod/shieldpod/bff/internal/mailaddress"
	"github.com/shieldpod/shieldpod/bff/internal/text"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// Carrier is the name under which Microsoft Graph appears in events.
const Carrier = "graph"

// Config is the account. Host is optional.
type Config struct {
	Microsoft  oauth.Microsoft
	Credential string // a client secret, or a certificate with its private key (PEM)
	Mailbox    string // the address of the mailbox that sends
	// SaveToSentItems keeps a copy of each message in the mailbox, where all its users can read codes and links.
	SaveToSentItems bool
	Host            string // in place of all of Microsoft's hosts: a stand-in
	Now             func() time.Time
}

// Sender sends e-mail.
type Sender struct {
	config Config
	url    string
	tokens *oauth.Source
	client *http.Client
}

var _ courier.Sender = (*Sender)(nil)

// New returns a sender, or an error that names the invalid setting.
func New(c Config) (*Sender, error) {
	var err error
	if c.Mailbox, err = mailaddress.Normalize(c.Mailbox); err != nil {
		return nil, errors.New("graph: the mailbox's address is missing or is none")
	}
	resource := c.Microsoft.GraphHost()
	tokens, err := oauth.NewMicrosoft(Carrier, c.Microsoft, c.Credential, resource, c.Host, c.Now)
	if err != nil {
		return nil, err
	}
	host := resource
	if c.Host != "" {
		host = c.Host
	}
	return &Sender{
		config: c, url: host + "/v1.0/users/" + url.PathEscape(c.Mailbox) + "/sendMail", tokens: tokens,
		client: &http.Client{Transport: courier.NewTransport(), CheckRedirect: courier.NoRedirect},
	}, nil
}

// Send implements [courier.Sender]. The deadline of ctx bounds the request for a token and that of the message together.
func (s *Sender) Send(ctx context.Context, m courier.OutgoingMessage) (courier.Result, error) {
	to, err := mailaddress.Normalize(m.To)
	if err != nil {
		return courier.Result{}, &courier.Fault{
			Kind: courier.Rejected, Reason: verify.ReasonInvalidRecipient, Err: errors.New("graph: not an e-mail address"),
		}
	}
	from := s.config.Mailbox
	if m.Mail.FromAddress != "" {
		from, err = mailaddress.Normalize(m.Mail.FromAddress)
	}
	if err != nil || !text.OneLine(m.Mail.FromName) || !text.OneLine(m.Mail.Subject) {
		return courier.Result{}, &courier.Fault{
			Kind: courier.Misconfigured, Err: errors.New("graph: the sender or the subject can't stand in a header"),
		}
	}
	body, err := json.Marshal(s.compose(m, from, to))
	if err != nil {
		return courier.Result{}, &courier.Fault{Kind: courier.Misconfigured, Err: fmt.Errorf("graph: the message can't be written: %T", err)}
	}
	result := courier.Result{Carrier: Carrier}
	err = s.post(ctx, body, func(r answer) *courier.Fault {
		if r.status/100 == 2 {
			result.Ref = r.header.Get("request-id")
			return nil
		}
		return responseFault(r, !mailaddress.IsASCII(to))
	})
	if err != nil {
		return courier.Result{}, err
	}
	return result, nil
}

// Check has Graph refuse a message without a recipient. Graph looks for the recipient only when the application may send
// from the mailbox, so this refusal proves the right. It costs nothing and sends nothing.
func (s *Sender) Check(ctx context.Context) error {
	body, err := json.Marshal(request{Message: message{Subject: "Shieldpod", Body: body{Type: "text", Content: "-"}, To: []recipient{}}})
	if err != nil {
		return err
	}
	return s.post(ctx, body, func(r answer) *courier.Fault {
		if r.status/100 == 2 || r.status == http.StatusBadRequest && recipientCodes[r.code] {
			return nil
		}
		return responseFault(r, false)
	})
}

// answer is Graph's answer.
type answer struct {
	status int
	header http.Header
	code   string // of an error
}

// maxAnswerBytes bounds Graph's answer.
const maxAnswerBytes = 64 << 10

// post sends a request, twice if Graph refuses a token that was kept. An answer with 401 was not read any further, so the
// message is not sent twice.
func (s *Sender) post(ctx context.Context, body []byte, read func(answer) *courier.Fault) error {
	return s.tokens.Do(ctx, func(token string) (refused bool, err error) {
		traceCtx, connected := courier.TraceConnection(ctx)
		r, err := http.NewRequestWithContext(traceCtx, http.MethodPost, s.url, bytes.NewReader(body))
		if err != nil {
			return false, &courier.Fault{Kind: courier.Misconfigured, Err: fmt.Errorf("graph: %T", err)}
		}
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		response, err := s.client.Do(r)
		if err != nil {
			return false, courier.NoResponse(Carrier, err, connected())
		}
		defer func() { _ = response.Body.Close() }()
		if fault := read(answer{response.StatusCode, response.Header, errorCode(ctx, response)}); fault != nil {
			return response.StatusCode == http.StatusUnauthorized, fault
		}
		return false, nil
	})
}

// errorCode returns the code of an error; empty where there is none that can be repeated.
func errorCode(ctx context.Context, response *http.Response) string {
	if response.StatusCode/100 == 2 {
		return ""
	}
	var parsed struct {
		Error struct {
			Code string `json:"code"`
		} `json:"error"`
	}
	body, err := strictjson.Read(ctx, response.Body, maxAnswerBytes)
	if err != nil || strictjson.Unmarshal(body, &parsed) != nil || !codePattern.MatchString(parsed.Error.Code) {
		return ""
	}
	return parsed.Error.Code
}

var codePattern = regexp.MustCompile(`^[0-9A-Za-z_]{1,64}$`)
