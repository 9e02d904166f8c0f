// Command podload tells what a machine can carry: it opens pods on a running Shieldpod, has
// verifications go through it, and prints rates, latencies and memory.
//
// Start with load.go: the phases, in order. The client is made to cost little, because it often
// shares the machine with the server: a connection per caller, requests written as they are, answers
// hardly looked into. Contexts are signed here, with a key that the tenant trusts, so that each pod
// has a caller of its own and no cooldown is in the way.
//
// With --bare the same load also goes to a bare slice of the same path (echo, HS256, SQLite with a
// durable group commit, in-process NATS, gorilla) in a process of its own: what this machine can do
// at all, measured in the same run.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "podload:", err)
		os.Exit(1)
	}
}

// cli is the grammar.
type cli struct {
	Run  runCmd  `cmd:"" default:"withargs" help:"Put a running server under load (a demo on this machine, unless told otherwise)."`
	Bare bareCmd `cmd:"" help:"Serve the bare slice that --bare compares with, until the input ends."`
}

// runCmd is one measurement.
type runCmd struct {
	Target string `default:"http://localhost:8080" help:"The server's public URL."`
	Phone  string `default:"http://127.0.0.1:8082" help:"The sandbox's phone and mailbox, where codes and links arrive."`

	Metrics string `help:"The address of the server's --metrics-listen, like http://127.0.0.1:9090. Without it memory is not measured."`

	DemoData string `help:"Data folder of the demo under load: sign as its PSA does." type:"existingdir" xor:"signer"`
	Key      string `help:"Private key that signs launch contexts (PEM or JWK)." type:"existingfile" xor:"signer"`
	KID      string `name:"kid" default:"demo-1" help:"Its registered id."`
	Issuer   string `default:"http://127.0.0.1:8081" help:"The contexts' issuer."`
	Tenant   string `default:"acme" help:"The tenant's slug."`
	APIKey   string `help:"An API key of the tenant, to lift its quotas by. The demo's own is found with --demo-data."`

	Pods    int           `default:"1000" help:"Idle pods to keep open."`
	Count   int           `default:"3000" help:"Sends, code checks and bootstraps to do."`
	Callers int           `default:"64" help:"Callers at a time."`
	Rate    int           `default:"100" help:"Validated links a second, while the idle pods are open."`
	Links   int           `default:"500" help:"Links to validate."`
	Limit   time.Duration `default:"60s" help:"The most that a phase may take."`

	Bare bool `help:"Put the bare slice under the same load, and compare."`
	JSON bool `name:"json" help:"Print JSON."`
}

// Run measures and prints.
func (c *runCmd) Run(ctx context.Context, out io.Writer) error {
	if err := c.check(); err != nil {
		return err
	}
	signer, err := c.signer()
	if err != nil {
		return err
	}
	debug.SetGCPercent(400) // thousands of pods are open on this side too: they shall not disturb
	if err := awaitReady(ctx, c.Target); err != nil {
		return err
	}
	key, err := c.apiKey()
	if err != nil {
		return err
	}
	if err := liftQuotas(ctx, c.Target, key); err != nil {
		return err
	}
	report := report{Callers: c.Callers}
	if report.Server, err = measure(ctx, c, target{public: c.Target, phone: c.Phone, metrics: c.Metrics, signer: signer}); err != nil {
		return err
	}
	if c.Bare {
		if report.Bare, err = measureBare(ctx, c); err != nil {
			return fmt.Errorf("bare: %w", err)
		}
	}
	if c.JSON {
		return report.json(out)
	}
	return report.table(out)
}

func (c *runCmd) check() error {
	for _, n := range []struct {
		flag      string
		have, max int
	}{
		{"pods", c.Pods, 50_000}, {"count", c.Count, 10_000}, {"callers", c.Callers, 1024}, {"rate", c.Rate, 10_000}, {"links", c.Links, c.Pods},
	} {
		if n.have < 1 || n.have > n.max {
			return fmt.Errorf("--%s must be from 1 to %d", n.flag, n.max)
		}
	}
	return nil
}

// run is main without the process.
func run(args []string, stdout, stderr io.Writer) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	var grammar cli
	exited := false
	parser, err := kong.New(&grammar,
		kong.Name("podload"),
		kong.Description("podload tells what a machine can carry of Shieldpod."),
		kong.UsageOnError(),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { exited = true }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.BindTo(stdout, (*io.Writer)(nil)),
	)
	if err != nil {
		return err
	}
	command, err := parser.Parse(args)
	if exited { // --help has been printed
		return nil
	}
	if err != nil {
		return err
	}
	return command.Run()
}
