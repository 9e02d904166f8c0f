package oauth_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/courier/oauth"
)

func TestARequestWithASecretHasMicrosoftsForm(t *testing.T) {
	a := newAuthority(t)
	a.answer = func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil || r.Method != http.MethodPost || r.URL.Path != "/"+directory+"/oauth2/v2.0/token" || r.Header.Get("Authorization") != "" {
			t.Errorf("%s %s, %v", r.Method, r.URL, err)
		}
		want := url.Values{
			"grant_type": {"client_credentials"}, "client_id": {client}, "client_secret": {secret}, "scope": {"https://graph.microsoft.com/.default"},
		}
		if diff := cmp.Diff(want, r.PostForm); diff != "" {
			t.Error(diff)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, `{"token_type":"Bearer","expires_in":3599,"access_token":"x"}`)
	}
	use(t, a.source(t))
}

// The refusals are those of public reports and of Microsoft's list.
func TestARefusalOfMicrosoftSaysWhatToChange(t *testing.T) {
	entra := func(code, numbers string) string {
		return fmt.Sprintf(`{"error":%q,"error_description":"AADSTS: of verify@acme.example Trace ID: 1","error_codes":[%s],"timestamp":"2026-03-04 14:00:00Z"}`, code, numbers)
	}
	const setup, later = courier.Misconfigured, courier.Temporary
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   fault
	}{
		{"the secret is wrong, or its ID was given", 401, entra("invalid_client", "7000215"), fault{setup, "graph: no access token: AADSTS7000215: the client secret is wrong", "Value, not its Secret ID", 0}},
		{"the secret has expired", 401, entra("invalid_client", "7000222"), fault{setup, "graph: no access token: AADSTS7000222: the client secret has expired", "Make a new one", 0}},
		{"the application is unknown", 400, entra("unauthorized_client", "700016"), fault{setup, "graph: no access token: AADSTS700016: this directory has no such application", "client ID", 0}},
		{"the directory is unknown", 400, entra("invalid_request", "90002"), fault{setup, "graph: no access token: AADSTS90002: there is no such directory", "directory's ID", 0}},
		{"the directory is no ID", 400, entra("invalid_request", "900023"), fault{setup, "graph: no access token: AADSTS900023: there is no such directory", "directory's ID", 0}},
		{"Conditional Access", 400, entra("invalid_grant", "53003"), fault{setup, "graph: no access token: AADSTS53003: a Conditional Access policy", "policy for workload identities", 0}},
		{"the certificate is not registered", 401, entra("invalid_client", "700027"), fault{setup, "graph: no access token: AADSTS700027: the certificate is not registered", "Upload", 0}},
		{"the clock is wrong", 401, entra("invalid_client", "700024"), fault{setup, "graph: no access token: AADSTS700024: this server's clock", "NTP", 0}},
		{"the application is disabled", 401, entra("unauthorized_client", "7000112"), fault{setup, "graph: no access token: AADSTS7000112: the application is disabled", "Enterprise applications", 0}},
		{"the application is public", 401, entra("invalid_client", "700025"), fault{setup, "graph: no access token: AADSTS700025: the application is registered as a public client", "Allow public client flows", 0}},
		{"another cloud", 400, entra("invalid_request", "900382"), fault{setup, "graph: no access token: AADSTS900382: the directory is in another cloud", "cloud", 0}},
		{"no Exchange Online", 400, entra("invalid_resource", "500011"), fault{setup, "graph: no access token: AADSTS500011: this directory has no Exchange Online", "licence", 0}},
		{"the known one of two codes counts", 400, entra("invalid_grant", "1, 7000222"), fault{setup, "graph: no access token: AADSTS7000222:", "Make a new one", 0}},
		{"a code that is not known", 400, entra("invalid_request", "9002313"), fault{setup, "graph: no access token: HTTP 400, AADSTS9002313", "login.microsoftonline.com/error", 0}},
		{"a code of RFC 6749 alone", 401, `{"error":"invalid_client"}`, fault{setup, "graph: no access token: HTTP 401, invalid_client", "", 0}},
		{"a code that is an address is not repeated", 400, `{"error":"verify@acme.example"}`, fault{setup, "graph: no access token: HTTP 400", "", 0}},
		{"a page in place of JSON", 403, "<html>verify@acme.example</html>", fault{setup, "graph: no access token: HTTP 403", "", 0}},
		{"a redirect is not followed", 302, "", fault{setup, "graph: no access token: HTTP 302", "", 0}},
		{"Microsoft Entra is busy, by its code", 400, entra("temporarily_unavailable", "90033"), fault{later, "graph: no access token: AADSTS90033", "", 0}},
		{"Microsoft Entra is busy, by the error alone", 400, `{"error":"temporarily_unavailable"}`, fault{later, "graph: no access token: HTTP 400, temporarily_unavailable", "", 0}},
		{"too many requests", 429, entra("invalid_request", "50196"), fault{later, "graph: no access token: AADSTS50196", "", 7 * time.Second}},
		{"it is down", 503, "<html>", fault{later, "graph: no access token: HTTP 503", "", 7 * time.Second}},
		{"a gateway gave up: no message was sent", 504, "", fault{later, "graph: no access token: HTTP 504", "", 0}},
		{"no token in the answer", 200, `{"token_type":"Bearer"}`, fault{later, "graph: the answer to the request for a token can't be read", "", 0}},
		{"a page of a network's own in place of the answer", 200, `<html>sign in to the network</html>`, fault{later, "graph: the answer to the request for a token can't be read", "", 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newAuthority(t)
			a.answer = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				if c.status == http.StatusTooManyRequests || c.status == http.StatusServiceUnavailable {
					w.Header().Set("Retry-After", "7")
				}
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(c.status)
				_, _ = fmt.Fprint(w, c.body)
			}
			checkFault(t, faultOf(t, a.source(t), secret), c.want)
			if n := a.requests.Load(); n != 1 {
				t.Errorf("%d requests, want 1", n)
			}
		})
	}
}

