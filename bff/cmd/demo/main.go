// Command demo runs Shieldpod and all that surrounds it on one machine. Start with package demo.
package main

import (
	"fmt"
	"os"

	"github.com/shieldpod/shieldpod/bff/internal/demo"
)

func main() {
	if err := demo.Main(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}
