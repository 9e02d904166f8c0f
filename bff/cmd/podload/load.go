package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// target is a server under load.
type target struct {
	name   string
	bare   bool
	public string
	phone  string
	signer signer

	cooldown time.Duration // after which a contact may get another message

	metrics string // where /metrics is; empty: memory is not measured
}

// load is one server's measurement under way.
type load struct {
	cmd *runCmd
	target
	ctx     context.Context
	lines   []*line
	callers []*caller // the first have their pods open; the others only call
	phone   *phone
	pods    []*pod
	sentAt  time.Time // when the last code was sent
}

// measure goes through the phases.
func measure(ctx context.Context, c *runCmd, t target) (*figures, error) {
	l := &load{cmd: c, target: t, ctx: ctx}
	defer func() {
		for _, line := range l.lines {
			line.close()
		}
		for _, p := range l.pods {
			p.close()
		}
	}()
	l.callers = callers(c.Pods + c.Count)
	if err := t.signer.sign(l.callers); err != nil {
		return nil, err
	}
	for range c.Callers {
		line, err := open(ctx, t.public)
		if err != nil {
			return nil, err
		}
		l.lines = append(l.lines, line)
	}
	var err error
	if l.phone, err = newPhone(ctx, t.phone); err != nil {
		return nil, err
	}
	defer l.phone.close()
	var f figures
	for _, phase := range []struct {
		name string
		do   func(*figures) error
	}{
		{"launch", l.launch}, {"idle pods", l.open}, {"bootstrap", func(f *figures) error { return l.bootstrap(&f.Bootstrap, l.callers) }},
		{"send", func(f *figures) error { return l.send(&f.Send, &f.Arrived) }}, {"code check", l.check}, {"return", l.returning},
		{"validate", func(f *figures) (err error) { f.Green, err = l.green(l.pods[:c.Links]); return err }},
	} {
		if err := phase.do(&f); err != nil {
			return nil, fmt.Errorf("%s: %w", phase.name, err)
		}
	}
	return &f, nil
}

// drive has the callers' lines do n things, until the phase's time is up.
func (l *load) drive(n int, do func(line *line, i int) error) (figure, error) {
	ctx, cancel := context.WithTimeout(l.ctx, l.cmd.Limit)
	defer cancel()
	var f figure
	took := make([]time.Duration, n)
	var next atomic.Int64
	begun := time.Now()
	if err := l.round(ctx, &next, int64(n), func(line *line, i int) error {
		at := time.Now()
		defer func() { took[i] = time.Since(at) }()
		return do(line, i)
	}); err != nil {
		return figure{}, err
	}
	if l.ctx.Err() != nil {
		return figure{}, l.ctx.Err()
	}
	f.Rate = float64(next.Load()) / time.Since(begun).Seconds()
	f.spread(took[:next.Load()])
	return f, nil
}

