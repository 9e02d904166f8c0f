package psa

import (
	"context"
	"log/slog"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/jobs"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Results gives the text of a note, and records that it was written.
type Results interface {
	// NoteText gives the text. CodeNotFound: there is no such verification.
	NoteText(ctx context.Context, j verify.NoteJob) (string, error)
	// NoteWritten finishes the note's job and records that the note is on the ticket: both or neither, and once.
	NoteWritten(ctx context.Context, j verify.NoteJob) error
}

// WorkerConfig holds the dependencies of a worker. All fields are required.
type WorkerConfig struct {
	Queue   jobs.Queue[verify.NoteJob]
	Waker   *jobs.Waker
	Results Results
	Tenants verify.Tenants
	Writers map[string]Writer // by the system's name in launch contexts
	Now     func() time.Time
	Random  func() float64 // from 0 up to 1
	Log     *slog.Logger
}

const (
	leaseDuration      = 2 * time.Minute
	leaseMargin        = 30 * time.Second // of a lease, for the write in progress
	batchSize          = 32
	maxParallelTenants = 8
	maxAttempts        = 24
	pollInterval       = 30 * time.Second // between two looks when no note is due: another node may have finished a verification
)

var retryDelays = jobs.Backoff{Base: 5 * time.Second, Max: time.Hour}

// NewWorker makes a worker that writes results to tickets at least once. It looks for an earlier note before it repeats a
// write. The notes of one tenant and system are written in sequence: a system that is down is asked once for all of them,
// and delays no other tenant. A sequence begins at a random note, so that one bad note does not block the others for ever.
func NewWorker(c WorkerConfig) *jobs.Worker[verify.NoteJob] {
	n := noteWriter{c}
	return jobs.New(jobs.Config[verify.NoteJob]{
		Queue: c.Queue, Waker: c.Waker, Kind: verify.NoteJobs, Now: c.Now, Log: c.Log,
		Do: func(ctx context.Context, j verify.NoteJob) result { return n.result(ctx, j, n.write(ctx, j)) },
		Attrs: func(j verify.NoteJob) []any {
			return []any{"verification", j.Verification, "tenant", j.Tenant, "system", j.System}
		},
		Lease: leaseDuration, Start: leaseDuration - leaseMargin, Poll: pollInterval, Slots: maxParallelTenants, Batch: batchSize,
		Group: func(j verify.NoteJob) jobs.Group { return jobs.Group{Tenant: j.Tenant, Receiver: j.System} },
		Begin: func(notes int) int { return int(c.Random() * float64(notes)) },
	})
}

type noteWriter struct{ WorkerConfig }

type result = jobs.Result[verify.NoteJob]

func (w noteWriter) write(ctx context.Context, j verify.NoteJob) error {
	writer, known := w.Writers[j.System]
	if !known {
		return &verify.Error{Code: verify.CodeNotFound, Public: "Nobody writes to this ticket system."}
	}
	tenant, err := w.Tenants.Tenant(ctx, j.Tenant)
	if err != nil {
		return err
	}
	text, err := w.Results.NoteText(ctx, j)
	if err != nil {
		return err
	}
	return writer.WriteNote(ctx, tenant, Note{Ticket: j.Ticket, Verification: verify.NoteMarker(text), Text: text, Repeated: j.Attempts > 0})
}

// result is what becomes of a note after a write. If it can't be recorded, the note becomes due again when the lease ends.
func (w noteWriter) result(ctx context.Context, j verify.NoteJob, err error) result {
	log := w.Log.With("verification", j.Verification, "tenant", j.Tenant, "system", j.System)
	code := verify.CodeOf(err)
	switch {
	case err == nil:
		jobs.Persist(ctx, log, "note written", func(ctx context.Context) error { return w.Results.NoteWritten(ctx, j) })
		return result{}
	case code == verify.CodeTicket || code == verify.CodeNotFound || j.Attempts+1 >= maxAttempts:
		log.WarnContext(ctx, "a note is given up", "err", err)
		return result{State: verify.JobFailed, Cause: err.Error()}
	}
	log.InfoContext(ctx, "a note waits", "attempts", j.Attempts+1, "err", err)
	r := result{RetryAt: w.Now().Add(retryDelays.Delay(j.Attempts, retryAfter(err), w.Random())), Cause: err.Error()}
	if code == verify.CodePSADown || code == verify.CodePSABusy {
		r.Rest = func(ctx context.Context, other verify.NoteJob) result { return w.result(ctx, other, err) }
	}
	return r
}
