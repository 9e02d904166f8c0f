package launchcontext_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// A key is made once. Its private half stays on the vendor's server, its public half is registered with the tenant.
func ExampleGenerateKey() {
	key, err := launchcontext.GenerateKey("psa-2026", launchcontext.EdDSA)
	if err != nil {
		fmt.Println(err)
		return
	}
	private, _ := key.PEM()
	public, _ := key.Public().PEM()
	fmt.Println(key.ID(), key.Algorithm(), len(private) > 0, len(public) > 0)
	// Output: psa-2026 EdDSA true true
}

func ExampleParsePrivateKey() {
	const file = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----`
	key, err := launchcontext.ParsePrivateKey([]byte(file), "psa-2026")
	fmt.Println(key.Algorithm(), err)
	// Output: EdDSA <nil>
}

// The host page asks the vendor's server for a context, each time that the pod needs one. The server knows from
// its own sign-in who the technician is, and from its own records whom the ticket concerns; the browser only
// passes on the pod's nonce.
func ExampleSign() {
	key, _ := launchcontext.GenerateKey("psa-2026", launchcontext.EdDSA)
	mobile := true
	handler := func(w http.ResponseWriter, r *http.Request) {
		token, err := launchcontext.Sign(launchcontext.Claims{
			Issuer:   "https://psa.example",
			Audience: "https://pod.example",
			Tenant:   "acme",
			Subject:  "member-7",
			Nonce:    r.FormValue("nonce"),
			Origin:   "https://psa.example",
			Actor:    launchcontext.Actor{Name: "Ana Ortiz", Email: "ana@acme.example"},
			Context: launchcontext.Context{
				PSA:     "examplepsa",
				Ticket:  launchcontext.Ticket{ID: "4711", Summary: "Password reset"},
				Client:  launchcontext.Client{ID: "contoso", Name: "Contoso"},
				Contact: launchcontext.Default{ID: "dana", Name: "Dana Reyes"},
				Contacts: []launchcontext.Contact{{
					ID: "dana", Name: "Dana Reyes",
					Channels: []launchcontext.Channel{
						{ID: "dana-mobile", Kind: launchcontext.KindPhone, Value: "+14155554821", Label: "Mobile", Mobile: &mobile},
						{ID: "dana-mail", Kind: launchcontext.KindEmail, Value: "dana@contoso.com"},
					},
				}},
			},
		}, key)
		if err != nil {
			http.Error(w, "no context", http.StatusInternalServerError)
			return
		}
		_, _ = fmt.Fprint(w, token)
	}

	answer := httptest.NewRecorder()
	handler(answer, httptest.NewRequest(http.MethodPost, "/shieldpod/context?nonce=n-1", nil))
	fmt.Println(answer.Code, strings.Count(answer.Body.String(), "."), "dots")
	// Output: 200 2 dots
}

// The refusal's code says what to do; its field says where.
func ExampleVerify() {
	key, _ := launchcontext.GenerateKey("psa-2026", launchcontext.ES256)
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	token, _ := launchcontext.Signer{Key: key, Now: clock}.Sign(launchcontext.Claims{
		Issuer: "https://psa.example", Audience: "https://pod.example", Tenant: "acme", Subject: "member-7",
		Context: launchcontext.Context{
			PSA: "examplepsa", Ticket: launchcontext.Ticket{ID: "4711"},
			Client: launchcontext.Client{ID: "contoso", Name: "Contoso"}, Contact: launchcontext.Default{ID: "dana"},
		},
	})
	want := launchcontext.Expect{Audience: "https://pod.example", Keys: launchcontext.Pin("https://psa.example", key.Public()), Now: clock}

	claims, err := launchcontext.Verify(token, want)
	fmt.Println(claims.Subject, claims.Context.Ticket.ID, err)

	now = now.Add(2 * time.Minute)
	_, err = launchcontext.Verify(token, want)
	var refusal *launchcontext.Error
	if errors.As(err, &refusal) {
		fmt.Println(refusal.Code, refusal.Field)
	}
	// Output:
	// member-7 4711 <nil>
	// expired exp
}
