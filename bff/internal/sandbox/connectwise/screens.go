package connectwise

import (
	"cmp"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

var pages = template.Must(template.New("").ParseFS(files, "pages/*.html"))

// screens serves the pages for members: / lists the open tickets, /tickets/{id} shows one with its pod.
func (m *Manage) screens() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", m.board)
	mux.HandleFunc("GET /tickets", m.redirectToTicket)
	mux.HandleFunc("GET /tickets/{id}", m.showTicket)
	mux.HandleFunc("POST /tickets/{id}", m.saveStatus)
	mux.HandleFunc("GET /v4_6_release/services/system_io/router/openrecord.rails", m.redirectToTicket)
	mux.HandleFunc("GET /session", m.session)
	mux.HandleFunc("POST /signin", m.signIn)
	mux.HandleFunc("GET /stream", m.stream)
	mux.HandleFunc("GET /assets/{name}", asset)
	own := http.NewCrossOriginProtection().Handler(m.secureHeaders(m.redirectToOrigin(mux)))

	all := http.NewServeMux()
	all.Handle("/", own)
	all.HandleFunc("GET /intruder", m.intruder)
	all.HandleFunc("GET /intruder.js", func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, files, "assets/intruder.js") })
	return all
}

func asset(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, files, "assets/"+r.PathValue("name"))
}

// secureHeaders sets the headers of a careful host: only its own files, and frames of the registered pods.
func (m *Manage) secureHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		frames := []string{m.Elsewhere()}
		for _, it := range m.setups.list() {
			if u, err := url.Parse(it.URL); err == nil && u.Host != "" && !slices.Contains(frames, u.Scheme+"://"+u.Host) {
				frames = append(frames, u.Scheme+"://"+u.Host)
			}
		}
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src "+
			strings.Join(frames, " ")+"; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// redirectToOrigin sends a browser with another host name to the screens' own origin: pods are framed there only.
func (m *Manage) redirectToOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, origin, _ := strings.Cut(m.Origin, "://"); r.Host != origin && r.Method == http.MethodGet {
			http.Redirect(w, r, m.Origin+r.URL.RequestURI(), http.StatusFound)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Elsewhere is another origin of the same server: tests use it for a frame of a foreign origin.
func (m *Manage) Elsewhere() string {
	u, err := url.Parse(m.Origin)
	if err != nil || u.Port() == "" {
		return "http://127.0.0.1"
	}
	return "http://127.0.0.1:" + u.Port()
}

// intruder is a page that sends given messages to the pod beside it, from an origin that is not the host's.
func (m *Manage) intruder(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; frame-ancestors "+m.Origin)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	io.WriteString(w, `<!doctype html><title>Intruder</title><script src="/intruder.js"></script>`) //nolint:errcheck // the client may have left
}

const sessionCookie = "memberHash"

// memberOf gives the member at the screen. A browser without a session is Ana's: the demo has no passwords.
func (m *Manage) memberOf(w http.ResponseWriter, r *http.Request) (member, string) {
	if c, err := r.Cookie(sessionCookie); err == nil {
		if who, live := m.sessions.of(c.Value); live {
			return who, c.Value
		}
	}
	return anaOrtiz, m.startSession(w, anaOrtiz)
}

func (m *Manage) startSession(w http.ResponseWriter, who member) string {
	hash := m.sessions.begin(who)
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: hash, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return hash
}

// signIn changes the browser's member, and ends its earlier session.
func (m *Manage) signIn(w http.ResponseWriter, r *http.Request) {
	who, known := memberNamed(r.PostFormValue("member"))
	to := r.PostFormValue("to")
	if !known || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") {
		http.Error(w, "There is no such member.", http.StatusUnprocessableEntity)
		return
	}
	if c, err := r.Cookie(sessionCookie); err == nil {
		m.sessions.end(c.Value)
	}
	m.startSession(w, who)
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// session gives the hosted API's data about the member, in its documented spelling.
func (m *Manage) session(w http.ResponseWriter, r *http.Request) {
	who, hash := m.memberOf(w, r)
	_, site, _ := strings.Cut(m.Origin, "://")
	writeJSON(w, http.StatusOK, map[string]string{
		"site": site, "companyid": m.Company, "memberid": who.Identifier, "memberHash": hash, "memberContext": browser,
		"memberEmail": who.Email, "codeBase": m.codebase() + "/",
	})
}

// view is the data of the pages.
type view struct {
	Title    string
	Manage   *Manage
	Me       member
	Members  []member
	Path     string // of this page
	Switches string // the display options as a query, to keep them from page to page
	Width    string // of pods: 300 or 420 pixels
	Tickets  []ticket
	Statuses []reference
	Ticket   ticket
	Denied   bool
	Company  company
	Contact  contact
	Notes    []note
	Pod      setup
}

func (m *Manage) view(w http.ResponseWriter, r *http.Request, title string) view {
	me, _ := m.memberOf(w, r)
	v := view{Title: title, Manage: m, Me: me, Members: members, Path: r.URL.RequestURI(), Width: "300", Statuses: data.Statuses}
	if r.FormValue("pod") == "420" {
		v.Width = "420"
	}
	if r.URL.RawQuery != "" {
		v.Switches = "?" + r.URL.Query().Encode()
	}
	v.Tickets = m.records.visible(func(t ticket) bool { return !t.ClosedFlag && me.may(t) })
	return v
}

func (m *Manage) board(w http.ResponseWriter, r *http.Request) {
	m.render(w, http.StatusOK, "board", m.view(w, r, "Service Board"))
}

// redirectToTicket handles the field for a ticket's number, and ConnectWise's links to records.
func (m *Manage) redirectToTicket(w http.ResponseWriter, r *http.Request) {
	id := cmp.Or(r.FormValue("recid"), r.FormValue("id"))
	if _, err := strconv.Atoi(id); err != nil {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	http.Redirect(w, r, "/tickets/"+id, http.StatusSeeOther)
}

// showTicket shows a ticket and its pod. The pod is shown even if the ticket does not exist or the member has no right
// to it: its own checks must be enough.
func (m *Manage) showTicket(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	v, status := m.view(w, r, "#"+r.PathValue("id")), http.StatusOK
	var known bool
	if v.Ticket, known = m.records.ticket(id); !known || !v.Me.may(v.Ticket) {
		v.Ticket, v.Denied, status = ticket{ID: id, RecordType: cmp.Or(v.Ticket.RecordType, serviceTicket)}, true, http.StatusForbidden
	} else {
		v.Title += " " + v.Ticket.Summary
		v.Company, _ = m.records.company(v.Ticket.Company.ID)
		if v.Ticket.Contact != nil {
			v.Contact, _ = m.records.contact(v.Ticket.Contact.ID)
		}
		v.Notes = m.records.notesOf(id)
		slices.Reverse(v.Notes)
	}
	v.Pod, _ = m.setups.podOn(v.Ticket.RecordType)
	m.render(w, status, "ticket", v)
}

// saveStatus sets a ticket's status.
func (m *Manage) saveStatus(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Status int `json:"status"`
	}
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil || !readBody(w, r, &ask) {
		return
	}
	who, _ := m.memberOf(w, r)
	t, known := m.records.ticket(id)
	i := slices.IndexFunc(data.Statuses, func(s reference) bool { return s.ID == ask.Status })
	if !known || !who.may(t) || i < 0 {
		writeError(w, http.StatusForbidden, "Forbidden", "This ticket can't be saved so.")
		return
	}
	m.records.setStatus(id, data.Statuses[i], who.Identifier, m.Now())
	writeJSON(w, http.StatusOK, map[string]any{"saved": stamp(m.Now())})
}

func (m *Manage) render(w http.ResponseWriter, status int, page string, v view) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := pages.ExecuteTemplate(w, page, v); err != nil {
		m.Log.Error("connectwise page", "page", page, "err", err)
	}
}

