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
	maxBodyBytes  = 1 << 20
)

// caller is the identity of a request: the integration's keys, or a member's session.
type caller struct {
	member
	keys bool
}

type callerHandler func(http.ResponseWriter, *http.Request, caller)

// rest serves the REST API 3.0, as far as it is implemented. Its paths ignore case.
func (m *Manage) rest() http.Handler {
	routes := http.NewServeMux()
	for pattern, handler := range map[string]callerHandler{
		"GET /system/mymembers/info":                  m.myself,
		"GET /service/tickets":                        m.list(serviceTicket),
		"GET /service/tickets/{id}":                   m.show(serviceTicket),
		"POST /service/tickets/search":                m.search(serviceTicket),
		"GET /service/tickets/{id}/notes":             m.notesOf(serviceTicket),
		"GET /service/tickets/{id}/allnotes":          m.notesOf(serviceTicket),
		"POST /service/tickets/{id}/notes":            m.addNote(serviceTicket),
		"GET /project/tickets":                        m.list(projectTicket),
		"GET /project/tickets/{id}":                   m.show(projectTicket),
		"POST /project/tickets/search":                m.search(projectTicket),
		"GET /project/tickets/{id}/notes":             m.notesOf(projectTicket),
		"GET /project/tickets/{id}/allnotes":          m.notesOf(projectTicket),
		"POST /project/tickets/{id}/notes":            m.addNote(projectTicket),
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
		routes.Handle(pattern, m.requireCaller(handler))
	}
	routes.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeError(w, http.StatusNotFound, "NotFound", "There is no such resource.")
	})
	all := http.NewServeMux()
	all.HandleFunc("GET /login/companyinfo/{company}", m.companyInfo)
	all.HandleFunc("/{codebase}/apis/3.0/", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("codebase") != m.codebase() {
			missingPage(w) // the answer of the web server: this is no path of the API
			return
		}
		_, rest, _ := strings.Cut(r.URL.Path, "/apis/3.0")
		inner := r.Clone(r.Context())
		inner.URL.Path, inner.URL.RawPath = strings.ToLower(rest), ""
		routes.ServeHTTP(w, inner)
	})
	return all
}

// companyInfo gives the path of the API; null for an unknown company.
func (m *Manage) companyInfo(w http.ResponseWriter, r *http.Request) {
	if !strings.EqualFold(r.PathValue("company"), m.Company) {
		writeJSON(w, http.StatusOK, nil)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"CompanyName": "Acme IT", "Codebase": m.codebase() + "/", "VersionCode": "v2025.16", "CompanyID": m.Company,
		"IsCloud": false, "SiteUrl": strings.TrimPrefix(m.Origin, "http://"),
	})
}

// requireCaller refuses requests without authentication, client id or Accept header. It is stricter than ConnectWise,
// where a missing Accept stands for any version.
func (m *Manage) requireCaller(next callerHandler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("clientId") != m.ClientID {
			writeError(w, http.StatusUnauthorized, "Unauthorized", "A valid clientId is required in the header of each request.")
			return
		}
		if !acceptable(r.Header.Get("Accept")) {
			writeError(w, http.StatusNotAcceptable, "NotAcceptable", "Ask for application/vnd.connectwise.com+json with a version.")
			return
		}
		who, ok := m.authenticate(r)
		if !ok {
			writeError(w, http.StatusUnauthorized, "Unauthorized", "UserNotAuthenticated")
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

// authenticate gives the caller: by API keys, or by the cookies of a live session. The hash determines the session's
// member; the cookie memberId does not.
func (m *Manage) authenticate(r *http.Request) (caller, bool) {
	if user, secret, basic := r.BasicAuth(); basic {
		company, public, _ := strings.Cut(user, "+")
		return caller{member: integration, keys: true}, strings.EqualFold(company, m.Company) && public == m.PublicKey && secret == m.PrivateKey
	}
	cookies := map[string]string{}
	for _, c := range r.Cookies() {
		cookies[c.Name] = c.Value
	}
	who, live := m.sessions.of(cookies["memberHash"])
	return caller{member: who}, live && cookies["memberId"] != "" &&
		cookies["memberContext"] == browser && strings.EqualFold(cookies["companyName"], m.Company)
}

// myself gives the caller's record.
func (m *Manage) myself(w http.ResponseWriter, r *http.Request, who caller) {
	if who.keys {
		writeError(w, http.StatusForbidden, "Forbidden", "This is for members, not for API keys.")
		return
	}
	switch faultOf(r) {
	case modeInactive:
		who.InactiveFlag = true
	case modeMismatch:
		who.member = leePark
		if memberID, err := r.Cookie("memberId"); err == nil && strings.EqualFold(memberID.Value, leePark.Identifier) {
			who.member = anaOrtiz
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"id": who.ID, "identifier": who.Identifier, "firstName": who.First, "lastName": who.Last, "fullName": who.Name(),
		"defaultEmail": who.Email, "licenseClass": "F", "inactiveFlag": who.InactiveFlag,
	})
}

// pathID gives the id in the path; false if it is none, after answering.
func pathID(w http.ResponseWriter, r *http.Request) (int, bool) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil || id <= 0 {
		writeError(w, http.StatusBadRequest, "InvalidId", "The id in the path is not a number.")
		return 0, false
	}
	return id, true
}

// readBody reads the body of a request, which must be one JSON value.
func readBody(w http.ResponseWriter, r *http.Request, into any) bool {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		writeError(w, http.StatusUnsupportedMediaType, "UnsupportedMediaType", "Send application/json.")
		return false
	}
	body := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	err := body.Decode(into)
	if err == nil {
		if _, more := body.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("more than one value")
		}
	}
	if err != nil {
		writeError(w, http.StatusBadRequest, "InvalidJson", "The body can't be read: "+err.Error())
		return false
	}
	return true
}

// fieldError is an error of one field of the request.
type fieldError struct {
	Code     string `json:"code"`
	Message  string `json:"message"`
	Resource string `json:"resource"`
	Field    string `json:"field"`
}

// writeError answers in the API's error format.
func writeError(w http.ResponseWriter, status int, code, message string, fields ...fieldError) {
	writeJSON(w, status, map[string]any{"code": code, "message": message, "errors": fields})
}

func writeJSON(w http.ResponseWriter, status int, what any) {
	body, err := json.Marshal(what)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(append(body, '\n')) //nolint:errcheck // the client may have left
}
