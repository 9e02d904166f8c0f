package smtp

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"time"
)

// phase is a step of the session. It determines the meaning of a reply.
type phase string

const (
	phaseConnect  phase = "connect"
	phaseGreeting phase = "greeting"
	phaseEHLO     phase = "EHLO"
	phaseSTARTTLS phase = "STARTTLS"
	phaseAuth     phase = "AUTH"
	phaseMail     phase = "MAIL"
	phaseRcpt     phase = "RCPT"
	phaseData     phase = "DATA"
	phaseMessage  phase = "end of message" // after the final dot
)

// stepError is the step at which the session failed, with the reply if there was one. Its text repeats nothing of the
// server's, which may name the recipient.
type stepError struct {
	phase phase
	reply *reply // nil: no reply, or an unreadable one
	err   error
}

func (e *stepError) Error() string {
	if e.reply == nil {
		return fmt.Sprintf("%s: %T", e.phase, e.err)
	}
	return strings.TrimRight(fmt.Sprintf("%s: %d %s", e.phase, e.reply.code, e.reply.enhanced), " ")
}

func (e *stepError) Unwrap() error { return e.err }

// Causes other than a reply of the server.
var (
	errPlaintext = errors.New("a connection without TLS may lead to this machine only")
	errNoTLS     = errors.New("the server does not encrypt")
	errNoSignIn  = errors.New("the server offers no sign-in that can be used")
	errNoUTF8    = errors.New("the server does not take addresses with letters outside of ASCII before the @ (SMTPUTF8)")
	errInjection = errors.New("the server sent more than its answer to STARTTLS")
)

// session is one SMTP session. It reads the replies itself, because their meaning depends on phase, code, enhanced code
// and text, and because the libraries treat some valid replies (a code alone) as a broken connection. The message and
// the authentication mechanisms come from the library.
type session struct {
	config      Config
	token       string // for XOAUTH2; empty: by password
	conn        net.Conn
	in          *bufio.Reader
	out         *bufio.Writer
	extensions  map[string]string // by name in upper case
	cancelClose func() bool
}

// dial connects, sends EHLO, starts TLS and authenticates. The connection is closed with ctx. The caller closes the
// session. A token takes the place of the password.
func dial(ctx context.Context, config Config, token string) (*session, error) {
	conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", net.JoinHostPort(config.Host, strconv.Itoa(config.Port)))
	if err != nil {
		return nil, &stepError{phase: phaseConnect, err: err}
	}
	if config.Security == None {
		if to, ok := conn.RemoteAddr().(*net.TCPAddr); !ok || !to.IP.IsLoopback() {
			return nil, &stepError{phase: phaseConnect, err: errors.Join(errPlaintext, conn.Close())}
		}
	}
	s := &session{config: config, token: token}
	raw := conn
	s.cancelClose = context.AfterFunc(ctx, func() { _ = raw.Close() })
	s.setConn(conn)
	if err := s.start(ctx); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *session) setConn(conn net.Conn) {
	s.conn = conn
	s.in = bufio.NewReaderSize(conn, maxReplyLine)
	s.out = bufio.NewWriter(conn)
}

func (s *session) start(ctx context.Context) error {
	if s.config.Security == TLS {
		if err := s.encrypt(ctx, phaseConnect); err != nil {
			return err
		}
	}
	if _, err := s.expect(phaseGreeting, 2); err != nil {
		return err
	}
	if err := s.ehlo(); err != nil {
		return err
	}
	if s.config.Security == STARTTLS {
		if err := s.startTLS(ctx); err != nil {
			return err
		}
	}
	return s.authenticate()
}

func (s *session) encrypt(ctx context.Context, at phase) error {
	secured := tls.Client(s.conn, &tls.Config{ServerName: s.config.Host, RootCAs: s.config.Roots, MinVersion: tls.VersionTLS12})
	if err := secured.HandshakeContext(ctx); err != nil {
		return &stepError{phase: at, err: err}
	}
	s.setConn(secured)
	return nil
}

