package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/shieldpod/shieldpod/bff/internal/courier/vonage"
	"github.com/shieldpod/shieldpod/bff/internal/sandbox"
	"github.com/shieldpod/shieldpod/bff/internal/sandbox/desk"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	launchcontext "github.com/shieldpod/shieldpod/sdk/context"
)

// demo is the running demonstration.
type demo struct {
	cmd   *demoCmd
	props props
	out   *outside
	clock *demoClock
	srv   *server
}

func (d *demo) podURL() string   { return fmt.Sprintf("http://localhost:%d", d.cmd.Port) }
func (d *demo) deskURL() string  { return fmt.Sprintf("http://127.0.0.1:%d", d.cmd.DeskPort) }
func (d *demo) phoneURL() string { return fmt.Sprintf("http://127.0.0.1:%d", d.cmd.PhonePort) }

// run listens first, so that a port that is taken is told before anything is made.
func (d *demo) run(ctx context.Context, database string) error {
	sites, err := listen(ctx, []string{
		"127.0.0.1:" + strconv.Itoa(d.cmd.Port), "127.0.0.1:" + strconv.Itoa(d.cmd.DeskPort), "127.0.0.1:" + strconv.Itoa(d.cmd.PhonePort),
	})
	if err != nil {
		return err
	}
	pod := sites[:1]
	// Browsers may try localhost over IPv6 first; a machine without it is fine too.
	if six, err := listen(ctx, []string{"[::1]:" + strconv.Itoa(d.cmd.Port)}); err == nil {
		pod = append(pod[:1:1], six...)
	}
	hookKey, err := d.hookKey()
	if err != nil {
		return err
	}
	if d.srv, err = d.server(ctx, database, hookKey); err != nil {
		return err
	}
	phone, err := sandbox.New(sandbox.Config{
		HookBase: d.podURL(), Tenant: demoTenant, SendGridKey: d.props.MailKey, SendGridHookKey: hookKey,
		VonageKey: demoVonageKey, VonageSecret: d.props.SMSSecret, VonageSignature: d.props.SMSHookSecret,
		Now: d.clock.Now, Advance: d.advance, Names: desk.Names(), Log: d.out.log,
	})
	if err != nil {
		return err
	}
	defer phone.Close()
	deskKey, err := launchcontext.NewSigningKey(demoKeyID, ed25519.NewKeyFromSeed(d.props.DeskKey))
	if err != nil {
		return err
	}
	psa := desk.New(desk.Config{
		PodURL: d.podURL(), PhoneURL: d.phoneURL(), Audience: d.podURL(), Tenant: demoTenant, Issuer: d.deskURL(),
		Key: deskKey, Origin: d.deskURL(), Now: d.clock.Now, Log: d.out.log,
	})
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return d.srv.run(ctx, pod) })
	group.Go(func() error { return serveSite(ctx, sites[1], psa) })
	group.Go(func() error { return serveSite(ctx, sites[2], phone) })
	if err := d.welcome(); err != nil {
		return err
	}
	return group.Wait()
}

// server builds what `serve` would, its carriers being the sandbox, and makes the demo's tenant.
func (d *demo) server(ctx context.Context, database string, hookKey *ecdsa.PrivateKey) (*server, error) {
	keys, err := derive(d.props.Master)
	if err != nil {
		return nil, err
	}
	hookPublic, err := x509.MarshalPKIXPublicKey(&hookKey.PublicKey)
	if err != nil {
		return nil, err
	}
	srv, err := build(ctx, settings{
		publicURL: d.podURL(), database: database, keys: keys,
		mail: mailSettings{
			key: d.props.MailKey, from: "verify@acme-it.example", host: d.phoneURL(),
			webhookKey: base64.StdEncoding.EncodeToString(hookPublic),
		},
		sms: smsSettings{
			key: demoVonageKey, secret: d.props.SMSSecret, from: "AcmeIT", host: d.phoneURL(),
			signatureSecret: d.props.SMSHookSecret, signatureMethod: vonage.SHA256,
		},
		loopback: true, now: d.clock.Now, log: d.out.log,
	})
	if err != nil {
		return nil, err
	}
	deskPublic, err := x509.MarshalPKIXPublicKey(ed25519.NewKeyFromSeed(d.props.DeskKey).Public())
	if err != nil {
		return nil, errors.Join(err, srv.close())
	}
	err = srv.store.PutTenant(ctx, verify.Tenant{
		ID: demoTenant, Name: "Acme IT", Region: "US", Origins: []string{d.deskURL()},
		ProcedureURL: d.deskURL() + "/procedure",
		Keys:         []verify.SigningKey{{Issuer: d.deskURL(), ID: demoKeyID, Algorithm: "EdDSA", Material: deskPublic}},
	})
	if err == nil {
		err = srv.store.PutAPIKey(ctx, d.props.AdminKey)
	}
	if err != nil {
		return nil, errors.Join(err, srv.close())
	}
	return srv, nil
}

func (d *demo) hookKey() (*ecdsa.PrivateKey, error) {
	key, err := x509.ParsePKCS8PrivateKey(d.props.MailHookKey)
	if err != nil {
		return nil, fmt.Errorf("the demo's keys are damaged: %w (choose another --data-dir)", err)
	}
	ec, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errors.New("the demo's keys are not of a demo (choose another --data-dir)")
	}
	return ec, nil
}

// advance moves the demo's clock, and shows every pod the new time.
func (d *demo) advance(by time.Duration) {
	d.clock.Advance(by)
	d.srv.courier.Wake()
	d.srv.hub.Refresh()
}

func (d *demo) welcome() error {
	_, err := fmt.Fprintf(d.out.stdout, `
Shieldpod's demo is running. Dana is on the phone and wants her password reset.

  1  Open her ticket             %[1]s/tickets/4711
  2  Press Code beside her mobile number
  3  Read the code on her phone  %[2]s
  4  Type it into the pod: the shield turns green

Then try a Link: open it on her phone or in her mailbox, and press Validate, or "I did not ask for this".
Press Fast-forward there to see a code expire or a green shield end.

Be the admin, with the pod open: write the policy into a file, edit it, apply it, and watch the pod follow.

  export SHIELDPOD_SERVER=%[3]s SHIELDPOD_API_KEY=%[4]s
  %[5]s policy export --out policy.yaml
  %[5]s policy apply policy.yaml

The pod's own server is %[3]s. Stop with Ctrl-C.
`, d.deskURL(), d.phoneURL(), d.podURL(), d.props.APIKey, os.Args[0])
	return err
}

// serveSite serves one of the demo's other sites until ctx is done.
func serveSite(ctx context.Context, l net.Listener, h http.Handler) error {
	site := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	stop := context.AfterFunc(ctx, func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if site.Shutdown(closing) != nil {
			_ = site.Close() // a page that keeps its event stream open does not hold the demo up
		}
	})
	defer stop()
	if err := site.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
