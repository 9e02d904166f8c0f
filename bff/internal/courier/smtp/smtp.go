// Package smtp sends e-mail through the MSP's own mail server.
//
// The library github.com/wneessen/go-mail writes the message and provides the authentication mechanisms. The session and
// the reading of replies are in this package; faultOf classifies refusals. The context ends the whole session, not only
// the connect. A connection without TLS may lead to this machine only. Texts of the server are never repeated, because
// they may name the recipient.
//
// A mail server accepts or refuses a message and sends no delivery receipt, so the last stage of such a message is sent.
//
// Start with [New].
package smtp

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/courier/oauth"
	"github.com/shieldpod/shieldpod/bff/internal/mailaddress"
	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/text"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Carrier is the name under which a mail server appears in events.
const Carrier = "smtp"

// Security of the connection.
type Security string

// STARTTLS and TLS require encryption. None is for a server on this machine.
const (
	STARTTLS Security = "starttls" // port 587
	TLS      Security = "tls"      // port 465
	None     Security = "none"     // port 25, on a loopback address only
)

var ports = map[Security]int{STARTTLS: 587, TLS: 465, None: 25}

// maxSessionTime bounds a session whose context has no deadline.
const maxSessionTime = time.Minute

// Config is the mail server. Host and From are required. Username and a Password or Tokens are set together or not at all.
type Config struct {
	Host     string
	Port     int      // 0: the standard port of Security
	Security Security // default STARTTLS
	Username string
	Password string
	SignIn   SignIn         // default ByPassword
	Tokens   *oauth.Source  // for ByMicrosoft and ByGoogle
	From     string         // the sender's address
	Hello    string         // the name for EHLO: fully qualified, or an address literal; empty: the domain of From
	Roots    *x509.CertPool // certificate authorities; nil: those of the system
	Now      func() time.Time
}

// Sender sends e-mail.
type Sender struct{ config Config }

var _ courier.Sender = (*Sender)(nil)

// New returns a sender, or an error that names the invalid setting.
func New(c Config) (*Sender, error) {
	if c.Security == "" {
		c.Security = STARTTLS
	}
	if c.SignIn == "" {
		c.SignIn = ByPassword
	}
	standardPort, known := ports[c.Security]
	if c.Port == 0 {
		c.Port = standardPort
	}
	switch {
	case c.Host == "" || !text.OneLine(c.Host) || strings.ContainsAny(c.Host, " /:@"):
		return nil, errors.New("smtp: the host is missing or is more than a name or an address")
	case !known:
		return nil, fmt.Errorf("smtp: security is %s, %s or %s", STARTTLS, TLS, None)
	case c.Port < 1 || c.Port > 65535:
		return nil, errors.New("smtp: a port lies between 1 and 65535")
	case !mailaddress.Check(c.From):
		return nil, errors.New("smtp: the sender's address is missing or is none")
	case c.SignIn != ByPassword && c.SignIn != ByMicrosoft && c.SignIn != ByGoogle:
		return nil, fmt.Errorf("smtp: the sign-in is %s, %s or %s", ByPassword, ByMicrosoft, ByGoogle)
	case c.SignIn == ByPassword && (c.Username == "") != (c.Password == ""):
		return nil, errors.New("smtp: a user name and a password come together")
	case c.SignIn != ByPassword && (c.Username == "" || c.Tokens == nil || c.Password != ""):
		return nil, errors.New("smtp: a sign-in by access token has a user name and no password")
	case (c.SignIn == ByPassword) != (c.Tokens == nil):
		return nil, errors.New("smtp: a sign-in by password has no access token")
	case c.Now == nil:
		return nil, errors.New("smtp: the clock is missing")
	}
	var err error
	if c.From, err = mailaddress.Normalize(c.From); err != nil {
		return nil, errors.New("smtp: the sender's address has a domain that can't be written in ASCII")
	}
	if c.Hello == "" {
		c.Hello = ehloName("", c.From)
	}
	if c.Hello, err = checkEHLOName(c.Hello); err != nil {
		return nil, err
	}
	return &Sender{c}, nil
}

// Send implements [courier.Sender]. The deadline of ctx bounds the whole session.
func (s *Sender) Send(ctx context.Context, m courier.OutgoingMessage) (courier.Result, error) {
	to, err := mailaddress.Normalize(m.To)
	if err != nil {
		return courier.Result{}, &courier.Fault{
			Kind: courier.Rejected, Reason: verify.ReasonInvalidRecipient, Err: errors.New("smtp: not an e-mail address"),
		}
	}
	from := s.config.From
	if m.Mail.FromAddress != "" {
		if from, err = mailaddress.Normalize(m.Mail.FromAddress); err != nil {
			return courier.Result{}, errHeader
		}
	}
	if !text.OneLine(m.Mail.FromName) || !text.OneLine(m.Mail.Subject) {
		return courier.Result{}, errHeader
	}
	msg, err := s.compose(m, from, to)
	if err != nil {
		return courier.Result{}, &courier.Fault{Kind: courier.Misconfigured, Err: fmt.Errorf("smtp: the message can't be written: %T", err)}
	}
	ctx, cancel := context.WithTimeout(ctx, maxSessionTime)
	defer cancel()
	international := !mailaddress.IsASCII(to)
	err = s.withSession(ctx, func(conn *session) *courier.Fault {
		if err := conn.deliver(s.config.From, to, international || !mailaddress.IsASCII(s.config.From+from), msg); err != nil {
			return faultOf(err, international)
		}
		return nil
	})
	if err != nil {
		return courier.Result{}, err
	}
	return courier.Result{Carrier: Carrier}, nil
}

var errHeader = &courier.Fault{Kind: courier.Misconfigured, Err: errors.New("smtp: the sender or the subject can't stand in a header")}

// Check connects, authenticates and quits. It costs nothing and sends nothing.
func (s *Sender) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, maxSessionTime)
	defer cancel()
	return s.withSession(ctx, func(*session) *courier.Fault { return nil })
}

// compose writes the message. The message id contains the job's id, so that a repeated job is the same message. The
// envelope sender is always the account's own address, even if the brand has another sender: the server knows that address, and
// bounces go there.
func (s *Sender) compose(out courier.OutgoingMessage, from, to string) (*mail.Msg, error) {
	m := mail.NewMsg()
	_, domain, _ := strings.Cut(s.config.From, "@")
	m.SetMessageIDWithValue(out.ID + "@" + domain)
	m.SetDateWithValue(s.config.Now())
	for name, value := range message.Headers {
		m.SetGenHeader(mail.Header(name), value)
	}
	m.Subject(out.Mail.Subject)
	m.SetBodyString(mail.TypeTextPlain, out.Mail.Text)
	m.AddAlternativeString(mail.TypeTextHTML, out.Mail.HTML)
	// Not FromFormat: it does not escape a quote in the name.
	m.SetAddrHeaderFromMailAddress(mail.HeaderFrom, &netmail.Address{Name: out.Mail.FromName, Address: from})
	return m, m.To(to)
}
