// Command shieldpod is the whole product in one binary: the pod's
// backend-for-frontend (serve), a running demonstration (demo), and what an
// operator needs beside them. Start with package app.
package main

import (
	"fmt"
	"os"

	"github.com/shieldpod/shieldpod/bff/internal/app"
)

func main() {
	if err := app.Main(os.Args[1:], os.Getenv, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "shieldpod:", err)
		os.Exit(1)
	}
}
