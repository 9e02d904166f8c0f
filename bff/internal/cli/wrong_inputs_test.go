package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

func TestEveryCommandAndFlagSaysWhatItDoes(t *testing.T) {
	parser, err := newParser()
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	err = kong.Visit(parser.Model, func(node kong.Visitable, next kong.Next) error {
		if n, ok := node.(*kong.Node); ok {
			count++
			if n.Type == kong.CommandNode && !isSentence(n.Help) {
				t.Errorf("%s: the help is %q", n.FullPath(), n.Help)
			}
			for _, v := range n.Positional {
				if !isSentence(v.Help) {
					t.Errorf("%s %s: the help is %q", n.FullPath(), v.Name, v.Help)
				}
			}
			for _, f := range n.Flags {
				if !isSentence(f.Help) && f.Name != "help" {
					t.Errorf("%s --%s: the help is %q", n.FullPath(), f.Name, f.Help)
				}
			}
		}
		return next(nil)
	})
	if err != nil || count < 20 {
		t.Errorf("%d commands, %v", count, err)
	}
}

// isSentence: a capital or a name first, and an end.
func isSentence(help string) bool {
	return len(help) > 5 && strings.ContainsAny(help[len(help)-3:], ".…") && help == strings.TrimSpace(help)
}

func TestWrongInputIsAnsweredWithASentenceThatSaysWhatToDo(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	o := newOperator(t)
	o.must("tenant", "put", "acme", "--name", "Acme IT", "--origin", "https://psa.example")
	o.must("key", "new", "--out", filepath.Join(dir, "psa.pem"), "--public-out", filepath.Join(dir, "psa.pub.pem"))
	private, public := filepath.Join(dir, "psa.pem"), filepath.Join(dir, "psa.pub.pem")
	damaged := file("damaged.pem", "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n")
	pkcs1 := file("pkcs1.pem", "-----BEGIN RSA PRIVATE KEY-----\nMIIBOgIBAAJBAKj3\n-----END RSA PRIVATE KEY-----\n")
	secret := file("secret", "hunter2-hunter2-hunter2\n")
	claims := file("claims.json", "{not json")
	none := filepath.Join(dir, "none")
	add := func(public string) []string {
		return []string{"key", "add", "--tenant", "acme", "--issuer", "https://psa.example", "--kid", "k1", "--public", public}
	}
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"no such command", []string{"srve"}, `unexpected argument srve, did you mean "serve"? (see 'shieldpod --help')`},
		{"half a command", []string{"tenant"}, `expected one of "put", "list", "log", "issuer", "signin" (see 'shieldpod tenant --help')`},
		{"no such flag", []string{"migrate", "--force"}, "unknown flag --force (see 'shieldpod migrate --help')"},
		{"a missing argument", []string{"tenant", "put"}, `expected "<id>" (see 'shieldpod tenant put --help')`},
		{"missing flags", []string{"key", "remove", "--tenant", "acme"}, "missing flags: --issuer=STRING, --kid=STRING (see 'shieldpod key remove --help')"},
		{"a tenant without name and origin", []string{"tenant", "put", "bolt"}, `there is no tenant "bolt" yet, and a new one needs a name and an origin: shieldpod tenant put bolt --name 'Acme IT' --origin https://psa.example`},
		{"a tenant without origin", []string{"tenant", "put", "bolt", "--name", "Bolt"}, `there is no tenant "bolt" yet, and a new one needs a name and an origin: shieldpod tenant put bolt --name 'Acme IT' --origin https://psa.example`},
		{"a tenant without name", []string{"tenant", "put", "bolt", "--origin", "https://psa.example"}, `there is no tenant "bolt" yet, and a new one needs a name and an origin: shieldpod tenant put bolt --name 'Acme IT' --origin https://psa.example`},
		{"an origin with a slash", []string{"tenant", "put", "acme", "--add-origin", "https://psa.example/"}, `--add-origin "https://psa.example/" must be a scheme and a host only, in small letters and without the scheme's own port, like https://pod.example`},
		{"an origin taken off that is not there", []string{"tenant", "put", "acme", "--remove-origin", "https://b.example"}, `--remove-origin: "https://b.example" may not frame the pod of acme: 'shieldpod tenant list' shows what may`},
		{"replace and add at once", []string{"tenant", "put", "acme", "--origin", "https://b.example", "--add-origin", "https://c.example"}, "--origin replaces all origins: give it alone, or change the list by --add-origin and --remove-origin"},
		{"a key file that is not there", add(none), "--public: there is no file " + none},
		{"a folder for a key", add(dir), "--public: " + dir + " is a folder: name the file in it"},
		{"a damaged key", add(damaged), "--public: " + damaged + " can't be used: the PEM holds no public key: copy the file anew, or write it by 'openssl pkey -pubout'"},
		{"the private key for the public one", add(private), "--public: " + private + " can't be used: this is the private key: keep it, and give its public half (openssl pkey -in FILE -pubout)"},
		{"an old kind of private key", []string{"context", "sign", "--key", pkcs1, "--kid", "k1", "--claims", claims}, "--key: " + pkcs1 + " can't be used: this is a private key in PKCS #1: convert it (openssl pkcs8 -topk8 -nocrypt -in FILE)"},
		{"the public key for the private one", []string{"context", "sign", "--key", public, "--kid", "k1", "--claims", claims}, "--key: " + public + " can be read or changed by other users of this machine (its mode is 0644): close it by 'chmod 600 " + public + "'"},
		{"claims that are no JSON", []string{"context", "sign", "--key", private, "--kid", "k1", "--claims", claims}, "--claims: " + claims + " can't be used: is not JSON"},
		{"a key without its file", []string{"key", "add", "--tenant", "acme", "--issuer", "i", "--kid", "k"}, "EdDSA needs --public: the file with the public key"},
		{"a shared secret with a public key's algorithm", []string{"key", "add", "--tenant", "acme", "--issuer", "i", "--kid", "k", "--secret-file", secret}, "a shared secret goes with --algorithm HS256: EdDSA needs --public"},
		{"a key of a tenant that is not there", []string{"key", "remove", "--tenant", "bolt", "--issuer", "i", "--kid", "k"}, `there is no tenant "bolt": 'shieldpod tenant list' shows those that there are, 'shieldpod tenant put bolt --name NAME --origin https://psa.example' creates it`},
		{"a carrier's secret that is not there", []string{"carrier", "twilio", "--tenant", "acme", "--account", twilioAccount, "--from", "+15105550100", "--token-file", none}, "--token-file: there is no file " + none},
		{"a policy file that is not there", []string{"policy", "apply", none, "--server", "https://pod.example", "--api-key", "spk_x_y"}, "there is no file " + none + ": write one by 'shieldpod policy export --out " + none + "'"},
		{"a doctor without a database", []string{"doctor", "--data-dir", none}, "there is no database in " + none + ": set SHIELDPOD_DATA_DIR or --data-dir to where the server keeps its own"},
		{"an API key of no name", []string{"apikey", "new", "--tenant", "acme", "--name", " "}, "--name must say who holds the key, like 'Ana Ortiz'"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, said := o.run(c.args...); said != c.want {
				t.Errorf("said %q\nwant %q", said, c.want)
			}
		})
	}
}

