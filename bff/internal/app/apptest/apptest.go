// Package apptest builds whole servers in the process of a test. Start with [New].
package apptest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"sync"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
)

// Config is that of a server without limits, on an embedded database of its own, whose carriers can't be reached.
func Config(t *testing.T, publicURL string) app.Config {
	t.Helper()
	keys, err := app.DeriveKeys(MasterKey("tests"))
	if err != nil {
		t.Fatal(err)
	}
	database := filepath.Join(t.TempDir(), app.DatabaseFile)
	storetest.Seed(t, database)
	return app.Config{
		PublicURL: publicURL, Database: database, Keys: keys, Now: app.SystemClock, Log: slog.New(slog.DiscardHandler),
		Carriers: app.PlatformCarriers{
			SendgridKey: "SG.x", SendgridFrom: "verify@acme.example", SendgridHost: "http://127.0.0.1:1", SendgridWebhookKey: WebhookKey(t),
			VonageKey: "demo0001", VonageSecret: "s", VonageFrom: "Acme", VonageHost: "http://127.0.0.1:1",
			VonageSignatureSecret: "a-signature-secret", VonageSignatureMethod: "sha256",
		},
	}
}

// New builds a server that is closed when the test ends. It does not listen: tests call its Handler.
func New(t *testing.T, c app.Config) *app.Server {
	t.Helper()
	srv, err := app.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
	})
	return srv
}

// MasterKey passes for random, and is always the same for the same name.
func MasterKey(name string) []byte {
	key := sha256.Sum256([]byte("the master key of " + name))
	return key[:]
}

// WebhookKey is a new public key of a signed event webhook, as SendGrid shows it.
func WebhookKey(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(public)
}

// FreePort is a port of 127.0.0.1 on which nothing listens. No port is given twice.
func FreePort(t *testing.T) string {
	t.Helper()
	for {
		l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_, port, err := net.SplitHostPort(l.Addr().String())
		if err = errors.Join(err, l.Close()); err != nil {
			t.Fatal(err)
		}
		if _, given := givenPorts.LoadOrStore(port, true); !given {
			return port
		}
	}
}

// givenPorts are those that FreePort gave: the system may name a port again as soon as it is closed.
var givenPorts sync.Map
