package twilio

import (
	"errors"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
)

// flags are the command line of an account.
type flags struct {
	From       string `required:"" help:"Who texts are from: a number, a name, or a messaging service: MG…"`
	SID        string `required:"" name:"account" help:"SID of the account: AC…"`
	TokenFile  string `required:"" help:"File that holds the account's auth token: receipts are signed with it." type:"path"`
	Key        string `help:"SID of an API key to send with: SK…"`
	SecretFile string `help:"File that holds the API key's secret." type:"path"`
	Host       string `help:"Another region's API."`
}

// Account implements [courier.Flags].
func (f *flags) Account(read courier.FlagReader) (settings, secret any, err error) {
	token, errToken := read.Secret("--token-file", f.TokenFile)
	keySecret, errSecret := read.Secret("--secret-file", f.SecretFile)
	if (f.Key == "") != (f.SecretFile == "") {
		err = errors.New("--key and --secret-file come together")
	}
	return Settings{Account: f.SID, Key: f.Key, From: f.From, Host: f.Host}, Secret{Token: token, Secret: keySecret},
		errors.Join(errToken, errSecret, read.Site("--host", f.Host), err)
}
