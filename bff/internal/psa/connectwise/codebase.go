package connectwise

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/psa/rest"
)

// codebase gives the path of the API: the last discovered one, then the configured one, otherwise ConnectWise is asked.
func (c *Client) codebase(ctx context.Context, conn *connection) (string, error) {
	if codebase, _, known := c.codebases.Get(conn.id, c.cfg.Now()); known {
		return codebase, nil
	}
	if conn.Codebase != "" {
		return conn.Codebase, nil
	}
	return c.discoverCodebase(ctx, conn)
}

// discoverCodebase asks ConnectWise for the path of its API, which changes with every version.
func (c *Client) discoverCodebase(ctx context.Context, conn *connection) (string, error) {
	return rest.Share(ctx, c.rest, c.rest.Key("codebase", string(conn.id[:])), func(ctx context.Context) (string, error) {
		at := conn.api()
		at.Path = "/login/companyinfo/" + conn.Company
		const name = "GET /login/companyinfo"
		var info struct{ Codebase string }
		_, err := c.rest.Do(ctx, rest.Request{Name: name, Method: http.MethodGet, URL: at, Header: conn.header(nil)}, &info)
		if errors.Is(err, rest.ErrNoAPI) || rest.Status(err) != 0 {
			return "", Product.Misconfigured(err)
		}
		if err != nil {
			return "", err
		}
		codebase := strings.Trim(info.Codebase, "/")
		if !codebaseShape.MatchString(codebase) {
			return "", Product.Misconfigured(fmt.Errorf("connectwise: %s: no such company, or no codebase", name))
		}
		c.codebases.Put(conn.id, codebase, c.cfg.Now())
		return codebase, nil
	})
}
