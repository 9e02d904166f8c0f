package store

import (
	"context"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// Alert is [verify.Alerts]'.
func (t *tx) Alert(ctx context.Context, a verify.Alert) error {
	if err := t.lockTenant(ctx, a.Tenant); err != nil {
		return err
	}
	return t.put(ctx, "enqueue alert", `
		INSERT INTO jobs (kind, id, tenant, state, due_at, attempts, body, ref, cause)
		SELECT 'webhook', $1, id, 'queued', $4, 0, $3, '', '' FROM tenants WHERE id = $2 AND webhook_url <> ''`,
		a.ID, a.Tenant, a.Body, millis(a.At))
}

// Alerts holds the alerts. An alert is given out again when its lease ends.
func (s *Store) Alerts() Queue[verify.Alert] {
	return Queue[verify.Alert]{store: s, claimRules: repeatable(verify.WebhookJobs), decode: alert,
		id:    func(a verify.Alert) (tenant, id string) { return a.Tenant, a.ID },
		lease: func(a verify.Alert) time.Time { return a.DueAt }}
}

func alert(r jobRow) verify.Alert {
	var body struct {
		Type verify.EventKind `json:"type"`
		Seq  int64            `json:"seq"`
	}
	_ = strictjson.Unmarshal(r.body, &body) // the receiver reads the body; here it is for logs
	return verify.Alert{
		ID: r.id, Tenant: r.tenant, Kind: body.Type, Seq: body.Seq, Body: r.body, Attempts: r.attempts - 1, DueAt: fromMillis(r.dueAt),
	}
}
