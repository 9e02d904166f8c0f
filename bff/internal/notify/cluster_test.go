package notify_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/shieldpod/shieldpod/bff/internal/notify"
)

func portOf(s *server.Server) int { return s.Addr().(*net.TCPAddr).Port }

// node starts a node of a cluster.
func node(t *testing.T, listen string, routes ...string) *notify.Bus {
	t.Helper()
	cfg := config()
	cfg.ClusterListen, cfg.ClusterRoutes = listen, routes
	return start(t, cfg)
}

func TestNodesNotifyEachOther(t *testing.T) {
	files := certificates(t)
	rows := []struct{ name, listen, route string }{
		{"on loopback, plain", "127.0.0.1:0", "%"},
		{"with user and password", "nats://pod:secret@127.0.0.1:0", "nats://pod:secret@%"},
		{"user and password taken from the listen address", "nats://pod:secret@127.0.0.1:0", "%"},
		{"with certificates", "tls://pod:secret@127.0.0.1:0" + files, "tls://pod:secret@%"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			a := node(t, row.listen)
			b := node(t, row.listen, strings.Replace(row.route, "%", a.RouteAddr(), 1))
			until(t, "the mesh is formed", func() bool { return a.Ready() == nil && b.Ready() == nil })
			wantDelivery(t, a, b)
			wantDelivery(t, b, a)
		})
	}
}

// wantDelivery repeats the notification, because right after joining it may be lost.
func wantDelivery(t *testing.T, publisher, subscriber *notify.Bus) {
	t.Helper()
	notified := subscribe(t, subscriber, "acme")
	until(t, "the other node is notified", func() bool {
		publisher.Notify("acme", "c-1", 9)
		select {
		case got := <-notified:
			if want := (notification{"c-1", 9}); got != want {
				t.Fatalf("got %v, want %v", got, want)
			}
			return true
		default:
			return false
		}
	})
}

func TestANodeWithoutTheSecretIsNotJoined(t *testing.T) {
	files := certificates(t)
	rows := []struct{ name, theirs, ours, route string }{
		{"another password", "nats://pod:secret@127.0.0.1:0", "nats://pod:other@127.0.0.1:0", "%"},
		{"no password", "nats://pod:secret@127.0.0.1:0", "127.0.0.1:0", "%"},
		{"no certificate", "tls://pod:secret@127.0.0.1:0" + files, "nats://pod:secret@127.0.0.1:0", "%"},
		{"another authority's certificate", "tls://pod:secret@127.0.0.1:0" + files, "tls://pod:secret@127.0.0.1:0" + certificates(t), "%"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			refused := make(logRecorder, 64)
			cfg := config()
			cfg.ClusterListen, cfg.Log = row.theirs, refused.logger()
			theirs := start(t, cfg)
			ours := node(t, row.ours, theirs.RouteAddr())
			select {
			case <-refused:
			case <-time.After(2 * time.Minute):
				t.Fatal("the node logs no refused route")
			}
			if err := ours.Ready(); err == nil || err.Error() != "bus: joined to 0 of 1 other nodes" {
				t.Errorf("Ready says %v", err)
			}
		})
	}
}

func TestTheClientPortOfAClusterAcceptsItsOwnProcessOnly(t *testing.T) {
	b := node(t, "127.0.0.1:0")
	for name, as := range map[string]nats.Option{
		"no user":             func(*nats.Options) error { return nil },
		"the user, guessed":   nats.UserInfo("shieldpod", "shieldpod"),
		"the user, by itself": nats.UserInfo("shieldpod", ""),
	} {
		client, err := nats.Connect(b.ClientURL(), as)
		if !errors.Is(err, nats.ErrAuthorization) {
			t.Errorf("%s was let in: %v", name, err)
		}
		if err == nil {
			client.Close()
		}
	}
}

func TestReadyWaitsForTheMesh(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	away := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}

	var passed atomic.Int64
	begun := time.Now()
	cfg := config()
	cfg.ClusterListen, cfg.ClusterRoutes = "127.0.0.1:0", []string{away}
	cfg.Now = func() time.Time { return begun.Add(time.Duration(passed.Load())) }
	early := start(t, cfg)

	const want = "bus: joined to 0 of 1 other nodes"
	passed.Store(int64(30*time.Second - 1))
	if err := early.Ready(); err == nil || err.Error() != want {
		t.Errorf("just before the time-out Ready says %v, want %s", err, want)
	}
	late := node(t, away, away, early.RouteAddr()) // all nodes share one list: a node skips its own address
	until(t, "both are ready", func() bool { return early.Ready() == nil && late.Ready() == nil })
	late.Close()
	wantDelivery(t, early, early)
	if err := early.Ready(); err != nil {
		t.Errorf("after the other has gone Ready says %v", err)
	}
}

