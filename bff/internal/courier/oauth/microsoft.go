package oauth

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// Cloud is one of Microsoft's clouds. Each has its own directories, mailboxes and hosts.
type Cloud string

// The clouds, of which Global is the default.
const (
	Global Cloud = "global" // and Microsoft 365 GCC
	USGov  Cloud = "us-gov" // GCC High
	DoD    Cloud = "dod"
	China  Cloud = "china" // operated by 21Vianet
)

// cloudHosts are a cloud's hosts: those that give tokens, Microsoft Graph, and the resource of Exchange's own protocols.
type cloudHosts struct{ authority, graph, outlook string }

var clouds = map[Cloud]cloudHosts{
	Global: {"https://login.microsoftonline.com", "https://graph.microsoft.com", "https://outlook.office365.com"},
	USGov:  {"https://login.microsoftonline.us", "https://graph.microsoft.us", "https://outlook.office365.us"},
	DoD:    {"https://login.microsoftonline.us", "https://dod-graph.microsoft.us", "https://outlook-dod.office365.us"},
	China:  {"https://login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn", "https://partner.outlook.cn"},
}

// Microsoft is an application in a directory of Microsoft Entra, which signs in as itself. It is a part of an account's
// settings, and of its command line.
type Microsoft struct {
	Directory string `json:"directory,omitempty" help:"ID of the Microsoft Entra directory (tenant), or one of its domains."`
	Client    string `json:"client,omitempty" help:"ID of the application (client) in that directory."`
	Cloud     Cloud  `json:"cloud,omitempty" default:"global" enum:"global,us-gov,dod,china" help:"Microsoft's cloud: global, us-gov (GCC High), dod, or china (21Vianet)."`
}

// GraphHost returns the host of Microsoft Graph; empty for an unknown cloud.
func (m Microsoft) GraphHost() string { return clouds[m.cloud()].graph }

// OutlookHost returns the resource of Exchange's own protocols, SMTP among them; empty for an unknown cloud.
func (m Microsoft) OutlookHost() string { return clouds[m.cloud()].outlook }

func (m Microsoft) cloud() Cloud {
	if m.Cloud == "" {
		return Global
	}
	return m.Cloud
}

var (
	directoryPattern = regexp.MustCompile(`^[0-9A-Za-z](?:[0-9A-Za-z.-]{0,251}[0-9A-Za-z])?$`)
	guidPattern      = regexp.MustCompile(`^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
)

// minKeyBits is the least length of an RSA key.
const minKeyBits = 2048

// NewMicrosoft returns the tokens for a resource, such as the host of Microsoft Graph. The credential is the value of a
// client secret, or a certificate with its private key (PEM). An empty authority is the cloud's own. The error names the
// invalid setting.
func NewMicrosoft(carrier string, m Microsoft, credential, resource, authority string, now func() time.Time) (*Source, error) {
	hosts, known := clouds[m.cloud()]
	switch {
	case !known:
		return nil, fmt.Errorf("%s: the cloud is %s, %s, %s or %s", carrier, Global, USGov, DoD, China)
	case !directoryPattern.MatchString(m.Directory):
		return nil, fmt.Errorf("%s: the directory is missing, or is neither an ID nor a domain", carrier)
	case !guidPattern.MatchString(m.Client):
		return nil, fmt.Errorf("%s: the application's (client) ID is missing, or is none: it has 32 hexadecimal digits with hyphens", carrier)
	case now == nil:
		return nil, fmt.Errorf("%s: the clock is missing", carrier)
	}
	if authority == "" {
		authority = hosts.authority
	}
	config := clientcredentials.Config{
		ClientID: m.Client, TokenURL: authority + "/" + url.PathEscape(m.Directory) + "/oauth2/v2.0/token",
		Scopes: []string{resource + "/.default"}, AuthStyle: oauth2.AuthStyleInParams,
	}
	if strings.Contains(credential, "-----BEGIN") {
		certificate, err := readCertificate(credential)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", carrier, err)
		}
		return newSource(carrier, now, certificate.sign(config), explainMicrosoft), nil
	}
	if credential == "" || strings.ContainsAny(credential, " \t\r\n") {
		return nil, fmt.Errorf("%s: the client secret is missing or has spaces in it", carrier)
	}
	if guidPattern.MatchString(credential) {
		return nil, fmt.Errorf("%s: this is the ID of a client secret: Microsoft Entra shows the secret itself in the column Value, once, when it is made", carrier)
	}
	config.ClientSecret = credential
	return newSource(carrier, now, func(time.Time) (*clientcredentials.Config, error) { return &config, nil }, explainMicrosoft), nil
}

// certificate signs in place of a client secret.
type certificate struct {
	key        *rsa.PrivateKey
	thumbprint string // SHA-256, base64url
}

func readCertificate(text string) (certificate, error) {
	pair, err := tls.X509KeyPair([]byte(text), []byte(text))
	if err != nil {
		return certificate{}, errors.New("the file must hold the certificate and its private key without a password (PEM)")
	}
	key, ok := pair.PrivateKey.(*rsa.PrivateKey)
	if !ok || key.N.BitLen() < minKeyBits {
		return certificate{}, fmt.Errorf("the certificate's key must be RSA with %d bits or more", minKeyBits)
	}
	sum := sha256.Sum256(pair.Certificate[0])
	return certificate{key, base64.RawURLEncoding.EncodeToString(sum[:])}, nil
}

// sign returns requests with an assertion of their own each (RFC 7523), as Microsoft describes it: PS256, and the
// certificate's SHA-256 thumbprint in the header.
func (c certificate) sign(config clientcredentials.Config) request {
	return func(now time.Time) (*clientcredentials.Config, error) {
		assertion := jwt.NewWithClaims(jwt.SigningMethodPS256, jwt.RegisteredClaims{
			Issuer: config.ClientID, Subject: config.ClientID, Audience: jwt.ClaimStrings{config.TokenURL}, ID: rand.Text(),
			IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(assertionLifetime)),
		})
		assertion.Header["x5t#S256"] = c.thumbprint
		signed, err := assertion.SignedString(c.key)
		if err != nil {
			return nil, err
		}
		signedConfig := config
		signedConfig.EndpointParams = url.Values{
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {signed},
		}
		return &signedConfig, nil
	}
}
