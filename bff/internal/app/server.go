// Package app is the server: its configuration, its wiring, the routes of all packages behind one middleware, and how
// it starts and stops. It is the only package that knows all others. Start with [New].
package app

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/clientaddr"
	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/egress"
	"github.com/shieldpod/shieldpod/bff/internal/httpapi"
	"github.com/shieldpod/shieldpod/bff/internal/jobs"
	"github.com/shieldpod/shieldpod/bff/internal/landing"
	"github.com/shieldpod/shieldpod/bff/internal/launch"
	"github.com/shieldpod/shieldpod/bff/internal/live"
	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/notify"
	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/psa/directory"
	"github.com/shieldpod/shieldpod/bff/internal/ratelimit"
	"github.com/shieldpod/shieldpod/bff/internal/securitylog"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/bff/internal/webhook"
	"github.com/shieldpod/shieldpod/sdk/api"
)

// Each adapter asserts its contracts here, where all of them are known.
var (
	_ verify.Ledger         = (*store.Store)(nil)
	_ verify.Tenants        = (*store.Store)(nil)
	_ verify.Policies       = (*store.Store)(nil)
	_ verify.KnownChannels  = (*store.Store)(nil)
	_ admin.Ledger          = (*store.Store)(nil)
	_ admin.APIKeys         = (*store.Store)(nil)
	_ admin.Sessions        = (*store.Store)(nil)
	_ psa.Connections       = (*store.Store)(nil)
	_ directory.Cards       = (*store.Store)(nil)
	_ httpapi.Directory     = directory.Directory{}
	_ verify.Brandings      = (*store.Store)(nil)
	_ landing.Images        = (*store.Store)(nil)
	_ landing.Brands        = (*message.BrandCache)(nil)
	_ courier.Brands        = (*message.BrandCache)(nil)
	_ httpapi.Brands        = (*message.BrandCache)(nil)
	_ launch.Sessions       = (*store.Store)(nil)
	_ launch.Tenants        = (*store.Store)(nil)
	_ launch.ChangeDetector = (*verify.Service)(nil)
	_ launch.Tickets        = psa.Systems{}
	_ launch.Hosted         = psa.Systems{}
	_ psa.Results           = (*verify.Service)(nil)
	_ webhook.Targets       = (*store.Store)(nil)
	_ live.Changes          = (*store.Store)(nil)
	_ live.EndedSessions    = (*store.Store)(nil)
	_ live.SecurityLog      = (*securitylog.Log)(nil)
	_ live.Projector        = (*verify.Service)(nil)
	_ live.Authenticator    = (*launch.Service)(nil)
	_ live.Encoder          = httpapi.Frames{}
	_ live.Subscriber       = (*notify.Bus)(nil)
	_ verify.Notifier       = (*notify.Bus)(nil)
)

var (
	_ jobs.Queue[verify.Job]     = store.Queue[verify.Job]{}
	_ jobs.Queue[verify.NoteJob] = store.Queue[verify.NoteJob]{}
	_ jobs.Queue[verify.Alert]   = store.Queue[verify.Alert]{}
)

// Server is every part of a running Shieldpod.
type Server struct {
	// Handler answers all requests but those of /metrics.
	Handler http.Handler
	// Metrics answers requests of /metrics.
	Metrics http.Handler
	// Store, Verify and Admin are for the demo and for tests, which set tenants up in the server's own process.
	Store  *store.Store
	Verify *verify.Service
	Admin  *admin.Service

	config   Config
	bus      *notify.Bus
	hub      *live.Hub
	waker    *jobs.Waker
	courier  *courier.Courier
	alerts   *jobs.Worker[verify.Alert]
	notes    *jobs.Worker[verify.NoteJob]
	security *securitylog.Log

	disconnect      func()       // disconnects all pods, once; nil while the hub is not made
	metricsListener net.Listener // nil: there are no metrics
}

// Limits of outgoing requests.
const (
	FetchTime  = 5 * time.Second // FetchTime is for a key server's or a sign-in provider's answer: a technician waits for the pod.
	FetchLimit = 256 << 10       // FetchLimit is for such an answer, in bytes.
)

// New opens the database and the bus, wires every part and listens for /metrics. Serve runs the server; without it the
// caller has to Close it.
func New(ctx context.Context, c Config) (*Server, error) {
	addresses, err := c.Limits.resolver()
	if err != nil {
		return nil, err
	}
	page, assets, err := podFiles()
	if err != nil {
		return nil, err
	}
	loader, err := loaderFile()
	if err != nil {
		return nil, err
	}
	if c.LimitClock == nil {
		c.LimitClock = time.Now
	}
	db, err := openStore(ctx, c.Database, c.Keys, c.Now)
	if err != nil {
		return nil, err
	}
	security := securitylog.New(c.Log, time.Now)
	c.Log = slog.New(securitylog.Throttle(c.Log.Handler(), time.Now))
	c.Bus.Now, c.Bus.Log = c.Now, c.Log
	nodes, err := notify.Start(ctx, c.Bus)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	srv := &Server{Store: db, config: c, bus: nodes, security: security, waker: new(jobs.Waker)}
	if err := srv.wire(page, assets, loader, addresses); err != nil {
		return nil, errors.Join(err, srv.Close())
	}
	if c.MetricsListen != "" {
		listeners, err := Listen(ctx, []string{c.MetricsListen})
		if err != nil {
			return nil, errors.Join(err, srv.Close())
		}
		srv.metricsListener = listeners[0]
	}
	return srv, nil
}

