// Package webhook checks and reads what Shieldpod posts to a tenant's webhook.
//
// Start with [ParseSecret] and [Verify]: it takes the header Shieldpod-Signature and the body as it came, and gives the
// [Event]. A post may come twice: the event's ID is the same then. [Sign] is the server's side.
package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/sdk/secretfile"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// Header names the signature: t=<seconds since 1970>,v1=<HMAC-SHA256 of "<t>.<body>", in hex>.
const Header = "Shieldpod-Signature"

// Tolerance is how far a signature's time may be from the receiver's.
const Tolerance = 5 * time.Minute

// Why a post is refused.
var (
	ErrSecret    = errors.New("webhook: a secret is whsec_ and 32 bytes in base64")
	ErrHeader    = errors.New("webhook: the header is no signature of Shieldpod's")
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

// Secret is what posts are signed with. It comes from ParseSecret; the zero Secret signs nothing.
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

// Sign gives the header's value for a body that is posted at the time. It is the server's side.
func Sign(secret Secret, at time.Time, body []byte) string {
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(sum(secret, at.Unix(), body)))
}

// Verify checks a post and gives its event. With several secrets any of them may have signed it: so secrets are rotated.
// ErrHeader, ErrAge, ErrSignature, ErrBody: it is refused. ErrSecret: no secret was given, or an empty one.
func Verify(header string, body []byte, now time.Time, secrets ...Secret) (Event, error) {
	if len(secrets) == 0 || slices.ContainsFunc(secrets, func(s Secret) bool { return !s.set }) {
		return Event{}, ErrSecret
	}
	at, sums, err := parse(header)
	if err != nil {
		return Event{}, err
	}
	if age := now.Sub(time.Unix(at, 0)); age > Tolerance || age < -Tolerance {
		return Event{}, ErrAge
	}
	if !signed(at, body, sums, secrets) {
		return Event{}, ErrSignature
	}
	var e Event
	if err := strictjson.Unmarshal(body, &e); err != nil || e.ID == "" || e.Type == "" {
		return Event{}, ErrBody
	}
	return e, nil
}

func signed(at int64, body []byte, sums [][]byte, secrets []Secret) bool {
	for _, secret := range secrets {
		want := sum(secret, at, body)
		for _, given := range sums {
			if hmac.Equal(want, given) {
				return true
			}
		}
	}
	return false
}

func sum(secret Secret, at int64, body []byte) []byte {
	h := hmac.New(sha256.New, secret.key[:])
	h.Write(strconv.AppendInt(nil, at, 10))
	h.Write([]byte{'.'})
	h.Write(body)
	return h.Sum(nil)
}

// headerMost is longer than any header that is needed.
const headerMost = 1024

// parse takes one time and one or more signatures. Versions that it does not know are passed over.
func parse(header string) (at int64, sums [][]byte, err error) {
	if len(header) > headerMost {
		return 0, nil, ErrHeader
	}
	for part := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "t":
			seconds, err := strconv.ParseInt(value, 10, 64)
			if err != nil || at != 0 || seconds <= 0 || strconv.FormatInt(seconds, 10) != value {
				return 0, nil, ErrHeader
			}
			at = seconds
		case "v1":
			given, err := hex.DecodeString(value)
			if err != nil || len(given) != sha256.Size {
				return 0, nil, ErrHeader
			}
			sums = append(sums, given)
		}
	}
	if at == 0 || len(sums) == 0 {
		return 0, nil, ErrHeader
	}
	return at, sums, nil
}
