package graph

import (
	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/courier/oauth"
)

// Plugin is Microsoft 365. It reports no deliveries.
var Plugin = courier.Plugin{
	Name: Carrier, Title: "Microsoft 365", Kind: channel.Email, Help: "Send a tenant's e-mail from a mailbox of Microsoft 365, by Microsoft Graph.",
	Flags: func() courier.Flags { return new(flags) }, Open: open,
}

// Settings of an account, as they are stored.
type Settings struct {
	oauth.Microsoft
	Mailbox         string `json:"from"`
	SaveToSentItems bool   `json:"save_to_sent_items,omitempty"`
	Host            string `json:"host,omitempty"`
}

// Secret of an account, as it is sealed.
type Secret struct {
	Credential string `json:"credential"` // a client secret, or a certificate with its private key (PEM)
}

func open(a admin.CarrierAccount, server courier.Server) (courier.Carrier, error) {
	var settings Settings
	var secret Secret
	if err := courier.ReadAccount(a, &settings, &secret); err != nil {
		return nil, err
	}
	return New(Config{
		Microsoft: settings.Microsoft, Credential: secret.Credential, Mailbox: settings.Mailbox,
		SaveToSentItems: settings.SaveToSentItems, Host: settings.Host, Now: server.Now,
	})
}
