package connectwise_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/psa/connectwise"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

var acme = verify.Tenant{ID: "acme", Name: "Acme IT", Region: "US"}

// ana is at the screen, and so she is.
var ana = psa.Member{ID: "AOrtiz", Company: "acmeit", CodeBase: "evil/../..", Email: "boss@acme.example", Hash: "ana+live/session==", Context: "web:1"}

// manage is a small, strict ConnectWise: what it does not know to be right it refuses.
type manage struct {
	t      testing.TB
	server *httptest.Server

	mu         sync.Mutex
	codebase   string
	members    map[string]map[string]any // by live session's hash
	tickets    map[string]string         // JSON by path, such as /service/tickets/61211
	people     []string                  // JSON of contacts
	hidden     string                    // hash of the member who may see no ticket
	notes      map[string][]string       // texts by path of the ticket
	setups     []map[string]any
	size       int                                           // of a page; 0: as asked
	link       string                                        // the Link of the first page, instead of the right one
	unfiltered bool                                          // lists people whatever the conditions are
	mood       func(http.ResponseWriter, *http.Request) bool // true: it has answered
	asked      []string
	told       []string // bodies and headers that carried something to look at
}

// house is a client with its ConnectWise, and a clock.
type house struct {
	*connectwise.Client
	*manage
	connection map[string]verify.Connection
	mu         sync.Mutex
	now        time.Time
}

func (h *house) Connection(_ context.Context, tenant, system string) (verify.Connection, error) {
	c, known := h.connection[tenant+"/"+system]
	if !known {
		return c, &verify.Error{Code: verify.CodeNotFound}
	}
	return c, nil
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) advance(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

const keys = `{"public_key":"pUb1ic","private_key":"pR1vate"}`

func newHouse(t testing.TB) *house {
	t.Helper()
	m := &manage{
		t: t, codebase: "v2025_1",
		members: map[string]map[string]any{
			ana.Hash: {"identifier": "AOrtiz", "firstName": "Ana", "lastName": "Ortiz", "defaultEmail": "ana.ortiz@acme-it.example", "officePhone": "510 555 0100"},
			"lee":    {"identifier": "LPark", "firstName": "Lee", "lastName": "Park"},
			"gone":   {"identifier": "RFrost", "inactiveFlag": true},
		},
		tickets: map[string]string{
			"/service/tickets/61211": `{"id":61211,"summary":"New phone","recordType":"ServiceTicket","company":{"id":19301,"identifier":"Contoso","name":"Contoso"},
				"contact":{"id":501,"name":"Dana Reyes"},"contactName":"Dana Reyes","contactPhoneNumber":"415 555 6666 new!","contactEmailAddress":"thief@evil.example"}`,
			"/project/tickets/61165": `{"id":61165,"summary":"Cut-over","recordType":"ProjectTicket","company":{"id":19301,"name":"Contoso"},"contact":{"id":502,"name":"Marcus Lee"}}`,
		},
		people: []string{
			`{"id":501,"firstName":"Dana","lastName":"Reyes","title":"Finance Lead","company":{"id":19301,"name":"Contoso"},"inactiveFlag":false,"communicationItems":[
				{"id":11,"type":{"id":2,"name":"Direct"},"value":"4155550199","communicationType":"Phone"},
				{"id":12,"type":{"id":4,"name":"Mobile"},"value":"4155554821","defaultFlag":true,"communicationType":"Phone"},
				{"id":13,"type":{"id":1,"name":"Email"},"value":" dana@contoso.com ","defaultFlag":true,"communicationType":"Email"},
				{"id":14,"type":{"id":3,"name":"Fax"},"value":"4155550198","communicationType":"Fax"},
				{"id":15,"type":{"id":9,"name":"Pager"},"value":"4155550197","communicationType":"Phone"},
				{"id":16,"type":{"id":8,"name":"Office"},"value":"4155550100","extension":"12","communicationType":"Phone"}]}`,
			`{"id":502,"firstName":"Marcus","lastName":"Lee","company":{"id":19301},"inactiveFlag":false,"communicationItems":[]}`,
			`{"id":503,"firstName":"Gone","lastName":"Away","company":{"id":19301},"inactiveFlag":true}`,
			`{"id":601,"firstName":"Other","lastName":"Company","company":{"id":19307},"inactiveFlag":false}`,
		},
		notes: map[string][]string{},
	}
	m.server = httptest.NewServer(m)
	t.Cleanup(m.server.Close)
	h := &house{manage: m, now: time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC), connection: map[string]verify.Connection{}}
	h.connect(h.settings(), keys)
	h.restart()
	return h
}

