package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/shieldpod/shieldpod/bff/internal/launch"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	launchcontext "github.com/shieldpod/shieldpod/sdk/context"
)

type keyCmd struct {
	Master keyMasterCmd `cmd:"" help:"Print a new master key."`
	New    keyNewCmd    `cmd:"" help:"Make a key pair that signs launch contexts."`
	Add    keyAddCmd    `cmd:"" help:"Trust an issuer's key for a tenant."`
	Remove keyRemoveCmd `cmd:"" help:"Trust it no longer."`
}

type keyMasterCmd struct{}

// Run prints 32 bytes in base64.
func (keyMasterCmd) Run(o *outside) error {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return err
	}
	_, err := fmt.Fprintln(o.stdout, base64.StdEncoding.EncodeToString(key))
	return err
}

type keyNewCmd struct {
	Algorithm string `default:"EdDSA" enum:"EdDSA,ES256,RS256" help:"EdDSA, ES256 or RS256."`
	Out       string `required:"" help:"File for the private key, PEM: it stays with whoever signs." type:"path"`
	PublicOut string `required:"" help:"File for the public key, PEM: for 'shieldpod key add'." type:"path"`
}

// Run makes the pair; a file that exists is never overwritten.
func (c *keyNewCmd) Run(o *outside) error {
	key, err := launchcontext.GenerateKey("", launchcontext.Algorithm(c.Algorithm))
	if err != nil {
		return err
	}
	private, err := key.PEM()
	if err != nil {
		return err
	}
	public, err := key.Public().PEM()
	if err != nil {
		return err
	}
	if err := writeNew(c.Out, private, 0o600); err != nil {
		return err
	}
	if err := writeNew(c.PublicOut, public, 0o644); err != nil {
		return err
	}
	_, err = fmt.Fprintf(o.stdout, "Private key in %s, public key in %s. Its kid may be any name, such as %s.\n", c.Out, c.PublicOut, key.ID())
	return err
}

func writeNew(path string, content []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}

type keyAddCmd struct {
	databaseFlags
	Tenant     string `arg:"" help:"The tenant's slug."`
	Issuer     string `required:"" help:"The contexts' iss, exactly."`
	KID        string `name:"kid" required:"" help:"The contexts' kid."`
	Algorithm  string `default:"EdDSA" enum:"EdDSA,ES256,RS256,HS256" help:"EdDSA, ES256, RS256 or HS256: fixed for this key, whatever a context says."`
	Public     string `help:"File with the public key, PEM or JWK." type:"existingfile"`
	SecretFile string `help:"With HS256: file with the shared secret, at least 32 bytes." type:"existingfile"`
}

// Run checks the key and stores it with the tenant.
func (c *keyAddCmd) Run(o *outside) error {
	material, err := c.material()
	if err != nil {
		return err
	}
	key := verify.SigningKey{Issuer: c.Issuer, ID: c.KID, Algorithm: c.Algorithm, Material: material}
	return changeKeys(o, c.databaseFlags, c.Tenant, func(keys []verify.SigningKey) ([]verify.SigningKey, error) {
		for _, k := range keys {
			if k.Issuer == key.Issuer && k.ID == key.ID {
				return nil, fmt.Errorf("tenant %q already trusts kid %q of %s: remove it first, or choose another kid", c.Tenant, c.KID, c.Issuer)
			}
		}
		keys = append(keys, key)
		return keys, launch.CheckKeys(keys)
	})
}

func (c *keyAddCmd) material() ([]byte, error) {
	if c.Algorithm == string(launchcontext.HS256) {
		if c.SecretFile == "" {
			return nil, errors.New("HS256 needs --secret-file")
		}
		secret, err := os.ReadFile(c.SecretFile)
		if err != nil {
			return nil, err
		}
		key, err := launchcontext.SharedSecret(c.KID, bytes.TrimRight(secret, "\r\n")) // editors end files with a new line
		if err != nil {
			return nil, fmt.Errorf("--secret-file: %w", err)
		}
		return key.Public().Material()
	}
	if c.Public == "" {
		return nil, fmt.Errorf("%s needs --public", c.Algorithm)
	}
	content, err := os.ReadFile(c.Public)
	if err != nil {
		return nil, err
	}
	key, err := launchcontext.ParsePublicKey(content, c.KID)
	if err != nil {
		return nil, fmt.Errorf("--public: %w", err)
	}
	if string(key.Algorithm()) != c.Algorithm {
		return nil, fmt.Errorf("--public holds a key for %s, not for %s", key.Algorithm(), c.Algorithm)
	}
	return key.Material()
}

type keyRemoveCmd struct {
	databaseFlags
	Tenant string `arg:"" help:"The tenant's slug."`
	Issuer string `required:"" help:"The key's issuer."`
	KID    string `name:"kid" required:"" help:"The key's id."`
}

// Run removes the key.
func (c *keyRemoveCmd) Run(o *outside) error {
	return changeKeys(o, c.databaseFlags, c.Tenant, func(keys []verify.SigningKey) ([]verify.SigningKey, error) {
		left := slices.DeleteFunc(slices.Clone(keys), func(k verify.SigningKey) bool { return k.Issuer == c.Issuer && k.ID == c.KID })
		if len(left) == len(keys) {
			return nil, fmt.Errorf("tenant %q trusts no kid %q of %s", c.Tenant, c.KID, c.Issuer)
		}
		return left, nil
	})
}

func changeKeys(o *outside, f databaseFlags, tenant string, change func([]verify.SigningKey) ([]verify.SigningKey, error)) error {
	return changeTenant(o, f, tenant, func(t *verify.Tenant) (err error) {
		if t.Keys, err = change(t.Keys); err != nil {
			return err
		}
		return sentence(launch.CheckIssuers(t.Issuers, t.Keys))
	})
}

func noTenant(slug string) error {
	return fmt.Errorf("there is no tenant %q: create it by 'shieldpod tenant put %s'", slug, slug)
}
