package connectwise

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// podHeight is the height of the pod, in pixels.
const podHeight = 350

// ticketScreens are the screens on which pods are registered.
var ticketScreens = []string{"ServiceTicket", "ProjectTicket"}

// Registered is the result for one screen.
type Registered struct {
	Screen   string
	Added    bool     // added by this call
	Problems []string // settings of an existing pod that an administrator must correct
}

// hostedSetup is a registered pod.
type hostedSetup struct {
	ScreenID    int64  `json:"screenId"`
	Description string `json:"description"`
	URL         string `json:"url"`
	Type        string `json:"type"`
	ClientID    string `json:"clientId,omitempty"`
	Origin      string `json:"origin,omitempty"`
	PodHeight   int    `json:"podHeight,omitempty"`
	Disabled    bool   `json:"disabledFlag"`
}

// Register adds the pod with that address to both ticket screens. An existing pod is not changed.
func (c *Client) Register(ctx context.Context, t verify.Tenant, pod, origin string) ([]Registered, error) {
	conn, err := c.connectWithKeys(ctx, t)
	if err != nil {
		return nil, err
	}
	screens, err := c.screens(ctx, conn)
	if err != nil {
		return nil, keysRefusal(err)
	}
	var registered []hostedSetup
	err = eachPage(ctx, c, conn, request{
		method: http.MethodGet, path: "/system/connectwisehostedsetups", as: conn.asKeys(), query: url.Values{"pageSize": {strconv.Itoa(pageSize)}},
	}, func(page []hostedSetup) bool {
		registered = append(registered, page...)
		return true
	})
	if err != nil {
		return nil, keysRefusal(err)
	}
	var all []Registered
	for _, screen := range ticketScreens {
		want := hostedSetup{
			ScreenID: screens[screen], Description: "Shieldpod", URL: pod, Type: "Pod",
			ClientID: conn.ClientID, Origin: origin, PodHeight: podHeight,
		}
		at := slices.IndexFunc(registered, func(s hostedSetup) bool { return s.ScreenID == want.ScreenID && strings.EqualFold(s.URL, pod) })
		if at >= 0 {
			all = append(all, Registered{Screen: screen, Problems: registered[at].problems(want)})
			continue
		}
		var created hostedSetup
		if _, err := c.call(ctx, conn, request{method: http.MethodPost, path: "/system/connectwisehostedsetups", as: conn.asKeys(), body: want}, &created); err != nil {
			return all, keysRefusal(err)
		}
		all = append(all, Registered{Screen: screen, Added: true})
	}
	return all, nil
}

// screens gives the ids of the ticket screens by name.
func (c *Client) screens(ctx context.Context, conn *connection) (map[string]int64, error) {
	ids := map[string]int64{}
	err := eachPage(ctx, c, conn, request{
		method: http.MethodGet, path: "/system/connectWiseHostedScreens", as: conn.asKeys(), query: url.Values{"pageSize": {strconv.Itoa(pageSize)}},
	}, func(page []reference) bool {
		for _, one := range page {
			ids[strings.ReplaceAll(one.Name, " ", "")] = one.ID
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	for _, screen := range ticketScreens {
		if ids[screen] == 0 {
			return nil, Product.Misconfigured(errors.New("connectwise: there is no screen " + screen))
		}
	}
	return ids, nil
}

// problems lists the settings with which a registered pod does not work.
func (s hostedSetup) problems(want hostedSetup) (list []string) {
	if s.Origin != want.Origin {
		list = append(list, fmt.Sprintf("Origin is %q and must be %q: a wrong one fails without a word", s.Origin, want.Origin))
	}
	if s.Type != want.Type {
		list = append(list, fmt.Sprintf("Type is %q and must be %q", s.Type, want.Type))
	}
	if s.Disabled {
		list = append(list, "it is not Enabled")
	}
	return list
}

// Check implements [psa.Checker] with the cheapest requests.
func (c *Client) Check(ctx context.Context, t verify.Tenant) (string, error) {
	conn, err := c.connectWithKeys(ctx, t)
	if err != nil {
		return "", err
	}
	var none []reference
	for _, r := range []request{
		{method: http.MethodGet, path: "/company/contacts", query: url.Values{"pageSize": {"1"}}},
		{method: http.MethodPost, path: serviceTickets + "search",
			query: url.Values{"pageSize": {"1"}}, body: map[string]string{"conditions": "id=0"}},
	} {
		r.as = conn.asKeys()
		if _, err := c.call(ctx, conn, r, &none); err != nil {
			return "", keysRefusal(err)
		}
	}
	base, err := c.codebase(ctx, conn)
	at := conn.api()
	return at.String() + "/" + base, err
}
