// Package seal encrypts values for one place: a row of the database, a cookie. Only the same key opens them, and only
// for the same place.
//
// Start with [New].
package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/shieldpod/shieldpod/bff/internal/digest"
)

// Lengths in bytes.
const (
	keyLength   = 32
	keyIDLength = 4
	nonceLength = 12
)

// Sealer seals values with AES-256-GCM. Its methods are safe for concurrent use.
//
// A sealed value is the key's id (4 bytes), the nonce (12) and the ciphertext with its tag. Each place has a key of its
// own, derived from the key and the place, so that random nonces suffice for any number of places.
type Sealer struct {
	key []byte
	id  [keyIDLength]byte

	mu      sync.Mutex
	entropy io.Reader
}

// New makes a sealer of a key of 32 bytes. The same key opens what it sealed.
func New(key []byte, entropy io.Reader) (*Sealer, error) {
	if len(key) != keyLength {
		return nil, fmt.Errorf("the key has %d bytes, not %d", len(key), keyLength)
	}
	s := &Sealer{key: bytes.Clone(key), entropy: entropy}
	id := digest.MAC(key, "key id")
	copy(s.id[:], id[:])
	return s, nil
}

// Seal encrypts plain for a place, such as a table, a tenant and an id.
func (s *Sealer) Seal(plain []byte, place ...string) ([]byte, error) {
	box, err := s.box(place)
	if err != nil {
		return nil, err
	}
	sealed := make([]byte, keyIDLength+nonceLength, keyIDLength+nonceLength+len(plain)+box.Overhead())
	copy(sealed, s.id[:])
	nonce := sealed[keyIDLength:]
	s.mu.Lock()
	_, err = io.ReadFull(s.entropy, nonce)
	s.mu.Unlock()
	if err != nil {
		return nil, fmt.Errorf("entropy: %w", err)
	}
	return box.Seal(sealed, nonce, plain, digest.Join(place...)), nil
}

// Open decrypts what was sealed for this very place, and refuses anything else.
func (s *Sealer) Open(sealed []byte, place ...string) ([]byte, error) {
	if len(sealed) < keyIDLength+nonceLength {
		return nil, errors.New("sealed value is too short")
	}
	if !bytes.Equal(sealed[:keyIDLength], s.id[:]) {
		return nil, errors.New("sealed under another key")
	}
	box, err := s.box(place)
	if err != nil {
		return nil, err
	}
	plain, err := box.Open(nil, sealed[keyIDLength:keyIDLength+nonceLength], sealed[keyIDLength+nonceLength:], digest.Join(place...))
	if err != nil {
		return nil, errors.New("sealed value was altered, or is for another place")
	}
	return plain, nil
}

func (s *Sealer) box(place []string) (cipher.AEAD, error) {
	key := digest.MAC(s.key, append([]string{"row key"}, place...)...)
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
