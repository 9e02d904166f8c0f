package main

import (
	"os/exec"
	"strings"
	"testing"
)

func TestTheServersBinaryLinksNeitherTheSandboxNorTheDemo(t *testing.T) {
	const module = "github.com/shieldpod/shieldpod/"
	linked := func(program string) (packages []string) {
		out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", module+"bff/cmd/"+program).Output()
		if err != nil {
			t.Fatal(err)
		}
		for name := range strings.FieldsSeq(string(out)) {
			if strings.HasPrefix(name, module+"bff/internal/sandbox") || name == module+"bff/internal/demo" {
				packages = append(packages, name)
			}
		}
		return packages
	}
	if packages := linked("shieldpod"); len(packages) > 0 {
		t.Errorf("shieldpod links %v", packages)
	}
	if len(linked("demo")) < 2 {
		t.Error("the demo does not link them either: this test looks for other names than they have")
	}
}
