package demopsa

import (
	"time"

	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

var (
	hafen     = client{"hafenkontor", "Hafenkontor Husum", "Husum, Am Außenhafen 3", "Rundum, werktags"}
	brasserie = client{"brasserie", "Brasserie du Port", "Dunkerque, 8 quai des Hollandais", "Heures, 12 restantes"}
)

// The numbers are reserved for films and books in Germany and France.
var (
	merle = withLanguage("de", person("merle-thomsen", "Merle Thomsen", "Buchhaltung",
		mobile("merle-mobile", "+491713920042", "Mobil"),
		mail("merle-mail", "merle.thomsen@hafenkontor.example", "Arbeit")))
	hauke = withLanguage("de", person("hauke-petersen", "Hauke Petersen", "Geschäftsführung",
		mobile("hauke-mobile", "+491713920057", "Mobil"),
		mail("hauke-mail", "hauke.petersen@hafenkontor.example", "Arbeit")))
	elodie = withLanguage("fr", person("elodie-marchand", "Élodie Marchand", "Gérante",
		landline("elodie-caisse", "+33199001234", "Caisse"),
		mail("elodie-mail", "elodie.marchand@brasserie.example", "Travail")))
)

func withLanguage(language string, who launchcontext.Contact) launchcontext.Contact {
	who.Language = language
	return who
}

// northernTickets gives the tickets of the demo's second company, newest first.
func northernTickets() []ticket {
	return []ticket{
		{
			ID: "2041", Subject: "Neues Handy: Anmeldung geht nicht mehr", Status: "In progress", Priority: "High",
			Board: "Support", Source: "Phone", Ago: 7 * time.Minute, Client: hafen,
			Contacts: []launchcontext.Contact{merle, hauke},
			Thread: []entry{
				{"Northwind Desk", "system", 7 * time.Minute, "Ticket opened from an incoming call."},
				{"Merle Thomsen", "customer", 7 * time.Minute, "Moin, ich habe seit gestern ein neues Handy, und die Bestätigung landet immer noch auf dem alten. Ich muss heute die Löhne anweisen."},
				{"Jana Vogt", "technician", 3 * time.Minute, "Moin Frau Thomsen, das richten wir ein. Vorher muss ich prüfen, dass wirklich Sie es sind; das dauert nur Sekunden."},
			},
		},
		{
			ID: "2038", Subject: "Mot de passe de la caisse oublié", Status: "New", Priority: "Medium",
			Board: "Support", Source: "Phone", Ago: 52 * time.Minute, Client: brasserie,
			Contacts: []launchcontext.Contact{elodie},
			Thread: []entry{
				{"Northwind Desk", "system", 52 * time.Minute, "Ticket opened from an incoming call."},
				{"Élodie Marchand", "customer", 52 * time.Minute, "Bonjour, je ne retrouve plus le mot de passe de la caisse et nous ouvrons à midi."},
			},
		},
	}
}
