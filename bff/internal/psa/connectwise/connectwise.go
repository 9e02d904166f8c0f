// Package connectwise is the adapter of ConnectWise Manage, REST API 3.0. It returns launch contexts.
//
// Start with [New]. A [Client] verifies a member's session ([Client.VerifyMember]) and reads a ticket as that member
// ([Client.TicketAsMember]). With the tenant's own keys it reads tickets and contacts, writes notes, searches, and
// registers the pod on the ticket screens.
//
// The tenant's configuration alone ([Settings]) determines where a request goes: no value from a browser does, and no
// redirect is followed. An answer that can't be read as the API's is an error and is not cached.
package connectwise

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/shieldpod/shieldpod/bff/internal/cache"
	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

var (
	_ psa.Adapter = (*Client)(nil)
	_ psa.Writer  = (*Client)(nil)
)

// Config holds the dependencies of a client. All fields are required.
type Config struct {
	Connections psa.Connections
	HTTP        *http.Client // the client never lets it follow a redirect
	Now         func() time.Time
	Entropy     io.Reader // for the key of cached results
}

// Client calls the ConnectWise of each tenant that has connected it. It must be made by New.
type Client struct {
	cfg          Config
	http         http.Client
	digestKey    [32]byte // of cached results
	requests     singleflight.Group
	codebases    *cache.Cache[cacheKey, string]
	confirmed    *cache.Cache[cacheKey, verify.Technician]
	refused      *cache.Cache[cacheKey, error] // apart from the confirmed members, so that invented ones don't displace them
	contactLists *cache.Cache[cacheKey, []launchcontext.Contact]
}

// New makes a client.
func New(c Config) (*Client, error) {
	client := &Client{
		cfg: c, http: *c.HTTP,
		codebases:    cache.New[cacheKey, string](1000, 0),
		confirmed:    cache.New[cacheKey, verify.Technician](10_000, confirmedFor),
		refused:      cache.New[cacheKey, error](10_000, refusedFor),
		contactLists: cache.New[cacheKey, []launchcontext.Contact](1000, contactsUsableFor),
	}
	client.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if _, err := io.ReadFull(c.Entropy, client.digestKey[:]); err != nil {
		return nil, fmt.Errorf("connectwise: entropy: %w", err)
	}
	return client, nil
}

// connection is one tenant's connection, ready for requests.
type connection struct {
	Settings
	keys   Keys
	tenant string
	id     cacheKey // of the whole connection, so that no cached result of another one applies
}

// connect gives the tenant's connection. CodeNotFound: it has none.
func (c *Client) connect(ctx context.Context, t verify.Tenant) (*connection, error) {
	stored, err := c.cfg.Connections.Connection(ctx, t.ID, psa.ConnectWise)
	if err != nil {
		return nil, err
	}
	settings, err := ParseSettings(stored.Settings)
	if err != nil {
		return nil, misconfigured(fmt.Errorf("settings: %w", err))
	}
	keys, err := parseKeys(stored.Secret)
	if err != nil {
		return nil, misconfigured(fmt.Errorf("keys: %w", err))
	}
	return &connection{
		Settings: settings, keys: keys, tenant: t.ID,
		id: c.digest("link", t.ID, string(stored.Settings), string(stored.Secret)),
	}, nil
}

// connectWithKeys gives the tenant's connection with its own keys. CodeNotFound: there are none.
func (c *Client) connectWithKeys(ctx context.Context, t verify.Tenant) (*connection, error) {
	conn, err := c.connect(ctx, t)
	if err == nil && conn.keys == (Keys{}) {
		err = &verify.Error{Code: verify.CodeNotFound, Public: "ConnectWise is connected without API keys.", Err: errors.New("connectwise: no API keys")}
	}
	return conn, err
}

// connectHosted gives the tenant's connection for a pod in ConnectWise's own frame.
func (c *Client) connectHosted(ctx context.Context, t verify.Tenant) (*connection, error) {
	conn, err := c.connect(ctx, t)
	if verify.CodeOf(err) == verify.CodeNotFound {
		return nil, &verify.Error{
			Code: verify.CodePSAMisconfigured, Err: err,
			Public: "ConnectWise is not connected to Shieldpod. Ask your administrator to connect it.",
		}
	}
	return conn, err
}
