package vonage

import (
	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/courier"
)

// Plugin is Vonage.
var Plugin = courier.Plugin{
	Name: Carrier, Title: "Vonage", Kind: channel.Phone, Help: "Send a tenant's texts by a Vonage account.",
	Flags: func() courier.Flags { return new(flags) }, Open: open, Reports: reports,
}

// Settings of an account, as they are stored.
type Settings struct {
	Key             string `json:"key"`
	From            string `json:"from"`
	Host            string `json:"host,omitempty"`
	SignatureMethod string `json:"signature_method"`
}

// Secret of an account, as it is sealed.
type Secret struct {
	Secret          string `json:"secret"`
	SignatureSecret string `json:"signature_secret"`
}

// readAccount refuses an account whose receipts could be forged.
func readAccount(a admin.CarrierAccount) (settings Settings, secret Secret, signing Signing, err error) {
	if err = courier.ReadAccount(a, &settings, &secret); err == nil {
		signing = Signing{Secret: secret.SignatureSecret, Method: settings.SignatureMethod}
		err = signing.Check()
	}
	return settings, secret, signing, err
}

func open(a admin.CarrierAccount, server courier.Server) (courier.Carrier, error) {
	settings, secret, _, err := readAccount(a)
	if err != nil {
		return nil, err
	}
	return New(Config{Key: settings.Key, Secret: secret.Secret, From: settings.From, Host: settings.Host, Callback: server.PublicURL})
}
