package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/shieldpod/shieldpod/bff/internal/bus"
	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/httpapi"
	"github.com/shieldpod/shieldpod/bff/internal/landing"
	"github.com/shieldpod/shieldpod/bff/internal/launch"
	"github.com/shieldpod/shieldpod/bff/internal/live"
	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/outward"
	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/psa/directory"
	"github.com/shieldpod/shieldpod/bff/internal/securitylog"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/bff/internal/webhook"
	"github.com/shieldpod/shieldpod/sdk/api"
)

// settings are a server's, checked.
type settings struct {
	listen    []string
	publicURL string
	database  string
	keys      secrets
	mail      mailSettings
	sms       smsSettings
	bus       bus.Config
	loopback  bool // what we call may be on this machine: in the demo
	limits    limitSettings
	now       func() time.Time
	beats     <-chan time.Time // drives the hub in tests; nil for a ticker
	log       *slog.Logger

	metricsListen string // of /metrics; empty: nowhere
}

type mailSettings struct{ key, from, host, webhookKey string }

type smsSettings struct{ key, secret, from, host, signatureSecret, signatureMethod string }

func systemClock() time.Time { return time.Now().UTC() }

// Each adapter signs its contracts here, where all of them are known.
var (
	_ verify.Ledger     = (*store.Store)(nil)
	_ verify.Tenants    = (*store.Store)(nil)
	_ verify.Policies   = (*store.Store)(nil)
	_ verify.Sightings  = (*store.Store)(nil)
	_ verify.APIKeys    = (*store.Store)(nil)
	_ directory.Cards   = (*store.Store)(nil)
	_ psa.Directory     = directory.Directory{}
	_ httpapi.Directory = directory.Directory{}
	_ verify.Brandings  = (*store.Store)(nil)
	_ landing.Images    = (*store.Store)(nil)
	_ landing.Brands    = (*message.Shelf)(nil)
	_ courier.Brands    = (*message.Shelf)(nil)
	_ httpapi.Brands    = (*message.Shelf)(nil)
	_ launch.Sessions   = (*store.Store)(nil)
	_ launch.Recogniser = (*verify.Service)(nil)
	_ launch.Tickets    = psa.Systems{}
	_ courier.Outbox    = (*store.Store)(nil)
	_ webhook.Queue     = (*store.Store)(nil)
	_ webhook.Targets   = (*store.Store)(nil)
	_ live.Changes      = (*store.Store)(nil)
	_ live.Ends         = (*store.Store)(nil)
	_ live.Security     = (*securitylog.Log)(nil)
	_ live.Readings     = (*verify.Service)(nil)
	_ live.Door         = (*launch.Service)(nil)
	_ live.Encoder      = httpapi.Frames{}
	_ live.Ear          = (*bus.Bus)(nil)
	_ verify.Whisperer  = (*bus.Bus)(nil)
	_ verify.Courier    = (*courier.Courier)(nil)
	_ verify.Alerter    = (*webhook.Worker)(nil)
)

// server is every part of a running Shieldpod, built once.
type server struct {
	settings
	store    *store.Store
	bus      *bus.Bus
	hub      *live.Hub
	domain   *verify.Service
	brands   *message.Shelf
	carriers *courier.Book
	courier  *courier.Courier
	alerts   *webhook.Worker
	notes    *psa.Worker
	deafen   func() // ends what listens for changed rules
	handler  http.Handler
	security *securitylog.Log
	metrics  http.Handler

	metricsListener net.Listener // nil: there are no metrics
}

// sweepEvery is how often what has run out is thrown away: sessions, spent contexts, messages long settled.
const sweepEvery = 10 * time.Minute

// build makes every part and ties them together. Close what it gives.
func build(ctx context.Context, s settings) (*server, error) {
	page, assets, err := podFiles()
	if err != nil {
		return nil, err
	}
	vault, err := store.NewVault(s.keys.vault, rand.Reader)
	if err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, store.Config{URL: s.database, Vault: vault, Now: s.now})
	if err != nil {
		return nil, err
	}
	security := securitylog.New(s.log, time.Now)
	s.log = slog.New(securitylog.Throttle(s.log.Handler(), time.Now))
	srv := &server{settings: s, store: db, security: security}
	if err := db.Migrate(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	s.bus.Now, s.bus.Log = s.now, s.log
	if srv.bus, err = bus.Start(ctx, s.bus); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := srv.assemble(page, assets); err != nil {
		return nil, errors.Join(err, srv.close())
	}
	return srv, nil
}

