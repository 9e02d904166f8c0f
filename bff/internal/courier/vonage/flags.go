package vonage

import (
	"errors"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
)

// flags are the command line of an account.
type flags struct {
	From                string `required:"" help:"Who texts are from: a number, or a name where the country allows it."`
	Key                 string `required:"" help:"API key."`
	SecretFile          string `required:"" help:"File that holds the API secret." type:"path"`
	SignatureSecretFile string `required:"" help:"File that holds the secret under which receipts are signed." type:"path"`
	SignatureMethod     string `default:"sha256" enum:"sha256,sha512" help:"How receipts are signed: sha256 or sha512."`
	Host                string `help:"Another region's API."`
}

// Account implements [courier.Flags].
func (f *flags) Account(read courier.FlagReader) (settings, secret any, err error) {
	apiSecret, errSecret := read.Secret("--secret-file", f.SecretFile)
	signature, errSignature := read.Secret("--signature-secret-file", f.SignatureSecretFile)
	return Settings{Key: f.Key, From: f.From, Host: f.Host, SignatureMethod: f.SignatureMethod},
		Secret{Secret: apiSecret, SignatureSecret: signature}, errors.Join(errSecret, errSignature, read.Site("--host", f.Host))
}
