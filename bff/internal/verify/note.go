package verify

import (
	"fmt"
	"strings"
	"time"
)

var methodWords = map[Method]string{
	EmailLink: "secure link by e-mail", SMSLink: "secure link by SMS", SMSCode: "code by SMS", EmailCode: "code by e-mail",
}

var outcomeWords = map[Outcome]string{
	Verified: "verified", Denied: "DENIED: the recipient says they did not ask for this",
	Failed: "failed", Cancelled: "cancelled", Superseded: "replaced by a newer one", Expired: "expired unanswered",
	Open: "waiting for an answer",
}

// Note is the text for the ticket: who was verified, how, by whom and with what result, a line for each.
// The verification's id is its last line, so that a writer can look for it before it writes again.
func Note(contactName string, n Entry) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Caller verification: %s\n", outcomeWords[n.Outcome])
	fmt.Fprintf(&b, "Contact: %s\n", oneLine(contactName))
	fmt.Fprintf(&b, "Method: %s to %s\n", methodWords[n.Method], oneLine(n.Masked))
	fmt.Fprintf(&b, "Technician: %s\n", oneLine(nameOrID(n.Technician)))
	fmt.Fprintf(&b, "Requested: %s\n", n.RequestedAt.UTC().Format(time.RFC3339))
	if !n.EndedAt.IsZero() {
		fmt.Fprintf(&b, "Ended: %s\n", n.EndedAt.UTC().Format(time.RFC3339))
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
	fmt.Fprintf(&b, "Verification: %s", n.Verification)
	return b.String()
}

// oneLine makes every run of white space one space: whatever a name or note holds, it starts no line of its own.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func nameOrID(t Technician) string {
	if t.Name != "" {
		return t.Name
	}
	return t.ID
}
