package verify

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// EventKind says what happened.
type EventKind string

// What can happen to a verification.
const (
	EventRequested     EventKind = "requested"     // a technician pressed Send
	EventDelayed       EventKind = "delayed"       // the carrier did not take it yet: it is tried again
	EventIndeterminate EventKind = "indeterminate" // the message may or may not be on its way
	EventSent          EventKind = "sent"          // the carrier took the message
	EventDelivered     EventKind = "delivered"     // the carrier says it arrived: says nothing of who read it
	EventOpened        EventKind = "opened"        // a browser shows the landing page
	EventWrongCode     EventKind = "wrong_code"    // a wrong code was typed
	EventVerified      EventKind = "verified"      // the right code was typed, or Validate was pressed
	EventDenied        EventKind = "denied"        // "I did not ask for this"
	EventFailed        EventKind = "failed"        // it can no longer succeed: Reason says why
	EventCancelled     EventKind = "cancelled"     // by the technician
	EventSuperseded    EventKind = "superseded"    // a newer one took its place
	EventNoteWritten   EventKind = "note_written"  // its result stands on the ticket
)

// What can happen beside verifications.
const (
	EventPrefixPaused EventKind = "prefix_paused" // too few of the codes sent to a block of numbers came back
)

// Administrative acts. Each event of these kinds has an actor, and the changes that the act made.
const (
	EventTenantCreated     EventKind = "tenant_created"
	EventTenantChanged     EventKind = "tenant_changed" // name, region, origins, procedure, webhook
	EventSigningKeyAdded   EventKind = "signing_key_added"
	EventSigningKeyRemoved EventKind = "signing_key_removed"
	EventIssuerSet         EventKind = "issuer_set"
	EventIssuerRemoved     EventKind = "issuer_removed"
	EventSignInSet         EventKind = "sign_in_set"
	EventSignInRemoved     EventKind = "sign_in_removed"
	EventCarrierSet        EventKind = "carrier_set"
	EventCarrierRemoved    EventKind = "carrier_removed"
	EventConnectionSet     EventKind = "connection_set"
	EventConnectionRemoved EventKind = "connection_removed"
	EventAPIKeyCreated     EventKind = "api_key_created"
	EventAPIKeyRemoved     EventKind = "api_key_removed"
	EventSessionsEnded     EventKind = "sessions_ended"
	EventPolicyChanged     EventKind = "policy_changed" // of the tenant or of a client
	EventBrandingChanged   EventKind = "branding_changed"
	EventUnlocked          EventKind = "unlocked" // a contact's wrong codes, denial and suppressions were cleared
)

// Change is what an act did to one field of its subject. A value that is absent is the default, or of a policy that of
// the level above.
type Change struct {
	Field string          `json:"field"`
	From  json.RawMessage `json:"from,omitempty"`
	To    json.RawMessage `json:"to,omitempty"`
}

// ActorKind tells how an administrator got in.
type ActorKind string

// The kinds of actor.
const (
	ActorCLI    ActorKind = "cli"     // a user of the machine who ran a command
	ActorAPIKey ActorKind = "api_key" // the holder of an API key
)

// Event is a record of something that happened. It is appended once and never changed.
// Destinations in it are masked; names of contacts, codes and tokens are never in it.
type Event struct {
	Tenant       string
	Seq          int64 // place in the tenant's list, from 1, without gaps
	At           time.Time
	Kind         EventKind
	Verification string
	Contact      string
	Channel      string
	By           Technician // of requested, wrong_code, cancelled, verified by code, and of administrative acts; the id and name only
	ActorKind    ActorKind  // of administrative acts: what By is
	Subject      string     // of administrative acts: the record that was changed, by its name or id

	// Of requested:
	Method      channel.Method
	Ticket      Ticket // id and number only
	Client      string // id
	Masked      string // destination as people may see it
	Destination string // keyed hash of the destination
	Note        string
	Override    bool // the contact is not the ticket's default one
	CodeLength  int
	MaxTries    int
	ResendAt    time.Time
	Language    string         // of the message and its page: a tag
	TimeZone    string         // of the times in the message and on its page: an IANA name; empty: UTC
	Matching    bool           // the end user must pick the number that the technician says
	Changed     bool           // the ticket system had changed the destination lately
	Policy      policy.Version // that it runs under

	Until     time.Time // of requested: it ends; of verified: green ends; of prefix_paused: the pause ends
	Reason    Code      // of delayed and failed
	TriesLeft int       // of wrong_code
	Failures  int       // of wrong_code and failed: the contact's, this one counted; of unlocked: those cleared
	Carrier   string    // of sent

	Locks   bool     // of denied: the contact gets nothing until an admin clears it
	Late    bool     // of denied: the verification had ended before. By, Method, Ticket and Destination are its own
	Changes []Change // of administrative acts; of policy_changed Client says whose, and Policy which version it made
	Version int64    // of branding_changed: that it made
	Sent    int64    // of prefix_paused: texts in the window
	Proven  int64    // of prefix_paused: those that came back
}

