package store

import (
	"fmt"
	"io"

	"github.com/shieldpod/shieldpod/bff/internal/seal"
)

// Vault seals what must not be read from a stolen database. A sealed value is bound to its row: table, tenant, id.
type Vault struct{ sealer *seal.Sealer }

// NewVault makes a vault of a master key of 32 bytes. The same key opens what it sealed.
func NewVault(key []byte, entropy io.Reader) (*Vault, error) {
	sealer, err := seal.New(key, entropy)
	if err != nil {
		return nil, fmt.Errorf("store: master key: %w", err)
	}
	return &Vault{sealer}, nil
}

func (v *Vault) seal(plain []byte, row ...string) ([]byte, error) {
	return v.sealer.Seal(plain, row...)
}

func (v *Vault) open(sealed []byte, row ...string) ([]byte, error) {
	return v.sealer.Open(sealed, row...)
}
