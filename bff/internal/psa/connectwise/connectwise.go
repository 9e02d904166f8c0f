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

	"github.com/shieldpod/shieldpod/bff/internal/cache"
	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/psa/rest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// Product names ConnectWise.
var Product = psa.Product{Name: "connectwise", Title: "ConnectWise"}

var (
	_ psa.Adapter        = (*Client)(nil)
	_ psa.MemberVerifier = (*Client)(nil)
	_ psa.Searcher       = (*Client)(nil)
	_ psa.Writer         = (*Client)(nil)
	_ psa.Checker        = (*Client)(nil)
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
	rest         *rest.Client
	codebases    *cache.Cache[rest.Key, string]
	confirmed    *cache.Cache[rest.Key, verify.Technician]
	refused      *cache.Cache[rest.Key, error] // apart from the confirmed members, so that invented ones don't displace them
	contactLists *rest.Cache[[]launchcontext.Contact]
}

// New makes a client.
func New(c Config) (*Client, error) {
	client, err := rest.New(rest.Config{Product: Product, HTTP: c.HTTP, ErrorCode: errorCode, Now: c.Now, Entropy: c.Entropy})
	if err != nil {
		return nil, err
	}
	return &Client{
		cfg: c, rest: client,
		codebases:    cache.New[rest.Key, string](1000, 0),
		confirmed:    cache.New[rest.Key, verify.Technician](10_000, confirmedFor),
		refused:      cache.New[rest.Key, error](10_000, refusedFor),
		contactLists: rest.NewCache[[]launchcontext.Contact](client, 1000, contactsFreshFor, contactsUsableFor),
	}, nil
}

// Product implements [psa.Adapter].
func (c *Client) Product() psa.Product { return Product }

// connection is one tenant's connection, ready for requests.
type connection struct {
	Settings
	keys   Keys
	tenant string
	id     rest.Key // of the whole connection, so that no cached result of another one applies
}

// connect gives the tenant's connection. CodeNotFound: it has none.
func (c *Client) connect(ctx context.Context, t verify.Tenant) (*connection, error) {
	stored, err := c.cfg.Connections.Connection(ctx, t.ID, Product.Name)
	if err != nil {
		return nil, err
	}
	settings, err := ParseSettings(stored.Settings)
	if err != nil {
		return nil, Product.Misconfigured(fmt.Errorf("settings: %w", err))
	}
	keys, err := parseKeys(stored.Secret)
	if err != nil {
		return nil, Product.Misconfigured(fmt.Errorf("keys: %w", err))
	}
	return &connection{
		Settings: settings, keys: keys, tenant: t.ID,
		id: c.rest.Key("link", t.ID, string(stored.Settings), string(stored.Secret)),
	}, nil
}

// connectWithKeys gives the tenant's connection with its own keys. CodeNotFound: there are none.
func (c *Client) connectWithKeys(ctx context.Context, t verify.Tenant) (*connection, error) {
	conn, err := c.connect(ctx, t)
	if err == nil && conn.keys == (Keys{}) {
		err = Product.NoKeys(errors.New("connectwise: no API keys"))
	}
	return conn, err
}

// connectHosted gives the tenant's connection for a pod in ConnectWise's own frame.
func (c *Client) connectHosted(ctx context.Context, t verify.Tenant) (*connection, error) {
	conn, err := c.connect(ctx, t)
	if verify.CodeOf(err) == verify.CodeNotFound {
		return nil, Product.NotConnected(err)
	}
	return conn, err
}
