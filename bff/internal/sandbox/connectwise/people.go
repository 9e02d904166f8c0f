package connectwise

import (
	"fmt"
	"strings"
	"time"
)

func allCompanies() []company {
	all := make([]company, len(data.Companies))
	for i, c := range data.Companies {
		all[i] = company{ID: c.ID, Identifier: c.Identifier, Name: c.Name,
			City: c.City, PhoneNumber: c.Phone, Status: reference{ID: 1, Name: "Active"}}
	}
	return all
}

// people are those of Northwind's tickets, in ConnectWise's form: unformatted and formatted numbers, a duplicate number, a
// fax, and inactive people.
func people() []contact {
	all := make([]contact, len(data.Contacts))
	for i, c := range data.Contacts {
		items := make([]communication, len(c.Items))
		for j, item := range c.Items {
			items[j] = communication{Type: named(data.CommunicationTypes, item.Type),
				Value: item.Value, Extension: item.Extension, CommunicationType: item.Kind}
		}
		all[i] = person(c.ID, c.First, c.Last, c.Title, companyOf(c.Company), items...)
		all[i].InactiveFlag = c.Inactive
	}
	return all
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
	bank, work, direct := companyOf("WoodgroveBank"), named(data.CommunicationTypes, "Email"), named(data.CommunicationTypes, "Direct")
	for _, family := range familyNames {
		for _, given := range givenNames {
			n := len(all)
			c := person(4000+n, given, family, "Bank staff", bank,
				communication{Type: work, Value: strings.ToLower(given+"."+family) + "@woodgrove.example", CommunicationType: "Email"},
				communication{Type: direct, Value: fmt.Sprintf("303555%04d", n), CommunicationType: "Phone"})
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

// Names gives the reader of each address and mobile number. Landlines have none.
func Names() map[string]string {
	names := map[string]string{}
	for _, c := range people() {
		for _, item := range c.CommunicationItems {
			switch {
			case item.CommunicationType == "Email":
				local, domain, _ := strings.Cut(item.Value, "@")
				names[local+"@"+strings.ToLower(domain)] = c.Name()
			case strings.Contains(item.Type.Name, "Mobile") || strings.Contains(item.Type.Name, "Cell"):
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
