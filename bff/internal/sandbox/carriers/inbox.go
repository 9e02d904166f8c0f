package carriers

import (
	"regexp"
	"strconv"
	"sync"
	"time"
)

// Message is one received e-mail or text message.
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

// Limits of the stored messages. The HTML is kept for fewer messages, because it is about a hundred times larger than
// the rest.
const (
	maxMessages = 20_000
	maxHTML     = 1_000
)

// inbox stores received messages, with an index by recipient.
type inbox struct {
	mu          sync.RWMutex
	count       int64 // messages received so far, and the number of the newest one
	messages    []Message
	html        []string
	byRecipient map[string][]int64 // numbers by recipient, oldest first
	watchers    map[chan struct{}]struct{}
}

func newInbox() *inbox {
	return &inbox{
		messages: make([]Message, maxMessages), html: make([]string, maxHTML),
		byRecipient: map[string][]int64{}, watchers: map[chan struct{}]struct{}{},
	}
}

var (
	linkPattern = regexp.MustCompile(`https?://[^\s"<>]+`)
	codePattern = regexp.MustCompile(`\b(\d{3,4}) (\d{3,4})\b`)
)

// add stores a message and notifies the watchers.
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
	slot := &b.messages[b.count%maxMessages]
	if slot.ID != "" {
		b.dropOldest(slot.To)
	}
	*slot = m
	b.html[b.count%maxHTML] = html
	b.byRecipient[m.To] = append(b.byRecipient[m.To], b.count)
	for watcher := range b.watchers {
		select {
		case watcher <- struct{}{}:
		default:
		}
	}
}

// dropOldest drops the recipient's oldest message, which is the oldest of all.
func (b *inbox) dropOldest(to string) {
	if rest := b.byRecipient[to][1:]; len(rest) > 0 {
		b.byRecipient[to] = rest
	} else {
		delete(b.byRecipient, to)
	}
}

// newestMessages gives at most n messages, newest first; of one recipient, unless to is empty.
func (b *inbox) newestMessages(to string, n int, withHTML bool) []Message {
	b.mu.RLock()
	defer b.mu.RUnlock()
	list := make([]Message, 0, min(n, 64))
	if to != "" {
		numbers := b.byRecipient[to]
		for i := len(numbers) - 1; i >= 0 && len(list) < n; i-- {
			list = append(list, b.at(numbers[i], withHTML))
		}
		return list
	}
	for i := b.count; i > 0 && i > b.count-maxMessages && len(list) < n; i-- {
		list = append(list, b.at(i, withHTML))
	}
	return list
}

func (b *inbox) at(number int64, withHTML bool) Message {
	m := b.messages[number%maxMessages]
	if withHTML && number > b.count-maxHTML {
		m.HTML = b.html[number%maxHTML]
	}
	return m
}

// find gives one message with its HTML; false if it is not stored.
func (b *inbox) find(id string) (Message, bool) {
	number, err := strconv.ParseInt(id, 10, 64)
	b.mu.RLock()
	defer b.mu.RUnlock()
	if err != nil || number < 1 || number > b.count || number <= b.count-maxMessages {
		return Message{}, false
	}
	return b.at(number, true), true
}

// watch gives a channel that receives when a message arrives, and a function that ends it.
func (b *inbox) watch() (changes <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.watchers[c] = struct{}{}
	return c, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.watchers, c)
	}
}
