package connectwise

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

const (
	firstCodebase = "v2025_1"
	bodyLimit     = 1 << 20
)

// asker is on whose behalf a request is answered: the integration's keys, or a member's session.
type asker struct {
	member
	keys bool
}

type answerer func(http.ResponseWriter, *http.Request, asker)

// rest is the REST API 3.0, as much of it as there is. Its paths are read ignoring case.
func (m *Manage) rest() http.Handler {
	routes := http.NewServeMux()
	for pattern, answer := range map[string]answerer{
		"GET /system/mymembers/info":                  m.myself,
		"GET /service/tickets":                        m.list(serviceTicket),
		"GET /service/tickets/{id}":                   m.show(serviceTicket),
		"POST /service/tickets/search":                m.search(serviceTicket),
		"GET /service/tickets/{id}/notes":             m.notesOf(serviceTicket),
		"GET /service/tickets/{id}/allnotes":          m.notesOf(serviceTicket),
		"POST /service/tickets/{id}/notes":            m.annotate(serviceTicket),
		"GET /project/tickets":                        m.list(projectTicket),
		"GET /project/tickets/{id}":                   m.show(projectTicket),
		"POST /project/tickets/search":                m.search(projectTicket),
		"GET /project/tickets/{id}/notes":             m.notesOf(projectTicket),
		"GET /project/tickets/{id}/allnotes":          m.notesOf(projectTicket),
		"POST /project/tickets/{id}/notes":            m.annotate(projectTicket),
		"GET /company/companies":                      m.listCompanies,
		"GET /company/companies/{id}":                 m.showCompany,
		"GET /company/contacts":                       m.listContacts,
		"GET /company/contacts/{id}":                  m.showContact,
		"GET /system/connectwisehostedscreens":        m.listScreens,
		"GET /system/connectwisehostedsetups":         m.listSetups,
		"POST /system/connectwisehostedsetups":        m.addSetup,
		"GET /system/connectwisehostedsetups/{id}":    m.showSetup,
		"DELETE /system/connectwisehostedsetups/{id}": m.removeSetup,
	} {
		routes.Handle(pattern, m.asked(answer))
	}
	routes.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fail(w, http.StatusNotFound, "NotFound", "There is no such resource.")
	})
	all := http.NewServeMux()
	all.HandleFunc("GET /login/companyinfo/{company}", m.companyInfo)
	all.HandleFunc("/{codebase}/apis/3.0/", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("codebase") != m.moods.at() {
			missingPage(w) // the web server's own word: this is no path of the API
			return
		}
		_, rest, _ := strings.Cut(r.URL.Path, "/apis/3.0")
		inner := r.Clone(r.Context())
		inner.URL.Path, inner.URL.RawPath = strings.ToLower(rest), ""
		routes.ServeHTTP(w, inner)
	})
	return all
}

// companyInfo tells where the API is. Of a company that it does not know it says null.
func (m *Manage) companyInfo(w http.ResponseWriter, r *http.Request) {
	if !strings.EqualFold(r.PathValue("company"), m.Company) {
		answer(w, http.StatusOK, nil)
		return
	}
	answer(w, http.StatusOK, map[string]any{
		"CompanyName": "Acme IT", "Codebase": m.moods.at() + "/", "VersionCode": "v2025.16", "CompanyID": m.Company,
		"IsCloud": false, "SiteUrl": strings.TrimPrefix(m.Origin, "http://"),
	})
}

// asked lets through whoever says who they are and what they take. It is stricter than the real
// one, which takes a missing Accept for any version.
func (m *Manage) asked(next answerer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("clientId") != m.ClientID {
			fail(w, http.StatusUnauthorized, "Unauthorized", "A valid clientId is required in the header of each request.")
			return
		}
		if !acceptable(r.Header.Get("Accept")) {
			fail(w, http.StatusNotAcceptable, "NotAcceptable", "Ask for application/vnd.connectwise.com+json with a version.")
			return
		}
		who, ok := m.asker(r)
		if !ok {
			fail(w, http.StatusUnauthorized, "Unauthorized", "UserNotAuthenticated")
			return
		}
		next(w, r, who)
	})
}

func acceptable(accept string) bool {
	for kind := range strings.SplitSeq(accept, ",") {
		media, words, err := mime.ParseMediaType(kind)
		if err == nil && (media == "application/json" || media == "application/vnd.connectwise.com+json" && words["version"] != "") {
			return true
		}
	}
	return false
}

// asker is who asks: by API keys, or by the cookies of a live session. Whose session it is decides
// its hash, not the memberId that came with it.
func (m *Manage) asker(r *http.Request) (asker, bool) {
	if user, secret, basic := r.BasicAuth(); basic {
		company, public, _ := strings.Cut(user, "+")
		return asker{member: integration, keys: true}, strings.EqualFold(company, m.Company) && public == m.PublicKey && secret == m.PrivateKey
	}
	cookies := map[string]string{}
	for _, c := range r.Cookies() {
		cookies[c.Name] = c.Value
	}
	who, live := m.sessions.of(cookies["memberHash"])
	return asker{member: who}, live && cookies["memberId"] != "" && cookies["memberContext"] == browser && strings.EqualFold(cookies["companyName"], m.Company)
}

// myself tells who asks.
func (m *Manage) myself(w http.ResponseWriter, r *http.Request, who asker) {
	if who.keys {
		fail(w, http.StatusForbidden, "Forbidden", "This is for members, not for API keys.")
		return
	}
	switch moodOf(r) {
	case modeInactive:
		who.InactiveFlag = true
	case modeMismatch:
		who.member = leePark
		if memberID, err := r.Cookie("memberId"); err == nil && strings.EqualFold(memberID.Value, leePark.Identifier) {
			who.member = anaOrtiz
		}
	}
	answer(w, http.StatusOK, map[string]any{
		"id": who.ID, "identifier": who.Identifier, "firstName": who.First, "lastName": who.Last, "fullName": who.Name(),
		"defaultEmail": who.Email, "licenseClass": "F", "inactiveFlag": who.InactiveFlag,
	})
}

// number is the id in the path; false, and answered, when it is none.
func number(w http.ResponseWriter, r *http.Request) (int, bool) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil || id <= 0 {
		fail(w, http.StatusBadRequest, "InvalidId", "The id in the path is not a number.")
		return 0, false
	}
	return id, true
}

// read takes the body of a request, as JSON and nothing else.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		fail(w, http.StatusUnsupportedMediaType, "UnsupportedMediaType", "Send application/json.")
		return false
	}
	body := json.NewDecoder(http.MaxBytesReader(w, r.Body, bodyLimit))
	err := body.Decode(into)
	if err == nil {
		if _, more := body.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("more than one value")
		}
	}
	if err != nil {
		fail(w, http.StatusBadRequest, "InvalidJson", "The body can't be read: "+err.Error())
		return false
	}
	return true
}

// fieldError is what is wrong with one field of what was sent.
type fieldError struct {
	Code     string `json:"code"`
	Message  string `json:"message"`
	Resource string `json:"resource"`
	Field    string `json:"field"`
}

// fail answers in the API's shape of errors.
func fail(w http.ResponseWriter, status int, code, message string, fields ...fieldError) {
	answer(w, status, map[string]any{"code": code, "message": message, "errors": fields})
}

func answer(w http.ResponseWriter, status int, what any) {
	body, err := json.Marshal(what)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(append(body, '\n')) //nolint:errcheck // whoever left does not read it
}
