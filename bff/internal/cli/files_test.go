package cli

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/shieldpod/shieldpod/bff/internal/app/apptest"
)

// privateFile writes a file that only its owner can read.
func privateFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func utf16LE(text string) string {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(text)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return string(b)
}

func TestAMasterKeysFileIsReadAsEditorsWriteIt(t *testing.T) {
	key := base64.StdEncoding.EncodeToString(apptest.MasterKey("tests"))
	for name, c := range map[string]struct{ content, want string }{
		"as 'key master' writes it":     {key + "\n", ""},
		"with CRLF":                     {key + "\r\n", ""},
		"with a byte order mark":        {"\ufeff" + key, ""},
		"in UTF-16":                     {utf16LE(key + "\r\n"), ""},
		"with line breaks within":       {key[:20] + "\r\n" + key[20:] + "\r\n", ""},
		"in quotes":                     {`"` + key + `"`, ""},
		"as an environment file's line": {"SHIELDPOD_MASTER_KEY=" + key, ""},
		"without padding":               {strings.TrimRight(key, "="), ""},
		"in base64url":                  {strings.NewReplacer("+", "-", "/", "_").Replace(key), ""},
		"with trailing NULs":            {key + "\x00\x00", ""},
		"in smart quotes":               {"“" + key + "”", "can't be used: it holds typographic quotes, as word processors write them: write the value anew in a plain text editor"},
		"empty":                         {"\r\n", "can't be used: it is empty"},
		"in hexadecimal":                {hex.EncodeToString(apptest.MasterKey("tests")), "the master key must be 32 bytes in base64, which is 44 characters, and not 64 characters of something else (make one by 'shieldpod key master --out FILE')"},
		"cut off":                       {key[:30], "the master key must be 32 bytes in base64, which is 44 characters, and not 30 characters of something else (make one by 'shieldpod key master --out FILE')"},
		"of zeros":                      {base64.StdEncoding.EncodeToString(make([]byte, 32)), "the master key is not random: its bytes follow a pattern or spell text, so it can be guessed. Make one by 'shieldpod key master --out FILE'"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOperator(t)
			delete(o.env, "SHIELDPOD_MASTER_KEY")
			o.env["SHIELDPOD_MASTER_KEY_FILE"] = privateFile(t, c.content)
			if _, said := o.run("migrate"); !strings.HasSuffix(said, c.want) || (c.want == "") != (said == "") {
				t.Errorf("said %q, want %q", said, c.want)
			}
		})
	}
	t.Run("that is not there", func(t *testing.T) {
		o := newOperator(t)
		delete(o.env, "SHIELDPOD_MASTER_KEY")
		path := filepath.Join(t.TempDir(), "none")
		o.env["SHIELDPOD_MASTER_KEY_FILE"] = path
		want := "--master-key-file: there is no file " + path + ": make it by 'shieldpod key master --out " + path + "'"
		if _, said := o.run("migrate"); said != want {
			t.Errorf("said %q, want %q", said, want)
		}
	})
	t.Run("and its variable likewise", func(t *testing.T) {
		for value, want := range map[string]string{
			`"` + key + `"`: "", key + "\r\n": "", "\ufeff" + key: "",
			"“" + key + "”": "--master-key: the value can't be used: it holds typographic quotes, as word processors write them: write the value anew in a plain text editor",
		} {
			o := newOperator(t)
			o.env["SHIELDPOD_MASTER_KEY"] = value
			if _, said := o.run("migrate"); said != want {
				t.Errorf("%q: said %q, want %q", value, said, want)
			}
		}
	})
}

