package store

import (
	"context"
	"database/sql"
	"errors"
)

// ErrOtherKey says that the database was sealed under another master key: nothing in it could be opened,
// and no code that was sent could be judged.
var ErrOtherKey = errors.New("this is not the master key that the database was made with: set that one (SHIELDPOD_MASTER_KEY or --master-key-file)")

// keyCheckText is sealed into the database once, so that another key is noticed before anything is served.
const keyCheckText = "shieldpod"

// checkKey seals the text into a new database and opens it in an existing one. ErrOtherKey: it can't be opened.
func (s *Store) checkKey(ctx context.Context) error {
	sealed, err := s.vault.seal([]byte(keyCheckText), "key_proof")
	if err != nil {
		return unavailable("prove key", err)
	}
	const read = `SELECT sealed FROM key_proof WHERE id = 1`
	err = s.get(ctx, "read key proof", read, nil, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		err = s.update(ctx, func(t *tx) error {
			_, err := t.exec(ctx, "write key proof", `INSERT INTO key_proof (id, sealed) VALUES (1, $1) ON CONFLICT DO NOTHING`, sealed)
			return err
		})
		if err == nil { // another node may have been first, with a key of its own
			err = s.get(ctx, "read key proof", read, nil, &sealed)
		}
	}
	if err != nil {
		return err
	}
	if _, err := s.vault.open(sealed, "key_proof"); err != nil {
		return ErrOtherKey
	}
	return nil
}
