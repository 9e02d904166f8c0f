// Package verify is the core: verifications, their events and projections.
//
// Start with [Service]: Send, CheckCode, Validate and Deny are its main commands. Each appends to the event log of the
// tenant. What a shield shows, what the history lists and what a ticket note says are pure projections of that log
// ([Project], [Note]). Rules are in package policy, and limits in package quota. The package imports these, the leaves
// channel and locale, the standard library and sdk/strictjson only, and declares what it needs of other packages in
// ports.go and tx.go.
package verify

import (
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
)

// Channel is one way to reach a contact.
type Channel struct {
	ID         string             `json:"id"`
	Kind       channel.Kind       `json:"kind"`
	Value      string             `json:"value"`                // an e-mail address, or a number in E.164; empty when unusable
	Canonical  string             `json:"canonical,omitempty"`  // one form for all spellings of the destination; empty: Value, in lower case
	Person     string             `json:"person,omitempty"`     // Canonical without the aliases that reach the same person; empty: Canonical
	Unusable   Unusable           `json:"unusable,omitempty"`   // why no message is sent here
	Candidates []string           `json:"candidates,omitempty"` // of an unusable one: the destinations that it may mean, as Person has them
	Label      string             `json:"label,omitempty"`
	Capability channel.Capability `json:"capability,omitempty"`
	Country    string             `json:"country,omitempty"`   // of a number: ISO 3166, empty when it has none
	Line       channel.Line       `json:"line,omitempty"`      // of a number, as its numbering plan has it
	ChangedAt  time.Time          `json:"changed_at,omitzero"` // since when the contact is reached there; zero: for as long as anybody knows
}

// Contact is a person at the client.
type Contact struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Title    string    `json:"title,omitempty"`
	Language string    `json:"language,omitempty"`  // a tag, such as de; empty: not known
	TimeZone string    `json:"time_zone,omitempty"` // an IANA name; empty: not known
	Channels []Channel `json:"channels,omitempty"`
}

// Channel finds one of the contact's channels by its id.
func (c Contact) Channel(id string) (Channel, bool) {
	for _, ch := range c.Channels {
		if ch.ID == id {
			return ch, true
		}
	}
	return Channel{}, false
}

// Technician is the help desk's user, as the launch context names them.
type Technician struct {
	ID    string `json:"id"`
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
	Phone string `json:"phone,omitempty"` // in E.164
}

// Ticket is the case that the technician has open.
type Ticket struct {
	PSA     string `json:"psa,omitempty"`
	ID      string `json:"id"`
	Number  string `json:"number,omitempty"`
	Summary string `json:"summary,omitempty"`
	URL     string `json:"url,omitempty"`
}

// Client is a customer company of the tenant.
type Client struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// TicketContext is one technician with one ticket open: all that a launch context has signed. A request can name
// only contacts and channels that are in it.
type TicketContext struct {
	Tenant          string     `json:"tenant"`
	Technician      Technician `json:"technician"`
	Ticket          Ticket     `json:"ticket"`
	Client          Client     `json:"client"`
	Contacts        []Contact  `json:"contacts"`
	DefaultContact  string     `json:"default_contact"`
	TakesNotes      bool       `json:"takes_notes,omitempty"` // results are written to this ticket: its system is connected and takes them
	OwnDestinations []string   `json:"own,omitempty"`         // the technician's own addresses and numbers, as Person has them
	OnFile          bool       `json:"filed,omitempty"`       // the contacts are those that the ticket system has on file, and may change there
}

// Contact finds one of the ticket's contacts by its id.
func (d TicketContext) Contact(id string) (Contact, bool) {
	for _, c := range d.Contacts {
		if c.ID == id {
			return c, true
		}
	}
	return Contact{}, false
}

// Session is a pod session: the ticket context that a launch opened, and its end.
// It never changes once opened; a bearer token names it by its ID.
type Session struct {
	ID        string
	Context   TicketContext
	Origin    string // of the host page that may talk to the pod; empty when none was vouched for
	OpenedAt  time.Time
	EndsAt    time.Time // no bearer for this session outlives it
	FirstOpen bool      // no session of this technician had this ticket before
}

// NewSession is a session to store, with what the launch has found.
type NewSession struct {
	Session
	JTI      string                    // of the launch context, recorded as used; empty: the session has another proof
	JTIUntil time.Time                 // how long the JTI is kept
	Channels map[string][]KnownChannel // by contact: they replace the known ones
}

