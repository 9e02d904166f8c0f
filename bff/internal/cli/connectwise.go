package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/bff/internal/psa/connectwise"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/secretfile"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

type connectwiseCmd struct {
	Set      connectwiseSetCmd      `cmd:"" help:"Connect a tenant to its ConnectWise Manage, or change the named settings."`
	Show     connectwiseShowCmd     `cmd:"" help:"Show the connection, without its private key."`
	Register connectwiseRegisterCmd `cmd:"" help:"Put the pod onto the ticket screens, and say what members do then."`
	Remove   connectwiseRemoveCmd   `cmd:"" help:"Forget the connection: pods don't open there any more, and no notes are written."`
}

type connectwiseSetCmd struct {
	tenantArg
	Host       string                      `help:"Where members sign in, like na.myconnectwise.net."`
	Company    string                      `help:"What members type as their company."`
	ClientID   string                      `help:"The integration's client id, from ConnectWise's developer site."`
	Codebase   string                      `help:"Part of the API's address, like v4_6_release; ConnectWise is asked without it."`
	APIVersion string                      `help:"Version of the API to ask for, like 2025.16."`
	Type       map[string]connectwise.Type `help:"What a type of communication is good for, like 'Direct=landline': mobile, landline or ignore; repeat for more. Replaces those set before." placeholder:"NAME=USE"`

	ConnectwisePublicKey      string `help:"Public key of the API member."`
	ConnectwisePrivateKeyFile string `help:"File that holds the API member's private key. Or set SHIELDPOD_CONNECTWISE_PRIVATE_KEY." type:"path"`
}

// Run stores the connection.
func (c *connectwiseSetCmd) Run(e *env) error {
	return c.withActs(e, func(ctx context.Context, acts acts, db *store.Store) error {
		connection, s, err := readConnection(ctx, db, c.Tenant)
		if err != nil && verify.CodeOf(err) != verify.CodeNotFound {
			return err
		}
		c.change(&s)
		if connection.Settings, err = json.Marshal(s); err != nil {
			return err
		}
		secret, err := c.keys(e)
		if err != nil {
			return err
		}
		if secret != nil {
			connection.Secret = secret
		}
		connection.Tenant, connection.System = c.Tenant, connectwise.Product.Name
		if err := acts.PutConnection(ctx, acts.by, connection); err != nil {
			return publicError(err, map[string]string{"host": "--host: "})
		}
		return printConnection(e, connection, s)
	})
}

// change applies the flags that were given.
func (c *connectwiseSetCmd) change(s *connectwise.Settings) {
	for _, set := range []struct {
		flag string
		of   *string
	}{
		{c.Host, &s.Host}, {c.Company, &s.Company}, {c.ClientID, &s.ClientID}, {c.Codebase, &s.Codebase}, {c.APIVersion, &s.Version},
	} {
		if set.flag != "" {
			*set.of = set.flag
		}
	}
	if len(c.Type) > 0 {
		s.Types = c.Type
	}
}

// keys reads the API member's keys. It returns nil if none were given.
func (c *connectwiseSetCmd) keys(e *env) ([]byte, error) {
	k := connectwise.Keys{Public: c.ConnectwisePublicKey}
	if text := e.getenv("SHIELDPOD_CONNECTWISE_PRIVATE_KEY"); text != "" {
		var err error
		if k.Private, err = secretfile.Line([]byte(text)); err != nil {
			return nil, fmt.Errorf("SHIELDPOD_CONNECTWISE_PRIVATE_KEY can't be used: %w", err)
		}
	}
	if c.ConnectwisePrivateKeyFile != "" {
		if k.Private != "" {
			return nil, errors.New("two private keys: set either SHIELDPOD_CONNECTWISE_PRIVATE_KEY or --connectwise-private-key-file")
		}
		var err error
		if k.Private, err = secretFrom("--connectwise-private-key-file", c.ConnectwisePrivateKeyFile); err != nil {
			return nil, err
		}
	}
	return k.Seal()
}

type connectwiseShowCmd struct {
	tenantArg
}

// Run prints the connection.
func (c *connectwiseShowCmd) Run(e *env) error {
	return c.withStore(e, func(ctx context.Context, db *store.Store, _ admin.Tenant) error {
		connection, s, err := existingConnection(ctx, db, c.Tenant)
		if err != nil {
			return err
		}
		return printConnection(e, connection, s)
	})
}

type connectwiseRegisterCmd struct {
	tenantArg
	PublicURL string `help:"Where browsers reach this server: scheme and host."`
}

// Run registers the pod on the screens that lack it, and prints what only people can do.
func (c *connectwiseRegisterCmd) Run(e *env) error {
	if err := app.CheckPublicURL(c.PublicURL); err != nil {
		return err
	}
	return c.withStore(e, func(ctx context.Context, db *store.Store, tenant admin.Tenant) error {
		_, s, err := existingConnection(ctx, db, c.Tenant)
		if err != nil {
			return err
		}
		manage, err := app.NewConnectWise(db, isDemo(s), app.SystemClock)
		if err != nil {
			return err
		}
		pod := c.PublicURL + "/pod/" + c.Tenant + "?id=[cw_id]&screen=[cw_screen]"
		screens, err := manage.Register(ctx, tenant.Tenant, pod, c.PublicURL)
		if err != nil {
			return explainConnectWise(err)
		}
		_, err = fmt.Fprint(e.stdout, registered(screens), nextSteps(tenant, s, c.PublicURL))
		return err
	})
}

