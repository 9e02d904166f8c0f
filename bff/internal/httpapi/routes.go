// Package httpapi serves the API of sdk/api/openapi.yaml with echo. Each group of routes has a file.
//
// server.gen.go is generated from the contract. encode.go converts the state of the domain into the schemas of the contract.
//
// Start with [New].
package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/launch"
	"github.com/shieldpod/shieldpod/bff/internal/ratelimit"
	"github.com/shieldpod/shieldpod/bff/internal/securitylog"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// maxBody is the limit of a request body in bytes. A launch context has at most 8 KiB.
const maxBody = 16 << 10

// maxBatchBody is the limit in bytes for policies, contacts, the texts of a brand and images.
const maxBatchBody = 1 << 20

var batchPaths = map[string]bool{
	"/api/v1/policies": true, "/api/v1/directory/:psa/clients/:client_id/contacts": true,
	"/api/v1/branding": true, "/api/v1/branding/preview": true, "/api/v1/branding/logo": true, "/api/v1/branding/landing-logo": true,
}

// Config holds the dependencies of the routes. All fields are required except Security and Guesses.
type Config struct {
	Verify    *verify.Service
	Launch    *launch.Service
	Tenants   launch.Tenants
	Admin     *admin.Service
	Directory Directory
	Brands    Brands
	Brandings verify.Brandings
	Landing   LandingPreview
	Live      http.Handler // GET /api/v1/live
	PodPage   []byte       // the page of the compiled widget
	PublicURL string       // scheme and host, without a trailing slash
	Contract  []byte       // the OpenAPI document
	Metrics   *Metrics
	Ready     func(context.Context) []NotReady // empty when every part is ready
	Log       *slog.Logger
	Security  *securitylog.Log   // nil: nothing is recorded
	Guesses   *ratelimit.Limiter // limit of invalid bearers and keys per address; nil: no limit
}

// routes implements the generated ServerInterface.
type routes struct {
	Config
	podContentPolicy string // Content-Security-Policy of the pod's page up to frame-ancestors
}

var _ ServerInterface = (*routes)(nil)

// New builds the handler.
func New(c Config) *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	a := &routes{Config: c, podContentPolicy: contentPolicy(c.PublicURL)}
	e.HTTPErrorHandler = a.fail
	e.Use(a.guard)
	RegisterHandlers(e, a)
	for path, page := range map[string]echo.HandlerFunc{
		"/pod/:tenant":       a.podPage,
		"/openapi.yaml":      func(c echo.Context) error { return c.Blob(http.StatusOK, "application/yaml", a.Contract) },
		"/page-assets/:name": echo.WrapHandler(noticeAssets),
		"/healthz":           func(c echo.Context) error { return c.String(http.StatusOK, "ok\n") },
		"/readyz":            a.readyz,
	} {
		e.Match([]string{http.MethodGet, http.MethodHead}, path, page)
	}
	e.POST("/pod/:tenant", a.podPost)
	e.GET("/signin/:tenant", a.signIn)
	e.GET(launch.SignInCallback, a.signedIn)
	return e
}

// guard wraps every route. It sets the body limit, recovers from panics and observes the duration.
func (a *routes) guard(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		start := time.Now()
		limit := int64(maxBody)
		if batchPaths[c.Path()] {
			limit = maxBatchBody
		}
		c.Request().Body = http.MaxBytesReader(c.Response().Writer, c.Request().Body, limit)
		defer func() {
			if p := recover(); p != nil {
				a.Log.Error("a handler panicked", "route", c.Path(), "panic", p)
				err = errors.New("panic")
			}
			if err != nil {
				c.Error(a.recordRefusal(c, err))
				err = nil
			}
			a.Metrics.observe(c.Path(), c.Response().Status, time.Since(start))
		}()
		if strings.HasPrefix(c.Path(), "/api/") {
			if err := checkHeaders(c, limit); err != nil {
				return err
			}
		}
		return next(c)
	}
}

// readyTimeout is the time-out of the readiness check.
const readyTimeout = 2 * time.Second

// NotReady is a part of the server that is not ready.
type NotReady struct {
	Part string
	Why  string // public
	Err  error
}

func (a *routes) readyz(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), readyTimeout)
	defer cancel()
	var text strings.Builder
	for _, missing := range a.Ready(ctx) {
		a.Log.Warn("not ready", "part", missing.Part, "why", missing.Why, "err", missing.Err)
		fmt.Fprintf(&text, "not ready: %s: %s\n", missing.Part, missing.Why)
	}
	if text.Len() > 0 {
		return c.String(http.StatusServiceUnavailable, text.String())
	}
	return c.String(http.StatusOK, "ready\n")
}

// Live passes the request to the hub without echo's response writer, because the hub hijacks the connection.
func (a *routes) Live(c echo.Context) error {
	a.Config.Live.ServeHTTP(c.Response().Writer, c.Request())
	return nil
}
