package verify

import (
	"context"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/quota"
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

// Tx is one transaction of the ledger.
type Tx interface {
	Journal
	Verifications
	UsageCounters
	Outbox
}

// Journal is the append-only list of events.
type Journal interface {
	// Append numbers the event (it sets e.Seq) and chains it to the tenant's last one.
	Append(ctx context.Context, e *Event) error
}

// Verifications stores the verifications.
type Verifications interface {
	// ReadAhead tells that a send of the verification is about to be judged: by its key, its contact's and destination's
	// past since then, and the quotas. A database that is far away answers all of that at once. It changes no answer.
	ReadAhead(ctx context.Context, v Verification, since time.Time, quotas []quota.Quota) error
	// Insert stores a new, open verification.
	Insert(ctx context.Context, v Verification) error
	// ByKey gives the verification that the technician asked for under this idempotency key, or CodeNotFound.
	ByKey(ctx context.Context, tenant, technician, key string) (Verification, error)
	// Latest gives the last verification asked for on this channel, ended or not, or CodeNotFound.
	Latest(ctx context.Context, tenant, contact, channel string) (Verification, error)
	// OpenByContact gives the contact's verifications that are open at the given time.
	OpenByContact(ctx context.Context, tenant, contact string, at time.Time) ([]Verification, error)
	// End closes a verification that is open and not yet expired at the given time; else false.
	End(ctx context.Context, tenant, id string, outcome Outcome, at time.Time) (bool, error)
	// DenyEnded turns the outcome of a verification that ended or expired after the given time into a denial; false if it
	// ended before that, or was denied. A note that goes onto its ticket is due again.
	DenyEnded(ctx context.Context, tenant, id string, at, after time.Time) (bool, error)
	// Find gives a verification by its id, or CodeNotFound.
	Find(ctx context.Context, tenant, id string) (Verification, error)
}

// UsageCounters counts tries, failures and messages. Counting comes before comparing.
type UsageCounters interface {
	// Try counts one try at a code and one failure of the contact, and gives the verification as it
	// now stands; false if it is not open at the given time or has no try left. A success clears
	// the failure again. CodeLocked, with nothing counted: the contact has that many failures already.
	Try(ctx context.Context, tenant, id string, at time.Time, failures int) (Verification, bool, error)
	// Standing gives what holds back messages to the contact and to the destination.
	Standing(ctx context.Context, tenant, contact, destination string) (Standing, error)
	// ClearFailures sets the contact's consecutive failures to zero.
	ClearFailures(ctx context.Context, tenant, contact string) error
	// SetDenied records that the contact said "I did not ask for this", or clears it.
	SetDenied(ctx context.Context, tenant, contact string, denied bool) error
	// Suppress stores why the verification's destination gets no more texts.
	Suppress(ctx context.Context, v Verification, reason Code, at time.Time) error
	// Spend counts a send on each of the quotas, over their limits too, and gives the usage of each
	// afterwards. A window begins at the first send in it; a clock that steps back makes it neither longer nor empty, and
	// a pause no longer than the quota's longest.
	Spend(ctx context.Context, tenant string, at time.Time, quotas []quota.Quota) ([]quota.Usage, error)
	// Messages gives the number of verifications, of any contact, that were sent to a person since then, and the times of
	// the first and the last of them.
	Messages(ctx context.Context, tenant, person string, since time.Time) (n int64, first, last time.Time, err error)
	// Used gives the usage of a quota without counting anything.
	Used(ctx context.Context, tenant string, at time.Time, b quota.Quota) (quota.Usage, error)
	// Pause marks the quota as paused until then in every later Spend.
	Pause(ctx context.Context, tenant string, b quota.Quota, until time.Time) error
	// Advance moves an open message on to a later stage; false if it is there already or its verification has ended.
	Advance(ctx context.Context, tenant, id string, stage Stage, at time.Time) (bool, error)
}

// Outbox takes messages that leave after the transaction is durable.
type Outbox interface {
	// Enqueue stores a job, its destination and secret sealed.
	Enqueue(ctx context.Context, j Job) error
	// Alert stores what is to be posted to the tenant's webhook; nothing if it has none.
	Alert(ctx context.Context, a Alert) error
	// EnqueueNote stores a result that goes onto the ticket when its verification has ended: End makes it due,
	// and DueAt at the latest. One that is cancelled or superseded has no result, and End drops its note.
	EnqueueNote(ctx context.Context, j NoteJob) error
	// SettleNote ends a note's job: it stands on the ticket. False if the job has ended before, or its lease has: another
	// holds it, or the result has changed since it was claimed and is to be written again.
	SettleNote(ctx context.Context, j NoteJob) (bool, error)
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
