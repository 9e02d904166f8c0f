// Package app is the whole of shieldpod but its process. Start with [Main].
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/shieldpod/shieldpod/sdk/secretfile"
)

// cli is the grammar: one field per subcommand.
type cli struct {
	Serve   serveCmd   `cmd:"" help:"Run the server."`
	Demo    demoCmd    `cmd:"" help:"Run everything on this machine: server, two demo PSAs, and the end user's phone and mailbox."`
	Migrate migrateCmd `cmd:"" help:"Bring the database's tables up to date, and stop."`
	Key     keyCmd     `cmd:"" help:"Make keys, and tell which signing keys a tenant trusts."`
	Tenant  tenantCmd  `cmd:"" help:"Create, change and list tenants."`
	APIKey  apikeyCmd  `cmd:"" name:"apikey" help:"Make, list and remove the keys of admins' scripts."`
	Policy  policyCmd  `cmd:"" help:"Keep policies as code: write them to a file, and apply it."`
	Context contextCmd `cmd:"" help:"Sign launch contexts, and explain finished ones."`
	Doctor  doctorCmd  `cmd:"" help:"Check the database and its tenants; or an embedded pod."`
}

// outside is what a subcommand may know of the process it runs in.
type outside struct {
	ctx    context.Context
	getenv func(string) string
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	log    *slog.Logger

	answers io.Reader // of a person at a terminal; nil: nobody is there
}

// Main parses args, does what they say and returns why it could not.
func Main(args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	return runContext(ctx, args, getenv, stdout, stderr)
}

func runContext(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	var grammar cli
	exited := false
	parser, err := kong.New(&grammar,
		kong.Name("shieldpod"),
		kong.Description("Shieldpod verifies the caller of a help desk, from inside the ticket."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { exited = true }),
		kong.Resolvers(environment(getenv)),
		kong.NamedMapper("secret", secretFlag(secretfile.Line)),
		kong.NamedMapper("token", secretFlag(secretfile.Token)),
	)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		_, err := io.WriteString(stdout, firstSteps)
		return err
	}
	command, err := parser.Parse(args)
	if exited { // --help has been printed
		return nil
	}
	if err != nil {
		return withHelp(err)
	}
	o := &outside{
		ctx: ctx, getenv: getenv, stdin: os.Stdin, stdout: stdout, stderr: stderr, answers: typed(os.Stdin),
		log: slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelInfo})),
	}
	warnOfVisible(o, command)
	return command.Run(o)
}

// firstSteps is what a bare 'shieldpod' prints.
const firstSteps = `Shieldpod verifies the caller of a help desk, from inside the ticket.

See it run, with everything around it made up:
  shieldpod demo

Run a server:
  shieldpod key master --out master.key           makes the key that seals its data
  export SHIELDPOD_MASTER_KEY_FILE=$PWD/master.key
  shieldpod tenant put acme --name 'Acme IT' --origin https://psa.example
  shieldpod key new --out psa-key.pem --public-out psa-key.pub.pem
  shieldpod key add acme --issuer https://psa.example --kid 2026-11 --public psa-key.pub.pem
  shieldpod serve --public-url https://pod.example
  shieldpod doctor                                says what is missing

All commands: shieldpod --help
`

// withHelp names the help of the command that could not be read.
func withHelp(err error) error {
	var wrong *kong.ParseError
	if !errors.As(err, &wrong) || strings.Contains(err.Error(), unusable) { // which says what to do by itself
		return err
	}
	command := "shieldpod"
	for _, p := range wrong.Context.Path {
		if p.Command != nil {
			command += " " + p.Command.Name
		}
	}
	return fmt.Errorf("%w (see '%s --help')", err, command)
}

// environment lets SHIELDPOD_PUBLIC_URL stand for --public-url, and so on. The demo takes none of it: the settings are the
// server's, whose data the demo must not touch.
func environment(getenv func(string) string) kong.Resolver {
	return kong.ResolverFunc(func(_ *kong.Context, parent *kong.Path, flag *kong.Flag) (any, error) {
		if node := parent.Node(); node != nil && node.Name == "demo" {
			return nil, nil //nolint:nilnil // kong's word for "not set"
		}
		if value := getenv(variable(flag.Name)); value != "" {
			return value, nil
		}
		return nil, nil //nolint:nilnil // kong's word for "not set"
	})
}

// typed is what a person types, or nil when nobody does.
func typed(f *os.File) io.Reader {
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	return f
}
