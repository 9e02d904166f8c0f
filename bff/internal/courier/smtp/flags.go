package smtp

import (
	"github.com/shieldpod/shieldpod/bff/internal/courier"
)

// flags are the command line of an account.
type flags struct {
	From         string `required:"" help:"The sender's address."`
	Host         string `required:"" help:"The mail server's name."`
	Port         int    `help:"Its port; the usual one of the security when left out."`
	Security     string `default:"starttls" enum:"starttls,tls,none" help:"starttls, tls, or none for a server on this machine."`
	Username     string `help:"Whom to sign in as."`
	PasswordFile string `help:"File that holds the password." type:"path"`
	Hello        string `help:"The name to greet it with (EHLO), fully qualified; the public URL's host when left out."`
}

// Account implements [courier.Flags].
func (f *flags) Account(read courier.FlagReader) (settings, secret any, err error) {
	password, err := read.Secret("--password-file", f.PasswordFile)
	return Settings{Host: f.Host, Port: f.Port, Security: Security(f.Security), Username: f.Username, From: f.From, Hello: f.Hello},
		Secret{Password: password}, err
}
