package demo

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// credentials are the keys and secrets of all sites of the demo. A data folder keeps them for later runs.
type credentials struct {
	Master        []byte `json:"master"`
	DeskKey       []byte `json:"desk_key"`      // Ed25519 seed
	MailHookKey   []byte `json:"mail_hook_key"` // ECDSA P-256, PKCS 8
	SMSHookSecret string `json:"sms_hook_secret"`
	MailKey       string `json:"mail_key"`
	SMSSecret     string `json:"sms_secret"`
	APIKey        string `json:"api_key"` // the admin's

	AdminKey admin.APIKey `json:"admin_key"` // what the server keeps of it

	NorthAPIKey   string       `json:"north_api_key"` // the second tenant's
	NorthAdminKey admin.APIKey `json:"north_admin_key"`
}

// adminName is the administrator who edits the demo's policies.
const adminName = "Noor Haddad"

// loadCredentials reads those of an earlier run in dir, or makes new ones.
func loadCredentials(dir string) (credentials, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return credentials{}, fmt.Errorf("--data-dir: %w", err)
	}
	path := filepath.Join(dir, app.DemoFile)
	content, err := os.ReadFile(path)
	if err == nil {
		var p credentials
		if err := strictjson.Unmarshal(content, &p); err != nil {
			return credentials{}, fmt.Errorf("%s is not of a demo: %w (choose another --data-dir)", path, err)
		}
		if p.NorthAPIKey == "" {
			return credentials{}, fmt.Errorf("%s is of an older demo (choose another --data-dir)", path)
		}
		return p, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return credentials{}, err
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		return credentials{}, errors.Join(err, fmt.Errorf("--data-dir: %s holds other things than a demo's: choose an empty folder, or one that does not exist yet", dir))
	}
	p, err := newCredentials()
	if err != nil {
		return credentials{}, err
	}
	content, err = json.Marshal(p)
	if err != nil {
		return credentials{}, err
	}
	return p, os.WriteFile(path, content, 0o600)
}

func newCredentials() (credentials, error) {
	p := credentials{
		Master: make([]byte, 32), DeskKey: make([]byte, ed25519.SeedSize),
		SMSHookSecret: rand.Text(), MailKey: "SG." + rand.Text(), SMSSecret: rand.Text(),
	}
	for _, key := range [][]byte{p.Master, p.DeskKey} {
		if _, err := rand.Read(key); err != nil {
			return credentials{}, err
		}
	}
	hook, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return credentials{}, err
	}
	if p.MailHookKey, err = x509.MarshalPKCS8PrivateKey(hook); err != nil {
		return credentials{}, err
	}
	now := app.SystemClock()
	p.AdminKey, p.APIKey, err = admin.APIKey{Tenant: acmeTenant, Name: adminName, CreatedAt: now}.Draw(rand.Reader)
	if err != nil {
		return credentials{}, err
	}
	p.NorthAdminKey, p.NorthAPIKey, err = admin.APIKey{Tenant: northTenant, Name: adminName, CreatedAt: now}.Draw(rand.Reader)
	return p, err
}
