// Package smtp sends e-mail through a mail server of the MSP's own.
//
// Start with [New]. The library github.com/wneessen/go-mail writes the message and speaks the protocol; what it
// leaves open is closed here: the context ends a conversation and not only its beginning, a connection without
// TLS goes nowhere but to this machine, and nothing that the server says is repeated (it may name the recipient).
//
// A mail server takes a message or refuses it. It does not tell what became of it: the furthest that such a
// message comes, as the pod shows it, is sent.
package smtp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/textproto"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/message"
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

// policies are what the library is to ask for. Opportunistic: it looks, and finds that it is encrypted already.
var policies = map[Security]mail.TLSPolicy{STARTTLS: mail.TLSMandatory, TLS: mail.TLSOpportunistic, None: mail.NoTLS}

var ports = map[Security]int{STARTTLS: 587, TLS: 465, None: 25}

// Config is the mail server. Host and From are required; Username and Password come together or not at all.
type Config struct {
	Host     string
	Port     int      // 0: the usual one for the security
	Security Security // STARTTLS when empty
	Username string
	Password string
	From     string         // the sender's address
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
	case c.Host == "" || !courier.OneLine(c.Host) || strings.ContainsAny(c.Host, " /:@"):
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
	return &Sender{c}, nil
}

// Send has the server take the parcel's mail. ctx's deadline bounds the whole conversation.
func (s *Sender) Send(ctx context.Context, p courier.Parcel) (courier.Receipt, error) {
	if !courier.OneAddress(p.To) {
		return courier.Receipt{}, &courier.Fault{
			Kind: courier.Refused, Reason: verify.ReasonRecipient, Err: errors.New("smtp: not an e-mail address"),
		}
	}
	if p.Mail.FromAddress != "" && !courier.OneAddress(p.Mail.FromAddress) || !courier.OneLine(p.Mail.FromName) || !courier.OneLine(p.Mail.Subject) {
		return courier.Receipt{}, &courier.Fault{
			Kind: courier.Setup, Err: errors.New("smtp: the sender or the subject can't stand in a header"),
		}
	}
	letter, err := s.compose(p)
	if err != nil {
		return courier.Receipt{}, &courier.Fault{Kind: courier.Setup, Err: fmt.Errorf("smtp: the message can't be written: %T", err)}
	}
	client, dial, err := s.client(ctx)
	if err != nil {
		return courier.Receipt{}, &courier.Fault{Kind: courier.Setup, Err: fmt.Errorf("smtp: %w", err)}
	}
	defer dial.release()
	if err := client.DialWithContext(ctx); err != nil {
		return courier.Receipt{}, dial.refusal(err)
	}
	err = client.Send(letter)
	if letter.IsDelivered() { // how the farewell went is of no account
		_ = client.Close()
		return courier.Receipt{Carrier: Carrier}, nil
	}
	return courier.Receipt{}, sorted(err)
}

// Check opens a conversation, signs in and says goodbye: it costs nothing and sends nothing.
func (s *Sender) Check(ctx context.Context) error {
	client, dial, err := s.client(ctx)
	if err != nil {
		return err
	}
	defer dial.release()
	if err := client.DialWithContext(ctx); err != nil {
		return dial.refusal(err)
	}
	return client.Close()
}

// compose writes the message. Its id is the job's, so that the same job is the same message. Whoever the brand says
// that it is from, the envelope is the account's own: there the server wants to know us, and there bounces go.
func (s *Sender) compose(p courier.Parcel) (*mail.Msg, error) {
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
	from := p.Mail.FromAddress
	if from == "" {
		from = s.config.From
	}
	// Not by FromFormat: a quote in the name would end the ones that it is put into.
	m.SetAddrHeaderFromMailAddress(mail.HeaderFrom, &netmail.Address{Name: p.Mail.FromName, Address: from})
	return m, errors.Join(m.EnvelopeFrom(s.config.From), m.To(p.To))
}

// client makes one for one conversation, and the dialler that ends it with ctx.
func (s *Sender) client(ctx context.Context) (*mail.Client, *dialler, error) {
	c := s.config
	d := &dialler{security: c.Security, tls: &tls.Config{ServerName: c.Host, RootCAs: c.Roots, MinVersion: tls.VersionTLS12}}
	patience := time.Minute
	if end, ends := ctx.Deadline(); ends {
		patience = max(time.Until(end), time.Millisecond)
	}
	options := []mail.Option{
		mail.WithPort(c.Port), mail.WithTimeout(patience), mail.WithTLSConfig(d.tls), mail.WithoutNoop(), mail.WithTLSPolicy(policies[c.Security]),
		mail.WithDialContextFunc(func(dialling context.Context, network, address string) (net.Conn, error) {
			return d.dial(ctx, dialling, network, address)
		}),
	}
	if c.Username != "" {
		way := mail.SMTPAuthAutoDiscover
		if c.Security == None {
			way = mail.SMTPAuthPlainNoEnc // on this machine there is nobody between
		}
		options = append(options, mail.WithUsername(c.Username), mail.WithPassword(c.Password), mail.WithSMTPAuth(way))
	}
	client, err := mail.NewClient(c.Host, options...)
	return client, d, err
}

