package live

import "sync"

// crew does jobs in the order in which they come, a few at a time. While there are none it costs nothing.
type crew struct {
	mu     sync.Mutex
	jobs   []func()
	hands  int
	most   int
	closed bool
	busy   sync.WaitGroup
}

func newCrew(hands int) *crew { return &crew{most: hands} }

func (w *crew) add(job func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return
	}
	w.jobs = append(w.jobs, job)
	if w.hands < w.most {
		w.hands++
		w.busy.Go(w.work)
	}
}

func (w *crew) work() {
	for job := w.next(); job != nil; job = w.next() {
		job()
	}
}

// next is nil when there is nothing left, and then the hand is gone.
func (w *crew) next() func() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.jobs) == 0 {
		w.jobs = nil
		w.hands--
		return nil
	}
	job := w.jobs[0]
	w.jobs[0] = nil
	w.jobs = w.jobs[1:]
	return job
}

// close forgets the jobs that have not begun and waits for those that have.
func (w *crew) close() {
	w.mu.Lock()
	w.closed, w.jobs = true, nil
	w.mu.Unlock()
	w.busy.Wait()
}
