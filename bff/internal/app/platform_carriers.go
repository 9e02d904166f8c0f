package app

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/shieldpod/shieldpod/bff/internal/courier/sendgrid"
	"github.com/shieldpod/shieldpod/bff/internal/courier/vonage"
)

// houseFlags are the house's own accounts, by which tenants send that have none.
type houseFlags struct {
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

func (c houseFlags) mail() mailSettings {
	return mailSettings{key: c.SendgridKey, from: c.SendgridFrom, host: c.SendgridHost, webhookKey: c.SendgridWebhookKey}
}

func (c houseFlags) sms() smsSettings {
	return smsSettings{
		key: c.VonageKey, secret: c.VonageSecret, from: c.VonageFrom, host: c.VonageHost,
		signatureSecret: c.VonageSignatureSecret, signatureMethod: c.VonageSignatureMethod,
	}
}

// check says which setting is missing of a carrier that is named at all, one sentence for all of them. Tenants
// may have carriers of their own: the house need not have any.
func (c houseFlags) check(log *slog.Logger) error {
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
	return errors.Join(c.checkHooks(), checkSite("--sendgrid-host", c.SendgridHost), checkSite("--vonage-host", c.VonageHost))
}

// checkHooks refuses what would be no signature to trust.
func (c houseFlags) checkHooks() error {
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
