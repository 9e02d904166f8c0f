package verify

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/quota"
)

// Request is a technician's wish to verify a contact by one channel and method.
// It never carries a destination: that is read from the ticket context.
type Request struct {
	Contact string
	Channel string
	Method  channel.Method
	Note    string
	Key     string // idempotency key: the same one gives the same verification again
}

// Bounds of an idempotency key, in characters of A-Z, a-z, 0-9, _ and -.
const (
	KeyMin = 8
	KeyMax = 64
)

// Send opens a verification and enqueues its message, both or neither. An open one on the
// same channel is superseded. Asked again under the same key it names the same one and does nothing;
// CodeKeyReused: the key was for another request.
// CodeNotFound: contact or channel is not on this ticket. CodeMethodNotAllowed, CodeOwnChannel, CodeNoteRequired, CodeInvalid:
// the policy refuses. CodeLocked: too many wrong codes. CodeCooldown: too soon after the last one.
// CodeQuotaExceeded: Quota is used up. A send that is refused counts on none.
func (s *Service) Send(ctx context.Context, d TicketContext, r Request) (Result, error) {
	rules, err := s.EffectivePolicy(ctx, d.Tenant, d.Client.ID)
	if err != nil {
		return Result{}, err
	}
	ask, err := s.newPendingSend(d, r, rules)
	if err != nil {
		return Result{}, err
	}
	ask.counted = ask.quotas(rules)
	var result Result
	var again bool
	err = s.Ledger.Write(ctx, d.Tenant, func(tx Tx) (err error) {
		since := ask.verification.RequestedAt.Add(-quota.DestinationWindow)
		if err := tx.ReadAhead(ctx, ask.verification, since, ask.counted); err != nil {
			return err
		}
		if result, again, err = repeated(ctx, tx, ask.verification); again || err != nil {
			return err
		}
		result, err = ask.store(ctx, tx, rules)
		return err
	})
	if err != nil {
		return Result{}, err
	}
	if !again {
		s.Notifier.Notify(d.Tenant, r.Contact, result.Seq)
		s.Waker.Wake(MessageJobs(r.Method.Kind()))
		s.Waker.Wake(WebhookJobs)
	}
	if result.Shield.State == "" {
		return s.current(ctx, d, result)
	}
	result.Shield = s.viewOf(d, rules.Policy, result.Contact, result.Channel, result.Shield)
	return result, nil
}

// current completes a result with the shield as it reads now.
func (s *Service) current(ctx context.Context, d TicketContext, r Result) (Result, error) {
	reading, err := s.ContactState(ctx, d.Tenant, r.Contact)
	if err != nil {
		return Result{}, err
	}
	if reading, err = s.ApplyPolicy(ctx, d, reading); err != nil {
		return Result{}, err
	}
	r.Seq, r.Shield = reading.Seq, shieldOrNew(reading.Shields[r.Channel])
	return r, nil
}

// pendingSend is a request that the rules allow, with its secrets drawn, not yet stored.
type pendingSend struct {
	verification Verification
	requested    Event
	job          Job
	note         *NoteJob      // nil: its result does not go onto the ticket
	country      string        // of its number
	counted      []quota.Quota // on which it counts
}

