package verify

import (
	"context"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
)

// Ledger is the durable memory. Every method may be called from many goroutines;
// every method answers CodeUnavailable when the memory can't be reached.
type Ledger interface {
	// Write runs the steps in order in one transaction and returns once it is durable. The steps write to the tenant
	// only; with an empty one they may write to several. Transactions
	// of one tenant are as if one came after the other: what a step reads stays true until its end.
	// A step that fails is undone alone and ends the walk; the steps before it are kept,
	// and Write returns the step's error. If the transaction itself fails nothing is kept.
	// Steps touch nothing but their Tx, and may be run again from the first one.
	Write(ctx context.Context, tenant string, steps ...func(Tx) error) error
	// Recent gives the events of each contact's last n verifications, in order of Seq.
	Recent(ctx context.Context, tenant string, contacts []string, n int) ([]Event, error)
	// Page gives the events of the contact's last n verifications requested before the event numbered before.
	Page(ctx context.Context, tenant, contact string, before int64, n int) ([]Event, error)
	// BySecret gives a verification by the SHA-256 of its link's token, or CodeNotFound.
	BySecret(ctx context.Context, secret []byte) (Verification, error)
}

// Reach tells which kinds of channel a tenant's messages can go to.
type Reach interface {
	// Reached gives the kinds for which the tenant, or the platform, has a carrier.
	Reached(ctx context.Context, tenant string) ([]channel.Kind, error)
}

// Brandings reads what was set, outside of any transaction.
type Brandings interface {
	// Branding gives what the tenant sets; of version 0 if nothing ever was.
	Branding(ctx context.Context, tenant string) (Branding, error)
	// BrandImage gives an image of any tenant's by its hash, or CodeNotFound.
	BrandImage(ctx context.Context, hash string) ([]byte, error)
}

// Policies reads what was set, outside of any transaction.
type Policies interface {
	// PolicyLevel gives what the client sets, or with an empty client the tenant; of version 0 if nothing was ever set.
	PolicyLevel(ctx context.Context, tenant, client string) (policy.Overrides, error)
	// PolicyEdits gives a number that grows with every edit of the tenant's policies, its clients' too.
	PolicyEdits(ctx context.Context, tenant string) (int64, error)
	// PolicyPage gives up to n settings of the tenant's clients, in order of their ids, after the one given.
	PolicyPage(ctx context.Context, tenant, after string, n int) ([]policy.Overrides, error)
}

// KnownChannels stores the destinations of each contact at the last launch.
type KnownChannels interface {
	// KnownChannels gives what was seen of each of the contacts; one that was never seen is absent.
	KnownChannels(ctx context.Context, tenant string, contacts []string) (map[string][]KnownChannel, error)
}

// Tenants knows the tenants and their settings.
type Tenants interface {
	// Tenant gives one by its id, or CodeNotFound.
	Tenant(ctx context.Context, id string) (Tenant, error)
}

// Notifier publishes, to every node, that a contact has events up to seq. An empty contact stands for the tenant's own
// events, such as those of its policies. Best effort: a lost notification delays an update; the state is never wrong.
type Notifier interface {
	Notify(tenant, contact string, seq int64)
}

// Waker tells the workers of this node, after a commit, that there are new jobs. Best effort: workers also poll.
type Waker interface {
	// Wake never blocks.
	Wake(kind JobKind)
}
