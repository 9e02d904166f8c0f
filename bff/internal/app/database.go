package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/sdk/secretfile"
)

// Database says where the data is and under which key it is sealed.
type Database struct {
	DataDir       string `default:"shieldpod-data" help:"Folder of the embedded database." type:"path"`
	DatabaseURL   string `help:"postgres://… to use PostgreSQL instead of the embedded database."`
	MasterKey     string `help:"The server's master key: 32 bytes in base64. Better in SHIELDPOD_MASTER_KEY or a file: other users see command lines." type:"token" secret:""`
	MasterKeyFile string `help:"File that holds the master key, readable by its owner only. Make one by 'shieldpod key master --out FILE'." type:"path"`
}

// URL is the database's address. It makes the data folder of the embedded database, and closes it to other users.
func (d Database) URL(log *slog.Logger) (string, error) {
	if d.DatabaseURL != "" {
		u, err := url.Parse(d.DatabaseURL)
		switch {
		case err != nil: // which would repeat the password
			return "", errors.New("--database-url can't be read: write what is special in its password with a percent sign, like %2F for a slash")
		case u.Scheme != "postgres" && u.Scheme != "postgresql":
			return "", errors.New("--database-url must begin with postgres:// (leave it out to use the embedded database)")
		}
		return d.DatabaseURL, nil
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if err := closeDataDir(d.DataDir, log); err != nil {
		return "", err
	}
	return d.File(), nil
}

// File is the embedded database's.
func (d Database) File() string { return filepath.Join(d.DataDir, DatabaseFile) }

// OwnKeyFile is the data folder's own master key. It is used where no other is set, and made by a server without
// settings.
func (d Database) OwnKeyFile() string { return filepath.Join(d.DataDir, OwnKeyFile) }

// IsNew reports whether nothing is there yet: neither a setting of the database or of its master key, nor a file of
// either in the data folder. A server then makes both.
func (d Database) IsNew() bool {
	return !d.hasKeySettings() && isMissing(d.OwnKeyFile()) && isMissing(d.File())
}

// UsesOwnKey reports whether the master key is the data folder's own.
func (d Database) UsesOwnKey() bool {
	return !d.hasKeySettings() && !isMissing(d.OwnKeyFile())
}

// hasKeySettings: a database elsewhere needs a key that is set.
func (d Database) hasKeySettings() bool {
	return d.DatabaseURL != "" || d.MasterKey != "" || d.MasterKeyFile != ""
}

func isMissing(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// Keys reads the master key and derives the server's keys from it.
func (d Database) Keys() (Keys, error) {
	text, err := d.masterKey()
	if err != nil {
		return Keys{}, err
	}
	master, err := parseMasterKey(text)
	if err != nil {
		return Keys{}, err
	}
	return DeriveKeys(master)
}

// masterKey gives the text of the master key that is set, or else of the data folder's own.
func (d Database) masterKey() (string, error) {
	switch {
	case d.MasterKey != "" && d.MasterKeyFile != "":
		return "", errors.New("two master keys: set either SHIELDPOD_MASTER_KEY or --master-key-file")
	case d.MasterKey != "":
		return d.MasterKey, nil
	case d.MasterKeyFile != "":
		text, err := secretfile.ReadToken(d.MasterKeyFile)
		if err != nil && isMissing(d.MasterKeyFile) {
			err = fmt.Errorf("%w: make it by 'shieldpod key master --out %s'", err, d.MasterKeyFile)
		}
		return text, inFlag("--master-key-file", err)
	case d.UsesOwnKey():
		text, err := secretfile.ReadToken(d.OwnKeyFile())
		return text, inFlag("--data-dir", err)
	}
	return "", errors.New("no master key: set SHIELDPOD_MASTER_KEY or --master-key-file (make one by 'shieldpod key master --out FILE')")
}

func inFlag(flag string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", flag, err)
}

// Open opens the database and brings its tables up to date. The caller closes it.
func (d Database) Open(ctx context.Context, log *slog.Logger) (*store.Store, error) {
	keys, err := d.Keys()
	if err != nil {
		return nil, err
	}
	url, err := d.URL(log)
	if err != nil {
		return nil, err
	}
	return openStore(ctx, url, keys, SystemClock)
}

func openStore(ctx context.Context, url string, keys Keys, now func() time.Time) (*store.Store, error) {
	vault, err := store.NewVault(keys.Vault, rand.Reader)
	if err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, store.Config{URL: url, Vault: vault, Now: now})
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}