func TestABareCommandSaysTheFirstSteps(t *testing.T) {
	out, said := newOperator(t).run()
	if said != "" {
		t.Fatal(said)
	}
	for _, step := range []string{"make demo", "shieldpod serve", "shieldpod tenant put acme", "shieldpod serve --public-url https://pod.example", "shieldpod --help"} {
		if !strings.Contains(out, step) {
			t.Errorf("%q is missing in %q", step, out)
		}
	}
}

func TestOriginsAreAddedAndTakenOffOneByOne(t *testing.T) {
	o := newOperator(t)
	const a, b, c = "https://a.example", "https://b.example", "https://c.example"
	for _, s := range []struct {
		name string
		args []string
		want string
	}{
		{"a tenant is made", []string{"--name", "Acme IT", "--origin", a}, "  origin " + a + "\nRunning servers follow within five seconds.\n"},
		{"one more", []string{"--add-origin", b}, "  origin " + a + "\n  origin " + b + "\nRunning servers follow within five seconds.\n"},
		{"the same once more", []string{"--add-origin", b}, "  origin " + a + "\n  origin " + b + "\n"},
		{"one off, another on", []string{"--remove-origin", a, "--add-origin", c}, "  origin " + b + "\n  origin " + c + "\n" + a + " may frame the pod no longer.\nRunning servers follow within five seconds.\n"},
		{"all of them replaced", []string{"--origin", a}, "  origin " + a + "\n" + b + " may frame the pod no longer.\n" + c + " may frame the pod no longer.\nRunning servers follow within five seconds.\n"},
		{"the last one off", []string{"--remove-origin", a}, a + " may frame the pod no longer.\nNo origin may frame the pod now: add one by --add-origin.\nRunning servers follow within five seconds.\n"},
		{"another setting", []string{"--region", "DE"}, "acme  Acme IT  region DE\n"},
	} {
		out := o.must(append([]string{"tenant", "put", "acme"}, s.args...)...)
		if !strings.HasSuffix(out, s.want) {
			t.Errorf("%s: printed %q, want %q", s.name, out, s.want)
		}
	}
}
