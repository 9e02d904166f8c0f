package connectwise_test

import (
	"strings"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/psa/connectwise"
)

func TestCloudHostsHaveAnAPIOfTheirOwn(t *testing.T) {
	for host, api := range map[string]string{
		"na.myconnectwise.net": "https://api-na.myconnectwise.net", "api-na.myconnectwise.net": "https://api-na.myconnectwise.net",
		"cw.acme.example": "https://cw.acme.example", "api-cw.acme.example": "https://api-cw.acme.example",
	} {
		if got := connectwise.API(host); got != api {
			t.Errorf("the API of %s is at %s, want %s", host, got, api)
		}
	}
}

func FuzzContact(f *testing.F) {
	f.Add([]byte(`{"id":1,"firstName":"Dana","communicationItems":[{"id":2,"type":{"name":"Mobile"},"value":"4155554821","communicationType":"Phone"},{"id":2,"type":null,"value":"x@y","communicationType":"Email"}]}`))
	f.Add([]byte(`{"id":-1,"communicationItems":[{"id":0,"value":"1","communicationType":"Fax"}]}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, text []byte) {
		person, ok := connectwise.Person(connectwise.Settings{Types: map[string]connectwise.Type{"Shared": connectwise.TypeIgnore}}, text)
		if !ok {
			return
		}
		taken := map[string]bool{}
		for _, ch := range person.Channels {
			if ch.Value == "" || taken[ch.ID] || ch.Kind != "email" && ch.Kind != "phone" || ch.Kind == "email" && ch.Mobile != nil {
				t.Errorf("%s tells %+v", text, ch)
			}
			taken[ch.ID] = true
		}
	})
}

func FuzzSettings(f *testing.F) {
	f.Add([]byte(`{"host":"na.myconnectwise.net","company":"acme","client_id":"4dd2"}`))
	f.Add([]byte(`{"host":"http://127.0.0.1:8083","company":"a","client_id":"b","types":{"Cell":"mobile"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := connectwise.ParseSettings(text)
		if err == nil && (s.Origin() == "" || strings.ContainsAny(s.Company+s.ClientID+s.Codebase, ";/\r\n ")) {
			t.Errorf("%s is fine, and leads to %q", text, s.Origin())
		}
	})
}

func FuzzPattern(f *testing.F) {
	for _, text := range hostile {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got := connectwise.Like(text); got != "" && !patternOnly.MatchString(got) {
			t.Errorf("%q gives %s", text, got)
		}
	})
}
