package store

import (
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

func TestABreakIsToldAlsoWhenALaterEventCannotBeRead(t *testing.T) {
	s, file := openedFile(t)
	err := s.Write(t.Context(), "acme", func(tx verify.Tx) error {
		for range 6 {
			if err := requesting(t.Context())(tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	alter(t, file, `UPDATE events SET hash = zeroblob(32) WHERE seq = 2`)
	alter(t, file, `UPDATE events SET at = 'noon' WHERE seq = 6`)
	for range 20 { // the walkers are as fast as each other
		if n, broken, err := s.verifyChain(t.Context(), "acme", 2); err != nil || broken == nil || broken.Seq != 2 || n != 1 {
			t.Fatalf("%d events, break %v, error %v", n, broken, err)
		}
	}
}
