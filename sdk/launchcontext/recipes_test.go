package launchcontext_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// recipe is a file of docs/recipes, and the few words around it that sign what stands on standard input.
type recipe struct {
	file, driver string
	runtimes     [][]string // the first one that has the library runs it
	probe        string     // tells whether a runtime has it
	algorithms   []launchcontext.Algorithm
}

var recipes = []recipe{
	{
		file: "sign.mjs", runtimes: [][]string{{"node", "--input-type=module", "--eval"}},
		probe: `import "jose"`,
		driver: `import { readFileSync } from "node:fs"
			import { signLaunchContext } from "./sign.mjs"
			const { settings, launch } = JSON.parse(readFileSync(0))
			process.stdout.write(await signLaunchContext(settings, launch))`,
		algorithms: []launchcontext.Algorithm{launchcontext.EdDSA, launchcontext.ES256, launchcontext.RS256},
	},
	{
		file: "sign.py", runtimes: [][]string{{"python3", "-B", "-c"}, {"/usr/bin/python3", "-B", "-c"}},
		probe: "import jwt, cryptography",
		driver: "import json, sys\nfrom sign import sign_launch_context\n" +
			"given = json.load(sys.stdin)\nsys.stdout.write(sign_launch_context(given['settings'], given['launch']))",
		algorithms: []launchcontext.Algorithm{launchcontext.EdDSA, launchcontext.ES256, launchcontext.RS256},
	},
	{
		file: "sign.php", runtimes: [][]string{{"php", "-r"}},
		probe: `require getenv("COMPOSER_AUTOLOAD"); exit(class_exists("Firebase\\JWT\\JWT") ? 0 : 1);`,
		driver: `require getenv("COMPOSER_AUTOLOAD"); require "sign.php";
			$given = json_decode(file_get_contents("php://stdin"), true);
			echo sign_launch_context($given["settings"], $given["launch"]);`,
		algorithms: []launchcontext.Algorithm{launchcontext.ES256, launchcontext.RS256},
	},
}

// command runs code beside the recipes.
func (r recipe) command(t *testing.T, runtime []string, code string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), runtime[0], append(runtime[1:len(runtime):len(runtime)], code)...)
	cmd.Dir = "../../docs/recipes"
	return cmd
}

// runtime finds one that has the recipe's library; on a machine without, the recipe is not tried.
func (r recipe) runtime(t *testing.T) []string {
	t.Helper()
	for _, runtime := range r.runtimes {
		if r.command(t, runtime, r.probe).Run() == nil {
			return runtime
		}
	}
	t.Skipf("nothing here runs %s with its library", r.file)
	return nil
}

// The recipes of the vendor's guide sign what Verify accepts, claim for claim.
func TestRecipesSignWhatVerifyAccepts(t *testing.T) {
	want := launchcontext.Claims{
		Issuer: "https://psa.example", Audience: "https://pod.example", Subject: "member-7", Tenant: "acme",
		Nonce: "n-1", Origin: "https://psa.example",
		Actor: launchcontext.Actor{Name: "Ana Ørtiz", Email: "ana@acme.example"},
		Context: launchcontext.Context{
			PSA:     "examplepsa",
			Ticket:  launchcontext.Ticket{ID: "4711", Summary: `Can't sign in: "wrong" <password>`, URL: "https://psa.example/tickets/4711"},
			Client:  launchcontext.Client{ID: "contoso", Name: "Contoso"},
			Contact: launchcontext.Default{ID: "dana", Name: "Dana Reyes"},
			Contacts: []launchcontext.Contact{{ID: "dana", Name: "Dana Reyes", Channels: []launchcontext.Channel{
				{ID: "dana-mobile", Kind: launchcontext.KindPhone, Value: "+14155554821", Label: "Mobile", Mobile: new(true)},
				{ID: "dana-mail", Kind: launchcontext.KindEmail, Value: "dana@contoso.com", ChangedAt: time.Unix(1767225600, 0).UTC()},
			}}},
		},
	}
	for _, r := range recipes {
		for _, algorithm := range r.algorithms {
			t.Run(r.file+" with "+string(algorithm), func(t *testing.T) {
				runtime := r.runtime(t)
				key, err := launchcontext.GenerateKey("2026-11", algorithm)
				if err != nil {
					t.Fatal(err)
				}
				cmd := r.command(t, runtime, r.driver)
				cmd.Stdin = bytes.NewReader(given(t, key, want))
				cmd.Stderr = os.Stderr
				token, err := cmd.Output()
				if err != nil {
					t.Fatal(err)
				}
				got, err := launchcontext.Verify(strings.TrimSpace(string(token)), launchcontext.Expect{
					Audience: want.Audience, Keys: launchcontext.Pin(want.Issuer, key.Public()), Now: time.Now,
				})
				if err != nil {
					t.Fatalf("%v: %s", err, token)
				}
				if got.ID == "" || got.ExpiresAt.Sub(got.IssuedAt) != time.Minute || !got.NotBefore.Equal(got.IssuedAt) {
					t.Errorf("jti %q, iat %v, nbf %v, exp %v", got.ID, got.IssuedAt, got.NotBefore, got.ExpiresAt)
				}
				if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(launchcontext.Claims{}, "ID", "IssuedAt", "NotBefore", "ExpiresAt")); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// given is what a recipe is called with, so that it signs the claims.
func given(t *testing.T, key launchcontext.SigningKey, c launchcontext.Claims) []byte {
	t.Helper()
	pem, err := key.PEM()
	if err != nil {
		t.Fatal(err)
	}
	type object = map[string]any
	data, err := json.Marshal(object{
		"settings": object{
			"key": string(pem), "kid": key.ID(), "algorithm": key.Algorithm(),
			"issuer": c.Issuer, "audience": c.Audience, "origin": c.Origin, "tenant": c.Tenant,
		},
		"launch": object{
			"technician": object{"id": c.Subject, "name": c.Actor.Name, "email": c.Actor.Email},
			"context":    c.Context, "nonce": c.Nonce,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return data
}
