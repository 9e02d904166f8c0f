package app

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// demoCmd runs the server with a PSA, a phone and a mailbox around it, all real but the people.
type demoCmd struct {
	Port            int    `default:"8080" help:"Port of the pod's server, on localhost."`
	DeskPort        int    `default:"8081" help:"Port of the demo PSA, on 127.0.0.1: another site, as in life."`
	PhonePort       int    `default:"8082" help:"Port of the end user's phone and mailbox."`
	ConnectWisePort int    `name:"connectwise-port" default:"8083" help:"Port of the stand-in for ConnectWise, on manage.localhost: a third site."`
	MetricsListen   string `help:"Address on which /metrics is served, like 127.0.0.1:8084. Without it there are no metrics."`
	DataDir         string `help:"Folder to keep the demo's data in. Without it they go with the demo." type:"path"`
}

// demoFile marks a data folder as a demo's.
const demoFile = "demo.json"

// Names in the demo.
const (
	demoTenant    = "acme"
	demoKeyID     = "demo-1"
	demoVonageKey = "demo0001"
	demoManageKey = "demo0001" // public; the private one is new in each run, as is all that ConnectWise knows
	demoClientID  = "5d1e1d50-0000-4000-8000-000000000001"

	demoSignInClient = "shieldpod"
)

// Run sets the demo up and runs it until it is told to stop.
func (c *demoCmd) Run(o *outside) error {
	dir := c.DataDir
	if dir == "" {
		temporary, err := os.MkdirTemp("", "shieldpod-demo-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(temporary) }()
		dir = temporary
	}
	props, err := loadProps(dir)
	if err != nil {
		return err
	}
	d := &demo{cmd: c, props: props, out: o, clock: &demoClock{}, manageKey: rand.Text(), signInSecret: rand.Text()}
	return d.run(o.ctx, filepath.Join(dir, "shieldpod.db"))
}

// props are what the demo's actors would each keep to themselves.
type props struct {
	Master        []byte `json:"master"`
	DeskKey       []byte `json:"desk_key"`      // Ed25519 seed
	MailHookKey   []byte `json:"mail_hook_key"` // ECDSA P-256, PKCS 8
	SMSHookSecret string `json:"sms_hook_secret"`
	MailKey       string `json:"mail_key"`
	SMSSecret     string `json:"sms_secret"`
	APIKey        string `json:"api_key"` // the admin's

	AdminKey verify.APIKey `json:"admin_key"` // what the server keeps of it

	NorthAPIKey   string        `json:"north_api_key"` // the second tenant's
	NorthAdminKey verify.APIKey `json:"north_admin_key"`
}

// demoAdmin is who edits the demo's policies.
const demoAdmin = "Noor Haddad"

// loadProps reads those of an earlier run in dir, or makes new ones.
func loadProps(dir string) (props, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return props{}, fmt.Errorf("--data-dir: %w", err)
	}
	path := filepath.Join(dir, demoFile)
	content, err := os.ReadFile(path)
	if err == nil {
		var p props
		if err := strictjson.Unmarshal(content, &p); err != nil {
			return props{}, fmt.Errorf("%s is not of a demo: %w (choose another --data-dir)", path, err)
		}
		if p.NorthAPIKey == "" {
			return props{}, fmt.Errorf("%s is of an older demo (choose another --data-dir)", path)
		}
		return p, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return props{}, err
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		return props{}, errors.Join(err, fmt.Errorf("--data-dir: %s holds other things than a demo's: choose an empty folder, or one that does not exist yet", dir))
	}
	p, err := newProps()
	if err != nil {
		return props{}, err
	}
	content, err = json.Marshal(p)
	if err != nil {
		return props{}, err
	}
	return p, os.WriteFile(path, content, 0o600)
}

func newProps() (props, error) {
	p := props{
		Master: make([]byte, 32), DeskKey: make([]byte, ed25519.SeedSize),
		SMSHookSecret: rand.Text(), MailKey: "SG." + rand.Text(), SMSSecret: rand.Text(),
	}
	for _, key := range [][]byte{p.Master, p.DeskKey} {
		if _, err := rand.Read(key); err != nil {
			return props{}, err
		}
	}
	hook, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return props{}, err
	}
	if p.MailHookKey, err = x509.MarshalPKCS8PrivateKey(hook); err != nil {
		return props{}, err
	}
	if p.AdminKey, p.APIKey, err = verify.NewAPIKey(demoTenant, demoAdmin, systemClock(), rand.Reader); err != nil {
		return props{}, err
	}
	p.NorthAdminKey, p.NorthAPIKey, err = verify.NewAPIKey(northTenant, demoAdmin, systemClock(), rand.Reader)
	return p, err
}

// demoClock is the demo's time: the machine's, plus what was skipped by Fast-forward. A held clock moves by Fast-forward only.
type demoClock struct {
	mu    sync.Mutex
	ahead time.Duration // of the machine's clock, while it runs
	held  time.Time     // the time at which it stands; zero while it runs
}

// Now is the demo's time.
func (c *demoClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *demoClock) now() time.Time {
	if !c.held.IsZero() {
		return c.held
	}
	return systemClock().Add(c.ahead)
}

// Advance moves the clock forward, whether it runs or is held.
func (c *demoClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held.IsZero() {
		c.ahead += d
	} else {
		c.held = c.held.Add(d)
	}
}

// Hold stops the clock, or lets it run on from where it stands.
func (c *demoClock) Hold(hold bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	c.held, c.ahead = time.Time{}, now.Sub(systemClock())
	if hold {
		c.held = now
	}
}
