package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// PolicyEdit is what one level is to set from now on, in place of all that it set.
type PolicyEdit struct {
	Client  string // empty: the tenant's own
	Name    string // the client's, as explanations say it; empty: as it was
	Version int64  // that the editor has read
	Fields  map[string]json.RawMessage
}

// MaxPolicyEdits is how many levels one call may edit.
const MaxPolicyEdits = 1000

// maxClientName is how long a client's name may be, in characters.
const maxClientName = 120

// EditPolicies writes policies, all of them or none, and gives them as they are then. Each level that changes gets a new
// version and an event of its own; open pods follow.
// CodeStaleVersion: a level was edited since that version, and Overrides is the current one. CodeInvalid,
// CodePolicyConflict: Field says where, beginning with the edit's index if there are several.
func (s *Service) EditPolicies(ctx context.Context, by Actor, tenant string, edits []PolicyEdit) (after []policy.Overrides, err error) {
	if len(edits) == 0 || len(edits) > MaxPolicyEdits {
		return nil, invalid("policies", "Write 1 to %d policies at a time.", MaxPolicyEdits)
	}
	if _, err := s.Tenants.Tenant(ctx, tenant); err != nil {
		return nil, err
	}
	err = s.perform(ctx, by, tenant, func(a *act) error {
		after = make([]policy.Overrides, len(edits))
		own, err := a.Overrides(ctx, tenant, "")
		if err != nil {
			return err
		}
		seen := map[string]bool{}
		for i, e := range edits {
			if seen[e.Client] {
				return AtIndex(invalid("client_id", "This client comes twice."), i)
			}
			seen[e.Client] = true
			if after[i], err = s.editPolicy(ctx, a, own, e); err != nil {
				if len(edits) > 1 {
					err = AtIndex(err, i)
				}
				return err
			}
			if e.Client == "" {
				own = after[i]
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return after, nil
}

// editPolicy writes one level, and gives it as it is then.
func (s *Service) editPolicy(ctx context.Context, a *act, own policy.Overrides, e PolicyEdit) (policy.Overrides, error) {
	before, err := a.Overrides(ctx, a.tenant, e.Client)
	if err != nil {
		return policy.Overrides{}, err
	}
	if before.Version != e.Version {
		return policy.Overrides{}, &verify.Error{
			Code: verify.CodeStaleVersion, Field: "version", Overrides: &before,
			Public: fmt.Sprintf("This policy is at version %d by now. Look at what changed, and edit that.", before.Version),
		}
	}
	name, err := s.clientName(e, before.Name)
	if err != nil {
		return policy.Overrides{}, err
	}
	after, edited, err := before.Edited(e.Fields, a.by.Name, a.at)
	if err != nil {
		return policy.Overrides{}, verify.PolicyError(err)
	}
	changes := diff([]fact{plain("name", before.Name)}, []fact{plain("name", name)})
	for _, c := range edited {
		changes = append(changes, verify.Change(c))
	}
	if len(changes) == 0 {
		return before, nil
	}
	after.Name = name
	if err := after.CheckTogether(own); err != nil {
		return policy.Overrides{}, verify.PolicyError(err)
	}
	event := verify.Event{Kind: verify.EventPolicyChanged, Client: e.Client, Changes: changes, Policy: policy.Version{Tenant: after.Version}}
	if e.Client != "" {
		event.Policy = policy.Version{Tenant: own.Version, Client: after.Version}
	}
	return after, a.apply(ctx, event, func() error { return stored(a.PutOverrides(ctx, after)) })
}

// stored is the refusal where another edit of the same version came first.
func stored(done bool, err error) error {
	if err == nil && !done {
		err = &verify.Error{Code: verify.CodeUnavailable, Public: "Try again in a moment."}
	}
	return err
}

func (s *Service) clientName(e PolicyEdit, before string) (string, error) {
	name := strings.Join(strings.Fields(e.Name), " ")
	switch {
	case name == "":
		return before, nil
	case e.Client == "":
		return "", invalid("name", "The default policy has no name of its own.")
	case s.Checks.CheckName(name, maxClientName) != nil:
		return "", invalid("name", "A name has up to %d characters, none of them invisible.", maxClientName)
	}
	return name, nil
}

// AtIndex adds the index of the edit to the field of an error.
func AtIndex(err error, i int) error {
	var refusal *verify.Error
	if !errors.As(err, &refusal) || refusal.Field == "" {
		return err
	}
	at := *refusal
	at.Field = fmt.Sprintf("policies[%d].%s", i, refusal.Field)
	return &at
}
