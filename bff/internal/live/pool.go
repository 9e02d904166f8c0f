package live

import "sync"

// workerPool runs jobs in order with a bounded number of workers. Without jobs it has no goroutine.
type workerPool struct {
	mu         sync.Mutex
	jobs       []func()
	workers    int
	maxWorkers int
	closed     bool
	running    sync.WaitGroup
}

func newWorkerPool(maxWorkers int) *workerPool { return &workerPool{maxWorkers: maxWorkers} }

func (p *workerPool) add(job func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.jobs = append(p.jobs, job)
	if p.workers < p.maxWorkers {
		p.workers++
		p.running.Go(p.work)
	}
}

func (p *workerPool) work() {
	for job := p.next(); job != nil; job = p.next() {
		job()
	}
}

// next returns the next job. It returns nil when none is left, and the worker then ends.
func (p *workerPool) next() func() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.jobs) == 0 {
		p.jobs = nil
		p.workers--
		return nil
	}
	job := p.jobs[0]
	p.jobs[0] = nil
	p.jobs = p.jobs[1:]
	return job
}

// close drops the queued jobs and waits for the running ones.
func (p *workerPool) close() {
	p.mu.Lock()
	p.closed, p.jobs = true, nil
	p.mu.Unlock()
	p.running.Wait()
}
