package verify_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDocsNameTestsThatThereAre holds the tests that docs/policies.md and docs/security.md name to those that there are:
// TestThreat_18_… is the beginning of a name, and "browser" a test of widget/e2e whose title begins with the field's name.
func TestDocsNameTestsThatThereAre(t *testing.T) {
	tests, titles := written(t)
	named := regexp.MustCompile("`(Test[A-Za-z0-9_]+)(…?)`")
	line := regexp.MustCompile("(?m)^\\| `?([a-z_0-9]+)`? \\|.*$")
	for _, page := range []string{"policies.md", "security.md"} {
		text, err := os.ReadFile("../../../docs/" + page)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range line.FindAllStringSubmatch(string(text), -1) {
			for _, name := range named.FindAllStringSubmatch(row[0], -1) {
				if !slices.ContainsFunc(tests, func(test string) bool {
					return test == name[1] || name[2] != "" && strings.HasPrefix(test, name[1])
				}) {
					t.Errorf("docs/%s names %s%s, and there is no such test", page, name[1], name[2])
				}
			}
			if strings.HasSuffix(row[0], "browser |") && page == "policies.md" && !slices.Contains(titles, row[1]) {
				t.Errorf("no test of widget/e2e changes %s", row[1])
			}
		}
	}
}

// written are the names of all tests in Go, and the fields that titles of browser tests begin with.
func written(t *testing.T) (tests, fields []string) {
	t.Helper()
	function := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	title := regexp.MustCompile("(?m)^\\s*test\\([\"`]([a-z_, ]+?)(?: and ([a-z_]+))?: ")
	row := regexp.MustCompile(`(?m)^\s*\["([a-z_]+)", `) // of a table whose tests are named by its fields
	err := filepath.WalkDir("../../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git"):
			return fs.SkipDir
		case !strings.HasSuffix(path, "_test.go") && !strings.HasSuffix(path, ".spec.ts"):
			return nil
		}
		text, err := os.ReadFile(path)
		for _, found := range function.FindAllStringSubmatch(string(text), -1) {
			tests = append(tests, found[1])
		}
		for _, found := range title.FindAllStringSubmatch(string(text), -1) {
			fields = append(fields, append(strings.Split(found[1], ", "), found[2])...)
		}
		if strings.Contains(string(text), "test(`${field}: ") {
			for _, found := range row.FindAllStringSubmatch(string(text), -1) {
				fields = append(fields, found[1])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tests, fields
}
