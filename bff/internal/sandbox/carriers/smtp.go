package carriers

import (
	"errors"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"
)

// ServeSMTP runs a mail server that stores messages in the mailboxes. It has no encryption, so it is for this machine
// only. It returns when the listener is closed.
func (s *Sandbox) ServeSMTP(l net.Listener) error {
	server := gosmtp.NewServer(gosmtp.BackendFunc(func(c *gosmtp.Conn) (gosmtp.Session, error) {
		return &smtpSession{s: s, conn: c.Conn()}, nil
	}))
	server.Domain = "mail.sandbox.example"
	server.AllowInsecureAuth = true
	server.MaxMessageBytes = maxRequestBytes
	server.MaxRecipients = 1
	server.ReadTimeout, server.WriteTimeout = 10*time.Second, 10*time.Second
	server.ErrorLog = slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug)
	err := server.Serve(l)
	if errors.Is(err, net.ErrClosed) || errors.Is(err, gosmtp.ErrServerClosed) {
		return nil
	}
	return err
}

// smtpSession is one session, with one mode per message.
type smtpSession struct {
	s             *Sandbox
	conn          net.Conn
	authenticated bool
	mode          string
	to            string
}

// AuthMechanisms implements [gosmtp.AuthSession].
func (c *smtpSession) AuthMechanisms() []string {
	if c.s.Microsoft != nil || c.s.Google != nil {
		return []string{sasl.Plain, "XOAUTH2"}
	}
	return []string{sasl.Plain}
}

// Auth accepts every user with the password, and the user of an access token.
func (c *smtpSession) Auth(mechanism string) (sasl.Server, error) {
	if mechanism == "XOAUTH2" {
		return &xoauth2{session: c}, nil
	}
	return sasl.NewPlainServer(func(_, _, password string) error {
		if c.s.SMTPPassword == "" || password != c.s.SMTPPassword {
			return gosmtp.ErrAuthFailed
		}
		c.authenticated = true
		return nil
	}), nil
}

func smtpError(code int, enhanced gosmtp.EnhancedCode, words string) error {
	return &gosmtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: words}
}

// Mail begins a message.
func (c *smtpSession) Mail(string, *gosmtp.MailOptions) error {
	if !c.authenticated {
		return gosmtp.ErrAuthRequired
	}
	c.mode = c.s.faults.Next(smtp, "/mail")
	switch c.mode {
	case modeDown, mode429:
		return smtpError(421, gosmtp.EnhancedCode{4, 7, 0}, "too much to do, come back later")
	case mode5xx:
		return smtpError(451, gosmtp.EnhancedCode{4, 3, 0}, "an error of our own")
	}
	return nil
}

// Rcpt names the one recipient.
func (c *smtpSession) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	switch c.mode {
	case modeRefuse:
		return smtpError(550, gosmtp.EnhancedCode{5, 1, 1}, "no such mailbox here: "+to)
	case modeFull:
		return smtpError(552, gosmtp.EnhancedCode{5, 2, 2}, "the mailbox is full: "+to)
	}
	c.to = to
	return nil
}

// Data takes the message.
func (c *smtpSession) Data(r io.Reader) error {
	m, err := readMail(r)
	if err != nil {
		return smtpError(554, gosmtp.EnhancedCode{5, 6, 0}, "this is no message: "+err.Error())
	}
	m.At, m.Kind, m.To = c.s.Now(), "email", c.to
	c.s.inbox.add(m)
	switch c.mode {
	case modeCut:
		return c.conn.Close()
	case modeSlow:
		timer := time.NewTimer(slowDelay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-c.s.sender.ctx.Done():
		}
	}
	return nil
}

// Reset drops the current message.
func (c *smtpSession) Reset() { c.to = "" }

// Logout ends the session.
func (c *smtpSession) Logout() error { return nil }

// readMail reads both parts of a message, decoded.
func readMail(r io.Reader) (Message, error) {
	message, err := mail.ReadMessage(r)
	if err != nil {
		return Message{}, err
	}
	words := new(mime.WordDecoder)
	subject, err := words.DecodeHeader(message.Header.Get("Subject"))
	if err != nil {
		return Message{}, err
	}
	from, err := words.DecodeHeader(message.Header.Get("From"))
	if err != nil {
		return Message{}, err
	}
	m := Message{From: strings.ReplaceAll(from, `"`, ""), Subject: subject}
	_, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil {
		return Message{}, err
	}
	for parts := multipart.NewReader(message.Body, params["boundary"]); ; {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return m, nil
		}
		if err != nil {
			return Message{}, err
		}
		text, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			return Message{}, err
		}
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/html") {
			m.HTML = string(text)
		} else {
			m.Text = string(text)
		}
	}
}
