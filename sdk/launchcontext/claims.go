package launchcontext

import (
	"encoding/json"
	"time"

	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// Bounds of a launch context.
const (
	Type            = "pod-launch+jwt" // the header's typ: what the token is for
	MaxSize         = 8 << 10          // bytes of the compact token
	MaxLifetime     = 5 * time.Minute  // from iat to exp
	DefaultLifetime = time.Minute      // what Sign gives
	Leeway          = 10 * time.Second // for clocks that disagree
)

// Claims is all that a launch context says. Sign fills IssuedAt, NotBefore, ExpiresAt and ID when they are empty.
type Claims struct {
	Issuer    string    `json:"iss,omitempty"` // the vendor's name, as registered with the tenant
	Audience  string    `json:"aud,omitempty"` // Shieldpod's public URL, exactly
	Subject   string    `json:"sub,omitempty"` // the technician's id in the PSA
	Tenant    string    `json:"tid,omitempty"` // the tenant's slug in Shieldpod
	IssuedAt  time.Time `json:"-"`             // iat, in whole seconds
	NotBefore time.Time `json:"-"`             // nbf
	ExpiresAt time.Time `json:"-"`             // exp, at most MaxLifetime after IssuedAt
	ID        string    `json:"jti,omitempty"` // never used twice
	Nonce     string    `json:"nonce,omitempty"`
	Origin    string    `json:"origin,omitempty"` // of the page that frames the pod, such as https://psa.example
	Actor     Actor     `json:"act,omitzero"`
	Context   Context   `json:"ctx,omitzero"`
}

// Actor is the technician as people know him.
type Actor struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
	Phone string `json:"phone,omitempty"` // in E.164 or as written at home; neither of the two verifies the technician himself
}

// Context is the ticket that the technician has open.
type Context struct {
	PSA     string  `json:"psa,omitempty"` // which ticket system, such as "connectwise"
	Ticket  Ticket  `json:"ticket,omitzero"`
	Client  Client  `json:"client,omitzero"`
	Contact Default `json:"contact,omitzero"`
	// Contacts are the people of the client who may be verified, the default one among them.
	// Without them Shieldpod asks the ticket system, if the tenant has connected one.
	Contacts []Contact `json:"contacts,omitzero"`
}

// Ticket is the case.
type Ticket struct {
	ID      string `json:"id,omitempty"`
	Number  string `json:"number,omitempty"` // as people call it, when that is not the id
	Summary string `json:"summary,omitempty"`
	URL     string `json:"url,omitempty"`
}

// Client is the customer company.
type Client struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// Default names the ticket's own contact.
type Default struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// Contact is a person at the client, with the ways to reach them.
type Contact struct {
	ID       string    `json:"id,omitempty"`
	Name     string    `json:"name,omitempty"`
	Title    string    `json:"title,omitempty"`
	Language string    `json:"language,omitempty"`  // that messages to them are written in: a tag, such as "de"
	TimeZone string    `json:"time_zone,omitempty"` // in which messages to them give times: an IANA name, such as "Europe/Berlin"
	Channels []Channel `json:"channels,omitzero"`
}

// Channel is an e-mail address or a phone number on file.
type Channel struct {
	ID     string `json:"id,omitempty"`
	Kind   string `json:"kind,omitempty"`   // KindEmail or KindPhone
	Value  string `json:"value,omitempty"`  // the address, or the number in E.164 or as written at home
	Label  string `json:"label,omitempty"`  // such as "Mobile" or "Work"
	Mobile *bool  `json:"mobile,omitempty"` // whether a number gets texts; nil when the PSA does not know
	// ChangedAt is when the PSA last changed the value, in whole seconds; zero when it does not know.
	ChangedAt time.Time `json:"-"` // changed_at
}

// The kinds of channel.
const (
	KindEmail = "email"
	KindPhone = "phone"
)

// MarshalJSON writes the claims as they stand in a context.
func (c Claims) MarshalJSON() ([]byte, error) {
	type plain Claims
	return json.Marshal(struct {
		plain
		IssuedAt  int64 `json:"iat,omitempty"`
		NotBefore int64 `json:"nbf,omitempty"`
		ExpiresAt int64 `json:"exp,omitempty"`
	}{plain(c), seconds(c.IssuedAt), seconds(c.NotBefore), seconds(c.ExpiresAt)})
}

// MarshalJSON writes the channel as it stands in a context.
func (c Channel) MarshalJSON() ([]byte, error) {
	type plain Channel
	return json.Marshal(struct {
		plain
		ChangedAt int64 `json:"changed_at,omitempty"`
	}{plain(c), seconds(c.ChangedAt)})
}

// UnmarshalJSON reads a channel as MarshalJSON writes it. Verify does not use it: that reads more strictly.
func (c *Channel) UnmarshalJSON(data []byte) error {
	type plain Channel
	read := struct {
		*plain
		ChangedAt int64 `json:"changed_at"`
	}{plain: (*plain)(c)}
	if err := strictjson.Unmarshal(data, &read); err != nil {
		return err
	}
	if c.ChangedAt = (time.Time{}); read.ChangedAt != 0 {
		c.ChangedAt = time.Unix(read.ChangedAt, 0).UTC()
	}
	return nil
}

// UnmarshalJSON reads claims as strictly as Verify does, but lets any of them be absent.
func (c *Claims) UnmarshalJSON(data []byte) error {
	read, err := decodeClaims(data)
	if err == nil {
		*c = read
	}
	return err
}

func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}
