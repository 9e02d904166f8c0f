package sendgrid

import (
	"errors"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
)

// flags are the command line of an account.
type flags struct {
	From       string `required:"" help:"The verified sender's address."`
	KeyFile    string `required:"" help:"File that holds the API key." type:"path"`
	WebhookKey string `required:"" help:"Public key of the signed event webhook, base64." type:"token"`
	Host       string `help:"Another region's API, such as https://api.eu.sendgrid.com."`
}

// Account implements [courier.Flags].
func (f *flags) Account(read courier.FlagReader) (settings, secret any, err error) {
	key, err := read.Secret("--key-file", f.KeyFile)
	return Settings{From: f.From, Host: f.Host, WebhookKey: f.WebhookKey}, Secret{Key: key}, errors.Join(err, read.Site("--host", f.Host))
}
