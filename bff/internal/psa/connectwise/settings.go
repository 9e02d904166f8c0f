package connectwise

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"

	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// Settings state where a tenant's ConnectWise is, and what its names mean. They contain no secret.
type Settings struct {
	Host     string          `json:"host"`               // as in the browser: na.myconnectwise.net, or an on-premises host
	Company  string          `json:"company"`            // the company name of the login
	ClientID string          `json:"client_id"`          // the integration's, from ConnectWise's developer site
	Codebase string          `json:"codebase,omitempty"` // path of the API; empty: ConnectWise is asked
	Version  string          `json:"version,omitempty"`  // of the API; empty: defaultVersion
	Types    map[string]Type `json:"types,omitempty"`    // of communication, by name; added to the built-in ones
}

// Type states what a type of communication is used for.
type Type string

// The types. An unknown one is tried: the number or the carrier decides.
const (
	TypeMobile   Type = "mobile"   // receives texts
	TypeLandline Type = "landline" // receives no texts
	TypeIgnore   Type = "ignore"   // receives no messages
)

// builtinTypes are names with a fixed meaning, in lower case.
var builtinTypes = map[string]Type{
	"mobile": TypeMobile, "mobile phone": TypeMobile, "cell": TypeMobile,
	"cell phone": TypeMobile, "cellphone": TypeMobile, "cellular": TypeMobile,
	"fax": TypeIgnore, "pager": TypeIgnore,
}

// Keys are the keys of an API member.
type Keys struct {
	Public  string `json:"public_key"`
	Private string `json:"private_key"`
}

const defaultVersion = "2025.16"

var (
	companyShape  = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,60}$`)
	clientIDShape = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)
	codebaseShape = regexp.MustCompile(`^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$`)
	versionShape  = regexp.MustCompile(`^[0-9]{4}\.[0-9]{1,2}$`)
	hostShape     = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$`)
	keyShape      = regexp.MustCompile(`^[!-9;-~]{1,200}$`)
)

// ParseSettings reads stored settings, and refuses invalid ones.
func ParseSettings(text []byte) (Settings, error) {
	var s Settings
	if err := strictjson.Unmarshal(text, &s); err != nil {
		return Settings{}, errors.New("they can't be read")
	}
	return s, s.Check()
}

// CheckConnection refuses invalid settings and keys, and gives the origin of the host.
func CheckConnection(settings, secret []byte) (origin string, err error) {
	var s Settings
	if err := strictjson.Unmarshal(settings, &s); err != nil {
		return "", errors.New("its settings can't be read")
	}
	if err := s.Check(); err != nil {
		return "", err
	}
	if _, err := parseKeys(secret); err != nil {
		return "", fmt.Errorf("its keys can't be used: %w", err)
	}
	return s.Origin(), nil
}

// Check gives the first invalid setting, in words for an administrator.
func (s Settings) Check() error {
	if _, err := s.site(); err != nil {
		return err
	}
	for _, row := range []struct {
		name, value string
		shape       *regexp.Regexp
		optional    bool
		like        string
	}{
		{"company", s.Company, companyShape, false, "what members type as their company, like acme"},
		{"client id", s.ClientID, clientIDShape, false, "the id that ConnectWise's developer site gives, like 4dd2c7e8-0000-4000-8000-000000000000"},
		{"codebase", s.Codebase, codebaseShape, true, "the part of the API's address before /apis, like v4_6_release"},
		{"version", s.Version, versionShape, true, "a version of the API, like " + defaultVersion},
	} {
		if !row.shape.MatchString(row.value) && (row.value != "" || !row.optional) {
			return fmt.Errorf("the %s must be %s", row.name, row.like)
		}
	}
	for name, t := range s.Types {
		if t != TypeMobile && t != TypeLandline && t != TypeIgnore {
			return fmt.Errorf("the type %q must be mobile, landline or ignore", name)
		}
	}
	return nil
}

// Seal gives the keys in their stored form, and refuses invalid ones. Without keys it gives nil.
func (k Keys) Seal() ([]byte, error) {
	if k == (Keys{}) {
		return nil, nil
	}
	if !keyShape.MatchString(k.Public) || !keyShape.MatchString(k.Private) {
		return nil, errors.New("the public and the private key must both be set, each as ConnectWise shows it")
	}
	return json.Marshal(k)
}

func parseKeys(secret []byte) (k Keys, err error) {
	if len(secret) == 0 {
		return Keys{}, nil
	}
	if strictjson.Unmarshal(secret, &k) != nil {
		return Keys{}, errors.New("they can't be read")
	}
	_, err = k.Seal()
	return k, err
}

// cloudSuffix is the domain of ConnectWise's own hosting, where the API has a host name of its own.
const cloudSuffix = ".myconnectwise.net"

// site is the origin of ConnectWise's screens. Without TLS only a loopback address is accepted, for the demo.
func (s Settings) site() (*url.URL, error) {
	scheme, host := "https", s.Host
	if rest, plain := strings.CutPrefix(s.Host, "http://"); plain {
		name, _, err := net.SplitHostPort(rest)
		if ip := net.ParseIP(name); err != nil || name != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return nil, errors.New("the host must be reached by https: write it without http://, like na.myconnectwise.net")
		}
		scheme, host = "http", rest
	}
	if !hostShape.MatchString(host) {
		return nil, errors.New("the host must be a name only, in small letters, like na.myconnectwise.net")
	}
	if strings.HasSuffix(host, cloudSuffix) {
		host = strings.TrimPrefix(host, "api-")
	}
	return &url.URL{Scheme: scheme, Host: host}, nil
}

// Origin is the origin of the pages that frame the pod.
func (s Settings) Origin() string {
	site, err := s.site()
	if err != nil {
		return ""
	}
	return site.String()
}

// api is the origin of the API.
func (s Settings) api() url.URL {
	site, err := s.site()
	if err != nil {
		return url.URL{}
	}
	if strings.HasSuffix(site.Host, cloudSuffix) {
		site.Host = "api-" + site.Host
	}
	return *site
}

// typeOf gives the meaning of a type of communication; empty: unknown.
func (s Settings) typeOf(name string) Type {
	name = strings.ToLower(strings.TrimSpace(name))
	for own, t := range s.Types {
		if strings.ToLower(strings.TrimSpace(own)) == name {
			return t
		}
	}
	return builtinTypes[name]
}
