package carriers

import (
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	defaultListLimit  = 200
	minStreamInterval = 100 * time.Millisecond // between two events of a stream
	maxClockAdvance   = 24 * time.Hour
)

//go:embed page
var pageFiles embed.FS

// pageHandler serves the page with the phone and the mailbox. It loads nothing from other origins.
func pageHandler() http.Handler {
	files, err := fs.Sub(pageFiles, "page")
	if err != nil {
		panic(err) // the folder is embedded
	}
	serve := http.FileServerFS(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "+
			"connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		serve.ServeHTTP(w, r)
	})
}

// listMessages answers GET /api/messages?to=&limit=&brief=1: newest first; brief leaves the HTML out.
func (s *Sandbox) listMessages(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	limit := defaultListLimit
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxMessages {
			http.Error(w, fmt.Sprintf("limit is a number from 1 to %d", maxMessages), http.StatusBadRequest)
			return
		}
		limit = n
	}
	answerJSON(w, http.StatusOK, s.inbox.newestMessages(q.Get("to"), limit, q.Get("brief") == ""))
}

// showMail serves a mail's HTML as a mail program shows it: no scripts, no loaded content, links in a new tab.
func (s *Sandbox) showMail(w http.ResponseWriter, r *http.Request) {
	m, ok := s.inbox.find(r.PathValue("id"))
	if !ok || m.HTML == "" {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src "+s.HookBase+"; "+
		"sandbox allow-popups allow-popups-to-escape-sandbox; frame-ancestors 'self'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	io.WriteString(w, strings.Replace(m.HTML, "<head>", `<head><base target="_blank">`, 1)) //nolint:errcheck // the client may have left
}

// showState gives the state beside the messages.
func (s *Sandbox) showState(w http.ResponseWriter, _ *http.Request) {
	answerJSON(w, http.StatusOK, map[string]any{
		"now": s.Now(), "clock": s.Advance != nil, "names": s.Names, "carriers": s.faults.All(), "modes": s.faults.Modes(),
	})
}

// stream sends an event when a message has arrived; the page then reads the messages.
func (s *Sandbox) stream(w http.ResponseWriter, r *http.Request) {
	changes, stop := s.inbox.watch()
	defer stop()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	out := http.NewResponseController(w)
	for {
		if _, err := io.WriteString(w, "data: new\n\n"); err != nil {
			return
		}
		if out.Flush() != nil {
			return
		}
		if !wait(s, r, time.After(minStreamInterval)) || !wait(s, r, changes) {
			return
		}
	}
}

// wait waits for c; false if the request or the sandbox has ended.
func wait[T any](s *Sandbox, r *http.Request, c <-chan T) bool {
	select {
	case <-c:
		return true
	case <-r.Context().Done():
	case <-s.sender.ctx.Done():
	}
	return false
}

// setClock answers POST /api/clock with {"advance": "5m"}, which moves the clock forward, or {"held": true}, which
// stops it until {"held": false}. Advance also moves a stopped clock.
func (s *Sandbox) setClock(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Advance string `json:"advance"`
		Held    *bool  `json:"held"`
	}
	if !readJSON(w, r, &ask) {
		return
	}
	by, err := time.ParseDuration(ask.Advance)
	switch {
	case s.Advance == nil:
		http.Error(w, "this clock can't be set", http.StatusNotFound)
		return
	case ask.Held != nil && ask.Advance == "":
		s.Hold(*ask.Held)
	case ask.Held != nil || err != nil || by <= 0 || by > maxClockAdvance:
		http.Error(w, `advance is a duration like "5m", at most 24h; or held is true or false`, http.StatusUnprocessableEntity)
		return
	default:
		s.Advance(by)
	}
	answerJSON(w, http.StatusOK, map[string]any{"now": s.Now()})
}

func readJSON(w http.ResponseWriter, r *http.Request, into any) bool {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		http.Error(w, "not the JSON that is expected here: "+err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}

func answerJSON(w http.ResponseWriter, status int, what any) {
	body, err := json.Marshal(what)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(append(body, '\n')) //nolint:errcheck // the client may have left
}
