package cli

import (
	"fmt"
	"net"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/bff/internal/notify"
)

// serveCmd runs the server from flags and environment.
type serveCmd struct {
	app.Database
	Listen    string `help:"Address to listen on: :8080 by default, or 127.0.0.1:8080 without --public-url. TLS ends at the balancer."`
	PublicURL string `help:"Where browsers reach this server: scheme and host. Without it, it is for this machine only."`
	app.PlatformCarriers
	app.Limits
	MetricsListen string `help:"Address on which /metrics is served, like 127.0.0.1:9090, and nothing else. Without it there are no metrics."`

	NatsURL       string   `help:"An existing NATS to use between nodes, instead of the embedded one."`
	ClusterListen string   `help:"Address on which the embedded NATS meets other nodes."`
	ClusterRoutes []string `help:"nats://… of the other nodes."`
}

// Run serves until it is told to stop.
func (c *serveCmd) Run(e *env) error {
	config, err := c.config(e)
	if err != nil {
		return err
	}
	return app.Serve(e.ctx, config)
}

// applyDefaults gives a server without a public URL one for this machine only, if it listens on no other address.
func (c *serveCmd) applyDefaults() {
	switch {
	case c.Listen == "" && c.PublicURL == "":
		c.Listen = "127.0.0.1:8080"
	case c.Listen == "":
		c.Listen = ":8080"
	}
	if c.PublicURL != "" {
		return
	}
	host, port, err := net.SplitHostPort(c.Listen)
	if ip := net.ParseIP(host); err == nil && port != "0" && (host == "localhost" || ip.IsLoopback()) {
		c.PublicURL = strings.TrimSuffix("http://localhost:"+port, ":80")
	}
}

// makeMasterKey makes the master key of a data folder that is new.
func (c *serveCmd) makeMasterKey(e *env) error {
	if !c.IsNew() {
		return nil
	}
	path := c.OwnKeyFile()
	if err := writeMasterKey("--data-dir", path); err != nil {
		return err
	}
	_, err := fmt.Fprintf(e.stdout, "A master key was made, in %s. Keep a copy in another place: without it the database can't be opened.\n"+
		"Whoever has both can read the data: for real use move the key into a secret store, and set SHIELDPOD_MASTER_KEY from there.\n", path)
	return err
}

// config checks the settings, and gives them as the server takes them.
func (c *serveCmd) config(e *env) (app.Config, error) {
	isLocal := c.PublicURL == ""
	c.applyDefaults()
	if err := c.check(e); err != nil {
		return app.Config{}, err
	}
	if err := c.makeMasterKey(e); err != nil {
		return app.Config{}, err
	}
	keys, err := c.Keys()
	if err != nil {
		return app.Config{}, err
	}
	database, err := c.URL(e.log)
	if err != nil {
		return app.Config{}, err
	}
	if isLocal {
		if _, err := fmt.Fprintf(e.stdout, "Shieldpod is for browsers on this machine only, at %s. Set --public-url for others.\n", c.PublicURL); err != nil {
			return app.Config{}, err
		}
	}
	return app.Config{
		Listen: []string{c.Listen}, PublicURL: c.PublicURL, Database: database, Keys: keys,
		Carriers: c.PlatformCarriers, Limits: c.Limits,
		Bus:           notify.Config{URL: c.NatsURL, ClusterListen: c.ClusterListen, ClusterRoutes: c.ClusterRoutes},
		MetricsListen: c.MetricsListen, Now: app.SystemClock, Log: e.log,
	}, nil
}

// check refuses settings that can't be used. It changes nothing.
func (c *serveCmd) check(e *env) error {
	if err := app.CheckPublicURL(c.PublicURL); err != nil {
		return err
	}
	if err := c.PlatformCarriers.Check(e.log); err != nil {
		return err
	}
	return c.Limits.Check()
}
