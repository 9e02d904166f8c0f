package demopsa

import (
	"slices"
	"time"

	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// ticket is a ticket of the demo.
type ticket struct {
	ID       string
	Subject  string
	Status   string
	Priority string
	Board    string
	Source   string
	Ago      time.Duration // age of the ticket at the start of the demo
	Client   client
	Contacts []launchcontext.Contact // the first one is the ticket's own
	Thread   []entry
}

// Contact is the ticket's own contact.
func (t ticket) Contact() launchcontext.Contact { return t.Contacts[0] }

type client struct {
	ID, Name, Site, Contract string
}

// entry is one message or note on a ticket.
type entry struct {
	Who  string
	Kind string // customer, technician, note (internal) or system
	Ago  time.Duration
	Text string
}

var (
	contoso      = client{"contoso", "Contoso", "San Francisco, 201 Pier Street", "Managed Plus, 24 × 7"}
	fabrikam     = client{"fabrikam", "Fabrikam Dental", "Seattle, 14 Alder Avenue", "Managed, weekdays"}
	acmeInternal = client{"acme-internal", "Acme IT (internal)", "Oakland, head office", "Own staff"}
	tailspin     = client{"tailspin", "Tailspin Toys", "Austin, Warehouse 3", "Block of hours, 41 left"}
)

// The people. Names and numbers are invented: the numbers are in exchange 555, the domains in .example, except
// contoso.com, which Microsoft reserves for examples.
var (
	dana = person("dana-reyes", "Dana Reyes", "Finance Lead",
		mobile("dana-mobile", "+14155554821", "Mobile"),
		landline("dana-desk", "+14155550199", "Desk"),
		mail("dana-mail", "dana@contoso.com", "Work"))
	marcus = person("marcus-lee", "Marcus Lee", "Office Manager",
		mobile("marcus-mobile", "+14155553107", "Mobile"),
		mail("marcus-mail", "marcus@contoso.com", "Work"))
	priya = person("priya-shah", "Priya Shah", "Practice Manager",
		landline("priya-desk", "+12065550142", "Front desk"),
		mail("priya-mail", "priya.shah@fabrikam.example", "Work"))
	tom = person("tom-becker", "Dr. Tom Becker", "Dentist",
		mobile("tom-mobile", "+12065553318", "Mobile"),
		mail("tom-mail", "tom.becker@fabrikam.example", "Work"))
	erin = person("erin-walsh", "Erin Walsh", "Receptionist",
		mail("erin-mail", "erin.walsh@fabrikam.example", "Work"))
	nils = person("nils-aberg", "Nils Åberg", "Locum Dentist",
		mobile("nils-mobile", "+12065559007", "Mobile"),
		mobile("nils-uk", "+447400123456", "Mobile, UK"),
		mobile("nils-voip", "+445612345678", "Internet phone"),
		mail("nils-mail", "nils.aberg@fabrikam.example", "Work"))
	ana = person("ana-ortiz", "Ana Ortiz", "Support Engineer",
		mobile("ana-mobile", "+15105550177", "Mobile"),
		mail("ana-mail", "ana.ortiz@acme-it.example", "Work"))
	maximiliane = person("maximiliane-hohenlohe", "Maximiliane-Alexandra Hohenlohe-Waldburg", "Head of Procurement",
		mobile("maximiliane-mobile", "+15125557740", "Mobile"),
		mail("maximiliane-mail", "maximiliane-alexandra.hohenlohe-waldburg@procurement.tailspin.example", "Work"))
	jordan = person("jordan-blake", "Jordan Blake", "Warehouse Supervisor",
		mobile("jordan-mobile", "+15125552210", "Mobile"),
		mobile("jordan-mobile-2", "+15125552284", "On-call mobile"),
		mobile("jordan-mobile-3", "+17375559061", "Private"),
		phone("jordan-scanner", "+15125552299", "Dock tablet"),
		landline("jordan-bay-1", "+15125550101", "Bay 1"),
		landline("jordan-bay-2", "+15125550102", "Bay 2"),
		landline("jordan-bay-3", "+15125550103", "Bay 3"),
		landline("jordan-office", "+15125550110", "Office"),
		mail("jordan-mail", "jordan.blake@tailspin.example", "Work"),
		mail("jordan-shift", "shift-lead@tailspin.example", "Shift lead"),
		mail("jordan-dock", "dock@tailspin.example", "Dock, shared"),
		mail("jordan-home", "jblake@home.example", "Private"))
)

// changedAgo lists recently changed channels, with the time from the change to the start of the demo.
var changedAgo = map[string]time.Duration{"nils-mobile": 48 * time.Hour}

// newTickets gives the tickets of the first company, newest first.
func newTickets() []ticket {
	return []ticket{
		{
			ID: "4712", Subject: "Password reset before the board meeting", Status: "New", Priority: "High",
			Board: "Service desk", Source: "Phone", Ago: 4 * time.Minute, Client: contoso,
			Contacts: []launchcontext.Contact{marcus, dana},
			Thread: []entry{
				{"Northwind Desk", "system", 4 * time.Minute, "Ticket opened from an incoming call."},
				{"Marcus Lee", "customer", 4 * time.Minute, "I am locked out of my account and the board meeting starts at the top of the hour. I need a new password right now, please."},
			},
		},
		{
			ID: "4711", Subject: "New phone: sign-in prompts still go to the old one", Status: "In progress", Priority: "High",
			Board: "Service desk", Source: "Phone", Ago: 11 * time.Minute, Client: contoso,
			Contacts: []launchcontext.Contact{dana, marcus},
			Thread: []entry{
				{"Northwind Desk", "system", 11 * time.Minute, "Ticket opened from an incoming call."},
				{"Dana Reyes", "customer", 11 * time.Minute, "I got a new phone on Friday and wiped the old one. Now every sign-in asks me to approve on a phone I no longer have, so I can’t get into e-mail or the ERP. Month-end closes today."},
				{"Ana Ortiz", "technician", 8 * time.Minute, "Hi Dana, I can set up the new phone for you. That replaces your second factor, so I have to check that it is really you first. It takes a few seconds."},
				{"Dana Reyes", "customer", 6 * time.Minute, "Sure. Same number as before, I kept the SIM. Call me back on the mobile."},
				{"Ana Ortiz", "note", 2 * time.Minute, "Calling back. Verify the caller before resetting MFA."},
			},
		},
		{
			ID: "4709", Subject: "Access to the payroll folder for Dr. Becker", Status: "Waiting", Priority: "Medium",
			Board: "Service desk", Source: "E-mail", Ago: 95 * time.Minute, Client: fabrikam,
			Contacts: []launchcontext.Contact{priya, tom, erin},
			Thread: []entry{
				{"Priya Shah", "customer", 95 * time.Minute, "Please give Dr. Becker read access to the payroll folder. He covers for me from Monday."},
				{"Ana Ortiz", "technician", 71 * time.Minute, "Hi Priya, will do. Since this is payroll I will verify the request with you first. What is the best time to call?"},
				{"Priya Shah", "customer", 38 * time.Minute, "Any time before five, at the front desk."},
			},
		},
		{
			ID: "4706", Subject: "Handheld scanners drop off Wi-Fi in bay 3", Status: "In progress", Priority: "Medium",
			Board: "Network", Source: "Portal", Ago: 4 * time.Hour, Client: tailspin,
			Contacts: []launchcontext.Contact{jordan, maximiliane},
			Thread: []entry{
				{"Jordan Blake", "customer", 4 * time.Hour, "Since the weekend the scanners lose the connection near the roller door. They come back after a minute, but we lose the pick list each time."},
				{"Ana Ortiz", "note", 3 * time.Hour, "Access point AP-3B restarted twice since Saturday, power budget of the switch looks exhausted."},
				{"Ana Ortiz", "technician", 170 * time.Minute, "Hi Jordan, I suspect the switch in bay 3. May I restart it between shifts? It takes the dock tablets down for about four minutes."},
			},
		},
		{
			ID: "4703", Subject: "Change of bank details in the supplier portal", Status: "New", Priority: "Critical",
			Board: "Security", Source: "Phone", Ago: 6 * time.Hour, Client: tailspin,
			Contacts: []launchcontext.Contact{maximiliane, jordan},
			Thread: []entry{
				{"Northwind Desk", "system", 6 * time.Hour, "Ticket opened from an incoming call. Caller’s number withheld."},
				{"Ana Ortiz", "note", 6 * time.Hour, "Caller says she is Ms. Hohenlohe-Waldburg, is in a hurry, and wants her portal password reset to change a supplier’s bank details. Told her that we call back and verify."},
			},
		},
		{
			ID: "4698", Subject: "Outlook asks for the password at every start", Status: "Waiting", Priority: "Low",
			Board: "Service desk", Source: "E-mail", Ago: 27 * time.Hour, Client: fabrikam,
			Contacts: []launchcontext.Contact{erin, priya},
			Thread: []entry{
				{"Erin Walsh", "customer", 27 * time.Hour, "Every morning Outlook wants my password again, sometimes twice. The other front-desk computer is fine."},
				{"Ana Ortiz", "technician", 25 * time.Hour, "Hi Erin, that looks like an expired token on that computer. I would like to clear it while you watch. When suits you?"},
			},
		},
		{
			ID: "4695", Subject: "Sign-in from abroad for the locum", Status: "New", Priority: "High",
			Board: "Security", Source: "Phone", Ago: 29 * time.Hour, Client: fabrikam,
			Contacts: []launchcontext.Contact{nils, priya},
			Thread: []entry{
				{"Northwind Desk", "system", 29 * time.Hour, "Ticket opened from an incoming call."},
				{"Nils Åberg", "customer", 29 * time.Hour, "I am at a congress in London and my phone is a new one. Please let me sign in from here; my number changed, it should be on file since Sunday."},
				{"Ana Ortiz", "note", 28 * time.Hour, "New number, new country, in a hurry. Verify by something that was on file before."},
			},
		},
		{
			ID: "4692", Subject: "My own password expired", Status: "New", Priority: "Low",
			Board: "Service desk", Source: "Portal", Ago: 31 * time.Hour, Client: acmeInternal,
			Contacts: []launchcontext.Contact{ana, dana},
			Thread: []entry{
				{"Ana Ortiz", "customer", 31 * time.Hour, "Mine expired over the weekend. A colleague has to verify me: I can’t do it myself."},
			},
		},
	}
}

// Names gives the reader of each address and mobile number. Landlines have none.
func Names() map[string]string {
	names := map[string]string{}
	for _, t := range slices.Concat(newTickets(), northernTickets()) {
		for _, who := range t.Contacts {
			for _, ch := range who.Channels {
				if ch.Mobile == nil || *ch.Mobile {
					names[ch.Value] = who.Name
				}
			}
		}
	}
	return names
}

func person(id, name, title string, channels ...launchcontext.Channel) launchcontext.Contact {
	return launchcontext.Contact{ID: id, Name: name, Title: title, Channels: channels}
}

func mail(id, address, label string) launchcontext.Channel {
	return launchcontext.Channel{ID: id, Kind: launchcontext.KindEmail, Value: address, Label: label}
}

// phone is a number without information on text messages.
func phone(id, number, label string) launchcontext.Channel {
	return launchcontext.Channel{ID: id, Kind: launchcontext.KindPhone, Value: number, Label: label}
}

func mobile(id, number, label string) launchcontext.Channel {
	ch := phone(id, number, label)
	ch.Mobile = new(true)
	return ch
}

func landline(id, number, label string) launchcontext.Channel {
	ch := phone(id, number, label)
	ch.Mobile = new(false)
	return ch
}
