package connectwise

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
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
	return shared(ctx, &c.requests, c.digest("codebase", string(conn.id[:])), func(ctx context.Context) (string, error) {
		at := conn.api()
		at.Path = "/login/companyinfo/" + conn.Company
		const name = "GET /login/companyinfo"
		answer, err := c.send(ctx, conn, http.MethodGet, at, http.NoBody, nil)
		if err != nil {
			return "", psaDown(fmt.Errorf("connectwise: %s: %w", name, err))
		}
		var info struct{ Codebase string }
		err = answer.decode(name, &info)
		if errors.Is(err, errNoAPI) || apiStatus(err) != 0 {
			return "", misconfigured(err)
		}
		if err != nil {
			return "", err
		}
		codebase := strings.Trim(info.Codebase, "/")
		if !codebaseShape.MatchString(codebase) {
			return "", misconfigured(fmt.Errorf("connectwise: %s: no such company, or no codebase", name))
		}
		c.codebases.Put(conn.id, codebase, c.cfg.Now())
		return codebase, nil
	})
}
