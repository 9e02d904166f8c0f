package launch

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

const (
	bearerType    = "pod-session+jwt"
	bearerMaxSize = 1 << 10
)

// bearerHeader is the only header that a bearer can have.
var bearerHeader = base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"` + bearerType + `"}`))

// bearer is what a bearer says: the session's id, its tenant, and when the bearer ends.
type bearer struct {
	Session   string `json:"sid"`
	Tenant    string `json:"tid"`
	ExpiresAt int64  `json:"exp"`
}

// Authenticate gives the session of a bearer, and when the bearer ends. A session that was revoked
// elsewhere may be believed for five seconds more.
// CodeSession: no such bearer, or its session was revoked. CodeSessionOver: the bearer or its session has ended.
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
// CodeSession: it was revoked. CodeSessionOver: it has ended.
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

// End revokes a session: at once on this node, within five seconds on all.
func (s *Service) End(ctx context.Context, session verify.Session) error {
	if err := s.Sessions.EndSession(ctx, session.Desk.Tenant, session.ID); err != nil {
		return err
	}
	s.recent.drop(session.ID)
	return nil
}

// session gives one that is open now, from memory if it was read a moment ago: what it says never changes.
func (s *Service) session(ctx context.Context, id string) (verify.Session, error) {
	now := s.Now()
	session, known := s.recent.get(id, now)
	if !known {
		var err error
		session, err = s.Sessions.Session(ctx, id)
		switch {
		case verify.CodeOf(err) == verify.CodeNotFound:
			return verify.Session{}, noSession(err)
		case err != nil:
			return verify.Session{}, err
		}
		s.recent.put(session, now)
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
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, &bearer{Session: session.ID, Tenant: session.Desk.Tenant, ExpiresAt: until.Unix()})
	t.Header["typ"] = bearerType
	token, err := t.SignedString(s.bearer)
	if err != nil {
		return "", time.Time{}, unavailable(err)
	}
	return token, until, nil
}

// read takes nothing but what write wrote: the very header, the claims byte by byte, our signature.
func (s *Service) read(token string) (bearer, error) {
	header, rest, _ := strings.Cut(token, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	if len(token) > bearerMaxSize || header != bearerHeader || signature == "" || strings.ContainsAny(token, "\r\n") {
		return bearer{}, noSession(errors.New("not a bearer of ours"))
	}
	body, err := canonical.DecodeString(payload)
	if err != nil {
		return bearer{}, noSession(errors.New("not a bearer of ours"))
	}
	var b bearer
	if err := json.Unmarshal(body, (*plain)(&b)); err != nil {
		return bearer{}, noSession(errors.New("not a bearer of ours"))
	}
	if again, err := json.Marshal(b); err != nil || !bytes.Equal(again, body) {
		return bearer{}, noSession(errors.New("not a bearer of ours"))
	}
	_, err = s.parser.ParseWithClaims(token, &b, func(*jwt.Token) (any, error) { return s.bearer, nil })
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return bearer{}, sessionOver(err)
	case err != nil:
		return bearer{}, noSession(err)
	}
	return b, nil
}

func bearerParser(now func() time.Time) *jwt.Parser {
	return jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithStrictDecoding(),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(now),
	)
}

// plain is a bearer that encoding/json reads.
type plain bearer

// UnmarshalJSON leaves the bearer as it is: golang-jwt is shown claims that are read already.
func (*bearer) UnmarshalJSON([]byte) error { return nil }

// GetExpirationTime gives exp.
func (b *bearer) GetExpirationTime() (*jwt.NumericDate, error) {
	return jwt.NewNumericDate(time.Unix(b.ExpiresAt, 0)), nil
}

// GetIssuedAt gives none.
func (*bearer) GetIssuedAt() (*jwt.NumericDate, error) { return nil, nil }

// GetNotBefore gives none.
func (*bearer) GetNotBefore() (*jwt.NumericDate, error) { return nil, nil }

// GetIssuer gives none.
func (*bearer) GetIssuer() (string, error) { return "", nil }

// GetSubject gives none.
func (*bearer) GetSubject() (string, error) { return "", nil }

// GetAudience gives none.
func (*bearer) GetAudience() (jwt.ClaimStrings, error) { return nil, nil }
