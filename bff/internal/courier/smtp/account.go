package smtp

import (
	"errors"
	"net/url"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/courier/oauth"
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
	SignIn   SignIn   `json:"sign_in,omitempty"`
	oauth.Microsoft
	TokenHost string `json:"token_host,omitempty"` // in place of the host that gives access tokens: a stand-in
}

// Secret of an account, as it is sealed.
type Secret struct {
	Password   string `json:"password,omitempty"`
	Credential string `json:"credential,omitempty"` // Microsoft: client secret or certificate with its key (PEM); Google: key of a service account (JSON)
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
	c := Config{
		Host: settings.Host, Port: settings.Port, Security: settings.Security, Username: settings.Username, Password: secret.Password,
		SignIn: settings.SignIn, From: settings.From, Hello: hello, Now: server.Now,
	}
	if c.SignIn == ByMicrosoft || c.SignIn == ByGoogle {
		if c.Username == "" {
			c.Username = c.From
		}
		var err error
		if c.Tokens, err = newTokens(settings, secret, c.Username, server); err != nil {
			return nil, err
		}
	} else if secret.Credential != "" {
		return nil, errors.New("smtp: a credential needs the sign-in microsoft or google")
	}
	return New(c)
}

func newTokens(settings Settings, secret Secret, mailbox string, server courier.Server) (*oauth.Source, error) {
	if settings.SignIn == ByGoogle {
		return oauth.NewGoogle(Carrier, secret.Credential, mailbox, oauth.GoogleMail, settings.TokenHost, server.Now)
	}
	return oauth.NewMicrosoft(Carrier, settings.Microsoft, secret.Credential, settings.OutlookHost(), settings.TokenHost, server.Now)
}

// hostOf returns the host name of a URL; empty when there is none.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
