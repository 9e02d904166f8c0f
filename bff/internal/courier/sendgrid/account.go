package sendgrid

import (
	"crypto/ecdsa"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/courier"
)

// Plugin is SendGrid.
var Plugin = courier.Plugin{
	Name: Carrier, Title: "SendGrid", Kind: channel.Email, Help: "Send a tenant's e-mail by a SendGrid account.",
	Flags: func() courier.Flags { return new(flags) }, Open: open, Reports: reports,
}

// Settings of an account, as they are stored.
type Settings struct {
	From       string `json:"from"`
	Host       string `json:"host,omitempty"`
	WebhookKey string `json:"webhook_key"`
}

// Secret of an account, as it is sealed.
type Secret struct {
	Key string `json:"key"`
}

// readAccount refuses an account whose events could be forged.
func readAccount(a admin.CarrierAccount) (settings Settings, secret Secret, key *ecdsa.PublicKey, err error) {
	if err = courier.ReadAccount(a, &settings, &secret); err == nil {
		key, err = ParseKey(settings.WebhookKey)
	}
	return settings, secret, key, err
}

func open(a admin.CarrierAccount, _ courier.Server) (courier.Carrier, error) {
	settings, secret, _, err := readAccount(a)
	if err != nil {
		return nil, err
	}
	return New(Config{Key: secret.Key, From: settings.From, Host: settings.Host})
}
