// Package demopsa is the demo's ticket system, "Northwind Desk": an invented PSA that embeds the pod as a vendor does, on a
// site of its own.
//
// Start with [New]. Its pages load the pod's script and mount the pod beside the ticket; its server signs a launch context
// when the pod asks for one (POST /context). It uses only the public SDK, the script's address and the tenant's name, so
// it is an example of an integration.
package demopsa

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// Config holds the settings of the ticket system. All fields are required.
type Config struct {
	MSP      MSP    // the company that uses it
	Origin   string // of the ticket system's own pages: http://127.0.0.1:8081
	PodURL   string // origin of the pod: http://localhost:8080
	PhoneURL string // the demo's page with messages; for a link
	Tenant   string // the MSP's slug in Shieldpod
	Issuer   string // the ticket system's name, as registered with the tenant
	Audience string // Shieldpod's public URL, as in contexts
	Key      launchcontext.SigningKey
	Now      func() time.Time
	Log      *slog.Logger
}

// New serves the ticket system: / lists the tickets, /tickets/{id} shows one, /procedure shows the procedure for a
// denied verification. POST /context signs launch contexts; GET /api/tickets gives scripts the tickets.
func New(c Config) http.Handler {
	s := site{Config: c, startedAt: c.Now()}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.list)
	mux.HandleFunc("GET /tickets/{id}", s.show)
	mux.HandleFunc("GET /procedure", s.procedure)
	mux.HandleFunc("GET /api/tickets", s.listTickets)
	mux.HandleFunc("POST /context", s.signContext)
	mux.HandleFunc("GET /assets/{name}", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, files, "assets/"+r.PathValue("name"))
	})
	return secureHeaders(mux, c.PodURL)
}

// secureHeaders sets the headers of a careful host: only its own files and the pod's, nothing inline.
func secureHeaders(next http.Handler, podURL string) http.Handler {
	policy := "default-src 'none'; script-src 'self' " + podURL + "; frame-src " + podURL +
		"; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-cache")
		next.ServeHTTP(w, r)
	})
}

// site is a running ticket system.
type site struct {
	Config
	startedAt time.Time // start of the demo; the tickets' ages count from it
}

// member is a technician.
type member struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Email   string `json:"email"`
	Phone   string `json:"phone"`
	Company string `json:"company"`
}

// MSP is a company that uses the ticket system: its signed-in technician and its tickets. A real ticket system takes
// the technician from its own session.
type MSP struct {
	technician member
	tickets    []ticket
	changed    map[string]age // channels that changed before the start of the demo, by id
}

// The demo's companies: one is English-speaking, the other German-speaking.
var (
	Acme      = readStory("acme")
	Nordlicht = readStory("nordlicht")
)

func (s site) ticket(id string) (ticket, bool) {
	for _, t := range s.MSP.tickets {
		if t.ID == id {
			return t, true
		}
	}
	return ticket{}, false
}

func (s site) list(w http.ResponseWriter, r *http.Request) {
	v := s.view(r)
	v.Title = "Tickets"
	s.render(w, "list", v)
}

func (s site) show(w http.ResponseWriter, r *http.Request) {
	t, known := s.ticket(r.PathValue("id"))
	if !known {
		http.Error(w, "There is no such ticket on this desk.", http.StatusNotFound)
		return
	}
	v := s.view(r)
	v.Title, v.Ticket = "#"+t.ID+" "+t.Subject, t
	s.render(w, "ticket", v)
}

func (s site) procedure(w http.ResponseWriter, r *http.Request) {
	v := s.view(r)
	v.Title = "Service desk procedure"
	s.render(w, "procedure", v)
}

func (s site) render(w http.ResponseWriter, page string, v view) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := pages.ExecuteTemplate(w, page, v); err != nil {
		s.Log.Error("desk page", "page", page, "err", err)
	}
}

// ticketJSON is a ticket for scripts.
type ticketJSON struct {
	launchcontext.Context
	Status string `json:"status"`
}

func (s site) listTickets(w http.ResponseWriter, _ *http.Request) {
	tickets := make([]ticketJSON, len(s.MSP.tickets))
	for i, t := range s.MSP.tickets {
		tickets[i] = ticketJSON{s.context(t), t.Status}
	}
	writeJSON(w, http.StatusOK, tickets)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may have left
}
