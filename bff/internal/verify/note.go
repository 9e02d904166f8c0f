package verify

import (
	"fmt"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/locale"
)

var methodWords = map[channel.Method]string{
	channel.EmailLink: "secure link by e-mail", channel.SMSLink: "secure link by SMS",
	channel.SMSCode: "code by SMS", channel.EmailCode: "code by e-mail",
}

var outcomeWords = map[Outcome]string{
	Verified: "verified", Denied: "DENIED: the recipient says they did not ask for this",
	Failed: "failed", Cancelled: "cancelled", Superseded: "replaced by a newer one", Expired: "expired unanswered",
	Open: "waiting for an answer",
}

// lateWords are of a denial that came after the end that a verification had had, and the word for the time of that end.
var lateWords = map[Outcome]struct{ was, at string }{
	Verified:   {"it was verified", "Verified"},
	Failed:     {"it had failed", "Failed"},
	Cancelled:  {"it was cancelled", "Cancelled"},
	Superseded: {"it was replaced by a newer one", "Replaced"},
	Expired:    {"it had expired", "Expired"},
}

// noteTime is how a note writes a time, before the zone's short name.
const noteTime = "2 Jan 2006, 15:04 "

const noteMarker = "Verification: "

// Note is the text for the ticket: who was verified, how, by whom and with what result, a line for each, with times in
// the zone. Its last line has what [NoteMarker] gives, so that a writer can look for it before it writes again.
func Note(contactName string, n Entry, zone *time.Location) string {
	say := func(at time.Time) string { return at.In(zone).Format(noteTime) + locale.ZoneAbbreviation(at.In(zone)) }
	late, isLate := lateWords[n.DeniedAfter]
	result := outcomeWords[n.Outcome]
	if isLate {
		result = "DENIED after " + late.was + ": the recipient says they did not ask for this"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Caller verification: %s\n", result)
	fmt.Fprintf(&b, "Contact: %s\n", oneLine(contactName))
	fmt.Fprintf(&b, "Method: %s to %s\n", methodWords[n.Method], oneLine(n.Masked))
	fmt.Fprintf(&b, "Technician: %s\n", oneLine(nameOrID(n.Technician)))
	fmt.Fprintf(&b, "Requested: %s\n", say(n.RequestedAt))
	switch {
	case isLate:
		fmt.Fprintf(&b, "%s: %s\nDenied: %s\n", late.at, say(n.WasEndedAt), say(n.EndedAt))
	case !n.EndedAt.IsZero():
		fmt.Fprintf(&b, "Ended: %s\n", say(n.EndedAt))
	}
	switch {
	case n.Note != "" && n.Override:
		fmt.Fprintf(&b, "Override note: %s\n", oneLine(n.Note))
	case n.Note != "":
		fmt.Fprintf(&b, "Note: %s\n", oneLine(n.Note))
	}
	if n.Changed {
		b.WriteString("Mind: the ticket system had changed this address or number shortly before.\n")
	}
	b.WriteString(noteMarker + n.Verification)
	if isLate {
		b.WriteString(", denied")
	}
	return b.String()
}

// NoteMarker is the part of a note that no other note has: the verification's id, and of a late denial a word more,
// because the verification's result may stand on the ticket already.
func NoteMarker(text string) string {
	_, marker, _ := strings.Cut(text[strings.LastIndexByte(text, '\n')+1:], noteMarker)
	return marker
}

// oneLine makes every run of white space one space, so that a name or note can't start a line of its own.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func nameOrID(t Technician) string {
	if t.Name != "" {
		return t.Name
	}
	return t.ID
}