// Tenant is a tenant as pods, pages and messages need it. Whom it trusts is in package admin.
type Tenant struct {
	ID           string // slug: a-z, 0-9 and hyphens
	Name         string
	Region       string   // ISO 3166 country for numbers written without one
	Origins      []string // that may frame the pod, exact
	ProcedureURL string   // what to do when an end user says "I did not ask for this"
	Webhook      Webhook
}

// ForPolicy gives what policies depend on of the tenant.
func (t Tenant) ForPolicy() policy.Tenant {
	return policy.Tenant{ID: t.ID, Name: t.Name, Region: t.Region}
}

// Webhook is where alerts are posted.
type Webhook struct {
	URL    string // empty: nowhere
	Secret []byte // under which they are signed
}

// Alert is an event on its way to a tenant's webhook.
type Alert struct {
	ID       string // the event's own: the receiver tells repetitions by it
	Tenant   string
	Kind     EventKind
	Seq      int64
	At       time.Time // of the event: posts are in this order, but for retries
	Body     []byte    // JSON, exactly as it is posted
	Attempts int       // posts begun before this one
	DueAt    time.Time // of a claimed one: when its lease ends
}

// Verification is one attempt to prove one channel by one method, on one
// ticket, by one technician: the record that is used exactly once.
type Verification struct {
	ID          string
	Tenant      string
	Contact     string
	Channel     string
	Ticket      string
	Technician  string
	Method      channel.Method
	Secret      []byte // a code's number of digits and MAC, or SHA-256 of the link's token
	Tries       int
	MaxTries    int // of a code; of a link under number matching 1, else 0
	RequestedAt time.Time
	ExpiresAt   time.Time
	VerifiedFor time.Duration // how long a success stays green
	Destination string        // keyed hash of where its message went
	Person      string        // keyed hash of the mailbox or number without aliases
	Prefix      string        // keyed hash of the block that its number is of; empty without texts
	Key         string        // the technician's idempotency key
	Fingerprint []byte        // of the request that came with the key
	Outcome     Outcome       // empty while open
	EndedAt     time.Time     // zero while nothing has ended it; one that expired keeps it zero
}

// Outcome is how a verification ended.
type Outcome string

// The outcomes. An open verification past its time reads as expired.
const (
	Open       Outcome = ""
	Verified   Outcome = "verified"
	Denied     Outcome = "denied"
	Failed     Outcome = "failed"
	Cancelled  Outcome = "cancelled"
	Superseded Outcome = "superseded"
	Expired    Outcome = "expired"
)

// Job is one message on its way to the end user. It is the only thing that
// holds the plain destination and the plain secret, sealed, and only until done.
type Job struct {
	ID         string         `json:"id"` // the verification's own
	Tenant     string         `json:"tenant"`
	Method     channel.Method `json:"method"`
	To         string         `json:"to"`
	Secret     string         `json:"secret"` // the code, or the link's token
	Recipient  string         `json:"recipient"`
	Technician string         `json:"technician"`
	Ticket     string         `json:"ticket"`
	Language   string         `json:"language,omitempty"`  // that it is written in
	TimeZone   string         `json:"time_zone,omitempty"` // in which it gives times
	ExpiresAt  time.Time      `json:"expires_at"`
	ValidFor   time.Duration  `json:"valid_for"`
	Attempts   int            `json:"-"` // sends begun before this one
}

// JobKind is what a job brings to its receiver. Those of messages to the end user are the kinds of their channels.
type JobKind string

// The other kinds of job.
const (
	NoteJobs    JobKind = "note"    // onto the ticket
	WebhookJobs JobKind = "webhook" // to the tenant's own server
)

// MessageJobs is the kind of messages to channels of the kind.
func MessageJobs(kind channel.Kind) JobKind { return JobKind(kind) }

// JobState is where a job stands.
type JobState string

// States of a job. Unsure: the process died after the carrier was asked and before
// it answered, so the message may or may not be on its way; it is never resent in silence.
const (
	JobQueued        JobState = "queued"
	JobSending       JobState = "sending" // of messages only: other jobs stay queued under a lease
	JobSent          JobState = "sent"    // the receiver has taken it
	JobFailed        JobState = "failed"  // the receiver refused it, it was given up, or it can't be unsealed or put into words
	JobDead          JobState = "dead"    // its verification ended first, ends before it could be sent, or has no result to tell
	JobIndeterminate JobState = "indeterminate"
)
