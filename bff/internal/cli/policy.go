package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/sdk/api"
	"github.com/shieldpod/shieldpod/sdk/client"
	"github.com/shieldpod/shieldpod/sdk/policyfile"
	"github.com/shieldpod/shieldpod/sdk/secretfile"
)

type policyCmd struct {
	Export policyExportCmd `cmd:"" help:"Write what the tenant and its clients set as YAML."`
	Apply  policyApplyCmd  `cmd:"" help:"Set what a file says, all of it or nothing, after showing what changes."`
}

// serverFlags name the server that is called, and the key.
type serverFlags struct {
	Server     string `help:"Where Shieldpod runs, like https://pod.example."`
	APIKey     string `help:"The tenant's API key. Make one by 'shieldpod apikey new'." type:"secret" secret:""`
	APIKeyFile string `help:"File that holds the API key, readable by its owner only." type:"path"`
}

// remote is a server and its URL.
type remote struct {
	*client.Client
	url string
}

func (f serverFlags) open() (remote, error) {
	if f.Server == "" {
		return remote{}, errors.New("no server: set SHIELDPOD_SERVER or --server to where Shieldpod runs, like https://pod.example")
	}
	if err := app.CheckSite("--server", f.Server); err != nil {
		return remote{}, err
	}
	key, err := f.key()
	if err != nil {
		return remote{}, err
	}
	server, err := client.New(f.Server, key)
	return remote{server, f.Server}, err
}

func (f serverFlags) key() (string, error) {
	text := f.APIKey
	if text != "" && f.APIKeyFile != "" {
		return "", errors.New("two API keys: set either SHIELDPOD_API_KEY or --api-key-file")
	}
	if f.APIKeyFile != "" {
		var err error
		if text, err = secretfile.ReadLine(f.APIKeyFile); err != nil {
			return "", fmt.Errorf("--api-key-file: %w", err)
		}
	}
	if text == "" {
		return "", errors.New("no API key: set SHIELDPOD_API_KEY or --api-key-file (make one by 'shieldpod apikey new')")
	}
	if !strings.HasPrefix(text, "spk_") || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", errors.New("this is no API key: one begins with spk_ (make one by 'shieldpod apikey new')")
	}
	return text, nil
}

// policies reads all policies of the server, the tenant's default first.
func (s remote) policies(ctx context.Context) ([]api.PolicyOverrides, error) {
	var all []api.PolicyOverrides
	for p, err := range s.Policies(ctx) {
		var refused *client.Error
		switch {
		case errors.As(err, &refused):
			return nil, s.refusal(refused)
		case errors.Is(err, client.ErrSamePage):
			return nil, fmt.Errorf("%s gives the same page again and again", s.url)
		case err != nil:
			return nil, fmt.Errorf("%s can't be asked: %w", s.url, err)
		}
		all = append(all, p)
	}
	return all, nil
}

// refusal is the server's refusal as an error.
func (s remote) refusal(refused *client.Error) error {
	p := refused.Problem
	if p.Code == "" {
		return fmt.Errorf("%s is no Shieldpod (it answered %d %s)", s.url, refused.Status, http.StatusText(refused.Status))
	}
	text := fmt.Sprintf("%s refused: %s (%s", s.url, plain(p.Detail), plain(p.Code))
	if p.Field != "" {
		text += ", " + plain(p.Field)
	}
	if p.RequestId != "" {
		text += ", request " + plain(p.RequestId)
	}
	return errors.New(text + ")")
}

type policyExportCmd struct {
	serverFlags
	Out string `help:"File to write, in place of what it held. Without it the policies are printed."`
}

// Run writes the policies. A client that sets nothing is left out.
func (c *policyExportCmd) Run(e *env) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	settings, err := server.policies(e.ctx)
	if err != nil {
		return err
	}
	file := policyFileOf(settings)
	content, err := file.Format()
	if err != nil {
		return err
	}
	if len(content) > policyfile.MaxSize {
		_, _ = fmt.Fprintln(e.stderr, "This is over 1 MB: 'shieldpod policy apply' takes it in parts only.")
	}
	if c.Out == "" {
		_, err := e.stdout.Write(content)
		return err
	}
	if err := os.WriteFile(c.Out, content, 0o644); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	_, err = fmt.Fprintf(e.stdout, "%s has the tenant's default and %s.\n", c.Out, plural(len(file.Clients), "client"))
	return err
}

func policyFileOf(settings []api.PolicyOverrides) (f policyfile.File) {
	for _, s := range settings {
		switch level := policyfile.Of(s); {
		case level.Client == "":
			f.Default = &level
		case s.Fields != api.PolicyFields{}:
			f.Clients = append(f.Clients, level)
		}
	}
	return f
}

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
