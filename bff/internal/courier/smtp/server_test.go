package smtp_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// script is the behaviour of a mail server. Commands without a reply succeed.
type script struct {
	tls      bool              // from the first byte
	starttls bool              // offers STARTTLS
	auth     bool              // offers AUTH
	replies  map[string]string // by command: MAIL, RCPT, DATA, AUTH, "." (the message's end), greeting, QUIT; a trailing "cut" closes the connection
}

// server is a mail server with the part of SMTP that a sender needs. It records commands and messages.
type server struct {
	host  string
	port  int
	roots *x509.CertPool

	mu       sync.Mutex
	replies  map[string]string // by whole command, before those of the script
	commands []string          // in order, without the messages
	mails    []string
}

func serve(t *testing.T, s script) *server {
	t.Helper()
	certificate, roots := newCertificate(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{certificate}}
	srv := &server{host: "127.0.0.1", port: l.Addr().(*net.TCPAddr).Port, roots: roots}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer func() { _ = conn.Close() }()
				if s.tls {
					conn = tls.Server(conn, config)
				}
				srv.serveConn(conn, s, config)
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		all.Wait()
	})
	return srv
}

// serveConn serves one connection.
func (srv *server) serveConn(conn net.Conn, s script, config *tls.Config) {
	secure := s.tls
	r := bufio.NewReader(conn)
	say := func(command, usual string) bool {
		reply, scripted := s.replies[command]
		if !scripted {
			reply = usual
		}
		if reply == "cut" {
			return false
		}
		reply, cut := strings.CutSuffix(reply, "\r\ncut")
		_, err := fmt.Fprintf(conn, "%s\r\n", reply)
		return err == nil && !cut
	}
	if !say("greeting", "220 mail.example ESMTP") {
		return
	}
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		srv.record(line)
		var goOn bool
		if reply, set := srv.replyTo(line); set {
			if !say(line, reply) {
				return
			}
			continue
		}
		switch verb {
		case "EHLO":
			goOn = say("EHLO", srv.extensions(s, secure))
		case "STARTTLS":
			if goOn = say("STARTTLS", "220 go ahead"); goOn {
				conn, secure = tls.Server(conn, config), true
				r = bufio.NewReader(conn)
			}
		case "AUTH":
			goOn = say("AUTH", "235 2.7.0 signed in")
		case "DATA":
			if goOn = say("DATA", "354 go ahead"); goOn && strings.HasPrefix(s.replies["DATA"]+"354", "354") {
				goOn = srv.readMessage(r) && say(".", "250 2.0.0 queued as 77")
			}
		case "QUIT":
			say("QUIT", "221 bye")
			return
		default:
			if reply := s.replies[line]; reply != "" { // of a longer AUTH exchange
				verb = line
			}
			goOn = say(verb, "250 2.1.0 fine")
		}
		if !goOn {
			return
		}
	}
}

func (srv *server) extensions(s script, secure bool) string {
	offers := "250-mail.example\r\n250-8BITMIME\r\n"
	if s.starttls && !secure {
		offers += "250-STARTTLS\r\n"
	}
	if s.auth {
		offers += "250-AUTH PLAIN LOGIN\r\n"
	}
	return offers + "250 ENHANCEDSTATUSCODES"
}

func (srv *server) readMessage(r *bufio.Reader) bool {
	var mail strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		mail.WriteString(line)
	}
	srv.mu.Lock()
	defer srv.mu.Unlock()
	srv.mails = append(srv.mails, mail.String())
	return true
}

// setReply sets the reply to a whole command.
func (srv *server) setReply(command, reply string) {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if srv.replies == nil {
		srv.replies = map[string]string{}
	}
	srv.replies[command] = reply
}

func (srv *server) replyTo(command string) (reply string, set bool) {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	reply, set = srv.replies[command]
	return reply, set
}

func (srv *server) record(line string) {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	srv.commands = append(srv.commands, line)
}

func (srv *server) recorded() (commands, mails []string) {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	return append([]string(nil), srv.commands...), append([]string(nil), srv.mails...)
}

// newCertificate returns a certificate for this machine and its certificate authority.
func newCertificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}
