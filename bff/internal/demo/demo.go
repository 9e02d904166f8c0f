// Package demo runs the server with all that surrounds it, on one machine: two ticket systems, the carriers, and the end
// users' phones and mailboxes. Only the people are made up. Start with [Main].
package demo

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"golang.org/x/sync/errgroup"

	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/bff/internal/sandbox/demopsa"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// flags are the demo's settings. None of them is read from the environment: the variables are the server's, and the demo
// must not touch the server's data.
type flags struct {
	Port            int    `default:"8080" help:"Port of the pod's server, on localhost."`
	DeskPort        int    `default:"8081" help:"Port of the demo PSA, on 127.0.0.1: another site, as in life."`
	PhonePort       int    `default:"8082" help:"Port of the end user's phone and mailbox."`
	ConnectWisePort int    `name:"connectwise-port" default:"8083" help:"Port of the stand-in for ConnectWise, on manage.localhost: a third site."`
	MetricsListen   string `help:"Address on which /metrics is served, like 127.0.0.1:8084. Without it there are no metrics."`
	DataDir         string `help:"Folder to keep the demo's data in. Without it they go with the demo." type:"path"`
	DatabaseURL     string `help:"postgres://… to use an empty PostgreSQL database instead of a file in the folder."`
	Tenants         int    `default:"1" hidden:"" help:"So many tenants like the first for load tests, named acme-2, acme-3 and so on, without quotas."`
}

// Names and identifiers in the demo.
const (
	acmeTenant = "acme"
	acmeKeyID  = "demo-1"
	vonageKey  = "demo0001"
	manageKey  = "demo0001" // public; the private key is new in each run, as is all that ConnectWise stores
	clientID   = "5d1e1d50-0000-4000-8000-000000000001"

	signInClient = "shieldpod"
)

// Main runs the demo until the process gets SIGINT or SIGTERM. A second signal ends the process at once.
func Main(args []string, stdout, stderr io.Writer) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return Run(ctx, args, stdout, stderr)
}

// Run is Main without the process's signals.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var f flags
	exited := false
	parser, err := kong.New(&f,
		kong.Name("demo"),
		kong.Description("Runs everything on this machine: server, two demo PSAs, and the end user's phone and mailbox."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { exited = true }),
	)
	if err != nil {
		return err
	}
	_, err = parser.Parse(args)
	if exited { // --help has been printed
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w (see 'demo --help')", err)
	}
	dir := f.DataDir
	if dir == "" {
		temporary, err := os.MkdirTemp("", "shieldpod-demo-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(temporary) }()
		dir = temporary
	}
	keys, err := loadCredentials(dir)
	if err != nil {
		return err
	}
	d := &demo{
		flags: f, credentials: keys, stdout: stdout, clock: &clock{}, manageSecret: rand.Text(), signInSecret: rand.Text(),
		log: slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelInfo})),
	}
	database := f.DatabaseURL
	if database == "" {
		database = filepath.Join(dir, app.DatabaseFile)
	}
	return d.run(ctx, database)
}

// demo is the running demonstration.
type demo struct {
	flags       flags
	credentials credentials
	stdout      io.Writer
	log         *slog.Logger
	clock       *clock
	srv         *app.Server

	manageSecret string // the private key of the server's API member in ConnectWise
	signInSecret string // the server's at the sign-in provider
}

// run listens first, so that a port that is taken is reported before anything is made.
func (d *demo) run(ctx context.Context, database string) error {
	sites, err := d.listen(ctx)
	if err != nil {
		return err
	}
	hookKey, err := d.hookKey()
	if err != nil {
		return err
	}
	own, err := d.northCarriers(hookKey, sites.mail.Addr().(*net.TCPAddr))
	if err != nil {
		return err
	}
	if d.srv, err = d.server(ctx, database, hookKey, own); err != nil {
		return err
	}
	phone, err := d.carriers(hookKey)
	if err != nil {
		return err
	}
	defer phone.Close()
	deskKey, err := launchcontext.NewSigningKey(acmeKeyID, ed25519.NewKeyFromSeed(d.credentials.DeskKey))
	if err != nil {
		return err
	}
	psa, err := d.withProvider(demopsa.New(demopsa.Config{
		MSP: demopsa.Acme, PodURL: d.podURL(), PhoneURL: d.phoneURL(), Audience: d.podURL(), Tenant: acmeTenant, Issuer: d.deskURL(),
		Key: deskKey, Origin: d.deskURL(), Now: d.clock.Now, Log: d.log,
	}))
	if err != nil {
		return err
	}
	north, err := d.northDesk()
	if err != nil {
		return err
	}
	manage, err := d.manage()
	if err != nil {
		return err
	}
	defer manage.Close()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return d.srv.Run(ctx, sites.pod) })
	group.Go(func() error { return serveMail(ctx, phone, sites.mail) })
	for _, site := range []site{{sites.desk, byHost(psa, north)}, {sites.phone, phone}, {sites.manage, manage}} {
		group.Go(func() error { return site.serve(ctx) })
	}
	if err := d.welcome(); err != nil {
		return err
	}
	return group.Wait()
}

// advance moves the demo's clock, and shows every pod the new time.
func (d *demo) advance(by time.Duration) {
	d.clock.Advance(by)
	d.srv.Refresh()
}

// welcome prints what to open.
func (d *demo) welcome() error {
	_, err := fmt.Fprintf(d.stdout, `
Shieldpod's demo is running. Dana is on the phone and wants her password reset.

  1  Open her ticket             %[1]s/tickets/4711
  2  Press Send code beside her mobile number
  3  Read the code on her phone  %[2]s
  4  Type it into the pod: the shield turns green

Then press Send link: open the link on her phone or in her mailbox, and press Validate, or "I did not ask for this".
Press Fast-forward there to see a code expire or a green shield end.

The same pod in ConnectWise's own frame, with the ticket read from its API: %[6]s/tickets/61211
And in a product that signs nothing, where the technician signs in:         %[1]s/id/tickets/61211

A second company, in German, that looks altogether different: %[7]s/tickets/2041

Be the admin, with the pod open: write the policy into a file, edit it, apply it, and watch the pod follow.

  export SHIELDPOD_SERVER=%[3]s SHIELDPOD_API_KEY=%[4]s
  %[5]s policy export --out policy.yaml
  %[5]s policy apply policy.yaml

The pod's own server is %[3]s. Stop with Ctrl-C.
`, d.deskURL(), d.phoneURL(), d.podURL(), d.credentials.APIKey, command(), d.manageURL(), d.northURL())
	return err
}

// command is the path of shieldpod, which is built beside the demo.
func command() string {
	beside := filepath.Join(filepath.Dir(os.Args[0]), "shieldpod"+filepath.Ext(os.Args[0]))
	if _, err := os.Stat(beside); err != nil {
		return "shieldpod"
	}
	return beside
}
