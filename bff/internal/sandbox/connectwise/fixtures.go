package connectwise

import (
	"time"
)

// The boards, and the statuses and priorities of tickets.
var (
	helpdesk = reference{ID: 1, Name: "Help Desk"}
	network  = reference{ID: 4, Name: "Network"}
	security = reference{ID: 6, Name: "Security"}
	hr       = reference{ID: 9, Name: "HR, confidential"}
	projects = reference{ID: 20, Name: "Projects"}

	fresh    = reference{ID: 16, Name: "New"}
	progress = reference{ID: 17, Name: "In Progress"}
	waiting  = reference{ID: 18, Name: "Waiting Client"}
	closed   = reference{ID: 22, Name: ">Closed"}

	statuses = []reference{fresh, progress, waiting, closed}

	critical = reference{ID: 1, Name: "Priority 1 - Critical"}
	high     = reference{ID: 2, Name: "Priority 2 - High"}
	medium   = reference{ID: 3, Name: "Priority 3 - Medium"}
	low      = reference{ID: 4, Name: "Priority 4 - Low"}
)

// fixture is a ticket with its notes from before the start of the sandbox.
type fixture struct {
	ticket
	notes []fixtureNote
}

// fixtureNote is such a note.
type fixtureNote struct {
	by   any // a contact or a member
	kind int
	ago  time.Duration
	text string
}

// Sections of the screen for notes.
const (
	discussion = iota
	internal
)

func (e fixtureNote) note(opened time.Time) note {
	n := note{Text: e.text, At: opened.Add(-e.ago), DetailDescriptionFlag: e.kind == discussion, InternalAnalysisFlag: e.kind == internal}
	switch by := e.by.(type) {
	case contact:
		n.Contact, n.CreatedBy = &reference{ID: by.ID, Name: by.Name()}, by.Name()
	case member:
		n.Member, n.CreatedBy = new(by.ref()), by.Identifier
	}
	return n
}

// ticketOf makes a ticket of this contact.
func ticketOf(c contact, t ticket) ticket {
	t.Company, t.Contact = c.Company, &reference{ID: c.ID, Name: c.Name()}
	t.ContactName, t.ContactPhoneNumber, t.ContactEmailAddress = c.Name(), c.Default("Phone").Value, c.Default("Email").Value
	t.Owner = new(anaOrtiz.ref())
	if t.RecordType == "" {
		t.RecordType = serviceTicket
	}
	return t
}

// ticketOfUnknownCaller makes a ticket of a caller who is no contact: it has only the caller's own statements.
func ticketOfUnknownCaller(at company, name, number string, t ticket) ticket {
	t.Company, t.ContactName, t.ContactPhoneNumber = at.ref(), name, number
	t.Owner, t.RecordType = new(anaOrtiz.ref()), serviceTicket
	return t
}

