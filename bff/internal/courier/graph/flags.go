package graph

import (
	"errors"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/courier/oauth"
)

// flags are the command line of an account.
type flags struct {
	oauth.Microsoft
	Mailbox         string `required:"" help:"Address of the mailbox that sends."`
	CredentialFile  string `required:"" help:"File that holds the client secret, or the certificate and its private key (PEM)." type:"path"`
	SaveToSentItems bool   `help:"Keep a copy of each message in the mailbox. All its users can read the codes and links."`
	Host            string `help:"A stand-in for Microsoft's hosts, for tests."`
}

// Account implements [courier.Flags].
func (f *flags) Account(read courier.FlagReader) (settings, secret any, err error) {
	credential, err := read.Credential("--credential-file", f.CredentialFile)
	return Settings{Microsoft: f.Microsoft, Mailbox: f.Mailbox, SaveToSentItems: f.SaveToSentItems, Host: f.Host},
		Secret{Credential: credential}, errors.Join(err, read.Site("--host", f.Host))
}
