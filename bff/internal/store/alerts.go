package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Alert is [verify.Outbox]'s.
func (t *tx) Alert(ctx context.Context, a verify.Alert) error {
	if err := t.lockTenant(ctx, a.Tenant); err != nil {
		return err
	}
	return t.put(ctx, "enqueue alert", `
		INSERT INTO alerts (id, tenant, kind, seq, body, state, due_at, attempts, cause)
		SELECT $1, id, $3, $4, $5, 'waiting', 0, 0, '' FROM tenants WHERE id = $2 AND webhook_url <> ''`,
		a.ID, a.Tenant, string(a.Kind), a.Seq, a.Body)
}

// ClaimAlerts takes up to n alerts that are due, the longest due first. A worker that has not settled one when its lease
// runs out has lost it: it is given again.
func (s *Store) ClaimAlerts(ctx context.Context, now, leaseUntil time.Time, n int) ([]verify.Alert, error) {
	var alerts []verify.Alert
	err := s.update(ctx, func(t *tx) error {
		alerts = nil
		return t.list(ctx, "claim alerts", `
			WITH due AS (
				SELECT o.id AS alert FROM alerts o WHERE o.state = 'waiting' AND o.due_at <= $1
				ORDER BY o.due_at, o.id LIMIT $3 + 0`+t.skipLocked+`
			)
			UPDATE alerts SET due_at = $2, attempts = alerts.attempts + 1
			FROM due WHERE alerts.id = due.alert
			RETURNING id, tenant, kind, seq, body, attempts - 1`,
			[]any{millis(now), millis(leaseUntil), n}, func(row scan) error {
				var a verify.Alert
				err := row(&a.ID, &a.Tenant, &a.Kind, &a.Seq, &a.Body, &a.Attempts)
				alerts = append(alerts, a)
				return err
			})
	})
	if err != nil {
		return nil, err
	}
	return alerts, nil
}

// NextAlertAt tells when the earliest alert is due; false if none waits.
func (s *Store) NextAlertAt(ctx context.Context) (time.Time, bool, error) {
	var due sql.NullInt64
	err := s.get(ctx, "next alert", `SELECT MIN(due_at) FROM alerts WHERE state = 'waiting'`, nil, &due)
	return fromMillis(due.Int64), due.Valid, err
}

// SettleAlert ends an alert that was posted.
func (s *Store) SettleAlert(ctx context.Context, id string) error {
	return s.alert(ctx, `UPDATE alerts SET state = 'posted' WHERE id = $1 AND state = 'waiting'`, id)
}

// RetryAlert has an alert posted again, not before at.
func (s *Store) RetryAlert(ctx context.Context, id string, at time.Time, cause string) error {
	return s.alert(ctx, `UPDATE alerts SET due_at = $2, cause = $3 WHERE id = $1 AND state = 'waiting'`, id, millis(at), cause)
}

// DropAlert gives an alert up.
func (s *Store) DropAlert(ctx context.Context, id, cause string) error {
	return s.alert(ctx, `UPDATE alerts SET state = 'dropped', cause = $2 WHERE id = $1 AND state = 'waiting'`, id, cause)
}

func (s *Store) alert(ctx context.Context, text string, args ...any) error {
	return s.update(ctx, func(t *tx) error {
		_, err := t.exec(ctx, "update alert", text, args...)
		return err
	})
}
