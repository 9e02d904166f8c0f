package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

type tenantLogCmd struct {
	tenantArg
	Limit  int   `default:"50" help:"How many acts to list at most."`
	Before int64 `help:"List the acts before the one of this number, as the list has it."`
}

// Run prints the acts, newest first.
func (c *tenantLogCmd) Run(e *env) error {
	if c.Limit < 1 {
		return userError("--limit is 1 or more")
	}
	return c.withStore(e, func(ctx context.Context, db *store.Store, _ admin.Tenant) error {
		events, err := db.AdminEvents(ctx, c.Tenant, c.Before, c.Limit)
		if err != nil {
			return err
		}
		var b strings.Builder
		for _, e := range events {
			printAct(&b, e)
		}
		if len(events) == 0 {
			b.WriteString("No act is recorded.\n")
		}
		_, err = fmt.Fprint(e.stdout, b.String())
		return err
	})
}

func printAct(b *strings.Builder, e verify.Event) {
	fmt.Fprintf(b, "%d  %s  %s", e.Seq, timeOr(e.At, ""), e.Kind)
	for _, of := range []string{e.Subject, e.Client, e.Contact} {
		if of != "" {
			fmt.Fprintf(b, " %s", plain(of))
		}
	}
	by := admin.Actor{Kind: e.ActorKind, ID: e.By.ID, Name: e.By.Name}
	fmt.Fprintf(b, "  by %s, %s\n", plain(by.String()), by.Kind)
	for _, change := range e.Changes {
		fmt.Fprintf(b, "  %s: %s -> %s\n", change.Field, changedValue(change.From), changedValue(change.To))
	}
}

// changedValue is one side of a change; JSON escapes what a terminal must not get.
func changedValue(value json.RawMessage) string {
	if len(value) == 0 {
		return "(none)"
	}
	return plain(string(value))
}
