package carriers

import (
	"crypto/rsa"
	"net/http"
	"strings"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"
	"github.com/golang-jwt/jwt/v5"
)

// Google is a service account of Google Cloud and the mailbox of Google Workspace that it may act for.
type Google struct {
	Account string // the service account's address
	Key     *rsa.PublicKey
	Mailbox string
}

const googleMail = "https://mail.google.com/"

// outlookScopes are the resources of Exchange's own protocols, for which tokens are made.
var outlookScopes = []string{
	"https://outlook.office365.com", "https://outlook.office365.us", "https://outlook-dod.office365.us", "https://partner.outlook.cn",
}

// issueGoogle is Google's POST /token for a service account's assertion.
func (s *Sandbox) issueGoogle(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxRequestBytes)
	if err := r.ParseForm(); err != nil || r.PostForm.Get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
		googleError(w, "unsupported_grant_type", "Invalid grant_type")
		return
	}
	switch s.faults.Next(google, r.URL.Path) {
	case modeDelegation:
		googleError(w, "unauthorized_client", "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.")
		return
	case modeTokenDown:
		failByMode(w, modeDown, nil)
		return
	}
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(r.PostForm.Get("assertion"), claims, func(*jwt.Token) (any, error) { return s.Google.Key, nil },
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithAudience("http://"+r.Host+r.URL.Path), jwt.WithIssuer(s.Google.Account),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithTimeFunc(s.Now))
	user, _ := claims["sub"].(string)
	switch {
	case err != nil:
		googleError(w, "invalid_grant", "Invalid JWT Signature.")
	case claims["scope"] != googleMail:
		googleError(w, "unauthorized_client", "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.")
	case !strings.EqualFold(user, s.Google.Mailbox):
		googleError(w, "invalid_grant", "Invalid email or User ID")
	default:
		answerToken(w, s.tokens.issue(accessToken{scope: googleMail, user: user, ends: s.Now().Add(tokenLifetime)}))
	}
}

// googleError answers in the format of Google's token endpoint.
func googleError(w http.ResponseWriter, code, words string) {
	status := http.StatusBadRequest
	if code == "unauthorized_client" {
		status = http.StatusUnauthorized
	}
	answerJSON(w, status, map[string]any{"error": code, "error_description": words})
}

// xoauth2 is the server's side of XOAUTH2. A refusal is a challenge first, which the client answers by an empty line.
type xoauth2 struct {
	session *smtpSession
	refused error
}

var _ sasl.Server = (*xoauth2)(nil)

// Next implements [sasl.Server].
func (x *xoauth2) Next(response []byte) (challenge []byte, done bool, err error) {
	if x.refused != nil {
		return nil, false, x.refused
	}
	if response == nil {
		return []byte{}, false, nil
	}
	if x.refused = x.session.refuseToken(string(response)); x.refused != nil {
		return []byte(`{"status":"400","schemes":"Bearer","scope":"` + googleMail + `"}`), false, nil
	}
	x.session.authenticated = true
	return nil, true, nil
}

// refuseToken returns the refusal of a client's response "user=… ^A auth=Bearer … ^A ^A", or nil.
func (c *smtpSession) refuseToken(response string) error {
	fields := strings.Split(response, "\x01")
	refusal := smtpError(535, gosmtp.EnhancedCode{5, 7, 3}, "Authentication unsuccessful [sandbox]")
	if len(fields) != 4 || fields[2] != "" || fields[3] != "" {
		return smtpError(501, gosmtp.EnhancedCode{5, 5, 2}, "Cannot Decode response")
	}
	user, hasUser := strings.CutPrefix(fields[0], "user=")
	token, hasToken := strings.CutPrefix(fields[1], "auth=Bearer ")
	switch c.s.faults.Next(smtp, "/auth") {
	case modeTokenExpired:
		c.s.tokens.revoke(token)
	case modeDisabled:
		return smtpError(535, gosmtp.EnhancedCode{5, 7, 139}, "Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information.")
	}
	if !hasUser || !hasToken {
		return refusal
	}
	if _, valid := c.s.bearer(token, outlookScopes...); valid && c.s.Microsoft != nil && strings.EqualFold(user, c.s.Microsoft.Mailbox) {
		return nil
	}
	if a, valid := c.s.bearer(token, googleMail); valid && strings.EqualFold(user, a.user) {
		return nil
	}
	return refusal
}
