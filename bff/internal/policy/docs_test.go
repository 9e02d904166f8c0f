package policy_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/policy"
)

// TestDocsListEveryField holds the tables of docs/policies.md to the list of fields: names, ranges and levels.
func TestDocsListEveryField(t *testing.T) {
	page, err := os.ReadFile("../../../docs/policies.md")
	if err != nil {
		t.Fatal(err)
	}
	clients, tenants, found := strings.Cut(string(page), "The tenant's alone, shared by all its clients:")
	if !found {
		t.Fatal("docs/policies.md has no table of the tenant's own fields")
	}
	row := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| ([^|]+) \\| ([^|]+) \\| ([^|]+) \\| ([^|]+) \\|$")
	documented := map[string][]string{}
	for tenantOnly, table := range map[bool]string{false: clients, true: tenants} {
		for _, cells := range row.FindAllStringSubmatch(table, -1) {
			f, known := policy.FieldNamed(cells[1])
			switch {
			case !known:
				t.Errorf("docs/policies.md has a field %s that there is not", cells[1])
			case f.TenantOnly != tenantOnly:
				t.Errorf("%s stands in the wrong table of docs/policies.md", cells[1])
			case cells[2] != f.Range:
				t.Errorf("docs/policies.md gives %s the range %q; it is %q", cells[1], cells[2], f.Range)
			}
			documented[cells[1]] = cells
		}
	}
	for _, f := range policy.Fields {
		if documented[f.Name] == nil {
			t.Errorf("docs/policies.md has no row for %s", f.Name)
		}
	}
}
