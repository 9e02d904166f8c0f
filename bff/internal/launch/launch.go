// Package launch decides who may open a pod.
//
// Start with [Service]: Open verifies a launch context and exchanges it, once, for a pod session; OpenHosted does so
// for a member whom the ticket system confirms; Authenticate gives the session of a bearer; Renew extends it. The
// verified facts become the session's ticket context, and no later request can widen it. [Service.RecheckContact]
// compares a ticket context that was read from a ticket system with the ticket system's present data.
//
// A launch context and a bearer are both JWTs, and neither is accepted as the other: the type in the header differs,
// the keys differ, and each has its own parser. The bearer's parser accepts only what this package signed.
//
// Text for display (names, titles, labels, a ticket's summary) may come from e-mail subjects, so it is cleaned and not
// refused: control characters and line breaks become spaces, invisible characters and those that change the direction
// of writing are removed, and long text is cut. Invisible characters in addresses, numbers and URLs are ignored. Ids
// must be clean, otherwise the context is refused. A contact's address or number that is not certainly one destination
// receives no messages: the channel has a reason instead.
package launch

import (
	"context"
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

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/cache"
	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/seal"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// Lifetimes.
const (
	SessionLifetime   = 12 * time.Hour   // a shift; the limit of every bearer
	HostedLifetime    = time.Hour        // of a session without a context: afterwards the member is verified and the ticket read again
	BearerLifetime    = 15 * time.Minute // renewed while the ticket is open
	ChallengeLifetime = 5 * time.Minute
	// sessionCacheLifetime is how long a cached session is used. It is also the delay until a session that ended on another
	// node is refused.
	sessionCacheLifetime = time.Second / 2
)

// maxCachedSessions bounds the cache.
const maxCachedSessions = 4096

// Service opens pods. All exported fields are required except UnknownMembers and Log. A Service must not be copied after
// first use.
type Service struct {
	Tenants        Tenants
	Sessions       Sessions
	ChangeDetector ChangeDetector
	Hosted         Hosted
	Tickets        Tickets
	// Products are those whose tickets Shieldpod reads by itself. Ids of their people and clients get the product's name
	// as prefix.
	Products []psa.Product
	Client   *http.Client // from package egress, whose Timeout ends each request; for issuers' keys and sign-ins
	Audience string       // the public URL, which contexts must name exactly
	Secret   []byte       // 32 bytes; the keys of bearers and challenges are derived from it
	Now      func() time.Time
	Entropy  io.Reader
	Log      *slog.Logger // records ignored fields of a launch; nil: no log

	// UnknownMembers is called with an address that sends too many members whom the ticket system does not know; may be nil.
	UnknownMembers func(tenant string, from netip.Addr)

	prepareOnce   sync.Once
	prepareErr    error
	bearerKey     []byte
	challengeKey  []byte                               // for challenges
	memberHashKey []byte                               // for the keys of the rate limiter
	sessionCache  *cache.Cache[string, verify.Session] // by id; sessions of idle pods do not stay
	limiter       rateLimiter

	sealer     *seal.Sealer // encrypts the sign-in state in the browser
	issuerKeys *keySets
	providers  *fetchCache[*provider]
}

// Grant is the result of a launch.
type Grant struct {
	Token     string // the bearer
	ExpiresAt time.Time
	Session   verify.Session
}

// Open exchanges a launch context for a session, once. With a nonce, the context must contain that challenge; a context
// with a nonce requires the same nonce in the request. CodeContextExpired: the context or the challenge has expired.
// CodeContextReplayed: the context was used before. CodeContextInvalid: any other defect; an unknown tenant gives the
// same error as a bad key. The contacts of a context without contacts are read from the ticket system, with the
// refusals of Tickets; CodeContact: the context's contact is not among them. A refusal stores nothing, and the context
// stays unused.
func (s *Service) Open(ctx context.Context, contextToken, nonce string) (Grant, error) {
	return s.OpenAt(ctx, "", contextToken, nonce)
}

// OpenAt is Open on the page of a tenant, which must be the context's tenant; an empty page stands for any. On a page,
// OpenAt also accepts mapped tokens: tokens with claims of the issuer's own shape, which name no tenant. The refusal of
// a context is a [*Refusal] in the error's chain.
func (s *Service) OpenAt(ctx context.Context, page, contextToken, nonce string) (Grant, error) {
	if err := s.prepare(); err != nil {
		return Grant{}, err
	}
	grant, err := s.openAt(ctx, page, contextToken, nonce)
	if err != nil {
		return Grant{}, asRefusal(err, contextToken)
	}
	return grant, nil
}

func (s *Service) openAt(ctx context.Context, page, contextToken, nonce string) (Grant, error) {
	if typ, issuer, err := launchcontext.Peek(contextToken); err == nil && typ != launchcontext.Type && page != "" {
		return s.openMapped(ctx, page, issuer, contextToken, nonce)
	}
	claims, tenant, err := s.verifyToken(ctx, contextToken)
	if err != nil {
		return Grant{}, err
	}
	if page != "" && page != tenant.ID {
		return Grant{}, unusable("tid", "is not the tenant whose pod this is")
	}
	if err := s.checkChallenge(claims.Nonce, nonce); err != nil {
		return Grant{}, err
	}
	return s.openSession(ctx, tenant.Tenant, claims)
}

// openSession opens a session for the subject of a verified token, on the token's ticket.
func (s *Service) openSession(ctx context.Context, tenant verify.Tenant, claims launchcontext.Claims) (Grant, error) {
	if err := checkOrigin(tenant, claims.Origin); err != nil {
		return Grant{}, err
	}
	var err error
	x, onFile := claims.Context, claims.Context.Contacts == nil
	if onFile && x.Client.ID == "" {
		x, err = s.readTicket(ctx, tenant, x.PSA, x.Ticket.ID)
	} else if onFile {
		x.Contacts, err = s.readContacts(ctx, tenant, x)
	}
	if err != nil {
		return Grant{}, err
	}
	who := verify.Technician{ID: claims.Subject, Name: claims.Actor.Name, Email: claims.Actor.Email, Phone: claims.Actor.Phone}
	tc, err := s.newTicketContext(tenant, who, x, onFile)
	if err != nil {
		return Grant{}, err
	}
	// A jti is unique within its issuer. It is kept until no node's clock can accept the context any more.
	return s.grant(ctx, tenant, tc, sessionOptions{
		origin: claims.Origin, lifetime: SessionLifetime,
		jti: fmt.Sprintf("%q %q", claims.Issuer, claims.ID), jtiUntil: claims.ExpiresAt.Add(launchcontext.MaxLifetime),
	})
}

// checkOrigin refuses an origin that may not frame the tenant's pod. An empty origin is accepted: the page is not
// named.
func checkOrigin(tenant verify.Tenant, origin string) error {
	if origin != "" && !slices.Contains(tenant.Origins, origin) {
		return unusable("origin", "is not one of the tenant's")
	}
	return nil
}

// sessionOptions are the parameters of a new session.
type sessionOptions struct {
	origin   string
	lifetime time.Duration
	jti      string    // recorded as used; empty: none
	jtiUntil time.Time // how long the jti is kept
}

// grant opens a session for the ticket context.
func (s *Service) grant(ctx context.Context, t verify.Tenant, d verify.TicketContext, options sessionOptions) (Grant, error) {
	var err error
	if d.TakesNotes, err = s.Tickets.TakesNotes(ctx, t, d.Ticket.PSA); err != nil {
		return Grant{}, err
	}
	d, channels, err := s.ChangeDetector.FlagChangedChannels(ctx, d)
	if err != nil {
		return Grant{}, err
	}
	session, err := s.storeSession(ctx, d, channels, options)
	if err != nil {
		return Grant{}, err
	}
	token, until, err := s.issueBearer(session)
	return Grant{Token: token, ExpiresAt: until, Session: session}, err
}

// verifyToken checks the context against the keys of the tenant that it names.
func (s *Service) verifyToken(ctx context.Context, token string) (launchcontext.Claims, admin.Tenant, error) {
	var tenant admin.Tenant
	var down error
	claims, err := launchcontext.Verify(token, launchcontext.Expect{
		Audience: s.Audience,
		Now:      s.Now,
		Keys: func(u launchcontext.Unverified) (key launchcontext.VerificationKey, err error) {
			if tenant, err = s.Tenants.TenantSettings(ctx, u.Tenant); verify.CodeOf(err) == verify.CodeNotFound {
				return key, errors.New("no such tenant")
			}
			if err == nil {
				key, err = s.verificationKey(ctx, tenant, u.Issuer, u.KeyID)
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
	return claims, tenant, publicRefusal(err)
}

// storeSession stores the session in one commit with what the launch has found.
func (s *Service) storeSession(
	ctx context.Context, d verify.TicketContext, channels map[string][]verify.KnownChannel, options sessionOptions,
) (verify.Session, error) {
	var id [16]byte
	if _, err := io.ReadFull(s.Entropy, id[:]); err != nil {
		return verify.Session{}, unavailable(fmt.Errorf("entropy: %w", err))
	}
	now := s.Now().UTC().Truncate(time.Millisecond)
	session := verify.Session{
		ID: "s_" + base64.RawURLEncoding.EncodeToString(id[:]), Context: d, Origin: options.origin,
		OpenedAt: now, EndsAt: now.Add(options.lifetime),
	}
	first, err := s.Sessions.OpenSession(ctx,
		verify.NewSession{Session: session, JTI: options.jti, JTIUntil: options.jtiUntil, Channels: channels})
	switch {
	case verify.CodeOf(err) == verify.CodeContextReplayed:
		return verify.Session{}, &verify.Error{Code: verify.CodeContextReplayed, Public: publicReplayed, Err: err}
	case err != nil:
		return verify.Session{}, err
	}
	session.FirstOpen = first
	s.sessionCache.Put(session.ID, session, now)
	return session, nil
}

// prepare derives the keys once. Every call fails if the secret is not valid.
func (s *Service) prepare() error {
	s.prepareOnce.Do(func() {
		s.sessionCache = cache.New[string, verify.Session](maxCachedSessions, sessionCacheLifetime)
		s.issuerKeys, s.providers = newFetchCache[[]launchcontext.VerificationKey](), newFetchCache[*provider]()
		if len(s.Secret) != 32 || s.Audience == "" {
			s.prepareErr = unavailable(errors.New("launch needs an audience and a secret of 32 bytes"))
			return
		}
		var errBearer, errChallenge, errMember, errSignIn, errSealer error
		var signInKey []byte
		s.bearerKey, errBearer = hkdf.Key(sha256.New, s.Secret, nil, "shieldpod pod-session bearer", 32)
		s.challengeKey, errChallenge = hkdf.Key(sha256.New, s.Secret, nil, "shieldpod launch challenge", 32)
		s.memberHashKey, errMember = hkdf.Key(sha256.New, s.Secret, nil, "shieldpod hosted member", 32)
		signInKey, errSignIn = hkdf.Key(sha256.New, s.Secret, nil, "shieldpod sign-in", 32)
		s.sealer, errSealer = seal.New(signInKey, s.Entropy)
		if err := errors.Join(errBearer, errChallenge, errMember, errSignIn, errSealer); err != nil {
			s.prepareErr = unavailable(err)
		}
	})
	return s.prepareErr
}
