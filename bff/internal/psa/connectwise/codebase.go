package connectwise

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// base is where the API was last: as configured, until ConnectWise says otherwise.
func (c *Client) base(ctx context.Context, l *link) (string, error) {
	if base, _, known := c.bases.recall(l.id, c.cfg.Now()); known {
		return base, nil
	}
	if l.Codebase != "" {
		return l.Codebase, nil
	}
	return c.rebase(ctx, l)
}

// rebase asks ConnectWise where its API is: it moves with every version.
func (c *Client) rebase(ctx context.Context, l *link) (string, error) {
	return once(ctx, &c.flights, c.mark("codebase", string(l.id[:])), func(ctx context.Context) (string, error) {
		at := l.api()
		at.Path = "/login/companyinfo/" + l.Company
		const name = "GET /login/companyinfo"
		answer, err := c.send(ctx, l, http.MethodGet, at, http.NoBody, nil)
		if err != nil {
			return "", down(fmt.Errorf("connectwise: %s: %w", name, err))
		}
		var info struct{ Codebase string }
		err = answer.read(name, &info)
		if errors.Is(err, errNoAPI) || refusedWith(err) != 0 {
			return "", setup(err)
		}
		if err != nil {
			return "", err
		}
		base := strings.Trim(info.Codebase, "/")
		if !codebaseShape.MatchString(base) {
			return "", setup(fmt.Errorf("connectwise: %s: no such company, or no codebase", name))
		}
		c.bases.learn(l.id, base, c.cfg.Now())
		return base, nil
	})
}
