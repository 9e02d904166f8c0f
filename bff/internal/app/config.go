package app

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/strength"
	"github.com/shieldpod/shieldpod/sdk/secretfile"
)

// variable is the environment's name for a flag.
func variable(flag string) string {
	return "SHIELDPOD_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// databaseFlags say where the data is and under which key it is sealed.
type databaseFlags struct {
	DataDir       string `default:"shieldpod-data" help:"Folder of the embedded database." type:"path"`
	DatabaseURL   string `help:"postgres://… to use PostgreSQL instead of the embedded database."`
	MasterKey     string `help:"The server's master key: 32 bytes in base64. Better in SHIELDPOD_MASTER_KEY or a file: other users see command lines." type:"token" secret:""`
	MasterKeyFile string `help:"File that holds the master key, readable by its owner only. Make one by 'shieldpod key master --out FILE'." type:"path"`
}

// url of the database, its folder made.
func (f databaseFlags) url(log *slog.Logger) (string, error) {
	if f.DatabaseURL != "" {
		u, err := url.Parse(f.DatabaseURL)
		switch {
		case err != nil: // which would repeat the password
			return "", errors.New("--database-url can't be read: write what is special in its password with a percent sign, like %2F for a slash")
		case u.Scheme != "postgres" && u.Scheme != "postgresql":
			return "", errors.New("--database-url must begin with postgres:// (leave it out to use the embedded database)")
		}
		return f.DatabaseURL, nil
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if err := closeDataDir(f.DataDir, log); err != nil {
		return "", err
	}
	return f.file(), nil
}

// file of the embedded database.
func (f databaseFlags) file() string { return filepath.Join(f.DataDir, databaseFile) }

// secrets are the keys that the server derives from its master key.
type secrets struct {
	vault       []byte
	session     []byte
	code        []byte
	destination []byte
}

func (f databaseFlags) secrets() (secrets, error) {
	text := f.MasterKey
	switch {
	case text != "" && f.MasterKeyFile != "":
		return secrets{}, errors.New("two master keys: set either SHIELDPOD_MASTER_KEY or --master-key-file")
	case f.MasterKeyFile != "":
		var err error
		if text, err = secretfile.ReadToken(f.MasterKeyFile); err != nil {
			if _, missing := os.Stat(f.MasterKeyFile); errors.Is(missing, fs.ErrNotExist) {
				err = fmt.Errorf("%w: make it by 'shieldpod key master --out %s'", err, f.MasterKeyFile)
			}
			return secrets{}, fmt.Errorf("--master-key-file: %w", err)
		}
	case text == "":
		return secrets{}, errors.New("no master key: set SHIELDPOD_MASTER_KEY or --master-key-file (make one by 'shieldpod key master --out FILE')")
	}
	master, err := parseMasterKey(text)
	if err != nil {
		return secrets{}, err
	}
	return derive(master)
}

// parseMasterKey reads 32 random bytes in base64, with or without its padding. Its errors hold nothing of the key.
func parseMasterKey(text string) ([]byte, error) {
	bare := strings.TrimRight(text, "=")
	master, err := base64.RawStdEncoding.DecodeString(bare)
	if err != nil {
		master, err = base64.RawURLEncoding.DecodeString(bare)
	}
	if err != nil || len(master) != strength.Size {
		return nil, fmt.Errorf("the master key must be 32 bytes in base64, which is 44 characters, and not %d characters of something else (make one by 'shieldpod key master --out FILE')", len(text))
	}
	if err := strength.MasterKey(master); err != nil {
		return nil, err
	}
	return master, nil
}

func derive(master []byte) (s secrets, err error) {
	for purpose, key := range map[string]*[]byte{
		"vault": &s.vault, "pod session": &s.session, "code": &s.code, "destination": &s.destination,
	} {
		if *key, err = hkdf.Key(sha256.New, master, nil, "shieldpod "+purpose, 32); err != nil {
			return secrets{}, err
		}
	}
	return s, nil
}

// checkPublicURL refuses what could not be the audience of a launch context.
func checkPublicURL(text string) error {
	if text == "" {
		return errors.New("no public URL: set SHIELDPOD_PUBLIC_URL or --public-url to where browsers reach this server, like https://pod.example")
	}
	return checkSite("--public-url", text)
}

// hosts are written as browsers do, so that what they send can be compared with it letter by letter.
var hosts = regexp.MustCompile(`^(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[0-9]+)?$`)

// checkSite refuses what is not a scheme and a host as a browser would send them as an origin: anything
// else would never match, or, in a content security policy, match too much. Without TLS only on this machine.
func checkSite(setting, text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme+"://"+u.Host != text || !hosts.MatchString(u.Host) || !usualPort(u) {
		return fmt.Errorf("%s %q must be a scheme and a host only, in small letters and without the scheme's own port, like https://pod.example", setting, text)
	}
	if u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()) {
		return nil
	}
	return fmt.Errorf("%s %q must be https (http is for loopback only)", setting, text)
}

// usualPort tells whether browsers would write the port, and so.
func usualPort(u *url.URL) bool {
	port := u.Port()
	n, err := strconv.ParseUint(port, 10, 16)
	own := u.Scheme == "https" && n == 443 || u.Scheme == "http" && n == 80
	return port == "" || err == nil && n > 0 && !own && strconv.FormatUint(n, 10) == port
}

func loopback(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || host == "::1"
}
