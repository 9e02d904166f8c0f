package smtp

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail/smtp"
)

// phase is a step of the conversation. What a reply means depends on it.
type phase string

const (
	phaseConnect  phase = "connect"
	phaseGreeting phase = "greeting"
	phaseHello    phase = "EHLO"
	phaseSTARTTLS phase = "STARTTLS"
	phaseAuth     phase = "AUTH"
	phaseMail     phase = "MAIL"
	phaseRcpt     phase = "RCPT"
	phaseData     phase = "DATA"
	phaseMessage  phase = "end of message" // after its final dot
)

// stepError tells where the conversation ended, and with which reply, if there was one. It repeats no words of the
// server: they may name the recipient.
type stepError struct {
	phase phase
	reply *reply // nil: no reply, or none that can be read
	err   error
}

func (e *stepError) Error() string {
	if e.reply == nil {
		return fmt.Sprintf("%s: %T", e.phase, e.err)
	}
	return strings.TrimRight(fmt.Sprintf("%s: %d %s", e.phase, e.reply.code, e.reply.enhanced), " ")
}

func (e *stepError) Unwrap() error { return e.err }

// Reasons that are not the server's reply.
var (
	errPlain     = errors.New("a connection without TLS may lead to this machine only")
	errNoTLS     = errors.New("the server does not encrypt")
	errNoSignIn  = errors.New("the server offers no sign-in that can be used")
	errNoUTF8    = errors.New("the server does not take addresses with letters outside of ASCII before the @ (SMTPUTF8)")
	errInjection = errors.New("the server sent more than its answer to STARTTLS")
)

// conversation is one connection to a mail server. Its own code reads the replies, because what they mean is decided
// by phase, code, enhanced code and words, and because servers answer in forms that the libraries take for a broken
// connection (a code alone). The message and the ways of signing in are the library's.
type conversation struct {
	config     Config
	conn       net.Conn
	in         *bufio.Reader
	out        *bufio.Writer
	extensions map[string]string // by name in capital letters
	hangUp     func() bool
}

// dial connects, greets, encrypts and signs in. The connection ends with ctx. Close what it gives.
func dial(ctx context.Context, config Config) (*conversation, error) {
	conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", net.JoinHostPort(config.Host, strconv.Itoa(config.Port)))
	if err != nil {
		return nil, &stepError{phase: phaseConnect, err: err}
	}
	if config.Security == None {
		if to, ok := conn.RemoteAddr().(*net.TCPAddr); !ok || !to.IP.IsLoopback() {
			return nil, &stepError{phase: phaseConnect, err: errors.Join(errPlain, conn.Close())}
		}
	}
	c := &conversation{config: config}
	raw := conn
	c.hangUp = context.AfterFunc(ctx, func() { _ = raw.Close() })
	c.use(conn)
	if err := c.open(ctx); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *conversation) use(conn net.Conn) {
	c.conn = conn
	c.in = bufio.NewReaderSize(conn, maxReplyLine)
	c.out = bufio.NewWriter(conn)
}

func (c *conversation) open(ctx context.Context) error {
	if c.config.Security == TLS {
		if err := c.encrypt(ctx, phaseConnect); err != nil {
			return err
		}
	}
	if _, err := c.expect(phaseGreeting, 2); err != nil {
		return err
	}
	if err := c.hello(); err != nil {
		return err
	}
	if c.config.Security == STARTTLS {
		if err := c.startTLS(ctx); err != nil {
			return err
		}
	}
	return c.signIn()
}

func (c *conversation) encrypt(ctx context.Context, at phase) error {
	secured := tls.Client(c.conn, &tls.Config{ServerName: c.config.Host, RootCAs: c.config.Roots, MinVersion: tls.VersionTLS12})
	if err := secured.HandshakeContext(ctx); err != nil {
		return &stepError{phase: at, err: err}
	}
	c.use(secured)
	return nil
}

func (c *conversation) startTLS(ctx context.Context) error {
	if _, offered := c.extensions["STARTTLS"]; !offered {
		return &stepError{phase: phaseSTARTTLS, err: errNoTLS}
	}
	if _, err := c.command(phaseSTARTTLS, 2, "STARTTLS"); err != nil {
		return err
	}
	if c.in.Buffered() > 0 { // it would be read as if it had come encrypted
		return &stepError{phase: phaseSTARTTLS, err: errInjection}
	}
	if err := c.encrypt(ctx, phaseSTARTTLS); err != nil {
		return err
	}
	return c.hello()
}

// hello names this server and learns what the other one offers. One that knows no EHLO is greeted by HELO.
func (c *conversation) hello() error {
	answer, err := c.command(phaseHello, 2, "EHLO "+c.config.Hello)
	if unknown := (*stepError)(nil); errors.As(err, &unknown) && unknown.reply != nil && slices.Contains([]int{500, 502}, unknown.reply.code) {
		c.extensions = nil
		_, err = c.command(phaseHello, 2, "HELO "+c.config.Hello)
		return err
	}
	if err != nil {
		return err
	}
	c.extensions = map[string]string{}
	for _, line := range answer.lines[1:] {
		name, values, _ := strings.Cut(strings.ToUpper(line), " ")
		if old, equals := strings.CutPrefix(name, "AUTH="); equals { // before RFC 2554
			name, values = "AUTH", old+" "+values
		}
		if name == "AUTH" {
			values = c.extensions["AUTH"] + " " + values
		}
		c.extensions[name] = values
	}
	return nil
}