// allFixtures gives the tickets, newest first.
func allFixtures() []fixture {
	const day = 24 * time.Hour
	return []fixture{
		{ticketOf(marcus, ticket{
			ID: 61214, Summary: "Password reset before the board meeting", Board: helpdesk, Status: fresh, Priority: high, Source: "Phone", Ago: 4 * time.Minute,
		}), []fixtureNote{
			{marcus, discussion, 4 * time.Minute, "Locked out of my account and the board meeting starts at the top of the hour. I need a new password right now, please."},
		}},
		{ticketOf(dana, ticket{
			ID: 61211, Summary: "New phone: approval prompts still go to the old one", Board: helpdesk, Status: progress, Priority: high, Source: "Phone", Ago: 11 * time.Minute,
		}), []fixtureNote{
			{dana, discussion, 11 * time.Minute, "I got a new phone on Friday and wiped the old one. Now every sign-in asks me to approve on a phone I no longer have. Month-end closes today."},
			{anaOrtiz, discussion, 8 * time.Minute, "Hi Dana, I can set up the new phone. That replaces your second factor, so I have to check that it is really you first."},
			{anaOrtiz, internal, 2 * time.Minute, "Calling back on the mobile on file. Verify the caller before resetting MFA."},
		}},
		{ticketOf(priya, ticket{
			ID: 61198, Summary: "Access to the payroll folder for Dr. Becker", Board: helpdesk, Status: waiting, Priority: medium, Source: "Email", Ago: 95 * time.Minute,
		}), []fixtureNote{
			{priya, discussion, 95 * time.Minute, "Please give Dr. Becker read access to the payroll folder. He covers for me from Monday."},
			{anaOrtiz, internal, 71 * time.Minute, "Payroll: verify the request with Priya before changing anything."},
		}},
		{ticketOf(jordan, ticket{
			ID: 61187, Summary: "Handheld scanners drop off Wi-Fi in bay 3", Board: network, Status: progress, Priority: medium, Source: "Portal", Ago: 4 * time.Hour,
		}), []fixtureNote{
			{jordan, discussion, 4 * time.Hour, "Since the weekend the scanners lose the connection near the roller door. They come back after a minute, but we lose the pick list each time."},
			{anaOrtiz, internal, 3 * time.Hour, "Access point AP-3B restarted twice since Saturday, power budget of the switch looks exhausted."},
		}},
		{ticketOf(maximiliane, ticket{
			ID: 61180, Summary: "Change of bank details in the supplier portal", Board: security, Status: fresh, Priority: critical, Source: "Phone", Ago: 6 * time.Hour,
		}), []fixtureNote{
			{anaOrtiz, internal, 6 * time.Hour, "Caller says she is Ms. Hohenlohe-Waldburg, is in a hurry, and wants her portal password reset to change a supplier’s bank details. Told her that we call back and verify."},
		}},
		{ticketOf(nils, ticket{
			ID: 61172, Summary: "Sign-in from abroad for the locum", Board: security, Status: fresh, Priority: high, Source: "Phone", Ago: 29 * time.Hour,
		}), []fixtureNote{
			{nils, discussion, 29 * time.Hour, "I am at a congress in London and my phone is a new one. Please let me sign in from here."},
		}},
		{ticketOf(marcus, ticket{
			ID: 61165, RecordType: projectTicket, Summary: "Mailbox migration: cut-over for Finance", Board: projects, Status: progress, Priority: medium, Source: "Project", Ago: 2 * day,
		}), []fixtureNote{
			{anaOrtiz, internal, 2 * day, "Cut-over window is Thursday 19:00. Marcus confirms by phone; verify him first."},
		}},
		{ticketOf(dana, ticket{
			ID: 61150, Summary: "Payroll investigation: copy of a mailbox", Board: hr, Status: progress, Priority: high, Source: "Phone", Ago: 2*day + 3*time.Hour,
		}), []fixtureNote{
			{anaOrtiz, internal, 2 * day, "Named people only. Nothing about this on other boards."},
		}},
		{ticketOf(bankStaff()[17], ticket{
			ID: 61144, Summary: "Token for the vault’s door does not open it", Board: helpdesk, Status: fresh, Priority: medium, Source: "Portal", Ago: 3 * day,
		}), nil},
		{ticketOfUnknownCaller(contoso, "Gloria (Finance)", "415 555 6641 (her words)", ticket{
			ID: 61139, Summary: "Voicemail: locked out, wants a call on a new number", Board: helpdesk, Status: fresh, Priority: medium, Source: "Voicemail", Ago: 3*day + 2*time.Hour,
		}), []fixtureNote{
			{anaOrtiz, internal, 3 * day, "No contact matched. The number is the caller’s own word for it."},
		}},
		{ticketOf(gloria, ticket{
			ID: 61133, Summary: "Reopen the mailbox of somebody who has left", Board: helpdesk, Status: waiting, Priority: low, Source: "Email", Ago: 4 * day,
		}), nil},
		{ticketOf(ana, ticket{
			ID: 61120, Summary: "My own password expired", Board: helpdesk, Status: fresh, Priority: low, Source: "Portal", Ago: 4*day + 5*time.Hour,
		}), []fixtureNote{
			{ana, discussion, 4 * day, "Mine expired over the weekend. A colleague has to verify me: I can’t do it myself."},
		}},
		{ticketOf(erin, ticket{
			ID: 61101, Summary: "Outlook asks for the password at every start", Board: helpdesk, Status: closed, ClosedFlag: true, Priority: low, Source: "Email", Ago: 6 * day,
		}), nil},
	}
}
