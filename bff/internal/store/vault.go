package store

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Lengths in bytes.
const (
	masterLength = 32
	keyIDLength  = 4
	nonceLength  = 12
)

// Vault seals what must not be read from a stolen database: AES-256-GCM, bound to the row it is for.
//
// A sealed value is the master key's id (4 bytes), the nonce (12) and the ciphertext with its tag. Each row has a
// key of its own, derived from the master key and the row's identity, so that no count of rows wears out the nonces.
type Vault struct {
	master []byte
	id     [keyIDLength]byte

	mu      sync.Mutex
	entropy io.Reader
}

// NewVault makes a vault of a master key of 32 bytes. The same key opens what it sealed.
func NewVault(key []byte, entropy io.Reader) (*Vault, error) {
	if len(key) != masterLength {
		return nil, fmt.Errorf("store: the master key has %d bytes, not %d", len(key), masterLength)
	}
	v := &Vault{master: bytes.Clone(key), entropy: entropy}
	copy(v.id[:], v.derive("key id"))
	return v, nil
}

// seal encrypts plain for the row of the given identity: table, tenant, id.
func (v *Vault) seal(plain []byte, row ...string) ([]byte, error) {
	box, err := v.box(row)
	if err != nil {
		return nil, err
	}
	sealed := make([]byte, keyIDLength+nonceLength, keyIDLength+nonceLength+len(plain)+box.Overhead())
	copy(sealed, v.id[:])
	nonce := sealed[keyIDLength:]
	v.mu.Lock()
	_, err = io.ReadFull(v.entropy, nonce)
	v.mu.Unlock()
	if err != nil {
		return nil, fmt.Errorf("entropy: %w", err)
	}
	return box.Seal(sealed, nonce, plain, identity(row)), nil
}

// open decrypts what was sealed for this very row, and refuses anything else.
func (v *Vault) open(sealed []byte, row ...string) ([]byte, error) {
	if len(sealed) < keyIDLength+nonceLength {
		return nil, errors.New("sealed value is too short")
	}
	if !bytes.Equal(sealed[:keyIDLength], v.id[:]) {
		return nil, errors.New("sealed under another master key")
	}
	box, err := v.box(row)
	if err != nil {
		return nil, err
	}
	plain, err := box.Open(nil, sealed[keyIDLength:keyIDLength+nonceLength], sealed[keyIDLength+nonceLength:], identity(row))
	if err != nil {
		return nil, errors.New("sealed value was altered, or belongs to another row")
	}
	return plain, nil
}

func (v *Vault) box(row []string) (cipher.AEAD, error) {
	block, err := aes.NewCipher(v.derive("row key", row...))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func (v *Vault) derive(purpose string, parts ...string) []byte {
	h := hmac.New(sha256.New, v.master)
	h.Write(identity(append([]string{purpose}, parts...)))
	return h.Sum(nil)
}

// identity writes the parts each with its length, so that no two lists of parts read the same.
func identity(parts []string) []byte {
	var list []byte
	for _, p := range parts {
		list = binary.BigEndian.AppendUint32(list, uint32(len(p)))
		list = append(list, p...)
	}
	return list
}
