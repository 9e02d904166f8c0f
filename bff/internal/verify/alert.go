package verify

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
)

// alertBody is what is posted to a tenant's webhook; sdk/webhook has its public types.
type alertBody struct {
	ID     string    `json:"id"`
	Type   string    `json:"type"`
	Tenant string    `json:"tenant"`
	Seq    int64     `json:"seq"`
	At     time.Time `json:"at"`
	Data   alertData `json:"data"`
}

type alertData struct {
	Verification string         `json:"verification_id,omitempty"`
	Contact      string         `json:"contact_id,omitempty"`
	Ticket       string         `json:"ticket_id,omitempty"`
	Technician   string         `json:"technician_id,omitempty"`
	Channel      string         `json:"channel_id,omitempty"`
	Method       channel.Method `json:"method,omitempty"`
	Failures     int            `json:"failures,omitempty"`
	Prefix       string         `json:"prefix,omitempty"`
	Sent         int64          `json:"sent,omitempty"`
	Proven       int64          `json:"verified,omitempty"`
	Until        time.Time      `json:"until,omitzero"`
	Late         bool           `json:"late,omitempty"`
	Was          Outcome        `json:"was,omitempty"`
}

// Kinds of alert that are no kinds of event.
const alertLocked EventKind = "contact_locked"

// alert is what the tenant's webhook is told of an event that was appended.
func (e Event) alert() Alert {
	return e.alertOf(e.Kind, alertData{
		Verification: e.Verification, Contact: e.Contact, Ticket: e.Ticket.ID, Technician: e.By.ID, Failures: e.Failures,
		Prefix: e.prefix(), Sent: e.Sent, Proven: e.Proven, Until: e.Until,
	})
}

// proves is what the webhook is told of the success of a verification.
func (e Event) proves(v Verification) Alert {
	return e.alertOf(e.Kind, alertData{
		Verification: v.ID, Contact: v.Contact, Ticket: v.Ticket, Technician: cmp.Or(e.By.ID, v.Technician),
		Channel: v.Channel, Method: v.Method, Until: e.Until,
	})
}

// locks is what the webhook is told of the failure that has locked the verification's contact.
func (e Event) locks(v Verification) Alert {
	return e.alertOf(alertLocked, alertData{
		Verification: v.ID, Contact: v.Contact, Ticket: v.Ticket, Failures: e.Failures,
		Technician: cmp.Or(e.By.ID, v.Technician), // whose code it was; of a number, who asked
	})
}

func (e Event) prefix() string {
	if e.Kind == EventPrefixPaused {
		return e.Masked
	}
	return ""
}

func (e Event) alertOf(kind EventKind, data alertData) Alert {
	id := fmt.Sprintf("%s-%d", e.Tenant, e.Seq)
	body, err := json.Marshal(alertBody{ID: id, Type: string(kind), Tenant: e.Tenant, Seq: e.Seq, At: e.At, Data: data})
	if err != nil {
		panic(fmt.Sprintf("an alert can't be written: %v", err)) // plain values: it always can
	}
	return Alert{ID: id, Tenant: e.Tenant, Kind: kind, Seq: e.Seq, At: e.At, Body: body}
}
