// Command shieldpod is the whole product in one binary: the pod's
// backend-for-frontend (serve), a running demonstration (demo), and what an
// operator needs beside them. Start with run.go: it builds every part once.
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:], os.Getenv, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "shieldpod:", err)
		os.Exit(1)
	}
}
