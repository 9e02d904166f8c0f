package launch

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// sealedSize bounds what is opened, in bytes of base64url.
const sealedSize = 4 << 10

func newSealing(secret []byte) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "shieldpod sign-in", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// sealed writes what only this server can read again, and only for the same purpose.
func (s *Service) sealed(purpose string, v any) (string, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return "", unavailable(err)
	}
	nonce := make([]byte, s.sealing.NonceSize(), s.sealing.NonceSize()+len(plain)+s.sealing.Overhead())
	if _, err := io.ReadFull(s.Entropy, nonce); err != nil {
		return "", unavailable(fmt.Errorf("entropy: %w", err))
	}
	return canonical.EncodeToString(s.sealing.Seal(nonce, nonce, plain, []byte(purpose))), nil
}

// unseal reads what sealed wrote.
func (s *Service) unseal(purpose, text string, v any) error {
	raw, err := canonical.DecodeString(text)
	if err != nil || len(text) > sealedSize || len(raw) < s.sealing.NonceSize() || canonical.EncodeToString(raw) != text {
		return errors.New("not sealed by this server")
	}
	nonce, sealed := raw[:s.sealing.NonceSize()], raw[s.sealing.NonceSize():]
	plain, err := s.sealing.Open(nil, nonce, sealed, []byte(purpose))
	if err != nil {
		return errors.New("not sealed by this server, or for another purpose")
	}
	return strictjson.Unmarshal(plain, v)
}
