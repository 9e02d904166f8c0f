package launch_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/egress"
	"github.com/shieldpod/shieldpod/bff/internal/launch"
	"github.com/shieldpod/shieldpod/bff/internal/sandbox/idp"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// signInHarness is a harness whose technicians sign in at a real provider.
type signInHarness struct {
	*harness
	t        *testing.T
	provider *httptest.Server
	config   *idp.Config
	down     bool
	requests int
}

func newSignInHarness(t *testing.T, edit func(*admin.SignIn)) *signInHarness {
	t.Helper()
	g := &signInHarness{harness: newHarness(t), t: t}
	var handler http.Handler
	g.provider = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.requests++
		if g.down {
			http.Error(w, "down", http.StatusServiceUnavailable)
			return
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(g.provider.Close)
	g.config = &idp.Config{
		URL: g.provider.URL, ClientID: "shieldpod", ClientSecret: "hush", RedirectURI: audience + launch.SignInCallback,
		People: []idp.Person{
			{ID: "ana", Name: "Ana Ortiz", Email: "Ana@Acme.example"},
			{ID: "eve", Name: "Eve", Email: "eve@acme.example", Unverified: true},
			{ID: "max", Name: "Max", Email: "max@elsewhere.example"},
		},
		Now: g.Now, Log: slog.New(slog.DiscardHandler),
	}
	g.config.Issue = func(claims map[string]any, properly func(map[string]any) (string, error)) (string, error) {
		return properly(claims)
	}
	config := *g.config
	config.Issue = func(claims map[string]any, properly func(map[string]any) (string, error)) (string, error) {
		return g.config.Issue(claims, properly)
	}
	var err error
	if handler, err = idp.New(config); err != nil {
		t.Fatal(err)
	}
	acme := g.acme(t)
	acme.SignIn = admin.SignIn{Issuer: g.provider.URL, ClientID: "shieldpod", Secret: []byte("hush"), System: manage.Name, Claim: "sub"}
	if edit != nil {
		edit(&acme.SignIn)
	}
	g.put(t, acme)
	g.Client = egress.Client(egress.Config{AllowLoopback: true, Timeout: 10 * time.Minute, BodyLimit: 64 << 10})
	return g
}

func (g *signInHarness) begin() launch.SignInStart {
	g.t.Helper()
	start, err := g.BeginSignIn(g.t.Context(), "acme")
	if err != nil {
		g.t.Fatal(err)
	}
	return start
}

// choose selects the person on the provider's page and follows the browser back.
func (g *signInHarness) choose(start launch.SignInStart, person string) launch.SignInReturn {
	g.t.Helper()
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := browser.PostForm(start.URL, url.Values{"person": {person}})
	if err != nil {
		g.t.Fatal(err)
	}
	_ = response.Body.Close()
	back, err := response.Location()
	if err != nil || !strings.HasPrefix(back.String(), audience+launch.SignInCallback+"?") {
		g.t.Fatalf("%d: the provider sends the browser to %v, %v", response.StatusCode, back, err)
	}
	q := back.Query()
	return launch.SignInReturn{State: q.Get("state"), Code: q.Get("code"), Issuer: q.Get("iss"), ProviderError: q.Get("error"), StateCookie: start.StateCookie}
}

// signIn runs the whole flow and gives the code for the pod.
func (g *signInHarness) signIn(person string) string {
	g.t.Helper()
	code, err := g.FinishSignIn(g.t.Context(), g.choose(g.begin(), person))
	if err != nil {
		g.t.Fatal(err)
	}
	return code
}

func (g *signInHarness) openWith(code, ticket string) (launch.Grant, error) {
	return g.OpenSignedIn(g.t.Context(), launch.SignInLaunch{Tenant: "acme", Code: code, Ticket: ticket})
}

func TestATechnicianWhoHasSignedInOpensATicket(t *testing.T) {
	g := newSignInHarness(t, nil)
	start := g.begin()
	to, err := url.Parse(start.URL)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"response_type": "code", "code_challenge_method": "S256", "client_id": "shieldpod", "scope": "openid profile email", "redirect_uri": audience + "/signin/callback"} {
		if got := to.Query().Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	code, err := g.FinishSignIn(t.Context(), g.choose(start, "ana"))
	if err != nil {
		t.Fatal(err)
	}
	grant, err := g.openWith(code, "1174")
	if err != nil {
		t.Fatal(err)
	}
	d := grant.Session.Context
	if d.Technician != (verify.Technician{ID: "connectwise:ana", Name: "Ana Ortiz", Email: "Ana@acme.example"}) || d.Ticket.ID != "1174" || d.DefaultContact != "connectwise:12" || !d.OnFile || !d.TakesNotes {
		t.Errorf("the desk is %+v", d)
	}
	if _, _, err := g.Authenticate(t.Context(), grant.Token); err != nil {
		t.Error(err)
	}
}

func TestThreat_02_ASignInOpensOneSessionWithinAMinute(t *testing.T) {
	g := newSignInHarness(t, nil)
	code := g.signIn("ana")
	if _, err := g.openWith(code, "9999"); verify.CodeOf(err) != verify.CodeTicket {
		t.Errorf("a ticket that is not there: %v", err)
	}
	if _, err := g.openWith(code, "1174"); err != nil {
		t.Errorf("the code was spent by a ticket that is not there: %v", err)
	}
	if _, err := g.openWith(code, "1174"); verify.CodeOf(err) != verify.CodeContextReplayed {
		t.Errorf("the second session: %v", err)
	}
	late := g.signIn("ana")
	g.now = g.now.Add(time.Minute)
	if _, err := g.openWith(late, "1174"); verify.CodeOf(err) != verify.CodeContextExpired {
		t.Errorf("after a minute: %v", err)
	}
	if sessions, used := g.stored(t); sessions != 1 || used != 1 {
		t.Errorf("%d sessions, %d spent", sessions, used)
	}
}

func TestThreat_03_ASignInsCodeHasNoOtherUse(t *testing.T) {
	g := newSignInHarness(t, nil)
	other := g.acme(t)
	other.ID = "zenith"
	other.SignIn = admin.SignIn{Issuer: g.provider.URL, ClientID: "shieldpod", Secret: []byte("hush"), System: manage.Name, Claim: "sub"}
	g.put(t, other)
	start, code := g.begin(), g.signIn("ana")
	for name, l := range map[string]launch.SignInLaunch{
		"another tenant":           {Tenant: "zenith", Code: code, Ticket: "1174"},
		"a tenant that is not":     {Tenant: "nobody", Code: code, Ticket: "1174"},
		"no tenant":                {Code: code, Ticket: "1174"},
		"another ticket system":    {Tenant: "acme", Code: code, System: "halopsa", Ticket: "1174"},
		"an altered code":          {Tenant: "acme", Code: code[:len(code)-2] + "AA", Ticket: "1174"},
		"the provider's own code":  {Tenant: "acme", Code: g.choose(g.begin(), "ana").Code, Ticket: "1174"},
		"the cookie for the code":  {Tenant: "acme", Code: start.StateCookie, Ticket: "1174"},
		"a launch context":         {Tenant: "acme", Code: g.sign(t, nil), Ticket: "1174"},
		"nothing":                  {Tenant: "acme", Ticket: "1174"},
		"a code with a line break": {Tenant: "acme", Code: code[:8] + "\n" + code[8:], Ticket: "1174"},
	} {
		if _, err := g.OpenSignedIn(t.Context(), l); verify.CodeOf(err) != verify.CodeContextInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := g.Authenticate(t.Context(), code); verify.CodeOf(err) != verify.CodeSession {
		t.Errorf("as a bearer: %v", err)
	}
	if _, err := g.Open(t.Context(), code, ""); verify.CodeOf(err) != verify.CodeContextInvalid {
		t.Errorf("as a context: %v", err)
	}
	if sessions, _ := g.stored(t); sessions != 0 {
		t.Errorf("%d sessions", sessions)
	}
}

func TestASignInEndsInTheBrowserAndTheFlowInWhichItBegan(t *testing.T) {
	g := newSignInHarness(t, nil)
	for name, edit := range map[string]func(*launch.SignInReturn){
		"no cookie":                    func(r *launch.SignInReturn) { r.StateCookie = "" },
		"another flow's cookie":        func(r *launch.SignInReturn) { r.StateCookie = g.begin().StateCookie },
		"the code for the cookie":      func(r *launch.SignInReturn) { r.StateCookie = g.signIn("ana") },
		"an altered cookie":            func(r *launch.SignInReturn) { r.StateCookie = r.StateCookie[:len(r.StateCookie)-2] + "AA" },
		"another state":                func(r *launch.SignInReturn) { r.State = "x" },
		"no state":                     func(r *launch.SignInReturn) { r.State = "" },
		"another provider's answer":    func(r *launch.SignInReturn) { r.Issuer = "https://evil.example" },
		"no code":                      func(r *launch.SignInReturn) { r.Code = "" },
		"a code of nobody":             func(r *launch.SignInReturn) { r.Code = "x" },
		"another flow's code":          func(r *launch.SignInReturn) { r.Code = g.choose(g.begin(), "ana").Code },
		"a code that was redeemed":     func(r *launch.SignInReturn) { _, _ = g.FinishSignIn(t.Context(), *r) },
		"the provider's error":         func(r *launch.SignInReturn) { r.ProviderError = "access_denied" },
		"ten minutes later":            func(*launch.SignInReturn) { g.now = g.now.Add(10 * time.Minute) },
		"a provider that was replaced": func(*launch.SignInReturn) { g.put(t, g.acme(t)) },
	} {
		back := g.choose(g.begin(), "ana")
		before, acme := g.now, mustTenant(t, g.harness)
		edit(&back)
		code, err := g.FinishSignIn(t.Context(), back)
		var refusal *verify.Error
		if verify.CodeOf(err) != verify.CodeContextInvalid || code != "" || !errors.As(err, &refusal) || refusal.Public == "" {
			t.Errorf("%s: %v", name, err)
		}
		g.now = before
		g.put(t, acme)
	}
}

func mustTenant(t *testing.T, h *harness) admin.Tenant {
	t.Helper()
	tenant, err := h.store.TenantSettings(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	return tenant
}

func TestThreat_01_AnIDTokenIsTheProvidersForThisSignIn(t *testing.T) {
	g := newSignInHarness(t, nil)
	unknownKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	by := func(method jwt.SigningMethod, key any) func(map[string]any) (string, error) {
		return func(claims map[string]any) (string, error) {
			token := jwt.NewWithClaims(method, jwt.MapClaims(claims))
			token.Header["kid"] = "idp-1"
			return token.SignedString(key)
		}
	}
	cases := map[string]struct {
		claims map[string]any
		sign   func(map[string]any) (string, error)
	}{
		"another nonce":               {claims: map[string]any{"nonce": "x"}},
		"no nonce":                    {claims: map[string]any{"nonce": nil}},
		"another audience":            {claims: map[string]any{"aud": "other"}},
		"two audiences":               {claims: map[string]any{"aud": []string{"shieldpod", "other"}}},
		"another issuer":              {claims: map[string]any{"iss": "https://evil.example"}},
		"expired":                     {claims: map[string]any{"exp": g.now.Unix() - 1}},
		"no exp":                      {claims: map[string]any{"exp": nil}},
		"alg none":                    {sign: by(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType)},
		"HS256 under the secret":      {sign: by(jwt.SigningMethodHS256, []byte("hush"))},
		"a stranger's key":            {sign: by(jwt.SigningMethodES256, unknownKey)},
		"something that is no token":  {sign: func(map[string]any) (string, error) { return "token", nil }},
		"a name that is not the type": {claims: map[string]any{"email_verified": "yes"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g.config.Issue = func(claims map[string]any, properly func(map[string]any) (string, error)) (string, error) {
				maps.Copy(claims, c.claims)
				maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
				if c.sign != nil {
					return c.sign(claims)
				}
				return properly(claims)
			}
			if code, err := g.FinishSignIn(t.Context(), g.choose(g.begin(), "ana")); verify.CodeOf(err) != verify.CodeContextInvalid || code != "" {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestOnlyAllowedTechniciansSignIn(t *testing.T) {
	domains := func(in *admin.SignIn) { in.Domains = []string{"acme.example"} }
	claim := func(name string) func(*admin.SignIn) { return func(in *admin.SignIn) { in.Claim = name } }
	for _, c := range []struct {
		name   string
		edit   func(*admin.SignIn)
		person string
		want   verify.Code
	}{
		{"anybody, where nothing is asked", nil, "max", ""},
		{"an unverified address, where nothing is asked", nil, "eve", ""},
		{"a verified address of the domain", domains, "ana", ""},
		{"an unverified address of the domain", domains, "eve", verify.CodeMember},
		{"an address elsewhere", domains, "max", verify.CodeMember},
		{"known by a verified address", claim("email"), "ana", ""},
		{"known by an unverified address", claim("email"), "eve", verify.CodeMember},
		{"known by a claim that is not there", claim("member_id"), "ana", verify.CodeMember},
		{"known by a claim that is no text", claim("email_verified"), "ana", verify.CodeMember},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newSignInHarness(t, c.edit)
			if _, err := g.FinishSignIn(t.Context(), g.choose(g.begin(), c.person)); verify.CodeOf(err) != c.want {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestAProviderThatIsDownIsSaidAndNotAskedWithoutEnd(t *testing.T) {
	g := newSignInHarness(t, nil)
	g.down = true
	for range 20 {
		if _, err := g.BeginSignIn(t.Context(), "acme"); verify.CodeOf(err) != verify.CodeUnavailable {
			t.Errorf("got %v", err)
		}
	}
	if g.requests != 1 {
		t.Errorf("it was asked %d times", g.requests)
	}
	g.down = false
	g.now = g.now.Add(5 * time.Second)
	start := g.begin()
	back := g.choose(start, "ana")
	g.down = true
	if _, err := g.FinishSignIn(t.Context(), back); verify.CodeOf(err) != verify.CodeUnavailable {
		t.Errorf("down on the way back: %v", err)
	}
}

func TestThreat_27_AProviderIsSoughtNowhereInside(t *testing.T) {
	g := newSignInHarness(t, nil)
	g.Client = egress.Client(egress.Config{Timeout: 5 * time.Second})
	if _, err := g.BeginSignIn(t.Context(), "acme"); verify.CodeOf(err) != verify.CodeUnavailable || g.requests != 0 {
		t.Errorf("got %v, and it was asked %d times", err, g.requests)
	}
}

func TestASignInIsCheckedWhenItIsRegistered(t *testing.T) {
	valid := admin.SignIn{Issuer: "https://id.example", ClientID: "pod", System: "connectwise", Claim: "sub"}
	for name, c := range map[string]struct {
		edit func(*admin.SignIn)
		want verify.Code
	}{
		"all that it needs":         {func(*admin.SignIn) {}, ""},
		"domains":                   {func(in *admin.SignIn) { in.Domains = []string{"acme.example"} }, ""},
		"no client":                 {func(in *admin.SignIn) { in.ClientID = "" }, verify.CodeInvalid},
		"no ticket system":          {func(in *admin.SignIn) { in.System = "" }, verify.CodeInvalid},
		"no claim":                  {func(in *admin.SignIn) { in.Claim = "" }, verify.CodeInvalid},
		"a provider of everybody's": {func(in *admin.SignIn) { in.Issuer = "https://accounts.google.com" }, verify.CodeInvalid},
		"a provider of everybody's, but": {func(in *admin.SignIn) {
			in.Issuer, in.Domains = "https://accounts.google.com", []string{"acme.example"}
		}, ""},
		"an address for a domain": {func(in *admin.SignIn) { in.Domains = []string{"ana@acme.example"} }, verify.CodeInvalid},
		"a domain in capitals":    {func(in *admin.SignIn) { in.Domains = []string{"Acme.example"} }, verify.CodeInvalid},
	} {
		in := valid
		c.edit(&in)
		if err := launch.CheckSignIn(in); verify.CodeOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
