package launch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	launchcontext "github.com/shieldpod/shieldpod/sdk/context"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// Mapping says how an issuer's tokens are read that are no launch contexts: where each of a context's claims stands among
// its own. It is an issuer's [verify.Issuer.Mapping], as JSON.
type Mapping struct {
	Audience  string            `json:"audience,omitempty"`  // the tokens' aud, exactly; empty: our public URL
	Types     []string          `json:"types,omitempty"`     // values of typ that are taken, "" for none; empty: JWT or none
	Claims    map[string]string `json:"claims"`              // from ours to a JSON pointer (RFC 6901) into theirs
	Constants map[string]string `json:"constants,omitempty"` // from ours to what it always is
}

// mappable are the claims of a context that a mapping may fill.
var mappable = map[string]func(*launchcontext.Claims) *string{
	"sub":                func(c *launchcontext.Claims) *string { return &c.Subject },
	"origin":             func(c *launchcontext.Claims) *string { return &c.Origin },
	"act.name":           func(c *launchcontext.Claims) *string { return &c.Actor.Name },
	"act.email":          func(c *launchcontext.Claims) *string { return &c.Actor.Email },
	"act.phone":          func(c *launchcontext.Claims) *string { return &c.Actor.Phone },
	"ctx.psa":            func(c *launchcontext.Claims) *string { return &c.Context.PSA },
	"ctx.ticket.id":      func(c *launchcontext.Claims) *string { return &c.Context.Ticket.ID },
	"ctx.ticket.number":  func(c *launchcontext.Claims) *string { return &c.Context.Ticket.Number },
	"ctx.ticket.summary": func(c *launchcontext.Claims) *string { return &c.Context.Ticket.Summary },
	"ctx.ticket.url":     func(c *launchcontext.Claims) *string { return &c.Context.Ticket.URL },
	"ctx.client.id":      func(c *launchcontext.Claims) *string { return &c.Context.Client.ID },
	"ctx.client.name":    func(c *launchcontext.Claims) *string { return &c.Context.Client.Name },
	"ctx.contact.id":     func(c *launchcontext.Claims) *string { return &c.Context.Contact.ID },
	"ctx.contact.name":   func(c *launchcontext.Claims) *string { return &c.Context.Contact.Name },
}

// signed are those that must be inside the signature: who it is, and which ticket. What a mapping makes constant is the
// same for everybody.
var signed = []string{"sub", "ctx.ticket.id"}

// constant are those that may be the same for everybody.
var constant = []string{"ctx.psa", "origin", "ctx.client.id", "ctx.client.name"}

// parseMapping reads a mapping and refuses one by which a token could not say who has which ticket open.
func parseMapping(data []byte) (Mapping, error) {
	var m Mapping
	if err := strictjson.Decode(context.Background(), data, &m, strictjson.Rules{Null: true}); err != nil {
		return m, errors.New("its mapping can't be read")
	}
	for _, name := range signed {
		if m.Claims[name] == "" {
			return m, fmt.Errorf("its mapping has no claim for %s, which must be inside the signature", name)
		}
	}
	if !m.has("ctx.psa") {
		return m, errors.New("its mapping does not say ctx.psa, the ticket system")
	}
	client := m.has("ctx.client.id")
	if client != m.has("ctx.client.name") || client != m.has("ctx.contact.id") {
		return m, errors.New("its mapping must say all of ctx.client.id, ctx.client.name and ctx.contact.id, or none of them, for the ticket system to say")
	}
	for name, pointer := range m.Claims {
		switch {
		case mappable[name] == nil:
			return m, fmt.Errorf("%q is no claim that can be mapped", name)
		case !strings.HasPrefix(pointer, "/"):
			return m, fmt.Errorf("%s is mapped to %q, which is no JSON pointer such as /context/ticketId", name, pointer)
		}
	}
	for name, value := range m.Constants {
		switch {
		case !slices.Contains(constant, name):
			return m, fmt.Errorf("%q can't be a constant: only %s can", name, strings.Join(constant, ", "))
		case m.Claims[name] != "":
			return m, fmt.Errorf("%s is both mapped and a constant", name)
		case value == "":
			return m, fmt.Errorf("the constant of %s is empty", name)
		}
	}
	if slices.Contains(m.Types, launchcontext.Type) || slices.Contains(m.Types, bearerType) {
		return m, errors.New("its mapping takes a typ that means something else here")
	}
	if len(m.Types) == 0 {
		m.Types = []string{"JWT", ""}
	}
	return m, nil
}

// has tells whether the mapping fills a claim.
func (m Mapping) has(name string) bool { return m.Claims[name] != "" || m.Constants[name] != "" }

// read gives the claims of a context that the token says in its own words.
func (m Mapping) read(f launchcontext.Foreign) (launchcontext.Claims, error) {
	c := launchcontext.Claims{Issuer: f.Issuer, ID: f.ID, ExpiresAt: f.ExpiresAt}
	for name, value := range m.Constants {
		*mappable[name](&c) = value
	}
	for name, pointer := range m.Claims {
		value, found := at(f.Claims, pointer)
		text, fits := plain(value)
		switch {
		case found && !fits:
			return c, unusable(name, "is neither text nor a whole number")
		case text == "" && (slices.Contains(signed, name) || name == "ctx.psa"):
			return c, unusable(name, "is missing")
		}
		*mappable[name](&c) = text
	}
	return c, nil
}

// plain is a value as a context would have it: ids are text there, and numbers elsewhere.
func plain(value any) (text string, fits bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), strings.Trim(v.String(), "0123456789") == ""
	}
	return "", false
}

var unescape = strings.NewReplacer("~1", "/", "~0", "~")

// at follows a JSON pointer.
func at(value any, pointer string) (any, bool) {
	for _, token := range strings.Split(pointer, "/")[1:] {
		switch v := value.(type) {
		case map[string]any:
			next, found := v[unescape.Replace(token)]
			if !found {
				return nil, false
			}
			value = next
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(v) || strconv.Itoa(i) != token {
				return nil, false
			}
			value = v[i]
		default:
			return nil, false
		}
	}
	return value, true
}
