package graph

import (
	"github.com/shieldpod/shieldpod/bff/internal/courier"
	mail "github.com/shieldpod/shieldpod/bff/internal/message"
)

// request is the body of sendMail.
type request struct {
	Message         message `json:"message"`
	SaveToSentItems bool    `json:"saveToSentItems"`
}

type message struct {
	Subject    string      `json:"subject"`
	Body       body        `json:"body"`
	From       *recipient  `json:"from,omitempty"`
	To         []recipient `json:"toRecipients"`
	Properties []property  `json:"singleValueExtendedProperties,omitempty"`
}

type body struct {
	Type    string `json:"contentType"` // "html" or "text"
	Content string `json:"content"`
}

type recipient struct {
	Address address `json:"emailAddress"`
}

type address struct {
	Name    string `json:"name,omitempty"`
	Address string `json:"address"`
}

type property struct {
	ID    string `json:"id"`
	Value string `json:"value"`
}

// headerProperty is the name of the property that Exchange writes as a header (MS-OXCMAIL, 2.2.3.2.29). Graph's own field
// for headers takes only names that begin with X-.
const headerProperty = "String {00020386-0000-0000-C000-000000000046} Name "

// compose builds the request's body. A message in JSON has one body; Exchange adds a plain text that it makes from the HTML.
func (s *Sender) compose(out courier.OutgoingMessage, from, to string) request {
	m := message{
		Subject: out.Mail.Subject, Body: body{Type: "html", Content: out.Mail.HTML},
		From: &recipient{address{Name: out.Mail.FromName, Address: from}}, To: []recipient{{address{Address: to}}},
	}
	for name, value := range mail.Headers {
		m.Properties = append(m.Properties, property{ID: headerProperty + name, Value: value})
	}
	return request{Message: m, SaveToSentItems: s.config.SaveToSentItems}
}
