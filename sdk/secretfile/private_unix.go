//go:build unix

package secretfile

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// checkPrivate refuses a file that others than this user can read or change. The rule is that of PostgreSQL and OpenSSH:
// 0600 or stricter, or 0640 for a file of root's.
func checkPrivate(path string, info fs.FileInfo) error {
	stat, known := info.Sys().(*syscall.Stat_t)
	if !known {
		return nil
	}
	self := os.Geteuid()
	open := info.Mode().Perm() & 0o077
	switch owner := int(stat.Uid); {
	case owner != self && owner != 0:
		return fmt.Errorf("%s belongs to another user (uid %d): run this as that user, or take the file over by 'chown %d %s'", path, owner, self, path)
	case owner == 0 && self != 0:
		open &^= 0o040
	}
	if open != 0 {
		return fmt.Errorf("%s can be read or changed by other users of this machine (its mode is %04o): close it by 'chmod 600 %s'",
			path, info.Mode().Perm(), path)
	}
	return checkFolders(path)
}

// checkFolders refuses folders in which every user can put another file in the place of this one: of the path, and of
// what its links lead to.
func checkFolders(path string) error {
	folders := []string{filepath.Dir(path)}
	if target, err := filepath.EvalSymlinks(path); err == nil && filepath.Dir(target) != folders[0] {
		folders = append(folders, filepath.Dir(target))
	}
	for _, folder := range folders {
		info, err := os.Stat(folder)
		if err != nil {
			continue // the file could be opened: a folder that was removed since replaces nothing
		}
		if info.IsDir() && info.Mode().Perm()&0o002 != 0 && info.Mode()&fs.ModeSticky == 0 {
			return fmt.Errorf("everybody on this machine can replace %s: close its folder by 'chmod o-w %s'", path, folder)
		}
	}
	return nil
}
