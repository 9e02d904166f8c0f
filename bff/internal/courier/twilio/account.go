package twilio

import (
	"errors"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/courier"
)

// Plugin is Twilio.
var Plugin = courier.Plugin{
	Name: Carrier, Title: "Twilio", Kind: channel.Phone, Help: "Send a tenant's texts by a Twilio account.",
	Flags: func() courier.Flags { return new(flags) }, Open: open, Reports: reports,
}

// Settings of an account, as they are stored.
type Settings struct {
	Account string `json:"account"`
	Key     string `json:"key,omitempty"`
	From    string `json:"from"`
	Host    string `json:"host,omitempty"`
}

// Secret of an account, as it is sealed.
type Secret struct {
	Token  string `json:"token"`            // the account's auth token: delivery reports are signed with it, even when an API key sends
	Secret string `json:"secret,omitempty"` // the API key's, if one sends
}

// readAccount refuses an account whose receipts could be forged.
func readAccount(a admin.CarrierAccount) (settings Settings, secret Secret, err error) {
	if err = courier.ReadAccount(a, &settings, &secret); err == nil && secret.Token == "" {
		err = errors.New("twilio: the auth token is missing: receipts are signed with it")
	}
	return settings, secret, err
}

func open(a admin.CarrierAccount, server courier.Server) (courier.Carrier, error) {
	settings, secret, err := readAccount(a)
	if err != nil {
		return nil, err
	}
	if settings.Key == "" {
		secret.Secret = secret.Token
	}
	return New(Config{
		Account: settings.Account, Key: settings.Key, Secret: secret.Secret, From: settings.From, Host: settings.Host,
		Callback: server.PublicURL, Now: server.Now,
	})
}
