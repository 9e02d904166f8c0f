package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	sweepInterval   = 10 * time.Minute // between removals of what has expired: sessions, used contexts, settled messages
	shutdownTimeout = 10 * time.Second // for requests that are being answered when the server is stopped
)

// Serve builds a server, listens and runs it until ctx is done.
func Serve(ctx context.Context, c Config) error {
	srv, err := New(ctx, c)
	if err != nil {
		return err
	}
	listeners, err := Listen(ctx, c.Listen)
	if err != nil {
		return errors.Join(err, srv.Close())
	}
	c.Log.Info("ready", "listen", listeners[0].Addr().String(), "public_url", c.PublicURL)
	return srv.Run(ctx, listeners)
}

// Listen listens on every address, or on none if one of them is taken.
func Listen(ctx context.Context, addresses []string) ([]net.Listener, error) {
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

// Run serves on the listeners until ctx is done. Then it accepts no new requests, tells pods to reconnect, settles the
// messages that are being sent, and closes the server.
func (srv *Server) Run(ctx context.Context, listeners []net.Listener) error {
	web := &http.Server{
		Handler: srv.Handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(srv.config.Log.Handler(), slog.LevelWarn), // handlers that panic, and exhausted file descriptors
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, work := range []func(context.Context){srv.courier.Run, srv.alerts.Run, srv.notes.Run, srv.sweep, srv.security.Run} {
		group.Go(func() error {
			work(ctx)
			return nil
		})
	}
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
		srv.disconnect()
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		return shutdown(web, shutdownTimeout, srv.config.Log)
	})
	return errors.Join(group.Wait(), srv.Close())
}

// shutdown accepts no new requests and waits for those that are being answered. It cuts off those that take longer than
// the timeout, so that a slow client can't keep the server from stopping.
func shutdown(web *http.Server, timeout time.Duration, log *slog.Logger) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	err := web.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		log.Warn("requests that did not end in time were cut off")
		return web.Close()
	}
	return err
}

// Close disconnects pods and closes the bus and the database. Run calls it.
func (srv *Server) Close() error {
	if srv.disconnect != nil {
		srv.disconnect()
	}
	if srv.metricsListener != nil {
		_ = srv.metricsListener.Close() // Run has closed it
	}
	srv.bus.Close()
	return srv.Store.Close()
}

// Refresh is for a clock that was moved: it wakes the workers, and sends every pod the new time.
func (srv *Server) Refresh() {
	srv.waker.WakeAll()
	srv.hub.Refresh()
}

// serveMetrics serves /metrics, and nothing else, on an address of its own.
func (srv *Server) serveMetrics(ctx context.Context) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", srv.Metrics)
	web := &http.Server{
		Handler: mux, MaxHeaderBytes: 16 << 10,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 30 * time.Second,
	}
	context.AfterFunc(ctx, func() { _ = web.Close() }) // an interrupted scrape does no harm
	if err := web.Serve(srv.metricsListener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// sweep removes what has expired, until ctx is done.
func (srv *Server) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := srv.Store.Sweep(ctx, srv.config.Now()); err != nil {
				srv.config.Log.Warn("removing what has expired failed; it is tried again", "err", err)
			}
		}
	}
}
