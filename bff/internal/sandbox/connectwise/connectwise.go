// Package connectwise is a ConnectWise Manage for the demo and tests: the part of its REST API 3.0 that a verification
// pod needs, and a ticket screen that hosts pods by its hosted API.
//
// Start with [New]; the result is one http.Handler for a site of its own. It implements the vendor's side only: hosted
// setups put pods on its screens, members have live sessions, and requests without client id, Accept header or the
// right to the record are refused. It can be set to fail as a ticket system fails.
package connectwise

import (
	"context"
	"embed"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/sandbox/faults"
)

// Config holds the settings of the ticket system. Log is optional.
type Config struct {
	Origin     string // of its screens: http://manage.localhost:8083
	Company    string // the MSP's login company
	ClientID   string // of the integration, as ConnectWise issues them to vendors
	PublicKey  string // of the integration's API member
	PrivateKey string
	Pod        string // URL of the pod on the ticket screens, with its tokens [cw_id] and [cw_screen]
	PhoneURL   string // the demo's page with messages; for a link
	Now        func() time.Time
	Log        *slog.Logger
}

// Manage is a running ticket system.
type Manage struct {
	Config
	records    *records
	sessions   *sessions
	setups     *setups
	faults     *faults.Set
	behavior   behavior
	requestLog *requestLog
	closing    context.Context
	close      context.CancelFunc
	handler    http.Handler
}

//go:embed pages assets
var files embed.FS

// New makes a ticket system with its people and tickets, and the pod on both ticket screens. Close ends the streams to
// open screens.
func New(c Config) (*Manage, error) {
	pod, err := url.Parse(c.Pod)
	if err != nil || pod.Host == "" || c.Origin == "" || c.Company == "" || c.ClientID == "" || c.PublicKey == "" || c.PrivateKey == "" {
		return nil, errors.New("connectwise: origin, company, client id, keys and the pod's URL are needed")
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	m := &Manage{Config: c, records: newRecords(c.Now()), sessions: newSessions(), requestLog: &requestLog{}, faults: faults.New(targets)}
	m.setups = newSetups(c.Pod, pod.Scheme+"://"+pod.Host)
	m.behavior.codebase = firstCodebase
	m.closing, m.close = context.WithCancel(context.Background())
	m.handler = m.routes()
	return m, nil
}

// ServeHTTP serves the REST API, the screens, and the sandbox's own API for scripts.
func (m *Manage) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.handler.ServeHTTP(w, r) }

// Close ends the streams to open screens.
func (m *Manage) Close() { m.close() }

func (m *Manage) routes() http.Handler {
	all := http.NewServeMux()
	rest := m.injectFaults(m.rest())
	all.Handle("GET /login/companyinfo/{company}", rest)
	all.Handle("/{codebase}/apis/3.0/", rest)
	for path, handler := range map[string]http.Handler{
		"POST /api/faults": m.faults, "POST /api/delay": http.HandlerFunc(m.setDelay), "POST /api/codebase": http.HandlerFunc(m.setCodebase),
		"GET /api/requests": http.HandlerFunc(m.listRequests),
	} {
		all.Handle(path, http.NewCrossOriginProtection().Handler(handler)) // no other site's page sets faults
	}
	all.Handle("/", m.screens())
	return all
}
