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
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// A challenge consists of its time, random bytes, and a MAC over both. Nothing is stored.
const (
	challengeTimeBytes   = 8 // bytes, Unix milliseconds
	challengeRandomBytes = 16
	challengeBytes       = challengeTimeBytes + challengeRandomBytes + sha256.Size
)

var strictBase64 = base64.RawURLEncoding.Strict()

// Challenge gives a nonce for the next launch context, and when it expires.
func (s *Service) Challenge() (nonce string, until time.Time, err error) {
	if err := s.prepare(); err != nil {
		return "", time.Time{}, err
	}
	now := s.Now()
	raw := make([]byte, challengeTimeBytes+challengeRandomBytes, challengeBytes)
	binary.BigEndian.PutUint64(raw, uint64(now.UnixMilli()))
	if _, err := io.ReadFull(s.Entropy, raw[challengeTimeBytes:]); err != nil {
		return "", time.Time{}, unavailable(fmt.Errorf("entropy: %w", err))
	}
	return strictBase64.EncodeToString(s.appendMAC(raw)), now.Add(ChallengeLifetime), nil
}

// checkChallenge passes when neither the context nor the request has a nonce, or both have the same one, which this
// server issued and which has not expired.
func (s *Service) checkChallenge(inContext, inRequest string) error {
	if inContext == "" && inRequest == "" {
		return nil
	}
	if !hmac.Equal([]byte(inContext), []byte(inRequest)) {
		return unusable("nonce", "does not answer the challenge")
	}
	raw, err := strictBase64.DecodeString(inContext)
	if err != nil || len(raw) != challengeBytes || strictBase64.EncodeToString(raw) != inContext {
		return unusable("nonce", "is not a challenge of this server")
	}
	if !hmac.Equal(raw, s.appendMAC(raw[:challengeTimeBytes+challengeRandomBytes:challengeTimeBytes+challengeRandomBytes])) {
		return unusable("nonce", "is not a challenge of this server")
	}
	issuedAt := time.UnixMilli(int64(binary.BigEndian.Uint64(raw)))
	age := s.Now().Sub(issuedAt)
	if age >= ChallengeLifetime || age < -launchcontext.Leeway {
		return &verify.Error{Code: verify.CodeContextExpired, Public: publicExpired, Err: errors.New("the challenge is too old")}
	}
	return nil
}

// appendMAC appends the MAC.
func (s *Service) appendMAC(raw []byte) []byte {
	h := hmac.New(sha256.New, s.challengeKey)
	h.Write(raw)
	return h.Sum(raw)
}
