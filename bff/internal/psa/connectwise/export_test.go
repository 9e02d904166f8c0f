package connectwise

import (
	"encoding/json"

	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// API is the origin of the API of a host.
func API(host string) string {
	at := Settings{Host: host}.api()
	return at.String()
}

// Person reads one contact.
func Person(s Settings, text []byte) (launchcontext.Contact, bool) {
	var c contact
	if json.Unmarshal(text, &c) != nil {
		return launchcontext.Contact{}, false
	}
	return s.contactOf(c), true
}

// Like gives a pattern.
func Like(text string) string { return like(text) }
