// Command podload tells what a machine can carry: it opens pods on a running Shieldpod, has
// verifications go through it, and prints rates, latencies and memory.
//
// Start with load.go: the phases, in order. All rates are measured while the pods are open. The client is made to cost
// little, because it often shares the machine with the server: a connection per caller, requests written as they are,
// answers read only as far as needed. Contexts are signed here, with a key that the tenant trusts, so that each pod has a caller
// of its own and no cooldown is in the way.
//
// With --bare the same load also goes to a bare slice of the same path (echo, HS256, SQLite with a durable group commit,
// in-process NATS, gorilla) in a process of its own: what this machine can do at all, measured in the same run. --beside
// adds another server, such as one with another database. Each round measures every server and the bare slice once, one
// after the other; the report has the medians of the rounds.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
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
	Tenants  int    `default:"1" help:"Spread the callers over so many tenants: --tenant, and --tenant with -2, -3 and so on. Their quotas must be lifted, as those of demo --tenants are."`
	APIKey   string `help:"An API key of the tenant, to lift its quotas by. The demo's own is found with --demo-data."`

	Pods    int           `default:"1000" help:"Idle pods to keep open."`
	Count   int           `default:"3000" help:"Sends, code checks and bootstraps to do."`
	Callers int           `default:"64" help:"Callers at a time."`
	Rate    int           `default:"100" help:"Validated links a second, while the idle pods are open."`
	Links   int           `default:"500" help:"Links to validate."`
	Limit   time.Duration `default:"60s" help:"The most that a phase may take."`

	History int `default:"2" help:"Verifications that a contact who returns has had."`
	Rounds  int `default:"3" help:"How often all is measured: the report has the medians."`

	Name   string   `default:"SQLite" help:"What the report calls the server."`
	Beside []string `help:"Another server to measure in each round: its name, --target, --phone, --metrics, --issuer and --demo-data, with commas between." placeholder:"NAME,URL,URL,URL,URL,DIR" sep:"none"`
	Bare   bool     `help:"Put the bare slice under the same load, and compare."`
	JSON   bool     `name:"json" help:"Print JSON."`
}

// Run measures and prints.
func (c *runCmd) Run(ctx context.Context, out io.Writer) (err error) {
	if err := c.check(); err != nil {
		return err
	}
	debug.SetGCPercent(400) // thousands of pods are open on this side too: their garbage collection must not disturb
	servers, err := c.servers(ctx)
	if err != nil {
		return err
	}
	if c.Bare {
		bare, stop, err := startBare(ctx)
		if err != nil {
			return fmt.Errorf("bare: %w", err)
		}
		defer func() { err = errors.Join(err, stop()) }()
		servers = append(servers, bare)
	}
	report := report{Callers: c.Callers, Tenants: c.Tenants, History: c.History, Load: []string{loadAverage()}}
	measured := make([][]*figures, len(servers))
	for range c.Rounds {
		for i, server := range servers {
			f, err := measure(ctx, c, server)
			if err != nil {
				return fmt.Errorf("%s: %w", server.name, err)
			}
			measured[i] = append(measured[i], f)
		}
		report.Load = append(report.Load, loadAverage())
	}
	for i, server := range servers {
		report.Servers = append(report.Servers, result{Name: server.name, Bare: server.bare, Figures: medians(measured[i])})
	}
	if c.JSON {
		return report.json(out)
	}
	return report.table(out)
}

// servers makes the servers ready, and gives them in the report's order.
func (c *runCmd) servers(ctx context.Context) ([]target, error) {
	all := []runCmd{*c}
	for _, text := range c.Beside {
		parts := strings.Split(text, ",")
		if len(parts) != besideParts {
			return nil, errors.New("--beside must be a name, four URLs and a folder, with commas between")
		}
		other := *c
		other.Name, other.Target, other.Phone = parts[0], parts[1], parts[2]
		other.Metrics, other.Issuer, other.DemoData = parts[3], parts[4], parts[5]
		all = append(all, other)
	}
	var servers []target
	for i := range all {
		server := &all[i]
		signer, err := server.signer()
		if err != nil {
			return nil, err
		}
		if err := awaitReady(ctx, server.Target); err != nil {
			return nil, err
		}
		key, err := server.apiKey()
		if err != nil {
			return nil, err
		}
		if err := liftQuotas(ctx, server.Target, key); err != nil {
			return nil, err
		}
		servers = append(servers, target{
			name: server.Name, public: server.Target, phone: server.Phone, metrics: server.Metrics, signer: signer, cooldown: cooldown,
		})
	}
	return servers, nil
}

// besideParts is how many parts --beside has.
const besideParts = 6

// loadAverage is what the system says of the last minute; empty where it does not.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	minute, _, _ := strings.Cut(string(text), " ")
	return minute
}

func (c *runCmd) check() error {
	for _, n := range []struct {
		flag      string
		have, max int
	}{
		{"pods", c.Pods, 50_000}, {"count", c.Count, 10_000}, {"callers", c.Callers, 1024}, {"rate", c.Rate, 10_000}, {"links", c.Links, c.Pods},
		{"tenants", c.Tenants, 1000}, {"history", c.History, 20}, {"rounds", c.Rounds, 99},
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
