package demo

import (
	"bytes"
	"encoding/base64"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/app/apptest"
	"github.com/shieldpod/shieldpod/bff/internal/cli"
)

// folder lists what is in dir, by name.
func folder(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// shieldpod runs a command of the server, and gives its error's text.
func shieldpod(t *testing.T, dir string, args ...string) string {
	t.Helper()
	env := map[string]string{"SHIELDPOD_DATA_DIR": dir, "SHIELDPOD_MASTER_KEY": base64.StdEncoding.EncodeToString(apptest.MasterKey("tests"))}
	if err := cli.Run(t.Context(), args, func(name string) string { return env[name] }, io.Discard, io.Discard); err != nil {
		return err.Error()
	}
	return ""
}

// run gives what the demo printed, and its error's text.
func run(t *testing.T, args ...string) (string, string) {
	t.Helper()
	var out bytes.Buffer
	if err := Run(t.Context(), args, &out, io.Discard); err != nil {
		return out.String(), err.Error()
	}
	return out.String(), ""
}

var putTenant = []string{"tenant", "put", "acme", "--name", "Acme IT", "--origin", "https://psa.example"}

func TestTheDemoTakesNoSettingOfTheServer(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"PORT", "DESK_PORT", "PHONE_PORT", "CONNECTWISE_PORT"} {
		t.Setenv("SHIELDPOD_"+name, "not a port") // would be refused if it were read
	}
	t.Setenv("SHIELDPOD_DATA_DIR", dir)
	t.Setenv("SHIELDPOD_DATABASE_URL", "postgres://nobody@127.0.0.1:1/none")
	before := folder(t, dir)
	out, said := run(t, "--port", "1", "--desk-port", "1", "--phone-port", "1", "--connectwise-port", "1")
	if !strings.Contains(said, "listening on") && !strings.Contains(out, "demo is running") {
		t.Errorf("printed %q, said %q", out, said) // two ports are the same: it fails there, and not before
	}
	if after := folder(t, dir); after != before {
		t.Errorf("the server's folder had %q, and has %q", before, after)
	}
}

func TestTheDemoRefusesAFolderThatIsNotADemos(t *testing.T) {
	server := t.TempDir()
	if said := shieldpod(t, server, putTenant...); said != "" {
		t.Fatal(said)
	}
	papers := t.TempDir()
	if err := os.WriteFile(filepath.Join(papers, "letter.txt"), []byte("Dear Dana"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{server, papers} {
		before := folder(t, dir)
		_, said := run(t, "--data-dir", dir)
		if want := "--data-dir: " + dir + " holds other things than a demo's: choose an empty folder, or one that does not exist yet"; said != want {
			t.Errorf("said %q, want %q", said, want)
		}
		if after := folder(t, dir); after != before {
			t.Errorf("the folder had %q, and has %q", before, after)
		}
	}
	t.Run("its own it takes again", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "demo")
		first, err := loadCredentials(dir)
		if err != nil {
			t.Fatal(err)
		}
		again, err := loadCredentials(dir)
		if err != nil || again.APIKey != first.APIKey {
			t.Errorf("%v", err)
		}
	})
}