func (s *Service) newPendingSend(d TicketContext, r Request, p *policy.Effective) (pendingSend, error) {
	now := s.now()
	contact, ch, note, err := d.allow(r, p.Policy, now)
	if err != nil {
		return pendingSend{}, err
	}
	by, override := d.by(), contact.ID != d.DefaultContact
	id, err := NewID("v_", now, s.Entropy)
	if err != nil {
		return pendingSend{}, err
	}
	destination := s.Keys.destination(d.Tenant, ch)
	secret, stored, err := s.secret(id, destination, r.Method, p.Policy)
	if err != nil {
		return pendingSend{}, err
	}
	until := now.Add(p.Validity(r.Method))
	v := Verification{
		ID: id, Tenant: d.Tenant, Contact: contact.ID, Channel: ch.ID, Ticket: d.Ticket.ID,
		Technician: by.ID, Method: r.Method, Destination: destination,
		Person: s.Keys.person(d.Tenant, ch), Secret: stored, RequestedAt: now, ExpiresAt: until,
		VerifiedFor: p.VerifiedFor, Key: r.Key, Fingerprint: r.fingerprint(d.Ticket.ID),
	}
	e := Event{
		Tenant: d.Tenant, At: now, Kind: EventRequested, Verification: id, Contact: contact.ID, Channel: ch.ID,
		By: by, Method: r.Method, Ticket: Ticket{ID: d.Ticket.ID, Number: d.Ticket.Number}, Client: d.Client.ID,
		Masked: Mask(ch), Destination: destination, Note: note,
		Override: override, ResendAt: now.Add(p.ResendCooldown), Until: until,
		Policy: p.Version, Changed: p.ChangedLately(ch.ChangedAt, now),
	}
	switch {
	case r.Method.ByCode():
		v.MaxTries, e.MaxTries, e.CodeLength = p.TriesPerCode, p.TriesPerCode, p.CodeLength
	case p.NumberMatching:
		v.MaxTries, e.Matching = 1, true
	}
	if e.Language = contact.Language; e.Language == "" {
		e.Language = p.Language
	}
	e.TimeZone = cmp.Or(contact.TimeZone, p.TimeZone)
	if ch.Kind == channel.Phone {
		v.Prefix = s.Keys.prefix(d.Tenant, ch)
	}
	return pendingSend{verification: v, requested: e, note: d.note(e, contact, p.Policy), country: ch.Country, job: Job{
		ID: id, Tenant: d.Tenant, Method: r.Method, To: ch.Value, Secret: secret, Recipient: contact.Name,
		Technician: nameOrID(by), Ticket: d.Ticket.Number, Language: e.Language,
		TimeZone: e.TimeZone, ExpiresAt: until, ValidFor: p.Validity(r.Method),
	}}, nil
}

// allow gives the contact, the channel and the cleaned note of the request, if the policy allows it.
func (d TicketContext) allow(r Request, p policy.Policy, now time.Time) (contact Contact, ch Channel, note string, err error) {
	if err = checkKey(r.Key); err != nil {
		return contact, ch, note, err
	}
	if contact, ch, err = d.target(r); err != nil {
		return contact, ch, note, err
	}
	if err = d.check(p, contact, ch, r.Method, now); err != nil {
		return contact, ch, note, err
	}
	if note, err = p.CheckNote(r.Note, contact.ID != d.DefaultContact); err != nil {
		err = PolicyError(err)
	}
	return contact, ch, note, err
}

func (s *Service) secret(id, destination string, m channel.Method, p policy.Policy) (plain string, stored []byte, err error) {
	if m.ByCode() {
		plain, err = newCode(p.CodeLength, s.Entropy)
		return plain, s.Keys.codeSecret(id, destination, plain), err
	}
	plain, err = newToken(s.Entropy)
	return plain, tokenHash(plain), err
}

// repeated answers a request whose key was used before; its shield is to be read.
func repeated(ctx context.Context, tx Requests, v Verification) (Result, bool, error) {
	old, err := tx.ByKey(ctx, v.Tenant, v.Technician, v.Key)
	if CodeOf(err) == CodeNotFound {
		return Result{}, false, nil
	}
	if err != nil {
		return Result{}, false, err
	}
	if !bytes.Equal(old.Fingerprint, v.Fingerprint) {
		return Result{}, true, &Error{
			Code:   CodeKeyReused,
			Public: "This idempotency key was used for another request. Use a new one.",
		}
	}
	return Result{
		Verification: old.ID, Contact: old.Contact, Channel: old.Channel, Method: old.Method,
	}, true, nil
}

// sendTx is what a send does in its transaction.
type sendTx interface {
	Requests
	Failures
	quotaTx
	endTx
	Outbox
}

