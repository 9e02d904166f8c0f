package smtp

import (
	"errors"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/courier/oauth"
)

// flags are the command line of an account.
type flags struct {
	From         string `required:"" help:"The sender's address."`
	Host         string `required:"" help:"The mail server's name."`
	Port         int    `help:"Its port; the usual one of the security when left out."`
	Security     string `default:"starttls" enum:"starttls,tls,none" help:"starttls, tls, or none for a server on this machine."`
	SignIn       string `default:"password" enum:"password,microsoft,google" help:"password, or an access token (XOAUTH2): microsoft or google."`
	Username     string `help:"Whom to sign in as; with an access token the sender's address when left out."`
	PasswordFile string `help:"File that holds the password." type:"path"`
	oauth.Microsoft
	CredentialFile string `help:"For microsoft: file that holds the client secret, or the certificate and its private key (PEM). For google: the service account's key (JSON)." type:"path"`
	TokenHost      string `help:"A stand-in for the host that gives access tokens, for tests."`
	Hello          string `help:"The name to greet it with (EHLO), fully qualified; the public URL's host when left out."`
}

// Account implements [courier.Flags].
func (f *flags) Account(read courier.FlagReader) (settings, secret any, err error) {
	password, errPassword := read.Secret("--password-file", f.PasswordFile)
	credential, errCredential := read.Credential("--credential-file", f.CredentialFile)
	s := Settings{
		Host: f.Host, Port: f.Port, Security: Security(f.Security), Username: f.Username, From: f.From, Hello: f.Hello, TokenHost: f.TokenHost,
	}
	if signIn := SignIn(f.SignIn); signIn != ByPassword {
		s.SignIn = signIn
	}
	if s.SignIn == ByMicrosoft {
		s.Microsoft = f.Microsoft
	}
	err = errors.Join(errPassword, errCredential, read.Site("--token-host", f.TokenHost))
	return s, Secret{Password: password, Credential: credential}, err
}
