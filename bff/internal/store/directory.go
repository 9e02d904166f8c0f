package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// PutCards stores cards in place of those of the same ids, all of them or none, as a part of the sync if one is named.
// CodeNotFound: there is no such tenant. CodeInvalid: the client would have more than the most. CodeKeyReused: the
// sync is finished.
func (s *Store) PutCards(ctx context.Context, of verify.Clientele, cards []verify.Card, sync string, most int) error {
	sealed := make([][]byte, len(cards))
	for i, c := range cards {
		var err error
		if sealed[i], err = s.vault.seal(c.Body, cardRow(of, c.ID)...); err != nil {
			return unavailable("put contacts", err)
		}
	}
	at := millis(s.now())
	return s.update(ctx, func(t *tx) error {
		push, err := t.push(ctx, of)
		if err != nil {
			return err
		}
		if err := t.joinSync(ctx, of, sync, push, at); err != nil {
			return err
		}
		for i, c := range cards {
			_, err := t.exec(ctx, "put contact", `
				INSERT INTO directory_contacts (tenant, system, client, id, push, at, body) VALUES ($1, $2, $3, $4, $5, $6, $7)
				ON CONFLICT (tenant, system, client, id) DO UPDATE SET push = $5, at = $6, body = $7`,
				of.Tenant, of.System, of.Client, c.ID, push, at, sealed[i])
			if err != nil {
				return err
			}
		}
		n := 0
		err = t.get(ctx, "count contacts", `
			SELECT count(*) FROM directory_contacts WHERE tenant = $1 AND system = $2 AND client = $3`,
			[]any{of.Tenant, of.System, of.Client}, &n)
		if err == nil && n > most {
			err = errFull(most)
		}
		return err
	})
}

// cardRow is what a card is sealed for.
func cardRow(of verify.Clientele, id string) []string {
	return []string{"directory_contacts", of.Tenant, of.System, of.Client, id}
}

// push numbers a push. Others to the same client wait for its end.
func (t *tx) push(ctx context.Context, of verify.Clientele) (n int64, err error) {
	err = t.get(ctx, "begin a push", `
		INSERT INTO directory_clients (tenant, system, client, pushes) SELECT id, $2, $3, 1 FROM tenants WHERE id = $1
		ON CONFLICT (tenant, system, client) DO UPDATE SET pushes = directory_clients.pushes + 1 RETURNING pushes`,
		[]any{of.Tenant, of.System, of.Client}, &n)
	if errors.Is(err, sql.ErrNoRows) {
		err = errNoTenant
	}
	return n, err
}

// joinSync has the push be a part of the sync, or its beginning.
func (t *tx) joinSync(ctx context.Context, of verify.Clientele, sync string, push, at int64) error {
	if sync == "" {
		return nil
	}
	finished := 0
	err := t.get(ctx, "join a sync", `
		INSERT INTO directory_syncs (tenant, system, client, token, began, at, finished) VALUES ($1, $2, $3, $4, $5, $6, 0)
		ON CONFLICT (tenant, system, client, token) DO UPDATE SET at = $6 RETURNING finished`,
		[]any{of.Tenant, of.System, of.Client, sync, push, at}, &finished)
	if err == nil && finished > 0 {
		err = errSynced
	}
	return err
}

// Cards gives the client's own card of the given id, if it has one, and up to n others in order of their ids, after
// the given one.
func (s *Store) Cards(ctx context.Context, of verify.Clientele, own, after string, n int) (cards []verify.Card, err error) {
	read := func(row scan) error {
		var c verify.Card
		var at int64
		var sealed []byte
		err := row(&c.ID, &at, &sealed)
		if err == nil {
			c.Body, err = s.vault.open(sealed, cardRow(of, c.ID)...)
		}
		c.At = fromMillis(at)
		cards = append(cards, c)
		return err
	}
	if own != "" {
		err = s.list(ctx, "read contact", `
			SELECT id, at, body FROM directory_contacts WHERE tenant = $1 AND system = $2 AND client = $3 AND id = $4`,
			[]any{of.Tenant, of.System, of.Client, own}, read)
		if err != nil {
			return nil, err
		}
	}
	err = s.list(ctx, "list contacts", `
		SELECT id, at, body FROM directory_contacts
		WHERE tenant = $1 AND system = $2 AND client = $3 AND id > $4 AND id <> $5 ORDER BY id LIMIT $6 + 0`,
		[]any{of.Tenant, of.System, of.Client, after, own, n}, read)
	return cards, err
}

// RemoveCard removes one. One that is not there is removed already.
func (s *Store) RemoveCard(ctx context.Context, of verify.Clientele, id string) error {
	return s.update(ctx, func(t *tx) error {
		_, err := t.exec(ctx, "remove contact", `
			DELETE FROM directory_contacts WHERE tenant = $1 AND system = $2 AND client = $3 AND id = $4`,
			of.Tenant, of.System, of.Client, id)
		return err
	})
}

// FinishSync removes the cards that nothing has pushed since the sync began, and tells how many. Finished again, it
// removes none. CodeNotFound: nothing was pushed in such a sync.
func (s *Store) FinishSync(ctx context.Context, of verify.Clientele, sync string) (removed int64, err error) {
	err = s.update(ctx, func(t *tx) error {
		var began int64
		err := t.get(ctx, "finish a sync", `
			UPDATE directory_syncs SET finished = 1 WHERE tenant = $1 AND system = $2 AND client = $3 AND token = $4 RETURNING began`,
			[]any{of.Tenant, of.System, of.Client, sync}, &began)
		if errors.Is(err, sql.ErrNoRows) {
			return errNoSync
		}
		if err != nil {
			return err
		}
		removed, err = t.exec(ctx, "finish a sync", `
			DELETE FROM directory_contacts WHERE tenant = $1 AND system = $2 AND client = $3 AND push < $4`,
			of.Tenant, of.System, of.Client, began)
		return err
	})
	return removed, err
}

func errFull(most int) error {
	return &verify.Error{
		Code: verify.CodeInvalid, Field: "contacts",
		Public: fmt.Sprintf("A client has at most %d contacts in the directory. Nothing of this push was stored.", most),
	}
}
