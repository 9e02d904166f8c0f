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

	"github.com/shieldpod/shieldpod/bff/internal/httpapi"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/api"
)

// down is a tenants' memory that can't be reached.
type down struct{}

func (down) Tenant(context.Context, string) (verify.Tenant, error) {
	return verify.Tenant{}, &verify.Error{Code: verify.CodeUnavailable, Public: "Try again in a moment.", Err: errors.New("the disk is gone")}
}

// faulty is the API with a part that fails, and its log.
func faulty(ready func(context.Context) []httpapi.NotReady) (http.Handler, *bytes.Buffer) {
	var log bytes.Buffer
	return httpapi.New(httpapi.Config{
		Tenants: down{}, Metrics: httpapi.NewMetrics(func() int { return 0 }), Ready: ready,
		Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelInfo})),
	}), &log
}

func ask(ctx context.Context, h http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil))
	return w
}

func TestReadinessSaysWhichPartIsDownAndWhyInWordsOfItsOwn(t *testing.T) {
	limited := false
	h, log := faulty(func(ctx context.Context) []httpapi.NotReady {
		_, limited = ctx.Deadline()
		return []httpapi.NotReady{
			{Part: "database", Why: "its disk is full", Err: errors.New("no room at db.internal")}, {Part: "bus", Why: "it is away", Err: errors.New("nats")},
		}
	})
	w := ask(t.Context(), h, "/readyz")
	if w.Code != http.StatusServiceUnavailable || w.Body.String() != "not ready: database: its disk is full\nnot ready: bus: it is away\n" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if !limited || !strings.Contains(log.String(), "db.internal") {
		t.Errorf("limited: %v, log: %s", limited, log)
	}
}

func TestAPanicIsAFaultOfOursAndTellsNothing(t *testing.T) {
	h, log := faulty(func(context.Context) []httpapi.NotReady { panic("at line 7 of the plan") })
	w := ask(t.Context(), h, "/readyz")
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

func TestAClientThatHasGoneIsNoFaultOfOurs(t *testing.T) {
	h, log := faulty(nil)
	gone, leave := context.WithCancel(t.Context())
	leave()
	ask(gone, h, "/pod/acme")
	if log.Len() > 0 {
		t.Errorf("the log of a client that has gone: %s", log)
	}
	if w := ask(t.Context(), h, "/pod/acme"); w.Code != http.StatusServiceUnavailable || !strings.Contains(log.String(), "the disk is gone") {
		t.Errorf("of one that has not: %d, %s", w.Code, log)
	}
}
