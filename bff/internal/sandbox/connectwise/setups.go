package connectwise

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// screen is a screen on which pods can be registered.
type screen struct {
	ID       int    `json:"id"`
	ScreenID string `json:"screenId"`
	Name     string `json:"name"`
}

var screens = []screen{
	{1, "Company", "Company"}, {3, "Contact", "Contact"}, {5, "ServiceTicket", "ServiceTicket"}, {9, "ProjectTicket", "ProjectTicket"},
}

// setup is a pod, tab or button on a screen.
type setup struct {
	ID           int    `json:"id"`
	ScreenID     int    `json:"screenId"`
	Description  string `json:"description"`
	URL          string `json:"url"`
	Type         string `json:"type"`
	ClientID     string `json:"clientId,omitempty"`
	Origin       string `json:"origin,omitempty"`
	PodHeight    int    `json:"podHeight,omitempty"`
	DisabledFlag bool   `json:"disabledFlag"`
	CreatedBy    string `json:"createdBy,omitempty"`
}

const podHeight = 350

type setups struct {
	mu   sync.Mutex
	last int
	all  []setup
}

// newSetups has the pod on both ticket screens.
func newSetups(pod, origin string) *setups {
	s := &setups{last: 40}
	for _, id := range []int{5, 9} {
		s.add(setup{ScreenID: id, Description: "Shieldpod", URL: pod, Type: "Pod",
			Origin: origin, PodHeight: podHeight, CreatedBy: anaOrtiz.Identifier})
	}
	return s
}

func (s *setups) add(it setup) setup {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	it.ID = s.last
	s.all = append(s.all, it)
	return it
}

func (s *setups) remove(id int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.all)
	s.all = slices.DeleteFunc(s.all, func(it setup) bool { return it.ID == id })
	return len(s.all) < before
}

func (s *setups) list() []setup {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.all)
}

// podOn gives the pod that was registered last for the screen.
func (s *setups) podOn(name string) (setup, bool) {
	for _, it := range slices.Backward(s.list()) {
		if it.Type == "Pod" && !it.DisabledFlag &&
			slices.ContainsFunc(screens, func(on screen) bool { return on.ID == it.ScreenID && on.Name == name }) {
			return it, true
		}
	}
	return setup{}, false
}

// address is the pod's URL for a ticket. Only these two tokens are supported.
func (it setup) address(id int, screen string) string {
	return strings.NewReplacer("[cw_id]", fmt.Sprint(id), "[cw_screen]", url.QueryEscape(screen)).Replace(it.URL)
}

func (m *Manage) listScreens(w http.ResponseWriter, r *http.Request, _ caller) {
	page(w, r, screens, r.URL.Query().Get("conditions"), r.URL.Query().Get("orderBy"))
}

func (m *Manage) listSetups(w http.ResponseWriter, r *http.Request, _ caller) {
	page(w, r, m.setups.list(), r.URL.Query().Get("conditions"), r.URL.Query().Get("orderBy"))
}

func (m *Manage) showSetup(w http.ResponseWriter, r *http.Request, _ caller) {
	if id, ok := pathID(w, r); ok {
		all := m.setups.list()
		if i := slices.IndexFunc(all, func(it setup) bool { return it.ID == id }); i >= 0 {
			writeJSON(w, http.StatusOK, all[i])
			return
		}
		writeError(w, http.StatusNotFound, "NotFound", fmt.Sprintf("connectWiseHostedSetup %d not found", id))
	}
}

func (m *Manage) removeSetup(w http.ResponseWriter, r *http.Request, _ caller) {
	if id, ok := pathID(w, r); ok {
		if m.setups.remove(id) {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		writeError(w, http.StatusNotFound, "NotFound", fmt.Sprintf("connectWiseHostedSetup %d not found", id))
	}
}

func (m *Manage) addSetup(w http.ResponseWriter, r *http.Request, who caller) {
	var it setup
	if !readBody(w, r, &it) {
		return
	}
	if wrong := it.invalidFields(); len(wrong) > 0 {
		writeError(w, http.StatusBadRequest, "InvalidObject", "connectWiseHostedSetup object is invalid", wrong...)
		return
	}
	it.CreatedBy = who.Identifier
	writeJSON(w, http.StatusCreated, m.setups.add(it))
}

func (it setup) invalidFields() (invalid []fieldError) {
	add := func(code, field, words string) {
		invalid = append(invalid, fieldError{code, words, "connectWiseHostedSetup", field})
	}
	for _, f := range []struct {
		field, value string
		most         int
		required     bool
	}{{"description", it.Description, 50, true}, {"url", it.URL, 1024, true}, {"origin", it.Origin, 100, false}} {
		switch {
		case f.required && f.value == "":
			add("MissingRequiredField", f.field, "The "+f.field+" field is required.")
		case utf8.RuneCountInString(f.value) > f.most:
			add("InvalidLength", f.field, fmt.Sprintf("The field %s must be a string with a maximum length of %d.", f.field, f.most))
		}
	}
	if !slices.ContainsFunc(screens, func(on screen) bool { return on.ID == it.ScreenID }) {
		add("InvalidReference", "screenId", "There is no such screen.")
	}
	if !slices.Contains([]string{"Tab", "Pod", "ToolbarButton"}, it.Type) {
		add("InvalidField", "type", "The type is Tab, Pod or ToolbarButton.")
	}
	return invalid
}