// wire makes every part once, each from those before it: the waker, the service that calls it, and the workers that it
// wakes and that report to the service.
func (srv *Server) wire(page []byte, assets, loader http.Handler, addresses clientaddr.Resolver) error {
	c, db := srv.config, srv.Store
	platform, err := c.Carriers.Accounts()
	if err != nil {
		return err
	}
	open := func(a admin.CarrierAccount) (courier.Sender, error) {
		return Carriers.Open(a, courier.Server{PublicURL: c.PublicURL, Now: c.Now})
	}
	carriers, err := courier.NewCarrierRegistry(db, platform, open, c.Now)
	if err != nil {
		return err
	}
	tickets, err := NewTicketSystems(db, c.AllowLoopback, c.Now)
	if err != nil {
		return err
	}
	brands := message.NewBrandCache(db, db, c.Now)
	service := &verify.Service{
		Ledger: db, Tenants: db, Policies: db, KnownChannels: db, Notifier: srv.bus, Waker: srv.waker, Reach: carriers,
		Keys: verify.Keys{Code: c.Keys.Code, Destination: c.Keys.Destination},
		Now:  c.Now, Entropy: rand.Reader,
	}
	srv.courier = courier.New(courier.Config{
		Queues: newMessageQueues(db), Waker: srv.waker, Reports: service, Brands: brands, Carriers: carriers,
		PublicURL: c.PublicURL, Now: c.Now, Log: c.Log,
	})
	srv.alerts = webhook.New(webhook.Config{
		Queue: db.Alerts(), Waker: srv.waker, Targets: db, Now: c.Now, Random: mathrand.Float64, Log: c.Log,
		Client: egress.Client(egress.Config{AllowLoopback: c.AllowLoopback, Timeout: webhook.Timeout}),
	})
	srv.notes = newNotes(c, db, srv.waker, tickets.Adapters.Writers(), service)
	srv.Verify = service
	discard := func(tenant string) {
		service.Forget(tenant)
		carriers.Invalidate(tenant)
		brands.Invalidate(tenant)
	}
	if _, err = srv.bus.SubscribeTenants(discard); err != nil {
		return err
	}
	srv.Admin = NewAdmin(db, c.AllowLoopback, c.Now)
	srv.Admin.Notifier, srv.Admin.Changed = srv.bus, discard
	launches := &launch.Service{
		Tenants: db, Sessions: db, ChangeDetector: service, Hosted: tickets, Tickets: tickets, Products: tickets.Adapters.Products(),
		Client:   egress.Client(egress.Config{AllowLoopback: c.AllowLoopback, Timeout: FetchTime, BodyLimit: FetchLimit, KeepAlive: true}),
		Audience: c.PublicURL, Secret: c.Keys.Session,
		Now: c.Now, Entropy: rand.Reader, Log: c.Log,
		UnknownMembers: func(tenant string, from netip.Addr) {
			srv.security.Record(securitylog.CodeUnknownMembers, tenant, from)
		},
	}
	srv.hub = live.New(live.Config{
		Projector: service, Changes: db, Subscriber: srv.bus, Authenticator: launches, Encoder: httpapi.Frames{Verify: service, Brands: brands},
		Origin: c.PublicURL, Now: c.Now, Log: c.Log, EndedSessions: db, Ticks: c.Ticks,
		Limits: c.Limits.sockets(), Handshakes: ratelimit.New(c.Limits.LimitHandshakes, c.LimitClock), Security: srv.security,
	})
	srv.disconnect = sync.OnceFunc(srv.hub.Close)
	metrics := httpapi.NewMetrics(srv.hub.Count, srv.security.Collector())
	routes := httpapi.New(httpapi.Config{
		Verify: service, Launch: launches, Tenants: db, Admin: srv.Admin,
		Directory: directory.Directory{Cards: db}, Brands: brands, Brandings: db,
		Landing: landing.Preview, Live: srv.hub, PodPage: page, PublicURL: c.PublicURL,
		Contract: api.Contract, Metrics: metrics, Ready: srv.ready, Log: c.Log,
		Security: srv.security, Guesses: ratelimit.New(c.Limits.LimitGuesses, c.LimitClock),
	})
	pages := landing.New(landing.Config{Service: service, Brands: brands, Images: db, Now: c.Now, Log: c.Log})
	srv.Metrics = metrics.Handler()
	reports := courier.ReportConfig{Accounts: carriers, Reports: service, PublicURL: c.PublicURL, Now: c.Now, Log: c.Log}
	srv.Handler = &middleware{
		routes: mount(routes, pages, assets, loader, func(mux *http.ServeMux) { mountReports(mux, reports) }),
		https:  strings.HasPrefix(c.PublicURL, "https://"), addresses: addresses,
		limits: newLimiter(c.Limits, c.LimitClock, srv.security),
	}
	return nil
}
