package sandbox

import (
	"regexp"
	"strconv"
	"sync"
	"time"
)

// Message is one e-mail or text message as it reached its recipient.
type Message struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"` // sms or email
	To      string    `json:"to"`
	From    string    `json:"from"`
	Subject string    `json:"subject,omitempty"`
	Text    string    `json:"text"`
	HTML    string    `json:"html,omitempty"`
	Link    string    `json:"link,omitempty"`
	Code    string    `json:"code,omitempty"`
}

// What is kept: the newest messages, and of the newest few the HTML too, which is a
// hundred times the rest.
const (
	keptMessages = 20_000
	keptHTML     = 1_000
)

// inbox keeps what arrived, and finds by recipient what is newest without a search.
type inbox struct {
	mu      sync.RWMutex
	count   int64 // ever arrived; the newest message has this number
	ring    []Message
	html    []string
	by      map[string][]int64 // numbers by recipient, oldest first
	readers map[chan struct{}]struct{}
}

func newInbox() *inbox {
	return &inbox{
		ring: make([]Message, keptMessages), html: make([]string, keptHTML),
		by: map[string][]int64{}, readers: map[chan struct{}]struct{}{},
	}
}

var (
	linkPattern = regexp.MustCompile(`https?://[^\s"<>]+`)
	codePattern = regexp.MustCompile(`\b(\d{3,4}) (\d{3,4})\b`)
)

// add keeps a message and rings for whoever watches.
func (b *inbox) add(m Message) {
	m.Link = linkPattern.FindString(m.Text)
	if code := codePattern.FindStringSubmatch(m.Text); code != nil {
		m.Code = code[1] + code[2]
	}
	html := m.HTML
	m.HTML = ""

	b.mu.Lock()
	defer b.mu.Unlock()
	b.count++
	m.ID = strconv.FormatInt(b.count, 10)
	slot := &b.ring[b.count%keptMessages]
	if slot.ID != "" {
		b.forget(slot.To)
	}
	*slot = m
	b.html[b.count%keptHTML] = html
	b.by[m.To] = append(b.by[m.To], b.count)
	for bell := range b.readers {
		select {
		case bell <- struct{}{}:
		default:
		}
	}
}

// forget drops the recipient's oldest message: the oldest of all is the oldest of its own.
func (b *inbox) forget(to string) {
	if rest := b.by[to][1:]; len(rest) > 0 {
		b.by[to] = rest
	} else {
		delete(b.by, to)
	}
}

// newest gives at most n messages, newest first; of one recipient, unless to is empty.
func (b *inbox) newest(to string, n int, withHTML bool) []Message {
	b.mu.RLock()
	defer b.mu.RUnlock()
	list := make([]Message, 0, min(n, 64))
	if to != "" {
		numbers := b.by[to]
		for i := len(numbers) - 1; i >= 0 && len(list) < n; i-- {
			list = append(list, b.at(numbers[i], withHTML))
		}
		return list
	}
	for i := b.count; i > 0 && i > b.count-keptMessages && len(list) < n; i-- {
		list = append(list, b.at(i, withHTML))
	}
	return list
}

func (b *inbox) at(number int64, withHTML bool) Message {
	m := b.ring[number%keptMessages]
	if withHTML && number > b.count-keptHTML {
		m.HTML = b.html[number%keptHTML]
	}
	return m
}

// find gives one message with its HTML; false when it is gone or never was.
func (b *inbox) find(id string) (Message, bool) {
	number, err := strconv.ParseInt(id, 10, 64)
	b.mu.RLock()
	defer b.mu.RUnlock()
	if err != nil || number < 1 || number > b.count || number <= b.count-keptMessages {
		return Message{}, false
	}
	return b.at(number, true), true
}

// watch gives a bell that rings when something arrives, and what ends it.
func (b *inbox) watch() (bell <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.readers[c] = struct{}{}
	return c, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.readers, c)
	}
}
