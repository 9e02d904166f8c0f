package launchcontext

import (
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of what a context says, in bytes. The size of the context bounds the number of contacts.
const (
	MaxID  = 128  // an id of a ticket, client, person or channel
	MaxPSA = 60   // the name of the ticket system
	MaxURL = 2048 // the address of the ticket
)

// ReservedPrefix begins the ids that Shieldpod itself gives to people and clients of ConnectWise. No context may use it.
const ReservedPrefix = "connectwise:"

// Check judges claims as Shieldpod does once the signature is proven, and gives the first refusal. Sign and Verify both
// call it. It knows no tenant: whether the audience, the key, the origin and the phone numbers are those of one is only
// known to the server.
func (c Claims) Check() error {
	if faults := c.Faults(); len(faults) > 0 {
		return faults[0]
	}
	return nil
}

// Faults gives all refusals of Check. CodeClaims: a claim is missing or can't be used. CodeAudience: aud is not the URL of
// a server. CodeLifetime: exp is not after iat, or too late.
func (c Claims) Faults() []*Error {
	var k checker
	k.required(c)
	k.audience(c.Audience)
	k.match("tid", c.Tenant, slug, "must be a tenant's slug: up to 40 of a-z, 0-9 and hyphens")
	if c.Origin != "" && !isOrigin(c.Origin) {
		k.refuse("origin", "must be a scheme and a host only, in small letters, such as https://psa.example")
	}
	if seen(c.Actor.Email) != "" && !isAddress(c.Actor.Email) {
		k.refuse("act.email", "is not an e-mail address")
	}
	if seen(c.Actor.Phone) != "" && !strings.ContainsFunc(c.Actor.Phone, unicode.IsDigit) {
		k.refuse("act.phone", "is not a phone number")
	}
	x := c.Context
	k.id("sub", c.Subject, x.PSA)
	k.visible("ctx.psa", x.PSA, MaxPSA)
	k.visible("ctx.ticket.id", x.Ticket.ID, MaxID)
	k.url("ctx.ticket.url", x.Ticket.URL)
	k.id("ctx.client.id", x.Client.ID, x.PSA)
	k.name("ctx.client.name", x.Client.Name)
	k.id("ctx.contact.id", x.Contact.ID, x.PSA)
	k.contacts(x)
	k.times(c)
	return k.faults
}

// checker collects refusals.
type checker struct{ faults []*Error }

func (k *checker) refuse(field, format string, args ...any) {
	k.faults = append(k.faults, refuse(CodeClaims, field, format, args...))
}

func (k *checker) missing(field string) { k.faults = append(k.faults, missing(field)) }

func (k *checker) required(c Claims) {
	for _, r := range []struct{ field, value string }{
		{"iss", c.Issuer}, {"aud", c.Audience}, {"sub", c.Subject}, {"tid", c.Tenant}, {"jti", c.ID},
		{"ctx.psa", c.Context.PSA}, {"ctx.ticket.id", c.Context.Ticket.ID},
		{"ctx.client.id", c.Context.Client.ID}, {"ctx.client.name", c.Context.Client.Name},
		{"ctx.contact.id", c.Context.Contact.ID},
	} {
		if r.value == "" {
			k.missing(r.field)
		}
	}
}

// audience refuses what is no server's public URL, by the code of an audience that is another's.
func (k *checker) audience(aud string) {
	if aud != "" && !isOrigin(aud) {
		k.faults = append(k.faults, refuse(CodeAudience, "aud",
			"must be Shieldpod's public URL exactly: a scheme and a host in small letters, without a slash at the end, such as https://pod.example"))
	}
}

var slug = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$`)

func (k *checker) match(field, value string, shape *regexp.Regexp, why string) {
	if value != "" && !shape.MatchString(value) {
		k.refuse(field, "%s", why)
	}
}

// isDots tells ids that no path of a URL can name: browsers and proxies resolve them before a request is sent.
func isDots(id string) bool { return id == "." || id == ".." }

// visible refuses a value that is not exactly what people see of it. Machines compare such values.
func (k *checker) visible(field, value string, most int) {
	if value != "" && (len(value) > most || !isVisible(value)) {
		k.refuse(field, "must be 1 to %d visible characters, without spaces around it", most)
	} else if isDots(value) {
		k.refuse(field, "can't be \".\" or \"..\", which no address can name")
	}
}

// id refuses an id of a person or client. Those of ConnectWise get the reserved prefix, which counts.
func (k *checker) id(field, value, psa string) {
	most := MaxID
	if psa+":" == ReservedPrefix {
		most -= len(ReservedPrefix)
	} else if strings.HasPrefix(value, ReservedPrefix) {
		k.refuse(field, "must not begin with %q, which marks ids that Shieldpod reads from ConnectWise", ReservedPrefix)
		return
	}
	k.visible(field, value, most)
}

func (k *checker) name(field, value string) {
	if value != "" && !isReadable(value) {
		k.refuse(field, "has no visible character")
	}
}

func (k *checker) url(field, value string) {
	if value == "" {
		return
	}
	value = seen(value)
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || len(value) > MaxURL || !isVisible(value) {
		k.refuse(field, "is not a web address")
	}
}

func (k *checker) contacts(x Context) {
	if x.Contacts == nil {
		return // Shieldpod reads them from the ticket system
	}
	taken := make(map[string]bool, len(x.Contacts))
	for i, contact := range x.Contacts {
		k.contact(contactAt(i), contact, x.PSA)
		if contact.ID != "" && taken[contact.ID] {
			k.refuse(contactAt(i)+".id", "is repeated")
		}
		taken[contact.ID] = true
	}
	if x.Contact.ID != "" && !taken[x.Contact.ID] {
		k.refuse("ctx.contact.id", "is not among ctx.contacts")
	}
}

func (k *checker) contact(at string, c Contact, psa string) {
	if c.ID == "" {
		k.missing(at + ".id")
	}
	if c.Name == "" {
		k.missing(at + ".name")
	}
	k.id(at+".id", c.ID, psa)
	k.name(at+".name", c.Name)
	for i, ch := range c.Channels {
		k.channel(channelAt(at, i), ch)
		if ch.ID != "" && slices.ContainsFunc(c.Channels[:i], func(other Channel) bool { return other.ID == ch.ID }) {
			k.refuse(channelAt(at, i)+".id", "is repeated")
		}
	}
}

func (k *checker) channel(at string, ch Channel) {
	if ch.ID == "" {
		k.missing(at + ".id")
	}
	if ch.Value == "" {
		k.missing(at + ".value")
	}
	if ch.Kind != KindEmail && ch.Kind != KindPhone {
		k.refuse(at+".kind", "must be %q or %q", KindEmail, KindPhone)
	}
	k.visible(at+".id", ch.ID, MaxID)
}

func (k *checker) times(c Claims) {
	if err := c.checkTimes(); err != nil {
		k.faults = append(k.faults, err)
	}
}

func (c Claims) checkTimes() *Error {
	switch {
	case c.IssuedAt.IsZero():
		return missing("iat")
	case c.NotBefore.IsZero():
		return missing("nbf")
	case c.ExpiresAt.IsZero():
		return missing("exp")
	case !c.ExpiresAt.After(c.IssuedAt), !c.ExpiresAt.After(c.NotBefore):
		return refuse(CodeLifetime, "exp", "must lie after iat and nbf")
	case c.ExpiresAt.Sub(c.IssuedAt) > MaxLifetime:
		return refuse(CodeLifetime, "exp", "may lie at most %s after iat", MaxLifetime)
	}
	return nil
}

// checkMoment judges times against a clock.
func (c Claims) checkMoment(now time.Time) error {
	switch {
	case !now.Before(c.ExpiresAt.Add(Leeway)):
		return refuse(CodeExpired, "exp", "has passed")
	case c.NotBefore.After(now.Add(Leeway)):
		return refuse(CodeNotYet, "nbf", "lies in the future: compare the clocks")
	case c.IssuedAt.After(now.Add(Leeway)):
		return refuse(CodeNotYet, "iat", "lies in the future: compare the clocks")
	}
	return nil
}

func missing(field string) *Error { return refuse(CodeClaims, field, "is missing") }

func contactAt(i int) string { return "ctx.contacts[" + strconv.Itoa(i) + "]" }

func channelAt(contact string, i int) string { return fmt.Sprintf("%s.channels[%d]", contact, i) }

var host = regexp.MustCompile(`^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[1-9][0-9]{0,4})?$`)

// isOrigin tells whether the text is an origin as browsers write it, which is also how a server's public URL is written.
func isOrigin(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Scheme+"://"+u.Host != text || !host.MatchString(u.Host) {
		return false
	}
	own := map[string]string{"https": "443", "http": "80"}[u.Scheme]
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	return u.Port() == "" || err == nil && port > 0 && u.Port() != own
}

const (
	zeroWidthNonJoiner = '\u200c' // these two belong to the spelling of
	zeroWidthJoiner    = '\u200d' // Persian, Hindi and others, and to emoji
)

func isJoiner(r rune) bool { return r == zeroWidthJoiner || r == zeroWidthNonJoiner }

// isHidden tells whether a character is not seen, or changes the direction of writing.
func isHidden(r rune) bool {
	return !isJoiner(r) && (r == utf8.RuneError || unicode.In(r, unicode.Cf, unicode.Bidi_Control))
}

// isVisible tells whether nothing of the text is hidden: no control, no character of a line's or paragraph's end, no blanks
// around it or beside each other, and none but the plain space.
func isVisible(text string) bool {
	blank := true // before the first character
	for _, r := range text {
		switch {
		case isHidden(r), unicode.IsControl(r), unicode.IsSpace(r) && (r != ' ' || blank), unicode.In(r, unicode.Zl, unicode.Zp):
			return false
		}
		blank = r == ' '
	}
	return !blank
}

// isReadable tells whether something of the text is seen.
func isReadable(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool {
		return !isHidden(r) && !unicode.IsControl(r) && !unicode.IsSpace(r) && !unicode.In(r, unicode.Zl, unicode.Zp)
	})
}

// seen gives a text without what can't be seen of it.
func seen(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r != utf8.RuneError && (isHidden(r) || isJoiner(r)) {
			return -1
		}
		return r
	}, text))
}

// addressForms are other ways to write the characters of an e-mail address.
var addressForms = strings.NewReplacer("\uff20", "@", "\ufe6b", "@", "\u3002", ".", "\uff0e", ".", "\uff61", ".")

// isAddress tells whether the text is one e-mail address: "mailto:", angle brackets, needless quotes and the dot behind a
// domain may be around it, and what can't be seen is as if it were not there.
func isAddress(text string) bool {
	text = addressForms.Replace(seen(text))
	if len(text) > 7 && strings.EqualFold(text[:7], "mailto:") {
		text = text[7:]
	}
	text = strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(text, "<"), ">"), ".")
	parsed, err := mail.ParseAddress(text)
	if err != nil || parsed.Name != "" {
		return false
	}
	local, domain, _ := strings.Cut(parsed.Address, "@")
	return (parsed.Address == text || `"`+local+`"@`+domain == text) && strings.Contains(domain, ".")
}
