package app

import (
	"context"
	"net/http"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/clientaddr"
	"github.com/shieldpod/shieldpod/bff/internal/securitylog"
	"github.com/shieldpod/shieldpod/bff/internal/web"
)

// requestTime is how long a request may take before it is given up. The client can ask again, and requests to a
// database that hangs do not pile up.
const requestTime = 10 * time.Second

// middleware runs before every route. It finds the client's address, applies the rate limits, and sets the headers of
// every answer, including redirects and unknown paths; a route may change them for its own pages.
type middleware struct {
	routes    http.Handler
	https     bool // of the public URL
	addresses clientaddr.Resolver
	limits    *limiter
}

// ServeHTTP answers by the routes.
func (m *middleware) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	web.SetHeaders(w.Header(), m.https)
	ctx, cancel := context.WithTimeout(r.Context(), requestTime)
	defer cancel()
	address := m.addresses.Client(r)
	if clientaddr.IsForwarded(r.Header) && !m.addresses.TrustsPeer(r) {
		m.limits.security.Record(securitylog.CodeProxy, "", address)
	}
	clientaddr.Strip(r.Header)
	m.limits.serve(w, r.WithContext(clientaddr.With(ctx, address)), address, m.routes)
}
