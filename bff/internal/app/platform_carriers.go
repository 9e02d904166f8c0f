package app

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/courier/sendgrid"
	"github.com/shieldpod/shieldpod/bff/internal/courier/vonage"
)

// PlatformCarriers are the platform's own accounts, by which tenants send that have none.
type PlatformCarriers struct {
	SendgridKey        string `help:"SendGrid API key." type:"secret" secret:""`
	SendgridFrom       string `help:"Sender address of e-mails."`
	SendgridHost       string `default:"https://api.sendgrid.com" help:"SendGrid's API."`
	SendgridWebhookKey string `help:"Public key of SendGrid's signed event webhook, base64." type:"token"`

	VonageKey             string `help:"Vonage API key."`
	VonageSecret          string `help:"Vonage API secret." type:"secret" secret:""`
	VonageFrom            string `help:"Sender of text messages: a number or a name."`
	VonageHost            string `default:"https://rest.nexmo.com" help:"Vonage's SMS API."`
	VonageSignatureSecret string `help:"Secret under which Vonage signs delivery receipts." type:"secret" secret:""`
	VonageSignatureMethod string `default:"sha256" enum:"sha256,sha512" help:"How Vonage signs: sha256 or sha512."`
}

// Accounts are those of the carriers that are set.
func (c PlatformCarriers) Accounts() ([]admin.CarrierAccount, error) {
	var accounts []admin.CarrierAccount
	if c.SendgridKey != "" {
		a, err := sendgrid.Plugin.NewAccount("", 1,
			sendgrid.Settings{From: c.SendgridFrom, Host: c.SendgridHost, WebhookKey: c.SendgridWebhookKey}, sendgrid.Secret{Key: c.SendgridKey})
		if err != nil {
			return nil, err
		}
		accounts = append(accounts, a)
	}
	if c.VonageKey != "" {
		a, err := vonage.Plugin.NewAccount("", 1,
			vonage.Settings{Key: c.VonageKey, From: c.VonageFrom, Host: c.VonageHost, SignatureMethod: c.VonageSignatureMethod},
			vonage.Secret{Secret: c.VonageSecret, SignatureSecret: c.VonageSignatureSecret})
		if err != nil {
			return nil, err
		}
		accounts = append(accounts, a)
	}
	return accounts, nil
}

// Check names each missing setting of a carrier of which any is set. A platform without carriers is accepted and
// logged: tenants may have their own.
func (c PlatformCarriers) Check(log *slog.Logger) error {
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
			log.Warn("no carrier of the platform is set: tenants need their own", "settings", Variable(carrier[0].flag)+" and those beside it")
			continue
		}
		for _, s := range carrier {
			if unset(s) {
				missing = append(missing, fmt.Errorf("set %s or --%s", Variable(s.flag), s.flag))
			}
		}
	}
	if len(missing) > 0 {
		return errors.Join(missing...)
	}
	return errors.Join(c.checkHooks(), CheckSite("--sendgrid-host", c.SendgridHost), CheckSite("--vonage-host", c.VonageHost))
}

// checkHooks refuses keys under which delivery reports could be forged.
func (c PlatformCarriers) checkHooks() error {
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
