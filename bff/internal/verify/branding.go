package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Branding is how a tenant looks and speaks to end users, as it is kept.
type Branding struct {
	Tenant  string
	Version int64 // grows by one with each edit; 0: nothing was ever set
	By      string
	At      time.Time
	Body    json.RawMessage // in package message's shape
	Images  []BrandImage    // that the body names
}

// BrandImage is a logo. Its hash is its public address.
type BrandImage struct {
	Hash string // SHA-256 of the PNG, in hexadecimal
	PNG  []byte // nil: it is kept already
}

// Rebrand stores b, made from the version that it names, and gives it as it is then. It is an event, and messages and
// pages follow; without a change it does nothing. CodeStaleVersion: it was edited since that version.
func (s *Service) Rebrand(ctx context.Context, a Admin, b Branding, changes []Change) (Branding, error) {
	now := s.now()
	var after Branding
	var e Event
	err := s.Ledger.Write(ctx, a.Tenant, func(tx Tx) error {
		before, err := tx.Branding(ctx, a.Tenant)
		if err != nil {
			return err
		}
		if before.Version != b.Version {
			return &Error{
				Code: CodeStaleVersion, Field: "version",
				Public: fmt.Sprintf("The branding is at version %d by now. Look at what changed, and edit that.", before.Version),
			}
		}
		if after = before; len(changes) == 0 {
			return nil
		}
		after = b
		after.Tenant, after.Version, after.By, after.At = a.Tenant, before.Version+1, a.Name, now
		if stored, err := tx.PutBranding(ctx, after); err != nil || !stored {
			return errors.Join(err, &Error{Code: CodeUnavailable, Public: "Try again in a moment."})
		}
		e = Event{Tenant: a.Tenant, At: now, Kind: EventBrandingChanged, By: a.by(), Version: after.Version, Changes: changes}
		return tx.Append(ctx, &e)
	})
	if err != nil {
		return Branding{}, err
	}
	if e.Seq > 0 {
		s.Notifier.Notify(a.Tenant, "", e.Seq)
	}
	return after, nil
}
