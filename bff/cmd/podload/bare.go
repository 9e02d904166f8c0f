package main

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// bareCmd serves the bare slice: what the path needs at the very least, and none of the product's rules.
type bareCmd struct {
	Public string `required:"" help:"Public key of the contexts' issuer (Ed25519, PKIX DER in base64)."`
}

// Run serves on a free port of this machine, says where in a line, and ends with its input.
func (c *bareCmd) Run(ctx context.Context, out io.Writer) error {
	key, err := c.key()
	if err != nil {
		return fmt.Errorf("--public: %w", err)
	}
	dir, err := os.MkdirTemp("", "podload-bare-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	b, err := newBare(ctx, filepath.Join(dir, "bare.db"), key)
	if err != nil {
		return err
	}
	defer b.close()
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "http://%s\n", l.Addr()); err != nil {
		return err
	}
	web := &http.Server{Handler: b.routes(), ReadHeaderTimeout: answerTimeout}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = web.Close()
	}()
	if err := web.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (c *bareCmd) key() (ed25519.PublicKey, error) {
	der, err := base64.StdEncoding.DecodeString(c.Public)
	if err != nil {
		return nil, err
	}
	public, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, err
	}
	key, ok := public.(ed25519.PublicKey)
	if !ok {
		return nil, errors.New("it is not an Ed25519 key")
	}
	return key, nil
}

func (b *bare) routes() http.Handler {
	e := echo.New()
	e.POST("/api/v1/launch", b.launch)
	e.GET("/api/v1/pod", b.pod)
	e.POST("/api/v1/verifications", b.send)
	e.POST("/api/v1/verifications/:id/code", b.check)
	e.GET("/api/v1/live", b.live)
	e.POST("/v/:token", b.validate)
	e.GET("/api/messages", b.messages)
	e.GET("/metrics", echo.WrapHandler(promhttp.Handler()))
	return e
}

// startBare starts the bare slice in a process of its own, until stop is called.
func startBare(ctx context.Context) (t target, stop func() error, err error) {
	key, err := launchcontext.GenerateKey("bare", launchcontext.EdDSA)
	if err != nil {
		return target{}, nil, err
	}
	pem, err := key.Public().PEM()
	if err != nil {
		return target{}, nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return target{}, nil, err
	}
	child := exec.CommandContext(ctx, self, "bare", "--public", pemBody(pem))
	child.Stderr = os.Stderr
	in, err := child.StdinPipe()
	if err != nil {
		return target{}, nil, err
	}
	out, err := child.StdoutPipe()
	if err != nil {
		return target{}, nil, err
	}
	if err := child.Start(); err != nil {
		return target{}, nil, err
	}
	stop = func() error {
		_ = in.Close() // it ends with its input
		return child.Wait()
	}
	where, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return target{}, nil, errors.Join(err, stop())
	}
	at := strings.TrimSpace(where)
	signer := signer{key: key, issuer: "bare", tenants: []string{"bare"}, audience: at}
	return target{name: "bare", bare: true, public: at, phone: at, metrics: at, signer: signer}, stop, nil
}

// pemBody is the base64 between the lines.
func pemBody(pem []byte) string {
	var body strings.Builder
	for line := range strings.Lines(string(pem)) {
		if !strings.HasPrefix(line, "-----") {
			body.WriteString(strings.TrimSpace(line))
		}
	}
	return body.String()
}