// restart gives a client that has learnt nothing yet.
func (h *house) restart() {
	client, err := connectwise.New(connectwise.Config{Connections: h, HTTP: h.server.Client(), Now: h.clock, Entropy: rand.Reader})
	if err != nil {
		h.t.Fatal(err)
	}
	h.Client = client
}

func (h *house) settings() connectwise.Settings {
	return connectwise.Settings{Host: h.server.URL, Company: "acmeit", ClientID: "4dd2c7e8-0000"}
}

func (h *house) connect(s connectwise.Settings, keys string) {
	text, err := json.Marshal(s)
	if err != nil {
		h.t.Fatal(err)
	}
	h.connection["acme/connectwise"] = verify.Connection{Tenant: "acme", System: "connectwise", Settings: text, Secret: []byte(keys)}
}

// requests gives all that was asked for.
func (m *manage) requests() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.asked)
}

// count tells how often a path was asked for.
func (m *manage) count(path string) (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range m.asked {
		if strings.Contains(a, path) {
			n++
		}
	}
	return n
}

func (m *manage) moody(mood func(http.ResponseWriter, *http.Request) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mood = mood
}

// always answers everything so.
func always(status int, kind, body string, headers ...string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
		return true
	}
}

// only has the mood befall requests for a path alone.
func only(path string, mood func(http.ResponseWriter, *http.Request) bool) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		return strings.Contains(r.URL.Path, path) && mood(w, r)
	}
}

