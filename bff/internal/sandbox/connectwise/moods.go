package connectwise

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Modes of the REST API: how it treats the next requests.
const (
	modeOK       = "ok"
	modeDown     = "down"     // only its gateway is there
	modeSlow     = "slow"     // answers after half a minute
	modeCut      = "cut"      // does what it is asked, and drops the connection without a word
	modeHTML     = "html"     // a sign-in page, with status 200
	mode401      = "401"      // takes nobody's word for who they are
	mode403      = "403"      // lets nobody do anything
	mode429      = "429"      // too many requests: come back in two seconds
	mode500      = "500"      // an error of its own
	modeInactive = "inactive" // every member has been made inactive
	modeMismatch = "mismatch" // every session is somebody else's
)

var modes = []string{modeOK, modeDown, modeSlow, modeCut, modeHTML, mode401, mode403, mode429, mode500, modeInactive, modeMismatch}

const (
	slowAnswer = 30 * time.Second
	delayMost  = time.Minute
	retryAfter = "2"
)

// mood is how the API behaves, for how many more requests (0: until told otherwise) and for which
// paths (none: for all).
type mood struct {
	Mode string `json:"mode"`
	Left int    `json:"left,omitempty"`
	Path string `json:"path,omitempty"`
}

type moods struct {
	mu       sync.Mutex
	now      mood
	delay    time.Duration
	codebase string
}

func (m *moods) at() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.codebase
}

func (m *moods) set(change func(*moods)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(m)
}

// next gives the mode for one request and how long to wait first, and counts it.
func (m *moods) next(path string) (string, time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	path = strings.ToLower(path)
	ofMembers := m.now.Mode == modeInactive || m.now.Mode == modeMismatch
	if m.now.Mode == "" || !strings.Contains(path, strings.ToLower(m.now.Path)) || ofMembers && !strings.HasSuffix(path, "/mymembers/info") {
		return modeOK, m.delay
	}
	mode := m.now.Mode
	switch m.now.Left {
	case 0:
	case 1:
		m.now = mood{}
	default:
		m.now.Left--
	}
	return mode, m.delay
}

type moodKey struct{}

func moodOf(r *http.Request) string {
	mode, _ := r.Context().Value(moodKey{}).(string)
	return mode
}

// listen treats each request of the REST API as its mood has it, and keeps what was asked and answered.
func (m *Manage) listen(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mode, delay := m.moods.next(r.URL.Path)
		if mode == modeSlow {
			delay += slowAnswer
		}
		if !wait(r.Context(), m.closing, delay) {
			return
		}
		told := &witness{ResponseWriter: w, status: http.StatusOK}
		defer func() { m.heard.add(m.request(r, told.status)) }()
		switch mode {
		case modeDown:
			pageOf(told, http.StatusServiceUnavailable, "503 Service Temporarily Unavailable")
		case modeHTML:
			pageOf(told, http.StatusOK, "Sign in to ConnectWise")
		case mode401:
			fail(told, http.StatusUnauthorized, "Unauthorized", "UserNotAuthenticated")
		case mode403:
			fail(told, http.StatusForbidden, "Forbidden", "You do not have the security rights to do this.")
		case mode429:
			told.Header().Set("Retry-After", retryAfter)
			fail(told, http.StatusTooManyRequests, "TooManyRequests", "The rate limit is exceeded.")
		case mode500:
			fail(told, http.StatusInternalServerError, "InternalError", "An unexpected error occurred.")
		case modeCut:
			next.ServeHTTP(&unheard{header: http.Header{}}, r)
			told.status = 0
			panic(http.ErrAbortHandler)
		default:
			next.ServeHTTP(told, r.WithContext(context.WithValue(r.Context(), moodKey{}, mode)))
		}
	})
}

// wait waits, and tells whether there is still somebody to answer.
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

// witness remembers the status.
type witness struct {
	http.ResponseWriter
	status int
}

func (w *witness) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// unheard takes an answer that nobody gets.
type unheard struct{ header http.Header }

func (u *unheard) Header() http.Header            { return u.header }
func (u *unheard) Write(body []byte) (int, error) { return len(body), nil }
func (u *unheard) WriteHeader(int)                {}

// pageOf is what a web server says instead of the API.
func pageOf(w http.ResponseWriter, status int, title string) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<html><head><title>%s</title></head></html>\r\n", title) //nolint:errcheck // whoever left does not read it
}

func missingPage(w http.ResponseWriter) {
	pageOf(w, http.StatusNotFound, "404 - File or directory not found.")
}

// asking is one request of the REST API, as it was answered. Status 0: not at all.
type asking struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Query  string `json:"query,omitempty"`
	As     string `json:"as,omitempty"` // a member's identifier
	Status int    `json:"status"`
}

func (m *Manage) request(r *http.Request, status int) asking {
	a := asking{Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Status: status}
	if who, ok := m.asker(r); ok {
		a.As = who.Identifier
	}
	return a
}

const heardMost = 1000

// heard is what the REST API was asked last, oldest first.
type heard struct {
	mu  sync.Mutex
	all []asking
}

func (h *heard) add(a asking) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, a)
	h.all = h.all[max(0, len(h.all)-heardMost):]
}

func (h *heard) list() []asking {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]asking{}, h.all...)
}

// tellRequests answers GET /api/requests: what the REST API was asked, oldest first.
func (m *Manage) tellRequests(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, m.heard.list())
}

// misbehave answers POST /api/misbehave {"system", "mode", "times", "path"}.
func (m *Manage) misbehave(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		System string `json:"system"`
		Mode   string `json:"mode"`
		Times  int    `json:"times"`
		Path   string `json:"path"`
	}
	if !tell(w, r, &ask) {
		return
	}
	switch {
	case ask.System != "connectwise":
		http.Error(w, "system is connectwise", http.StatusUnprocessableEntity)
	case !slices.Contains(modes, ask.Mode):
		http.Error(w, fmt.Sprintf("mode is one of %q", modes), http.StatusUnprocessableEntity)
	case ask.Times < 0:
		http.Error(w, "times is not negative", http.StatusUnprocessableEntity)
	default:
		now := mood{Mode: ask.Mode, Left: ask.Times, Path: ask.Path}
		m.moods.set(func(all *moods) { all.now = now })
		answer(w, http.StatusOK, now)
	}
}

// setDelay answers POST /api/delay {"ms": 50}: how long each answer of the REST API takes.
func (m *Manage) setDelay(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		MS int `json:"ms"`
	}
	if !tell(w, r, &ask) {
		return
	}
	delay := time.Duration(ask.MS) * time.Millisecond
	if delay < 0 || delay > delayMost {
		http.Error(w, "ms is a number from 0 to 60000", http.StatusUnprocessableEntity)
		return
	}
	m.moods.set(func(all *moods) { all.delay = delay })
	answer(w, http.StatusOK, ask)
}

// setCodebase answers POST /api/codebase {"codebase": "v2026_1"}: the API moves, as with an upgrade.
func (m *Manage) setCodebase(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Codebase string `json:"codebase"`
	}
	if !tell(w, r, &ask) {
		return
	}
	if ask.Codebase == "" || strings.Contains(ask.Codebase, "/") {
		http.Error(w, "codebase is one part of a path", http.StatusUnprocessableEntity)
		return
	}
	m.moods.set(func(all *moods) { all.codebase = ask.Codebase })
	answer(w, http.StatusOK, ask)
}

func tell(w http.ResponseWriter, r *http.Request, into any) bool {
	d := json.NewDecoder(io.LimitReader(r.Body, 4<<10))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		http.Error(w, "not the JSON that is expected here: "+err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}
