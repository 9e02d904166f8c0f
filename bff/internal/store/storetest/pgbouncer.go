//go:build unix

package storetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/store"
)

// PgBouncer gives an empty store in a database of its own that is reached through PgBouncer in transaction mode, with
// fewer connections to the server than the store has. Where PgBouncer is not installed the test is skipped.
func PgBouncer(t testing.TB) *store.Store {
	t.Helper()
	return Open(t, throughPgBouncer(t, migratedURL), nil)
}

// PgBouncerURL gives the URL of an empty database behind PgBouncer.
func PgBouncerURL(t testing.TB) string {
	t.Helper()
	return throughPgBouncer(t, PostgreSQLURL)
}

func throughPgBouncer(t testing.TB, database func(testing.TB) string) string {
	t.Helper()
	if _, err := poolerBinary(); err != nil {
		t.Skip(err)
	}
	direct, err := url.Parse(database(t))
	if err != nil {
		t.Fatal(err)
	}
	p, err := pooling()
	if err != nil {
		t.Fatal(err)
	}
	direct.RawQuery = url.Values{"host": {p.dir}, "port": {poolerPort}}.Encode()
	return direct.String()
}

const poolerPort = "6432"

// pooler is the one PgBouncer of this test binary.
type pooler struct {
	dir   string
	alive io.Closer // while it is open the pooler runs
}

var pooling = sync.OnceValues(startPooler)

func poolerBinary() (string, error) {
	for _, name := range []string{"pgbouncer", "/usr/sbin/pgbouncer"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("this test needs PgBouncer (Debian and Ubuntu: apt-get install pgbouncer; macOS: brew install pgbouncer)")
}

func startPooler() (*pooler, error) {
	database, err := running()
	if err != nil {
		return nil, err
	}
	bin, err := poolerBinary()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "shieldpod-pool-") // short: it is the path of a socket
	if err != nil {
		return nil, err
	}
	settings := filepath.Join(dir, "pgbouncer.ini")
	if err := os.WriteFile(settings, fmt.Appendf(nil, `[databases]
* = host=%s user=shieldpod
[pgbouncer]
unix_socket_dir = %s
listen_port = %s
auth_type = any
pool_mode = transaction
default_pool_size = 20
max_client_conn = 1000
logfile = %s/log
`, database.dir, dir, poolerPort, dir), 0o600); err != nil {
		return nil, err
	}
	as, err := unprivileged(dir)
	if err != nil {
		return nil, err
	}
	if as.Credential != nil {
		if err := os.Chown(settings, int(as.Credential.Uid), int(as.Credential.Gid)); err != nil {
			return nil, err
		}
	}
	// TERM, because a shell has its background commands ignore QUIT, and PgBouncer leaves it at that.
	command := exec.CommandContext(context.Background(), "sh", "-c", untilClosed, "sh", dir, "TERM", bin, "--quiet", settings)
	command.Dir, command.SysProcAttr = dir, as
	p := &pooler{dir: dir}
	if p.alive, err = command.StdinPipe(); err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("pgbouncer: %w", err)
	}
	through := &server{dir: dir, port: poolerPort}
	if err := through.await(); err != nil {
		return nil, errors.Join(fmt.Errorf("PgBouncer: %s", strings.Join(command.Args, " ")), err)
	}
	return p, nil
}
