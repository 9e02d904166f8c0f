// Package client calls a Shieldpod server with a tenant's API key: policies and the directory of contacts.
//
// Start with [New]. A refusal of the server is an [*Error], whose Code says what to do.
package client

import (
	"context"
	"net/http"
	"time"

	"github.com/shieldpod/shieldpod/sdk/internal/openapi"
)

// DefaultTimeout bounds a request of a client without an HTTP client of its own.
const DefaultTimeout = 30 * time.Second

// Client calls one server for one tenant. It may be used from many goroutines.
type Client struct{ api *openapi.ClientWithResponses }

// Option changes a client.
type Option func(*options)

type options struct{ http *http.Client }

// WithHTTPClient sends the requests by c, in place of a client that follows no redirect and has the [DefaultTimeout].
func WithHTTPClient(c *http.Client) Option { return func(o *options) { o.http = c } }

// New makes a client of the server, such as https://pod.example, that sends the API key with each request.
func New(server, key string, list ...Option) (*Client, error) {
	o := options{http: &http.Client{
		Timeout:       DefaultTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // the key goes to this server only
	}}
	for _, option := range list {
		option(&o)
	}
	api, err := openapi.NewClientWithResponses(server, openapi.WithHTTPClient(o.http),
		openapi.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
			r.Header.Set("Authorization", "Bearer "+key)
			return nil
		}))
	if err != nil {
		return nil, err
	}
	return &Client{api: api}, nil
}
