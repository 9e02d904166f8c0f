// Package rest is the HTTP client that adapters of ticket systems share.
//
// Start with [New]. [Client.Do] makes one request and translates the answer: an outage is CodePSADown, a rate limit
// CodePSABusy with its delay, a redirect CodePSAMisconfigured. An [Error] is a refusal of the request itself, which the
// adapter translates. [EachPage] reads lists, [Share] makes one request for concurrent callers, and a [Cache] keeps
// answers.
//
// A request goes to the address that the adapter gives. No redirect is followed, and no link in an answer is.
package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// Limits of a request.
const (
	CallTimeout  = 5 * time.Second // the technician waits for the pod
	maxBodyBytes = 8 << 20         // of an answer: a page of contacts
)

// Config holds the dependencies of a client. All fields are required.
type Config struct {
	Product   psa.Product
	HTTP      *http.Client               // the client never lets it follow a redirect
	ErrorCode func(answer []byte) string // the product's own code in the answer of a refusal, as one word; empty: none
	Now       func() time.Time
	Entropy   io.Reader // for the keys of cached answers
}

// Client calls the API of one product. It must be made by New. Its methods are safe for concurrent use.
type Client struct {
	cfg     Config
	http    http.Client
	keyOf   [32]byte // the MAC key of Key
	flights singleflight.Group
}

// New makes a client.
func New(c Config) (*Client, error) {
	client := &Client{cfg: c, http: *c.HTTP}
	client.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if _, err := io.ReadFull(c.Entropy, client.keyOf[:]); err != nil {
		return nil, fmt.Errorf("%s: entropy: %w", c.Product.Name, err)
	}
	return client, nil
}

// Request is one request.
type Request struct {
	Name   string // in errors: the method and the path, without ids
	Method string
	URL    url.URL
	Header http.Header
	Body   any // as JSON; nil: none
}

// Do makes a request within CallTimeout, and decodes the answer of a successful one. CodePSADown, CodePSABusy,
// CodePSAMisconfigured; or ErrNoAPI, or an *Error.
func (c *Client) Do(ctx context.Context, r Request, into any) (http.Header, error) {
	var body io.Reader = http.NoBody
	if r.Body != nil {
		text, err := json.Marshal(r.Body)
		if err != nil {
			return nil, c.cfg.Product.Down(err)
		}
		body = bytes.NewReader(text)
	}
	answer, err := c.send(ctx, r, body)
	if err != nil {
		return nil, c.cfg.Product.Down(fmt.Errorf("%s: %s: %w", c.cfg.Product.Name, r.Name, err))
	}
	return answer.header, c.decode(r.Name, answer, into)
}

// response is a complete answer.
type response struct {
	status int
	header http.Header
	body   []byte
}

func (c *Client) send(ctx context.Context, r Request, body io.Reader) (response, error) {
	ctx, cancel := context.WithTimeout(ctx, CallTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, r.Method, r.URL.String(), body)
	if err != nil {
		return response{}, errors.New("the address can't be used")
	}
	if r.Header != nil {
		req.Header = r.Header
	}
	req.Header.Set("User-Agent", "Shieldpod")
	if body != http.NoBody {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err // without the address, which the caller adds in short form
		}
		return response{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := strictjson.Read(ctx, resp.Body, maxBodyBytes)
	switch {
	case strictjson.KindOf(err) == strictjson.TooLarge:
		return response{}, errors.New("the answer is too long")
	case err != nil:
		return response{}, err
	}
	return response{status: resp.StatusCode, header: resp.Header, body: text}, nil
}