func (s *session) startTLS(ctx context.Context) error {
	if _, offered := s.extensions["STARTTLS"]; !offered {
		return &stepError{phase: phaseSTARTTLS, err: errNoTLS}
	}
	if _, err := s.command(phaseSTARTTLS, 2, "STARTTLS"); err != nil {
		return err
	}
	if s.in.Buffered() > 0 { // it would be read as if it had been encrypted
		return &stepError{phase: phaseSTARTTLS, err: errInjection}
	}
	if err := s.encrypt(ctx, phaseSTARTTLS); err != nil {
		return err
	}
	return s.ehlo()
}

// ehlo sends EHLO and stores the server's extensions. A server that does not support EHLO gets HELO.
func (s *session) ehlo() error {
	response, err := s.command(phaseEHLO, 2, "EHLO "+s.config.Hello)
	if unknown := (*stepError)(nil); errors.As(err, &unknown) && unknown.reply != nil && slices.Contains([]int{500, 502}, unknown.reply.code) {
		s.extensions = nil
		_, err = s.command(phaseEHLO, 2, "HELO "+s.config.Hello)
		return err
	}
	if err != nil {
		return err
	}
	s.extensions = map[string]string{}
	for _, line := range response.lines[1:] {
		name, values, _ := strings.Cut(strings.ToUpper(line), " ")
		if legacy, found := strings.CutPrefix(name, "AUTH="); found { // before RFC 2554
			name, values = "AUTH", legacy+" "+values
		}
		if name == "AUTH" {
			values = s.extensions["AUTH"] + " " + values
		}
		s.extensions[name] = values
	}
	return nil
}

// deliver sends one message. International means that an address has non-ASCII letters before the @.
func (s *session) deliver(from, to string, international bool, message io.WriterTo) error {
	line := "MAIL FROM:<" + from + ">"
	if _, offered := s.extensions["8BITMIME"]; offered {
		line += " BODY=8BITMIME"
	}
	if international {
		if _, offered := s.extensions["SMTPUTF8"]; !offered {
			return &stepError{phase: phaseMail, err: errNoUTF8}
		}
		line += " SMTPUTF8"
	}
	if _, err := s.command(phaseMail, 2, line); err != nil {
		return err
	}
	if _, err := s.command(phaseRcpt, 2, "RCPT TO:<"+to+">"); err != nil {
		return err
	}
	if _, err := s.command(phaseData, 3, "DATA"); err != nil {
		return err
	}
	body := (&textproto.Writer{W: s.out}).DotWriter()
	if _, err := message.WriteTo(body); err != nil { // no server accepts a message before the final dot
		return &stepError{phase: phaseData, err: err}
	}
	if err := body.Close(); err != nil {
		return &stepError{phase: phaseMessage, err: err}
	}
	_, err := s.expect(phaseMessage, 2)
	return err
}

// command sends one line and reads the reply. A reply of another class is an error that holds the reply; class 0 accepts
// every reply.
func (s *session) command(at phase, class int, line string) (reply, error) {
	if strings.ContainsAny(line, "\r\n") {
		return reply{}, &stepError{phase: at, err: errors.New("a command is one line")}
	}
	if _, err := s.out.WriteString(line + "\r\n"); err != nil {
		return reply{}, &stepError{phase: at, err: err}
	}
	if err := s.out.Flush(); err != nil {
		return reply{}, &stepError{phase: at, err: err}
	}
	return s.expect(at, class)
}

func (s *session) expect(at phase, class int) (reply, error) {
	response, err := readReply(s.in)
	if err != nil {
		return reply{}, &stepError{phase: at, err: err}
	}
	if class != 0 && response.class() != class {
		return response, &stepError{phase: at, reply: &response}
	}
	return response, nil
}

// quitTimeout bounds the QUIT command.
const quitTimeout = time.Second

// quit sends QUIT. No result depends on it.
func (s *session) quit() {
	_ = s.conn.SetDeadline(time.Now().Add(quitTimeout))
	_, _ = s.command("QUIT", 0, "QUIT")
}

// close closes the connection, which may be closed already.
func (s *session) close() {
	s.cancelClose()
	_ = s.conn.Close()
}
