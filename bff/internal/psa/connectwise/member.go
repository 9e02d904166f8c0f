package connectwise

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/psa/rest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// How long a member's result is cached.
const (
	confirmedFor = 5 * time.Minute
	refusedFor   = time.Minute
)

// VerifyMember asks ConnectWise whose live session the member's hash identifies. A confirmation is cached for five
// minutes and a refusal for one. Without a usable answer the member is refused and nothing is cached. CodeMember: there
// is no such session, it is another member's, or the member is inactive. CodePSADown, CodePSABusy,
// CodePSAMisconfigured.
func (c *Client) VerifyMember(ctx context.Context, t verify.Tenant, m psa.Member) (verify.Technician, error) {
	conn, err := c.connectHosted(ctx, t)
	if err != nil {
		return verify.Technician{}, err
	}
	if err := checkMember(m); err != nil {
		return verify.Technician{}, err
	}
	key := c.memberKey(conn, m)
	now := c.cfg.Now()
	if who, _, known := c.confirmed.Get(key, now); known {
		return who, nil
	}
	if refusal, _, known := c.refused.Get(key, now); known {
		return verify.Technician{}, refusal
	}
	return rest.Share(ctx, c.rest, key, func(ctx context.Context) (verify.Technician, error) {
		requestedAt := c.cfg.Now()
		who, err := c.verifyMember(ctx, conn, m)
		switch {
		case err == nil:
			c.confirmed.Put(key, who, requestedAt)
		case verify.CodeOf(err) == verify.CodeMember:
			c.confirmed.Remove(key)
			c.refused.Put(key, err, requestedAt)
		}
		return who, err
	})
}

// memberKey identifies a member's session on one connection.
func (c *Client) memberKey(conn *connection, m psa.Member) rest.Key {
	return c.rest.Key("member", string(conn.id[:]), strings.ToLower(m.ID), m.Credential, m.Context)
}

// Values that are safe in a cookie.
var (
	memberShape = regexp.MustCompile(`^[A-Za-z0-9._@-]{1,60}$`)
	cookieShape = regexp.MustCompile(`^[!#-+\--:<-\[\]-~]+$`)
)

const maxCookieBytes = 4096

// checkMember refuses values that can't be a member, without a request.
func checkMember(m psa.Member) error {
	if !memberShape.MatchString(m.ID) || !cookieShape.MatchString(m.Credential) ||
		m.Context != "" && !cookieShape.MatchString(m.Context) || len(m.Credential)+len(m.Context) > maxCookieBytes {
		return Product.MemberRefused(errors.New("connectwise: the member is not one that ConnectWise would name"))
	}
	return nil
}

func (c *Client) verifyMember(ctx context.Context, conn *connection, m psa.Member) (verify.Technician, error) {
	var info struct {
		Identifier   string `json:"identifier"`
		InactiveFlag bool   `json:"inactiveFlag"`
		FirstName    string `json:"firstName"`
		LastName     string `json:"lastName"`
		DefaultEmail string `json:"defaultEmail"`
		OfficeEmail  string `json:"officeEmail"`
		OfficePhone  string `json:"officePhone"`
	}
	_, err := c.call(ctx, conn, request{method: http.MethodGet, path: "/system/myMembers/info", as: conn.asMember(m)}, &info)
	switch status := rest.Status(err); {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return verify.Technician{}, Product.MemberRefused(err)
	case status != 0:
		return verify.Technician{}, Product.Misconfigured(err)
	case err != nil:
		return verify.Technician{}, err
	case info.Identifier == "":
		return verify.Technician{}, Product.Down(errors.New("connectwise: the answer names nobody"))
	case !strings.EqualFold(info.Identifier, m.ID):
		return verify.Technician{}, Product.MemberRefused(fmt.Errorf("connectwise: the session is %q's, not %q's", info.Identifier, m.ID))
	case info.InactiveFlag:
		return verify.Technician{}, Product.MemberRefused(fmt.Errorf("connectwise: member %q is inactive", info.Identifier))
	}
	email := info.DefaultEmail
	if !strings.Contains(email, "@") {
		email = info.OfficeEmail // DefaultEmail may be the name of the field to use
	}
	return verify.Technician{
		ID: info.Identifier, Name: strings.TrimSpace(info.FirstName + " " + info.LastName), Email: email, Phone: info.OfficePhone,
	}, nil
}
