package demo

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/bff/internal/courier/vonage"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// server builds the server with the sandbox as the platform's carriers, and makes the demo's tenants: the second one with
// accounts of its own.
func (d *demo) server(ctx context.Context, database string, hookKey *ecdsa.PrivateKey, own []admin.CarrierAccount) (*app.Server, error) {
	keys, err := app.DeriveKeys(d.credentials.Master)
	if err != nil {
		return nil, err
	}
	hookPublic, err := x509.MarshalPKIXPublicKey(&hookKey.PublicKey)
	if err != nil {
		return nil, err
	}
	srv, err := app.New(ctx, app.Config{
		PublicURL: d.podURL(), Database: database, Keys: keys,
		Carriers: app.PlatformCarriers{
			SendgridKey: d.credentials.MailKey, SendgridFrom: "verify@acme-it.example", SendgridHost: d.phoneURL(),
			SendgridWebhookKey: base64.StdEncoding.EncodeToString(hookPublic),
			VonageKey:          vonageKey, VonageSecret: d.credentials.SMSSecret, VonageFrom: "AcmeIT", VonageHost: d.phoneURL(),
			VonageSignatureSecret: d.credentials.SMSHookSecret, VonageSignatureMethod: vonage.SHA256,
		},
		AllowLoopback: true, Now: d.clock.Now, Log: d.log, // without limits: all people of the demo have one address
		MetricsListen: d.flags.MetricsListen,
	})
	if err != nil {
		return nil, err
	}
	deskPublic, err := x509.MarshalPKIXPublicKey(ed25519.NewKeyFromSeed(d.credentials.DeskKey).Public())
	if err != nil {
		return nil, errors.Join(err, srv.Close())
	}
	acme := admin.Tenant{
		Tenant: verify.Tenant{
			ID: acmeTenant, Name: "Acme IT", Region: "US", Origins: []string{d.deskURL(), d.manageURL()},
			ProcedureURL: d.deskURL() + "/procedure",
		},
		Keys:   []admin.SigningKey{{Issuer: d.deskURL(), ID: acmeKeyID, Algorithm: "EdDSA", Material: deskPublic}},
		SignIn: d.signIn(),
	}
	err = seed(ctx, srv, acme, d.credentials.AdminKey)
	if err == nil {
		err = makeLoadTenants(ctx, srv, acme, d.flags.Tenants)
	}
	if err == nil {
		err = d.connect(ctx, srv)
	}
	if err == nil {
		err = d.makeNordlicht(ctx, srv, own)
	}
	if err != nil {
		return nil, errors.Join(err, srv.Close())
	}
	return srv, nil
}

// demoActor is who sets the demo up.
var demoActor = admin.Actor{Kind: verify.ActorCLI, ID: "demo", Name: adminName}

// seed stores a tenant whose origins only browsers on this machine can reach, and an API key that stays the same from
// run to run. Neither could be made by an act.
func seed(ctx context.Context, srv *app.Server, t admin.Tenant, key admin.APIKey) error {
	key.Scopes = admin.Scopes
	return srv.Store.Administer(ctx, t.ID, func(tx admin.Tx) error {
		return errors.Join(tx.PutTenant(ctx, t), tx.PutAPIKey(ctx, key))
	})
}

func (d *demo) hookKey() (*ecdsa.PrivateKey, error) {
	key, err := x509.ParsePKCS8PrivateKey(d.credentials.MailHookKey)
	if err != nil {
		return nil, fmt.Errorf("the demo's keys are damaged: %w (choose another --data-dir)", err)
	}
	ec, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errors.New("the demo's keys are not of a demo (choose another --data-dir)")
	}
	return ec, nil
}
