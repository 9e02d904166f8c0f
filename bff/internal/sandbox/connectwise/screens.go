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

// screens are what members see: / lists the open tickets, /tickets/{id} shows one with its pod.
func (m *Manage) screens() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", m.board)
	mux.HandleFunc("GET /tickets", m.jump)
	mux.HandleFunc("GET /tickets/{id}", m.desk)
	mux.HandleFunc("POST /tickets/{id}", m.save)
	mux.HandleFunc("GET /v4_6_release/services/system_io/router/openrecord.rails", m.jump)
	mux.HandleFunc("GET /session", m.session)
	mux.HandleFunc("POST /signin", m.signIn)
	mux.HandleFunc("GET /stream", m.stream)
	mux.HandleFunc("GET /assets/{name}", asset)
	home := http.NewCrossOriginProtection().Handler(m.guard(m.atHome(mux)))

	all := http.NewServeMux()
	all.Handle("/", home)
	all.HandleFunc("GET /intruder", m.intruder)
	all.HandleFunc("GET /intruder.js", func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, files, "assets/intruder.js") })
	return all
}

func asset(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, files, "assets/"+r.PathValue("name"))
}

// guard sets what a careful host sets: its own files, and frames of what is registered as a pod.
func (m *Manage) guard(next http.Handler) http.Handler {
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

// atHome sends a browser that came by another name to the screens' own origin: pods are framed there only.
func (m *Manage) atHome(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, home, _ := strings.Cut(m.Origin, "://"); r.Host != home && r.Method == http.MethodGet {
			http.Redirect(w, r, m.Origin+r.URL.RequestURI(), http.StatusFound)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Elsewhere is another origin that leads here: where tests have a foreign frame come from.
func (m *Manage) Elsewhere() string {
	u, err := url.Parse(m.Origin)
	if err != nil || u.Port() == "" {
		return "http://127.0.0.1"
	}
	return "http://127.0.0.1:" + u.Port()
}

// intruder is a page that says to the pod beside it what it is told to: from an origin that is not the host's.
func (m *Manage) intruder(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; frame-ancestors "+m.Origin)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	io.WriteString(w, `<!doctype html><title>Intruder</title><script src="/intruder.js"></script>`) //nolint:errcheck // whoever left does not read it
}

const sessionCookie = "memberHash"

// who gives the member at the screen. Whoever comes without a session is Ana: a demo asks no password.
func (m *Manage) who(w http.ResponseWriter, r *http.Request) (member, string) {
	if c, err := r.Cookie(sessionCookie); err == nil {
		if who, live := m.sessions.of(c.Value); live {
			return who, c.Value
		}
	}
	return anaOrtiz, m.enter(w, anaOrtiz)
}

func (m *Manage) enter(w http.ResponseWriter, who member) string {
	hash := m.sessions.begin(who)
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: hash, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return hash
}

// signIn makes the browser another member's, and ends the session that it had.
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
	m.enter(w, who)
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// session is what the hosted API tells of the member, in its documented spelling.
func (m *Manage) session(w http.ResponseWriter, r *http.Request) {
	who, hash := m.who(w, r)
	_, site, _ := strings.Cut(m.Origin, "://")
	answer(w, http.StatusOK, map[string]string{
		"site": site, "companyid": m.Company, "memberid": who.Identifier, "memberHash": hash, "memberContext": browser,
		"memberEmail": who.Email, "codeBase": m.moods.at() + "/",
	})
}

// view is what the screens show.
type view struct {
	Title    string
	Manage   *Manage
	Me       member
	Members  []member
	Path     string // of this page
	Switches string // the switches as a query, to keep them from page to page
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
	me, _ := m.who(w, r)
	v := view{Title: title, Manage: m, Me: me, Members: members, Path: r.URL.RequestURI(), Width: "300", Statuses: statuses}
	if r.FormValue("pod") == "420" {
		v.Width = "420"
	}
	if r.URL.RawQuery != "" {
		v.Switches = "?" + r.URL.Query().Encode()
	}
	v.Tickets = m.books.seen(func(t ticket) bool { return !t.ClosedFlag && me.may(t) })
	return v
}

func (m *Manage) board(w http.ResponseWriter, r *http.Request) {
	m.render(w, http.StatusOK, "board", m.view(w, r, "Service Board"))
}

// jump answers the field for a ticket's number, and ConnectWise's links to records.
func (m *Manage) jump(w http.ResponseWriter, r *http.Request) {
	id := cmp.Or(r.FormValue("recid"), r.FormValue("id"))
	if _, err := strconv.Atoi(id); err != nil {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	http.Redirect(w, r, "/tickets/"+id, http.StatusSeeOther)
}

// desk shows a ticket and its pod. Where the member has no right to the ticket, or there is none, the
// pod is there all the same: it has to hold by itself.
func (m *Manage) desk(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	v, status := m.view(w, r, "#"+r.PathValue("id")), http.StatusOK
	var known bool
	if v.Ticket, known = m.books.ticket(id); !known || !v.Me.may(v.Ticket) {
		v.Ticket, v.Denied, status = ticket{ID: id, RecordType: cmp.Or(v.Ticket.RecordType, serviceTicket)}, true, http.StatusForbidden
	} else {
		v.Title += " " + v.Ticket.Summary
		v.Company, _ = m.books.company(v.Ticket.Company.ID)
		if v.Ticket.Contact != nil {
			v.Contact, _ = m.books.contact(v.Ticket.Contact.ID)
		}
		v.Notes = m.books.notesOn(id)
		slices.Reverse(v.Notes)
	}
	v.Pod, _ = m.setups.podOn(v.Ticket.RecordType)
	m.render(w, status, "ticket", v)
}

// save sets a ticket's status.
func (m *Manage) save(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Status int `json:"status"`
	}
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil || !read(w, r, &ask) {
		return
	}
	who, _ := m.who(w, r)
	t, known := m.books.ticket(id)
	i := slices.IndexFunc(statuses, func(s reference) bool { return s.ID == ask.Status })
	if !known || !who.may(t) || i < 0 {
		fail(w, http.StatusForbidden, "Forbidden", "This ticket can't be saved so.")
		return
	}
	m.books.save(id, statuses[i], who.Identifier, m.Now())
	answer(w, http.StatusOK, map[string]any{"saved": stamp(m.Now())})
}

func (m *Manage) render(w http.ResponseWriter, status int, page string, v view) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := pages.ExecuteTemplate(w, page, v); err != nil {
		m.Log.Error("connectwise page", "page", page, "err", err)
	}
}

const streamPause = 100 * time.Millisecond // between two rings, however much is written

// stream rings whenever a ticket has changed; the screen then reads what is new.
func (m *Manage) stream(w http.ResponseWriter, r *http.Request) {
	bell, stop := m.books.watch()
	defer stop()
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	for {
		if _, err := io.WriteString(w, "data: changed\n\n"); err != nil {
			return
		}
		if out.Flush() != nil || !wait(r.Context(), m.closing, streamPause) {
			return
		}
		select {
		case <-bell:
		case <-r.Context().Done():
			return
		case <-m.closing.Done():
			return
		}
	}
}

// Screen is the ticket's, as the hosted API calls it.
func (t ticket) Screen() string {
	if t.RecordType == projectTicket {
		return "projectticket"
	}
	return "ticket"
}

// Kind is the ticket's, as its screen calls it.
func (t ticket) Kind() string {
	if t.RecordType == projectTicket {
		return "Project Ticket"
	}
	return "Service Ticket"
}

// Urgency colours the ticket in the list.
func (t ticket) Urgency() string {
	_, word, _ := strings.Cut(t.Priority.Name, " - ")
	return strings.ToLower(word)
}

// Entered tells when the ticket was.
func (t ticket) Entered() string {
	at, err := time.Parse(time.RFC3339, t.Info.DateEntered)
	if err != nil {
		return ""
	}
	return at.Local().Format("Mon 02 Jan 15:04")
}

// When tells when the note was written.
func (n note) When() string { return n.At.Local().Format("Mon 02 Jan 15:04") }

// Who wrote the note.
func (n note) Who() string {
	switch {
	case n.Contact != nil:
		return n.Contact.Name
	case n.Member != nil:
		return n.Member.Name
	}
	return n.CreatedBy
}

// Address is the pod's for the ticket on screen.
func (v view) Address() string { return v.Pod.address(v.Ticket.ID, v.Ticket.Screen()) }
