package store

import (
	"context"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/quota"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// columns of a verification, in the order in which verification reads them.
const columns = `id, tenant, contact, channel, ticket, technician, method, code_mac, token_hash, tries, max_tries,
	requested_at, expires_at, verified_for, idempotency_key, fingerprint, outcome, destination, person, prefix, COALESCE(ended_at, 0)`

func verification(row scan) (verify.Verification, error) {
	var v verify.Verification
	var codeMAC, tokenHash []byte
	var requested, expires, verifiedFor, ended int64
	err := row(&v.ID, &v.Tenant, &v.Contact, &v.Channel, &v.Ticket, &v.Technician, &v.Method, &codeMAC, &tokenHash,
		&v.Tries, &v.MaxTries, &requested, &expires, &verifiedFor, &v.Key,
		&v.Fingerprint, &v.Outcome, &v.Destination, &v.Person, &v.Prefix, &ended)
	v.Secret = tokenHash
	if v.Method.ByCode() {
		v.Secret = codeMAC
	}
	v.EndedAt = fromMillis(ended)
	v.RequestedAt, v.ExpiresAt, v.VerifiedFor = fromMillis(requested), fromMillis(expires), time.Duration(verifiedFor)*time.Millisecond
	return v, err
}

// Insert is [verify.Requests]'. CodeKeyReused: the technician has used the idempotency key before.
func (t *tx) Insert(ctx context.Context, v verify.Verification) error {
	last, err := t.head(ctx, v.Tenant)
	if err != nil {
		return err
	}
	codeMAC, tokenHash := v.Secret, []byte(nil)
	if !v.Method.ByCode() {
		codeMAC, tokenHash = nil, v.Secret
	}
	reused := func(err error) error {
		if isUniqueViolation(err) {
			return errKeyReused
		}
		return unavailable("insert verification", err)
	}
	return t.putOr(ctx, reused, `
		INSERT INTO verifications (id, tenant, contact, channel, ticket, technician, method, code_mac, token_hash, tries, max_tries,
			requested_at, expires_at, verified_for, idempotency_key, fingerprint, outcome, stage, after_seq, destination, person, prefix)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 0, $18, $19, $20, $21)`,
		v.ID, v.Tenant, v.Contact, v.Channel, v.Ticket, v.Technician, string(v.Method), codeMAC, tokenHash, v.Tries, v.MaxTries,
		millis(v.RequestedAt), millis(v.ExpiresAt), v.VerifiedFor.Milliseconds(), v.Key,
		v.Fingerprint, string(v.Outcome), last.seq, v.Destination, v.Person, v.Prefix)
}

// ByKey is [verify.Requests]'.
func (t *tx) ByKey(ctx context.Context, tenant, technician, key string) (verify.Verification, error) {
	return t.find(ctx, tenant, byKey(tenant, technician, key))
}

func byKey(tenant, technician, key string) question {
	return question{`SELECT ` + columns + ` FROM verifications WHERE tenant = $1 AND technician = $2 AND idempotency_key = $3`,
		[]any{tenant, technician, key}}
}

// Latest is [verify.Requests]'.
func (t *tx) Latest(ctx context.Context, tenant, contact, channel string) (verify.Verification, error) {
	return t.find(ctx, tenant, latest(tenant, contact, channel))
}

func latest(tenant, contact, channel string) question {
	return question{`SELECT ` + columns + ` FROM verifications WHERE tenant = $1 AND contact = $2 AND channel = $3
		ORDER BY after_seq DESC LIMIT 1`, []any{tenant, contact, channel}}
}

// Find is [verify.Verifications]'.
func (t *tx) Find(ctx context.Context, tenant, id string) (verify.Verification, error) {
	return t.find(ctx, tenant, question{`SELECT ` + columns + ` FROM verifications WHERE id = $1 AND tenant = $2`, []any{id, tenant}})
}

func (t *tx) find(ctx context.Context, tenant string, q question) (v verify.Verification, err error) {
	if err := t.lockTenant(ctx, tenant); err != nil {
		return v, err
	}
	err = t.list(ctx, "find verification", q.text, q.args, func(row scan) (err error) {
		v, err = verification(row)
		return err
	})
	if err == nil && v.ID == "" {
		err = errNoVerification
	}
	return v, err
}

// ReadAhead is [verify.Requests]'.
func (t *tx) ReadAhead(ctx context.Context, v verify.Verification, since time.Time, quotas []quota.Quota) error {
	if t.lock == nil {
		return nil // on SQLite, where a question costs no round trip
	}
	if err := t.lockTenant(ctx, v.Tenant); err != nil {
		return err
	}
	questions := []question{
		byKey(v.Tenant, v.Technician, v.Key), standing(v.Tenant, v.Contact, v.Destination),
		latest(v.Tenant, v.Contact, v.Channel), messages(v.Tenant, v.Person, since),
	}
	if fresh := t.counters.unread(v.Tenant, quotas); len(fresh) > 0 {
		questions = append(questions, countersOf(v.Tenant, fresh))
	}
	return t.ahead(ctx, questions)
}

// BySecret is [verify.Ledger]'s.
func (s *Store) BySecret(ctx context.Context, secret []byte) (v verify.Verification, err error) {
	err = s.list(ctx, "find link", `SELECT `+columns+` FROM verifications WHERE token_hash = $1`, []any{secret},
		func(row scan) (err error) {
			v, err = verification(row)
			return err
		})
	if err == nil && v.ID == "" {
		err = errNoVerification
	}
	return v, err
}

// OpenByContact is [verify.Denials]'.
func (t *tx) OpenByContact(ctx context.Context, tenant, contact string, at time.Time) (open []verify.Verification, err error) {
	if err := t.lockTenant(ctx, tenant); err != nil {
		return nil, err
	}
	err = t.list(ctx, "list open verifications", `
		SELECT `+columns+` FROM verifications WHERE tenant = $1 AND contact = $2 AND outcome = '' AND expires_at > $3
		ORDER BY after_seq`, []any{tenant, contact, millis(at)}, func(row scan) error {
		v, err := verification(row)
		open = append(open, v)
		return err
	})
	return open, err
}

// End is [verify.Verifications]'.
func (t *tx) End(ctx context.Context, tenant, id string, outcome verify.Outcome, at time.Time) (bool, error) {
	ended, err := t.move(ctx, tenant, `
		UPDATE verifications SET outcome = $3, ended_at = $4
		WHERE id = $1 AND tenant = $2 AND outcome = '' AND expires_at > $4`, id, tenant, string(outcome), millis(at))
	if err != nil || !ended {
		return false, err
	}
	return true, t.endNote(ctx, tenant, id, outcome, at)
}

// DenyEnded is [verify.Denials]'.
func (t *tx) DenyEnded(ctx context.Context, tenant, id string, at, after time.Time) (bool, error) {
	denied, err := t.move(ctx, tenant, `
		UPDATE verifications SET outcome = 'denied', ended_at = $3
		WHERE id = $1 AND tenant = $2 AND outcome <> 'denied' AND (outcome <> '' OR expires_at <= $3)
			AND COALESCE(ended_at, expires_at) > $4`, id, tenant, millis(at), millis(after))
	if err != nil || !denied {
		return false, err
	}
	return true, t.requeueNote(ctx, tenant, id, at)
}

// Advance is [verify.Deliveries]'.
func (t *tx) Advance(ctx context.Context, tenant, id string, stage verify.Stage, at time.Time) (bool, error) {
	return t.move(ctx, tenant, `
		UPDATE verifications SET stage = $3
		WHERE id = $1 AND tenant = $2 AND outcome = '' AND expires_at > $4 AND stage < $3`, id, tenant, stage.Rank(), millis(at))
}

func (t *tx) move(ctx context.Context, tenant, text string, args ...any) (bool, error) {
	if err := t.lockTenant(ctx, tenant); err != nil {
		return false, err
	}
	n, err := t.exec(ctx, "update verification", text, args...)
	return n > 0, err
}

// Try is [verify.Failures]'.
func (t *tx) Try(ctx context.Context, tenant, id string, at time.Time, failures int) (v verify.Verification, ok bool, err error) {
	if err := t.lockTenant(ctx, tenant); err != nil {
		return v, false, err
	}
	err = t.list(ctx, "count try", `
		UPDATE verifications SET tries = tries + 1
		WHERE id = $1 AND tenant = $2 AND outcome = '' AND expires_at > $3 AND tries < max_tries
		RETURNING `+columns, []any{id, tenant, millis(at)}, func(row scan) (err error) {
		v, err = verification(row)
		return err
	})
	if err != nil || v.ID == "" {
		return v, false, err
	}
	n, err := t.exec(ctx, "count failure", `
		INSERT INTO failures (tenant, contact, n) VALUES ($1, $2, 1)
		ON CONFLICT (tenant, contact) DO UPDATE SET n = failures.n + 1 WHERE failures.n < $3`, tenant, v.Contact, failures)
	switch {
	case err != nil:
		return verify.Verification{}, false, err
	case n == 0:
		t.broken = errLocked // the try is given back: a locked contact is asked nothing
		return verify.Verification{}, false, errLocked
	}
	return v, true, nil
}

// Messages is [verify.Quotas]'.
func (t *tx) Messages(ctx context.Context, tenant, person string, since time.Time) (n int64, oldest, newest time.Time, err error) {
	if err := t.lockTenant(ctx, tenant); err != nil {
		return 0, oldest, newest, err
	}
	q := messages(tenant, person, since)
	err = t.list(ctx, "count messages", q.text, q.args, func(row scan) error {
		var at int64
		err := row(&at)
		if newest = fromMillis(at); n == 0 {
			oldest = newest
		}
		n++
		return err
	})
	return n, oldest, newest, err
}

func messages(tenant, person string, since time.Time) question {
	return question{`SELECT requested_at FROM verifications WHERE tenant = $1 AND person = $2 AND requested_at > $3
		ORDER BY requested_at`, []any{tenant, person, millis(since)}}
}

// Standing is [verify.Failures]'.
func (t *tx) Standing(ctx context.Context, tenant, contact, destination string) (verify.Standing, error) {
	if err := t.lockTenant(ctx, tenant); err != nil {
		return verify.Standing{}, err
	}
	var s verify.Standing
	var denied int64
	q := standing(tenant, contact, destination)
	err := t.get(ctx, "read standing", q.text, q.args, &s.Failures, &denied, &s.Suppressed)
	s.Denied = denied > 0
	return s, err
}

func standing(tenant, contact, destination string) question {
	return question{`SELECT
		COALESCE((SELECT n FROM failures WHERE tenant = $1 AND contact = $2), 0),
		COALESCE((SELECT denied FROM failures WHERE tenant = $1 AND contact = $2), 0),
		COALESCE((SELECT reason FROM suppressions WHERE tenant = $1 AND destination = $3), '')`, []any{tenant, contact, destination}}
}

// ClearFailures is [verify.Failures]'.
func (t *tx) ClearFailures(ctx context.Context, tenant, contact string) error {
	if err := t.lockTenant(ctx, tenant); err != nil {
		return err
	}
	return t.put(ctx, "clear failures", `UPDATE failures SET n = 0 WHERE tenant = $1 AND contact = $2 AND n > 0`, tenant, contact)
}

// SetDenied is [verify.Denials]'.
func (t *tx) SetDenied(ctx context.Context, tenant, contact string, denied bool) error {
	if err := t.lockTenant(ctx, tenant); err != nil {
		return err
	}
	set := int64(0)
	if denied {
		set = 1
	}
	return t.put(ctx, "put denial", `
		INSERT INTO failures (tenant, contact, n, denied) VALUES ($1, $2, 0, $3)
		ON CONFLICT (tenant, contact) DO UPDATE SET denied = $3`, tenant, contact, set)
}

// millis is a time as it is stored; the zero time is 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// fromMillis is a stored time.
func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
