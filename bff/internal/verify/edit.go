package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// Admin is who changes rules and clears locks: the holder of an API key.
type Admin struct {
	Tenant string
	ID     string
	Name   string
}

func (a Admin) by() Technician { return Technician{ID: a.ID, Name: a.Name} }

// Edit is what one level is to set from now on, in place of all that it set.
type Edit struct {
	Client  string // empty: the tenant's own
	Name    string // the client's, as explanations say it; empty: as it was
	Version int64  // that the editor has read
	Fields  map[string]json.RawMessage
}

// EditsMost is how many levels one call may edit.
const EditsMost = 1000

// Edit writes policies, all of them or none, and gives them as they are then. Each that changes something
// gets a new version and an event; open pods follow.
// CodeStaleVersion: it was edited since that version, and Overrides is the current one. CodeInvalid, CodePolicyConflict:
// Field says where, beginning with the edit's place if there are several.
func (s *Service) Edit(ctx context.Context, a Admin, edits []Edit) ([]PolicyOverrides, error) {
	if len(edits) == 0 || len(edits) > EditsMost {
		return nil, &Error{Code: CodeInvalid, Field: "policies", Public: fmt.Sprintf("Write 1 to %d policies at a time.", EditsMost)}
	}
	tenant, err := s.Tenants.Tenant(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	now := s.now()
	var after []PolicyOverrides
	var last int64
	err = s.Ledger.Write(ctx, a.Tenant, func(tx Tx) error {
		after, last = make([]PolicyOverrides, len(edits)), 0
		own, err := tx.Overrides(ctx, a.Tenant, "")
		if err != nil {
			return err
		}
		seen := map[string]bool{}
		for i, e := range edits {
			if seen[e.Client] {
				return AtIndex(&Error{Code: CodeInvalid, Field: "client_id", Public: "This client comes twice."}, i)
			}
			seen[e.Client] = true
			var seq int64
			if after[i], seq, err = e.write(ctx, tx, tenant, own, a, now); err != nil {
				if len(edits) > 1 {
					err = AtIndex(err, i)
				}
				return err
			}
			last = max(last, seq)
			if e.Client == "" {
				own = after[i]
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if last > 0 {
		s.Forget(a.Tenant)
		s.Notifier.Notify(a.Tenant, "", last)
	}
	return after, nil
}

// write stores one edit, and tells the number of its event; 0 if it changed nothing.
func (e Edit) write(ctx context.Context, tx Tx, t Tenant, own PolicyOverrides, a Admin, now time.Time) (PolicyOverrides, int64, error) {
	before, err := tx.Overrides(ctx, a.Tenant, e.Client)
	if err != nil {
		return PolicyOverrides{}, 0, err
	}
	if before.Version != e.Version {
		return PolicyOverrides{}, 0, &Error{
			Code: CodeStaleVersion, Field: "version", Overrides: &before,
			Public: fmt.Sprintf("This policy is at version %d by now. Look at what changed, and edit that.", before.Version),
		}
	}
	name, err := e.name(before.Name)
	if err != nil {
		return PolicyOverrides{}, 0, err
	}
	after, changed, err := before.edited(e.Fields, a.Name, now)
	if err != nil {
		return PolicyOverrides{}, 0, err
	}
	if len(changed) == 0 && name == before.Name {
		return before, 0, nil
	}
	after.Name = name
	r := resolve(t, after, PolicyOverrides{})
	if e.Client != "" {
		r = resolve(t, own, after)
	}
	if err := after.checkTogether(r.Policy); err != nil {
		return PolicyOverrides{}, 0, err
	}
	if stored, err := tx.PutOverrides(ctx, after); err != nil || !stored {
		return PolicyOverrides{}, 0, errors.Join(err, &Error{Code: CodeUnavailable, Public: "Try again in a moment."})
	}
	event := Event{Tenant: a.Tenant, At: now, Kind: EventPolicyChanged, By: a.by(), Client: e.Client, Changes: changed}
	event.Policy.Tenant = after.Version
	if e.Client != "" {
		event.Policy = PolicyVersion{Tenant: own.Version, Client: after.Version}
	}
	err = tx.Append(ctx, &event)
	return after, event.Seq, err
}

// maxName is what a client's name may have, in characters.
const maxName = 120

func (e Edit) name(before string) (string, error) {
	name := oneLine(e.Name)
	switch {
	case name == "":
		return before, nil
	case e.Client == "":
		return "", &Error{Code: CodeInvalid, Field: "name", Public: "The default policy has no name of its own."}
	case utf8.RuneCountInString(name) > maxName || hasForbidden(name):
		return "", &Error{Code: CodeInvalid, Field: "name", Public: fmt.Sprintf("A name has up to %d characters, none of them invisible.", maxName)}
	}
	return name, nil
}

// AtIndex adds the index of the edit to the field of an error.
func AtIndex(err error, i int) error {
	var refusal *Error
	if !errors.As(err, &refusal) || refusal.Field == "" {
		return err
	}
	at := *refusal
	at.Field = fmt.Sprintf("policies[%d].%s", i, refusal.Field)
	return &at
}

// UnlockResult is what Unlock has cleared.
type UnlockResult struct {
	Failures     int  // wrong codes in a row
	Denied       bool // the lock by the contact's own "I did not ask for this"
	Suppressions int  // numbers that got no more texts by a carrier's word
}

// Unlock clears a contact's wrong codes, denial and suppressed numbers, and gives what was cleared. With nothing to clear it writes
// nothing.
func (s *Service) Unlock(ctx context.Context, a Admin, contact string) (UnlockResult, error) {
	now := s.now()
	var e Event
	var was UnlockResult
	err := s.Ledger.Write(ctx, a.Tenant, func(tx Tx) (err error) {
		is, err := tx.Standing(ctx, a.Tenant, contact, "")
		if err != nil {
			return err
		}
		was.Failures, was.Denied = is.Failures, is.Denied
		if err := tx.ClearFailures(ctx, a.Tenant, contact); err != nil {
			return err
		}
		if was.Suppressions, err = tx.ClearSuppressions(ctx, a.Tenant, contact); err != nil {
			return err
		}
		e = Event{Tenant: a.Tenant, At: now, Kind: EventUnlocked, Contact: contact, By: a.by(), Failures: was.Failures}
		switch {
		case was.Denied:
			if err := tx.SetDenied(ctx, a.Tenant, contact, false); err != nil {
				return err
			}
		case was.Failures == 0 && was.Suppressions == 0:
			return nil
		}
		return tx.Append(ctx, &e)
	})
	if err != nil {
		return UnlockResult{}, err
	}
	if e.Seq > 0 {
		s.Notifier.Notify(a.Tenant, contact, e.Seq)
	}
	return was, nil
}

// PolicyList gives up to n settings after the client given: the tenant's own first, then its clients', by id; true if
// there are more.
func (s *Service) PolicyList(ctx context.Context, a Admin, after string, n int) ([]PolicyOverrides, bool, error) {
	var list []PolicyOverrides
	if after == "" {
		own, err := s.Policies.PolicyLevel(ctx, a.Tenant, "")
		if err != nil {
			return nil, false, err
		}
		list, n = append(list, own), n-1
	}
	clients, err := s.Policies.PolicyPage(ctx, a.Tenant, after, n+1)
	if err != nil {
		return nil, false, err
	}
	return append(list, clients[:min(n, len(clients))]...), len(clients) > n, nil
}
