package connectwise

import (
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"regexp"

	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/psa/rest"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// request is one call of the API.
type request struct {
	method string
	path   string // below …/apis/3.0
	query  url.Values
	body   any // as JSON; nil: none
	as     credentials
}

// credentials are the headers that authenticate a request.
type credentials http.Header

// asKeys uses the tenant's API member.
func (conn *connection) asKeys() credentials {
	basicAuth := base64.StdEncoding.EncodeToString([]byte(conn.Company + "+" + conn.keys.Public + ":" + conn.keys.Private))
	return credentials{"Authorization": {"Basic " + basicAuth}}
}

// asMember uses a member's live session. The company is the tenant's, not the browser's.
func (conn *connection) asMember(m psa.Member) credentials {
	cookie := "companyName=" + conn.Company + "; memberId=" + m.ID + "; memberHash=" + m.Credential + "; memberContext=" + m.Context
	return credentials{"Cookie": {cookie}}
}

// call makes a request and decodes the answer. When the API has moved, it discovers the new path and repeats the
// request. CodePSADown, CodePSABusy, CodePSAMisconfigured; or a *rest.Error, which callers translate.
func (c *Client) call(ctx context.Context, conn *connection, r request, into any) (http.Header, error) {
	codebase, err := c.codebase(ctx, conn)
	if err != nil {
		return nil, err
	}
	header, err := c.try(ctx, conn, codebase, r, into)
	if !errors.Is(err, rest.ErrNoAPI) {
		return header, err
	}
	newBase, discovery := c.discoverCodebase(ctx, conn)
	if discovery != nil {
		return nil, discovery
	}
	if newBase != codebase {
		header, err = c.try(ctx, conn, newBase, r, into)
	}
	if errors.Is(err, rest.ErrNoAPI) {
		return nil, Product.Misconfigured(err)
	}
	return header, err
}

// idsInPath finds ids in a path: they are left out of errors.
var idsInPath = regexp.MustCompile(`/[0-9]+`)

func (c *Client) try(ctx context.Context, conn *connection, base string, r request, into any) (http.Header, error) {
	at := conn.api()
	at.Path = "/" + base + "/apis/3.0" + r.path
	at.RawQuery = r.query.Encode()
	name := r.method + " " + idsInPath.ReplaceAllString(r.path, "/{id}")
	return c.rest.Do(ctx, rest.Request{Name: name, Method: r.method, URL: at, Header: conn.header(r.as), Body: r.body}, into)
}

// header gives the headers of a request. Without credentials it is an anonymous one.
func (conn *connection) header(as credentials) http.Header {
	h := http.Header{}
	maps.Copy(h, http.Header(as))
	h.Set("clientId", conn.ClientID)
	h.Set("Accept", "application/vnd.connectwise.com+json; version="+conn.version())
	return h
}

func (s Settings) version() string {
	if s.Version != "" {
		return s.Version
	}
	return defaultVersion
}

// pages are the parameters of a list's pages.
var pages = rest.Pages{Number: "page", Cursor: "pageId"}

// eachPage requests page by page, until take returns false or there are no more pages.
func eachPage[T any](ctx context.Context, c *Client, conn *connection, r request, take func([]T) bool) error {
	return rest.EachPage(c.rest, pages, r.query, func(query url.Values, page *[]T) (http.Header, error) {
		r.query = query
		return c.call(ctx, conn, r, page)
	}, take)
}

var codeShape = regexp.MustCompile(`^[A-Za-z]{1,40}$`)

// errorCode is ConnectWise's own error code, if it is a single word: longer texts may contain submitted data.
func errorCode(answer []byte) string {
	var fault struct {
		Code string `json:"code"`
	}
	if strictjson.Unmarshal(answer, &fault) != nil || !codeShape.MatchString(fault.Code) {
		return ""
	}
	return fault.Code
}

// keysRefusal translates a refusal of the tenant's own keys.
func keysRefusal(err error) error {
	if rest.Status(err) != 0 {
		return Product.Misconfigured(err)
	}
	return err
}