// assemble ties the rooms together: domain, border, carriers, sockets, pages.
func (srv *server) assemble(page []byte, assets http.Handler) error {
	s := srv.settings
	domain := &verify.Service{
		Ledger: srv.store, Tenants: srv.store, Policies: srv.store, Sightings: srv.store, Bus: srv.bus,
		Keys: verify.Keys{Code: s.keys.code, Destination: s.keys.destination},
		Now:  s.now, Entropy: rand.Reader,
	}
	srv.domain = domain
	var err error
	if srv.carriers, err = srv.book(); err != nil {
		return err
	}
	domain.Reach = srv.carriers
	srv.brands = &message.Shelf{Tenants: srv.store, Brandings: srv.store, Now: s.now}
	srv.courier = courier.New(courier.Config{
		Outbox: srv.store, Reports: domain, Brands: srv.brands, Carriers: srv.carriers,
		PublicURL: s.publicURL, Now: s.now, Log: s.log,
	})
	srv.alerts = webhook.New(webhook.Config{
		Queue: srv.store, Targets: srv.store, Now: s.now, Log: s.log,
		Client: outward.Client(outward.Config{AllowLoopback: s.loopback, Timeout: postTime}),
	})
	domain.Courier, domain.Alerter = srv.courier, srv.alerts
	if srv.deafen, err = srv.bus.ListenAll(func(tenant string) {
		domain.Forget(tenant)
		srv.carriers.Forget(tenant)
		srv.brands.Forget(tenant)
	}); err != nil {
		return err
	}
	door := &launch.Service{
		Tenants: srv.store, Sessions: srv.store, Recogniser: domain,
		Client:   outward.Client(outward.Config{AllowLoopback: s.loopback, Timeout: fetchTime, BodyLimit: fetchLimit, KeepAlive: true}),
		Audience: s.publicURL, Secret: s.keys.session,
		Now: s.now, Entropy: rand.Reader, Log: s.log,
		Strangers: func(tenant string, from netip.Addr) { srv.security.Record(securitylog.CodeStrangers, tenant, from) },
	}
	if err := srv.connect(domain, door); err != nil {
		return err
	}
	srv.hub = live.New(live.Config{
		Readings: domain, Changes: srv.store, Ear: srv.bus, Door: door, Encoder: httpapi.Frames{Verify: domain, Brands: srv.brands},
		Origin: s.publicURL, Now: s.now, Log: s.log, Ends: srv.store, Beats: s.beats,
		Limits: s.limits.sockets, Handshakes: s.limits.limiter(s.limits.handshakes), Security: srv.security,
	})
	return srv.open(domain, door, page, assets)
}

// open mounts every room's routes behind the front.
func (srv *server) open(domain *verify.Service, door *launch.Service, page []byte, assets http.Handler) error {
	s := srv.settings
	loader, err := loaderFile()
	if err != nil {
		return err
	}
	metrics := httpapi.NewMetrics(srv.hub.Count, srv.security.Collector())
	mux := http.NewServeMux()
	srv.hooks(mux, domain)
	pages := landing.New(landing.Config{Service: domain, Brands: srv.brands, Images: srv.store, Now: s.now, Log: s.log})
	for _, path := range landing.LinkPaths {
		mux.Handle(path, pages)
	}
	mux.Handle("/v-assets/", pages)
	mux.Handle("GET /brand/", pages)
	mux.Handle("GET /pod-assets/", assets)
	mux.Handle("GET /embed/v1.js", loader)
	border := httpapi.New(httpapi.Config{
		Verify: domain, Launch: door, Tenants: srv.store, APIKeys: srv.store, Directory: directory.Directory{Cards: srv.store}, Brands: srv.brands, Brandings: srv.store, Landing: landing.Preview, Live: srv.hub, PodPage: page, PublicURL: s.publicURL,
		Contract: api.Contract, Metrics: metrics, Ready: srv.ready, Log: s.log,
		Security: srv.security, Guesses: s.limits.limiter(s.limits.guesses),
	})
	mux.Handle("/", border)
	srv.metrics = metrics.Handler()
	srv.handler = front(asWritten(border, mux), s, newLimiter(s.limits, srv.security))
	return nil
}

