package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

type migrateCmd struct{ databaseFlags }

// Run brings the tables up to date.
func (c *migrateCmd) Run(o *outside) error {
	return withStore(o, c.databaseFlags, func(context.Context, *store.Store) error {
		_, err := fmt.Fprintln(o.stdout, "The tables are up to date.")
		return err
	})
}

type doctorCmd struct {
	Data  doctorDataCmd  `cmd:"" default:"withargs" help:"Check the database, and every tenant's chain of events, origins and keys."`
	Embed doctorEmbedCmd `cmd:"" help:"Say why a pod would stay blank in its host page."`
}

type doctorDataCmd struct{ databaseFlags }

// Run checks what can be checked without sending anything. It makes no database where there is none.
func (c *doctorDataCmd) Run(o *outside) error {
	if _, err := os.Stat(c.file()); c.DatabaseURL == "" && errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no database in %s: set SHIELDPOD_DATA_DIR or --data-dir to where the server keeps its own", c.DataDir)
	}
	return withStore(o, c.databaseFlags, func(ctx context.Context, db *store.Store) error {
		tenants, err := db.TenantList(ctx)
		if err != nil {
			return err
		}
		say := func(format string, args ...any) {
			_, printErr := fmt.Fprintf(o.stdout, format+"\n", args...)
			err = errors.Join(err, printErr)
		}
		say("ok    the database answers and its tables are up to date")
		sick := 0
		for _, t := range tenants {
			count, broken, chainErr := db.VerifyChain(ctx, t.ID)
			switch {
			case chainErr != nil:
				return chainErr
			case broken != nil:
				sick++
				say("FAIL  %s: event %d was changed after it was written: %s", t.ID, broken.Seq, broken.Why)
			default:
				say("ok    %s: the chain of %d events is whole", t.ID, count)
			}
			if len(t.Origins) == 0 {
				sick++
				say("FAIL  %s: no origin may frame the pod: shieldpod tenant put %s --origin https://psa.example", t.ID, t.ID)
			}
			connection, broke := checkConnectWise(ctx, db, t)
			switch {
			case broke:
				sick++
				say("FAIL  %s: %s", t.ID, connection)
			case connection != "":
				say("ok    %s: %s", t.ID, connection)
			}
			if len(t.Keys)+len(t.Issuers) == 0 && t.SignIn.Issuer == "" && connection == "" {
				sick++
				say("FAIL  %s: no signing key is trusted: shieldpod key add %s --help", t.ID, t.ID)
			}
			for _, name := range keyless(t) {
				sick++
				say("FAIL  %s: issuer %s has no key: shieldpod key add %s --issuer %s --help", t.ID, name, t.ID, name)
			}
			refused, carrierErr := checkCarriers(ctx, db, t.ID, say)
			if carrierErr != nil {
				return carrierErr
			}
			sick += refused
		}
		if len(tenants) == 0 {
			say("--    no tenant yet")
		}
		if sick > 0 {
			return errors.Join(err, fmt.Errorf("%d checks failed", sick))
		}
		return err
	})
}

// keyless are the issuers whose tokens nothing can check.
func keyless(t verify.Tenant) []string {
	var names []string
	for _, i := range t.Issuers {
		if i.KeysURL == "" && !slices.ContainsFunc(t.Keys, func(k verify.SigningKey) bool { return k.Issuer == i.Name }) {
			names = append(names, i.Name)
		}
	}
	return names
}