// round lets every line take the next thing to do, until all up to end are done.
func (l *load) round(ctx context.Context, next *atomic.Int64, end int64, do func(*line, int) error) error {
	var group sync.WaitGroup
	errs := make([]error, len(l.lines))
	var broken atomic.Bool
	for k, line := range l.lines {
		group.Go(func() {
			for ctx.Err() == nil && !broken.Load() {
				i := next.Add(1) - 1
				if i >= end {
					next.Add(-1)
					return
				}
				if errs[k] = do(line, int(i)); errs[k] != nil {
					broken.Store(true)
					return
				}
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

// launch exchanges every caller's context for a session.
func (l *load) launch(f *figures) (err error) {
	f.Launch, err = l.drive(len(l.callers), func(line *line, i int) error {
		c := l.callers[i]
		answer, err := line.want(http.StatusOK, "POST", "/api/v1/launch", jsonType, []byte(`{"context":"`+c.context+`"}`))
		if err != nil {
			return err
		}
		c.context = ""
		c.token, err = field(answer, "token")
		return err
	})
	if done := f.Launch.Count; err == nil && done < len(l.callers) {
		return fmt.Errorf("only %d of %d sessions were opened in %s: raise --limit or lower --pods", done, len(l.callers), l.cmd.Limit)
	}
	return err
}

func (l *load) bootstrap(f *figure, of []*caller) (err error) {
	*f, err = l.drive(2*l.cmd.Count, func(line *line, i int) error {
		_, err := line.want(http.StatusOK, "GET", "/api/v1/pod", bearer(of[i%len(of)].token), nil)
		return err
	})
	return err
}

// send has a code go to every caller who has no pod open.
func (l *load) send(f *figure, arrived *rate) (err error) {
	mark, err := l.phone.arrived()
	if err != nil {
		return err
	}
	begun := time.Now()
	free := l.callers[l.cmd.Pods:]
	*f, err = l.drive(l.cmd.Count, func(line *line, i int) error { return free[i].send(line, "sms_code") })
	if err != nil {
		return err
	}
	l.sentAt = time.Now()
	if err := l.phone.await(mark, f.Count, l.cmd.Limit); err != nil {
		return err
	}
	*arrived = rate(float64(f.Count) / time.Since(begun).Seconds())
	return l.phone.read(mark, free)
}

// returning has those to whom codes were sent come back, and measures the last time.
func (l *load) returning(f *figures) error {
	var unmeasured figures
	for n := range l.cmd.History {
		select { // the product's own rule, which no policy lifts
		case <-time.After(time.Until(l.sentAt.Add(l.cooldown))):
		case <-l.ctx.Done():
			return l.ctx.Err()
		}
		if n == l.cmd.History-1 {
			break
		}
		if err := l.send(&unmeasured.Send, &unmeasured.Arrived); err != nil {
			return err
		}
		if err := l.check(&unmeasured); err != nil {
			return err
		}
	}
	if err := l.bootstrap(&f.BootstrapAgain, l.callers[l.cmd.Pods:]); err != nil {
		return err
	}
	return l.send(&f.SendAgain, &unmeasured.Arrived)
}

func (c *caller) send(line *line, method string) error {
	c.sends++
	c.code = "" // of an earlier verification
	head := bearer(c.token) + jsonType + "Idempotency-Key: " + c.contact + "-" + strconv.Itoa(c.sends) + "\r\n"
	body := `{"contact_id":"` + c.contact + `","channel_id":"mobile","method":"` + method + `"}`
	answer, err := line.want(http.StatusCreated, "POST", "/api/v1/verifications", head, []byte(body))
	if err != nil {
		return err
	}
	c.verification, err = field(answer, "id")
	return err
}

// check types the codes that arrived.
func (l *load) check(f *figures) (err error) {
	var ready []*caller
	for _, c := range l.callers[l.cmd.Pods:] {
		if c.code != "" {
			ready = append(ready, c)
		}
	}
	f.Check, err = l.drive(len(ready), func(line *line, i int) error {
		c := ready[i]
		_, err := line.want(http.StatusOK, "POST", "/api/v1/verifications/"+c.verification+"/code",
			bearer(c.token)+jsonType, []byte(`{"code":"`+c.code+`"}`))
		return err
	})
	return err
}

// open opens the idle pods and measures the memory that they take. They stay open until the measurement ends.
func (l *load) open(f *figures) error {
	before, err := l.weigh()
	if err != nil {
		return err
	}
	if l.pods, err = openPods(l.ctx, l.public, l.callers[:l.cmd.Pods]); err != nil {
		return err
	}
	after, err := l.weigh()
	if err != nil {
		return err
	}
	f.Pods = len(l.pods)
	f.Memory = memory{
		Resident: (after.Resident - before.Resident) / int64(f.Pods),
		Live:     (after.Live - before.Live) / int64(f.Pods),
	}
	return nil
}

// green has callers verified by link at the given rate, each from Send to green, and measures how
// long it takes from Validate until the pod has the frame.
func (l *load) green(pods []*pod) (figure, error) {
	ctx, cancel := context.WithTimeout(l.ctx, l.cmd.Limit)
	defer cancel()
	took := make([]time.Duration, len(pods))
	next := make(chan int)
	go l.pace(ctx, next, len(pods))
	var group sync.WaitGroup
	errs := make([]error, len(l.lines))
	for k, line := range l.lines {
		group.Go(func() {
			phone, err := newPhone(ctx, l.target.phone)
			if err != nil {
				errs[k] = err
				cancel()
				return
			}
			defer phone.close()
			for i := range next {
				if took[i], errs[k] = l.callers[i].validate(ctx, line, phone, pods[i]); errs[k] != nil {
					cancel()
					return
				}
			}
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return figure{}, err
	}
	if ctx.Err() != nil {
		return figure{}, fmt.Errorf("the links were not all validated within %v: lower --links or --rate, or raise --limit", l.cmd.Limit)
	}
	var f figure
	f.spread(took)
	return f, nil
}

// validate is one verification by link. It gives the time from the end user's press to the frame.
func (c *caller) validate(ctx context.Context, line *line, phone *phone, p *pod) (time.Duration, error) {
	if err := c.send(line, "sms_link"); err != nil {
		return 0, err
	}
	if err := phone.wait(ctx, c); err != nil {
		return 0, err
	}
	begun := time.Now()
	if _, err := line.want(http.StatusSeeOther, "POST", c.link, formType, []byte("action=validate")); err != nil {
		return 0, err
	}
	select {
	case at := <-p.green:
		return at.Sub(begun), nil
	case <-ctx.Done():
		return 0, errors.New("a pod was not told that its link was validated")
	}
}

const formType = "Content-Type: application/x-www-form-urlencoded\r\n"

// pace gives out the numbers up to n at the rate, whether or not those before are done.
func (l *load) pace(ctx context.Context, next chan<- int, n int) {
	defer close(next)
	tick := time.NewTicker(time.Second / time.Duration(l.cmd.Rate))
	defer tick.Stop()
	for i := range n {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		select {
		case next <- i:
		case <-ctx.Done():
			return
		}
	}
}
