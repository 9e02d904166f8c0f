package demopsa

import (
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

//go:embed pages assets
var files embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"initials": initials, "kebab": kebab, "dial": formatPhone,
}).ParseFS(files, "pages/*.html"))

// view is the data of the pages.
type view struct {
	Title      string
	Technician member
	Site       site
	Tickets    []ticket
	Ticket     ticket
	PodWidth   string // 300 or 420 pixels
	Theme      string
	Themes     []string
	ByTag      bool   // the pod is a <shield-pod> element, not mounted by the page's script
	Switches   string // these options as a query, to keep them from page to page
}

var themes = []string{"auto", "light", "dark"}

func (s site) view(r *http.Request) view {
	v := view{Technician: s.MSP.technician, Site: s, Tickets: s.MSP.tickets, PodWidth: "300", Theme: "auto", Themes: themes}
	if r.FormValue("pod") == "420" {
		v.PodWidth = "420"
	}
	if theme := r.FormValue("theme"); theme == "light" || theme == "dark" {
		v.Theme = theme
	}
	v.ByTag = r.FormValue("by") == "tag"
	if v.PodWidth != "300" || v.Theme != "auto" || v.ByTag {
		v.Switches = "?pod=" + v.PodWidth + "&theme=" + v.Theme
	}
	if v.ByTag {
		v.Switches += "&by=tag"
	}
	return v
}

// When gives the time of an event, by its age at the start of the demo.
func (s site) When(ago age) string {
	opened := s.startedAt.Local()
	at := opened.Add(-time.Duration(ago))
	if at.YearDay() == opened.YearDay() {
		return at.Format("15:04")
	}
	return at.Format("Mon 15:04")
}

// Age gives the present age of a ticket.
func (s site) Age(ago time.Duration) string {
	age := s.Now().Sub(s.startedAt) + ago
	switch {
	case age < time.Hour:
		return fmt.Sprintf("%d min", int(age.Minutes()))
	case age < 24*time.Hour:
		return fmt.Sprintf("%d h", int(age.Hours()))
	}
	return fmt.Sprintf("%d d", int(age.Hours())/24)
}

// initials stand in place of a portrait.
func initials(name string) string {
	words := strings.Fields(strings.TrimPrefix(name, "Dr. "))
	if len(words) == 0 {
		return ""
	}
	first, _ := utf8.DecodeRuneInString(words[0])
	last, _ := utf8.DecodeRuneInString(words[len(words)-1])
	return string(first) + string(last)
}

func kebab(words string) string { return strings.ReplaceAll(strings.ToLower(words), " ", "-") }

// formatPhone formats a North American number; an address is unchanged.
func formatPhone(ch launchcontext.Channel) string {
	if n := ch.Value; ch.Kind == launchcontext.KindPhone && len(n) == len("+14155550100") {
		return fmt.Sprintf("(%s) %s-%s", n[2:5], n[5:8], n[8:])
	}
	return ch.Value
}
