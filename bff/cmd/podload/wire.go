package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// line is a connection that asks one thing at a time. net/http's client would cost as much as the
// server that is measured.
type line struct {
	host string // of the requests
	conn net.Conn
	in   *bufio.Reader
	out  []byte
}

// answerTimeout bounds the wait for an answer.
const answerTimeout = 30 * time.Second

// address is where a URL is reached, and what its requests name as host.
func address(text string) (dial, host string, err error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" || u.Host == "" {
		return "", "", fmt.Errorf("%q must be http:// and a host (measure behind the balancer: TLS ends there)", text)
	}
	dial = u.Host
	if u.Port() == "" {
		dial = net.JoinHostPort(u.Hostname(), "80")
	}
	return dial, u.Host, nil
}

func open(ctx context.Context, base string) (*line, error) {
	dial, host, err := address(base)
	if err != nil {
		return nil, err
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", dial)
	if err != nil {
		return nil, err
	}
	return &line{host: host, conn: conn, in: bufio.NewReaderSize(conn, 8<<10)}, nil
}

// startTime is how long a server that is just starting is waited for.
const startTime = 10 * time.Second

func awaitReady(ctx context.Context, base string) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		line, err := open(ctx, base)
		if err == nil {
			_, err = line.want(http.StatusOK, "GET", "/readyz", "", nil)
			line.close()
		}
		if err == nil {
			return nil
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w", base, err)
		}
	}
}

func (l *line) close() { _ = l.conn.Close() } // nothing is on its way

// ask sends a request and gives the answer. head is whole header lines.
func (l *line) ask(method, path, head string, body []byte) (int, []byte, error) {
	b := l.out[:0]
	b = append(b, method...)
	b = append(append(append(b, ' '), path...), " HTTP/1.1\r\nHost: "...)
	b = append(append(append(b, l.host...), "\r\n"...), head...)
	if body != nil {
		b = append(strconv.AppendInt(append(b, "Content-Length: "...), int64(len(body)), 10), "\r\n"...)
	}
	b = append(append(b, "\r\n"...), body...)
	l.out = b
	if err := l.conn.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
		return 0, nil, err
	}
	if _, err := l.conn.Write(b); err != nil {
		return 0, nil, err
	}
	res, err := http.ReadResponse(l.in, nil)
	if err != nil {
		return 0, nil, err
	}
	answer, err := io.ReadAll(res.Body)
	_ = res.Body.Close() // it is read to its end
	return res.StatusCode, answer, err
}

// want asks, and takes any other status for an error.
func (l *line) want(status int, method, path, head string, body []byte) ([]byte, error) {
	got, answer, err := l.ask(method, path, head, body)
	if err == nil && got != status {
		err = fmt.Errorf("%s %s answered %d: %s", method, strings.SplitN(path, "/", 4)[1], got, bytes.TrimSpace(answer[:min(len(answer), 300)]))
	}
	return answer, err
}

const jsonType = "Content-Type: application/json\r\n"

func bearer(token string) string { return "Authorization: Bearer " + token + "\r\n" }

// field finds a text without escapes in a JSON answer; decoding all of it is not worth its price here.
func field(answer []byte, name string) (string, error) {
	_, after, found := bytes.Cut(answer, []byte(`"`+name+`":"`))
	text, _, ended := bytes.Cut(after, []byte(`"`))
	if !found || !ended {
		return "", fmt.Errorf("the answer has no %s: %s", name, answer[:min(len(answer), 300)])
	}
	return string(text), nil
}
