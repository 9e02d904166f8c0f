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
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// For how long a member's word is believed, or not, without asking again.
const (
	goodProof = 5 * time.Minute
	badProof  = time.Minute
)

// proof is what ConnectWise said of a member.
type proof struct {
	who     verify.Technician
	refused error // nil: it is them
}

// Prove asks ConnectWise whose live session the member's hash is. A good answer counts for five minutes and a
// refusal for one; when there is no sound answer, nothing is believed and nothing remembered.
// CodeMember: it is nobody's, somebody else's than the member claims, or the member is inactive.
// CodePSADown, CodePSABusy, CodePSAMisconfigured.
func (c *Client) Prove(ctx context.Context, t verify.Tenant, m psa.Member) (verify.Technician, error) {
	l, err := c.hosting(ctx, t)
	if err != nil {
		return verify.Technician{}, err
	}
	if err := fit(m); err != nil {
		return verify.Technician{}, err
	}
	key := c.markMember(l, m)
	if p, age, known := c.proofs.recall(key, c.cfg.Now()); known && (p.refused == nil && age < goodProof || p.refused != nil && age < badProof) {
		return p.who, p.refused
	}
	return once(ctx, &c.flights, key, func(ctx context.Context) (verify.Technician, error) {
		asked := c.cfg.Now()
		who, err := c.prove(ctx, l, m)
		if err == nil || verify.CodeOf(err) == verify.CodeMember {
			c.proofs.learn(key, proof{who, err}, asked)
		}
		return who, err
	})
}

// markMember tells a member's session on one connection from all others.
func (c *Client) markMember(l *link, m psa.Member) mark {
	return c.mark("member", string(l.id[:]), strings.ToLower(m.ID), m.Hash, m.Context)
}

// What fits into a cookie and ends none.
var (
	memberShape = regexp.MustCompile(`^[A-Za-z0-9._@-]{1,60}$`)
	cookieShape = regexp.MustCompile(`^[!#-+\--:<-\[\]-~]+$`)
)

const cookieMost = 4096

// fit refuses what is no member, before anybody is asked.
func fit(m psa.Member) error {
	if !memberShape.MatchString(m.ID) || !cookieShape.MatchString(m.Hash) || m.Context != "" && !cookieShape.MatchString(m.Context) || len(m.Hash)+len(m.Context) > cookieMost {
		return notThem(errors.New("connectwise: the member is not one that ConnectWise would name"))
	}
	return nil
}

func (c *Client) prove(ctx context.Context, l *link, m psa.Member) (verify.Technician, error) {
	var info struct {
		Identifier   string `json:"identifier"`
		InactiveFlag bool   `json:"inactiveFlag"`
		FirstName    string `json:"firstName"`
		LastName     string `json:"lastName"`
		DefaultEmail string `json:"defaultEmail"`
		OfficeEmail  string `json:"officeEmail"`
		OfficePhone  string `json:"officePhone"`
	}
	_, err := c.call(ctx, l, request{method: http.MethodGet, path: "/system/myMembers/info", as: l.asMember(m)}, &info)
	switch status := refusedWith(err); {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return verify.Technician{}, notThem(err)
	case status != 0:
		return verify.Technician{}, setup(err)
	case err != nil:
		return verify.Technician{}, err
	case info.Identifier == "":
		return verify.Technician{}, down(errors.New("connectwise: the answer names nobody"))
	case !strings.EqualFold(info.Identifier, m.ID):
		return verify.Technician{}, notThem(fmt.Errorf("connectwise: the session is %q's, not %q's", info.Identifier, m.ID))
	case info.InactiveFlag:
		return verify.Technician{}, notThem(fmt.Errorf("connectwise: member %q is inactive", info.Identifier))
	}
	email := info.DefaultEmail
	if !strings.Contains(email, "@") {
		email = info.OfficeEmail // the other one is a word for which of them is used
	}
	return verify.Technician{
		ID: info.Identifier, Name: strings.TrimSpace(info.FirstName + " " + info.LastName), Email: email, Phone: info.OfficePhone,
	}, nil
}

func notThem(err error) error {
	return &verify.Error{
		Code: verify.CodeMember, Err: err,
		Public: "ConnectWise does not confirm who is signed in. Sign in to ConnectWise again and reopen the ticket.",
	}
}