// signIn proves the account, where there is one, by the best way that the server offers.
func (c *conversation) signIn() error {
	if c.config.Username == "" {
		return nil
	}
	way := c.mechanism()
	if way == nil {
		return &stepError{phase: phaseAuth, err: errNoSignIn}
	}
	name, first, err := way.Start(&gomail.ServerInfo{Name: c.config.Host, TLS: true, Auth: strings.Fields(c.extensions["AUTH"])})
	if err != nil {
		return &stepError{phase: phaseAuth, err: errNoSignIn}
	}
	line := "AUTH " + name
	if first != nil {
		line += " " + orEqualSign(base64.StdEncoding.EncodeToString(first))
	}
	for {
		answer, err := c.command(phaseAuth, 0, line)
		if err != nil {
			return err
		}
		if answer.class() != 3 && answer.class() != 2 {
			return &stepError{phase: phaseAuth, reply: &answer}
		}
		challenge := []byte(answer.text())
		if answer.class() == 3 {
			// LOGIN's prompts carry nothing; some servers do not encode them.
			if challenge, err = base64.StdEncoding.DecodeString(answer.text()); err != nil && name != "LOGIN" {
				return &stepError{phase: phaseAuth, err: errNoReply}
			}
		}
		next, err := way.Next(challenge, answer.class() == 3)
		switch {
		case err != nil:
			return &stepError{phase: phaseAuth, err: errNoSignIn}
		case answer.class() == 2:
			return nil
		}
		line = base64.StdEncoding.EncodeToString(next)
	}
}

// orEqualSign is how an empty first answer is written (RFC 4954, 4).
func orEqualSign(encoded string) string {
	if encoded == "" {
		return "="
	}
	return encoded
}

// mechanism is the best way to sign in that the server offers; nil when it offers none. The connection is encrypted,
// or leads to this machine.
func (c *conversation) mechanism() gomail.Auth {
	user, password := c.config.Username, c.config.Password
	for _, way := range []struct {
		name string
		make func() gomail.Auth
	}{
		{"SCRAM-SHA-256", func() gomail.Auth { return gomail.ScramSHA256Auth(user, password) }},
		{"SCRAM-SHA-1", func() gomail.Auth { return gomail.ScramSHA1Auth(user, password) }},
		{"PLAIN", func() gomail.Auth { return gomail.PlainAuth("", user, password, c.config.Host, true) }},
		{"LOGIN", func() gomail.Auth { return gomail.LoginAuth(user, password, c.config.Host, true) }},
		{"CRAM-MD5", func() gomail.Auth { return gomail.CRAMMD5Auth(user, password) }},
	} {
		if slices.Contains(strings.Fields(c.extensions["AUTH"]), way.name) {
			return way.make()
		}
	}
	return nil
}

// deliver has the server take one message. International: an address in it has letters outside of ASCII before its @.
func (c *conversation) deliver(from, to string, international bool, message io.WriterTo) error {
	line := "MAIL FROM:<" + from + ">"
	if _, offered := c.extensions["8BITMIME"]; offered {
		line += " BODY=8BITMIME"
	}
	if international {
		if _, offered := c.extensions["SMTPUTF8"]; !offered {
			return &stepError{phase: phaseMail, err: errNoUTF8}
		}
		line += " SMTPUTF8"
	}
	if _, err := c.command(phaseMail, 2, line); err != nil {
		return err
	}
	if _, err := c.command(phaseRcpt, 2, "RCPT TO:<"+to+">"); err != nil {
		return err
	}
	if _, err := c.command(phaseData, 3, "DATA"); err != nil {
		return err
	}
	body := (&textproto.Writer{W: c.out}).DotWriter()
	if _, err := message.WriteTo(body); err != nil { // before its final dot no server takes a message
		return &stepError{phase: phaseData, err: err}
	}
	if err := body.Close(); err != nil {
		return &stepError{phase: phaseMessage, err: err}
	}
	_, err := c.expect(phaseMessage, 2)
	return err
}

// command sends one line and reads the reply. Its error has the reply if that is not of the class; 0 takes any.
func (c *conversation) command(at phase, class int, line string) (reply, error) {
	if strings.ContainsAny(line, "\r\n") {
		return reply{}, &stepError{phase: at, err: errors.New("a command is one line")}
	}
	if _, err := c.out.WriteString(line + "\r\n"); err != nil {
		return reply{}, &stepError{phase: at, err: err}
	}
	if err := c.out.Flush(); err != nil {
		return reply{}, &stepError{phase: at, err: err}
	}
	return c.expect(at, class)
}

func (c *conversation) expect(at phase, class int) (reply, error) {
	answer, err := readReply(c.in)
	if err != nil {
		return reply{}, &stepError{phase: at, err: err}
	}
	if class != 0 && answer.class() != class {
		return answer, &stepError{phase: at, reply: &answer}
	}
	return answer, nil
}

// farewellTime is how long the server may take to say goodbye.
const farewellTime = time.Second

// quit says goodbye, which no outcome depends on.
func (c *conversation) quit() {
	_ = c.conn.SetDeadline(time.Now().Add(farewellTime))
	_, _ = c.command("QUIT", 0, "QUIT")
}

// close ends the connection, which may have ended already.
func (c *conversation) close() {
	c.hangUp()
	_ = c.conn.Close()
}
