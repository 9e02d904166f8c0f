package main

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// variable is the environment's name for a flag.
func variable(flag string) string {
	return "SHIELDPOD_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// databaseFlags say where the data is and under which key it is sealed.
type databaseFlags struct {
	DataDir       string `default:"shieldpod-data" help:"Folder of the embedded database." type:"path"`
	DatabaseURL   string `help:"postgres://… to use PostgreSQL instead of the embedded database."`
	MasterKey     string `help:"The server's master key: 32 bytes in base64. Make one by 'shieldpod key master'."`
	MasterKeyFile string `help:"File that holds the master key." type:"path"`
}

// url of the database, its folder made.
func (f databaseFlags) url() (string, error) {
	if f.DatabaseURL != "" {
		if !strings.HasPrefix(f.DatabaseURL, "postgres://") && !strings.HasPrefix(f.DatabaseURL, "postgresql://") {
			return "", errors.New("--database-url must begin with postgres:// (leave it out to use the embedded database)")
		}
		return f.DatabaseURL, nil
	}
	if err := os.MkdirAll(f.DataDir, 0o700); err != nil {
		return "", fmt.Errorf("--data-dir: %w", err)
	}
	return filepath.Join(f.DataDir, "shieldpod.db"), nil
}

// secrets are the keys that the server derives from its master key.
type secrets struct {
	vault       []byte
	session     []byte
	code        []byte
	destination []byte
}

func (f databaseFlags) secrets() (secrets, error) {
	text := f.MasterKey
	if text == "" && f.MasterKeyFile != "" {
		content, err := os.ReadFile(f.MasterKeyFile)
		if err != nil {
			return secrets{}, fmt.Errorf("--master-key-file: %w", err)
		}
		text = string(content)
	}
	if text == "" {
		return secrets{}, errors.New("no master key: set SHIELDPOD_MASTER_KEY or --master-key-file (make one by 'shieldpod key master')")
	}
	master, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(master) != 32 {
		return secrets{}, errors.New("the master key must be 32 bytes in base64 (make one by 'shieldpod key master')")
	}
	return derive(master)
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
	u, err := url.Parse(text)
	switch {
	case text == "":
		return errors.New("no public URL: set SHIELDPOD_PUBLIC_URL or --public-url to where browsers reach this server, like https://pod.example")
	case err != nil || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return fmt.Errorf("--public-url %q must be a scheme and a host only, like https://pod.example", text)
	case u.Scheme == "https", u.Scheme == "http" && loopback(u.Hostname()):
		return nil
	}
	return fmt.Errorf("--public-url %q must be https (http is for loopback only)", text)
}

// checkOrigin refuses what a browser would never send as an origin.
func checkOrigin(text string) error {
	if err := checkPublicURL(text); err != nil {
		return fmt.Errorf("origin %q must be a scheme and a host only, like https://psa.example (http is for loopback only)", text)
	}
	return nil
}

func loopback(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || host == "::1"
}
