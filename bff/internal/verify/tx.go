package verify

import (
	"context"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/quota"
)

// Tx is one transaction of the ledger: the union of what the use cases need. A function takes the part that it uses.
type Tx interface {
	Journal
	Verifications
	Requests
	Failures
	Denials
	Quotas
	Deliveries
	Outbox
	Notes
}

// Journal is the append-only list of events.
type Journal interface {
	// Append numbers the event (it sets e.Seq) and chains it to the tenant's last one.
	Append(ctx context.Context, e *Event) error
}

// Verifications finds and ends verifications.
type Verifications interface {
	// Find gives a verification by its id, or CodeNotFound.
	Find(ctx context.Context, tenant, id string) (Verification, error)
	// End closes a verification that is open and not yet expired at the given time; else false.
	End(ctx context.Context, tenant, id string, outcome Outcome, at time.Time) (bool, error)
}

// Requests stores new verifications, and finds those that a new one repeats or replaces.
type Requests interface {
	// ReadAhead tells that a send of the verification is about to be judged: by its key, its contact's and destination's
	// past since then, and the quotas. A database that is far away answers all of that at once. It changes no answer.
	ReadAhead(ctx context.Context, v Verification, since time.Time, quotas []quota.Quota) error
	// ByKey gives the verification that the technician asked for under this idempotency key, or CodeNotFound.
	ByKey(ctx context.Context, tenant, technician, key string) (Verification, error)
	// Latest gives the last verification asked for on this channel, ended or not, or CodeNotFound.
	Latest(ctx context.Context, tenant, contact, channel string) (Verification, error)
	// Insert stores a new, open verification.
	Insert(ctx context.Context, v Verification) error
}

// Failures counts tries, and the failures that hold back messages to a contact. Counting comes before comparing.
type Failures interface {
	// Try counts one try at a code and one failure of the contact, and gives the verification as it
	// now stands; false if it is not open at the given time or has no try left. A success clears
	// the failure again. CodeLocked, with nothing counted: the contact has that many failures already.
	Try(ctx context.Context, tenant, id string, at time.Time, failures int) (Verification, bool, error)
	// Standing gives what holds back messages to the contact and to the destination.
	Standing(ctx context.Context, tenant, contact, destination string) (Standing, error)
	// ClearFailures sets the contact's consecutive failures to zero.
	ClearFailures(ctx context.Context, tenant, contact string) error
}

// Denials records that a contact did not ask for a verification.
type Denials interface {
	// OpenByContact gives the contact's verifications that are open at the given time.
	OpenByContact(ctx context.Context, tenant, contact string, at time.Time) ([]Verification, error)
	// DenyEnded turns the outcome of a verification that ended or expired after the given time into a denial; false if it
	// ended before that, or was denied. A note that goes onto its ticket is due again.
	DenyEnded(ctx context.Context, tenant, id string, at, after time.Time) (bool, error)
	// SetDenied records that the contact said "I did not ask for this", or clears it.
	SetDenied(ctx context.Context, tenant, contact string, denied bool) error
}

// Quotas counts messages.
type Quotas interface {
	// Spend counts a send on each of the quotas, over their limits too, and gives the usage of each
	// afterwards. A window begins at the first send in it; a clock that steps back makes it neither longer nor empty, and
	// a pause no longer than the quota's longest.
	Spend(ctx context.Context, tenant string, at time.Time, quotas []quota.Quota) ([]quota.Usage, error)
	// Used gives the usage of a quota without counting anything.
	Used(ctx context.Context, tenant string, at time.Time, q quota.Quota) (quota.Usage, error)
	// Pause marks the quota as paused until then in every later Spend.
	Pause(ctx context.Context, tenant string, q quota.Quota, until time.Time) error
	// Messages gives the number of verifications, of any contact, that were sent to a person since then, and the times of
	// the first and the last of them.
	Messages(ctx context.Context, tenant, person string, since time.Time) (n int64, first, last time.Time, err error)
}

// Deliveries records what became of messages.
type Deliveries interface {
	// Advance moves an open message on to a later stage; false if it is there already or its verification has ended.
	Advance(ctx context.Context, tenant, id string, stage Stage, at time.Time) (bool, error)
	// Suppress stores why the verification's destination gets no more texts.
	Suppress(ctx context.Context, v Verification, reason Code, at time.Time) error
}

// Outbox takes what leaves after the transaction is durable.
type Outbox interface {
	Alerts
	// Enqueue stores a job, its destination and secret sealed.
	Enqueue(ctx context.Context, j Job) error
	// EnqueueNote stores a result that goes onto the ticket when its verification has ended: End makes it due,
	// and DueAt at the latest. One that is cancelled or superseded has no result, and End drops its note.
	EnqueueNote(ctx context.Context, j NoteJob) error
}

// Alerts takes what the tenant's webhook is told after the transaction is durable.
type Alerts interface {
	// Alert stores what is to be posted to the tenant's webhook; nothing if it has none.
	Alert(ctx context.Context, a Alert) error
}

// Notes ends the jobs of ticket notes.
type Notes interface {
	// SettleNote ends a note's job: it stands on the ticket. False if the job has ended before, or its lease has: another
	// holds it, or the result has changed since it was claimed and is to be written again.
	SettleNote(ctx context.Context, j NoteJob) (bool, error)
}