func registered(screens []connectwise.Registered) string {
	var b strings.Builder
	for _, on := range screens {
		switch {
		case on.Added:
			fmt.Fprintf(&b, "ok    %s: the pod is registered\n", on.Screen)
		case len(on.Problems) == 0:
			fmt.Fprintf(&b, "ok    %s: the pod was registered before\n", on.Screen)
		}
		for _, wrong := range on.Problems {
			fmt.Fprintf(&b, "FAIL  %s: %s. Correct it in System > Setup Tables > Manage Hosted API\n", on.Screen, wrong)
		}
	}
	return b.String()
}

// nextSteps are those that only people can take.
func nextSteps(t admin.Tenant, s connectwise.Settings, publicURL string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `
Each member, once, in ConnectWise:
  1  Open a service ticket, add the pod Shieldpod to the ticket's layout, and save the layout
  2  Do the same on a project ticket
If the frame stays blank: System > Setup Tables > Manage Hosted API must have Origin %s, letter by letter.
`, publicURL)
	if !slices.Contains(t.Origins, s.Origin()) {
		fmt.Fprintf(&b, "\nConnectWise's pages may not frame the pod yet. Let them:\n  shieldpod tenant put %s --add-origin %s\n", t.ID, s.Origin())
	}
	return b.String()
}

type connectwiseRemoveCmd struct {
	tenantArg
}

// Run removes the connection.
func (c *connectwiseRemoveCmd) Run(e *env) error {
	return c.withActs(e, func(ctx context.Context, acts acts, _ *store.Store) error {
		err := acts.RemoveConnection(ctx, acts.by, c.Tenant, connectwise.Product.Name)
		if verify.CodeOf(err) == verify.CodeNotFound {
			return notConnected(c.Tenant)
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.stdout, "The connection of %s is forgotten. Delete its API member's keys in ConnectWise, and the pod in Manage Hosted API.\n", c.Tenant)
		return err
	})
}

// readConnection reads a connection and its settings. CodeNotFound: there is none.
func readConnection(ctx context.Context, db *store.Store, tenant string) (c admin.Connection, s connectwise.Settings, err error) {
	if c, err = db.Connection(ctx, tenant, connectwise.Product.Name); err != nil {
		return c, s, err
	}
	err = strictjson.Unmarshal(c.Settings, &s)
	return c, s, err
}

// isDemo tells whether the connection is the demo's, to this machine. The commands store no such connection.
func isDemo(s connectwise.Settings) bool { return strings.HasPrefix(s.Host, "http://") }

// existingConnection is readConnection with an error for administrators.
func existingConnection(ctx context.Context, db *store.Store, tenant string) (admin.Connection, connectwise.Settings, error) {
	c, s, err := readConnection(ctx, db, tenant)
	if verify.CodeOf(err) == verify.CodeNotFound {
		err = notConnected(tenant)
	}
	return c, s, err
}

func notConnected(tenant string) error {
	return fmt.Errorf("tenant %q is not connected to ConnectWise: see 'shieldpod psa connectwise set --help'", tenant)
}

func printConnection(e *env, c admin.Connection, s connectwise.Settings) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  ConnectWise at %s\n  company   %s\n  client id %s\n", c.Tenant, s.Host, s.Company, s.ClientID)
	for _, optional := range [][2]string{{"codebase ", s.Codebase}, {"version  ", s.Version}} {
		if optional[1] != "" {
			fmt.Fprintf(&b, "  %s %s\n", optional[0], optional[1])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Types)) {
		fmt.Fprintf(&b, "  type      %s is %s\n", name, s.Types[name])
	}
	if len(c.Secret) > 0 {
		b.WriteString("  API keys  set\n")
	} else {
		b.WriteString("  API keys  none: contacts are read as each member, and no notes are written\n")
	}
	_, err := fmt.Fprint(e.stdout, b.String())
	return err
}

// checkConnectWise calls ConnectWise without changing anything. An empty text means that the tenant is not connected.
func checkConnectWise(ctx context.Context, db *store.Store, t admin.Tenant) (text string, failed bool) {
	c, s, err := readConnection(ctx, db, t.ID)
	switch {
	case verify.CodeOf(err) == verify.CodeNotFound:
		return "", false
	case err != nil:
		return "its connection to ConnectWise can't be read: " + err.Error(), true
	case len(c.Secret) == 0:
		return "ConnectWise is connected without API keys: no notes are written, and nothing can be checked from here", false
	}
	manage, err := app.NewConnectWise(db, isDemo(s), app.SystemClock)
	if err != nil {
		return err.Error(), true
	}
	at, err := manage.Check(ctx, t.Tenant)
	if err != nil {
		return "ConnectWise: " + explainConnectWise(err).Error(), true
	}
	n, cause, err := db.DroppedNotes(ctx, t.ID)
	if err != nil {
		return "its notes can't be read: " + err.Error(), true
	}
	if n > 0 {
		return fmt.Sprintf("ConnectWise answers, but %d results of the last week never came onto their tickets, the last one because: %s", n, cause), true
	}
	if !slices.Contains(t.Origins, s.Origin()) {
		return fmt.Sprintf("ConnectWise answers, but its pages may not frame the pod: shieldpod tenant put %s --add-origin %s", t.ID, s.Origin()), true
	}
	return "ConnectWise answers at " + at + ", and lets tickets and contacts be read", false
}

// explainConnectWise adds what to do about a refusal of ConnectWise.
func explainConnectWise(err error) error {
	todo := map[verify.Code]string{
		verify.CodePSADown:          "it does not answer as it should: is --host right, and can this machine reach it?",
		verify.CodePSABusy:          "it takes no more requests now: try again in a minute",
		verify.CodePSAMisconfigured: "it refuses the keys or the settings: check company, client id, both keys and the API member's security role (docs/connectwise.md)",
		verify.CodeNotFound:         "there are no API keys: give them by 'shieldpod psa connectwise set'",
	}[verify.CodeOf(err)]
	if todo == "" {
		return err
	}
	return fmt.Errorf("%s (%w)", todo, err)
}