// store writes the send: lock, cooldown, quotas, the end of an older one, then all that the new one is.
// On a channel with a history, the state that the new shield reverts to is read.
func (a pendingSend) store(ctx context.Context, tx sendTx, p *policy.Effective) (Result, error) {
	v := a.verification
	if err := checkLock(ctx, tx, v, p.FailuresBeforeLock); err != nil {
		return Result{}, err
	}
	last, err := tx.Latest(ctx, v.Tenant, v.Contact, v.Channel)
	first := CodeOf(err) == CodeNotFound
	if err != nil && !first {
		return Result{}, err
	}
	warnings, err := a.countQuotas(ctx, tx, p)
	if err != nil {
		return Result{}, err
	}
	if !first {
		if err := a.replace(ctx, tx, last); err != nil {
			return Result{}, err
		}
	}
	if err := tx.Insert(ctx, v); err != nil {
		return Result{}, err
	}
	e := a.requested
	if err := tx.Append(ctx, &e); err != nil {
		return Result{}, err
	}
	if err := tx.Enqueue(ctx, a.job); err != nil {
		return Result{}, err
	}
	if a.note != nil {
		note := *a.note
		note.Seq = e.Seq
		if err := tx.EnqueueNote(ctx, note); err != nil {
			return Result{}, err
		}
	}
	result := Result{Verification: v.ID, Contact: v.Contact, Channel: v.Channel, Method: v.Method, Seq: e.Seq, Warnings: warnings}
	if first {
		result.Shield = Shield{}.After(e)
	}
	return result, nil
}

// replace ends an older one that is still open.
func (a pendingSend) replace(ctx context.Context, tx endTx, last Verification) error {
	v := a.verification
	ended, err := tx.End(ctx, v.Tenant, last.ID, Superseded, v.RequestedAt)
	if err != nil || !ended {
		return err
	}
	e := last.event(EventSuperseded, v.RequestedAt)
	return tx.Append(ctx, &e)
}

// checkLock refuses all messages to a contact who denied a verification, codes to one with too many wrong codes, and texts
// to a suppressed number.
func checkLock(ctx context.Context, tx Failures, v Verification, limit int) error {
	is, err := tx.Standing(ctx, v.Tenant, v.Contact, v.Destination)
	switch {
	case err != nil:
		return err
	case is.Denied:
		return &Error{
			Code: CodeLocked, Reason: ReasonDenied,
			Public: "This contact said “I did not ask for this”. Stop and follow your procedure: nothing is sent until an admin unlocks the contact.",
		}
	case v.Method.ByCode() && is.Failures >= limit:
		return errLocked()
	case v.Method.Kind() == channel.Phone && is.Suppressed != "":
		return methodRefused(is.Suppressed)
	}
	return nil
}

func errLocked() error {
	return &Error{
		Code:   CodeLocked,
		Public: "Too many wrong codes for this contact. Verify by a link, or ask an admin to unlock.",
	}
}

func (d TicketContext) target(r Request) (Contact, Channel, error) {
	contact, ok := d.Contact(r.Contact)
	if !ok {
		return Contact{}, Channel{}, notFound("This contact is not on the ticket. Reopen the ticket to load it again.")
	}
	ch, ok := contact.Channel(r.Channel)
	if !ok {
		return Contact{}, Channel{}, notFound("This contact has no such address or number. Reopen the ticket to load it again.")
	}
	return contact, ch, nil
}

func checkKey(key string) error {
	if len(key) < KeyMin || len(key) > KeyMax || strings.Trim(key, keyAlphabet) != "" {
		return &Error{
			Code: CodeInvalid, Field: "Idempotency-Key",
			Public: fmt.Sprintf("An idempotency key has %d to %d letters, digits, hyphens or underscores.", KeyMin, KeyMax),
		}
	}
	return nil
}

const keyAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

func (r Request) fingerprint(ticket string) []byte {
	return digest(sha256.New(), ticket, r.Contact, r.Channel, string(r.Method), r.Note)
}
