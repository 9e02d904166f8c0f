package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/sdk/secretfile"
)

const unusable = "the value can't be used"

// secretFlag reads flags and environment variables of the type "secret" as package secretfile reads files: it drops
// a byte order mark and surrounding spaces, and refuses quotes that an environment file left.
func secretFlag(parse func([]byte) (string, error)) kong.MapperFunc {
	return func(ctx *kong.DecodeContext, target reflect.Value) error {
		var text string
		if err := ctx.Scan.PopValueInto("string", &text); err != nil {
			return err
		}
		if text == "" {
			target.SetString("")
			return nil
		}
		value, err := parse([]byte(text))
		if err != nil {
			return fmt.Errorf(unusable+": %w", err)
		}
		target.SetString(value)
		return nil
	}
}

// secretFrom reads a file that holds one secret.
func secretFrom(flag, path string) (string, error) {
	secret, err := secretfile.ReadLine(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", flag, err)
	}
	return secret, nil
}

// credentialFrom reads a secret of one line, a certificate with its key (PEM), or a key in JSON.
func credentialFrom(flag, path string) (string, error) {
	content, err := secretfile.Read(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", flag, err)
	}
	text, err := secretfile.Text(content)
	switch {
	case err != nil || strings.HasPrefix(text, "{"):
	case strings.Contains(text, "-----BEGIN"):
		content, err = secretfile.PEM(content)
		text = string(content)
	default:
		text, err = secretfile.Line(content)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %s can't be used: %w", flag, path, err)
	}
	return text, nil
}

// keyFile reads a public key, which needs no protection.
func keyFile(flag, path string) ([]byte, error) {
	content, err := readFile(flag, path)
	if err != nil {
		return nil, err
	}
	text, err := secretfile.PEM(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %s can't be used: %w", flag, path, err)
	}
	return text, nil
}

// readFile reads a file that is no secret. Its errors say what to do.
func readFile(flag, path string) ([]byte, error) {
	content, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: there is no file %s", flag, path)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%s: %s can't be read by this user", flag, path)
	case err != nil && isFolder(path):
		return nil, fmt.Errorf("%s: %s is a folder: name the file in it", flag, path)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	return content, nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// writeNew makes a file and its folder. It refuses to overwrite a file.
func writeNew(flag, path string, content []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("%s: the folder of %s can't be made: %w", flag, path, err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	switch {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s: %s exists already and is not overwritten: use it, or choose another name", flag, path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: this user may not write %s", flag, path)
	case err != nil:
		return fmt.Errorf("%s: %w", flag, err)
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}

// warnOfVisible logs each flag that has a secret on the command line, where every user of the machine can read it.
func warnOfVisible(e *env, command *kong.Context) {
	for _, p := range command.Path {
		if p.Flag == nil || p.Resolved || !isSecret(p.Flag) {
			continue
		}
		instead := app.Variable(p.Flag.Name)
		for _, other := range command.Flags() {
			if other.Name == p.Flag.Name+"-file" {
				instead += " or --" + other.Name
			}
		}
		e.log.Warn("a secret on the command line can be read by every user of this machine, and stays in the shell's history",
			"flag", "--"+p.Flag.Name, "instead", instead)
	}
}

// isSecret is true for flags whose value is a secret, and for URLs with a password.
func isSecret(flag *kong.Flag) bool {
	if flag.Tag.Has("secret") {
		return true
	}
	text, isText := flag.Target.Interface().(string)
	_, rest, found := strings.Cut(text, "://")
	user, _, hasUser := strings.Cut(rest, "@")
	return isText && found && hasUser && strings.Contains(user, ":") && !strings.Contains(user, "/")
}
