package cli

import (
	"strings"
	"testing"
)

func TestSessionsAreEndedByTenant(t *testing.T) {
	o := newOperator(t)
	if _, err := o.run("tenant", "put", "acme", "--name", "Acme IT", "--origin", "https://psa.example"); err != "" {
		t.Fatal(err)
	}
	if out, err := o.run("session", "end", "--tenant", "acme", "--technician", "connectwise:ana"); out != "0 sessions are ended; their pods stop within a second.\n" || err != "" {
		t.Errorf("printed %q, error %q", out, err)
	}
	if out, err := o.run("session", "end", "--tenant", "nobody"); out != "" || !strings.HasPrefix(err, `there is no tenant "nobody": `) {
		t.Errorf("printed %q, error %q", out, err)
	}
}
