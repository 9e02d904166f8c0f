package psa

import (
	"context"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

var _ verify.Noter = (*Worker)(nil)

// Queue stores pending notes.
type Queue interface {
	// ClaimNotes takes up to n due notes. A note that is not finished by leaseUntil becomes due again.
	ClaimNotes(ctx context.Context, now, leaseUntil time.Time, n int) ([]verify.NoteJob, error)
	// NextNoteAt gives the time of the earliest due note; false if there is none.
	NextNoteAt(ctx context.Context) (time.Time, bool, error)
	RetryNote(ctx context.Context, tenant, verification string, at time.Time, cause string) error
	DropNote(ctx context.Context, tenant, verification, cause string) error
}

// Results gives the text of a note, and records that it was written.
type Results interface {
	// NoteText gives the text. CodeNotFound: there is no such verification.
	NoteText(ctx context.Context, j verify.NoteJob) (string, error)
	// NoteWritten finishes the note's job and records that the note is on the ticket: both or neither, and once.
	NoteWritten(ctx context.Context, j verify.NoteJob) error
}

// WorkerConfig holds the dependencies of a worker. All fields are required.
type WorkerConfig struct {
	Queue   Queue
	Results Results
	Tenants verify.Tenants
	Writers map[string]Writer // by the system's name in launch contexts
	Now     func() time.Time
	Random  func() float64 // from 0 up to 1
	Log     *slog.Logger
}

// Worker writes results to tickets at least once. It looks for an earlier note before it repeats a write. It must be
// made by NewWorker.
type Worker struct {
	cfg  WorkerConfig
	wake chan struct{}
}

const (
	leaseDuration      = 2 * time.Minute
	leaseMargin        = 30 * time.Second // of a lease, for the write in progress
	batchSize          = 32
	maxParallelTenants = 8
	maxAttempts        = 24
	minRetryDelay      = 5 * time.Second
	maxRetryDelay      = time.Hour
	idleInterval       = 30 * time.Second // between two looks when no note is due: another node may have finished a verification
)

// NewWorker makes a worker.
func NewWorker(c WorkerConfig) *Worker { return &Worker{cfg: c, wake: make(chan struct{}, 1)} }

// WakeNotes implements [verify.Noter].
func (w *Worker) WakeNotes() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Run writes due notes until ctx is done.
func (w *Worker) Run(ctx context.Context) {
	for {
		w.Write(ctx)
		timer := time.NewTimer(w.untilNextNote(ctx))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-w.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

func (w *Worker) untilNextNote(ctx context.Context) time.Duration {
	at, waits, err := w.cfg.Queue.NextNoteAt(ctx)
	if err != nil || !waits {
		return idleInterval
	}
	return min(idleInterval, max(0, at.Sub(w.cfg.Now())))
}

// Write writes all due notes.
func (w *Worker) Write(ctx context.Context) {
	for ctx.Err() == nil {
		now := w.cfg.Now()
		jobs, err := w.cfg.Queue.ClaimNotes(ctx, now, now.Add(leaseDuration), batchSize)
		if err != nil {
			w.cfg.Log.WarnContext(ctx, "notes can't be read", "err", err)
			return
		}
		w.writeByTenant(ctx, jobs)
		if len(jobs) < batchSize {
			return
		}
	}
}

// writeByTenant writes the notes of one tenant in sequence, and those of different tenants in parallel. A ticket system
// that is down delays other tenants by one write at most, and a slow one by a lease at most.
func (w *Worker) writeByTenant(ctx context.Context, jobs []verify.NoteJob) {
	queues := map[[2]string][]verify.NoteJob{}
	for _, j := range jobs {
		key := [2]string{j.Tenant, j.System}
		queues[key] = append(queues[key], j)
	}
	var workers sync.WaitGroup
	slots := make(chan struct{}, maxParallelTenants)
	for _, queue := range queues {
		slots <- struct{}{}
		workers.Go(func() {
			defer func() { <-slots }()
			w.writeQueue(ctx, queue)
		})
	}
	workers.Wait()
}

// writeQueue begins at a random note, so that one bad note does not block the others for ever.
func (w *Worker) writeQueue(ctx context.Context, jobs []verify.NoteJob) {
	first := int(w.cfg.Random() * float64(len(jobs)))
	for i := range jobs {
		j := jobs[(first+i)%len(jobs)]
		if ctx.Err() != nil || w.cfg.Now().After(j.DueAt.Add(-leaseMargin)) {
			return // the notes become due again when the lease ends
		}
		err := w.write(ctx, j)
		w.recordResult(ctx, j, err)
		if code := verify.CodeOf(err); code == verify.CodePSADown || code == verify.CodePSABusy {
			for k := i + 1; k < len(jobs); k++ {
				w.recordResult(ctx, jobs[(first+k)%len(jobs)], err)
			}
			return
		}
	}
}

func (w *Worker) write(ctx context.Context, j verify.NoteJob) error {
	writer, known := w.cfg.Writers[j.System]
	if !known {
		return &verify.Error{Code: verify.CodeNotFound, Public: "Nobody writes to this ticket system."}
	}
	tenant, err := w.cfg.Tenants.Tenant(ctx, j.Tenant)
	if err != nil {
		return err
	}
	text, err := w.cfg.Results.NoteText(ctx, j)
	if err != nil {
		return err
	}
	return writer.WriteNote(ctx, tenant, Note{Ticket: j.Ticket, Verification: verify.NoteMarker(text), Text: text, Repeated: j.Attempts > 0})
}

// recordResult stores the result of a write. If that fails, the note becomes due again when the lease ends.
func (w *Worker) recordResult(ctx context.Context, j verify.NoteJob, err error) {
	log := w.cfg.Log.With("verification", j.Verification, "tenant", j.Tenant, "system", j.System)
	var recordErr error
	switch code := verify.CodeOf(err); {
	case err == nil:
		recordErr = w.cfg.Results.NoteWritten(ctx, j)
	case code == verify.CodeTicket || code == verify.CodeNotFound || j.Attempts+1 >= maxAttempts:
		log.WarnContext(ctx, "a note is given up", "err", err)
		recordErr = w.cfg.Queue.DropNote(ctx, j.Tenant, j.Verification, err.Error())
	default:
		log.InfoContext(ctx, "a note waits", "attempts", j.Attempts+1, "err", err)
		recordErr = w.cfg.Queue.RetryNote(ctx, j.Tenant, j.Verification, w.cfg.Now().Add(w.retryDelay(j.Attempts, err)), err.Error())
	}
	if recordErr != nil && ctx.Err() == nil {
		log.WarnContext(ctx, "what became of a note can't be written down; it is looked for again", "err", recordErr)
	}
}

// retryDelay gives the delay after a number of attempts: the requested one, or one that doubles. A random quarter is
// added, so that waiting notes do not retry together.
func (w *Worker) retryDelay(tries int, err error) time.Duration {
	wait := time.Duration(math.Min(float64(maxRetryDelay), float64(minRetryDelay)*math.Exp2(float64(tries))))
	if requested := retryAfter(err); requested > 0 {
		wait = requested
	}
	return wait + time.Duration(w.cfg.Random()*float64(wait)/4)
}