func TestAnAuthorityThatIsNotReachedIsAskedLater(t *testing.T) {
	a := newAuthority(t)
	s := a.source(t)
	a.Close()
	checkFault(t, faultOf(t, s, secret), fault{courier.Temporary, "graph: not reached", "", 0})
	cut := newAuthority(t)
	cut.answer = func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	checkFault(t, faultOf(t, cut.source(t), secret), fault{courier.Temporary, "graph: not reached", "", 0})
}

func TestEachCloudHasItsHosts(t *testing.T) {
	for cloud, want := range map[oauth.Cloud][2]string{
		"":           {"https://graph.microsoft.com", "https://outlook.office365.com"},
		oauth.Global: {"https://graph.microsoft.com", "https://outlook.office365.com"},
		oauth.USGov:  {"https://graph.microsoft.us", "https://outlook.office365.us"},
		oauth.DoD:    {"https://dod-graph.microsoft.us", "https://outlook-dod.office365.us"},
		oauth.China:  {"https://microsoftgraph.chinacloudapi.cn", "https://partner.outlook.cn"},
		"mars":       {},
	} {
		m := oauth.Microsoft{Cloud: cloud}
		if got := [2]string{m.GraphHost(), m.OutlookHost()}; got != want {
			t.Errorf("%q: %q, want %q", cloud, got, want)
		}
	}
}

func TestSettingsThatCantWorkAreRefused(t *testing.T) {
	now := time.Now
	for _, c := range []struct {
		name       string
		change     func(*oauth.Microsoft)
		credential string
		now        func() time.Time
		want       string // empty: accepted
	}{
		{"a directory's ID", nil, secret, now, ""},
		{"a directory's domain", func(m *oauth.Microsoft) { m.Directory = "acme.onmicrosoft.com" }, secret, now, ""},
		{"no directory", func(m *oauth.Microsoft) { m.Directory = "" }, secret, now, "the directory is missing"},
		{"a directory that leads elsewhere", func(m *oauth.Microsoft) { m.Directory = "common/../x" }, secret, now, "the directory is missing, or is neither"},
		{"an application's name", func(m *oauth.Microsoft) { m.Client = "Shieldpod" }, secret, now, "client) ID is missing, or is none"},
		{"an unknown cloud", func(m *oauth.Microsoft) { m.Cloud = "mars" }, secret, now, "the cloud is global, us-gov, dod or china"},
		{"no secret", nil, "", now, "the client secret is missing"},
		{"a secret in two lines", nil, "a\nb", now, "the client secret is missing or has spaces"},
		{"the ID of the secret", nil, client, now, "this is the ID of a client secret"},
		{"a certificate without its key", nil, certificatePEM(t, nil), now, "the certificate and its private key"},
		{"no clock", nil, secret, nil, "the clock is missing"},
	} {
		m := oauth.Microsoft{Directory: directory, Client: client}
		if c.change != nil {
			c.change(&m)
		}
		_, err := oauth.NewMicrosoft("graph", m, c.credential, m.GraphHost(), "", c.now)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if err != nil && c.credential != "" && strings.Contains(err.Error(), c.credential) {
			t.Errorf("%s: the error holds the credential", c.name)
		}
	}
}
