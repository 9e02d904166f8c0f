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

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/psa/connectwise"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

var acme = verify.Tenant{ID: "acme", Name: "Acme IT", Region: "US"}

// ana is the member of a live session.
var ana = psa.Member{ID: "AOrtiz", Credential: "ana+live/session==", Context: "web:1"}

// fakeManage is a small, strict ConnectWise: it refuses every request that it does not know.
type fakeManage struct {
	t      testing.TB
	server *httptest.Server

	mu         sync.Mutex
	codebase   string
	members    map[string]map[string]any // by hash of the live session
	tickets    map[string]string         // JSON by path, such as /service/tickets/61211
	people     []string                  // JSON of contacts
	hidden     string                    // hash of the member who may see no ticket
	notes      map[string][]string       // texts by path of the ticket
	setups     []map[string]any
	size       int                                           // of a page; 0: as asked
	link       string                                        // the Link of the first page, instead of the correct one
	unfiltered bool                                          // lists contacts without applying the conditions
	fault      func(http.ResponseWriter, *http.Request) bool // true: the request is answered
	requestLog []string
	sent       []string // bodies and headers of the requests
}

// harness is a client with its ConnectWise, and an adjustable clock.
type harness struct {
	*connectwise.Client
	*fakeManage
	connection map[string]admin.Connection
	mu         sync.Mutex
	now        time.Time
}

func (h *harness) Connection(_ context.Context, tenant, system string) (admin.Connection, error) {
	c, known := h.connection[tenant+"/"+system]
	if !known {
		return c, &verify.Error{Code: verify.CodeNotFound}
	}
	return c, nil
}

func (h *harness) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *harness) advance(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

const keys = `{"public_key":"pUb1ic","private_key":"pR1vate"}`

func newHarness(t testing.TB) *harness {
	t.Helper()
	m := &fakeManage{
		t: t, codebase: "v2025_1",
		members: map[string]map[string]any{
			ana.Credential: {"identifier": "AOrtiz", "firstName": "Ana", "lastName": "Ortiz", "defaultEmail": "ana.ortiz@acme-it.example", "officePhone": "510 555 0100"},
			"lee":          {"identifier": "LPark", "firstName": "Lee", "lastName": "Park"},
			"gone":         {"identifier": "RFrost", "inactiveFlag": true},
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
	h := &harness{fakeManage: m, now: time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC), connection: map[string]admin.Connection{}}
	h.connect(h.settings(), keys)
	h.restart()
	return h
}

// restart gives a client with an empty cache.
func (h *harness) restart() {
	client, err := connectwise.New(connectwise.Config{Connections: h, HTTP: h.server.Client(), Now: h.clock, Entropy: rand.Reader})
	if err != nil {
		h.t.Fatal(err)
	}
	h.Client = client
}

func (h *harness) settings() connectwise.Settings {
	return connectwise.Settings{Host: h.server.URL, Company: "acmeit", ClientID: "4dd2c7e8-0000"}
}

func (h *harness) connect(s connectwise.Settings, keys string) {
	text, err := json.Marshal(s)
	if err != nil {
		h.t.Fatal(err)
	}
	h.connection["acme/connectwise"] = admin.Connection{Tenant: "acme", System: "connectwise", Settings: text, Secret: []byte(keys)}
}

// requests lists all requests.
func (m *fakeManage) requests() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.requestLog)
}

// count counts the requests for a path.
func (m *fakeManage) count(path string) (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range m.requestLog {
		if strings.Contains(a, path) {
			n++
		}
	}
	return n
}

func (m *fakeManage) setFault(fault func(http.ResponseWriter, *http.Request) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault = fault
}

// respondAlways gives the same answer to every request.
func respondAlways(status int, kind, body string, headers ...string) func(http.ResponseWriter, *http.Request) bool {
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

// onlyPath limits a fault to requests for one path.
func onlyPath(path string, fault func(http.ResponseWriter, *http.Request) bool) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		return strings.Contains(r.URL.Path, path) && fault(w, r)
	}
}

func (m *fakeManage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	m.requestLog = append(m.requestLog, r.Method+" "+r.URL.RequestURI())
	fault := m.fault
	m.mu.Unlock()
	if fault != nil && fault(w, r) {
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
		respondAlways(404, "text/html", "<h1>404</h1>")(w, r)
	case r.Header.Get("clientId") != "4dd2c7e8-0000" || r.Header.Get("Accept") != "application/vnd.connectwise.com+json; version=2025.16":
		m.answer(w, 401, errorBody("Unauthorized"))
	default:
		m.route(w, r, path)
	}
}

