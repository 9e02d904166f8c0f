package sandbox

import (
	"slices"
	"sync"
	"time"
)

// Modes of a carrier: the treatment of the next messages.
const (
	modeOK        = "ok"
	modeSlow      = "slow"              // accepts the message, and answers after seconds
	modeCut       = "cut"               // accepts the message and drops the connection
	mode429       = "429"               // too many requests, as HTTP status
	mode5xx       = "5xx"               // an internal error
	modeThrottled = "throttled"         // too many requests, in the carrier's own format
	modeLost      = "lost_receipt"      // delivers without a receipt
	modeDuplicate = "duplicate_receipt" // sends every receipt twice
	modeForged    = "forged_receipt"    // sends receipts with a wrong signature
	modeRefuse    = "refuse"            // refuses the recipient
	modeDown      = "down"              // only the gateway answers
	modeDisorder  = "out_of_order"      // sends the later receipt first
	modeStop      = "stop"              // the recipient has opted out
	modeLandline  = "landline"          // the recipient's number is a landline
	modeFull      = "mailbox_full"      // the recipient's mailbox is full
)

// The carriers.
const (
	sendgrid = "sendgrid"
	vonage   = "vonage"
	twilio   = "twilio"
	smtp     = "smtp"
)

var carriers = []string{sendgrid, vonage, twilio, smtp}

// modes are the modes of each carrier: a mail server sends no receipts, and only numbers can be landlines.
var modes = func() map[string][]string {
	taking := []string{modeOK, modeSlow, modeCut, mode429, mode5xx, modeDown, modeRefuse}
	telling := []string{modeThrottled, modeLost, modeDuplicate, modeForged, modeDisorder}
	return map[string][]string{
		sendgrid: slices.Concat(taking, telling, []string{modeFull}),
		vonage:   slices.Concat(taking, telling, []string{modeStop, modeLandline}),
		twilio:   slices.Concat(taking, telling, []string{modeStop, modeLandline}),
		smtp:     append(taking, modeFull),
	}
}()

// deliveryStep gives the time of one of two receipts of a message, in halves of the delay. In modeDisorder the first
// one comes last.
func deliveryStep(step int, mode string) time.Duration {
	if mode == modeDisorder {
		step = 3 - step
	}
	return time.Duration(step)
}

// fault is the behaviour of a carrier, and the number of further messages with it; 0: no limit.
type fault struct {
	Mode      string `json:"mode"`
	Remaining int    `json:"left,omitempty"`
}

// faults are the faults of the carriers. The zero value has none.
type faults struct {
	mu     sync.Mutex
	active map[string]fault
}

func (m *faults) set(carrier string, to fault) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.active == nil {
		m.active = map[string]fault{}
	}
	m.active[carrier] = to
}

// next gives the mode of one message, and counts the message.
func (m *faults) next(carrier string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	active, faulty := m.active[carrier]
	if !faulty {
		return modeOK
	}
	switch active.Remaining {
	case 0:
	case 1:
		delete(m.active, carrier)
	default:
		active.Remaining--
		m.active[carrier] = active
	}
	return active.Mode
}

func (m *faults) all() map[string]fault {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := map[string]fault{}
	for _, carrier := range carriers {
		all[carrier] = fault{Mode: modeOK}
	}
	for carrier, active := range m.active {
		all[carrier] = active
	}
	return all
}
