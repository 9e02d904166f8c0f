// Package connectwise is the demo's ConnectWise Manage: the part of its REST API 3.0 that a
// verification pod needs, and a ticket screen that hosts pods by its hosted API.
//
// Start with [New]; the result is one http.Handler, for a site of its own. It takes the vendor's
// side: pods come onto its screen by what is registered (hosted setups), members are who has a
// live session, and what is asked for without client id, Accept or right to see it is refused.
// Told to misbehave, it fails in the ways in which a ticket system fails.
package connectwise

import (
	"context"
	"embed"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"
)

// Config is what the ticket system is set up with. Log may be left out.
type Config struct {
	Origin     string // of its screens: http://manage.localhost:8083
	Company    string // the MSP's login company
	ClientID   string // of the integration, as ConnectWise gives them to vendors
	PublicKey  string // of the integration's API member
	PrivateKey string
	Pod        string // URL of the pod on the ticket screens, with its tokens [cw_id] and [cw_screen]
	PhoneURL   string // where the demo's end user reads messages; only linked to
	Now        func() time.Time
	Log        *slog.Logger
}

// Manage is the ticket system at work.
type Manage struct {
	Config
	books    *books
	sessions *sessions
	setups   *setups
	moods    moods
	heard    *heard
	closing  context.Context
	close    context.CancelFunc
	handler  http.Handler
}

//go:embed pages assets
var files embed.FS

// New sets the ticket system up with its people and tickets, and the pod on both ticket screens.
// Close ends the streams to open screens.
func New(c Config) (*Manage, error) {
	pod, err := url.Parse(c.Pod)
	if err != nil || pod.Host == "" || c.Origin == "" || c.Company == "" || c.ClientID == "" || c.PublicKey == "" || c.PrivateKey == "" {
		return nil, errors.New("connectwise: origin, company, client id, keys and the pod's URL are needed")
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	m := &Manage{Config: c, books: newBooks(c.Now()), sessions: newSessions(), heard: &heard{}}
	m.setups = newSetups(c.Pod, pod.Scheme+"://"+pod.Host)
	m.moods.codebase = firstCodebase
	m.closing, m.close = context.WithCancel(context.Background())
	m.handler = m.routes()
	return m, nil
}

// ServeHTTP answers as the REST API, a screen, or the sandbox's own API for scripts.
func (m *Manage) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.handler.ServeHTTP(w, r) }

// Close ends the streams to open screens.
func (m *Manage) Close() { m.close() }

func (m *Manage) routes() http.Handler {
	all := http.NewServeMux()
	rest := m.listen(m.rest())
	all.Handle("GET /login/companyinfo/{company}", rest)
	all.Handle("/{codebase}/apis/3.0/", rest)
	for path, told := range map[string]http.HandlerFunc{
		"POST /api/misbehave": m.misbehave, "POST /api/delay": m.setDelay, "POST /api/codebase": m.setCodebase, "GET /api/requests": m.tellRequests,
	} {
		all.Handle(path, http.NewCrossOriginProtection().Handler(told)) // no other site's page sets our moods
	}
	all.Handle("/", m.screens())
	return all
}