// ready names the parts that a verification needs and that do not work.
func (srv *server) ready(ctx context.Context) (missing []httpapi.NotReady) {
	if err := srv.store.Ready(ctx); err != nil {
		missing = append(missing, httpapi.NotReady{Part: "database", Why: store.Fault(err), Err: err})
	}
	if err := srv.bus.Ready(); err != nil {
		missing = append(missing, httpapi.NotReady{Part: "bus", Why: "this node has not found the others, or its NATS", Err: err})
	}
	return missing
}

// How long those may take whom we call.
const (
	postTime  = 10 * time.Second // a webhook's receiver
	fetchTime = 5 * time.Second  // a server of keys, or a sign-in's provider: somebody waits for the pod
)

// fetchLimit is what keys, and what a sign-in's provider says, may weigh.
const fetchLimit = 256 << 10

// farewell is how long requests in hand may take once the server is told to stop.
const farewell = 10 * time.Second

// run serves on the listeners until ctx is done, then lets go of everything: no new requests, pods
// told to come back, messages in hand settled; and when all that is done, the data closed.
func (srv *server) run(ctx context.Context, listeners []net.Listener) error {
	web := &http.Server{
		Handler: srv.handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(srv.log.Handler(), slog.LevelWarn), // handlers that panic, and files that run out
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		srv.courier.Run(ctx)
		return nil
	})
	group.Go(func() error {
		srv.alerts.Run(ctx)
		return nil
	})
	group.Go(func() error {
		srv.notes.Run(ctx)
		return nil
	})
	group.Go(func() error { return srv.sweep(ctx) })
	group.Go(func() error {
		srv.security.Run(ctx)
		return nil
	})
	if srv.metricsListener != nil {
		group.Go(func() error { return srv.serveMetrics(ctx) })
	}
	for _, l := range listeners {
		group.Go(func() error {
			if err := web.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
	}
	group.Go(func() error {
		<-ctx.Done()
		srv.hub.Close()
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		return srv.shut(web, farewell)
	})
	return errors.Join(group.Wait(), srv.close())
}

// shut takes no new requests and waits for those in hand; one that takes too long is cut off,
// so that nobody who sends slowly can hold the server up.
func (srv *server) shut(web *http.Server, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := web.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		srv.log.Warn("requests that did not end in time were cut off")
		return web.Close()
	}
	return err
}

func (srv *server) close() error {
	srv.bus.Close()
	return srv.store.Close()
}

// listenMetrics opens the address of /metrics, if there is one.
func (srv *server) listenMetrics(ctx context.Context) error {
	if srv.metricsListen == "" {
		return nil
	}
	all, err := listen(ctx, []string{srv.metricsListen})
	if err == nil {
		srv.metricsListener = all[0]
	}
	return err
}

// serveMetrics serves /metrics, and nothing else, on an address of its own.
func (srv *server) serveMetrics(ctx context.Context) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", srv.metrics)
	web := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 30 * time.Second, MaxHeaderBytes: 16 << 10}
	context.AfterFunc(ctx, func() { _ = web.Close() }) // a scrape in hand is no loss
	if err := web.Serve(srv.metricsListener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (srv *server) sweep(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := srv.store.Sweep(ctx, srv.now()); err != nil {
				srv.log.Warn("sweeping out what has run out failed; it is tried again", "error", err)
			}
		}
	}
}

// serve builds, listens and runs.
func serve(o *outside, s settings) error {
	srv, err := build(o.ctx, s)
	if err != nil {
		return err
	}
	listeners, err := listen(o.ctx, s.listen)
	if err != nil {
		return errors.Join(err, srv.close())
	}
	if err := srv.listenMetrics(o.ctx); err != nil {
		for _, l := range listeners {
			err = errors.Join(err, l.Close())
		}
		return errors.Join(err, srv.close())
	}
	s.log.Info("ready", "listen", listeners[0].Addr().String(), "public_url", s.publicURL)
	return srv.run(o.ctx, listeners)
}

func listen(ctx context.Context, addresses []string) ([]net.Listener, error) {
	var all []net.Listener
	for _, address := range addresses {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
		if err != nil {
			for _, open := range all {
				err = errors.Join(err, open.Close())
			}
			return nil, fmt.Errorf("listening on %s: %w (another port can be set by a flag)", address, err)
		}
		all = append(all, l)
	}
	return all, nil
}
