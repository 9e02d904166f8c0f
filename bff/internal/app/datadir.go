package app

import (
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

const (
	// DatabaseFile is the embedded database's name; SQLite puts -wal and -shm beside it.
	DatabaseFile = "shieldpod.db"

	// OwnKeyFile is the name of the data folder's own master key.
	OwnKeyFile = "master.key"

	// DemoFile marks a data folder as the demo's, which the commands accept, too.
	DemoFile = "demo.json"
)

// closeDataDir makes the data folder. It closes the folder and the database to other users of the machine, and logs
// each change. A folder that holds other files is not changed: it is refused when every user could replace the
// database in it. On Windows modes say nothing, and access lists are the administrator's.
func closeDataDir(dir string, log *slog.Logger) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("--data-dir: %s can't be made: %w", dir, err)
	}
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return fmt.Errorf("--data-dir: %w", err)
	case runtime.GOOS == "windows":
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("--data-dir: %s can't be read by this user: %w", dir, err)
	}
	foreign := slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		return !strings.HasPrefix(e.Name(), DatabaseFile) && e.Name() != OwnKeyFile && e.Name() != DemoFile
	})
	if err := closeFolder(dir, info, foreign, log); err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), DatabaseFile) {
			if err := closeFile(filepath.Join(dir, e.Name()), log); err != nil {
				return err
			}
		}
	}
	return nil
}

func closeFolder(dir string, info fs.FileInfo, foreign bool, log *slog.Logger) error {
	mode := info.Mode()
	if mode.Perm()&0o077 == 0 {
		return nil
	}
	if !foreign && os.Chmod(dir, 0o700) == nil { //nolint:gosec // a folder needs its owner's execute bit
		log.Warn("the data folder was open to other users of this machine; it is closed now", "folder", dir, "mode_before", octal(mode), "mode", "0700")
		return nil
	}
	if mode.Perm()&0o002 != 0 && mode&fs.ModeSticky == 0 {
		return fmt.Errorf("--data-dir: everybody on this machine can replace the database in %s (its mode is %s): close it by 'chmod 700 %s', or choose a folder of its own",
			dir, octal(mode), dir)
	}
	return nil
}

func closeFile(path string, log *slog.Logger) error {
	info, err := os.Lstat(path)
	switch {
	case err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o077 == 0: // SQLite removes its files beside the database by itself
		return nil
	case os.Chmod(path, 0o600) != nil:
		return fmt.Errorf("%s can be read by other users of this machine (its mode is %s), and belongs to another user than this one: close it by 'chmod 600 %s'",
			path, octal(info.Mode()), path)
	}
	log.Warn("a file of the database was open to other users of this machine; it is closed now", "file", path, "mode_before", octal(info.Mode()), "mode", "0600")
	return nil
}

func octal(mode fs.FileMode) string { return fmt.Sprintf("%04o", mode.Perm()) }
