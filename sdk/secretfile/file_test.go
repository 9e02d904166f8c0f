//go:build unix

package secretfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/shieldpod/shieldpod/sdk/secretfile"
)

func TestThreat_35_AFileThatOthersCanReadIsRefusedWithTheCommandThatClosesIt(t *testing.T) {
	write := func(t *testing.T, mode os.FileMode) string {
		t.Helper()
		path := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(path, []byte("c0rrect\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, mode := range []os.FileMode{0o600, 0o400} {
		if got, err := secretfile.ReadLine(write(t, mode)); err != nil || got != "c0rrect" {
			t.Errorf("mode %o: %q, %v", mode, got, err)
		}
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o644, 0o660, 0o620, 0o602, 0o666, 0o777, 0o440, 0o444, 0o610} {
		path := write(t, mode)
		_, err := secretfile.ReadLine(path)
		if err == nil || !strings.HasSuffix(err.Error(), "close it by 'chmod 600 "+path+"'") {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
	t.Run("through a link, what it leads to counts", func(t *testing.T) {
		for mode, refused := range map[os.FileMode]bool{0o600: false, 0o644: true} {
			link := filepath.Join(t.TempDir(), "link")
			if err := os.Symlink(write(t, mode), link); err != nil {
				t.Fatal(err)
			}
			if _, err := secretfile.Read(link); (err != nil) != refused {
				t.Errorf("mode %o: %v", mode, err)
			}
		}
	})
	t.Run("in a folder that everybody writes", func(t *testing.T) {
		path := write(t, 0o600)
		if err := os.Chmod(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if _, err := secretfile.Read(path); err == nil || !strings.Contains(err.Error(), "everybody on this machine can replace") {
			t.Error(err)
		}
		if err := os.Chmod(filepath.Dir(path), 0o777|os.ModeSticky); err != nil {
			t.Fatal(err)
		}
		if _, err := secretfile.Read(path); err != nil {
			t.Errorf("with the sticky bit, as of /tmp: %v", err)
		}
	})
	t.Run("of another user", func(t *testing.T) {
		if os.Geteuid() != 0 {
			t.Skip("only root can give files away")
		}
		path := write(t, 0o600)
		if err := os.Chown(path, 65534, 65534); err != nil {
			t.Fatal(err)
		}
		if _, err := secretfile.Read(path); err == nil || !strings.Contains(err.Error(), "belongs to another user (uid 65534)") {
			t.Error(err)
		}
	})
	t.Run("not a file", func(t *testing.T) {
		dir := t.TempDir()
		for path, want := range map[string]string{dir: "is a folder", filepath.Join(dir, "none"): "there is no file"} {
			if _, err := secretfile.Read(path); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", path, err)
			}
		}
		large := filepath.Join(dir, "large")
		if err := os.WriteFile(large, make([]byte, secretfile.MaxSize+1), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := secretfile.Read(large); err == nil || !strings.Contains(err.Error(), "over 64 KiB") {
			t.Error(err)
		}
	})
	t.Run("a pipe, as of a shell's <(command)", func(t *testing.T) {
		pipe := filepath.Join(t.TempDir(), "pipe")
		if err := syscall.Mkfifo(pipe, 0o600); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- os.WriteFile(pipe, []byte("c0rrect\n"), 0o600) }()
		if got, err := secretfile.ReadLine(pipe); err != nil || got != "c0rrect" {
			t.Errorf("%q, %v", got, err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
