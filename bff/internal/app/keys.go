package app

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/strength"
)

// Keys are the keys that the server derives from its master key, each for one purpose.
type Keys struct {
	Vault       []byte
	Session     []byte
	Code        []byte
	Destination []byte
}

// DeriveKeys derives the server's keys. The same master key gives the same keys.
func DeriveKeys(master []byte) (k Keys, err error) {
	for purpose, key := range map[string]*[]byte{
		"vault": &k.Vault, "pod session": &k.Session, "code": &k.Code, "destination": &k.Destination,
	} {
		if *key, err = hkdf.Key(sha256.New, master, nil, "shieldpod "+purpose, 32); err != nil {
			return Keys{}, err
		}
	}
	return k, nil
}

// parseMasterKey reads 32 random bytes in base64, with or without its padding. Its errors hold nothing of the key.
func parseMasterKey(text string) ([]byte, error) {
	bare := strings.TrimRight(text, "=")
	master, err := base64.RawStdEncoding.DecodeString(bare)
	if err != nil {
		master, err = base64.RawURLEncoding.DecodeString(bare)
	}
	if err != nil || len(master) != strength.Size {
		return nil, fmt.Errorf("the master key must be 32 bytes in base64, which is 44 characters, and not %d characters of something else (make one by 'shieldpod key master --out FILE')", len(text))
	}
	if err := strength.MasterKey(master); err != nil {
		return nil, err
	}
	return master, nil
}
