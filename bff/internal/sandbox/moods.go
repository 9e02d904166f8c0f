package sandbox

import (
	"slices"
	"sync"
	"time"
)

// Modes of a carrier: how it treats the next messages.
const (
	modeOK        = "ok"
	modeSlow      = "slow"              // takes the message, and seconds to say so
	modeCut       = "cut"               // takes the message and drops the connection without a word
	mode429       = "429"               // too many requests, by HTTP
	mode5xx       = "5xx"               // an error of its own
	modeThrottled = "throttled"         // too many requests, in the carrier's own words
	modeLost      = "lost_receipt"      // delivers, and never says so
	modeDuplicate = "duplicate_receipt" // says everything twice
	modeForged    = "forged_receipt"    // somebody else says it, under another key
	modeRefuse    = "refuse"            // won't take this recipient
	modeDown      = "down"              // only its gateway is there
	modeDisorder  = "out_of_order"      // says what came last first
	modeStop      = "stop"              // the recipient has told it to stop
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

// modes are those of each carrier: a mail server tells nothing afterwards, and only numbers can be landlines.
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

// nth is when a message's step of two is told, in halves of the delay: under disorder the first one comes last.
func nth(step int, mode string) time.Duration {
	if mode == modeDisorder {
		step = 3 - step
	}
	return time.Duration(step)
}

// mood is how a carrier behaves, and for how many more messages; 0: until told otherwise.
type mood struct {
	Mode string `json:"mode"`
	Left int    `json:"left,omitempty"`
}

// moods is how the carriers behave. The zero value is well-behaved.
type moods struct {
	mu  sync.Mutex
	now map[string]mood
}

func (m *moods) set(carrier string, to mood) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.now == nil {
		m.now = map[string]mood{}
	}
	m.now[carrier] = to
}

// next gives the mode for one message, and counts it.
func (m *moods) next(carrier string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	now, moody := m.now[carrier]
	if !moody {
		return modeOK
	}
	switch now.Left {
	case 0:
	case 1:
		delete(m.now, carrier)
	default:
		now.Left--
		m.now[carrier] = now
	}
	return now.Mode
}

func (m *moods) all() map[string]mood {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := map[string]mood{}
	for _, carrier := range carriers {
		all[carrier] = mood{Mode: modeOK}
	}
	for carrier, now := range m.now {
		all[carrier] = now
	}
	return all
}
