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

// maxSealedBytes bounds sealed text, in bytes of base64url.
const maxSealedBytes = 4 << 10

func newAEAD(secret []byte) (cipher.AEAD, error) {
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

// seal encrypts a value. Only this server can read it again, and only for the same purpose.
func (s *Service) seal(purpose string, v any) (string, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return "", unavailable(err)
	}
	nonce := make([]byte, s.aead.NonceSize(), s.aead.NonceSize()+len(plain)+s.aead.Overhead())
	if _, err := io.ReadFull(s.Entropy, nonce); err != nil {
		return "", unavailable(fmt.Errorf("entropy: %w", err))
	}
	return strictBase64.EncodeToString(s.aead.Seal(nonce, nonce, plain, []byte(purpose))), nil
}

// unseal reads what seal wrote.
func (s *Service) unseal(purpose, text string, v any) error {
	raw, err := strictBase64.DecodeString(text)
	if err != nil || len(text) > maxSealedBytes || len(raw) < s.aead.NonceSize() || strictBase64.EncodeToString(raw) != text {
		return errors.New("not sealed by this server")
	}
	nonce, sealed := raw[:s.aead.NonceSize()], raw[s.aead.NonceSize():]
	plain, err := s.aead.Open(nil, nonce, sealed, []byte(purpose))
	if err != nil {
		return errors.New("not sealed by this server, or for another purpose")
	}
	return strictjson.Unmarshal(plain, v)
}
