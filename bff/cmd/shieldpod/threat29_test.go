package main

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// Sixteen callers send nothing but bodies that nest, with and without an API key, while the server is told to stop.
func TestThreat_29_AServerStopsWhileItIsSentBombs(t *testing.T) {
	v := newVictim(t)
	v.trust(t)
	var out strings.Builder
	if err := runContext(t.Context(), []string{"apikey", "new", "acme", "--name", "Noor"}, v.getenv, &out, &out); err != nil {
		t.Fatalf("%v: %s", err, &out)
	}
	key := regexp.MustCompile(`spk_[A-Za-z0-9_-]+`).FindString(out.String())
	process := v.start(t)
	bombs := []struct{ method, path, body string }{
		{http.MethodPost, "/api/v1/launch", `{"context":` + strings.Repeat("[", 16000)},
		{http.MethodPut, "/api/v1/policies", `{"policies":` + strings.Repeat("[", 1_000_000)},
		{http.MethodPut, "/api/v1/policies", strings.Repeat(`{"policies":`, 80_000)},
		{http.MethodPut, "/api/v1/policies", `{"policies":[{}` + strings.Repeat(",{}", 300_000) + `]}`},
	}
	var first, all sync.WaitGroup
	for i := range 16 {
		first.Add(1)
		all.Go(func() {
			answered := sync.OnceFunc(first.Done)
			defer answered()
			bomb := bombs[i%len(bombs)]
			for {
				request, err := http.NewRequestWithContext(t.Context(), bomb.method, v.audience+bomb.path, strings.NewReader(bomb.body))
				if err != nil {
					t.Error(err)
					return
				}
				request.Header.Set("Content-Type", "application/json")
				request.Header.Set("Authorization", "Bearer "+key)
				response, err := http.DefaultClient.Do(request)
				if err != nil {
					return // the server has stopped
				}
				_ = response.Body.Close()
				if response.StatusCode != http.StatusBadRequest && response.StatusCode != http.StatusTooManyRequests {
					t.Errorf("%s: %d", bomb.path, response.StatusCode)
					return
				}
				answered()
			}
		})
	}
	first.Wait()
	if err := process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := process.Wait(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
	all.Wait()
}
