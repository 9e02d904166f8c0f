package app

import (
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/courier/sendgrid"
	"github.com/shieldpod/shieldpod/bff/internal/courier/smtp"
	"github.com/shieldpod/shieldpod/bff/internal/courier/twilio"
	"github.com/shieldpod/shieldpod/bff/internal/courier/vonage"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// carrierKinds tells which kind of channel a carrier reaches.
var carrierKinds = map[string]verify.ChannelKind{
	sendgrid.Carrier: verify.Email, smtp.Carrier: verify.Email, vonage.Carrier: verify.Phone, twilio.Carrier: verify.Phone,
}

// Carrier is a sender whose account can be checked. Check signs in at the carrier and sends nothing.
type Carrier interface {
	courier.Sender
	Check(ctx context.Context) error
}

// CarrierFactory makes senders of accounts.
type CarrierFactory struct {
	PublicURL string // where carriers report deliveries; empty: nowhere
	Now       func() time.Time
}

func (f CarrierFactory) sender(a admin.CarrierAccount) (courier.Sender, error) { return f.Open(a) }

// Open makes the sender of an account. It refuses an account whose delivery reports could be forged.
func (f CarrierFactory) Open(a admin.CarrierAccount) (Carrier, error) {
	switch a.Carrier {
	case sendgrid.Carrier:
		return newSendgrid(a)
	case vonage.Carrier:
		return f.vonage(a)
	case smtp.Carrier:
		return f.smtp(a)
	case twilio.Carrier:
		return f.twilio(a)
	}
	return nil, fmt.Errorf("there is no carrier %q", a.Carrier)
}

func newSendgrid(a admin.CarrierAccount) (Carrier, error) {
	var settings sendgrid.Settings
	var secret sendgrid.Secret
	if err := readAccount(a, &settings, &secret); err != nil {
		return nil, err
	}
	if _, err := sendgrid.ParseKey(settings.WebhookKey); err != nil {
		return nil, err
	}
	return made(sendgrid.New(sendgrid.Config{Key: secret.Key, From: settings.From, Host: settings.Host}))
}

func (f CarrierFactory) vonage(a admin.CarrierAccount) (Carrier, error) {
	var settings vonage.Settings
	var secret vonage.Secret
	if err := readAccount(a, &settings, &secret); err != nil {
		return nil, err
	}
	if err := (vonage.Signing{Secret: secret.SignatureSecret, Method: settings.SignatureMethod}).Check(); err != nil {
		return nil, err
	}
	return made(vonage.New(vonage.Config{Key: settings.Key, Secret: secret.Secret, From: settings.From, Host: settings.Host, Callback: f.PublicURL}))
}

func (f CarrierFactory) smtp(a admin.CarrierAccount) (Carrier, error) {
	var settings smtp.Settings
	var secret smtp.Secret
	if err := readAccount(a, &settings, &secret); err != nil {
		return nil, err
	}
	hello := settings.Hello
	if hello == "" {
		hello = smtp.EHLOName(hostOf(f.PublicURL), settings.From)
	}
	return made(smtp.New(smtp.Config{
		Host: settings.Host, Port: settings.Port, Security: settings.Security, Username: settings.Username, Password: secret.Password,
		From: settings.From, Hello: hello, Now: f.Now,
	}))
}

// hostOf gives the host name of a URL; empty when there is none.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

func (f CarrierFactory) twilio(a admin.CarrierAccount) (Carrier, error) {
	var settings twilio.Settings
	var secret twilio.Secret
	if err := readAccount(a, &settings, &secret); err != nil {
		return nil, err
	}
	if secret.Token == "" {
		return nil, errors.New("twilio: the auth token is missing: receipts are signed with it")
	}
	if settings.Key == "" {
		secret.Secret = secret.Token
	}
	return made(twilio.New(twilio.Config{
		Account: settings.Account, Key: settings.Key, Secret: secret.Secret, From: settings.From, Host: settings.Host,
		Callback: f.PublicURL, Now: f.Now,
	}))
}

// made keeps a nil pointer from becoming an interface that is not nil.
func made[C Carrier](c C, err error) (Carrier, error) {
	if err != nil {
		return nil, err
	}
	return c, nil
}

func readAccount(a admin.CarrierAccount, settings, secret any) error {
	for text, into := range map[string]any{string(a.Settings): settings, string(a.Secret): secret} {
		if err := strictjson.Decode(context.Background(), []byte(text), into, strictjson.Rules{Null: true}); err != nil {
			return fmt.Errorf("%s: the account can't be read (%T)", a.Carrier, err) // its text may hold the secret
		}
	}
	return nil
}

// NewAccount is an account as it is stored.
func NewAccount(tenant, carrier string, place int, settings, secret any) (admin.CarrierAccount, error) {
	a := admin.CarrierAccount{Tenant: tenant, Carrier: carrier, Kind: carrierKinds[carrier], Priority: place}
	var errSettings, errSecret error
	a.Settings, errSettings = json.Marshal(settings)
	a.Secret, errSecret = json.Marshal(secret)
	return a, errors.Join(errSettings, errSecret)
}

// mountHooks mounts the routes of delivery reports. Each report is checked against the account of the tenant that it is for.
func mountHooks(mux *http.ServeMux, c Config, registry *courier.CarrierRegistry, reports *verify.Service) {
	mails := sendgrid.NewWebhook(sendgrid.WebhookConfig{
		Reports: reports, Now: c.Now, Log: c.Log,
		Key: func(ctx context.Context, tenant string) (*ecdsa.PublicKey, error) {
			var settings sendgrid.Settings
			if err := findAccount(ctx, registry, tenant, sendgrid.Carrier, &settings, &sendgrid.Secret{}); err != nil {
				return nil, err
			}
			return sendgrid.ParseKey(settings.WebhookKey)
		},
	})
	mux.Handle("POST /hooks/sendgrid", mails) // the platform's account, for all tenants that have none
	mux.Handle("POST /hooks/sendgrid/{tenant}", mails)
	texts := vonage.NewWebhook(vonage.WebhookConfig{
		Reports: reports, Now: c.Now, Log: c.Log,
		Signing: func(ctx context.Context, tenant string) (vonage.Signing, error) {
			var settings vonage.Settings
			var secret vonage.Secret
			err := findAccount(ctx, registry, tenant, vonage.Carrier, &settings, &secret)
			return vonage.Signing{Secret: secret.SignatureSecret, Method: settings.SignatureMethod}, err
		},
	})
	mux.Handle("GET /hooks/vonage/{tenant}", texts)
	mux.Handle("POST /hooks/vonage/{tenant}", texts)
	mux.Handle("POST /hooks/twilio/{tenant}", twilio.NewWebhook(twilio.WebhookConfig{
		PublicURL: c.PublicURL, Reports: reports, Now: c.Now, Log: c.Log,
		Account: func(ctx context.Context, tenant string) (twilio.Account, error) {
			var settings twilio.Settings
			var secret twilio.Secret
			err := findAccount(ctx, registry, tenant, twilio.Carrier, &settings, &secret)
			return twilio.Account{SID: settings.Account, Token: secret.Token}, err
		},
	}))
}

func findAccount(ctx context.Context, registry *courier.CarrierRegistry, tenant, carrier string, settings, secret any) error {
	a, err := registry.Account(ctx, tenant, carrier)
	if err != nil {
		return err
	}
	return readAccount(a, settings, secret)
}

// newMessageQueues gives the courier the queues of each kind of channel.
func newMessageQueues(db *store.Store) map[verify.ChannelKind]courier.Queues {
	queues := map[verify.ChannelKind]courier.Queues{}
	for _, kind := range []verify.ChannelKind{verify.Email, verify.Phone} {
		queues[kind] = courier.Queues{Messages: db.Messages(kind), Lapsed: db.LapsedMessages(kind)}
	}
	return queues
}
