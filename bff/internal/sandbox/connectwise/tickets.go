package connectwise

import (
	"fmt"
	"net/http"
	"strings"
)

// requireTicket gives a ticket that the caller may see; false otherwise, after answering. A ticket of the other record
// type, or on a board that the member may not see, is not found.
func (m *Manage) requireTicket(w http.ResponseWriter, r *http.Request, who caller, record string) (ticket, bool) {
	id, ok := pathID(w, r)
	if !ok {
		return ticket{}, false
	}
	if who.Sees == noTickets {
		writeError(w, http.StatusForbidden, "Forbidden", "You do not have the security rights to inquire into tickets.")
		return ticket{}, false
	}
	t, known := m.records.ticket(id)
	if !known || t.RecordType != record || !who.may(t) {
		writeError(w, http.StatusNotFound, "NotFound", fmt.Sprintf("ticket %d not found", id))
		return ticket{}, false
	}
	return t, true
}

func (m *Manage) show(record string) callerHandler {
	return func(w http.ResponseWriter, r *http.Request, who caller) {
		if t, ok := m.requireTicket(w, r, who, record); ok {
			writeJSON(w, http.StatusOK, t)
		}
	}
}

func (m *Manage) visible(who caller, record string) []ticket {
	return m.records.visible(func(t ticket) bool { return t.RecordType == record && who.may(t) })
}

func (m *Manage) list(record string) callerHandler {
	return func(w http.ResponseWriter, r *http.Request, who caller) {
		page(w, r, m.visible(who, record), r.URL.Query().Get("conditions"), r.URL.Query().Get("orderBy"))
	}
}

// search is list with the conditions in the body, where they may be longer.
func (m *Manage) search(record string) callerHandler {
	return func(w http.ResponseWriter, r *http.Request, who caller) {
		var ask struct {
			Conditions string `json:"conditions"`
			OrderBy    string `json:"orderBy"`
		}
		if readBody(w, r, &ask) {
			page(w, r, m.visible(who, record), ask.Conditions, ask.OrderBy)
		}
	}
}

func (m *Manage) notesOf(record string) callerHandler {
	return func(w http.ResponseWriter, r *http.Request, who caller) {
		if t, ok := m.requireTicket(w, r, who, record); ok {
			page(w, r, m.records.notesOf(t.ID), r.URL.Query().Get("conditions"), r.URL.Query().Get("orderBy"))
		}
	}
}

// addNote writes a note. Each call writes one: there is no idempotency key.
func (m *Manage) addNote(record string) callerHandler {
	return func(w http.ResponseWriter, r *http.Request, who caller) {
		t, ok := m.requireTicket(w, r, who, record)
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
		if !readBody(w, r, &ask) {
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
			writeError(w, http.StatusBadRequest, "InvalidObject", "ticketNote object is invalid", wrong...)
			return
		}
		writeJSON(w, http.StatusCreated, m.records.addNote(t.ID, note{
			Ticket: reference{ID: t.ID, Name: t.Summary}, Text: ask.Text, At: m.Now(), Member: new(who.ref()), CreatedBy: who.Identifier,
			DetailDescriptionFlag: ask.DetailDescriptionFlag, InternalAnalysisFlag: ask.InternalAnalysisFlag, ResolutionFlag: ask.ResolutionFlag,
		}))
	}
}

func (m *Manage) listCompanies(w http.ResponseWriter, r *http.Request, _ caller) {
	page(w, r, m.records.companies, r.URL.Query().Get("conditions"), r.URL.Query().Get("orderBy"))
}

func (m *Manage) showCompany(w http.ResponseWriter, r *http.Request, _ caller) {
	if id, ok := pathID(w, r); ok {
		if c, known := m.records.company(id); known {
			writeJSON(w, http.StatusOK, c)
			return
		}
		writeError(w, http.StatusNotFound, "NotFound", fmt.Sprintf("company %d not found", id))
	}
}

func (m *Manage) listContacts(w http.ResponseWriter, r *http.Request, _ caller) {
	page(w, r, m.records.contacts, r.URL.Query().Get("conditions"), r.URL.Query().Get("orderBy"))
}

func (m *Manage) showContact(w http.ResponseWriter, r *http.Request, _ caller) {
	if id, ok := pathID(w, r); ok {
		if c, known := m.records.contact(id); known {
			writeJSON(w, http.StatusOK, c)
			return
		}
		writeError(w, http.StatusNotFound, "NotFound", fmt.Sprintf("contact %d not found", id))
	}
}