func (m *manage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	m.asked = append(m.asked, r.Method+" "+r.URL.RequestURI())
	mood := m.mood
	m.mu.Unlock()
	if mood != nil && mood(w, r) {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if r.URL.Path == "/login/companyinfo/acmeit" {
		m.answer(w, 200, map[string]string{"Codebase": m.codebase + "/", "SiteUrl": "evil.example"})
		return
	}
	path, ours := strings.CutPrefix(r.URL.Path, "/"+m.codebase+"/apis/3.0")
	switch {
	case !ours:
		always(404, "text/html", "<h1>404</h1>")(w, r)
	case r.Header.Get("clientId") != "4dd2c7e8-0000" || r.Header.Get("Accept") != "application/vnd.connectwise.com+json; version=2025.16":
		m.answer(w, 401, fault("Unauthorized"))
	default:
		m.route(w, r, path)
	}
}

func fault(code string) map[string]any {
	return map[string]any{"code": code, "message": "what was sent: secret"}
}

func (m *manage) answer(w http.ResponseWriter, status int, what any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(what)
}

func (m *manage) route(w http.ResponseWriter, r *http.Request, path string) {
	user, password, byKeys := r.BasicAuth()
	byKeys = byKeys && user == "acmeit+pUb1ic" && password == "pR1vate"
	var hash string
	if want, got := "companyName=acmeit; memberId=", r.Header.Get("Cookie"); strings.HasPrefix(got, want) {
		_, rest, _ := strings.Cut(got, "; memberHash=")
		hash, _, _ = strings.Cut(rest, "; memberContext=")
	}
	who, live := m.members[hash]
	ticket, isTicket := m.tickets[strings.TrimSuffix(strings.TrimSuffix(path, "/notes"), "/allNotes")]
	switch {
	case path == "/system/myMembers/info" && live:
		m.answer(w, 200, who)
	case !byKeys && !live || path == "/system/myMembers/info":
		m.answer(w, 401, fault("Unauthorized"))
	case strings.HasSuffix(path, "/tickets/search"):
		m.search(w, r)
	case strings.HasSuffix(path, "/notes") && isTicket && r.Method == http.MethodPost && byKeys:
		m.note(w, r, strings.TrimSuffix(path, "/notes"))
	case strings.HasSuffix(path, "/allNotes") && isTicket && byKeys:
		var page []any
		for _, text := range m.notes[strings.TrimSuffix(path, "/allNotes")] {
			page = append(page, map[string]any{"id": 1, "text": text})
		}
		m.page(w, r, page)
	case strings.HasPrefix(path, "/service/tickets/") || strings.HasPrefix(path, "/project/tickets/"):
		if !isTicket || hash != "" && hash == m.hidden {
			m.answer(w, 404, fault("NotFound"))
			return
		}
		m.answer(w, 200, json.RawMessage(ticket))
	case path == "/company/contacts":
		m.listPeople(w, r)
	case strings.HasPrefix(path, "/company/contacts/"):
		for _, p := range m.people {
			if strings.HasPrefix(p, `{"id":`+strings.TrimPrefix(path, "/company/contacts/")+",") {
				m.answer(w, 200, json.RawMessage(p))
				return
			}
		}
		m.answer(w, 404, fault("NotFound"))
	case path == "/company/companies":
		m.told = append(m.told, r.URL.Query().Get("conditions"))
		m.page(w, r, []any{map[string]any{"id": 19301, "name": "Contoso"}})
	case path == "/system/connectWiseHostedScreens":
		m.page(w, r, []any{map[string]any{"id": 1, "name": "Company"}, map[string]any{"id": 5, "name": "Service Ticket"}, map[string]any{"id": 9, "name": "ProjectTicket"}})
	case path == "/system/connectwisehostedsetups":
		m.setup(w, r)
	default:
		m.t.Errorf("nobody knows %s %s", r.Method, r.URL)
		m.answer(w, 400, fault("InvalidRoute"))
	}
}

// listPeople knows one kind of condition.
func (m *manage) listPeople(w http.ResponseWriter, r *http.Request) {
	client, known := strings.CutSuffix(r.URL.Query().Get("conditions"), " and inactiveFlag=False")
	var one string
	if rest, named := strings.CutPrefix(client, "id="); named {
		one, client, _ = strings.Cut(rest, " and ")
	}
	id, isClient := strings.CutPrefix(client, "company/id=")
	if client != "" && (!known || !isClient) {
		m.answer(w, 400, fault("InvalidConditions"))
		return
	}
	var page []any
	for _, p := range m.people { // some of the inactive too: nobody relies on conditions alone
		if one != "" && !strings.HasPrefix(p, `{"id":`+one+`,`) {
			continue
		}
		if client == "" || m.unfiltered || strings.Contains(p, `"company":{"id":`+id) {
			page = append(page, json.RawMessage(p))
		}
	}
	m.page(w, r, page)
}

func (m *manage) search(w http.ResponseWriter, r *http.Request) {
	var ask map[string]string
	if r.Header.Get("Content-Type") != "application/json" || json.NewDecoder(r.Body).Decode(&ask) != nil {
		m.answer(w, 400, fault("InvalidJson"))
		return
	}
	m.told = append(m.told, ask["conditions"])
	var page []any
	for path, t := range m.tickets {
		if strings.HasPrefix(r.URL.Path, "/"+m.codebase+"/apis/3.0"+path[:8]) && ask["conditions"] != "id=0" {
			page = append(page, json.RawMessage(t))
		}
	}
	m.page(w, r, page)
}

func (m *manage) note(w http.ResponseWriter, r *http.Request, path string) {
	body, _ := io.ReadAll(r.Body)
	var n struct {
		Text                                                        string
		InternalAnalysisFlag, DetailDescriptionFlag, ResolutionFlag *bool
		ProcessNotifications                                        *bool
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if d.Decode(&n) != nil || n.Text == "" || n.InternalAnalysisFlag == nil || !*n.InternalAnalysisFlag || n.DetailDescriptionFlag == nil ||
		*n.DetailDescriptionFlag || n.ResolutionFlag == nil || *n.ResolutionFlag || n.ProcessNotifications == nil || *n.ProcessNotifications {
		m.answer(w, 400, fault("InvalidObject"))
		return
	}
	m.notes[path] = append(m.notes[path], n.Text)
	m.answer(w, 201, map[string]any{"id": 1, "text": n.Text})
}

func (m *manage) setup(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		var s map[string]any
		if json.NewDecoder(r.Body).Decode(&s) != nil {
			m.answer(w, 400, fault("InvalidJson"))
			return
		}
		m.setups = append(m.setups, s)
		m.answer(w, 201, s)
		return
	}
	var page []any
	for _, s := range m.setups {
		page = append(page, s)
	}
	m.page(w, r, page)
}

// page answers with one page, and where the next one is.
func (m *manage) page(w http.ResponseWriter, r *http.Request, all []any) {
	number, _ := strconv.Atoi(r.URL.Query().Get("page"))
	number = max(number, 1)
	size, _ := strconv.Atoi(r.URL.Query().Get("pageSize"))
	if m.size > 0 {
		size = m.size
	}
	if size < 1 || size > 1000 {
		m.answer(w, 400, fault("InvalidPageSize"))
		return
	}
	first := min((number-1)*size, len(all))
	last := min(first+size, len(all))
	if last < len(all) {
		q := r.URL.Query()
		q.Set("page", strconv.Itoa(number+1))
		w.Header().Set("Link", fmt.Sprintf(`<http://%s%s?%s>; rel="next", <http://%[1]s/last>; rel="last"`, r.Host, r.URL.Path, q.Encode()))
		if m.link != "" && number == 1 {
			w.Header().Set("Link", m.link)
		}
	}
	m.answer(w, 200, append([]any{}, slices.Clip(all[first:last])...))
}

// want demands an error of exactly this code; none at all if it is empty.
func want(t *testing.T, err error, code verify.Code) {
	t.Helper()
	if verify.CodeOf(err) != code || (err == nil) != (code == "") {
		t.Fatalf("error is %v, want code %q", err, code)
	}
}
