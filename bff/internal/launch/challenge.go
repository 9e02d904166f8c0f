package launch

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
	launchcontext "github.com/shieldpod/shieldpod/sdk/context"
)

// A challenge is its moment, some chance, and a MAC over both: nothing of it needs to be stored.
const (
	challengeStamp  = 8 // bytes, Unix milliseconds
	challengeChance = 16
	challengeSize   = challengeStamp + challengeChance + sha256.Size
)

var canonical = base64.RawURLEncoding.Strict()

// Challenge gives a nonce for the next launch context, and until when it is good.
func (s *Service) Challenge() (nonce string, until time.Time, err error) {
	if err := s.prepare(); err != nil {
		return "", time.Time{}, err
	}
	now := s.Now()
	raw := make([]byte, challengeStamp+challengeChance, challengeSize)
	binary.BigEndian.PutUint64(raw, uint64(now.UnixMilli()))
	if _, err := io.ReadFull(s.Entropy, raw[challengeStamp:]); err != nil {
		return "", time.Time{}, unavailable(fmt.Errorf("entropy: %w", err))
	}
	return canonical.EncodeToString(s.seal(raw)), now.Add(ChallengeLifetime), nil
}

// checkChallenge holds when neither side speaks of a nonce, or both give the same one, which is ours and not too old.
func (s *Service) checkChallenge(answered, asked string) error {
	if answered == "" && asked == "" {
		return nil
	}
	if !hmac.Equal([]byte(answered), []byte(asked)) {
		return unusable("nonce", "does not answer the challenge")
	}
	raw, err := canonical.DecodeString(answered)
	if err != nil || len(raw) != challengeSize || canonical.EncodeToString(raw) != answered {
		return unusable("nonce", "is not a challenge of this server")
	}
	if !hmac.Equal(raw, s.seal(raw[:challengeStamp+challengeChance:challengeStamp+challengeChance])) {
		return unusable("nonce", "is not a challenge of this server")
	}
	asOf := time.UnixMilli(int64(binary.BigEndian.Uint64(raw)))
	age := s.Now().Sub(asOf)
	if age >= ChallengeLifetime || age < -launchcontext.Leeway {
		return &verify.Error{Code: verify.CodeContextExpired, Public: publicExpired, Err: errors.New("the challenge is too old")}
	}
	return nil
}

// seal appends the MAC.
func (s *Service) seal(raw []byte) []byte {
	h := hmac.New(sha256.New, s.answer)
	h.Write(raw)
	return h.Sum(raw)
}
