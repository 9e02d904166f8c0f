package connectwise

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/sandbox/faults"
)

// Modes of the REST API: the treatment of the next requests.
const (
	modeDown     = "down"     // only the gateway answers
	modeSlow     = "slow"     // answers after 30 seconds
	modeCut      = "cut"      // executes the request and drops the connection
	modeHTML     = "html"     // a sign-in page, with status 200
	mode401      = "401"      // does not authenticate the caller
	mode403      = "403"      // forbids everything
	mode429      = "429"      // too many requests: retry after two seconds
	mode500      = "500"      // an internal error
	modeInactive = "inactive" // every member is inactive
	modeMismatch = "mismatch" // every session is another member's
)

const (
	slowDelay  = 30 * time.Second
	maxDelay   = time.Minute
	retryAfter = "2"
)

// targets has the REST API. The modes of members change only the answer that proves a member.
var targets = map[string]faults.Target{
	"connectwise": {
		Modes: []string{faults.OK, modeDown, modeSlow, modeCut, modeHTML, mode401, mode403, mode429, mode500, modeInactive, modeMismatch},
		Paths: map[string]string{modeInactive: "/mymembers/info", modeMismatch: "/mymembers/info"},
	},
}

// behavior is how the REST API answers beside its faults.
type behavior struct {
	mu       sync.Mutex
	delay    time.Duration
	codebase string
}

func (m *Manage) delay() time.Duration {
	m.behavior.mu.Lock()
	defer m.behavior.mu.Unlock()
	return m.behavior.delay
}

func (m *Manage) codebase() string {
	m.behavior.mu.Lock()
	defer m.behavior.mu.Unlock()
	return m.behavior.codebase
}

func (b *behavior) set(change func(*behavior)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(b)
}

type faultKey struct{}

func faultOf(r *http.Request) string {
	mode, _ := r.Context().Value(faultKey{}).(string)
	return mode
}

// injectFaults treats each request of the REST API according to the fault, and records the request and its status.
func (m *Manage) injectFaults(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mode := m.faults.Next("connectwise", r.URL.Path)
		delay := m.delay()
		if mode == modeSlow {
			delay += slowDelay
		}
		if !wait(r.Context(), m.closing, delay) {
			return
		}
		recorder := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
		defer func() { m.requestLog.add(m.logEntry(r, recorder.status)) }()
		switch mode {
		case modeDown:
			writePage(recorder, http.StatusServiceUnavailable, "503 Service Temporarily Unavailable")
		case modeHTML:
			writePage(recorder, http.StatusOK, "Sign in to ConnectWise")
		case mode401:
			writeError(recorder, http.StatusUnauthorized, "Unauthorized", "UserNotAuthenticated")
		case mode403:
			writeError(recorder, http.StatusForbidden, "Forbidden", "You do not have the security rights to do this.")
		case mode429:
			recorder.Header().Set("Retry-After", retryAfter)
			writeError(recorder, http.StatusTooManyRequests, "TooManyRequests", "The rate limit is exceeded.")
		case mode500:
			writeError(recorder, http.StatusInternalServerError, "InternalError", "An unexpected error occurred.")
		case modeCut:
			next.ServeHTTP(&discardWriter{header: http.Header{}}, r)
			recorder.status = 0
			panic(http.ErrAbortHandler)
		default:
			next.ServeHTTP(recorder, r.WithContext(context.WithValue(r.Context(), faultKey{}, mode)))
		}
	})
}

// wait waits; false if the request or the server has ended.
func wait(asked, closing context.Context, by time.Duration) bool {
	if by <= 0 {
		return true
	}
	timer := time.NewTimer(by)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-asked.Done():
	case <-closing.Done():
	}
	return false
}

// statusRecorder records the status.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (w *statusRecorder) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// discardWriter discards the answer.
type discardWriter struct{ header http.Header }

func (u *discardWriter) Header() http.Header            { return u.header }
func (u *discardWriter) Write(body []byte) (int, error) { return len(body), nil }
func (u *discardWriter) WriteHeader(int)                {}

// writePage writes a web server's page instead of an answer of the API.
func writePage(w http.ResponseWriter, status int, title string) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<html><head><title>%s</title></head></html>\r\n", title) //nolint:errcheck // the client may have left
}

func missingPage(w http.ResponseWriter) {
	writePage(w, http.StatusNotFound, "404 - File or directory not found.")
}

// loggedRequest is one request of the REST API with its status. Status 0: no answer.
type loggedRequest struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Query  string `json:"query,omitempty"`
	As     string `json:"as,omitempty"` // a member's identifier
	Status int    `json:"status"`
}

func (m *Manage) logEntry(r *http.Request, status int) loggedRequest {
	a := loggedRequest{Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Status: status}
	if who, ok := m.authenticate(r); ok {
		a.As = who.Identifier
	}
	return a
}

const maxLoggedRequests = 1000

// requestLog holds the last requests of the REST API, oldest first.
type requestLog struct {
	mu  sync.Mutex
	all []loggedRequest
}

func (h *requestLog) add(a loggedRequest) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, a)
	h.all = h.all[max(0, len(h.all)-maxLoggedRequests):]
}

func (h *requestLog) list() []loggedRequest {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]loggedRequest{}, h.all...)
}

// listRequests answers GET /api/requests: the last requests of the REST API, oldest first.
func (m *Manage) listRequests(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, m.requestLog.list())
}

// setDelay answers POST /api/delay {"ms": 50}: the delay of each answer of the REST API.
func (m *Manage) setDelay(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		MS int `json:"ms"`
	}
	if !readCommand(w, r, &ask) {
		return
	}
	delay := time.Duration(ask.MS) * time.Millisecond
	if delay < 0 || delay > maxDelay {
		http.Error(w, "ms is a number from 0 to 60000", http.StatusUnprocessableEntity)
		return
	}
	m.behavior.set(func(b *behavior) { b.delay = delay })
	writeJSON(w, http.StatusOK, ask)
}

// setCodebase answers POST /api/codebase {"codebase": "v2026_1"}: the API moves, as with an upgrade.
func (m *Manage) setCodebase(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Codebase string `json:"codebase"`
	}
	if !readCommand(w, r, &ask) {
		return
	}
	if ask.Codebase == "" || strings.Contains(ask.Codebase, "/") {
		http.Error(w, "codebase is one part of a path", http.StatusUnprocessableEntity)
		return
	}
	m.behavior.set(func(b *behavior) { b.codebase = ask.Codebase })
	writeJSON(w, http.StatusOK, ask)
}

func readCommand(w http.ResponseWriter, r *http.Request, into any) bool {
	d := json.NewDecoder(io.LimitReader(r.Body, 4<<10))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		http.Error(w, "not the JSON that is expected here: "+err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}
