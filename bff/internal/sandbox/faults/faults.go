// Package faults makes a stand-in fail as its vendor fails: for the next requests, or until the fault is taken back.
//
// Start with [New]. A [Set] is the handler of POST /api/faults, and the stand-in asks [Set.Next] before each request.
package faults

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// OK is the mode without a fault.
const OK = "ok"

// maxRequestBytes bounds the body of a request to the Set.
const maxRequestBytes = 4 << 10

// Target is a stand-in that can fail.
type Target struct {
	Modes []string          // in which it can fail, and OK
	Paths map[string]string // end of the paths that a mode applies to, by mode; without an entry: all paths
}

// Fault is the treatment of the next requests.
type Fault struct {
	Mode      string `json:"mode"`
	Remaining int    `json:"left,omitempty"` // requests; 0: no limit
	Path      string `json:"path,omitempty"` // part of the paths that it applies to, in any case; empty: all paths
}

// Set holds the faults of several targets. It is made by New.
type Set struct {
	targets map[string]Target

	mu     sync.Mutex
	active map[string]Fault
}

// New makes a set in which no target fails.
func New(targets map[string]Target) *Set {
	return &Set{targets: targets, active: map[string]Fault{}}
}

// Next gives the mode of one request, and counts it.
func (s *Set) Next(target, path string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, faulty := s.active[target]
	path = strings.ToLower(path)
	if !faulty || !strings.Contains(path, strings.ToLower(f.Path)) || !strings.HasSuffix(path, s.targets[target].Paths[f.Mode]) {
		return OK
	}
	switch f.Remaining {
	case 0:
	case 1:
		delete(s.active, target)
	default:
		f.Remaining--
		s.active[target] = f
	}
	return f.Mode
}

// All gives the fault of each target.
func (s *Set) All() map[string]Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(map[string]Fault, len(s.targets))
	for name := range s.targets {
		all[name] = Fault{Mode: OK}
	}
	maps.Copy(all, s.active)
	return all
}

// Modes gives the modes of each target.
func (s *Set) Modes() map[string][]string {
	modes := make(map[string][]string, len(s.targets))
	for name, target := range s.targets {
		modes[name] = target.Modes
	}
	return modes
}

// ServeHTTP sets the fault of a target: {"target", "mode", "times", "path"}; times 0 has no limit. It answers with the
// faults of all.
func (s *Set) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Target string `json:"target"`
		Mode   string `json:"mode"`
		Times  int    `json:"times"`
		Path   string `json:"path"`
	}
	body, err := strictjson.Read(r.Context(), r.Body, maxRequestBytes)
	if err == nil {
		err = strictjson.Decode(r.Context(), body, &ask, strictjson.Rules{})
	}
	target, known := s.targets[ask.Target]
	switch {
	case err != nil:
		http.Error(w, "not the JSON that is expected here: "+err.Error(), http.StatusBadRequest)
		return
	case !known:
		http.Error(w, fmt.Sprintf("target is one of %q", slices.Sorted(maps.Keys(s.targets))), http.StatusUnprocessableEntity)
		return
	case !slices.Contains(target.Modes, ask.Mode):
		http.Error(w, fmt.Sprintf("mode is one of %q", target.Modes), http.StatusUnprocessableEntity)
		return
	case ask.Times < 0:
		http.Error(w, "times is not negative", http.StatusUnprocessableEntity)
		return
	}
	s.Put(ask.Target, Fault{Mode: ask.Mode, Remaining: ask.Times, Path: ask.Path})
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(s.All())
}

// Put sets the fault of a target. Remaining 0 has no limit.
func (s *Set) Put(target string, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.active[target] = f; f.Mode == OK {
		delete(s.active, target)
	}
}
