package launch

import (
	"encoding/json"
	"errors"

	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// maxSealedBytes bounds sealed text, in bytes of base64url.
const maxSealedBytes = 4 << 10

// seal encrypts a value. Only this server can read it again, and only for the same purpose.
func (s *Service) seal(purpose string, v any) (string, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return "", unavailable(err)
	}
	sealed, err := s.sealer.Seal(plain, purpose)
	if err != nil {
		return "", unavailable(err)
	}
	return strictBase64.EncodeToString(sealed), nil
}

// unseal reads what seal wrote.
func (s *Service) unseal(purpose, text string, v any) error {
	sealed, err := strictBase64.DecodeString(text)
	if err != nil || len(text) > maxSealedBytes || strictBase64.EncodeToString(sealed) != text {
		return errors.New("not sealed by this server")
	}
	plain, err := s.sealer.Open(sealed, purpose)
	if err != nil {
		return err
	}
	return strictjson.Unmarshal(plain, v)
}
