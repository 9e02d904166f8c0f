// Package webhook checks and reads what Shieldpod posts to a tenant's webhook.
//
// Posts are signed as Standard Webhooks 1.0.0 says (https://www.standardwebhooks.com), so that its libraries verify them too.
//
// Start with [ParseSecret] and [Verify]: it takes the headers and the body as they came, and gives the [Event]. A post may
// come twice: the event's ID is the same then. [Sign] is the server's side.
package webhook

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/sdk/secretfile"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// Why a post is refused.
var (
	ErrSecret    = errors.New("webhook: a secret is whsec_ and 32 bytes in base64")
	ErrHeader    = errors.New("webhook: the headers are no signature of Standard Webhooks")
	ErrSignature = errors.New("webhook: the signature is not of this body under this secret")
	ErrAge       = errors.New("webhook: the signature is too old, or of the future")
	ErrBody      = errors.New("webhook: the body is no event")
)

// Types of events.
const (
	Verified      = "verified"       // a contact has proven a channel: its shield is green until Data.Until
	Denied        = "denied"         // an end user says: I did not ask for this
	ContactLocked = "contact_locked" // a contact has had too many wrong codes in a row
	PrefixPaused  = "prefix_paused"  // too few texts to a block of numbers came back: texts to it pause
)

// Event is what happened.
type Event struct {
	ID     string    `json:"id"` // the same each time that it is posted
	Type   string    `json:"type"`
	Tenant string    `json:"tenant"`
	Seq    int64     `json:"seq"` // place in the tenant's chain of events
	At     time.Time `json:"at"`
	Data   Data      `json:"data"`
}

// Data is what the event's type has of it.
type Data struct {
	VerificationID string    `json:"verification_id,omitempty"` // of verified, denied, contact_locked
	ContactID      string    `json:"contact_id,omitempty"`
	TicketID       string    `json:"ticket_id,omitempty"`
	TechnicianID   string    `json:"technician_id,omitempty"`
	ChannelID      string    `json:"channel_id,omitempty"` // of verified
	Method         string    `json:"method,omitempty"`     // of verified: email_link, sms_link, sms_code or email_code
	Failures       int       `json:"failures,omitempty"`   // of contact_locked
	Prefix         string    `json:"prefix,omitempty"`     // of prefix_paused, such as +1415555••••
	Sent           int64     `json:"sent,omitempty"`       // texts to it within a day
	Verified       int64     `json:"verified,omitempty"`   // those that came back
	Until          time.Time `json:"until,omitzero"`       // the green, or the pause, ends
	Late           bool      `json:"late,omitempty"`       // of denied: it came after the link had been used or had ended
	Was            string    `json:"was,omitempty"`        // of a late denial: verified, expired, failed, cancelled or superseded
}

const secretPrefix = "whsec_"

// Secret is what posts are signed with. It comes from ParseSecret; Verify refuses the zero Secret.
type Secret struct {
	key [sha256.Size]byte
	set bool
}

// NewSecret takes 32 random bytes. ErrSecret: they are not 32.
func NewSecret(key []byte) (Secret, error) {
	if len(key) != sha256.Size {
		return Secret{}, ErrSecret
	}
	return Secret{[sha256.Size]byte(key), true}, nil
}

// ParseSecret reads a secret as 'shieldpod tenant put --webhook' prints it: whsec_ and base64. Spaces, line ends and quotes
// around it are dropped. ErrSecret: it is none.
func ParseSecret(text string) (Secret, error) {
	value, err := secretfile.Token([]byte(text))
	encoded, found := strings.CutPrefix(value, secretPrefix)
	key, decoding := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || !found || decoding != nil {
		return Secret{}, ErrSecret
	}
	return NewSecret(key)
}

// String keeps the secret out of logs. Text gives it.
func (Secret) String() string { return secretPrefix + "…" }

// GoString is String.
func (s Secret) GoString() string { return s.String() }

// Text writes the secret as people pass it on.
func (s Secret) Text() string { return secretPrefix + base64.StdEncoding.EncodeToString(s.key[:]) }

// Verify checks a post by its headers and body, and gives its event. With several secrets any of them may have signed it: so
// secrets are rotated.
// ErrHeader, ErrAge, ErrSignature, ErrBody: it is refused. ErrSecret: no secret was given, or an empty one.
func Verify(h http.Header, body []byte, now time.Time, secrets ...Secret) (Event, error) {
	if len(secrets) == 0 || slices.ContainsFunc(secrets, func(s Secret) bool { return !s.set }) {
		return Event{}, ErrSecret
	}
	s, err := parse(h)
	if err != nil {
		return Event{}, err
	}
	if age := now.Sub(s.at); age > Tolerance || age < -Tolerance {
		return Event{}, ErrAge
	}
	if !s.isOf(body, secrets) {
		return Event{}, ErrSignature
	}
	var e Event
	if err := strictjson.Unmarshal(body, &e); err != nil || e.ID == "" || e.Type == "" {
		return Event{}, ErrBody
	}
	return e, nil
}
