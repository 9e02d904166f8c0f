package cli

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/app"
)

// newcomer runs commands in a new folder, without settings but the address.
func newcomer(t *testing.T) (o *operator, folder string) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "somewhere")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(folder)
	return &operator{t: t, env: map[string]string{"SHIELDPOD_LISTEN": freeAddress(t)}}, folder
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Addr().String()
}

// serve runs the server until it answers, and gives what it printed until it had ended.
func (o *operator) serve(args ...string) (out string, err error) {
	o.t.Helper()
	ctx, cancel := context.WithCancel(o.t.Context())
	defer cancel()
	reader, writer := io.Pipe()
	printed := make(chan string)
	go func() {
		all, _ := io.ReadAll(reader) // the writer's end is closed without an error
		printed <- string(all)
	}()
	ended := make(chan error, 1)
	go func() {
		ended <- Run(ctx, append([]string{"serve"}, args...), func(name string) string { return o.env[name] }, writer, io.Discard)
		_ = writer.Close() // never fails
	}()
	_, port, err := net.SplitHostPort(o.env["SHIELDPOD_LISTEN"])
	if err != nil {
		o.t.Fatal(err)
	}
	for {
		select {
		case err := <-ended:
			return <-printed, err
		default:
		}
		if get(ctx, "http://localhost:"+port+"/readyz") == http.StatusOK {
			break
		}
		runtime.Gosched()
	}
	cancel()
	err = <-ended
	return <-printed, err
}

// get gives the status of a response, or 0 for none.
func get(ctx context.Context, url string) int {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	_ = response.Body.Close() // of a response that is not read
	return response.StatusCode
}

func TestAServerWithoutSettingsMakesItsDataFolderAndServesThisMachine(t *testing.T) {
	o, folder := newcomer(t)
	key := filepath.Join(folder, "shieldpod-data", app.OwnKeyFile)
	_, port, _ := net.SplitHostPort(o.env["SHIELDPOD_LISTEN"])
	local := "Shieldpod is for browsers on this machine only, at http://localhost:" + port + ". Set --public-url for others.\n"

	out, err := o.serve()
	want := "A master key was made, in " + key + ". Keep a copy in another place: without it the database can't be opened.\n" +
		"Whoever has both can read the data: for real use move the key into a secret store, and set SHIELDPOD_MASTER_KEY from there.\n" + local
	if err != nil || out != want {
		t.Fatalf("printed %q, error %v; want %q", out, err, want)
	}
	if info, err := os.Stat(key); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file: %v, %v", info, err)
	}
	if info, err := os.Stat(filepath.Dir(key)); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
		t.Errorf("the data folder: %v, %v", info, err)
	}

	o.must("tenant", "put", "acme", "--name", "Acme IT", "--origin", "https://psa.example")
	before, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := o.serve(); err != nil || out != local {
		t.Errorf("the second start printed %q, error %v; want %q", out, err, local)
	}
	if after, err := os.ReadFile(key); err != nil || string(after) != string(before) {
		t.Errorf("the second start changed the key: %v", err)
	}
	if out, said := o.run("tenant", "list"); said != "" || !strings.Contains(out, "acme") {
		t.Errorf("the tenant is gone: %q, %q", out, said)
	}
	if out, _ := o.run("doctor"); !strings.Contains(out, "--    the master key is in the data folder") {
		t.Errorf("doctor printed %q", out)
	}
}

func TestNoMasterKeyIsMadeWhereOneMayBeLost(t *testing.T) {
	const noKey = "no master key: set SHIELDPOD_MASTER_KEY or --master-key-file (make one by 'shieldpod key master --out FILE')"
	for name, c := range map[string]struct {
		prepare func(o *operator, data string)
		want    string
	}{
		"a database without its key": {func(o *operator, data string) {
			if _, err := o.serve(); err != nil {
				o.t.Fatal(err)
			}
			if err := os.Remove(filepath.Join(data, app.OwnKeyFile)); err != nil {
				o.t.Fatal(err)
			}
		}, noKey},
		"PostgreSQL": {func(o *operator, _ string) { o.env["SHIELDPOD_DATABASE_URL"] = "postgres://127.0.0.1:1/none" }, noKey},
		"a wrong setting beside it": {func(o *operator, _ string) {
			o.env["SHIELDPOD_PUBLIC_URL"] = "http://pod.example"
		}, `--public-url "http://pod.example" must be https (http is for loopback only)`},
		"an address for others without a public URL": {func(o *operator, _ string) {
			o.env["SHIELDPOD_LISTEN"] = ":0"
		}, "no public URL: set SHIELDPOD_PUBLIC_URL or --public-url to where browsers reach this server, like https://pod.example"},
		"a command that is not the server": {func(o *operator, _ string) {
			if _, said := o.run("tenant", "list"); said != noKey {
				o.t.Errorf("tenant list said %q", said)
			}
			o.env["SHIELDPOD_LISTEN"] = ":0"
		}, "no public URL: set SHIELDPOD_PUBLIC_URL or --public-url to where browsers reach this server, like https://pod.example"},
	} {
		t.Run(name, func(t *testing.T) {
			o, folder := newcomer(t)
			data := filepath.Join(folder, "shieldpod-data")
			c.prepare(o, data)
			if _, said := o.run("serve"); said != c.want {
				t.Errorf("serve said %q, want %q", said, c.want)
			}
			if _, err := os.Stat(filepath.Join(data, app.OwnKeyFile)); err == nil {
				t.Error("a key was made")
			}
		})
	}
}

func TestThreat_35_ADataFoldersOwnKeyIsRefusedWhenOthersCanReadIt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Log("modes say nothing on Windows")
		return
	}
	o, folder := newcomer(t)
	if _, err := o.serve(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(folder, "shieldpod-data", app.OwnKeyFile), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, said := o.run("serve"); !strings.HasPrefix(said, "--data-dir: ") || !strings.Contains(said, "chmod 600") {
		t.Errorf("serve said %q", said)
	}
}

func TestAServerWithoutAPublicURLIsForThisMachineOnly(t *testing.T) {
	for _, c := range []struct{ name, listen, public, wantListen, wantPublic string }{
		{"no settings", "", "", "127.0.0.1:8080", "http://localhost:8080"},
		{"a public URL", "", "https://pod.example", ":8080", "https://pod.example"},
		{"another port of this machine", "127.0.0.1:9000", "", "127.0.0.1:9000", "http://localhost:9000"},
		{"the usual port", "localhost:80", "", "localhost:80", "http://localhost"},
		{"IPv6", "[::1]:9000", "", "[::1]:9000", "http://localhost:9000"},
		{"every address", ":9000", "", ":9000", ""},
		{"an address for others", "192.0.2.1:9000", "", "192.0.2.1:9000", ""},
		{"any port", "127.0.0.1:0", "", "127.0.0.1:0", ""},
	} {
		s := serveCmd{Listen: c.listen, PublicURL: c.public}
		if s.applyDefaults(); s.Listen != c.wantListen || s.PublicURL != c.wantPublic {
			t.Errorf("%s: %q and %q, want %q and %q", c.name, s.Listen, s.PublicURL, c.wantListen, c.wantPublic)
		}
	}
}
