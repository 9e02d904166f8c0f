// Package cli is the command line of shieldpod: one file for each noun, such as tenant.go and key.go. A command reads its
// flags and the environment, opens the database where it needs one, and prints. Start with [Run].
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/sdk/secretfile"
)

// cli is the grammar: one field for each command.
type cli struct {
	Version kong.VersionFlag `help:"Print the version, and stop."`

	Serve   serveCmd   `cmd:"" help:"Run the server."`
	Migrate migrateCmd `cmd:"" help:"Bring the database's tables up to date, and stop."`
	Key     keyCmd     `cmd:"" help:"Make keys, and tell which signing keys a tenant trusts."`
	Tenant  tenantCmd  `cmd:"" help:"Create, change and list tenants, and say whom they trust."`
	Carrier carrierCmd `cmd:"" help:"Have a tenant send by carriers' accounts of its own."`
	PSA     psaCmd     `cmd:"" name:"psa" help:"Connect a tenant to its ticket system."`
	APIKey  apikeyCmd  `cmd:"" name:"apikey" help:"Make, list and remove the keys of admins' scripts."`
	Session sessionCmd `cmd:"" help:"End pod sessions."`
	Policy  policyCmd  `cmd:"" help:"Keep policies as code: write them to a file, and apply it."`
	Context contextCmd `cmd:"" help:"Sign launch contexts, and explain finished ones."`
	Doctor  doctorCmd  `cmd:"" help:"Check the database and its tenants; or an embedded pod."`
}

// Main runs the command that args name, until it ends or the process gets SIGINT or SIGTERM. A second signal ends the
// process at once.
func Main(args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return Run(ctx, args, getenv, stdout, stderr)
}

// Run is Main without the process's signals.
func Run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	exited := false
	parser, err := newParser(kong.Writers(stdout, stderr), kong.Exit(func(int) { exited = true }), kong.Resolvers(variables(getenv)))
	if err != nil {
		return err
	}
	if len(args) == 0 {
		_, err := io.WriteString(stdout, firstSteps)
		return err
	}
	command, err := parser.Parse(args)
	if exited { // --help or --version has been printed
		return nil
	}
	if err != nil {
		return withHelp(err)
	}
	e := &env{
		ctx: ctx, getenv: getenv, stdin: os.Stdin, stdout: stdout, stderr: stderr, answers: terminal(os.Stdin),
		log: slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelInfo})),
	}
	warnOfVisible(e, command)
	return command.Run(e)
}

// newParser returns the parser of all commands.
func newParser(options ...kong.Option) (*kong.Kong, error) {
	var grammar cli
	grammar.Carrier.Plugins = carrierCommands()
	return kong.New(&grammar, append(options,
		kong.Name("shieldpod"),
		kong.Description("Shieldpod verifies the caller of a help desk, from inside the ticket."),
		kong.Vars{"version": version(), "scopes": scopeList(admin.Scopes), "carriers": carrierNames()},
		kong.NamedMapper("secret", secretFlag(secretfile.Line)),
		kong.NamedMapper("token", secretFlag(secretfile.Token)),
	)...)
}

// version is that of the release or, of another build, Go's pseudo-version with the commit.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "shieldpod (unknown version)"
	}
	return fmt.Sprintf("shieldpod %s, %s", info.Main.Version, info.GoVersion)
}

// firstSteps is what a bare 'shieldpod' prints.
const firstSteps = `Shieldpod verifies the caller of a help desk, from inside the ticket.

See it run, with everything around it made up, from the source code:
  make demo

Run a server for this machine:
  shieldpod serve                                 makes shieldpod-data: the database, and the key that seals it

In the same folder, and for others by 'shieldpod serve --public-url https://pod.example':
  shieldpod tenant put acme --name 'Acme IT' --origin https://psa.example
  shieldpod key new --out psa-key.pem --public-out psa-key.pub.pem
  shieldpod key add --tenant acme --issuer https://psa.example --kid 2026-11 --public psa-key.pub.pem
  shieldpod doctor                                says what is missing

All commands: shieldpod --help
`

// withHelp names the help of the command that could not be parsed.
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
