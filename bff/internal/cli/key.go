package cli

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/strength"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
	"github.com/shieldpod/shieldpod/sdk/secretfile"
)

type keyCmd struct {
	Master keyMasterCmd `cmd:"" help:"Print a new master key."`
	New    keyNewCmd    `cmd:"" help:"Make a key pair that signs launch contexts."`
	Add    keyAddCmd    `cmd:"" help:"Trust an issuer's key for a tenant."`
	Remove keyRemoveCmd `cmd:"" help:"Trust it no longer."`
}

type keyMasterCmd struct {
	Out string `help:"File to write the key to, for its owner only. One that exists is never overwritten. Without it the key is printed." type:"path"`
}

// Run makes 32 bytes, in base64.
func (c *keyMasterCmd) Run(e *env) error {
	if c.Out == "" {
		text, err := newMasterKey()
		if err == nil {
			_, err = fmt.Fprintln(e.stdout, text)
		}
		return err
	}
	if err := writeMasterKey("--out", c.Out); err != nil {
		return err
	}
	_, err := fmt.Fprintf(e.stdout, "The master key is in %s. Keep a copy in another place: without it the database can't be opened.\n", c.Out)
	return err
}

// newMasterKey gives a new master key as text.
func newMasterKey() (string, error) {
	key := make([]byte, strength.Size)
	if _, err := rand.Read(key); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(key), nil
}

// writeMasterKey writes a new master key to a new file.
func writeMasterKey(flag, path string) error {
	text, err := newMasterKey()
	if err != nil {
		return err
	}
	return writeNew(flag, path, []byte(text+"\n"), 0o600)
}

type keyNewCmd struct {
	Algorithm string `default:"EdDSA" enum:"EdDSA,ES256,RS256" help:"EdDSA, ES256 or RS256."`
	Out       string `required:"" help:"File for the private key, PEM: it stays with whoever signs." type:"path"`
	PublicOut string `required:"" help:"File for the public key, PEM: for 'shieldpod key add'." type:"path"`
}

// Run makes the pair; a file that exists is never overwritten.
func (c *keyNewCmd) Run(e *env) error {
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
	if err := writeNew("--out", c.Out, private, 0o600); err != nil {
		return err
	}
	if err := writeNew("--public-out", c.PublicOut, public, 0o644); err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.stdout, "Private key in %s, public key in %s. Its kid may be any name, such as %s.\n", c.Out, c.PublicOut, key.ID())
	return err
}

type keyAddCmd struct {
	tenantArg
	Issuer     string `required:"" help:"The contexts' iss, exactly."`
	KID        string `name:"kid" required:"" help:"The contexts' kid."`
	Algorithm  string `default:"EdDSA" enum:"EdDSA,ES256,RS256,HS256" help:"EdDSA, ES256, RS256 or HS256: fixed for this key, whatever a context says."`
	Public     string `help:"File with the public key, PEM or JWK." type:"path"`
	SecretFile string `help:"With HS256: file with a shared secret that exists already, 32 random bytes or more. Without it one is made." type:"path"`
	SecretOut  string `help:"With HS256: file to write the new secret to, for its owner only. Without it the secret is printed, once." type:"path"`
}

// Run checks the key and stores it with the tenant.
func (c *keyAddCmd) Run(e *env) error {
	material, made, err := c.material()
	if err != nil {
		return err
	}
	if made && c.SecretOut != "" {
		if err := writeNew("--secret-out", c.SecretOut, append(slices.Clone(material), '\n'), 0o600); err != nil {
			return err
		}
	}
	key := admin.SigningKey{Issuer: c.Issuer, ID: c.KID, Algorithm: c.Algorithm, Material: material}
	err = c.changeTenant(e, func(ctx context.Context, acts acts) (admin.Tenant, error) {
		t, err := acts.AddKey(ctx, acts.by, c.Tenant, key)
		return t, c.explain(err)
	})
	if err != nil && made && c.SecretOut != "" {
		err = errors.Join(err, os.Remove(c.SecretOut)) // which this command has just made
	}
	if err != nil || !made {
		return err
	}
	if c.SecretOut != "" {
		_, err = fmt.Fprintf(e.stdout, "The shared secret is in %s: for whoever signs, as it is, without the line's end.\n", c.SecretOut)
		return err
	}
	_, err = fmt.Fprintf(e.stdout, "The shared secret, which is not shown again: %s\n", material)
	return err
}

