package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

type doctorCmd struct {
	Data  doctorDataCmd  `cmd:"" default:"withargs" help:"Check the database, every tenant's chain of events, origins and keys, and sign in wherever a server would."`
	Embed doctorEmbedCmd `cmd:"" help:"Say why a pod would stay blank in its host page."`
}

type doctorDataCmd struct {
	app.Database
	app.PlatformCarriers
}

// Run checks what can be checked without sending anything. It makes no database where there is none.
func (c *doctorDataCmd) Run(e *env) error {
	if _, err := os.Stat(c.File()); c.DatabaseURL == "" && errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no database in %s: set SHIELDPOD_DATA_DIR or --data-dir to where the server keeps its own", c.DataDir)
	}
	platform, err := c.Accounts()
	if err != nil {
		return err
	}
	return withStore(e, c.Database, func(ctx context.Context, db *store.Store) error {
		tenants, err := db.TenantList(ctx)
		if err != nil {
			return err
		}
		check := &checkup{db: db, platform: platform, say: func(format string, args ...any) {
			_, printErr := fmt.Fprintf(e.stdout, format+"\n", args...)
			err = errors.Join(err, printErr)
		}}
		check.say("ok    the database answers and its tables are up to date")
		if c.UsesOwnKey() {
			check.say("--    the master key is in the data folder: whoever copies the folder can read the data. For real use move the key into a secret store")
		}
		check.failures += checkAccounts(ctx, "the platform", platform, check.say)
		chains, stop := verifyChains(ctx, db, tenants)
		defer stop()
		for i, t := range tenants {
			if err := check.tenant(ctx, t, <-chains[i]); err != nil {
				return err
			}
		}
		if len(tenants) == 0 {
			check.say("--    no tenant yet")
		}
		if check.failures > 0 {
			return errors.Join(err, checksFailed(check.failures))
		}
		return err
	})
}

// checksFailed is the error of a command whose lines with FAIL say what is wrong.
func checksFailed(n int) error {
	return fmt.Errorf("%s failed: each line with FAIL above says what to do", plural(n, "check"))
}

// checkup is one run of the checks. It prints the results and counts the failures.
type checkup struct {
	db       *store.Store
	platform []admin.CarrierAccount

	say      func(format string, args ...any)
	failures int
}

func (c *checkup) fail(format string, args ...any) {
	c.failures++
	c.say("FAIL  "+format, args...)
}

// chain is what the check of a tenant's chain of events has found.
type chain struct {
	events int64
	broken *store.Break
	err    error
}

// verifyChains checks the tenants' chains, as many at a time as there are processors. Each tenant has a channel that gives
// its result once. stop ends what is left, and must be called before the database is closed.
func verifyChains(ctx context.Context, db *store.Store, tenants []admin.Tenant) (results []chan chain, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	results = make([]chan chain, len(tenants))
	for i := range results {
		results[i] = make(chan chain, 1)
	}
	var next atomic.Int64
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(tenants)); i = next.Add(1) - 1 { // a context that has ended ends each at once
				var c chain
				c.events, c.broken, c.err = db.VerifyChain(ctx, tenants[i].ID)
				results[i] <- c
			}
		})
	}
	return results, func() {
		cancel()
		group.Wait()
	}
}

// tenant checks one tenant. An error means that the database does not answer.
func (c *checkup) tenant(ctx context.Context, t admin.Tenant, events chain) error {
	switch {
	case events.err != nil:
		return events.err
	case events.broken != nil:
		c.fail("%s: event %d was changed after it was written: %s", t.ID, events.broken.Seq, events.broken.Why)
	default:
		c.say("ok    %s: the chain of %d events is whole", t.ID, events.events)
	}
	if len(t.Origins) == 0 {
		c.fail("%s: no origin may frame the pod: shieldpod tenant put %s --add-origin https://psa.example", t.ID, t.ID)
	}
	connection, broke := checkConnectWise(ctx, c.db, t)
	switch {
	case broke:
		c.fail("%s: %s", t.ID, connection)
	case connection != "":
		c.say("ok    %s: %s", t.ID, connection)
	}
	if len(t.Keys)+len(t.Issuers) == 0 && t.SignIn.Issuer == "" && connection == "" {
		c.fail("%s: no signing key is trusted: shieldpod key add --tenant %s --help", t.ID, t.ID)
	}
	for _, name := range issuersWithoutKey(t) {
		c.fail("%s: issuer %s has no key: shieldpod key add --tenant %s --issuer %s --help", t.ID, name, t.ID, name)
	}
	if err := c.robots(ctx, t); err != nil {
		return err
	}
	refused, err := checkCarriers(ctx, c.db, t.ID, c.say)
	c.failures += refused
	if err != nil {
		return err
	}
	return c.reach(ctx, t)
}

// carrierHelp is how a carrier for a kind of channel is set up.
var carrierHelp = map[channel.Kind]string{
	channel.Email: "shieldpod carrier sendgrid|graph|smtp --tenant %s --help, or set SHIELDPOD_SENDGRID_KEY and those beside it",
	channel.Phone: "shieldpod carrier twilio|vonage --tenant %s --help, or set SHIELDPOD_VONAGE_KEY and those beside it",
}

// reach fails for each kind of channel of the tenant's methods for which no carrier is set up.
func (c *checkup) reach(ctx context.Context, t admin.Tenant) error {
	rules, err := (&verify.Service{Tenants: c.db, Policies: c.db, Now: app.SystemClock}).EffectivePolicy(ctx, t.ID, "")
	if err != nil {
		return err
	}
	own, err := c.db.CarrierKinds(ctx, t.ID)
	if err != nil {
		return err
	}
	for _, kind := range []channel.Kind{channel.Email, channel.Phone} {
		wanted := slices.ContainsFunc(rules.Methods, func(m channel.Method) bool { return m.Kind() == kind })
		if wanted && !slices.Contains(own, kind) && accountOf(c.platform, kind) == nil {
			c.fail("%s: no carrier for %s is set up, so none of its methods is offered: "+carrierHelp[kind], t.ID, kindWords[kind], t.ID)
		}
	}
	return nil
}

// issuersWithoutKey names the issuers whose tokens can't be checked.
func issuersWithoutKey(t admin.Tenant) []string {
	var names []string
	for _, i := range t.Issuers {
		if i.KeysURL == "" && !slices.ContainsFunc(t.Keys, func(k admin.SigningKey) bool { return k.Issuer == i.Name }) {
			names = append(names, i.Name)
		}
	}
	return names
}