// dialler opens the one connection of a conversation.
type dialler struct {
	security  Security
	tls       *tls.Config
	connected atomic.Bool
	hangUp    func() bool
	conn      net.Conn
}

var errPlain = errors.New("a connection without TLS may lead to this machine only")

// dial connects while dialling lasts; the connection ends with ctx.
func (d *dialler) dial(ctx, dialling context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(dialling, network, address)
	if err != nil {
		return nil, err
	}
	if d.security == None {
		if to, ok := conn.RemoteAddr().(*net.TCPAddr); !ok || !to.IP.IsLoopback() {
			return nil, errors.Join(errPlain, conn.Close())
		}
	}
	d.connected.Store(true)
	d.conn = conn
	d.hangUp = context.AfterFunc(ctx, func() { _ = conn.Close() })
	if d.security != TLS {
		return conn, nil
	}
	secured := tls.Client(conn, d.tls)
	if err := secured.HandshakeContext(dialling); err != nil {
		return nil, err
	}
	return secured, nil
}

// release lets go of the connection, whoever has closed it already.
func (d *dialler) release() {
	if d.conn != nil {
		d.hangUp()
		_ = d.conn.Close()
	}
}

// refusal sorts why a conversation did not come to its message: nothing was sent, for sure.
func (d *dialler) refusal(err error) *courier.Fault {
	var said *textproto.Error
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &said):
		return &courier.Fault{Kind: kindOf(said.Code), Err: fmt.Errorf("smtp: the server said %d before any message", said.Code)}
	case errors.Is(err, errPlain):
		return &courier.Fault{Kind: courier.Setup, Err: fmt.Errorf("smtp: %w", errPlain)}
	case errors.As(err, &certificate):
		return &courier.Fault{Kind: courier.Setup, Err: errors.New("smtp: nobody whom we trust vouches for the server's certificate")}
	case d.connected.Load() && strings.Contains(err.Error(), "STARTTLS"): // the library has no error value for it
		return &courier.Fault{Kind: courier.Setup, Err: errors.New("smtp: the server does not encrypt")}
	case d.connected.Load() && strings.Contains(strings.ToUpper(err.Error()), "SMTP AUTH"): // error values for some of it only
		return &courier.Fault{Kind: courier.Setup, Err: errors.New("smtp: the server takes no sign-in of ours")}
	}
	return &courier.Fault{Kind: courier.Busy, Err: fmt.Errorf("smtp: not reached: %T", err)}
}

// kindOf reads a reply code: four is for now, five is for good.
func kindOf(code int) courier.FaultKind {
	if code/100 == 4 {
		return courier.Busy
	}
	return courier.Setup
}

// sorted reads how a message failed, by the step at which it did.
func sorted(err error) *courier.Fault {
	var f *mail.SendError
	if !errors.As(err, &f) {
		return &courier.Fault{Kind: courier.Busy, Err: fmt.Errorf("smtp: the conversation broke off before the message: %T", err)}
	}
	code, detail := f.ErrorCode(), f.EnhancedStatusCode()
	fault := &courier.Fault{Kind: courier.Unsure, Err: fmt.Errorf("smtp: %s: %d %s", f.Reason, code, detail)}
	switch {
	case code == 0 && f.Reason != mail.ErrSMTPDataClose && f.Reason != mail.ErrSMTPReset && f.Reason != mail.ErrAmbiguous:
		fault.Kind = courier.Busy // before its final dot no server takes a message
	case code == 0:
	case full(code, detail):
		fault.Kind, fault.Reason = courier.Refused, verify.ReasonMailboxFull
	case code/100 == 4:
		fault.Kind = courier.Busy
	case f.Reason == mail.ErrSMTPRcptTo:
		fault.Kind, fault.Reason = recipient(code, detail)
	case f.Reason == mail.ErrSMTPDataClose:
		fault.Kind, fault.Reason = courier.Refused, verify.ReasonBlocked // it read the message and does not want it
	default:
		fault.Kind = courier.Setup
	}
	return fault
}

// full tells whether a reply says that the mailbox is full (RFC 3463), if only for now: no code waits for a clean-up.
func full(code int, detail string) bool {
	return detail == "5.2.2" || detail == "4.2.2" || code == 552 && detail == ""
}

// recipient reads a refusal of the recipient (RFC 3463): of the address, or of us.
func recipient(code int, detail string) (courier.FaultKind, verify.Code) {
	class, rest, _ := strings.Cut(detail, ".")
	subject, _, _ := strings.Cut(rest, ".")
	if code == 530 || code == 535 || class == "5" && subject == "7" {
		return courier.Setup, "" // we may not relay here
	}
	return courier.Refused, verify.ReasonRecipient
}
