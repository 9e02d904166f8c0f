// Command shieldpod is the server and its administration in one binary. Start with package cli, which has a file for
// each command, and package app, which builds the server.
package main

import (
	"fmt"
	"os"

	"github.com/shieldpod/shieldpod/bff/internal/cli"
)

func main() {
	if err := cli.Main(os.Args[1:], os.Getenv, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "shieldpod:", err)
		os.Exit(1)
	}
}
