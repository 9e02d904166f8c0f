package app

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/shieldpod/shieldpod/bff/internal/courier/vonage"
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

	manageKey    string // ConnectWise's, for the product
	signInSecret string // the provider's, for the product
}

// run listens first, so that a port that is taken is told before anything is made.
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
	deskKey, err := launchcontext.NewSigningKey(demoKeyID, ed25519.NewKeyFromSeed(d.props.DeskKey))
	if err != nil {
		return err
	}
	psa, err := d.beside(desk.New(desk.Config{
		MSP: desk.Acme, PodURL: d.podURL(), PhoneURL: d.phoneURL(), Audience: d.podURL(), Tenant: demoTenant, Issuer: d.deskURL(),
		Key: deskKey, Origin: d.deskURL(), Now: d.clock.Now, Log: d.out.log,
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
	group.Go(func() error { return d.srv.run(ctx, sites.pod) })
	group.Go(func() error { return serveMail(ctx, phone, sites.mail) })
	for _, site := range []demoSite{{sites.desk, byName(psa, north)}, {sites.phone, phone}, {sites.manage, manage}} {
		group.Go(func() error { return site.serve(ctx) })
	}
	if err := d.welcome(); err != nil {
		return err
	}
	return group.Wait()
}

// server builds what `serve` would, its carriers being the sandbox, and makes the demo's tenants: the second one with
// accounts of its own.
func (d *demo) server(ctx context.Context, database string, hookKey *ecdsa.PrivateKey, own []verify.CarrierAccount) (*server, error) {
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
		loopback: true, now: d.clock.Now, log: d.out.log, // without limits: all the demo's people have one address
		metricsListen: d.cmd.MetricsListen,
	})
	if err != nil {
		return nil, err
	}
	if err := srv.listenMetrics(ctx); err != nil {
		return nil, errors.Join(err, srv.close())
	}
	deskPublic, err := x509.MarshalPKIXPublicKey(ed25519.NewKeyFromSeed(d.props.DeskKey).Public())
	if err != nil {
		return nil, errors.Join(err, srv.close())
	}
	err = srv.store.PutTenant(ctx, verify.Tenant{
		ID: demoTenant, Name: "Acme IT", Region: "US", Origins: []string{d.deskURL(), d.manageURL()},
		ProcedureURL: d.deskURL() + "/procedure",
		Keys:         []verify.SigningKey{{Issuer: d.deskURL(), ID: demoKeyID, Algorithm: "EdDSA", Material: deskPublic}},
		SignIn:       d.signIn(),
	})
	if err == nil {
		err = srv.store.PutAPIKey(ctx, d.props.AdminKey)
	}
	if err == nil {
		err = d.connect(ctx, srv)
	}
	if err == nil {
		err = d.second(ctx, srv, own)
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
	d.srv.notes.WakeNotes()
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

The same pod in ConnectWise's own frame, with the ticket read from its API: %[6]s/tickets/61211
And in a product that signs nothing, where the technician signs in:         %[1]s/id/tickets/61211

A second company, in German, that looks altogether different: %[7]s/tickets/2041

Be the admin, with the pod open: write the policy into a file, edit it, apply it, and watch the pod follow.

  export SHIELDPOD_SERVER=%[3]s SHIELDPOD_API_KEY=%[4]s
  %[5]s policy export --out policy.yaml
  %[5]s policy apply policy.yaml

The pod's own server is %[3]s. Stop with Ctrl-C.
`, d.deskURL(), d.phoneURL(), d.podURL(), d.props.APIKey, os.Args[0], d.manageURL(), d.northURL())
	return err
}
