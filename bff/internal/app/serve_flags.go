package app

import (
	"github.com/shieldpod/shieldpod/bff/internal/bus"
)

// serveCmd runs the server from flags and environment.
type serveCmd struct {
	databaseFlags
	Listen    string `default:":8080" help:"Address to listen on. TLS ends at the balancer."`
	PublicURL string `help:"Where browsers reach this server: scheme and host."`
	houseFlags
	limitFlags
	MetricsListen string `help:"Address on which /metrics is served, like 127.0.0.1:9090, and nothing else. Without it there are no metrics."`

	NatsURL       string   `help:"An existing NATS to use between nodes, instead of the embedded one."`
	ClusterListen string   `help:"Address on which the embedded NATS meets other nodes."`
	ClusterRoutes []string `help:"nats://… of the other nodes."`
}

// Run serves until it is told to stop.
func (c *serveCmd) Run(o *outside) error {
	s, err := c.settings(o)
	if err != nil {
		return err
	}
	return serve(o, s)
}

func (c *serveCmd) settings(o *outside) (settings, error) {
	keys, err := c.secrets()
	if err != nil {
		return settings{}, err
	}
	if err := checkPublicURL(c.PublicURL); err != nil {
		return settings{}, err
	}
	if err := c.check(o.log); err != nil {
		return settings{}, err
	}
	limits, err := c.limits()
	if err != nil {
		return settings{}, err
	}
	database, err := c.url(o.log)
	if err != nil {
		return settings{}, err
	}
	return settings{
		listen: []string{c.Listen}, publicURL: c.PublicURL, database: database, keys: keys,
		mail: c.mail(), sms: c.sms(),
		bus:    bus.Config{URL: c.NatsURL, ClusterListen: c.ClusterListen, ClusterRoutes: c.ClusterRoutes},
		limits: limits, metricsListen: c.MetricsListen,
		now: systemClock,
		log: o.log,
	}, nil
}
