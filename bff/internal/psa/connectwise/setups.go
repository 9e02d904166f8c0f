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

// podHeight is what the pod is drawn for, in pixels.
const podHeight = 350

// ticketScreens are those that pods are registered for.
var ticketScreens = []string{"ServiceTicket", "ProjectTicket"}

// Registered is the pod on one screen.
type Registered struct {
	Screen string
	Fresh  bool     // it was not there before
	Wrong  []string // what is not as it must be, of one that was there: for a person to correct
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

// Register puts the pod of that address onto both ticket screens, once: one that is there stays as it is.
func (c *Client) Register(ctx context.Context, t verify.Tenant, pod, origin string) ([]Registered, error) {
	l, err := c.keyed(ctx, t)
	if err != nil {
		return nil, err
	}
	screens, err := c.screens(ctx, l)
	if err != nil {
		return nil, byKeys(err)
	}
	var there []hostedSetup
	err = pages(ctx, c, l, request{
		method: http.MethodGet, path: "/system/connectwisehostedsetups", as: l.asKeys(), query: url.Values{"pageSize": {strconv.Itoa(pageSize)}},
	}, func(page []hostedSetup) bool {
		there = append(there, page...)
		return true
	})
	if err != nil {
		return nil, byKeys(err)
	}
	var all []Registered
	for _, screen := range ticketScreens {
		want := hostedSetup{
			ScreenID: screens[screen], Description: "Shieldpod", URL: pod, Type: "Pod", ClientID: l.ClientID, Origin: origin, PodHeight: podHeight,
		}
		at := slices.IndexFunc(there, func(s hostedSetup) bool { return s.ScreenID == want.ScreenID && strings.EqualFold(s.URL, pod) })
		if at >= 0 {
			all = append(all, Registered{Screen: screen, Wrong: there[at].wrong(want)})
			continue
		}
		var made hostedSetup
		if _, err := c.call(ctx, l, request{method: http.MethodPost, path: "/system/connectwisehostedsetups", as: l.asKeys(), body: want}, &made); err != nil {
			return all, byKeys(err)
		}
		all = append(all, Registered{Screen: screen, Fresh: true})
	}
	return all, nil
}

// screens gives the ids of the ticket screens by their names.
func (c *Client) screens(ctx context.Context, l *link) (map[string]int64, error) {
	ids := map[string]int64{}
	err := pages(ctx, c, l, request{
		method: http.MethodGet, path: "/system/connectWiseHostedScreens", as: l.asKeys(), query: url.Values{"pageSize": {strconv.Itoa(pageSize)}},
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
			return nil, setup(errors.New("connectwise: there is no screen " + screen))
		}
	}
	return ids, nil
}

// wrong says what keeps a registered pod from working.
func (s hostedSetup) wrong(want hostedSetup) (list []string) {
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

// Check asks for what costs nothing and needs each right that the pod needs: to read tickets, and to read contacts.
// It gives where the API is.
func (c *Client) Check(ctx context.Context, t verify.Tenant) (string, error) {
	l, err := c.keyed(ctx, t)
	if err != nil {
		return "", err
	}
	var none []reference
	for _, r := range []request{
		{method: http.MethodGet, path: "/company/contacts", query: url.Values{"pageSize": {"1"}}},
		{method: http.MethodPost, path: serviceTickets + "search", query: url.Values{"pageSize": {"1"}}, body: map[string]string{"conditions": "id=0"}},
	} {
		r.as = l.asKeys()
		if _, err := c.call(ctx, l, r, &none); err != nil {
			return "", byKeys(err)
		}
	}
	base, err := c.base(ctx, l)
	at := l.api()
	return at.String() + "/" + base, err
}
