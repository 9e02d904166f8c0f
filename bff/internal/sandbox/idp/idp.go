// Package idp is an OpenID provider for the demo and tests, and a product beside it whose ticket screen signs nothing.
//
// Start with [New]; the result is one http.Handler. It implements discovery, the code flow with PKCE, and a key set.
// The person who signs in is chosen on a page. It implements the provider's side only.
package idp

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Person is a person who can sign in.
type Person struct {
	ID, Name, Email string
	Unverified      bool // the e-mail address
}

// Config holds the settings of the provider. All fields are required except Issue and PodURL.
type Config struct {
	URL          string // origin of its pages, and its issuer name
	ClientID     string
	ClientSecret string
	RedirectURI  string // the only registered one
	People       []Person
	PodURL       string // the pod's page, for the product's ticket screen; empty: no such screen
	Now          func() time.Time
	Log          *slog.Logger

	// Issue replaces the signing of an ID token's claims, for tests with bad tokens.
	Issue func(claims map[string]any, properly func(map[string]any) (string, error)) (string, error)
}

// provider is a running provider.
type provider struct {
	Config
	key *ecdsa.PrivateKey

	mu    sync.Mutex
	codes map[string]pendingSignIn
}

// pendingSignIn is a sign-in whose code is not redeemed yet.
type pendingSignIn struct {
	person    Person
	nonce     string
	challenge string
	until     time.Time
}

const (
	keyID        = "idp-1"
	codeLifetime = time.Minute
)

//go:embed pages
var files embed.FS

var pages = template.Must(template.ParseFS(files, "pages/*.html"))

// New makes a provider with its own key.
func New(c Config) (http.Handler, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	p := &provider{Config: c, key: key, codes: map[string]pendingSignIn{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("GET /authorize", p.showPeople)
	mux.HandleFunc("POST /authorize", p.redirectBack)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /tickets/{id}", p.ticket)
	mux.HandleFunc("GET /idp.css", func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, files, "pages/idp.css") })
	return p.secureHeaders(mux), nil
}

func (p *provider) secureHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-src http:; frame-ancestors 'none'; base-uri 'none'")
		next.ServeHTTP(w, r)
	})
}

func (p *provider) discovery(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported": []string{"ES256"}, "code_challenge_methods_supported": []string{"S256"},
		"authorization_response_iss_parameter_supported": true,
	})
}

func (p *provider) keys(w http.ResponseWriter, _ *http.Request) {
	point, err := p.key.PublicKey.Bytes()
	if err != nil {
		http.Error(w, "no key", http.StatusInternalServerError)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"keys": []any{map[string]string{
		"kty": "EC", "crv": "P-256", "kid": keyID, "use": "sig", "alg": "ES256", "x": base64URL(point[1:33]), "y": base64URL(point[33:]),
	}}})
}

// authorizationRequest reads and checks the request of an application.
func (p *provider) authorizationRequest(r *http.Request) (state, nonce, challenge string, err error) {
	switch {
	case r.FormValue("client_id") != p.ClientID || r.FormValue("redirect_uri") != p.RedirectURI:
		err = errors.New("this application is not registered here")
	case r.FormValue("response_type") != "code" || r.FormValue("code_challenge_method") != "S256" || len(r.FormValue("code_challenge")) != 43:
		err = errors.New("this application asks for something else than a code, or without PKCE")
	}
	return r.FormValue("state"), r.FormValue("nonce"), r.FormValue("code_challenge"), err
}

// showPeople shows the people who can sign in.
func (p *provider) showPeople(w http.ResponseWriter, r *http.Request) {
	if _, _, _, err := p.authorizationRequest(r); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.render(w, "sign-in.html", map[string]any{
		"Origin": p.URL, "People": p.People, "Action": p.URL + "/authorize?" + r.URL.Query().Encode(),
	})
}

// redirectBack sends the browser back with a code, or with an error if no person was chosen.
func (p *provider) redirectBack(w http.ResponseWriter, r *http.Request) {
	state, nonce, challenge, err := p.authorizationRequest(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	back := url.Values{"state": {state}, "iss": {p.URL}}
	for _, person := range p.People {
		if person.ID == r.PostFormValue("person") {
			code := rand.Text()
			p.mu.Lock()
			p.codes[code] = pendingSignIn{person, nonce, challenge, p.Now().Add(codeLifetime)}
			p.mu.Unlock()
			back.Set("code", code)
		}
	}
	if !back.Has("code") {
		back.Set("error", "access_denied")
	}
	http.Redirect(w, r, p.RedirectURI+"?"+back.Encode(), http.StatusSeeOther)
}

// token redeems a code, once.
func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	if id != p.ClientID || subtle.ConstantTimeCompare([]byte(secret), []byte(p.ClientSecret)) == 0 {
		writeJSON(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	}
	p.mu.Lock()
	s, known := p.codes[r.PostFormValue("code")]
	delete(p.codes, r.PostFormValue("code"))
	p.mu.Unlock()
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !known || p.Now().After(s.until) || base64URL(sum[:]) != s.challenge || r.PostFormValue("redirect_uri") != p.RedirectURI {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	issue := func(claims map[string]any, properly func(map[string]any) (string, error)) (string, error) {
		return properly(claims)
	}
	if p.Issue != nil {
		issue = p.Issue
	}
	token, err := issue(map[string]any{
		"iss": p.URL, "aud": p.ClientID, "sub": s.person.ID, "nonce": s.nonce, "iat": p.Now().Unix(), "exp": p.Now().Add(codeLifetime).Unix(),
		"name": s.person.Name, "email": s.person.Email, "email_verified": !s.person.Unverified,
	}, p.signToken)
	if err != nil {
		p.Log.ErrorContext(r.Context(), "the provider can't sign", "err", err)
		writeJSON(w, http.StatusInternalServerError, map[string]string{"error": "server_error"})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"access_token": rand.Text(), "token_type": "Bearer", "expires_in": 60, "id_token": token})
}

func (p *provider) signToken(claims map[string]any) (string, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims(claims))
	token.Header["kid"] = keyID
	return token.SignedString(p.key)
}

// ticket is the ticket screen of a product that signs nothing: it only puts the ticket's id into the frame's address.
func (p *provider) ticket(w http.ResponseWriter, r *http.Request) {
	if p.PodURL == "" {
		http.NotFound(w, r)
		return
	}
	p.render(w, "ticket.html", map[string]string{"Origin": p.URL, "ID": r.PathValue("id"),
		"Pod": p.PodURL + "?" + url.Values{"ticket": {r.PathValue("id")}}.Encode()})
}

func (p *provider) render(w http.ResponseWriter, page string, view any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := pages.ExecuteTemplate(w, page, view); err != nil {
		p.Log.Error("provider's page", "page", page, "err", err)
	}
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may have left
}

func base64URL(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }
