package store

import (
	"testing"
)

// LimitPages lets the SQLite file grow no further.
func (s *Store) LimitPages(t *testing.T) { s.pragma(t, "PRAGMA max_page_count = 1") } // never below what there is

// UnlimitPages lets it grow again.
func (s *Store) UnlimitPages(t *testing.T) { s.pragma(t, "PRAGMA max_page_count = 1073741823") }

func (s *Store) pragma(t *testing.T, text string) {
	t.Helper()
	err := s.update(t.Context(), func(x *tx) error {
		_, err := x.run.ExecContext(t.Context(), text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// ProbeID is the row that Ready has written last.
func (s *Store) ProbeID(t *testing.T) (id string) {
	t.Helper()
	err := s.list(t.Context(), "read probe", `SELECT id FROM write_probes`, nil, func(row scan) error { return row(&id) })
	if err != nil {
		t.Fatal(err)
	}
	return id
}
