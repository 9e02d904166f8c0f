package verify

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// readCanonical reads a body as [Event.Link] writes it: the members in their order, without spaces. False: the body has
// another form, or an escape or a list of changes in it, and is one for the general decoder.
// What is read shares the memory of the text.
func readCanonical(text string, r *record) bool {
	if len(text) > strictjson.MaxSize || strings.IndexByte(text, '\\') >= 0 || !utf8.ValidString(text) {
		return false
	}
	b := bodyReader{text: text}
	readText(&b, `"tenant":`, &r.Tenant)
	readNumber(&b, `"seq":`, &r.Seq)
	readNumber(&b, `"at":`, &r.At)
	readText(&b, `"kind":`, &r.Kind)
	readText(&b, `"verification":`, &r.Verification)
	readText(&b, `"contact":`, &r.Contact)
	readText(&b, `"channel":`, &r.Channel)
	readText(&b, `"by":`, &r.ByID)
	readText(&b, `"by_name":`, &r.ByName)
	readText(&b, `"method":`, &r.Method)
	readText(&b, `"ticket":`, &r.Ticket)
	readText(&b, `"ticket_number":`, &r.TicketNumber)
	readText(&b, `"client":`, &r.Client)
	readText(&b, `"masked":`, &r.Masked)
	readText(&b, `"destination":`, &r.Destination)
	readText(&b, `"note":`, &r.Note)
	b.readTrue(`"override":`, &r.Override)
	readNumber(&b, `"code_length":`, &r.CodeLength)
	readNumber(&b, `"max_tries":`, &r.MaxTries)
	readNumber(&b, `"resend_at":`, &r.ResendAt)
	readNumber(&b, `"until":`, &r.Until)
	readText(&b, `"reason":`, &r.Reason)
	readNumber(&b, `"tries_left":`, &r.TriesLeft)
	readText(&b, `"carrier":`, &r.Carrier)
	readText(&b, `"language":`, &r.Language)
	b.readTrue(`"matching":`, &r.Matching)
	b.readTrue(`"changed_channel":`, &r.Changed)
	readNumber(&b, `"policy_tenant":`, &r.PolicyTenant)
	readNumber(&b, `"policy_client":`, &r.PolicyClient)
	readNumber(&b, `"failures":`, &r.Failures)
	b.readTrue(`"locks":`, &r.Locks)
	readNumber(&b, `"version":`, &r.Version)
	readNumber(&b, `"sent":`, &r.Sent)
	readNumber(&b, `"proven":`, &r.Proven)
	b.readTrue(`"late":`, &r.Late)
	readText(&b, `"time_zone":`, &r.TimeZone)
	readText(&b, `"actor_kind":`, &r.ActorKind)
	readText(&b, `"subject":`, &r.Subject)
	return !b.other && b.at > 0 && text[b.at:] == "}"
}

// bodyReader stands before the brace or the comma that comes before the next member.
type bodyReader struct {
	text  string
	at    int
	other bool // a value has another form than the canonical one
}

// value gives what follows the name, if the name is next.
func (b *bodyReader) value(name string) (rest string, next bool) {
	separator := byte(',')
	if b.at == 0 {
		separator = '{'
	}
	rest = b.text[b.at:]
	if len(rest) <= len(name) || rest[0] != separator || rest[1:1+len(name)] != name {
		return "", false
	}
	return rest[1+len(name):], true
}

// taken moves past the name and so many bytes of its value.
func (b *bodyReader) taken(name string, n int) { b.at += 1 + len(name) + n }

func readText[T ~string](b *bodyReader, name string, into *T) {
	rest, next := b.value(name)
	if !next {
		return
	}
	end := -1
	if rest != "" && rest[0] == '"' {
		end = strings.IndexByte(rest[1:], '"')
	}
	if end < 0 || hasControl(rest[1:1+end]) {
		b.other = true
		return
	}
	*into = T(rest[1 : 1+end])
	b.taken(name, end+2)
}

func hasControl(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' {
			return true
		}
	}
	return false
}

func readNumber[T int | int64](b *bodyReader, name string, into *T) {
	rest, next := b.value(name)
	if !next {
		return
	}
	digits := 0
	for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
		digits++
	}
	n, err := strconv.ParseInt(rest[:digits], 10, 64)
	if err != nil || int64(T(n)) != n || digits > 1 && rest[0] == '0' {
		b.other = true // a negative number too
		return
	}
	*into = T(n)
	b.taken(name, digits)
}

// readTrue reads a flag. One that is false is left out of the canonical form.
func (b *bodyReader) readTrue(name string, into *bool) {
	rest, next := b.value(name)
	switch {
	case !next:
	case strings.HasPrefix(rest, "true"):
		*into = true
		b.taken(name, len("true"))
	default:
		b.other = true
	}
}
