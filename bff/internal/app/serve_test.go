package app

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestASlowClientDoesNotHoldTheServerUp(t *testing.T) {
	begun := make(chan struct{})
	web := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		_, _ = r.Body.Read(make([]byte, 1)) // until the connection is cut
	})}
	listeners, err := Listen(t.Context(), []string{"127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- web.Serve(listeners[0]) }()
	client, err := new(net.Dialer).DialContext(t.Context(), "tcp", listeners[0].Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	if _, err := client.Write([]byte("POST / HTTP/1.1\r\nHost: pod\r\nContent-Length: 9\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	<-begun
	var log bytes.Buffer
	if err := shutdown(web, time.Millisecond, slog.New(slog.NewTextHandler(&log, nil))); err != nil {
		t.Errorf("the server ended with %v", err)
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("it served until %v", err)
	}
	if !strings.Contains(log.String(), "cut off") {
		t.Errorf("the log is %q", log.String())
	}
}
