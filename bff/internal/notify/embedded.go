package notify

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// startTimeout bounds the start of the server. It takes milliseconds on an idle machine and seconds on a loaded one.
const startTimeout = time.Minute

// embed starts a NATS server in this process and connects to it without a socket.
func (b *Bus) embed(ctx context.Context, cfg Config) error {
	opts, err := options(ctx, cfg)
	if err != nil {
		return err
	}
	if b.embedded, err = server.NewServer(opts); err != nil {
		return fmt.Errorf("bus: %w", err)
	}
	b.embedded.SetLoggerV2(serverLog{cfg.Log}, false, false, false)
	b.mesh.now, b.mesh.since, b.mesh.want = cfg.Now, cfg.Now(), len(opts.Routes)
	b.embedded.Start()
	err = errors.New("the engine did not start")
	if b.embedded.ReadyForConnections(startTimeout) {
		b.conn, err = nats.Connect("", append(b.options(),
			nats.InProcessServer(b.embedded), nats.UserInfo(opts.Username, opts.Password))...)
	}
	if err != nil {
		b.embedded.Shutdown()
		return fmt.Errorf("bus: %w", err)
	}
	return nil
}

// options returns the options of the embedded server. It is reachable from no other process, or from the other nodes only.
func options(ctx context.Context, cfg Config) (*server.Options, error) {
	o := &server.Options{
		ServerName: "shieldpod-" + rand.Text(),
		DontListen: true,
		NoSigs:     true,
		MaxPayload: maxPayload,
		// Known to this process only. A cluster makes the server open a client port.
		Username: "shieldpod",
		Password: rand.Text(),
	}
	if cfg.ClusterListen == "" {
		if len(cfg.ClusterRoutes) > 0 {
			return nil, errors.New("bus: cluster routes need a cluster listen address for the way back")
		}
		return o, nil
	}
	// With DontListen the server never forms routes, so it gets a client port on loopback.
	o.DontListen, o.Host, o.Port = false, "127.0.0.1", server.RANDOM_PORT
	return o, cluster(ctx, cfg, o)
}

func cluster(ctx context.Context, cfg Config, o *server.Options) error {
	at, err := parseListen(cfg.ClusterListen)
	if err != nil {
		return err
	}
	port, err := checkFree(ctx, at)
	if err != nil {
		return fmt.Errorf("bus: cluster listen: %w", err)
	}
	password, _ := at.User.Password()
	o.Cluster = server.ClusterOpts{
		Name: cfg.ClusterName, Host: at.Hostname(), Port: port, NoAdvertise: true,
		Username: at.User.Username(), Password: password,
	}
	if o.Cluster.Name == "" {
		o.Cluster.Name = "shieldpod"
	}
	if at.Scheme == "tls" {
		files := at.Query()
		o.Cluster.TLSTimeout = 5
		o.Cluster.TLSConfig, err = server.GenTLSConfig(&server.TLSConfigOpts{
			CertFile: files.Get("cert"), KeyFile: files.Get("key"), CaFile: files.Get("ca"), Verify: true,
		})
		if err != nil {
			return fmt.Errorf("bus: cluster listen: %w", err)
		}
		o.Cluster.TLSConfig.RootCAs = o.Cluster.TLSConfig.ClientCAs // the node dials routes and accepts them
	}
	for _, r := range cfg.ClusterRoutes {
		route, err := parseRoute(r, at)
		if err != nil {
			return err
		}
		if !isSelf(ctx, route, port) {
			o.Routes = append(o.Routes, route)
		}
	}
	return nil
}

// isSelf reports whether a route leads to this node. A host that can't be resolved is another node.
func isSelf(ctx context.Context, route *url.URL, port int) bool {
	if route.Port() != strconv.Itoa(port) {
		return false
	}
	theirs, _ := net.DefaultResolver.LookupHost(ctx, route.Hostname())
	ours, _ := net.InterfaceAddrs()
	for _, addr := range ours {
		ip, _, err := net.ParseCIDR(addr.String())
		if err == nil && slices.Contains(theirs, ip.String()) {
			return true
		}
	}
	return false
}

// checkFree checks that the address can be listened on, because the server does not report the reason if it can't. It
// returns the port in the form of the server's options.
func checkFree(ctx context.Context, at *url.URL) (int, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", at.Host)
	if err != nil {
		return 0, err
	}
	if err := l.Close(); err != nil {
		return 0, err
	}
	port, err := strconv.Atoi(at.Port())
	if port == 0 {
		port = server.RANDOM_PORT
	}
	return port, err
}

func parseListen(text string) (*url.URL, error) {
	at, err := parseAddress(text)
	if err != nil {
		return nil, fmt.Errorf("bus: cluster listen: %w", err)
	}
	if !isLoopback(at.Hostname()) && !hasPassword(at) {
		return nil, fmt.Errorf("bus: cluster listen %s is open to the network: write nats://user:password@%s", at.Host, at.Host)
	}
	if files := at.Query(); at.Scheme == "tls" && (files.Get("cert") == "" || files.Get("key") == "" || files.Get("ca") == "") {
		return nil, fmt.Errorf("bus: cluster listen: tls needs ?cert=…&key=…&ca=…, each a PEM file")
	}
	return at, nil
}

func parseRoute(text string, listen *url.URL) (*url.URL, error) {
	to, err := parseAddress(text)
	if err != nil {
		return nil, fmt.Errorf("bus: cluster route: %w", err)
	}
	if to.Scheme == "" {
		to.Scheme = listen.Scheme
	}
	if (to.Scheme == "tls") != (listen.Scheme == "tls") {
		return nil, fmt.Errorf("bus: cluster route %s: all nodes use tls or none does", to.Host)
	}
	if to.User == nil {
		to.User = listen.User
	}
	return to, nil
}

// parseAddress parses host:port with an optional nats:// or tls:// scheme. Its errors never quote the text, because it may
// contain a password.
func parseAddress(text string) (*url.URL, error) {
	if _, port, err := net.SplitHostPort(text); err == nil && port != "" {
		return &url.URL{Host: text}, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Port() == "" || (u.Scheme != "nats" && u.Scheme != "tls") {
		return nil, errors.New("write it as host:port or nats://user:password@host:port")
	}
	return u, nil
}

func hasPassword(u *url.URL) bool {
	password, _ := u.User.Password()
	return u.User.Username() != "" && password != ""
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// serverLog forwards the server's warnings and errors to the log.
type serverLog struct{ log *slog.Logger }

// Warnf drops the server's warning about plain passwords. The password is random and never leaves this process.
func (l serverLog) Warnf(format string, v ...any) {
	if !strings.HasPrefix(format, "Plaintext passwords detected") {
		l.log.Warn("bus: " + fmt.Sprintf(format, v...))
	}
}
func (l serverLog) Errorf(format string, v ...any) { l.log.Error("bus: " + fmt.Sprintf(format, v...)) }
func (l serverLog) Fatalf(format string, v ...any) { l.log.Error("bus: " + fmt.Sprintf(format, v...)) }
func (serverLog) Noticef(string, ...any)           {}
func (serverLog) Debugf(string, ...any)            {}
func (serverLog) Tracef(string, ...any)            {}
