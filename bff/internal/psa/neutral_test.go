package psa_test

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// mayName lists the files and folders of bff that name a ticket system, each with its reason.
var mayName = map[string]string{
	"internal/app/psa.go":            "the wiring",
	"internal/cli/connectwise.go":    "the system's commands",
	"internal/cli/psa.go":            "holds the commands of all systems",
	"internal/cli/doctor.go":         "checks each connection",
	"internal/cli/signin.go":         "an example in a flag's help",
	"internal/cli/session.go":        "an example in a flag's help",
	"internal/demo/":                 "connects the demo's stand-in",
	"internal/sandbox/connectwise/":  "the stand-in",
	"internal/httpapi/launch.go":     "the one route handler of the system's hosted launches",
	"internal/httpapi/server.gen.go": "generated from the contract",
	"internal/psa/connectwise/":      "the adapter",
}

// Each folder of package psa is an adapter, but these.
var shared = []string{"directory", "psatest", "rest"}

func TestNoTicketSystemIsNamedOutsideItsFolder(t *testing.T) {
	folders, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range folders {
		if f.IsDir() && !slices.Contains(shared, f.Name()) {
			names = append(names, f.Name())
		}
	}
	used := map[string]bool{}
	bff := os.DirFS("../..")
	err = fs.WalkDir(bff, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") {
			return err
		}
		text, err := fs.ReadFile(bff, file)
		if err != nil {
			return err
		}
		for _, name := range names {
			if !strings.Contains(strings.ToLower(string(text)), name) {
				continue
			}
			allowed := allowedBy(file)
			if used[allowed] = true; allowed == "" {
				t.Errorf("bff/%s names %s: move what is the system's into bff/internal/psa/%[2]s", file, name)
			}
		}
		return nil
	})
	if err != nil || len(names) == 0 {
		t.Fatalf("adapters %q: %v", names, err)
	}
	for place := range mayName {
		if !used[place] {
			t.Errorf("bff/%s names no ticket system: take it off the list", place)
		}
	}
}

// allowedBy gives the entry of the list that has the file; empty: none.
func allowedBy(file string) string {
	for place := range mayName {
		if file == place || strings.HasSuffix(place, "/") && strings.HasPrefix(file, place) {
			return place
		}
	}
	return ""
}
