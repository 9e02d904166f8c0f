package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Recent is [verify.Ledger]'s. What it gives may be shared: read it, don't write to it.
func (s *Store) Recent(ctx context.Context, tenant string, contacts []string, n int) ([]verify.Event, error) {
	if len(contacts) == 1 {
		return s.recent(ctx, tenant, contacts[0], n)
	}
	if len(contacts) > fewContacts {
		var err error
		if contacts, err = s.askedFor(ctx, tenant, contacts); err != nil {
			return nil, err
		}
	}
	var all []verify.Event
	for _, contact := range contacts {
		events, err := s.recent(ctx, tenant, contact, n)
		if err != nil {
			return nil, err
		}
		all = append(all, events...)
	}
	slices.SortFunc(all, func(a, b verify.Event) int { return int(a.Seq - b.Seq) })
	return all, nil
}

// fewContacts are read one by one, as fast as it is to find out which of them to read.
const fewContacts = 4

// askedFor gives those of the contacts that have verifications. In a long list they are few.
func (s *Store) askedFor(ctx context.Context, tenant string, contacts []string) (asked []string, err error) {
	marks, args := among(contacts, tenant)
	err = s.list(ctx, "find who was asked", `
		SELECT DISTINCT contact FROM events WHERE tenant = $1 AND kind = 'requested' AND contact IN (`+marks+`)`, args,
		func(row scan) error {
			var contact string
			err := row(&contact)
			asked = append(asked, contact)
			return err
		})
	return asked, err
}

// recent reads one contact's last events: those that are not in memory, if others are.
func (s *Store) recent(ctx context.Context, tenant, contact string, n int) ([]verify.Event, error) {
	key := pageKey{tenant: tenant, contact: contact, n: n}
	kept, _, _ := s.pages.Get(key, time.Time{})
	p, err := kept, error(nil)
	if kept.last > 0 {
		p, err = s.refresh(ctx, tenant, contact, kept, n)
	} else {
		p, err = s.newest(ctx, tenant, contact, n)
	}
	if err != nil {
		return nil, err
	}
	if p.last != kept.last {
		if cap(p.events)-len(p.events) > spareEvents {
			p.events = slices.Clone(p.events)
		}
		s.pages.Put(key, p, time.Time{})
	}
	return p.events, nil
}

// refresh gives a page in memory with what came after it. The page's last event is read again: where the database has
// another one or none, it was restored from an older copy, and the page is read anew.
func (s *Store) refresh(ctx context.Context, tenant, contact string, p page, n int) (page, error) {
	p.asked, p.events = slices.Clip(p.asked), slices.Clip(p.events)
	r := pageReader{page: p, end: math.MaxInt64, grow: true, comparesLast: true}
	err := s.list(ctx, "list events", laterEvents, []any{tenant, contact, p.last, readChunk}, r.add)
	switch {
	case err != nil:
		return page{}, err
	case r.read == 0 || r.differs:
		return s.newest(ctx, tenant, contact, n)
	case r.read == readChunk:
		p, err = s.follow(ctx, tenant, contact, r.page, math.MaxInt64, true)
		return p.latest(n), err
	}
	return r.latest(n), nil
}

// Page is [verify.Ledger]'s.
func (s *Store) Page(ctx context.Context, tenant, contact string, before int64, n int) ([]verify.Event, error) {
	p, err := s.page(ctx, tenant, contact, before, n)
	return p.events, err
}

// page is what is known of some verifications of a contact that were requested one after the other. It is not changed once
// it is made. In memory it can lack newer events, and it can be of a database that was replaced by an older copy: see
// refresh.
type page struct {
	asked    []string       // the verifications, oldest first
	events   []verify.Event // theirs, in order
	last     int64          // number of the contact's last event that was read
	lastBody string         // of that event
}

func (s *Store) page(ctx context.Context, tenant, contact string, before int64, n int) (p page, err error) {
	if before <= 0 {
		return s.newest(ctx, tenant, contact, n)
	}
	oldest := int64(0)
	err = s.list(ctx, "list requests", `
		SELECT verification, seq FROM events
		WHERE tenant = $1 AND contact = $2 || '' AND kind = 'requested' AND seq < $3 ORDER BY seq DESC LIMIT $4 + 0`,
		[]any{tenant, contact, before, n}, func(row scan) error {
			var id string
			err := row(&id, &oldest)
			p.asked = append(p.asked, id)
			return err
		})
	if err != nil || len(p.asked) == 0 {
		return page{}, err
	}
	slices.Reverse(p.asked)
	p.last = oldest - 1
	return s.past(ctx, tenant, contact, p, before)
}

// Statements that read a contact's events. An empty text is appended to the contact: SQLite compares a bare parameter with
// the condition of the index events_of_acts, and so compiles the statement again for every execution.
const (
	lastEvents = `
		SELECT seq, body FROM events
		WHERE tenant = $1 AND contact = $2 || '' AND seq >= (SELECT MIN(seq) FROM (SELECT seq FROM events
			WHERE tenant = $1 AND contact = $2 || '' AND kind = 'requested' ORDER BY seq DESC LIMIT $3 + 0) AS requests)
		ORDER BY seq LIMIT $4 + 0`
	// Its reader looks for the end of a page: given both bounds, SQLite walks the tenant's events instead of the contact's.
	laterEvents = `
		SELECT seq, body FROM events
		WHERE tenant = $1 AND contact = $2 || '' AND seq >= $3 ORDER BY seq LIMIT $4 + 0`
)

