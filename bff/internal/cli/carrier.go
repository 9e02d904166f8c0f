package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/courier/sendgrid"
	"github.com/shieldpod/shieldpod/bff/internal/courier/smtp"
	"github.com/shieldpod/shieldpod/bff/internal/courier/twilio"
	"github.com/shieldpod/shieldpod/bff/internal/courier/vonage"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// carrierCmd manages a tenant's accounts. Secrets come from files, and are never printed.
type carrierCmd struct {
	Sendgrid carrierSendgridCmd `cmd:"" help:"Send a tenant's e-mail by a SendGrid account."`
	SMTP     carrierSMTPCmd     `cmd:"" name:"smtp" help:"Send a tenant's e-mail through a mail server."`
	Vonage   carrierVonageCmd   `cmd:"" help:"Send a tenant's texts by a Vonage account."`
	Twilio   carrierTwilioCmd   `cmd:"" help:"Send a tenant's texts by a Twilio account."`
	List     carrierListCmd     `cmd:"" help:"List a tenant's carriers, and the platform's where it has none, in the order in which they are asked."`
	Check    carrierCheckCmd    `cmd:"" help:"Sign in at each of a tenant's carriers; nothing is sent."`
	Remove   carrierRemoveCmd   `cmd:"" help:"Remove a tenant's account with a carrier."`
}

// carrierFlags are the flags of every account.
type carrierFlags struct {
	tenantArg
	NoCheck bool   `help:"Store the account without signing in at the carrier."`
	Place   int    `default:"1" help:"The carrier with the lower place is asked first; the next one when that one is at fault."`
	From    string `required:"" help:"Who messages are from: an address, a number or a name."`
}

// put stores an account. It refuses one that can't send, or at which signing in fails.
func (c carrierFlags) put(e *env, carrier courier.Plugin, settings, secret any) error {
	account, err := carrier.NewAccount(c.Tenant, c.Place, settings, secret)
	if err != nil {
		return err
	}
	return c.withActs(e, func(ctx context.Context, acts acts, db *store.Store) error {
		err := acts.PutCarrier(ctx, acts.by, account, !c.NoCheck)
		var refusal *verify.Error
		if errors.As(err, &refusal) && refusal.Field == "sign_in" {
			return fmt.Errorf("nothing is stored, because %s does not let us in: %w (--no-check stores the account all the same)", carrier.Name, refusal.Err)
		}
		if err != nil {
			return publicError(err, map[string]string{"priority": "--place "})
		}
		return listCarriers(ctx, e, db, c.Tenant, nil)
	})
}

type carrierSendgridCmd struct {
	carrierFlags
	KeyFile    string `required:"" help:"File that holds the API key." type:"path"`
	WebhookKey string `required:"" help:"Public key of the signed event webhook, base64." type:"token"`
	Host       string `help:"Another region's API, such as https://api.eu.sendgrid.com."`
}

// Run stores the account.
func (c *carrierSendgridCmd) Run(e *env) error {
	key, err := secretFrom("--key-file", c.KeyFile)
	if err == nil {
		err = checkHost(c.Host)
	}
	if err != nil {
		return err
	}
	return c.put(e, sendgrid.Plugin, sendgrid.Settings{From: c.From, Host: c.Host, WebhookKey: c.WebhookKey}, sendgrid.Secret{Key: key})
}

type carrierVonageCmd struct {
	carrierFlags
	Key                 string `required:"" help:"API key."`
	SecretFile          string `required:"" help:"File that holds the API secret." type:"path"`
	SignatureSecretFile string `required:"" help:"File that holds the secret under which receipts are signed." type:"path"`
	SignatureMethod     string `default:"sha256" enum:"sha256,sha512" help:"How receipts are signed: sha256 or sha512."`
	Host                string `help:"Another region's API."`
}

// Run stores the account.
func (c *carrierVonageCmd) Run(e *env) error {
	secret, errSecret := secretFrom("--secret-file", c.SecretFile)
	signature, errSignature := secretFrom("--signature-secret-file", c.SignatureSecretFile)
	if err := errors.Join(errSecret, errSignature, checkHost(c.Host)); err != nil {
		return err
	}
	return c.put(e, vonage.Plugin, vonage.Settings{Key: c.Key, From: c.From, Host: c.Host, SignatureMethod: c.SignatureMethod},
		vonage.Secret{Secret: secret, SignatureSecret: signature})
}

type carrierSMTPCmd struct {
	carrierFlags
	Host         string `required:"" help:"The mail server's name."`
	Port         int    `help:"Its port; the usual one of the security when left out."`
	Security     string `default:"starttls" enum:"starttls,tls,none" help:"starttls, tls, or none for a server on this machine."`
	Username     string `help:"Whom to sign in as."`
	PasswordFile string `help:"File that holds the password." type:"path"`
	Hello        string `help:"The name to greet it with (EHLO), fully qualified; the public URL's host when left out."`
}

// Run stores the account.
func (c *carrierSMTPCmd) Run(e *env) error {
	var password string
	if c.PasswordFile != "" {
		var err error
		if password, err = secretFrom("--password-file", c.PasswordFile); err != nil {
			return err
		}
	}
	return c.put(e, smtp.Plugin, smtp.Settings{Host: c.Host, Port: c.Port, Security: smtp.Security(c.Security), Username: c.Username, From: c.From, Hello: c.Hello},
		smtp.Secret{Password: password})
}

