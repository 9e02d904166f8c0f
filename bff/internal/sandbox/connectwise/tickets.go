package connectwise

import (
	"fmt"
	"net/http"
	"strings"
)

// find gives the ticket that the asker may see; false, and answered, otherwise. A ticket of the
// other record, or on a board that is closed to the member, is not there.
func (m *Manage) find(w http.ResponseWriter, r *http.Request, who asker, record string) (ticket, bool) {
	id, ok := number(w, r)
	if !ok {
		return ticket{}, false
	}
	if who.Sees == noTickets {
		fail(w, http.StatusForbidden, "Forbidden", "You do not have the security rights to inquire into tickets.")
		return ticket{}, false
	}
	t, known := m.books.ticket(id)
	if !known || t.RecordType != record || !who.may(t) {
		fail(w, http.StatusNotFound, "NotFound", fmt.Sprintf("ticket %d not found", id))
		return ticket{}, false
	}
	return t, true
}

func (m *Manage) show(record string) answerer {
	return func(w http.ResponseWriter, r *http.Request, who asker) {
		if t, ok := m.find(w, r, who, record); ok {
			answer(w, http.StatusOK, t)
		}
	}
}

func (m *Manage) visible(who asker, record string) []ticket {
	return m.books.seen(func(t ticket) bool { return t.RecordType == record && who.may(t) })
}

func (m *Manage) list(record string) answerer {
	return func(w http.ResponseWriter, r *http.Request, who asker) {
		page(w, r, m.visible(who, record), r.URL.Query().Get("conditions"), r.URL.Query().Get("orderBy"))
	}
}

// search is list with its conditions in the body, where there is room for them.
func (m *Manage) search(record string) answerer {
	return func(w http.ResponseWriter, r *http.Request, who asker) {
		var ask struct {
			Conditions string `json:"conditions"`
			OrderBy    string `json:"orderBy"`
		}
		if read(w, r, &ask) {
			page(w, r, m.visible(who, record), ask.Conditions, ask.OrderBy)
		}
	}
}

func (m *Manage) notesOf(record string) answerer {
	return func(w http.ResponseWriter, r *http.Request, who asker) {
		if t, ok := m.find(w, r, who, record); ok {
			page(w, r, m.books.notesOn(t.ID), r.URL.Query().Get("conditions"), r.URL.Query().Get("orderBy"))
		}
	}
}

// annotate writes a note. Each call writes one: there is no idempotency key.
func (m *Manage) annotate(record string) answerer {
	return func(w http.ResponseWriter, r *http.Request, who asker) {
		t, ok := m.find(w, r, who, record)
		if !ok {
			return
		}
		var ask struct {
			Text                  string `json:"text"`
			DetailDescriptionFlag bool   `json:"detailDescriptionFlag"`
			InternalAnalysisFlag  bool   `json:"internalAnalysisFlag"`
			ResolutionFlag        bool   `json:"resolutionFlag"`
			ProcessNotifications  bool   `json:"processNotifications"`
		}
		if !read(w, r, &ask) {
			return
		}
		var wrong []fieldError
		if strings.TrimSpace(ask.Text) == "" {
			wrong = append(wrong, fieldError{"MissingRequiredField", "The Text field is required.", "ticketNote", "text"})
		}
		if !ask.DetailDescriptionFlag && !ask.InternalAnalysisFlag && !ask.ResolutionFlag {
			wrong = append(wrong, fieldError{"InvalidField", "At least one of the flags must be true.", "ticketNote", "detailDescriptionFlag"})
		}
		if len(wrong) > 0 {
			fail(w, http.StatusBadRequest, "InvalidObject", "ticketNote object is invalid", wrong...)
			return
		}
		answer(w, http.StatusCreated, m.books.write(t.ID, note{
			Ticket: reference{ID: t.ID, Name: t.Summary}, Text: ask.Text, At: m.Now(), Member: new(who.ref()), CreatedBy: who.Identifier,
			DetailDescriptionFlag: ask.DetailDescriptionFlag, InternalAnalysisFlag: ask.InternalAnalysisFlag, ResolutionFlag: ask.ResolutionFlag,
		}))
	}
}

func (m *Manage) listCompanies(w http.ResponseWriter, r *http.Request, _ asker) {
	page(w, r, m.books.companies, r.URL.Query().Get("conditions"), r.URL.Query().Get("orderBy"))
}

func (m *Manage) showCompany(w http.ResponseWriter, r *http.Request, _ asker) {
	if id, ok := number(w, r); ok {
		if c, known := m.books.company(id); known {
			answer(w, http.StatusOK, c)
			return
		}
		fail(w, http.StatusNotFound, "NotFound", fmt.Sprintf("company %d not found", id))
	}
}

func (m *Manage) listContacts(w http.ResponseWriter, r *http.Request, _ asker) {
	page(w, r, m.books.contacts, r.URL.Query().Get("conditions"), r.URL.Query().Get("orderBy"))
}

func (m *Manage) showContact(w http.ResponseWriter, r *http.Request, _ asker) {
	if id, ok := number(w, r); ok {
		if c, known := m.books.contact(id); known {
			answer(w, http.StatusOK, c)
			return
		}
		fail(w, http.StatusNotFound, "NotFound", fmt.Sprintf("contact %d not found", id))
	}
}
