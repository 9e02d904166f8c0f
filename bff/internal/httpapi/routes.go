// Package httpapi is the contract over HTTP: echo, one file per route group.
//
// [New] builds the handler of everything a pod or a script calls. The routes and
// shapes are those of sdk/api/openapi.yaml, from which server.gen.go is made;
// wire.go turns the domain's readings into those shapes.
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

	"github.com/shieldpod/shieldpod/bff/internal/launch"
	"github.com/shieldpod/shieldpod/bff/internal/ratelimit"
	"github.com/shieldpod/shieldpod/bff/internal/securitylog"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// bodyLimit is what a request may weigh: a launch context is at most 8 KiB.
const bodyLimit = 16 << 10

// batchLimit is what many policies, many contacts, all texts of a brand or a picture may weigh.
const batchLimit = 1 << 20

var batchPaths = map[string]bool{
	"/api/v1/policies": true, "/api/v1/directory/:psa/clients/:client_id/contacts": true,
	"/api/v1/branding": true, "/api/v1/branding/preview": true, "/api/v1/branding/logo": true, "/api/v1/branding/landing-logo": true,
}

// Config is what the routes stand on. All fields are required but the last two.
type Config struct {
	Verify    *verify.Service
	Launch    *launch.Service
	Tenants   verify.Tenants
	APIKeys   verify.APIKeys
	Directory Directory
	Brands    Brands
	Brandings verify.Brandings
	Landing   Page
	Live      http.Handler // GET /api/v1/live
	PodPage   []byte       // the compiled widget's page
	PublicURL string       // scheme and host, without a slash at the end
	Contract  []byte       // the OpenAPI document
	Metrics   *Metrics
	Ready     func(context.Context) []NotReady // none when every part works
	Log       *slog.Logger
	Security  *securitylog.Log   // nil: nothing is written down
	Guesses   *ratelimit.Limiter // wrong bearers and keys of one address; nil: no limit
}

// routes answers the generated ServerInterface.
type routes struct {
	Config
	podPolicy string // the pod page's content security policy up to frame-ancestors
}

var _ ServerInterface = (*routes)(nil)

// New builds the handler.
func New(c Config) *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	a := &routes{Config: c, podPolicy: podPolicy(c.PublicURL)}
	e.HTTPErrorHandler = a.fail
	e.Use(a.guard)
	RegisterHandlers(e, a)
	for path, page := range map[string]echo.HandlerFunc{
		"/pod/:tenant":              a.podPage,
		"/openapi.yaml":             func(c echo.Context) error { return c.Blob(http.StatusOK, "application/yaml", a.Contract) },
		"/page-assets/signed-in.js": asset("signed-in.js", "text/javascript; charset=utf-8"),
		"/page-assets/notice.css":   asset("notice.css", "text/css; charset=utf-8"),
		"/healthz":                  func(c echo.Context) error { return c.String(http.StatusOK, "ok\n") },
		"/readyz":                   a.readyz,
	} {
		e.Match([]string{http.MethodGet, http.MethodHead}, path, page)
	}
	e.POST("/pod/:tenant", a.podPost)
	e.GET("/signin/:tenant", a.signIn)
	e.GET(launch.SignInCallback, a.signedIn)
	return e
}

// guard runs around every route: what must never be cached or sniffed, how long
// it took, and no panic that takes the server along.
func (a *routes) guard(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		begun := time.Now()
		h := c.Response().Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		limit := int64(bodyLimit)
		if batchPaths[c.Path()] {
			limit = batchLimit
		}
		c.Request().Body = http.MaxBytesReader(c.Response().Writer, c.Request().Body, limit)
		defer func() {
			if p := recover(); p != nil {
				a.Log.Error("a handler panicked", "route", c.Path(), "panic", p)
				err = errors.New("panic")
			}
			if err != nil {
				c.Error(a.suspect(c, err))
				err = nil
			}
			a.Metrics.observe(c.Path(), c.Response().Status, time.Since(begun))
		}()
		if strings.HasPrefix(c.Path(), "/api/") {
			if err := refuseBody(c, limit); err != nil {
				return err
			}
		}
		return next(c)
	}
}

// readyTime is how long a part may take to say that it is there.
const readyTime = 2 * time.Second

// NotReady is a part of the server that does not work.
type NotReady struct {
	Part string
	Why  string // in words that anybody may read
	Err  error
}

func (a *routes) readyz(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), readyTime)
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

// Live hands the request to the hub, without echo's wrapping: the hub takes the connection over.
func (a *routes) Live(c echo.Context) error {
	a.Config.Live.ServeHTTP(c.Response().Writer, c.Request())
	return nil
}
