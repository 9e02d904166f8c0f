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

// Queue holds the notes that wait.
type Queue interface {
	// ClaimNotes takes up to n that are due; one that is not ended by leaseUntil is given again.
	ClaimNotes(ctx context.Context, now, leaseUntil time.Time, n int) ([]verify.NoteJob, error)
	// NextNoteAt tells when the earliest is due; false if none waits.
	NextNoteAt(ctx context.Context) (time.Time, bool, error)
	RetryNote(ctx context.Context, tenant, verification string, at time.Time, cause string) error
	DropNote(ctx context.Context, tenant, verification, cause string) error
}

// Results tells what goes onto a ticket, and is told once it stands there.
type Results interface {
	// NoteText gives the text. CodeNotFound: there is no such verification.
	NoteText(ctx context.Context, j verify.NoteJob) (string, error)
	// Noted ends the note's job and records that it stands on the ticket, both or neither, and once.
	Noted(ctx context.Context, j verify.NoteJob) error
}

// WorkerConfig is what a worker stands on. All fields are required.
type WorkerConfig struct {
	Queue   Queue
	Results Results
	Tenants verify.Tenants
	Writers map[string]Writer // by the system's name in launch contexts
	Now     func() time.Time
	Chance  func() float64 // from 0 up to 1
	Log     *slog.Logger
}

// Worker writes results onto tickets: at least once, and looks before it writes again. It must be made by NewWorker.
type Worker struct {
	cfg  WorkerConfig
	wake chan struct{}
}

const (
	leaseTime = 2 * time.Minute
	spareTime = 30 * time.Second // of a lease, for the write that is under way
	portion   = 32
	together  = 8 // tenants
	attempts  = 24
	firstWait = 5 * time.Second
	mostWait  = time.Hour
	idleTime  = 30 * time.Second // between looks when nothing is known to be due: other nodes may have ended something
)

// NewWorker makes a worker.
func NewWorker(c WorkerConfig) *Worker { return &Worker{cfg: c, wake: make(chan struct{}, 1)} }

// WakeNotes is [verify.Noter]'s.
func (w *Worker) WakeNotes() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Run writes until ctx is done.
func (w *Worker) Run(ctx context.Context) {
	for {
		w.Write(ctx)
		timer := time.NewTimer(w.pause(ctx))
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

func (w *Worker) pause(ctx context.Context) time.Duration {
	at, waits, err := w.cfg.Queue.NextNoteAt(ctx)
	if err != nil || !waits {
		return idleTime
	}
	return min(idleTime, max(0, at.Sub(w.cfg.Now())))
}

// Write writes all that is due.
func (w *Worker) Write(ctx context.Context) {
	for ctx.Err() == nil {
		now := w.cfg.Now()
		jobs, err := w.cfg.Queue.ClaimNotes(ctx, now, now.Add(leaseTime), portion)
		if err != nil {
			w.cfg.Log.WarnContext(ctx, "notes can't be read", "error", err)
			return
		}
		w.share(ctx, jobs)
		if len(jobs) < portion {
			return
		}
	}
}

// share writes each tenant's notes one after the other, and tenants side by side: one whose ticket system is down
// holds up nobody else for longer than one write, and one whose system is slow for no longer than a lease.
func (w *Worker) share(ctx context.Context, jobs []verify.NoteJob) {
	lanes := map[[2]string][]verify.NoteJob{}
	for _, j := range jobs {
		at := [2]string{j.Tenant, j.System}
		lanes[at] = append(lanes[at], j)
	}
	var all sync.WaitGroup
	room := make(chan struct{}, together)
	for _, lane := range lanes {
		room <- struct{}{}
		all.Go(func() {
			defer func() { <-room }()
			w.lane(ctx, lane)
		})
	}
	all.Wait()
}

// lane begins anywhere, so that a note which its system chokes on does not keep the others from it for ever.
func (w *Worker) lane(ctx context.Context, jobs []verify.NoteJob) {
	first := int(w.cfg.Chance() * float64(len(jobs)))
	for i := range jobs {
		j := jobs[(first+i)%len(jobs)]
		if ctx.Err() != nil || w.cfg.Now().After(j.DueAt.Add(-spareTime)) {
			return // the lease brings it again
		}
		err := w.write(ctx, j)
		w.settle(ctx, j, err)
		if code := verify.CodeOf(err); code == verify.CodePSADown || code == verify.CodePSABusy {
			for k := i + 1; k < len(jobs); k++ {
				w.settle(ctx, jobs[(first+k)%len(jobs)], err)
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
	return writer.WriteNote(ctx, tenant, Note{Ticket: j.Ticket, Verification: verify.NoteMarker(text), Text: text, Again: j.Attempts > 0})
}

// settle writes down what came of a note. What can't be written down comes again when the lease runs out.
func (w *Worker) settle(ctx context.Context, j verify.NoteJob, err error) {
	log := w.cfg.Log.With("verification", j.Verification, "tenant", j.Tenant, "system", j.System)
	var failed error
	switch code := verify.CodeOf(err); {
	case err == nil:
		failed = w.cfg.Results.Noted(ctx, j)
	case code == verify.CodeTicket || code == verify.CodeNotFound || j.Attempts+1 >= attempts:
		log.WarnContext(ctx, "a note is given up", "error", err)
		failed = w.cfg.Queue.DropNote(ctx, j.Tenant, j.Verification, err.Error())
	default:
		log.InfoContext(ctx, "a note waits", "attempts", j.Attempts+1, "error", err)
		failed = w.cfg.Queue.RetryNote(ctx, j.Tenant, j.Verification, w.cfg.Now().Add(w.after(j.Attempts, err)), err.Error())
	}
	if failed != nil && ctx.Err() == nil {
		log.WarnContext(ctx, "what became of a note can't be written down; it is looked for again", "error", failed)
	}
}

// after is how long to wait after so many attempts: what the system asks for, or a time that doubles, and on top up to
// a quarter of it by chance, so that those who wait do not come back together.
func (w *Worker) after(begun int, err error) time.Duration {
	wait := time.Duration(math.Min(float64(mostWait), float64(firstWait)*math.Exp2(float64(begun))))
	if asked := retryAfter(err); asked > 0 {
		wait = asked
	}
	return wait + time.Duration(w.cfg.Chance()*float64(wait)/4)
}
