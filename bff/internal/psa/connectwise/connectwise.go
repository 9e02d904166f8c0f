// Package connectwise asks ConnectWise Manage, by its REST API 3.0, and tells what it answers in the shape of a
// launch context.
//
// Start with [New]. A [Client] proves who is at the screen ([Client.Prove]) and reads a ticket as that very member
// ([Client.Case]); by the tenant's own keys it reads tickets and contacts, writes notes, searches, and registers
// the pod on the ticket screens.
//
// Where a request goes is the tenant's configuration alone ([Settings]): nothing that a browser says leads it
// anywhere, and no redirect is followed. What can't be read as the API's answer is no answer: it fails closed and is
// not remembered.
package connectwise

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	launchcontext "github.com/shieldpod/shieldpod/sdk/context"
)

var (
	_ psa.Adapter = (*Client)(nil)
	_ psa.Writer  = (*Client)(nil)
)

// Config is what a client stands on. All fields are required.
type Config struct {
	Connections verify.Connections
	HTTP        *http.Client // its way out; it is never asked to follow a redirect
	Now         func() time.Time
	Entropy     io.Reader // for the key under which proofs are remembered
}

// Client asks the ConnectWise of each tenant that has connected it. It must be made by New.
type Client struct {
	cfg     Config
	http    http.Client
	key     [32]byte // of what is remembered of members
	flights singleflight.Group
	bases   memory[string]
	proofs  memory[proof]
	people  memory[[]launchcontext.Contact]
}

// New makes a client.
func New(c Config) (*Client, error) {
	client := &Client{cfg: c, http: *c.HTTP, bases: remember[string](1000), proofs: remember[proof](20_000), people: remember[[]launchcontext.Contact](1000)}
	client.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if _, err := io.ReadFull(c.Entropy, client.key[:]); err != nil {
		return nil, fmt.Errorf("connectwise: entropy: %w", err)
	}
	return client, nil
}

// link is one tenant's connection, ready to be asked over.
type link struct {
	Settings
	keys   Keys
	tenant string
	id     mark // of all of it: what was learnt over another connection does not count
}

// mark tells things apart, and can't be turned back into them.
type mark = [sha256.Size]byte

// link gives the tenant's connection. CodeNotFound: it has none.
func (c *Client) link(ctx context.Context, t verify.Tenant) (*link, error) {
	connection, err := c.cfg.Connections.Connection(ctx, t.ID, psa.ConnectWise)
	if err != nil {
		return nil, err
	}
	settings, err := ParseSettings(connection.Settings)
	if err != nil {
		return nil, setup(fmt.Errorf("settings: %w", err))
	}
	keys, err := parseKeys(connection.Secret)
	if err != nil {
		return nil, setup(fmt.Errorf("keys: %w", err))
	}
	return &link{
		Settings: settings, keys: keys, tenant: t.ID,
		id: c.mark("link", t.ID, string(connection.Settings), string(connection.Secret)),
	}, nil
}

// keyed gives the tenant's connection by its own keys. CodeNotFound: there are none.
func (c *Client) keyed(ctx context.Context, t verify.Tenant) (*link, error) {
	l, err := c.link(ctx, t)
	if err == nil && l.keys == (Keys{}) {
		err = &verify.Error{Code: verify.CodeNotFound, Public: "ConnectWise is connected without API keys.", Err: errors.New("connectwise: no API keys")}
	}
	return l, err
}

// hosting gives the tenant's connection to a pod in ConnectWise's own frame.
func (c *Client) hosting(ctx context.Context, t verify.Tenant) (*link, error) {
	l, err := c.link(ctx, t)
	if verify.CodeOf(err) == verify.CodeNotFound {
		return nil, &verify.Error{
			Code: verify.CodePSAMisconfigured, Err: err,
			Public: "ConnectWise is not connected to Shieldpod. Ask your administrator to connect it.",
		}
	}
	return l, err
}
