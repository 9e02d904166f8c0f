package app

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/nyaruka/phonenumbers"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/egress"
	"github.com/shieldpod/shieldpod/bff/internal/launch"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/strength"
	"github.com/shieldpod/shieldpod/bff/internal/text"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// NewAdmin makes the service of administrative acts on a database.
func NewAdmin(db *store.Store, allowLoopback bool, now func() time.Time) *admin.Service {
	return &admin.Service{
		Ledger: db, Tenants: db, Sessions: db, APIKeys: db, Checks: Checks{AllowLoopback: allowLoopback, Now: now},
		Now: now, Entropy: rand.Reader,
	}
}

// Checks are the checks of administrative acts that need a library or an adapter.
type Checks struct {
	AllowLoopback bool // URLs and hosts on this machine are accepted: for the demo
	Now           func() time.Time
}

var _ admin.Checks = Checks{}

// CheckSecret is [admin.TrustChecks]'.
func (Checks) CheckSecret(secret []byte) error { return strength.Secret(secret) }

// CheckKeys is [admin.TrustChecks]'.
func (Checks) CheckKeys(keys []admin.SigningKey) error { return launch.CheckKeys(keys) }

// CheckIssuers is [admin.TrustChecks]'.
func (Checks) CheckIssuers(issuers []admin.Issuer, keys []admin.SigningKey) error {
	return launch.CheckIssuers(issuers, keys)
}

// CheckSignIn is [admin.TrustChecks]'.
func (Checks) CheckSignIn(in admin.SignIn) error { return launch.CheckSignIn(in) }

// CheckCarrier is [admin.AccountChecks]'.
func (c Checks) CheckCarrier(a admin.CarrierAccount) error {
	_, err := Carriers.Open(a, courier.Server{Now: c.Now})
	return err
}

// tryTimeout is for signing in at one carrier.
const tryTimeout = 10 * time.Second

// TryCarrier is [admin.AccountChecks]'.
func (c Checks) TryCarrier(ctx context.Context, a admin.CarrierAccount) error {
	sender, err := Carriers.Open(a, courier.Server{Now: c.Now})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, tryTimeout)
	defer cancel()
	return sender.Check(ctx)
}

// CheckConnection is [admin.AccountChecks]'.
func (c Checks) CheckConnection(connection admin.Connection) error {
	check, known := connectionChecks[connection.System]
	if !known {
		return fmt.Errorf("there is no ticket system %q to connect to", connection.System)
	}
	origin, err := check(connection.Settings, connection.Secret)
	if err != nil {
		return err
	}
	if err := egress.CheckURL(origin+"/", c.AllowLoopback); err != nil {
		return &verify.Error{Code: verify.CodeInvalid, Field: "host", Public: err.Error(), Err: err}
	}
	return nil
}

// CheckName is [admin.FormatChecks]'.
func (Checks) CheckName(name string, limit int) error {
	if name != text.Line(name, limit) {
		return fmt.Errorf("%q must have up to %d characters on one line, none of them invisible", name, limit)
	}
	return nil
}

// CheckRegion is [admin.FormatChecks]'.
func (Checks) CheckRegion(region string) error {
	if phonenumbers.GetCountryCodeForRegion(region) == 0 {
		return fmt.Errorf("%q must be a country's two capital letters, like US", region)
	}
	return nil
}

// CheckOrigin is [admin.FormatChecks]'.
func (Checks) CheckOrigin(origin string) error { return checkSite(origin) }

// CheckURL is [admin.FormatChecks]'.
func (c Checks) CheckURL(url string) error { return egress.CheckURL(url, c.AllowLoopback) }
