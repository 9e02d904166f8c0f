package app

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestNoRequestWaitsForever(t *testing.T) {
	limited := false
	routes := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		until, ok := r.Context().Deadline()
		limited = ok && time.Until(until) <= requestTime
	})
	handler := &middleware{routes: routes, https: true, limits: newLimiter(Limits{}, time.Now, nil)}
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	if !limited {
		t.Error("a request has no limit")
	}
}