func TestADeadNodeDoesNotKeepTheOthersFromStarting(t *testing.T) {
	var passed atomic.Int64
	begun := time.Now()
	cfg := config()
	cfg.ClusterListen, cfg.ClusterRoutes = "127.0.0.1:0", []string{"127.0.0.1:1"}
	cfg.Now = func() time.Time { return begun.Add(time.Duration(passed.Load())) }
	b := start(t, cfg)
	passed.Store(int64(30 * time.Second))
	if err := b.Ready(); err != nil {
		t.Errorf("after the time-out Ready says %v", err)
	}
}

func TestStartRefusesABadConfiguration(t *testing.T) {
	taken := natsServer(t, server.RANDOM_PORT).Addr().String()
	rows := []struct {
		name string
		give notify.Config
		want string
	}{
		{"both ways at once", notify.Config{URL: "nats://127.0.0.1:1", ClusterListen: "127.0.0.1:0"}, "not both"},
		{"an existing NATS with routes", notify.Config{URL: "nats://127.0.0.1:1", ClusterRoutes: []string{"127.0.0.1:1"}}, "not both"},
		{"a URL that is none", notify.Config{URL: "nats://a b"}, "write the URL of NATS as"},
		{"a URL of another scheme", notify.Config{URL: "http://127.0.0.1:4222"}, "write the URL of NATS as"},
		{"one of several URLs that is none", notify.Config{URL: "nats://127.0.0.1:1, 127.0.0.1:2"}, "write the URL of NATS as"},
		{"a URL that can't be read, with a password", notify.Config{URL: "nats://pod:secret@127.0.0.1:x"}, "write the URL of NATS as"},
		{"routes without a listen address", notify.Config{ClusterRoutes: []string{"127.0.0.1:1"}}, "need a cluster listen address"},
		{"a listen address without port", notify.Config{ClusterListen: "127.0.0.1"}, "write it as host:port"},
		{"a listen address of another scheme", notify.Config{ClusterListen: "http://127.0.0.1:6222"}, "write it as host:port"},
		{"a port that is taken", notify.Config{ClusterListen: taken}, "address already in use"},
		{"open to the network", notify.Config{ClusterListen: "0.0.0.0:0"}, "write nats://user:password@0.0.0.0:0"},
		{"open to the network by name", notify.Config{ClusterListen: "nats://node-a:6222"}, "write nats://user:password@node-a:6222"},
		{"a user without password", notify.Config{ClusterListen: "nats://pod@0.0.0.0:0"}, "write nats://user:password@0.0.0.0:0"},
		{"tls without certificates", notify.Config{ClusterListen: "tls://pod:secret@127.0.0.1:0"}, "tls needs ?cert="},
		{"tls with files that are not there", notify.Config{ClusterListen: "tls://pod:secret@127.0.0.1:0?cert=/-&key=/-&ca=/-"}, "cluster listen: "},
		{"a plain route among encrypted ones", notify.Config{ClusterListen: "127.0.0.1:0", ClusterRoutes: []string{"tls://127.0.0.1:1"}}, "all nodes use tls or none does"},
		{"a route that is no address", notify.Config{ClusterListen: "127.0.0.1:0", ClusterRoutes: []string{"pod:secret@127.0.0.1:1"}}, "bus: cluster route: write it as"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			row.give.Now, row.give.Log = config().Now, config().Log
			b, err := notify.Start(t.Context(), row.give)
			if err == nil {
				b.Close()
				t.Fatal("it starts")
			}
			if !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("it says %q, want %q in it, and no secret", err, row.want)
			}
		})
	}
}

// certificates writes an authority and one node's certificate, and gives them as the listen address
// takes them.
func certificates(t *testing.T) string {
	t.Helper()
	authority, authorityKey := template("authority"), newKey(t)
	authority.IsCA, authority.KeyUsage = true, x509.KeyUsageCertSign
	leaf, leafKey := template("node"), newKey(t)
	leaf.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}

	dir := t.TempDir()
	write := func(name, kind string, der []byte, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	der, err := x509.CreateCertificate(rand.Reader, authority, authority, authorityKey.Public(), authorityKey)
	ca := write("ca.pem", "CERTIFICATE", der, err)
	der, err = x509.CreateCertificate(rand.Reader, leaf, authority, leafKey.Public(), authorityKey)
	cert := write("node.pem", "CERTIFICATE", der, err)
	der, err = x509.MarshalPKCS8PrivateKey(leafKey)
	return "?cert=" + cert + "&key=" + write("node-key.pem", "PRIVATE KEY", der, err) + "&ca=" + ca
}

func template(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true,
	}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
