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
	bearerType    = "pod-session+jwt"
	bearerMaxSize = 1 << 10
)

// bearerHeader is the only header that a bearer can have, as it stands in the token.
var bearerHeader = canonical.EncodeToString([]byte(`{"alg":"HS256","typ":"` + bearerType + `"}`))

// bearer is what a bearer says: the session's id, its tenant, and when the bearer ends.
type bearer struct {
	Session   string `json:"sid"`
	Tenant    string `json:"tid"`
	ExpiresAt int64  `json:"exp"`
}

// Authenticate gives the session of a bearer, and when the bearer ends. A session that was revoked
// elsewhere may be believed for half a second more.
// CodeSession: no such bearer, or its session was revoked. CodeSessionEnded: the bearer or its session has ended.
func (s *Service) Authenticate(ctx context.Context, token string) (verify.Session, time.Time, error) {
	if err := s.prepare(); err != nil {
		return verify.Session{}, time.Time{}, err
	}
	b, err := s.read(token)
	if err != nil {
		return verify.Session{}, time.Time{}, err
	}
	session, err := s.session(ctx, b.Session)
	switch {
	case err != nil:
		return verify.Session{}, time.Time{}, err
	case session.Desk.Tenant != b.Tenant:
		return verify.Session{}, time.Time{}, noSession(errors.New("the bearer names another tenant"))
	}
	return session, time.Unix(b.ExpiresAt, 0).UTC(), nil
}

// Renew gives a session that is still open a later bearer, never beyond the session's end.
// CodeSession: it was revoked. CodeSessionEnded: it has ended.
func (s *Service) Renew(ctx context.Context, session verify.Session) (token string, until time.Time, err error) {
	if err := s.prepare(); err != nil {
		return "", time.Time{}, err
	}
	open, err := s.session(ctx, session.ID)
	if err != nil {
		return "", time.Time{}, err
	}
	return s.write(open)
}

// End revokes a session: at once on this node, within a second on all.
func (s *Service) End(ctx context.Context, session verify.Session) error {
	if err := s.Sessions.EndSession(ctx, session.Desk.Tenant, session.ID); err != nil {
		return err
	}
	s.recent.drop(session.ID)
	return nil
}

// ForgetSessions has a tenant's sessions read anew: some were ended.
func (s *Service) ForgetSessions(tenant string) { s.recent.dropTenant(tenant) }

// session gives one that is open now, from memory if it was read a moment ago: what it says never changes.
func (s *Service) session(ctx context.Context, id string) (verify.Session, error) {
	now := s.Now()
	session, known := s.recent.get(id, now)
	if !known {
		var err error
		times := s.recent.times()
		session, err = s.Sessions.Session(ctx, id)
		switch {
		case verify.CodeOf(err) == verify.CodeNotFound:
			return verify.Session{}, noSession(err)
		case err != nil:
			return verify.Session{}, err
		}
		s.recent.put(session, now, times)
	}
	if !now.Before(session.EndsAt) {
		return verify.Session{}, sessionOver(nil)
	}
	return session, nil
}

// write makes a bearer for an open session.
func (s *Service) write(session verify.Session) (string, time.Time, error) {
	now := s.Now()
	until := now.Add(BearerLifetime)
	if until.After(session.EndsAt) {
		until = session.EndsAt
	}
	until = until.UTC().Truncate(time.Second)
	if !now.Before(until) {
		return "", time.Time{}, sessionOver(nil)
	}
	body, err := json.Marshal(bearer{Session: session.ID, Tenant: session.Desk.Tenant, ExpiresAt: until.Unix()})
	if err != nil {
		return "", time.Time{}, unavailable(err)
	}
	return s.signed(bearerHeader + "." + canonical.EncodeToString(body)), until, nil
}

// signed appends the signature.
func (s *Service) signed(text string) string {
	h := hmac.New(sha256.New, s.bearer)
	h.Write([]byte(text))
	return text + "." + canonical.EncodeToString(h.Sum(nil))
}

// read takes nothing but what write wrote. There is only one header and one spelling: the whole token is compared
// with what we would have signed, so that nothing of it is decoded before it is known to be our own.
func (s *Service) read(token string) (bearer, error) {
	text := token[:max(0, strings.LastIndexByte(token, '.'))]
	payload, ours := strings.CutPrefix(text, bearerHeader+".")
	if !ours || len(token) > bearerMaxSize || !hmac.Equal([]byte(token), []byte(s.signed(text))) {
		return bearer{}, noSession(errors.New("not a bearer of ours"))
	}
	body, err := canonical.DecodeString(payload)
	if err != nil {
		return bearer{}, noSession(err)
	}
	var b bearer
	if err := strictjson.Unmarshal(body, &b); err != nil {
		return bearer{}, noSession(err)
	}
	if !s.Now().Before(time.Unix(b.ExpiresAt, 0)) {
		return bearer{}, sessionOver(errors.New("the bearer has ended"))
	}
	return b, nil
}
