package launch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/shieldpod/shieldpod/sdk/launchcontext"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// Mapping states how to read an issuer's tokens that are no launch contexts: where each claim of a launch context is
// found. It is an issuer's [admin.Issuer.Mapping], as JSON.
type Mapping struct {
	Audience  string            `json:"audience,omitempty"`  // expected aud; empty: the public URL
	Types     []string          `json:"types,omitempty"`     // accepted values of typ, "" for none; empty: JWT or none
	Claims    map[string]string `json:"claims"`              // from a launch claim to a JSON pointer (RFC 6901) into the token's claims
	Constants map[string]string `json:"constants,omitempty"` // from a launch claim to a fixed value
}

// mappableClaims are the claims of a launch context that a mapping may fill.
var mappableClaims = map[string]func(*launchcontext.Claims) *string{
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

// requiredClaims must be signed: the person and the ticket. A constant would be the same for every token.
var requiredClaims = []string{"sub", "ctx.ticket.id"}

// constantClaims are the claims that may have a fixed value.
var constantClaims = []string{"ctx.psa", "origin", "ctx.client.id", "ctx.client.name"}

// parseMapping reads a mapping, and refuses one whose tokens can't state the person and the ticket.
func parseMapping(data []byte) (Mapping, error) {
	var m Mapping
	if err := strictjson.Decode(context.Background(), data, &m, strictjson.Rules{Null: true}); err != nil {
		return m, errors.New("its mapping can't be read")
	}
	for _, name := range requiredClaims {
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
		case mappableClaims[name] == nil:
			return m, fmt.Errorf("%q is no claim that can be mapped", name)
		case !strings.HasPrefix(pointer, "/"):
			return m, fmt.Errorf("%s is mapped to %q, which is no JSON pointer such as /context/ticketId", name, pointer)
		}
	}
	for name, value := range m.Constants {
		switch {
		case !slices.Contains(constantClaims, name):
			return m, fmt.Errorf("%q can't be a constant: only %s can", name, strings.Join(constantClaims, ", "))
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

// has reports whether the mapping fills a claim.
func (m Mapping) has(name string) bool { return m.Claims[name] != "" || m.Constants[name] != "" }

// claims gives the token's claims as those of a launch context.
func (m Mapping) claims(f launchcontext.MappedToken) (launchcontext.Claims, error) {
	c := launchcontext.Claims{Issuer: f.Issuer, ID: f.ID, ExpiresAt: f.ExpiresAt}
	for name, value := range m.Constants {
		*mappableClaims[name](&c) = value
	}
	for name, pointer := range m.Claims {
		value, found := resolvePointer(f.Claims, pointer)
		text, fits := claimText(value)
		switch {
		case found && !fits:
			return c, unusable(name, "is neither text nor a whole number")
		case text == "" && (slices.Contains(requiredClaims, name) || name == "ctx.psa"):
			return c, unusable(name, "is missing")
		}
		*mappableClaims[name](&c) = text
	}
	return c, nil
}

// claimText gives a value as text: ids are text in a launch context, and numbers in other tokens.
func claimText(value any) (text string, fits bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), strings.Trim(v.String(), "0123456789") == ""
	}
	return "", false
}

var pointerUnescaper = strings.NewReplacer("~1", "/", "~0", "~")

// resolvePointer follows a JSON pointer.
func resolvePointer(value any, pointer string) (any, bool) {
	for _, token := range strings.Split(pointer, "/")[1:] {
		switch v := value.(type) {
		case map[string]any:
			next, found := v[pointerUnescaper.Replace(token)]
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
