package app_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/app"
)

// A label that changes makes codes, sessions and hashes of before unreadable.
func TestTheServersKeysComeFromTheMasterKeyAsEver(t *testing.T) {
	keys, err := app.DeriveKeys(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		key  []byte
		want string
	}{
		"vault": {keys.Vault, "1fcfd14b1d379edc"}, "session": {keys.Session, "949f0932c426a556"}, "code": {keys.Code, "4295d30dca347d68"}, "destination": {keys.Destination, "e38a0b501aba9688"},
	} {
		if got := hex.EncodeToString(c.key[:8]); len(c.key) != 32 || got != c.want {
			t.Errorf("%s begins with %s, want %s", name, got, c.want)
		}
	}
}
