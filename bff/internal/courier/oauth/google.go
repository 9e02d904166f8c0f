package oauth

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// GoogleMail is the scope of Gmail's SMTP. Google has no narrower one for it.
const GoogleMail = "https://mail.google.com/"

// googleHost gives Google's tokens. The address in a key's file is not used: the file must not choose where it is proven.
const googleHost = "https://oauth2.googleapis.com"

// serviceAccount is the key of a service account, as Google Cloud's console writes it.
type serviceAccount struct {
	Type  string `json:"type"`
	Email string `json:"client_email"`
	KeyID string `json:"private_key_id"`
	Key   string `json:"private_key"`
}

// NewGoogle returns the tokens by which a service account acts for a mailbox (domain-wide delegation). The key is the JSON
// of Google Cloud's console. An empty host is Google's own. The error names the invalid setting and holds nothing of the key.
func NewGoogle(carrier, key, mailbox, scope, host string, now func() time.Time) (*Source, error) {
	var account serviceAccount
	if err := strictjson.Unmarshal([]byte(key), &account); err != nil || account.Type != "service_account" || account.Email == "" {
		return nil, fmt.Errorf("%s: the credential must be the key of a service account (JSON), as Google Cloud's console writes it", carrier)
	}
	private, err := readRSAKey(account.Key)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", carrier, err)
	case mailbox == "":
		return nil, fmt.Errorf("%s: the mailbox for which the service account acts is missing", carrier)
	case now == nil:
		return nil, fmt.Errorf("%s: the clock is missing", carrier)
	}
	if host == "" {
		host = googleHost
	}
	tokenURL := host + "/token"
	return newSource(carrier, now, func(now time.Time) (*clientcredentials.Config, error) {
		assertion := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
			"iss": account.Email, "sub": mailbox, "scope": scope, "aud": tokenURL, "iat": now.Unix(), "exp": now.Add(assertionLifetime).Unix(),
		})
		assertion.Header["kid"] = account.KeyID
		signed, err := assertion.SignedString(private)
		return &clientcredentials.Config{
			TokenURL: tokenURL, AuthStyle: oauth2.AuthStyleInParams,
			EndpointParams: url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {signed}},
		}, err
	}, explainGoogle), nil
}

func readRSAKey(text string) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("the service account's key has no private key")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := parsed.(*rsa.PrivateKey)
	if err != nil || !ok || key.N.BitLen() < minKeyBits {
		return nil, fmt.Errorf("the service account's private key is not RSA with %d bits or more", minKeyBits)
	}
	return key, nil
}

// googleRefusal is a refusal of Google's: its code, and words of its text in small letters (empty: any text).
type googleRefusal struct {
	code, words string
	explanation
}

// googleRefusals are sorted so that the first match counts. Source: developers.google.com/identity/protocols/oauth2
// /service-account, "JWT error codes", and public reports.
var googleRefusals = []googleRefusal{
	{"unauthorized_client", "", explanation{
		cause:    "the service account may not act for this domain's mailboxes",
		nextStep: "In the Admin console under API controls, Domain-wide delegation, add the service account's client ID with the scope " + GoogleMail + ". A change takes up to 24 hours",
	}},
	{"access_denied", "", explanation{
		cause:    "the service account has another scope than is needed",
		nextStep: "In the Admin console under API controls, Domain-wide delegation, give the service account the scope " + GoogleMail,
	}},
	{"invalid_grant", "jwt signature", explanation{
		cause: "the service account's key is not known", nextStep: "Make a new key in Google Cloud's console and store the account again",
	}},
	{"invalid_grant", "reasonable timeframe", explanation{cause: "this server's clock differs from Google's", nextStep: "Set this server's clock by NTP"}},
	{"invalid_grant", "short-lived", explanation{cause: "this server's clock differs from Google's", nextStep: "Set this server's clock by NTP"}},
	{"invalid_grant", "account not found", explanation{
		cause: "there is no such service account", nextStep: "Make a service account and a key in Google Cloud's console and store the account again",
	}},
	{"invalid_grant", "", explanation{
		cause: "there is no such mailbox, or it is suspended", nextStep: "Compare the user name with the mailbox's primary address: it must be a user of this Workspace, no group and no alias",
	}},
	{"invalid_client", "", explanation{cause: "the service account is deleted or disabled", nextStep: "Enable it in Google Cloud's console, or make a new one"}},
	{"deleted_client", "", explanation{cause: "the service account is deleted", nextStep: "Make a new one in Google Cloud's console"}},
	{"disabled_client", "", explanation{cause: "the service account is disabled", nextStep: "Enable it in Google Cloud's console"}},
	{"admin_policy_enforced", "", explanation{
		cause: "a policy of the Workspace blocks the service account", nextStep: "Trust the service account in the Admin console under API controls, App access control",
	}},
	{"invalid_scope", "", explanation{cause: "Google knows no such scope"}},
	{"internal_failure", "", explanation{cause: "Google is not available", temporary: true}},
	{"server_error", "", explanation{cause: "Google is not available", temporary: true}},
	{"temporarily_unavailable", "", explanation{cause: "Google is not available", temporary: true}},
	{"rate_limit_exceeded", "", explanation{cause: "too many requests for tokens", temporary: true}},
}

func explainGoogle(refusal *oauth2.RetrieveError) explanation {
	text := strings.ToLower(refusal.ErrorDescription)
	for _, r := range googleRefusals {
		if r.code == refusal.ErrorCode && strings.Contains(text, r.words) {
			r.explanation.code = r.code
			return r.explanation
		}
	}
	return explanation{code: oauthCode(refusal)}
}
