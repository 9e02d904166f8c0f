// Package smtp sends e-mail through a mail server of the MSP's own.
//
// Start with [New]. The library github.com/wneessen/go-mail writes the message and has the ways to sign in. The
// conversation with the server and the reading of its replies are this package's: see judge for what a refusal means.
// The context ends a conversation and not only its beginning, a connection without TLS goes nowhere but to this
// machine, and nothing that the server says is repeated (it may name the recipient).
//
// A mail server takes a message or refuses it. It does not tell what became of it: the furthest that such a
// message comes, as the pod shows it, is sent.
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
	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/text"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Carrier is the name under which a mail server appears in events.
const Carrier = "smtp"

// Security of the connection.
type Security string

// STARTTLS and TLS encrypt, and a server that can't is refused; None is for a server on this machine.
const (
	STARTTLS Security = "starttls" // port 587
	TLS      Security = "tls"      // port 465
	None     Security = "none"     // port 25, on a loopback address only
)

var ports = map[Security]int{STARTTLS: 587, TLS: 465, None: 25}

// maxConversation bounds a conversation whose context has no deadline.
const maxConversation = time.Minute

// Config is the mail server. Host and From are required; Username and Password come together or not at all.
type Config struct {
	Host     string
	Port     int      // 0: the usual one for the security
	Security Security // STARTTLS when empty
	Username string
	Password string
	From     string         // the sender's address
	Hello    string         // the name for EHLO: fully qualified, or an address literal; empty: the domain of From
	Roots    *x509.CertPool // who may vouch for the server; nil: whom the system trusts
	Now      func() time.Time
}

// Sender sends e-mail.
type Sender struct{ config Config }

var _ courier.Sender = (*Sender)(nil)

// New makes a sender, or says what the configuration lacks.
func New(c Config) (*Sender, error) {
	if c.Security == "" {
		c.Security = STARTTLS
	}
	usual, known := ports[c.Security]
	if c.Port == 0 {
		c.Port = usual
	}
	switch {
	case c.Host == "" || !text.OneLine(c.Host) || strings.ContainsAny(c.Host, " /:@"):
		return nil, errors.New("smtp: the host is missing or is more than a name or an address")
	case !known:
		return nil, fmt.Errorf("smtp: security is %s, %s or %s", STARTTLS, TLS, None)
	case c.Port < 1 || c.Port > 65535:
		return nil, errors.New("smtp: a port lies between 1 and 65535")
	case !courier.OneAddress(c.From):
		return nil, errors.New("smtp: the sender's address is missing or is none")
	case (c.Username == "") != (c.Password == ""):
		return nil, errors.New("smtp: a user name and a password come together")
	case c.Now == nil:
		return nil, errors.New("smtp: the clock is missing")
	}
	var err error
	if c.From, err = courier.MailAddress(c.From); err != nil {
		return nil, errors.New("smtp: the sender's address has a domain that can't be written in ASCII")
	}
	if c.Hello == "" {
		c.Hello = HelloName("", c.From)
	}
	if c.Hello, err = checkHello(c.Hello); err != nil {
		return nil, err
	}
	return &Sender{c}, nil
}

// Send has the server take the message. ctx's deadline bounds the whole conversation.
func (s *Sender) Send(ctx context.Context, p courier.Parcel) (courier.Receipt, error) {
	to, err := courier.MailAddress(p.To)
	if err != nil {
		return courier.Receipt{}, &courier.Fault{
			Kind: courier.Refused, Reason: verify.ReasonInvalidRecipient, Err: errors.New("smtp: not an e-mail address"),
		}
	}
	from := s.config.From
	if p.Mail.FromAddress != "" {
		if from, err = courier.MailAddress(p.Mail.FromAddress); err != nil {
			return courier.Receipt{}, errHeader
		}
	}
	if !text.OneLine(p.Mail.FromName) || !text.OneLine(p.Mail.Subject) {
		return courier.Receipt{}, errHeader
	}
	letter, err := s.compose(p, from, to)
	if err != nil {
		return courier.Receipt{}, &courier.Fault{Kind: courier.Setup, Err: fmt.Errorf("smtp: the message can't be written: %T", err)}
	}
	ctx, cancel := context.WithTimeout(ctx, maxConversation)
	defer cancel()
	c, err := dial(ctx, s.config)
	if err != nil {
		return courier.Receipt{}, judge(err, false)
	}
	defer c.close()
	defer c.quit()
	international := !courier.ASCII(to)
	if err := c.deliver(s.config.From, to, international || !courier.ASCII(s.config.From+from), letter); err != nil {
		return courier.Receipt{}, judge(err, international)
	}
	return courier.Receipt{Carrier: Carrier}, nil
}

var errHeader = &courier.Fault{Kind: courier.Setup, Err: errors.New("smtp: the sender or the subject can't stand in a header")}

// Check opens a conversation, signs in and says goodbye: it costs nothing and sends nothing.
func (s *Sender) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, maxConversation)
	defer cancel()
	c, err := dial(ctx, s.config)
	if err != nil {
		return judge(err, false)
	}
	defer c.close()
	c.quit()
	return nil
}

// compose writes the message. Its id is the job's, so that the same job is the same message. Whatever sender a brand
// names, the envelope is the account's own: the server knows that address, and bounces go there.
func (s *Sender) compose(p courier.Parcel, from, to string) (*mail.Msg, error) {
	m := mail.NewMsg()
	_, domain, _ := strings.Cut(s.config.From, "@")
	m.SetMessageIDWithValue(p.ID + "@" + domain)
	m.SetDateWithValue(s.config.Now())
	for name, value := range message.Headers {
		m.SetGenHeader(mail.Header(name), value)
	}
	m.Subject(p.Mail.Subject)
	m.SetBodyString(mail.TypeTextPlain, p.Mail.Text)
	m.AddAlternativeString(mail.TypeTextHTML, p.Mail.HTML)
	// Not by FromFormat: a quote in the name would end the ones that it is put into.
	m.SetAddrHeaderFromMailAddress(mail.HeaderFrom, &netmail.Address{Name: p.Mail.FromName, Address: from})
	return m, m.To(to)
}
