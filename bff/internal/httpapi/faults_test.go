package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/httpapi"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/api"
)

// failingTenants is an unavailable store of tenants.
type failingTenants struct{}

func (failingTenants) Tenant(context.Context, string) (verify.Tenant, error) {
	return verify.Tenant{}, &verify.Error{Code: verify.CodeUnavailable, Public: "Try again in a moment.", Err: errors.New("the disk is gone")}
}

func (f failingTenants) TenantSettings(ctx context.Context, id string) (admin.Tenant, error) {
	t, err := f.Tenant(ctx, id)
	return admin.Tenant{Tenant: t}, err
}

// newFailing returns the API with an unavailable store, and its log.
func newFailing(ready func(context.Context) []httpapi.NotReady) (http.Handler, *bytes.Buffer) {
	var log bytes.Buffer
	return httpapi.New(httpapi.Config{
		Tenants: failingTenants{}, Metrics: httpapi.NewMetrics(func() int { return 0 }), Ready: ready,
		Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelInfo})),
	}), &log
}

func get(ctx context.Context, h http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil))
	return w
}

func TestReadinessNamesThePartAndAPublicReason(t *testing.T) {
	limited := false
	h, log := newFailing(func(ctx context.Context) []httpapi.NotReady {
		_, limited = ctx.Deadline()
		return []httpapi.NotReady{
			{Part: "database", Why: "its disk is full", Err: errors.New("no room at db.internal")}, {Part: "bus", Why: "it is away", Err: errors.New("nats")},
		}
	})
	w := get(t.Context(), h, "/readyz")
	if w.Code != http.StatusServiceUnavailable || w.Body.String() != "not ready: database: its disk is full\nnot ready: bus: it is away\n" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if !limited || !strings.Contains(log.String(), "db.internal") {
		t.Errorf("limited: %v, log: %s", limited, log)
	}
}

func TestAPanicIsAnInternalErrorWithoutDetail(t *testing.T) {
	h, log := newFailing(func(context.Context) []httpapi.NotReady { panic("at line 7 of the plan") })
	w := get(t.Context(), h, "/readyz")
	var p api.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatal(err)
	}
	if w.Code != http.StatusInternalServerError || p.Code != "internal" || p.RequestId == "" || strings.Contains(w.Body.String(), "plan") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w.Header().Get("Retry-After") != "5" || p.RetryAfter != 5 {
		t.Errorf("Retry-After %q, %d", w.Header().Get("Retry-After"), p.RetryAfter)
	}
	if !strings.Contains(log.String(), p.RequestId) || !strings.Contains(log.String(), "line 7") {
		t.Errorf("the log: %s", log)
	}
}

func TestACancelledRequestIsNotLoggedAsAnError(t *testing.T) {
	h, log := newFailing(nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	get(ctx, h, "/pod/acme")
	if log.Len() > 0 {
		t.Errorf("the log of a cancelled request: %s", log)
	}
	if w := get(t.Context(), h, "/pod/acme"); w.Code != http.StatusServiceUnavailable || !strings.Contains(log.String(), "the disk is gone") {
		t.Errorf("of a request that is not cancelled: %d, %s", w.Code, log)
	}
}
