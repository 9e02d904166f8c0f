// Package launch decides who may open a pod.
//
// Start with [Service]: Open proves a launch context and exchanges it, once, for a
// pod session; OpenHosted does so for a member whom the ticket system itself vouches
// for; Authenticate tells whose session a bearer names; Renew prolongs it.
// What was vouched for becomes a [verify.Desk], and nothing that a browser says
// later can widen it. [Service.Confirm] holds a desk that was read from a ticket
// system against what the ticket system has now.
//
// A launch context and a bearer are both JWTs, and neither ever passes for the
// other: the type in the header says what each is for, the keys differ, and each has
// a reader of its own. The bearer's takes, letter by letter, only what this package signed.
//
// Text that people read (names, titles, labels, a ticket's summary) comes from
// wherever the ticket system got it, e-mail subjects included, so it is cleaned and not
// refused: controls and line breaks become spaces, characters that are invisible or
// change the direction of writing vanish, and what is too long is cut. Addresses, numbers
// and URLs are read as if their invisible characters were not there. Ids must be clean
// already, or the context is refused. A contact's address or number that is not certainly
// one destination is no channel that a message is sent to: it has its reason instead.
package launch

import (
	"context"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
	launchcontext "github.com/shieldpod/shieldpod/sdk/context"
)

// How long things last.
const (
	SessionLifetime   = 12 * time.Hour   // a shift; no bearer outlives it
	HostedLifetime    = time.Hour        // of a session without a context: the member is proven anew, and the ticket read
	BearerLifetime    = 15 * time.Minute // renewed while the ticket is open
	ChallengeLifetime = 5 * time.Minute
	recheck           = time.Second / 2 // how long a session may be believed without asking again: an ended one, too
)

// Service opens pods. All exported fields are required but Strangers, and Hosted, which is nil where no ticket system hosts pods; it
// must not be copied once used.
type Service struct {
	Tenants    verify.Tenants
	Sessions   Sessions
	Recogniser Recogniser
	Hosted     Hosted
	Tickets    Tickets
	Client     *http.Client // package outward's, for issuers' keys and sign-ins
	Audience   string       // the public URL, which contexts must name exactly
	Secret     []byte       // 32 bytes: what bearers and challenges are signed under derives from it
	Now        func() time.Time
	Entropy    io.Reader
	Log        *slog.Logger // of what a launch leaves out; nil: nothing is logged

	// Strangers is told of an address that asks for too many members whom the ticket system does not know; may be nil.
	Strangers func(tenant string, from netip.Addr)

	ready  sync.Once
	fault  error
	bearer []byte // key
	answer []byte // key of challenges
	member []byte // key of what the gate remembers
	recent recall
	gate   gate

	sealing   cipher.AEAD // of what a sign-in leaves in the browser's hands
	published keySets
	providers shelf[*provider]
}

// Grant is what a launch gives.
type Grant struct {
	Token     string // the bearer
	ExpiresAt time.Time
	Session   verify.Session
}

// Open exchanges a launch context for a session, once. With a nonce, the context must answer that very challenge;
// a context with a nonce needs the request to bring it, too.
// CodeContextExpired: the context or the challenge is too old. CodeContextReplayed: it was used before.
// CodeContextInvalid: anything else that is wrong with it; an unknown tenant is told like a bad key. A context without
// contacts has them read from the ticket system, with the refusals of Tickets; CodeContact: its own contact is not
// among them. Whatever the refusal, nothing is stored, and the context is not spent.
func (s *Service) Open(ctx context.Context, contextToken, nonce string) (Grant, error) {
	return s.OpenAt(ctx, "", contextToken, nonce)
}

// OpenAt is Open on the page of a tenant, whose the context must be; an empty tenant stands for any. On a page it also
// takes tokens of the tenant's issuers that sign claims of their own shape, which name no tenant.
// The refusal of a context is a [*Refusal] in the error's chain.
func (s *Service) OpenAt(ctx context.Context, page, contextToken, nonce string) (Grant, error) {
	if err := s.prepare(); err != nil {
		return Grant{}, err
	}
	grant, err := s.openAt(ctx, page, contextToken, nonce)
	if err != nil {
		return Grant{}, explained(err, contextToken)
	}
	return grant, nil
}

func (s *Service) openAt(ctx context.Context, page, contextToken, nonce string) (Grant, error) {
	if typ, issuer, err := launchcontext.Peek(contextToken); err == nil && typ != launchcontext.Type && page != "" {
		return s.openForeign(ctx, page, issuer, contextToken, nonce)
	}
	claims, tenant, err := s.prove(ctx, contextToken)
	if err != nil {
		return Grant{}, err
	}
	if page != "" && page != tenant.ID {
		return Grant{}, unusable("tid", "is not the tenant whose pod this is")
	}
	if err := s.checkChallenge(claims.Nonce, nonce); err != nil {
		return Grant{}, err
	}
	return s.admit(ctx, tenant, claims)
}

