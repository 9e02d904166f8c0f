package launch

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

const (
	bearerType     = "pod-session+jwt"
	maxBearerBytes = 1 << 10
)

// bearerHeader is the only header that a bearer can have, as it is written in the token.
var bearerHeader = strictBase64.EncodeToString([]byte(`{"alg":"HS256","typ":"` + bearerType + `"}`))

// bearer holds the claims of a bearer token: the session's id, its tenant, and when the bearer expires.
type bearer struct {
	Session   string `json:"sid"`
	Tenant    string `json:"tid"`
	ExpiresAt int64  `json:"exp"`
}

// Authenticate gives the session of a bearer, and when the bearer expires. A session that was revoked on another node
// may be accepted for half a second more. CodeSession: the bearer is unknown, or its session was revoked.
// CodeSessionEnded: the bearer or its session has expired.
func (s *Service) Authenticate(ctx context.Context, token string) (verify.Session, time.Time, error) {
	if err := s.prepare(); err != nil {
		return verify.Session{}, time.Time{}, err
	}
	b, err := s.parseBearer(token)
	if err != nil {
		return verify.Session{}, time.Time{}, err
	}
	session, err := s.lookUpSession(ctx, b.Session)
	switch {
	case err != nil:
		return verify.Session{}, time.Time{}, err
	case session.Context.Tenant != b.Tenant:
		return verify.Session{}, time.Time{}, sessionRefusal(errors.New("the bearer names another tenant"))
	}
	return session, time.Unix(b.ExpiresAt, 0).UTC(), nil
}

// Renew issues a later bearer for a session that is still open. The bearer never outlives the session. CodeSession: the
// session was revoked. CodeSessionEnded: the session has expired.
func (s *Service) Renew(ctx context.Context, session verify.Session) (token string, until time.Time, err error) {
	if err := s.prepare(); err != nil {
		return "", time.Time{}, err
	}
	open, err := s.lookUpSession(ctx, session.ID)
	if err != nil {
		return "", time.Time{}, err
	}
	return s.issueBearer(open)
}

// End revokes a session: at once on this node, within a second on all nodes.
func (s *Service) End(ctx context.Context, session verify.Session) error {
	if err := s.Sessions.EndSession(ctx, session.Context.Tenant, session.ID); err != nil {
		return err
	}
	if err := s.prepare(); err != nil {
		return err
	}
	s.sessionCache.Remove(session.ID)
	return nil
}

// ForgetSessions drops a tenant's sessions from the cache, so that the next request reads them from the store.
func (s *Service) ForgetSessions(tenant string) {
	if s.prepare() == nil {
		s.sessionCache.RemoveFunc(func(_ string, session verify.Session) bool { return session.Context.Tenant == tenant })
	}
}

// lookUpSession gives an open session. A session that was read within sessionCacheLifetime comes from the cache: its
// content never changes.
func (s *Service) lookUpSession(ctx context.Context, id string) (verify.Session, error) {
	now := s.Now()
	session, err := s.sessionCache.Load(ctx, id, now, func() (verify.Session, error) { return s.Sessions.Session(ctx, id) })
	if err != nil {
		if verify.CodeOf(err) == verify.CodeNotFound {
			err = sessionRefusal(err)
		}
		return verify.Session{}, err
	}
	if !now.Before(session.EndsAt) {
		return verify.Session{}, sessionEnded(nil)
	}
	return session, nil
}

// issueBearer makes a bearer for an open session.
func (s *Service) issueBearer(session verify.Session) (string, time.Time, error) {
	now := s.Now()
	until := now.Add(BearerLifetime)
	if until.After(session.EndsAt) {
		until = session.EndsAt
	}
	until = until.UTC().Truncate(time.Second)
	if !now.Before(until) {
		return "", time.Time{}, sessionEnded(nil)
	}
	body, err := json.Marshal(bearer{Session: session.ID, Tenant: session.Context.Tenant, ExpiresAt: until.Unix()})
	if err != nil {
		return "", time.Time{}, unavailable(err)
	}
	return s.signBearer(bearerHeader + "." + strictBase64.EncodeToString(body)), until, nil
}

// signBearer appends the signature.
func (s *Service) signBearer(text string) string {
	h := hmac.New(sha256.New, s.bearerKey)
	h.Write([]byte(text))
	return text + "." + strictBase64.EncodeToString(h.Sum(nil))
}

// parseBearer accepts only what issueBearer wrote. There is one header and one spelling: the whole token is compared
// with the expected signature, so no part of it is decoded before it is authenticated.
func (s *Service) parseBearer(token string) (bearer, error) {
	text := token[:max(0, strings.LastIndexByte(token, '.'))]
	payload, ours := strings.CutPrefix(text, bearerHeader+".")
	if !ours || len(token) > maxBearerBytes || !hmac.Equal([]byte(token), []byte(s.signBearer(text))) {
		return bearer{}, sessionRefusal(errors.New("not a bearer of ours"))
	}
	body, err := strictBase64.DecodeString(payload)
	if err != nil {
		return bearer{}, sessionRefusal(err)
	}
	var b bearer
	if err := strictjson.Unmarshal(body, &b); err != nil {
		return bearer{}, sessionRefusal(err)
	}
	if !s.Now().Before(time.Unix(b.ExpiresAt, 0)) {
		return bearer{}, sessionEnded(errors.New("the bearer has ended"))
	}
	return b, nil
}
