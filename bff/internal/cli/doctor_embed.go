package cli

import (
	"fmt"

	"github.com/shieldpod/shieldpod/bff/internal/embedcheck"
)

type doctorEmbedCmd struct {
	URL  string `required:"" name:"url" help:"The pod's address, such as https://pod.example/pod/acme."`
	Host string `help:"The page that frames it, such as https://psa.example/ticket."`
}

// Run looks at the pod and its host page as a browser does, from where it runs, and needs no database.
func (c *doctorEmbedCmd) Run(e *env) error {
	failures := 0
	for _, f := range embedcheck.Check(e.ctx, embedcheck.Config{Pod: c.URL, Host: c.Host}) {
		mark := map[embedcheck.Level]string{embedcheck.Fine: "ok  ", embedcheck.Warning: "--  ", embedcheck.Failure: "FAIL"}[f.Level]
		text := mark + "  " + f.Text
		if f.Next != "" {
			text += "\n      " + f.Next
		}
		if f.Level == embedcheck.Failure {
			failures++
		}
		if _, err := fmt.Fprintln(e.stdout, text); err != nil {
			return err
		}
	}
	if failures > 0 {
		return fmt.Errorf("the pod stays blank, or can't be opened: %w", checksFailed(failures))
	}
	return nil
}
