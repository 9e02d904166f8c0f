package verify

// suppresses tells whether a failure says something lasting of the number that it was sent to: that it is a landline, or
// that its holder has told the carrier to stop. Such a number gets no more texts until the ticket system has another
// one in its place, or an admin clears the contact.
func suppresses(reason Code) bool { return reason == ReasonLandline || reason == ReasonOptedOut }

// Standing is what holds back messages to a contact and a destination.
type Standing struct {
	Failures   int  // wrong codes in a row
	Denied     bool // the contact said "I did not ask for this", and no admin has cleared it since
	Suppressed Code // why the destination gets no texts; empty: it gets them
}

// suppressed gives, by channel, why numbers of the contact on this ticket get no texts.
func (s *Service) suppressed(d TicketContext, r ContactState) map[string]Code {
	if len(r.Suppressions) == 0 {
		return nil
	}
	found := map[string]Code{}
	c, _ := d.Contact(r.Contact)
	for _, ch := range c.Channels {
		if ch.Unusable != "" {
			continue
		}
		if reason, is := r.Suppressions[s.Keys.destination(d.Tenant, ch)]; is {
			found[ch.ID] = reason
		}
	}
	return found
}