// newest gives the contact's last n verifications. It needs one statement, unless the contact has very many events.
func (s *Store) newest(ctx context.Context, tenant, contact string, n int) (page, error) {
	r := pageReader{end: math.MaxInt64, grow: true}
	err := s.list(ctx, "list last events", lastEvents, []any{tenant, contact, n, readChunk}, r.add)
	p := r.page
	if err == nil && r.read == readChunk {
		p, err = s.follow(ctx, tenant, contact, p, math.MaxInt64, true)
	}
	return p.latest(n), err // another verification may have been requested meanwhile
}

// clocksApart is more than nodes' clocks can differ: one so wrong would take no launch context.
const clocksApart = 10 * time.Minute

// past gives an older page with its events: those before the event at which the next page began, and those that
// came later, while the last of the page's verifications could be open or denied late. What came after that is not read.
func (s *Store) past(ctx context.Context, tenant, contact string, p page, before int64) (page, error) {
	p, err := s.follow(ctx, tenant, contact, p, before, false)
	if err != nil {
		return page{}, err
	}
	var over time.Time
	for _, e := range p.events {
		if e.Until.After(over) && e.Kind == verify.EventRequested {
			over = e.Until
		}
	}
	end := int64(math.MaxInt64)
	err = s.get(ctx, "find the end of a page", `
		SELECT seq FROM events
		WHERE tenant = $1 AND contact = $2 || '' AND kind = 'requested' AND seq >= $3 AND at >= $4 ORDER BY seq LIMIT 1`,
		[]any{tenant, contact, before, millis(over.Add(verify.DenialWindow + clocksApart))}, &end)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return page{}, err
	}
	return s.follow(ctx, tenant, contact, p, end, false)
}

// follow gives the page with the events that came after it and before the one numbered end; those of
// verifications that began after it too, if it is to grow.
func (s *Store) follow(ctx context.Context, tenant, contact string, p page, end int64, grow bool) (page, error) {
	// Clipped, so that what is appended goes into lists of its own.
	p.asked, p.events = slices.Clip(p.asked), slices.Clip(p.events)
	r := pageReader{page: p, end: end, grow: grow}
	for {
		r.read = 0
		err := s.list(ctx, "list events", laterEvents, []any{tenant, contact, r.last + 1, readChunk}, r.add)
		if err != nil || r.over || r.read < readChunk {
			return r.page, err
		}
	}
}

// pageReader adds events to a page, in order.
type pageReader struct {
	page
	end  int64 // the number of the event before which the page ends
	grow bool  // verifications that are requested in these events belong to the page

	comparesLast bool // the first row is the page's last event again
	differs      bool // it is not

	seq  int64 // the columns of the row, used again for each
	body string

	known map[string]bool // the page's verifications
	read  int             // events that were read
	over  bool            // end was reached
}

// usualPage is how many events are made room for at once.
const usualPage = 32

// add reads one event.
func (r *pageReader) add(row scan) error {
	if err := row(&r.seq, &r.body); err != nil {
		return err
	}
	r.read++
	if r.comparesLast {
		r.comparesLast, r.differs = false, r.seq != r.last || r.body != r.lastBody
		return nil
	}
	if r.differs {
		return nil
	}
	e, err := verify.ParseEvent(r.body)
	if err != nil {
		return err
	}
	if e.Seq != r.seq {
		return unavailable("read event", fmt.Errorf("event %d says that it is number %d", r.seq, e.Seq))
	}
	if r.over = r.over || e.Seq >= r.end; r.over {
		return nil
	}
	if r.known == nil { // the first of them
		r.events = slices.Grow(r.events, usualPage)
		r.known = make(map[string]bool, len(r.asked))
		for _, id := range r.asked {
			r.known[id] = true
		}
	}
	id := e.Verification
	r.last, r.lastBody = e.Seq, r.body
	if r.grow && e.Kind == verify.EventRequested && !r.known[id] {
		r.known[id] = true
		r.asked = append(r.asked, id)
	}
	if r.known[id] || id == "" { // those of no verification, as an unlocking, are the contact's own
		r.events = append(r.events, e)
	}
	return nil
}

// readChunk is how many of a contact's events are read at a time: more than most contacts have.
const readChunk = 500

// latest gives the page of the last n verifications.
func (p page) latest(n int) page {
	if len(p.asked) <= n {
		return p
	}
	gone := make(map[string]bool)
	for _, id := range p.asked[:len(p.asked)-n] {
		gone[id] = true
	}
	latest := page{asked: p.asked[len(p.asked)-n:], last: p.last}
	for _, e := range p.events {
		if !gone[e.Verification] {
			latest.events = append(latest.events, e)
		}
	}
	return latest
}

// Limits of the pages in memory.
const (
	pagesHold   = 20_000 // events in all pages together, some 24 MB
	pageWeight  = 2      // a page itself, in events
	spareEvents = 4      // events that a page's list has room for beyond its own
)

// pageKey is the key of a page in memory. A pod's events are read when it opens, and again for each new one.
type pageKey struct {
	tenant, contact string
	n               int // verifications
}
