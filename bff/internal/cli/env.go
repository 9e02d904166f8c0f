package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/user"

	"github.com/alecthomas/kong"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// env is what a command may use of its process.
type env struct {
	ctx    context.Context
	getenv func(string) string
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	log    *slog.Logger

	answers io.Reader // of a person at a terminal; nil: no terminal
}

// actor is the user of the machine, who performs the acts of a command.
func (e *env) actor() admin.Actor {
	u, err := user.Current()
	if err != nil { // a container may have users without a name
		return admin.Actor{Kind: verify.ActorCLI, ID: fmt.Sprint("uid ", os.Getuid())}
	}
	return admin.Actor{Kind: verify.ActorCLI, ID: u.Username, Name: u.Name}
}

// variables lets SHIELDPOD_PUBLIC_URL stand for --public-url, and so on.
func variables(getenv func(string) string) kong.Resolver {
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		if value := getenv(app.Variable(flag.Name)); value != "" {
			return value, nil
		}
		return nil, nil //nolint:nilnil // kong's word for "not set"
	})
}

// terminal is the file if a person can type into it, or nil.
func terminal(f *os.File) io.Reader {
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	return f
}
