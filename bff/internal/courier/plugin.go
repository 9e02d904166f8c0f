package courier

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// Plugin is one carrier. Each folder below this package exports one; app lists them.
type Plugin struct {
	Name  string       // in accounts, events and URLs: "sendgrid"
	Title string       // in logs: "SendGrid"
	Kind  channel.Kind // the kind of channel that it reaches
	Help  string       // of its command: "Send a tenant's e-mail by a SendGrid account."
	// Flags returns the flags of an account, with no value.
	Flags func() Flags
	// Open returns the carrier of an account. It refuses an account that can't send, and one whose delivery reports could
	// be forged. It signs in nowhere.
	Open func(admin.CarrierAccount, Server) (Carrier, error)
	// Reports reads the carrier's delivery reports. The zero value stands for a carrier that sends none.
	Reports Reports
}

// Server is what a carrier needs to know of the server.
type Server struct {
	PublicURL string // where carriers report deliveries, without a trailing slash; empty: nowhere
	Now       func() time.Time
}

// Carrier is a sender whose account can be checked.
type Carrier interface {
	Sender
	// Check signs in at the carrier. It sends nothing and costs nothing.
	Check(ctx context.Context) error
}

// NewAccount returns an account as it is stored. Settings and secret are of the types of the plugin's folder; an empty
// tenant stands for the platform.
func (p Plugin) NewAccount(tenant string, priority int, settings, secret any) (admin.CarrierAccount, error) {
	a := admin.CarrierAccount{Tenant: tenant, Carrier: p.Name, Kind: p.Kind, Priority: priority}
	var errSettings, errSecret error
	a.Settings, errSettings = json.Marshal(settings)
	a.Secret, errSecret = json.Marshal(secret)
	return a, errors.Join(errSettings, errSecret)
}

// ReadAccount decodes an account into the types of its plugin's folder. The error holds nothing of the account.
func ReadAccount(a admin.CarrierAccount, settings, secret any) error {
	for text, into := range map[string]any{string(a.Settings): settings, string(a.Secret): secret} {
		if err := strictjson.Decode(context.Background(), []byte(text), into, strictjson.Rules{Null: true}); err != nil {
			return fmt.Errorf("%s: the account can't be read (%T)", a.Carrier, err) // its text may hold the secret
		}
	}
	return nil
}

// Plugins are the carriers that can be used.
type Plugins []Plugin

// Open returns the carrier of an account, or the refusal of its plugin.
func (ps Plugins) Open(a admin.CarrierAccount, server Server) (Carrier, error) {
	i := slices.IndexFunc(ps, func(p Plugin) bool { return p.Name == a.Carrier })
	if i < 0 {
		return nil, fmt.Errorf("there is no carrier %q", a.Carrier)
	}
	carrier, err := ps[i].Open(a, server)
	if err != nil { // beside which carrier may hold a nil pointer
		return nil, err
	}
	return carrier, nil
}
