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

// BrandImage is a picture that everybody may fetch who knows its hash.
type BrandImage struct {
	Hash string // SHA-256 of the PNG, in hexadecimal
	PNG  []byte // nil: it is kept already
}

// Rebrand stores b, made from the version that it names, and gives it as it is then. It is an event, and messages and
// pages follow; b without a change is left as it is.
// CodeStaleVersion: somebody edited it meanwhile.
func (s *Service) Rebrand(ctx context.Context, a Admin, b Branding, changes []Change) (Branding, error) {
	if len(changes) == 0 {
		return b, nil
	}
	now := s.now()
	read := b.Version
	b.Tenant, b.Version, b.By, b.At = a.Tenant, read+1, a.Name, now
	var e Event
	err := s.Ledger.Write(ctx, func(tx Tx) error {
		before, err := tx.Branding(ctx, a.Tenant)
		if err != nil {
			return err
		}
		if before.Version != read {
			return &Error{
				Code: CodeStaleVersion, Field: "version",
				Public: fmt.Sprintf("The branding is at version %d by now. Look at what changed, and edit that.", before.Version),
			}
		}
		if stored, err := tx.PutBranding(ctx, b); err != nil || !stored {
			return errors.Join(err, &Error{Code: CodeUnavailable, Public: "Try again in a moment."})
		}
		e = Event{Tenant: a.Tenant, At: now, Kind: EventBrandingChanged, By: a.by(), Version: b.Version, Changes: changes}
		return tx.Append(ctx, &e)
	})
	if err != nil {
		return Branding{}, err
	}
	s.Bus.Nudge(a.Tenant, "", e.Seq)
	return b, nil
}
