package smtp

import (
	"net/url"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/courier"
)

// Plugin is a mail server. It reports no deliveries.
var Plugin = courier.Plugin{
	Name: Carrier, Title: "mail server", Kind: channel.Email, Help: "Send a tenant's e-mail through a mail server.",
	Flags: func() courier.Flags { return new(flags) }, Open: open,
}

// Settings of a mail server's account, as they are stored.
type Settings struct {
	Host     string   `json:"host"`
	Port     int      `json:"port,omitempty"`
	Security Security `json:"security"`
	Username string   `json:"username,omitempty"`
	From     string   `json:"from"`
	Hello    string   `json:"hello,omitempty"` // the name for EHLO; empty: the public URL's host
}

// Secret of an account, as it is sealed.
type Secret struct {
	Password string `json:"password,omitempty"`
}

func open(a admin.CarrierAccount, server courier.Server) (courier.Carrier, error) {
	var settings Settings
	var secret Secret
	if err := courier.ReadAccount(a, &settings, &secret); err != nil {
		return nil, err
	}
	hello := settings.Hello
	if hello == "" {
		hello = ehloName(hostOf(server.PublicURL), settings.From)
	}
	return New(Config{
		Host: settings.Host, Port: settings.Port, Security: settings.Security, Username: settings.Username, Password: secret.Password,
		From: settings.From, Hello: hello, Now: server.Now,
	})
}

// hostOf returns the host name of a URL; empty when there is none.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