func TestThreat_35_WhatOthersCanReadIsRefusedOrClosed(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes say nothing there")
	}
	key := base64.StdEncoding.EncodeToString(apptest.MasterKey("tests"))
	t.Run("a key file is refused with the command that closes it", func(t *testing.T) {
		o := newOperator(t)
		delete(o.env, "SHIELDPOD_MASTER_KEY")
		path := privateFile(t, key)
		o.env["SHIELDPOD_MASTER_KEY_FILE"] = path
		for mode, want := range map[os.FileMode]string{0o600: "", 0o400: "", 0o640: "0640", 0o644: "0644", 0o604: "0604"} {
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
			if want != "" {
				want = "--master-key-file: " + path + " can be read or changed by other users of this machine (its mode is " + want + "): close it by 'chmod 600 " + path + "'"
			}
			if _, said := o.run("migrate"); said != want {
				t.Errorf("mode %o: said %q, want %q", mode, said, want)
			}
		}
	})
	t.Run("a data folder and the database in it are closed, and the log says so", func(t *testing.T) {
		o := newOperator(t)
		dir := o.env["SHIELDPOD_DATA_DIR"]
		if _, said := o.run("migrate"); said != "" {
			t.Fatal(said)
		}
		database := filepath.Join(dir, "shieldpod.db")
		for path, mode := range map[string]os.FileMode{dir: 0o755, database: 0o644} {
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
		}
		log := o.logOf("migrate")
		for path, want := range map[string]os.FileMode{dir: 0o700, database: 0o600} {
			info, err := os.Stat(path)
			if err != nil || info.Mode().Perm() != want {
				t.Errorf("%s: %v, %v", path, info.Mode(), err)
			}
			if !strings.Contains(log, path) {
				t.Errorf("the log has %q", log)
			}
		}
		if again := o.logOf("migrate"); again != "" {
			t.Errorf("closed already, the log has %q", again)
		}
	})
	t.Run("a folder with other things in it keeps its mode", func(t *testing.T) {
		o := newOperator(t)
		dir := o.env["SHIELDPOD_DATA_DIR"]
		if err := os.WriteFile(filepath.Join(dir, "letter.txt"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		for mode, want := range map[os.FileMode]string{
			0o755: "", 0o777 | os.ModeSticky: "",
			0o777: "--data-dir: everybody on this machine can replace the database in " + dir + " (its mode is 0777): close it by 'chmod 700 " + dir + "', or choose a folder of its own",
		} {
			if err := os.Chmod(dir, mode); err != nil {
				t.Fatal(err)
			}
			if _, said := o.run("migrate"); said != want {
				t.Errorf("mode %v: said %q, want %q", mode, said, want)
			}
			if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != mode.Perm() {
				t.Errorf("mode %v became %v, %v", mode, info.Mode(), err)
			}
		}
		if info, err := os.Stat(filepath.Join(dir, "shieldpod.db")); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the database: %v, %v", info, err)
		}
	})
}

// logOf gives what a command that works wrote to standard error.
func (o *operator) logOf(args ...string) string {
	o.t.Helper()
	var errs bytes.Buffer
	if err := Run(o.t.Context(), args, func(name string) string { return o.env[name] }, &bytes.Buffer{}, &errs); err != nil {
		o.t.Fatal(err)
	}
	return errs.String()
}

func TestThreat_25_ASecretOnTheCommandLineIsWarnedOfAndNotRepeated(t *testing.T) {
	o := newOperator(t)
	key := o.env["SHIELDPOD_MASTER_KEY"]
	if log := o.logOf("migrate"); log != "" {
		t.Errorf("by its variable: %q", log)
	}
	delete(o.env, "SHIELDPOD_MASTER_KEY")
	for _, args := range [][]string{{"migrate", "--master-key", key}, {"migrate", "--master-key=" + key}} {
		log := o.logOf(args...)
		if !strings.Contains(log, "flag=--master-key") || !strings.Contains(log, `instead="SHIELDPOD_MASTER_KEY or --master-key-file"`) || strings.Contains(log, key) {
			t.Errorf("the log has %q", log)
		}
	}
	o.env["SHIELDPOD_MASTER_KEY"] = key
	var errs bytes.Buffer
	_ = Run(t.Context(), []string{"migrate", "--database-url", "postgres://pod:hunter2@127.0.0.1:1/none"}, func(name string) string { return o.env[name] }, &bytes.Buffer{}, &errs)
	if log := errs.String(); !strings.Contains(log, "flag=--database-url") || strings.Contains(log, "hunter2") {
		t.Errorf("the log has %q", log)
	}
}

