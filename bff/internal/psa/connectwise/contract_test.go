package connectwise_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/psa/connectwise"
	"github.com/shieldpod/shieldpod/bff/internal/psa/psatest"
	sandbox "github.com/shieldpod/shieldpod/bff/internal/sandbox/connectwise"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

func TestConnectWiseKeepsTheContract(t *testing.T) {
	psatest.Run(t, []psatest.Capability{
		psatest.Tickets, psatest.HostedLaunches, psatest.Search, psatest.Notes, psatest.Check, psatest.Remote,
	}, openSandbox)
}

// sandboxModes are the sandbox's words for the faults.
var sandboxModes = map[psatest.Fault]string{
	psatest.None: `"ok"`, psatest.Outage: `"down"`, psatest.RateLimit: `"429"`, psatest.WrongKeys: `"401"`, psatest.Slow: `"slow"`,
	psatest.AnswersLost: `"cut","path":"/notes"`,
}

func openSandbox(t testing.TB) psatest.Fixture {
	manage, err := sandbox.New(sandbox.Config{
		Origin: "https://manage.example", Company: "acme", ClientID: "4dd2c7e8", PublicKey: "pUb1ic", PrivateKey: "pR1vate",
		Pod: "https://pod.example/pod/acme?id=[cw_id]", Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(manage.Close)
	site := &http.Client{
		Transport: psatest.Transport{Handler: manage}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	client, err := connectwise.New(connectwise.Config{Connections: onlyAcme{}, HTTP: site, Now: time.Now, Entropy: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	session := signIn(t, site, "AOrtiz")
	return psatest.Fixture{
		Adapter: client, Tenant: acme, Stranger: verify.Tenant{ID: "umbrella", Name: "Umbrella"},
		Contact: psatest.Person{Client: "19301", ID: "501"}, Other: psatest.Person{Client: "19307", ID: "511"},
		Large: psatest.Person{Client: "19322", ID: "4017"}, LastPage: "5014", // Ada Owen, of 1,040 people
		Unusable: psatest.Person{Client: "19307", ID: "511"},
		Channel:  launchcontext.Channel{ID: "10220", Kind: launchcontext.KindPhone, Value: "2065550142", Mobile: new(false)}, // a switchboard
		Ticket:   "61211", Contactless: "61139", Missing: "99999",
		Member:  psa.Member{ID: "AOrtiz", Credential: session, Context: "web"},
		Foreign: psa.Member{ID: "LPark", Credential: session, Context: "web"},
		Unknown: psa.Member{ID: "AOrtiz", Credential: "made-up", Context: "web"},
		NotesOn: func(ticket string) []string { return notesOn(t, site, ticket) },
		Fail: func(f psatest.Fault) {
			post(t, site, "/api/faults", "application/json", `{"target":"connectwise","mode":`+sandboxModes[f]+`}`)
		},
	}
}

// onlyAcme has one tenant's connection.
type onlyAcme struct{}

func (onlyAcme) Connection(_ context.Context, tenant, system string) (admin.Connection, error) {
	if tenant != acme.ID || system != connectwise.Product.Name {
		return admin.Connection{}, &verify.Error{Code: verify.CodeNotFound}
	}
	settings, err := json.Marshal(connectwise.Settings{Host: "manage.example", Company: "acme", ClientID: "4dd2c7e8"})
	return admin.Connection{Settings: settings, Secret: []byte(keys)}, err
}

func post(t testing.TB, site *http.Client, path, kind, body string) *http.Response {
	response, err := site.Post("https://manage.example"+path, kind, strings.NewReader(body))
	if err != nil || response.StatusCode >= http.StatusBadRequest {
		t.Fatal(path, response, err)
	}
	_ = response.Body.Close()
	return response
}

// signIn begins a member's session, and gives its hash.
func signIn(t testing.TB, site *http.Client, member string) string {
	form := url.Values{"member": {member}, "to": {"/"}}
	for _, c := range post(t, site, "/signin", "application/x-www-form-urlencoded", form.Encode()).Cookies() {
		if c.Name == "memberHash" {
			return c.Value
		}
	}
	t.Fatal("the member has no session")
	return ""
}

// notesOn reads the texts of a ticket's notes from the sandbox, without the adapter.
func notesOn(t testing.TB, site *http.Client, ticket string) (texts []string) {
	request, err := http.NewRequest(http.MethodGet, "https://manage.example/v2025_1/apis/3.0/service/tickets/"+ticket+"/allnotes?pageSize=1000", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth("acme+pUb1ic", "pR1vate")
	request.Header.Set("clientId", "4dd2c7e8")
	request.Header.Set("Accept", "application/json")
	response, err := site.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	var notes []struct{ Text string }
	if err != nil || json.Unmarshal(body, &notes) != nil {
		t.Fatalf("%s: %s", response.Status, body)
	}
	for _, n := range notes {
		texts = append(texts, n.Text)
	}
	return texts
}
