package faults_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/sandbox/faults"
)

func newSet() *faults.Set {
	return faults.New(map[string]faults.Target{
		"psa":  {Modes: []string{faults.OK, "down", "inactive"}, Paths: map[string]string{"inactive": "/me"}},
		"mail": {Modes: []string{faults.OK, "full"}},
	})
}

func TestAFaultAppliesToItsRequestsOnly(t *testing.T) {
	for _, row := range []struct {
		name  string
		fault faults.Fault
		paths []string
		want  []string
	}{
		{"without a limit", faults.Fault{Mode: "down"}, []string{"/a", "/b", "/c"}, []string{"down", "down", "down"}},
		{"for two requests", faults.Fault{Mode: "down", Remaining: 2}, []string{"/a", "/b", "/c"}, []string{"down", "down", "ok"}},
		{"on a path in any case", faults.Fault{Mode: "down", Path: "/Notes"}, []string{"/a", "/x/NOTES/1", "/a"}, []string{"ok", "down", "ok"}},
		{"a request on another path is not counted", faults.Fault{Mode: "down", Remaining: 1, Path: "/n"}, []string{"/a", "/n", "/n"}, []string{"ok", "down", "ok"}},
		{"a mode of one path", faults.Fault{Mode: "inactive"}, []string{"/me", "/me/x", "/v1/me"}, []string{"inactive", "ok", "inactive"}},
		{"taken back", faults.Fault{Mode: faults.OK}, []string{"/a"}, []string{"ok"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newSet()
			s.Put("psa", faults.Fault{Mode: "down", Path: "never"})
			s.Put("psa", row.fault)
			var got []string
			for _, path := range row.paths {
				if mode := s.Next("mail", path); mode != faults.OK {
					t.Errorf("another target fails with %q", mode)
				}
				got = append(got, s.Next("psa", path))
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestARequestSetsAFault(t *testing.T) {
	for _, row := range []struct {
		name, body string
		want       int
		fault      faults.Fault
	}{
		{"for a number of requests and a path", `{"target":"psa","mode":"down","times":2,"path":"/a"}`, 200, faults.Fault{Mode: "down", Remaining: 2, Path: "/a"}},
		{"an unknown target", `{"target":"pigeon","mode":"down"}`, 422, faults.Fault{Mode: faults.OK}},
		{"another target's mode", `{"target":"psa","mode":"full"}`, 422, faults.Fault{Mode: faults.OK}},
		{"a negative number", `{"target":"psa","mode":"down","times":-1}`, 422, faults.Fault{Mode: faults.OK}},
		{"an unknown field", `{"target":"psa","mode":"down","often":1}`, 400, faults.Fault{Mode: faults.OK}},
		{"no JSON", `nonsense`, 400, faults.Fault{Mode: faults.OK}},
		{"too much", `{"target":"` + strings.Repeat("x", 5000) + `"}`, 400, faults.Fault{Mode: faults.OK}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, w := newSet(), httptest.NewRecorder()
			s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/api/faults", strings.NewReader(row.body)))
			if got := s.All()["psa"]; w.Code != row.want || got != row.fault {
				t.Errorf("%d %s, then %+v; want %d and %+v", w.Code, w.Body, got, row.want, row.fault)
			}
		})
	}
}
