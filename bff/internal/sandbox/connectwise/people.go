package connectwise

import (
	"fmt"
	"strings"
	"time"
)

var (
	contoso   = company{ID: 19301, Identifier: "Contoso", Name: "Contoso", City: "San Francisco", PhoneNumber: "4155550100"}
	fabrikam  = company{ID: 19307, Identifier: "FabrikamDental", Name: "Fabrikam Dental", City: "Seattle", PhoneNumber: "2065550142"}
	tailspin  = company{ID: 19315, Identifier: "TailspinToys", Name: "Tailspin Toys", City: "Austin", PhoneNumber: "5125550110"}
	woodgrove = company{ID: 19322, Identifier: "WoodgroveBank", Name: "Woodgrove Bank", City: "Denver", PhoneNumber: "3035550100"}
	acmeIT    = company{ID: 250, Identifier: "AcmeIT", Name: "Acme IT (internal)", City: "Oakland", PhoneNumber: "5105550100"}
)

func allCompanies() []company {
	all := []company{contoso, fabrikam, tailspin, woodgrove, acmeIT}
	for i := range all {
		all[i].Status = reference{ID: 1, Name: "Active"}
	}
	return all
}

// The types of communication, with the MSP's own names.
var (
	direct   = reference{ID: 2, Name: "Direct"}
	fax      = reference{ID: 3, Name: "Fax"}
	cell     = reference{ID: 4, Name: "Mobile"}
	work     = reference{ID: 1, Name: "Email"}
	office   = reference{ID: 8, Name: "Office"}
	second   = reference{ID: 11, Name: "Cell Phone 2"}
	personal = reference{ID: 14, Name: "Personal Email"}
)

// The people of Northwind's tickets, in ConnectWise's form: unformatted and formatted numbers, a duplicate number, a
// fax, and inactive people.
var (
	dana = person(501, "Dana", "Reyes", "Finance Lead", contoso,
		phone(cell, "4155554821"), phone(direct, "4155550199"), mail(work, "dana@contoso.com"),
		phone(second, "(415) 555-4821"), facsimile("4155550198"))
	marcus = person(502, "Marcus", "Lee", "Office Manager", contoso,
		phone(cell, "415-555-3107"), mail(work, "marcus@contoso.com"))
	gloria = person(503, "Gloria", "Stern", "Finance Lead", contoso,
		phone(cell, "4155556640"), mail(work, "gloria@contoso.com"))
	priya = person(511, "Priya", "Shah", "Practice Manager", fabrikam,
		extension(phone(office, "2065550142"), "12"), mail(work, "priya.shah@fabrikam.example"))
	tom = person(512, "Tom", "Becker", "Dentist", fabrikam,
		phone(cell, "2065553318"), mail(work, "Tom.Becker@Fabrikam.example"))
	erin = person(513, "Erin", "Walsh", "Receptionist", fabrikam,
		mail(work, "erin.walsh@fabrikam.example"))
	nils = person(514, "Nils", "Åberg", "Locum Dentist", fabrikam,
		phone(cell, "2065559007"), phone(second, "+44 7400 123456"), mail(work, "nils.aberg@fabrikam.example"))
	jordan = person(521, "Jordan", "Blake", "Warehouse Supervisor", tailspin,
		phone(cell, "5125552210"), phone(second, "5125552284"), phone(reference{ID: 12, Name: "Private Mobile"}, "7375559061"),
		phone(direct, "5125550101"), phone(reference{ID: 21, Name: "Bay 2"}, "5125550102"), phone(office, "5125550110"),
		facsimile("5125550111"), phone(reference{ID: 22, Name: "Mobile (dock)"}, "1 512 555 2210"),
		mail(work, "jordan.blake@tailspin.example"), mail(reference{ID: 15, Name: "Shift lead"}, "shift-lead@tailspin.example"),
		mail(reference{ID: 16, Name: "Dock, shared"}, "dock@tailspin.example"), mail(personal, "jblake@home.example"))
	maximiliane = person(522, "Maximiliane-Alexandra", "Hohenlohe-Waldburg", "Head of Procurement", tailspin,
		phone(cell, "5125557740"), mail(work, "maximiliane-alexandra.hohenlohe-waldburg@procurement.tailspin.example"))
	ana = person(91, "Ana", "Ortiz", "Support Engineer", acmeIT,
		phone(cell, "5105550177"), mail(work, "ana.ortiz@acme-it.example"))
)

func people() []contact {
	left := gloria
	left.InactiveFlag = true
	return []contact{dana, marcus, left, priya, tom, erin, nils, jordan, maximiliane, ana}
}

// allContacts gives the people, and the staff of a bank: more than one page.
func allContacts(opened time.Time) []contact {
	all := append(people(), bankStaff()...)
	for i := range all {
		all[i].Info = info{LastUpdated: stamp(opened.AddDate(0, -2, 0)), UpdatedBy: "AOrtiz"}
	}
	return all
}

var (
	givenNames  = strings.Fields("Ada Ben Cleo Dev Elsa Finn Gwen Hugo Iris Jan Kira Leo Mona Noah Olga Paul Quinn Rosa Sven Tara Uma Vito Wanda Xenia Yann Zoe")
	familyNames = strings.Fields("Abbot Baker Cole Dunn Ellis Frey Gray Hart Ivey Jones Kane Lund Marsh North Olsen Price Quill Reed Stone Tate Upton Vance Wells York Zeller Ames Boyd Clark Drake Eaton Ford Gale Hale Irwin James Knox Lane Moss Nash Owen")
)

// bankStaff gives the 1,040 people of Woodgrove Bank.
func bankStaff() []contact {
	var all []contact
	for _, family := range familyNames {
		for _, given := range givenNames {
			n := len(all)
			c := person(4000+n, given, family, "Bank staff", woodgrove,
				mail(work, strings.ToLower(given+"."+family)+"@woodgrove.example"), phone(direct, fmt.Sprintf("303555%04d", n)))
			c.DefaultFlag = n == 0
			all = append(all, c)
		}
	}
	return all
}

func person(id int, first, last, title string, at company, items ...communication) contact {
	defaults := map[string]bool{}
	for i := range items {
		item := &items[i]
		item.ID = id*20 + i
		item.DefaultFlag = !defaults[item.CommunicationType]
		defaults[item.CommunicationType] = true
	}
	return contact{ID: id, FirstName: first, LastName: last, Title: title, Company: at.ref(), CommunicationItems: items}
}

func phone(of reference, number string) communication {
	return communication{Type: of, Value: number, CommunicationType: "Phone"}
}

func facsimile(number string) communication {
	return communication{Type: fax, Value: number, CommunicationType: "Fax"}
}

func mail(of reference, address string) communication {
	return communication{Type: of, Value: address, CommunicationType: "Email"}
}

func extension(item communication, digits string) communication {
	item.Extension = digits
	return item
}

// Names gives the reader of each address and mobile number. Landlines have none.
func Names() map[string]string {
	names := map[string]string{}
	for _, c := range people() {
		for _, item := range c.CommunicationItems {
			switch {
			case item.CommunicationType == "Email":
				local, domain, _ := strings.Cut(item.Value, "@")
				names[local+"@"+strings.ToLower(domain)] = c.Name()
			case item.Type == cell || item.Type == second || strings.Contains(item.Type.Name, "Mobile"):
				names[international(item.Value)] = c.Name()
			}
		}
	}
	return names
}

// international gives the E.164 form of a North American number, or of one with a country code.
func international(number string) string {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, number)
	if len(digits) == 10 && !strings.HasPrefix(number, "+") {
		digits = "1" + digits
	}
	return "+" + digits
}
