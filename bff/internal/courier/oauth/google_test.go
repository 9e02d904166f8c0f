package oauth_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/courier/oauth"
)

const serviceAccount = "shieldpod@project.iam.gserviceaccount.com"

// googleKey returns a service account's key as Google Cloud's console writes it.
func googleKey(t *testing.T, privateKey string) string {
	t.Helper()
	text, err := json.Marshal(map[string]string{
		"type": "service_account", "project_id": "project", "private_key_id": "key-1", "private_key": privateKey, "client_email": serviceAccount,
		"client_id": "1234567890", "token_uri": "https://evil.example/token", "universe_domain": "googleapis.com",
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (a *authority) google(t *testing.T) *oauth.Source {
	t.Helper()
	s, err := oauth.NewGoogle("smtp", googleKey(t, pkcs8(t, newRSAKey(t))), "verify@acme.example", oauth.GoogleMail, a.URL, a.clock)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestARequestOfAServiceAccountHasGooglesForm(t *testing.T) {
	key := newRSAKey(t)
	a := newAuthority(t)
	a.answer = func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil || r.Method != http.MethodPost || r.URL.Path != "/token" {
			t.Errorf("%s %s, %v", r.Method, r.URL, err)
		}
		assertion := r.PostForm.Get("assertion")
		want := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {assertion}}
		if diff := cmp.Diff(want, r.PostForm); diff != "" {
			t.Error(diff)
		}
		claims := jwt.MapClaims{}
		token, err := jwt.ParseWithClaims(assertion, claims, func(*jwt.Token) (any, error) { return &key.PublicKey, nil },
			jwt.WithValidMethods([]string{"RS256"}), jwt.WithTimeFunc(a.clock))
		if err != nil {
			t.Fatal(err)
		}
		at := float64(a.now.Load())
		wantClaims := jwt.MapClaims{
			"iss": serviceAccount, "sub": "verify@acme.example", "scope": "https://mail.google.com/", "aud": a.URL + "/token", "iat": at, "exp": at + 300,
		}
		if diff := cmp.Diff(wantClaims, claims); diff != "" || token.Header["kid"] != "key-1" {
			t.Errorf("%s, header %v", diff, token.Header)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, `{"token_type":"Bearer","expires_in":3599,"access_token":"x"}`)
	}
	s, err := oauth.NewGoogle("smtp", googleKey(t, pkcs8(t, key)), "verify@acme.example", oauth.GoogleMail, a.URL, a.clock)
	if err != nil {
		t.Fatal(err)
	}
	use(t, s)
}

// The refusals are those of public reports and of Google's list.
func TestARefusalOfGoogleSaysWhatToChange(t *testing.T) {
	refusal := func(code, text string) string {
		return fmt.Sprintf(`{"error":%q,"error_description":%q}`, code, text+" (verify@acme.example)")
	}
	const setup, later = courier.Misconfigured, courier.Temporary
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   fault
	}{
		{"delegation is missing", 401, refusal("unauthorized_client", "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested."), fault{setup, "smtp: no access token: unauthorized_client: the service account may not act", "Domain-wide delegation", 0}},
		{"another scope is delegated", 400, refusal("access_denied", "Requested client not authorized."), fault{setup, "smtp: no access token: access_denied: the service account has another scope", "https://mail.google.com/", 0}},
		{"the key was deleted", 400, refusal("invalid_grant", "Invalid JWT Signature."), fault{setup, "smtp: no access token: invalid_grant: the service account's key is not known", "Make a new key", 0}},
		{"the clock is wrong", 400, refusal("invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim."), fault{setup, "smtp: no access token: invalid_grant: this server's clock", "NTP", 0}},
		{"the service account was deleted", 400, refusal("invalid_grant", "Invalid grant: account not found"), fault{setup, "smtp: no access token: invalid_grant: there is no such service account", "Make a service account", 0}},
		{"the mailbox is none", 400, refusal("invalid_grant", "Invalid email or User ID"), fault{setup, "smtp: no access token: invalid_grant: there is no such mailbox", "primary address", 0}},
		{"the service account is disabled", 401, refusal("disabled_client", "The OAuth client was disabled."), fault{setup, "smtp: no access token: disabled_client: the service account is disabled", "Enable it", 0}},
		{"a policy of the Workspace", 400, refusal("admin_policy_enforced", ""), fault{setup, "smtp: no access token: admin_policy_enforced: a policy of the Workspace", "App access control", 0}},
		{"Google fails", 500, refusal("internal_failure", ""), fault{later, "smtp: no access token: internal_failure", "", 0}},
		{"Google fails, with another status", 400, refusal("internal_failure", ""), fault{later, "smtp: no access token: internal_failure", "", 0}},
		{"too many requests", 429, refusal("rate_limit_exceeded", ""), fault{later, "smtp: no access token: rate_limit_exceeded", "", 7 * time.Second}},
		{"a code that is not known", 400, refusal("org_internal_of_tomorrow", ""), fault{setup, "smtp: no access token: HTTP 400", "", 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newAuthority(t)
			a.answer = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				if c.status == http.StatusTooManyRequests {
					w.Header().Set("Retry-After", "7")
				}
				w.WriteHeader(c.status)
				_, _ = fmt.Fprint(w, c.body)
			}
			checkFault(t, faultOf(t, a.google(t), serviceAccount), c.want)
		})
	}
}

func TestAKeyOfAServiceAccountThatCantWorkIsRefused(t *testing.T) {
	good := pkcs8(t, newRSAKey(t))
	for _, c := range []struct{ name, key, mailbox, want string }{
		{"a key", googleKey(t, good), "verify@acme.example", ""},
		{"an OAuth client in place of a service account", `{"installed":{"client_id":"1"}}`, "verify@acme.example", "must be the key of a service account"},
		{"a client secret", secret, "verify@acme.example", "must be the key of a service account"},
		{"a key without its private part", googleKey(t, ""), "verify@acme.example", "has no private key"},
		{"a certificate in place of a private key", googleKey(t, certificatePEM(t, nil)), "verify@acme.example", "is not RSA"},
		{"no mailbox", googleKey(t, good), "", "the mailbox for which"},
	} {
		_, err := oauth.NewGoogle("smtp", c.key, c.mailbox, oauth.GoogleMail, "", time.Now)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), "smtp: ") || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}
