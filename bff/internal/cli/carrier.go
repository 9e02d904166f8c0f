package cli

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// carrierCmd manages a tenant's accounts. Secrets come from files, and are never printed.
type carrierCmd struct {
	kong.Plugins                  // a command for each carrier: see carrierCommands
	List         carrierListCmd   `cmd:"" help:"List a tenant's carriers, and the platform's where it has none, in the order in which they are asked."`
	Check        carrierCheckCmd  `cmd:"" help:"Sign in at each of a tenant's carriers; nothing is sent."`
	Remove       carrierRemoveCmd `cmd:"" help:"Remove a tenant's account with a carrier."`
}

// carrierCommands returns the commands that store accounts, one for each carrier.
func carrierCommands() kong.Plugins {
	var commands kong.Plugins
	for _, p := range app.Carriers {
		command := reflect.New(reflect.StructOf([]reflect.StructField{{
			Name: "Put", Type: reflect.TypeFor[carrierPutCmd](), Tag: reflect.StructTag(fmt.Sprintf(`cmd:"" name:%q help:%q`, p.Name, p.Help)),
		}}))
		command.Elem().Field(0).Set(reflect.ValueOf(carrierPutCmd{Account: p.Flags(), carrier: p}))
		commands = append(commands, command.Interface())
	}
	return commands
}

// carrierNames returns the names of all carriers, with commas between them.
func carrierNames() string {
	var names []string
	for _, p := range app.Carriers {
		names = append(names, p.Name)
	}
	return strings.Join(names, ",")
}

// carrierPutCmd stores an account with one carrier.
type carrierPutCmd struct {
	tenantArg
	NoCheck  bool          `help:"Store the account without signing in at the carrier."`
	Priority int           `default:"1" help:"The carrier with the lower number is asked first; the next one when that one is at fault."`
	Account  courier.Flags `embed:""`

	carrier courier.Plugin
}

// Run stores the account. It refuses one that can't send, or at which signing in fails.
func (c *carrierPutCmd) Run(e *env) error {
	settings, secret, err := c.Account.Account(carrierFlags{})
	if err != nil {
		return err
	}
	account, err := c.carrier.NewAccount(c.Tenant, c.Priority, settings, secret)
	if err != nil {
		return err
	}
	return c.withActs(e, func(ctx context.Context, acts acts, db *store.Store) error {
		err := acts.PutCarrier(ctx, acts.by, account, !c.NoCheck)
		var refusal *verify.Error
		if errors.As(err, &refusal) && refusal.Field == "sign_in" {
			return fmt.Errorf("nothing is stored, because %s does not let us in: %w (--no-check stores the account all the same)", account.Carrier, refusal.Err)
		}
		if err != nil {
			return publicError(err, map[string]string{"priority": "--priority "})
		}
		return listCarriers(ctx, e, db, c.Tenant, nil)
	})
}

// carrierFlags reads the flags of accounts.
type carrierFlags struct{}

// Secret implements [courier.FlagReader].
func (carrierFlags) Secret(flag, path string) (string, error) {
	if path == "" {
		return "", nil
	}
	return secretFrom(flag, path)
}

// Credential implements [courier.FlagReader].
func (carrierFlags) Credential(flag, path string) (string, error) {
	if path == "" {
		return "", nil
	}
	return credentialFrom(flag, path)
}

// Site implements [courier.FlagReader].
func (carrierFlags) Site(flag, text string) error {
	if text == "" {
		return nil
	}
	return app.CheckSite(flag, text)
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

var kindWords = map[channel.Kind]string{channel.Email: "e-mail", channel.Phone: "texts"}

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
	for _, kind := range []channel.Kind{channel.Email, channel.Phone} {
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
func accountOf(accounts []admin.CarrierAccount, kind channel.Kind) *admin.CarrierAccount {
	if i := slices.IndexFunc(accounts, func(a admin.CarrierAccount) bool { return a.Kind == kind }); i >= 0 {
		return &accounts[i]
	}
	return nil
}

type carrierRemoveCmd struct {
	tenantArg
	Carrier string `arg:"" enum:"${carriers}" help:"The carrier: ${enum}."`
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
func checkAccounts(
	ctx context.Context, owner string, accounts []admin.CarrierAccount, say func(format string, args ...any),
) (failures int) {
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

// explainCarrier adds what to do about a carrier that refuses the account, where the carrier's fault does not say it.
func explainCarrier(err error) string {
	var fault *courier.Fault
	if errors.As(err, &fault) && fault.Kind == courier.Misconfigured && fault.NextStep == "" {
		return err.Error() + ": it refuses the account. Correct the key, the secret and the sender (docs/carriers.md)"
	}
	return err.Error()
}
