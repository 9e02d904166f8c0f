package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/sdk/api"
	"github.com/shieldpod/shieldpod/sdk/policyfile"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// plannedEdit is a level that the file changes.
type plannedEdit struct {
	level   policyfile.Level // as the file has it
	now     api.PolicyOverrides
	changes []string // one line for each
}

// policyPlan lists what applying a file changes.
type policyPlan struct {
	edits []plannedEdit
	left  []string // clients that set something, and that the file does not name
}

// planPolicies compares a file with what the server has. With prune, it clears what
// clients set that the file does not name.
func planPolicies(file policyfile.File, now []api.PolicyOverrides, prune bool) (policyPlan, error) {
	var plan policyPlan
	current := make(map[string]api.PolicyOverrides, len(now))
	for _, s := range now {
		current[s.ClientId] = s
	}
	named := map[string]bool{}
	levels := file.Levels()
	for _, l := range levels {
		named[l.Client] = true
	}
	for _, s := range now {
		switch {
		case named[s.ClientId] || s.Fields == api.PolicyFields{}:
		case prune && s.ClientId != "":
			levels = append(levels, policyfile.Level{Client: s.ClientId})
		default:
			plan.left = append(plan.left, title(s.ClientId, s.Name))
		}
	}
	for _, l := range levels {
		e := plannedEdit{level: l, now: current[l.Client]}
		if err := e.compare(); err != nil {
			return policyPlan{}, err
		}
		if len(e.changes) > 0 {
			plan.edits = append(plan.edits, e)
		}
	}
	return plan, nil
}

func (e *plannedEdit) compare() error {
	changes, err := policyfile.Changes(e.now.Fields, e.level.Fields)
	if err != nil {
		return err
	}
	who := e.title() + ": "
	if e.level.Name != "" && !policyfile.SameName(e.level.Name, e.now.Name) {
		line := "+ name " + plain(e.level.Name)
		if e.now.Name != "" {
			line = "name " + plain(e.now.Name) + " → " + plain(e.level.Name)
		}
		e.changes = append(e.changes, who+line)
	}
	above := "the tenant's"
	if e.level.Client == "" {
		above = "Shieldpod's own"
	}
	for _, c := range changes {
		line := c.Field + " " + formatValue(c.Field, c.From) + " → " + formatValue(c.Field, c.To)
		switch {
		case c.From == nil:
			line = "+ " + c.Field + " " + formatValue(c.Field, c.To)
		case c.To == nil:
			line = "- " + c.Field + " " + formatValue(c.Field, c.From) + " (back to " + above + ")"
		}
		e.changes = append(e.changes, who+line)
	}
	return nil
}

func (e *plannedEdit) title() string {
	if e.now.Name != "" {
		return title(e.level.Client, e.now.Name)
	}
	return title(e.level.Client, e.level.Name)
}

// version is the one that the edit was made from.
func (e *plannedEdit) version() int64 {
	if e.level.Version != nil {
		return *e.level.Version
	}
	return e.now.Version
}

// request is the edit in the contract's shape.
func (e *plannedEdit) request() api.ClientPolicyEdit {
	return api.ClientPolicyEdit{ClientId: e.level.Client, Name: e.level.Name, Version: e.version(), Fields: e.level.Fields}
}

// stale reports that the level was edited after the file was exported.
func (e *plannedEdit) stale(newer api.PolicyOverrides) policyfile.Problem {
	text := fmt.Sprintf("%s is at version %d by now", e.title(), newer.Version)
	if newer.EditedBy != "" {
		text += fmt.Sprintf(", edited by %s on %s", plain(newer.EditedBy), newer.EditedAt.UTC().Format("2 Jan 2006 at 15:04 UTC"))
	}
	return e.level.Problem("version", fmt.Sprintf("%s; this was made from version %d", text, e.version()))
}

func title(client, name string) string {
	switch {
	case client == "":
		return "default"
	case name == "":
		return plain(client)
	}
	return fmt.Sprintf("%s (%s)", plain(client), plain(name))
}

// formatValue gives a field's value for people.
func formatValue(field string, value json.RawMessage) string {
	switch field {
	case "banner":
		var b api.Banner
		if strictjson.Unmarshal(value, &b) == nil {
			return formatBanner(b)
		}
	case "sms_prices":
		var prices map[string]int64
		if strictjson.Unmarshal(value, &prices) == nil {
			list := make([]string, 0, len(prices))
			for _, country := range slices.Sorted(maps.Keys(prices)) {
				list = append(list, fmt.Sprintf("%s %d", plain(country), prices[country]))
			}
			return orNone(list)
		}
	case "methods", "sms_countries", "note_presets":
		var list []string
		if strictjson.Unmarshal(value, &list) == nil {
			for i, s := range list {
				if list[i] = plain(s); field == "note_presets" {
					list[i] = strconv.Quote(s)
				}
			}
			return orNone(list)
		}
	}
	var word string
	if strictjson.Unmarshal(value, &word) == nil {
		return plain(word)
	}
	return string(value)
}

func formatBanner(b api.Banner) string {
	if b.Text == "" {
		return "none"
	}
	parts := []string{strconv.Quote(b.Text), plain(string(b.Tone))}
	if !b.From.IsZero() {
		parts = append(parts, "from "+b.From.Format(time.RFC3339))
	}
	if !b.Until.IsZero() {
		parts = append(parts, "until "+b.Until.Format(time.RFC3339))
	}
	return strings.Join(parts, ", ")
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

// plain quotes and escapes a text with characters that can move a terminal's cursor or reverse a line.
func plain(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}
