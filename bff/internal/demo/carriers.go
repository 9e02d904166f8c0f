package demo

import (
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/base64"
	"net"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/courier/sendgrid"
	"github.com/shieldpod/shieldpod/bff/internal/courier/smtp"
	"github.com/shieldpod/shieldpod/bff/internal/courier/twilio"
	"github.com/shieldpod/shieldpod/bff/internal/courier/vonage"
	"github.com/shieldpod/shieldpod/bff/internal/sandbox/carriers"
)

// The first tenant sends by the platform's accounts with SendGrid and Vonage. The second one has accounts of its own, and
// two of each kind: if one carrier fails, the other one sends.
const (
	twilioAccount = "AC0123456789abcdef0123456789abcdef"
	northAddress  = "pruefung@nordlicht-it.example"
)

// Secrets of the second tenant are derived from the first one's, so that the folder of an earlier run has them too.
func (d *demo) northMailKey() string  { return d.credentials.MailKey + ".nordlicht" }
func (d *demo) northToken() string    { return d.credentials.SMSSecret + ".twilio" }
func (d *demo) northPassword() string { return d.credentials.MailKey + ".smtp" }

// carriers is the stand-in for all carriers.
func (d *demo) carriers(hookKey *ecdsa.PrivateKey) (*carriers.Sandbox, error) {
	return carriers.New(carriers.Config{
		HookBase: d.podURL(), Tenant: acmeTenant, SendGridKey: d.credentials.MailKey, SendGridHookKey: hookKey,
		Accounts:  map[string]string{d.northMailKey(): northTenant},
		VonageKey: vonageKey, VonageSecret: d.credentials.SMSSecret, VonageSignature: d.credentials.SMSHookSecret,
		TwilioAccount: twilioAccount, TwilioToken: d.northToken(), SMTPPassword: d.northPassword(),
		Now: d.clock.Now, Advance: d.advance, Hold: d.clock.Hold, Names: people(), Log: d.log,
	})
}

// northCarriers are the second tenant's accounts. The mail server listens at the address.
func (d *demo) northCarriers(hookKey *ecdsa.PrivateKey, mailServer *net.TCPAddr) ([]admin.CarrierAccount, error) {
	hookPublic, err := x509.MarshalPKIXPublicKey(&hookKey.PublicKey)
	if err != nil {
		return nil, err
	}
	var accounts []admin.CarrierAccount
	for _, a := range []struct {
		carrier          courier.Plugin
		place            int
		settings, secret any
	}{
		{
			smtp.Plugin, 1,
			smtp.Settings{Host: mailServer.IP.String(), Port: mailServer.Port, Security: smtp.None, Username: "pruefung", From: northAddress},
			smtp.Secret{Password: d.northPassword()},
		},
		{
			sendgrid.Plugin, 2,
			sendgrid.Settings{From: northAddress, Host: d.phoneURL(), WebhookKey: base64.StdEncoding.EncodeToString(hookPublic)},
			sendgrid.Secret{Key: d.northMailKey()},
		},
		{
			twilio.Plugin, 1, twilio.Settings{Account: twilioAccount, From: "+4915735980100", Host: d.phoneURL()},
			twilio.Secret{Token: d.northToken()},
		},
		{
			vonage.Plugin, 2, vonage.Settings{Key: vonageKey, From: "Nordlicht", Host: d.phoneURL(), SignatureMethod: vonage.SHA256},
			vonage.Secret{Secret: d.credentials.SMSSecret, SignatureSecret: d.credentials.SMSHookSecret},
		},
	} {
		account, err := a.carrier.NewAccount(northTenant, a.place, a.settings, a.secret)
		if err != nil {
			return nil, err
		}
		accounts = append(accounts, account)
	}
	return accounts, nil
}

// serveMail runs the mail server until ctx is done.
func serveMail(ctx context.Context, phone *carriers.Sandbox, l net.Listener) error {
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	return phone.ServeSMTP(l)
}
