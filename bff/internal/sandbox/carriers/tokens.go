package carriers

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Microsoft is an application of Microsoft Entra and the mailbox that it may send from.
type Microsoft struct {
	Directory   string
	Client      string
	Secret      string
	Certificate *x509.Certificate // nil: the secret only
	Mailbox     string
}

// tokenLifetime is how long an access token is valid, a little less than an hour as Microsoft's are.
const tokenLifetime = 3599 * time.Second

// tokens are the access tokens that were issued.
type tokens struct {
	mu     sync.Mutex
	issued map[string]accessToken
}

type accessToken struct {
	scope, user string // user: the mailbox that a token of Google's is for
	ends        time.Time
}

func newTokens() *tokens { return &tokens{issued: map[string]accessToken{}} }

func (t *tokens) issue(a accessToken) string {
	text := rand.Text()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.issued[text] = a
	return text
}

// find returns a token that is valid at now.
func (t *tokens) find(text string, now time.Time) (accessToken, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a, found := t.issued[text]
	return a, found && now.Before(a.ends)
}

func (t *tokens) revoke(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.issued, text)
}

// issueMicrosoft is Microsoft Entra's POST /{directory}/oauth2/v2.0/token.
func (s *Sandbox) issueMicrosoft(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxRequestBytes)
	if err := r.ParseForm(); err != nil {
		entraError(w, http.StatusBadRequest, "invalid_request", 9002313)
		return
	}
	switch s.faults.Next(graph, r.URL.Path) {
	case modeSecretExpired:
		entraError(w, http.StatusUnauthorized, "invalid_client", 7000222)
		return
	case modePolicy:
		entraError(w, http.StatusBadRequest, "invalid_grant", 53003)
		return
	case modeTokenDown:
		failByMode(w, modeDown, nil)
		return
	}
	f := r.PostForm
	scope, isDefault := strings.CutSuffix(f.Get("scope"), "/.default")
	switch {
	case !strings.EqualFold(r.PathValue("directory"), s.Microsoft.Directory):
		entraError(w, http.StatusBadRequest, "invalid_request", 90002)
	case f.Get("client_id") != s.Microsoft.Client:
		entraError(w, http.StatusBadRequest, "unauthorized_client", 700016)
	case f.Get("grant_type") != "client_credentials" || !isDefault:
		entraError(w, http.StatusBadRequest, "invalid_scope", 1002012)
	case f.Get("client_assertion") != "" && !s.signsAs(f.Get("client_assertion"), "http://"+r.Host+r.URL.Path):
		entraError(w, http.StatusUnauthorized, "invalid_client", 700027)
	case f.Get("client_assertion") == "" && f.Get("client_secret") == "":
		entraError(w, http.StatusUnauthorized, "invalid_client", 7000218)
	case f.Get("client_assertion") == "" && f.Get("client_secret") != s.Microsoft.Secret:
		entraError(w, http.StatusUnauthorized, "invalid_client", 7000215)
	default:
		answerToken(w, s.tokens.issue(accessToken{scope: scope, ends: s.Now().Add(tokenLifetime)}))
	}
}

// signsAs reports whether an assertion is the application's, signed with its certificate for this URL.
func (s *Sandbox) signsAs(assertion, url string) bool {
	if s.Microsoft.Certificate == nil {
		return false
	}
	sum := sha256.Sum256(s.Microsoft.Certificate.Raw)
	token, err := jwt.ParseWithClaims(assertion, &jwt.RegisteredClaims{}, func(t *jwt.Token) (any, error) {
		if t.Header["x5t#S256"] != base64.RawURLEncoding.EncodeToString(sum[:]) {
			return nil, jwt.ErrTokenUnverifiable
		}
		return s.Microsoft.Certificate.PublicKey, nil
	}, jwt.WithValidMethods([]string{"PS256"}), jwt.WithAudience(url), jwt.WithIssuer(s.Microsoft.Client), jwt.WithSubject(s.Microsoft.Client),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(s.Now))
	return err == nil && token.Claims.(*jwt.RegisteredClaims).ID != ""
}

func answerToken(w http.ResponseWriter, token string) {
	answerJSON(w, http.StatusOK, map[string]any{
		"token_type": "Bearer", "expires_in": int(tokenLifetime.Seconds()), "ext_expires_in": int(tokenLifetime.Seconds()), "access_token": token,
	})
}

// entraErrors are the texts of Microsoft Entra's errors, shortened.
var entraErrors = map[int]string{
	9002313: "Invalid request. Request is malformed or invalid.",
	7000222: "The provided client secret keys for app are expired.",
	7000215: "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID.",
	7000218: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
	700016:  "Application with identifier was not found in the directory.",
	700027:  "The certificate with identifier used to sign the client assertion is not registered on application.",
	53003:   "Access has been blocked by Conditional Access policies.",
	90002:   "Tenant not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.",
	1002012: "The provided value for scope is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier.",
}

// entraError answers in Microsoft Entra's format.
func entraError(w http.ResponseWriter, status int, code string, number int) {
	answerJSON(w, status, map[string]any{
		"error": code, "error_description": "AADSTS" + strconv.Itoa(number) + ": " + entraErrors[number] + " Trace ID: 0 Correlation ID: 0",
		"error_codes": []int{number}, "error_uri": "https://login.microsoftonline.com/error?code=" + strconv.Itoa(number),
	})
}

// bearer returns the token of a request, if it is valid for one of the scopes.
func (s *Sandbox) bearer(text string, scopes ...string) (accessToken, bool) {
	a, found := s.tokens.find(text, s.Now())
	return a, found && slices.Contains(scopes, a.scope)
}