type carrierTwilioCmd struct {
	carrierFlags
	Account    string `required:"" help:"SID of the account: AC…"`
	TokenFile  string `required:"" help:"File that holds the account's auth token: receipts are signed with it." type:"path"`
	Key        string `help:"SID of an API key to send with: SK…"`
	SecretFile string `help:"File that holds the API key's secret." type:"path"`
	Host       string `help:"Another region's API."`
}

// Run stores the account.
func (c *carrierTwilioCmd) Run(e *env) error {
	token, err := secretFrom("--token-file", c.TokenFile)
	secret := twilio.Secret{Token: token}
	if err == nil && c.SecretFile != "" {
		secret.Secret, err = secretFrom("--secret-file", c.SecretFile)
	}
	if err := errors.Join(err, checkHost(c.Host)); err != nil {
		return err
	}
	if (c.Key == "") != (c.SecretFile == "") {
		return errors.New("--key and --secret-file come together")
	}
	return c.put(e, twilio.Plugin, twilio.Settings{Account: c.Account, Key: c.Key, From: c.From, Host: c.Host}, secret)
}

func checkHost(host string) error {
	if host == "" {
		return nil
	}
	return app.CheckSite("--host", host)
}

type carrierListCmd struct {
	tenantArg
	app.PlatformCarriers
}

// Run prints the accounts.
func (c *carrierListCmd) Run(e *env) error {
	platform, err := c.Accounts()
	if err != nil {
		return err
	}
	platform = append([]admin.CarrierAccount{}, platform...) // not nil, even if there is none
	return c.withStore(e, func(ctx context.Context, db *store.Store, _ admin.Tenant) error {
		return listCarriers(ctx, e, db, c.Tenant, platform)
	})
}

var kindWords = map[verify.ChannelKind]string{verify.Email: "e-mail", verify.Phone: "texts"}

// listCarriers prints the tenant's own accounts and, for kinds of which it has none, the platform's. A nil platform means
// that its accounts are unknown here.
func listCarriers(ctx context.Context, e *env, db *store.Store, tenant string, platform []admin.CarrierAccount) error {
	accounts, err := db.CarrierAccounts(ctx, tenant)
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, a := range accounts {
		fmt.Fprintf(&b, "%s %d  %s\n", kindWords[a.Kind], a.Priority, a.Carrier)
	}
	for _, kind := range []verify.ChannelKind{verify.Email, verify.Phone} {
		if accountOf(accounts, kind) != nil {
			continue
		}
		if a := accountOf(platform, kind); a != nil {
			fmt.Fprintf(&b, "%s    by the platform's %s\n", kindWords[kind], a.Carrier)
			continue
		}
		if platform != nil {
			fmt.Fprintf(&b, "%s    no carrier is set up\n", kindWords[kind])
			continue
		}
		fmt.Fprintf(&b, "%s    no account of its own\n", kindWords[kind])
	}
	_, err = fmt.Fprint(e.stdout, b.String())
	return err
}

// accountOf returns the first account for a kind of channel, or nil.
func accountOf(accounts []admin.CarrierAccount, kind verify.ChannelKind) *admin.CarrierAccount {
	if i := slices.IndexFunc(accounts, func(a admin.CarrierAccount) bool { return a.Kind == kind }); i >= 0 {
		return &accounts[i]
	}
	return nil
}

type carrierRemoveCmd struct {
	tenantArg
	Carrier string `arg:"" enum:"sendgrid,smtp,vonage,twilio" help:"sendgrid, smtp, vonage or twilio."`
}

// Run removes the account.
func (c *carrierRemoveCmd) Run(e *env) error {
	return c.withActs(e, func(ctx context.Context, acts acts, db *store.Store) error {
		if err := acts.RemoveCarrier(ctx, acts.by, c.Tenant, c.Carrier); err != nil {
			return notFoundError(err, "tenant %q has no account of its own with %s", c.Tenant, c.Carrier)
		}
		return listCarriers(ctx, e, db, c.Tenant, nil)
	})
}

type carrierCheckCmd struct {
	tenantArg
}

// Run signs in at each carrier.
func (c *carrierCheckCmd) Run(e *env) error {
	return c.withStore(e, func(ctx context.Context, db *store.Store, _ admin.Tenant) error {
		var b strings.Builder
		failures, err := checkCarriers(ctx, db, c.Tenant, func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) })
		if _, printErr := fmt.Fprint(e.stdout, b.String()); err != nil || printErr != nil {
			return errors.Join(err, printErr)
		}
		if failures > 0 {
			return checksFailed(failures)
		}
		return nil
	})
}

// checkCarriers signs in at each of the tenant's carriers, prints the results, and counts the failures.
func checkCarriers(ctx context.Context, db *store.Store, tenant string, say func(format string, args ...any)) (failures int, err error) {
	accounts, err := db.CarrierAccounts(ctx, tenant)
	return checkAccounts(ctx, tenant, accounts, say), err
}

// checkAccounts signs in at each account. owner is printed with each result.
func checkAccounts(ctx context.Context, owner string, accounts []admin.CarrierAccount, say func(format string, args ...any)) (failures int) {
	for _, a := range accounts {
		if err := (app.Checks{Now: app.SystemClock}).TryCarrier(ctx, a); err != nil {
			failures++
			say("FAIL  %s: %s", owner, explainCarrier(err))
			continue
		}
		say("ok    %s: %s lets us in", owner, a.Carrier)
	}
	return failures
}

// explainCarrier adds what to do about a carrier that refuses the account.
func explainCarrier(err error) string {
	var fault *courier.Fault
	if errors.As(err, &fault) && fault.Kind == courier.Misconfigured {
		return err.Error() + ": it refuses the account. Correct the key, the secret and the sender (docs/carriers.md)"
	}
	return err.Error()
}
