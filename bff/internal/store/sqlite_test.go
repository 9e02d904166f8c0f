package store

import (
	"os"
	"testing"
)

func TestConnectionsAreSetUpByTheirDSN(t *testing.T) {
	s, w := opened(t)
	for _, row := range []struct{ pragma, writer, reader string }{
		{"journal_mode", "wal", "wal"},
		{"synchronous", "2", "2"}, // FULL
		{"foreign_keys", "1", "0"},
		{"busy_timeout", "5000", "5000"},
		{"query_only", "0", "1"},
	} {
		var writer, reader string
		err := s.update(t.Context(), func(tx *tx) error {
			return tx.get(t.Context(), "pragma", "PRAGMA "+row.pragma, nil, &writer)
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.get(t.Context(), "pragma", "PRAGMA "+row.pragma, nil, &reader); err != nil {
			t.Fatal(err)
		}
		if writer != row.writer || reader != row.reader {
			t.Errorf("%s: the writer has %s, a reader %s; want %s and %s", row.pragma, writer, reader, row.writer, row.reader)
		}
	}
	if n := w.db.Stats().MaxOpenConnections; n != 1 {
		t.Errorf("%d connections may write, want 1", n)
	}
}

func TestOtherUsersOfTheMachineCannotReadTheFiles(t *testing.T) {
	s, _ := opened(t)
	if err := s.Write(t.Context(), "acme", appending(t.Context())); err != nil {
		t.Fatal(err)
	}
	path := s.engine.(*sqliteEngine).path
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %o, want 600", name, mode)
		}
	}
}
