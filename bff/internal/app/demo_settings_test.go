package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
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

func TestTheDemoTakesNoSettingOfTheServer(t *testing.T) {
	o := newOperator(t)
	for _, name := range []string{"PORT", "DESK_PORT", "PHONE_PORT", "CONNECTWISE_PORT"} {
		o.env["SHIELDPOD_"+name] = "not a port" // would be refused if it were read
	}
	o.env["SHIELDPOD_DATABASE_URL"] = "postgres://nobody@127.0.0.1:1/none"
	before := folder(t, o.env["SHIELDPOD_DATA_DIR"])
	out, said := o.run("demo", "--port", "1", "--desk-port", "1", "--phone-port", "1", "--connectwise-port", "1")
	if !strings.Contains(said, "listening on") && !strings.Contains(out, "demo is running") {
		t.Errorf("printed %q, said %q", out, said) // two ports are the same: it fails there, and not before
	}
	if after := folder(t, o.env["SHIELDPOD_DATA_DIR"]); after != before {
		t.Errorf("the server's folder had %q, and has %q", before, after)
	}
	if _, said := o.run("tenant", "put", "acme", "--name", "Acme IT", "--origin", "https://psa.example"); said == "" || !strings.Contains(said, "database") {
		t.Errorf("the server's commands take the settings still: %q", said)
	}
	delete(o.env, "SHIELDPOD_DATABASE_URL")
	if _, said := o.run("tenant", "put", "acme", "--name", "Acme IT", "--origin", "https://psa.example"); said != "" {
		t.Error(said)
	}
}

func TestTheDemoRefusesAFolderThatIsNotADemos(t *testing.T) {
	server := newOperator(t)
	if _, said := server.run("tenant", "put", "acme", "--name", "Acme IT", "--origin", "https://psa.example"); said != "" {
		t.Fatal(said)
	}
	papers := t.TempDir()
	if err := os.WriteFile(filepath.Join(papers, "letter.txt"), []byte("Dear Dana"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{server.env["SHIELDPOD_DATA_DIR"], papers} {
		before := folder(t, dir)
		_, said := newOperator(t).run("demo", "--data-dir", dir)
		if want := "--data-dir: " + dir + " holds other things than a demo's: choose an empty folder, or one that does not exist yet"; said != want {
			t.Errorf("said %q, want %q", said, want)
		}
		if after := folder(t, dir); after != before {
			t.Errorf("the folder had %q, and has %q", before, after)
		}
	}
	t.Run("its own it takes again", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "demo")
		first, err := loadProps(dir)
		if err != nil {
			t.Fatal(err)
		}
		again, err := loadProps(dir)
		if err != nil || again.APIKey != first.APIKey {
			t.Errorf("%v", err)
		}
	})
}
