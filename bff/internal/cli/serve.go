package cli

import (
	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/bff/internal/notify"
)

// serveCmd runs the server from flags and environment.
type serveCmd struct {
	app.Database
	Listen    string `default:":8080" help:"Address to listen on. TLS ends at the balancer."`
	PublicURL string `help:"Where browsers reach this server: scheme and host."`
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

// config checks the settings, and gives them as the server takes them.
func (c *serveCmd) config(e *env) (app.Config, error) {
	keys, err := c.Keys()
	if err != nil {
		return app.Config{}, err
	}
	if err := app.CheckPublicURL(c.PublicURL); err != nil {
		return app.Config{}, err
	}
	if err := c.PlatformCarriers.Check(e.log); err != nil {
		return app.Config{}, err
	}
	if err := c.Limits.Check(); err != nil {
		return app.Config{}, err
	}
	database, err := c.URL(e.log)
	if err != nil {
		return app.Config{}, err
	}
	return app.Config{
		Listen: []string{c.Listen}, PublicURL: c.PublicURL, Database: database, Keys: keys,
		Carriers: c.PlatformCarriers, Limits: c.Limits,
		Bus:           notify.Config{URL: c.NatsURL, ClusterListen: c.ClusterListen, ClusterRoutes: c.ClusterRoutes},
		MetricsListen: c.MetricsListen, Now: app.SystemClock, Log: e.log,
	}, nil
}