func TestAMasterKeyIsNeverOverwritten(t *testing.T) {
	o := newOperator(t)
	path := filepath.Join(t.TempDir(), "etc", "shieldpod", "master.key")
	if out, said := o.run("key", "master", "--out", path); said != "" || out != "The master key is in "+path+". Keep a copy in another place: without it the database can't be opened.\n" {
		t.Fatalf("printed %q, said %q", out, said)
	}
	first, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if _, said := o.run("key", "master", "--out", path); said != "--out: "+path+" exists already and is not overwritten: use it, or choose another name" {
		t.Errorf("said %q", said)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(filepath.Join(t.TempDir(), "elsewhere"), link); err == nil {
		if _, said := o.run("key", "master", "--out", link); !strings.Contains(said, "exists already") {
			t.Errorf("through a link: said %q", said)
		}
	}
	if again, err := os.ReadFile(path); err != nil || !bytes.Equal(again, first) {
		t.Errorf("it changed: %v", err)
	}
	delete(o.env, "SHIELDPOD_MASTER_KEY")
	o.env["SHIELDPOD_MASTER_KEY_FILE"] = path
	if _, said := o.run("migrate"); said != "" {
		t.Fatal(said)
	}
	other := filepath.Join(t.TempDir(), "other.key")
	if _, said := o.run("key", "master", "--out", other); said != "" {
		t.Fatal(said)
	}
	o.env["SHIELDPOD_MASTER_KEY_FILE"] = other
	if _, said := o.run("migrate"); said != "this is not the master key that the database was made with: set that one (SHIELDPOD_MASTER_KEY or --master-key-file)" {
		t.Errorf("another key: said %q", said)
	}
}

func TestASharedSecretIsMadeForTheOperator(t *testing.T) {
	o := newOperator(t)
	if _, said := o.run("tenant", "put", "acme", "--name", "Acme IT", "--origin", "https://psa.example"); said != "" {
		t.Fatal(said)
	}
	add := []string{"key", "add", "--tenant", "acme", "--algorithm", "HS256", "--issuer", "https://psa.example", "--kid"}
	out, said := o.run(append(add, "k1")...)
	_, secret, found := strings.Cut(out, "The shared secret, which is not shown again: ")
	if said != "" || !found || len(strings.TrimSpace(secret)) != 64 {
		t.Fatalf("printed %q, said %q", out, said)
	}
	path := filepath.Join(t.TempDir(), "shared")
	if out, said := o.run(append(add, "k2", "--secret-out", path)...); said != "" || strings.Contains(out, "not shown again") {
		t.Fatalf("printed %q, said %q", out, said)
	}
	if content, err := os.ReadFile(path); err != nil || len(content) != 65 {
		t.Errorf("%q, %v", content, err)
	}
	supplied := map[string]string{
		secret: "", utf16LE(strings.TrimSpace(secret)): "",
		"changeme-changeme-changeme-changeme":                           "a shared secret must be random: this one can be guessed",
		"lorem ipsum dolor sit amet consectetur adipiscing elit sed do": "it is made of words, names, dates or patterns that can be guessed: make a random one by 'openssl rand -base64 48'",
		`"` + strings.TrimSpace(secret) + `"`:                           "can't be used: it has quotes around the value: remove them",
		"JWT_SECRET=" + secret:                                          "can't be used: it holds a NAME=value line: leave only the value",
		strings.TrimSpace(secret)[:40] + "\n" + secret:                  "can't be used: it holds more than one line: leave only the value",
		"too-short": "a shared secret must have 32 random bytes or more",
	}
	kid := 0
	for content, want := range supplied {
		kid++
		_, said := o.run(append(add, "s"+string(rune('a'+kid)), "--secret-file", privateFile(t, content))...)
		if !strings.Contains(said, want) || (want == "") != (said == "") {
			t.Errorf("%q: said %q, want %q", content, said, want)
		}
	}
}