// admit opens a session for whom a proven token names, on the ticket that it names.
func (s *Service) admit(ctx context.Context, tenant verify.Tenant, claims launchcontext.Claims) (Grant, error) {
	if err := checkOrigin(tenant, claims.Origin); err != nil {
		return Grant{}, err
	}
	var err error
	x, filed := claims.Context, claims.Context.Contacts == nil
	if filed && x.Client.ID == "" {
		x, err = s.lookUp(ctx, tenant, x.PSA, x.Ticket.ID)
	} else if filed {
		x.Contacts, err = s.onFile(ctx, tenant, x)
	}
	if err != nil {
		return Grant{}, err
	}
	who := verify.Technician{ID: claims.Subject, Name: claims.Actor.Name, Email: claims.Actor.Email, Phone: claims.Actor.Phone}
	desk, err := deskOf(tenant, who, x, filed, s.Now(), s.Log)
	if err != nil {
		return Grant{}, err
	}
	// A jti is unique within its issuer. It is remembered beyond the last moment at which any
	// node's clock could still accept the context.
	return s.grant(ctx, tenant, desk, proof{
		origin: claims.Origin, lasts: SessionLifetime,
		jti: fmt.Sprintf("%q %q", claims.Issuer, claims.ID), until: claims.ExpiresAt.Add(launchcontext.MaxLifetime),
	})
}

// checkOrigin refuses a page that may not frame the tenant's pod. An empty origin stands for a page that is not named.
func checkOrigin(tenant verify.Tenant, origin string) error {
	if origin != "" && !slices.Contains(tenant.Origins, origin) {
		return unusable("origin", "is not one of the tenant's")
	}
	return nil
}

// proof is what a session stands on.
type proof struct {
	origin string
	lasts  time.Duration
	jti    string    // to be spent; empty: there is none
	until  time.Time // it is remembered
}

// grant opens a session of the desk.
func (s *Service) grant(ctx context.Context, t verify.Tenant, d verify.Desk, p proof) (Grant, error) {
	var err error
	if d.TakesNotes, err = s.Tickets.TakesNotes(ctx, t, d.Ticket.PSA); err != nil {
		return Grant{}, err
	}
	if d, err = s.Recogniser.Recognise(ctx, d); err != nil {
		return Grant{}, err
	}
	session, err := s.open(ctx, d, p)
	if err != nil {
		return Grant{}, err
	}
	token, until, err := s.write(session)
	return Grant{Token: token, ExpiresAt: until, Session: session}, err
}

// prove checks the context against the keys of the tenant that it names.
func (s *Service) prove(ctx context.Context, token string) (launchcontext.Claims, verify.Tenant, error) {
	var tenant verify.Tenant
	var down error
	claims, err := launchcontext.Verify(token, launchcontext.Expect{
		Audience: s.Audience,
		Now:      s.Now,
		Keys: func(u launchcontext.Unverified) (key launchcontext.VerificationKey, err error) {
			if tenant, err = s.Tenants.Tenant(ctx, u.Tenant); verify.CodeOf(err) == verify.CodeNotFound {
				return key, errors.New("no such tenant")
			}
			if err == nil {
				key, err = s.key(ctx, tenant, u.Issuer, u.KeyID)
			}
			if verify.CodeOf(err) != "" {
				down = err
			}
			return key, err
		},
	})
	if down != nil {
		err = down
	}
	return claims, tenant, refused(err)
}

func (s *Service) open(ctx context.Context, d verify.Desk, p proof) (verify.Session, error) {
	var id [16]byte
	if _, err := io.ReadFull(s.Entropy, id[:]); err != nil {
		return verify.Session{}, unavailable(fmt.Errorf("entropy: %w", err))
	}
	now := s.Now().UTC().Truncate(time.Millisecond)
	session := verify.Session{
		ID: "s_" + base64.RawURLEncoding.EncodeToString(id[:]), Desk: d, Origin: p.origin,
		OpenedAt: now, EndsAt: now.Add(p.lasts),
	}
	first, err := s.Sessions.OpenSession(ctx, session, p.jti, p.until)
	switch {
	case verify.CodeOf(err) == verify.CodeContextReplayed:
		return verify.Session{}, &verify.Error{Code: verify.CodeContextReplayed, Public: publicReplayed, Err: err}
	case err != nil:
		return verify.Session{}, err
	}
	session.FirstOpen = first
	s.recent.put(session, now, s.recent.times())
	return session, nil
}

// prepare derives the keys, once; every call fails when the secret is not what it must be.
func (s *Service) prepare() error {
	s.ready.Do(func() {
		if len(s.Secret) != 32 || s.Audience == "" {
			s.fault = unavailable(errors.New("launch needs an audience and a secret of 32 bytes"))
			return
		}
		var errBearer, errAnswer, errMember, errSealing error
		s.bearer, errBearer = hkdf.Key(sha256.New, s.Secret, nil, "shieldpod pod-session bearer", 32)
		s.answer, errAnswer = hkdf.Key(sha256.New, s.Secret, nil, "shieldpod launch challenge", 32)
		s.member, errMember = hkdf.Key(sha256.New, s.Secret, nil, "shieldpod hosted member", 32)
		s.sealing, errSealing = newSealing(s.Secret)
		if err := errors.Join(errBearer, errAnswer, errMember, errSealing); err != nil {
			s.fault = unavailable(err)
		}
	})
	return s.fault
}
