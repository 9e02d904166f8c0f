package main

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/shieldpod/shieldpod/bff/internal/bus"
	"github.com/shieldpod/shieldpod/bff/internal/courier/sendgrid"
	"github.com/shieldpod/shieldpod/bff/internal/courier/vonage"
)

// serveCmd runs the server from flags and environment.
type serveCmd struct {
	databaseFlags
	Listen    string `default:":8080" help:"Address to listen on. TLS ends at the balancer."`
	PublicURL string `help:"Where browsers reach this server: scheme and host."`

	SendgridKey        string `help:"SendGrid API key."`
	SendgridFrom       string `help:"Sender address of e-mails."`
	SendgridHost       string `default:"https://api.sendgrid.com" help:"SendGrid's API."`
	SendgridWebhookKey string `help:"Public key of SendGrid's signed event webhook, base64."`

	VonageKey             string `help:"Vonage API key."`
	VonageSecret          string `help:"Vonage API secret."`
	VonageFrom            string `help:"Sender of text messages: a number or a name."`
	VonageHost            string `default:"https://rest.nexmo.com" help:"Vonage's SMS API."`
	VonageSignatureSecret string `help:"Secret under which Vonage signs delivery receipts."`
	VonageSignatureMethod string `default:"sha256" enum:"sha256,sha512" help:"How Vonage signs: sha256 or sha512."`

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
	if err := c.checkCarriers(o.log); err != nil {
		return settings{}, err
	}
	if err := errors.Join(checkSite("--sendgrid-host", c.SendgridHost), checkSite("--vonage-host", c.VonageHost)); err != nil {
		return settings{}, err
	}
	database, err := c.url()
	if err != nil {
		return settings{}, err
	}
	return settings{
		listen: []string{c.Listen}, publicURL: c.PublicURL, database: database, keys: keys,
		mail: mailSettings{key: c.SendgridKey, from: c.SendgridFrom, host: c.SendgridHost, webhookKey: c.SendgridWebhookKey},
		sms: smsSettings{
			key: c.VonageKey, secret: c.VonageSecret, from: c.VonageFrom, host: c.VonageHost,
			signatureSecret: c.VonageSignatureSecret, signatureMethod: c.VonageSignatureMethod,
		},
		bus: bus.Config{URL: c.NatsURL, ClusterListen: c.ClusterListen, ClusterRoutes: c.ClusterRoutes},
		now: systemClock,
		log: o.log,
	}, nil
}

// checkCarriers says which setting is missing of a carrier that is named at all, one sentence for all of them. Tenants
// may have carriers of their own: the house need not have any.
func (c *serveCmd) checkCarriers(log *slog.Logger) error {
	type setting struct{ flag, value string }
	mail := []setting{{"sendgrid-key", c.SendgridKey}, {"sendgrid-from", c.SendgridFrom}, {"sendgrid-webhook-key", c.SendgridWebhookKey}}
	texts := []setting{
		{"vonage-key", c.VonageKey}, {"vonage-secret", c.VonageSecret}, {"vonage-from", c.VonageFrom},
		{"vonage-signature-secret", c.VonageSignatureSecret},
	}
	unset := func(s setting) bool { return s.value == "" }
	var missing []error
	for _, carrier := range [][]setting{mail, texts} {
		if !slices.ContainsFunc(carrier, func(s setting) bool { return !unset(s) }) {
			log.Warn("no carrier of the house is set: tenants need their own", "settings", variable(carrier[0].flag)+" and those beside it")
			continue
		}
		for _, s := range carrier {
			if unset(s) {
				missing = append(missing, fmt.Errorf("set %s or --%s", variable(s.flag), s.flag))
			}
		}
	}
	if len(missing) > 0 {
		return errors.Join(missing...)
	}
	return c.checkHooks()
}

// checkHooks refuses what would be no signature to trust.
func (c *serveCmd) checkHooks() error {
	if c.SendgridKey != "" {
		if _, err := sendgrid.ParseKey(c.SendgridWebhookKey); err != nil {
			return fmt.Errorf("--sendgrid-webhook-key: %w", err)
		}
	}
	if c.VonageKey != "" {
		if err := (vonage.Signing{Secret: c.VonageSignatureSecret, Method: c.VonageSignatureMethod}).Check(); err != nil {
			return fmt.Errorf("--vonage-signature-secret: %w", err)
		}
	}
	return nil
}
