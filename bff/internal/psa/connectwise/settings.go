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

// Settings say where a tenant's ConnectWise is, and what its words mean. Nothing in them is secret.
type Settings struct {
	Host     string          `json:"host"`               // as browsers have it: na.myconnectwise.net, or an on-premises one
	Company  string          `json:"company"`            // what members type as their company to sign in
	ClientID string          `json:"client_id"`          // the integration's, from ConnectWise's developer site
	Codebase string          `json:"codebase,omitempty"` // where the API is; empty: ConnectWise is asked
	Version  string          `json:"version,omitempty"`  // of the API; empty: the one that this adapter was written for
	Types    map[string]Type `json:"types,omitempty"`    // of communication, by their names; beside the built-in ones
}

// Type is what a type of communication is good for.
type Type string

// The types. One that is not known is tried: the number itself, or the carrier, will tell.
const (
	TypeMobile   Type = "mobile"   // gets texts
	TypeLandline Type = "landline" // gets none
	TypeIgnore   Type = "ignore"   // nobody is reached there
)

// builtin are names that mean the same everywhere. They are in small letters.
var builtin = map[string]Type{
	"mobile": TypeMobile, "mobile phone": TypeMobile, "cell": TypeMobile, "cell phone": TypeMobile, "cellphone": TypeMobile, "cellular": TypeMobile,
	"fax": TypeIgnore, "pager": TypeIgnore,
}

// Keys are an API member's.
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

// ParseSettings reads settings as they are stored, and refuses what can't be used.
func ParseSettings(text []byte) (Settings, error) {
	var s Settings
	if err := strictjson.Unmarshal(text, &s); err != nil {
		return Settings{}, errors.New("they can't be read")
	}
	return s, s.Check()
}

// Check says, in words for an admin, what can't be used.
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

// Seal gives the keys as they are stored, and refuses what can't be used. Without keys it gives none.
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

// cloud is where ConnectWise itself hosts; its API has a name of its own there.
const cloud = ".myconnectwise.net"

// site is the origin of ConnectWise's screens. Only on this machine it may be reached without TLS: that is for the demo.
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
	if strings.HasSuffix(host, cloud) {
		host = strings.TrimPrefix(host, "api-")
	}
	return &url.URL{Scheme: scheme, Host: host}, nil
}

// Origin is that of the pages that frame the pod.
func (s Settings) Origin() string {
	site, err := s.site()
	if err != nil {
		return ""
	}
	return site.String()
}

// api is where the API answers.
func (s Settings) api() url.URL {
	site, err := s.site()
	if err != nil {
		return url.URL{}
	}
	if strings.HasSuffix(site.Host, cloud) {
		site.Host = "api-" + site.Host
	}
	return *site
}

// typeOf is what a type of communication is good for; empty: nobody knows.
func (s Settings) typeOf(name string) Type {
	name = strings.ToLower(strings.TrimSpace(name))
	for own, t := range s.Types {
		if strings.ToLower(strings.TrimSpace(own)) == name {
			return t
		}
	}
	return builtin[name]
}