// record is an event's canonical form: fixed order, times in Unix milliseconds, UTC.
type record struct {
	Tenant       string         `json:"tenant"`
	Seq          int64          `json:"seq"`
	At           int64          `json:"at"`
	Kind         EventKind      `json:"kind"`
	Verification string         `json:"verification"`
	Contact      string         `json:"contact"`
	Channel      string         `json:"channel"`
	ByID         string         `json:"by,omitempty"`
	ByName       string         `json:"by_name,omitempty"`
	Method       channel.Method `json:"method,omitempty"`
	Ticket       string         `json:"ticket,omitempty"`
	TicketNumber string         `json:"ticket_number,omitempty"`
	Client       string         `json:"client,omitempty"`
	Masked       string         `json:"masked,omitempty"`
	Destination  string         `json:"destination,omitempty"`
	Note         string         `json:"note,omitempty"`
	Override     bool           `json:"override,omitempty"`
	CodeLength   int            `json:"code_length,omitempty"`
	MaxTries     int            `json:"max_tries,omitempty"`
	ResendAt     int64          `json:"resend_at,omitempty"`
	Until        int64          `json:"until,omitempty"`
	Reason       Code           `json:"reason,omitempty"`
	TriesLeft    int            `json:"tries_left,omitempty"`
	Carrier      string         `json:"carrier,omitempty"`

	// These came later: a body that lacks them reads, and hashes, as it was written.
	Language     string   `json:"language,omitempty"`
	Matching     bool     `json:"matching,omitempty"`
	Changed      bool     `json:"changed_channel,omitempty"`
	PolicyTenant int64    `json:"policy_tenant,omitempty"`
	PolicyClient int64    `json:"policy_client,omitempty"`
	Failures     int      `json:"failures,omitempty"`
	Locks        bool     `json:"locks,omitempty"`
	Changes      []Change `json:"changes,omitempty"`
	Version      int64    `json:"version,omitempty"`
	Sent         int64    `json:"sent,omitempty"`
	Proven       int64    `json:"proven,omitempty"`
	Late         bool     `json:"late,omitempty"`
	TimeZone     string   `json:"time_zone,omitempty"`

	ActorKind ActorKind `json:"actor_kind,omitempty"`
	Subject   string    `json:"subject,omitempty"`
}

// Hash is a link of the chain.
type Hash = [sha256.Size]byte

// Link gives the event's canonical body and its hash, which seals the body and all before it.
func (e Event) Link(prev Hash) (body []byte, hash Hash, err error) {
	body, err = json.Marshal(record{
		Tenant: e.Tenant, Seq: e.Seq, At: millis(e.At), Kind: e.Kind,
		Verification: e.Verification, Contact: e.Contact, Channel: e.Channel,
		ByID: e.By.ID, ByName: e.By.Name, Method: e.Method,
		Ticket: e.Ticket.ID, TicketNumber: e.Ticket.Number, Client: e.Client,
		Masked: e.Masked, Destination: e.Destination, Note: e.Note, Override: e.Override,
		CodeLength: e.CodeLength, MaxTries: e.MaxTries, ResendAt: millis(e.ResendAt),
		Until: millis(e.Until), Reason: e.Reason, TriesLeft: e.TriesLeft, Carrier: e.Carrier,
		Language: e.Language, Matching: e.Matching, Changed: e.Changed, PolicyTenant: e.Policy.Tenant, PolicyClient: e.Policy.Client,
		Failures: e.Failures, Locks: e.Locks, Changes: e.Changes, Version: e.Version, Sent: e.Sent, Proven: e.Proven,
		Late: e.Late, TimeZone: e.TimeZone, ActorKind: e.ActorKind, Subject: e.Subject,
	})
	if err != nil {
		return nil, Hash{}, err
	}
	return body, Seal(prev, body), nil
}

// Seal is the hash of an event whose canonical body is body, after the event whose hash is prev.
func Seal[T []byte | string](prev Hash, body T) Hash {
	var room [1 << 10]byte // for most bodies
	return sha256.Sum256(append(append(room[:0], prev[:]...), body...))
}

// ParseEvent reads a canonical body back. The event may share the memory of a text.
func ParseEvent[T []byte | string](body T) (Event, error) {
	var r record
	if readCanonical(string(body), &r) {
		return r.event(), nil
	}
	r = record{}
	if err := strictjson.Unmarshal([]byte(body), &r); err != nil {
		return Event{}, fmt.Errorf("event body: %w", err)
	}
	return r.event(), nil
}

func (r *record) event() Event {
	return Event{
		Tenant: r.Tenant, Seq: r.Seq, At: fromMillis(r.At), Kind: r.Kind,
		Verification: r.Verification, Contact: r.Contact, Channel: r.Channel,
		By: Technician{ID: r.ByID, Name: r.ByName}, Method: r.Method,
		Ticket: Ticket{ID: r.Ticket, Number: r.TicketNumber}, Client: r.Client,
		Masked: r.Masked, Destination: r.Destination, Note: r.Note, Override: r.Override,
		CodeLength: r.CodeLength, MaxTries: r.MaxTries, ResendAt: fromMillis(r.ResendAt),
		Until: fromMillis(r.Until), Reason: r.Reason, TriesLeft: r.TriesLeft, Carrier: r.Carrier,
		Language: r.Language, Matching: r.Matching, Changed: r.Changed, Policy: policy.Version{Tenant: r.PolicyTenant, Client: r.PolicyClient},
		Failures: r.Failures, Locks: r.Locks, Changes: r.Changes, Version: r.Version, Sent: r.Sent, Proven: r.Proven,
		Late: r.Late, TimeZone: r.TimeZone, ActorKind: r.ActorKind, Subject: r.Subject,
	}
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