func (c *keyAddCmd) explain(err error) error {
	var refusal *verify.Error
	switch {
	case !errors.As(err, &refusal):
		return err
	case refusal.Field == "id":
		return fmt.Errorf("tenant %q already trusts kid %q of %s: remove it first, or choose another kid", c.Tenant, c.KID, c.Issuer)
	case refusal.Field == "secret":
		return fmt.Errorf("--secret-file: %s can't be used: %s", c.SecretFile, refusal.Public)
	}
	return publicError(err, nil)
}

// material is the key as it is stored. made is true for a new shared secret.
func (c *keyAddCmd) material() (material []byte, made bool, err error) {
	if c.Algorithm != string(launchcontext.HS256) {
		material, err = c.publicKey()
		return material, false, err
	}
	switch {
	case c.Public != "":
		return nil, false, errors.New("HS256 has a shared secret and no public key: leave --public out, or choose another --algorithm")
	case c.SecretFile != "" && c.SecretOut != "":
		return nil, false, errors.New("--secret-out is for a new secret: leave it out, or leave --secret-file out")
	case c.SecretFile != "":
		material, err = c.suppliedSecret()
		return material, false, err
	}
	secret := make([]byte, 48) // 64 characters
	if _, err := rand.Read(secret); err != nil {
		return nil, false, err
	}
	return []byte(base64.RawURLEncoding.EncodeToString(secret)), true, nil
}

func (c *keyAddCmd) suppliedSecret() ([]byte, error) {
	secret, err := secretfile.ReadSecret(c.SecretFile)
	if err != nil {
		return nil, fmt.Errorf("--secret-file: %w", err)
	}
	key, err := launchcontext.SharedSecret(c.KID, secret)
	if err != nil {
		return nil, fmt.Errorf("--secret-file: %s can't be used: %w", c.SecretFile, withoutCode(err))
	}
	return key.Public().Material()
}

func (c *keyAddCmd) publicKey() ([]byte, error) {
	if c.SecretFile != "" || c.SecretOut != "" {
		return nil, fmt.Errorf("a shared secret goes with --algorithm HS256: %s needs --public", c.Algorithm)
	}
	if c.Public == "" {
		return nil, fmt.Errorf("%s needs --public: the file with the public key", c.Algorithm)
	}
	content, err := keyFile("--public", c.Public)
	if err != nil {
		return nil, err
	}
	key, err := launchcontext.ParsePublicKey(content, c.KID)
	if err != nil {
		return nil, fmt.Errorf("--public: %s can't be used: %w", c.Public, withoutCode(err))
	}
	if string(key.Algorithm()) != c.Algorithm {
		return nil, fmt.Errorf("--public holds a key for %s, not for %s", key.Algorithm(), c.Algorithm)
	}
	return key.Material()
}

// withoutCode removes the code from an error of the SDK: the code is for programs.
func withoutCode(err error) error {
	var refusal *launchcontext.Error
	if errors.As(err, &refusal) && refusal.Err != nil {
		return refusal.Err
	}
	return err
}

// withField is withoutCode with the name of the refused field.
func withField(err error) error {
	var refusal *launchcontext.Error
	if errors.As(err, &refusal) && refusal.Field != "" {
		return fmt.Errorf("%s %w", refusal.Field, withoutCode(err))
	}
	return withoutCode(err)
}

type keyRemoveCmd struct {
	tenantArg
	Issuer string `required:"" help:"The key's issuer."`
	KID    string `name:"kid" required:"" help:"The key's id."`
}

// Run removes the key.
func (c *keyRemoveCmd) Run(e *env) error {
	return c.changeTenant(e, func(ctx context.Context, acts acts) (admin.Tenant, error) {
		t, err := acts.RemoveKey(ctx, acts.by, c.Tenant, c.Issuer, c.KID)
		return t, notFoundError(err, "tenant %q trusts no kid %q of %s", c.Tenant, c.KID, c.Issuer)
	})
}