func errorBody(code string) map[string]any {
	return map[string]any{"code": code, "message": "what was sent: secret"}
}

func (m *fakeManage) answer(w http.ResponseWriter, status int, what any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(what)
}

func (m *fakeManage) route(w http.ResponseWriter, r *http.Request, path string) {
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
		m.answer(w, 401, errorBody("Unauthorized"))
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
			m.answer(w, 404, errorBody("NotFound"))
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
		m.answer(w, 404, errorBody("NotFound"))
	case path == "/company/companies":
		m.sent = append(m.sent, r.URL.Query().Get("conditions"))
		m.page(w, r, []any{map[string]any{"id": 19301, "name": "Contoso"}})
	case path == "/system/connectWiseHostedScreens":
		m.page(w, r, []any{map[string]any{"id": 1, "name": "Company"}, map[string]any{"id": 5, "name": "Service Ticket"}, map[string]any{"id": 9, "name": "ProjectTicket"}})
	case path == "/system/connectwisehostedsetups":
		m.setup(w, r)
	default:
		m.t.Errorf("nobody knows %s %s", r.Method, r.URL)
		m.answer(w, 400, errorBody("InvalidRoute"))
	}
}

// listPeople supports one kind of condition.
func (m *fakeManage) listPeople(w http.ResponseWriter, r *http.Request) {
	client, known := strings.CutSuffix(r.URL.Query().Get("conditions"), " and inactiveFlag=False")
	var one string
	if rest, named := strings.CutPrefix(client, "id="); named {
		one, client, _ = strings.Cut(rest, " and ")
	}
	id, isClient := strings.CutPrefix(client, "company/id=")
	if client != "" && (!known || !isClient) {
		m.answer(w, 400, errorBody("InvalidConditions"))
		return
	}
	var page []any
	for _, p := range m.people { // lists some inactive contacts too: the client must not rely on conditions
		if one != "" && !strings.HasPrefix(p, `{"id":`+one+`,`) {
			continue
		}
		if client == "" || m.unfiltered || strings.Contains(p, `"company":{"id":`+id) {
			page = append(page, json.RawMessage(p))
		}
	}
	m.page(w, r, page)
}

func (m *fakeManage) search(w http.ResponseWriter, r *http.Request) {
	var ask map[string]string
	if r.Header.Get("Content-Type") != "application/json" || json.NewDecoder(r.Body).Decode(&ask) != nil {
		m.answer(w, 400, errorBody("InvalidJson"))
		return
	}
	m.sent = append(m.sent, ask["conditions"])
	var page []any
	for path, t := range m.tickets {
		if strings.HasPrefix(r.URL.Path, "/"+m.codebase+"/apis/3.0"+path[:8]) && ask["conditions"] != "id=0" {
			page = append(page, json.RawMessage(t))
		}
	}
	m.page(w, r, page)
}

func (m *fakeManage) note(w http.ResponseWriter, r *http.Request, path string) {
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
		m.answer(w, 400, errorBody("InvalidObject"))
		return
	}
	m.notes[path] = append(m.notes[path], n.Text)
	m.answer(w, 201, map[string]any{"id": 1, "text": n.Text})
}

func (m *fakeManage) setup(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		var s map[string]any
		if json.NewDecoder(r.Body).Decode(&s) != nil {
			m.answer(w, 400, errorBody("InvalidJson"))
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

// page answers with one page, and a Link to the next one.
func (m *fakeManage) page(w http.ResponseWriter, r *http.Request, all []any) {
	number, _ := strconv.Atoi(r.URL.Query().Get("page"))
	number = max(number, 1)
	size, _ := strconv.Atoi(r.URL.Query().Get("pageSize"))
	if m.size > 0 {
		size = m.size
	}
	if size < 1 || size > 1000 {
		m.answer(w, 400, errorBody("InvalidPageSize"))
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

// wantCode checks that an error has exactly this code; no error if the code is empty.
func wantCode(t *testing.T, err error, code verify.Code) {
	t.Helper()
	if verify.CodeOf(err) != code || (err == nil) != (code == "") {
		t.Fatalf("error is %v, want code %q", err, code)
	}
}