const minStreamInterval = 100 * time.Millisecond // between two events of a stream

// stream sends an event when a ticket has changed; the screen then reads the changes.
func (m *Manage) stream(w http.ResponseWriter, r *http.Request) {
	changes, stop := m.records.watch()
	defer stop()
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	for {
		if _, err := io.WriteString(w, "data: changed\n\n"); err != nil {
			return
		}
		if out.Flush() != nil || !wait(r.Context(), m.closing, minStreamInterval) {
			return
		}
		select {
		case <-changes:
		case <-r.Context().Done():
			return
		case <-m.closing.Done():
			return
		}
	}
}

// Screen is the name of the ticket's screen in the hosted API.
func (t ticket) Screen() string {
	if t.RecordType == projectTicket {
		return "projectticket"
	}
	return "ticket"
}

// Kind is the ticket's type, as the screen shows it.
func (t ticket) Kind() string {
	if t.RecordType == projectTicket {
		return "Project Ticket"
	}
	return "Service Ticket"
}

// Urgency is the style of the ticket in the list.
func (t ticket) Urgency() string {
	_, word, _ := strings.Cut(t.Priority.Name, " - ")
	return strings.ToLower(word)
}

// Entered is the time when the ticket was entered.
func (t ticket) Entered() string {
	at, err := time.Parse(time.RFC3339, t.Info.DateEntered)
	if err != nil {
		return ""
	}
	return at.Local().Format("Mon 02 Jan 15:04")
}

// When is the time when the note was written.
func (n note) When() string { return n.At.Local().Format("Mon 02 Jan 15:04") }

// Who is the author of the note.
func (n note) Who() string {
	switch {
	case n.Contact != nil:
		return n.Contact.Name
	case n.Member != nil:
		return n.Member.Name
	}
	return n.CreatedBy
}

// Address is the pod's URL for the ticket on screen.
func (v view) Address() string { return v.Pod.address(v.Ticket.ID, v.Ticket.Screen()) }
