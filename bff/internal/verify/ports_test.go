package verify_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"testing"
)

// TestPortsHaveAtMostFiveMethods holds the interfaces of the core to at most five methods of their own. Those that they
// embed are not counted.
func TestPortsHaveAtMostFiveMethods(t *testing.T) {
	ports := 0
	for _, folder := range []string{".", "../policy", "../quota", "../admin"} {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s has %d files (%v)", folder, len(files), err)
		}
		for _, file := range files {
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				spec, is := n.(*ast.TypeSpec)
				if !is {
					return true
				}
				port, is := spec.Type.(*ast.InterfaceType)
				if !is {
					return true
				}
				ports++
				if n := methods(port); n > 5 {
					t.Errorf("%s: %s has %d methods", file, spec.Name, n)
				}
				return true
			})
		}
	}
	if ports < 20 {
		t.Errorf("only %d interfaces were looked at", ports)
	}
}

// methods is the number of methods that the interface declares itself.
func methods(port *ast.InterfaceType) (n int) {
	for _, field := range port.Methods.List {
		n += len(field.Names)
	}
	return n
}
