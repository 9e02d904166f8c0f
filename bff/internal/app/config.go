package app

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/notify"
)

// Config is what a server is built from. The tags of its parts are those of the command line.
type Config struct {
	Listen    []string // addresses; Serve listens on them
	PublicURL string
	Database  string // a URL of PostgreSQL, or the embedded database's file
	Keys      Keys
	Carriers  PlatformCarriers
	Limits    Limits
	Bus       notify.Config

	MetricsListen string // address of /metrics; empty: there are no metrics
	AllowLoopback bool   // outgoing requests may go to this machine: in the demo

	Now        func() time.Time
	LimitClock func() time.Time // of the rate limits, monotonic; nil: time.Now
	Ticks      <-chan time.Time // drives the hub in tests; nil: a ticker
	Log        *slog.Logger
}

// SystemClock is the machine's time.
func SystemClock() time.Time { return time.Now().UTC() }

// Variable is the environment variable that stands for a flag.
func Variable(flag string) string {
	return "SHIELDPOD_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// CheckPublicURL refuses what could not be the audience of a launch context.
func CheckPublicURL(text string) error {
	if text == "" {
		return errors.New("no public URL: set SHIELDPOD_PUBLIC_URL or --public-url to where browsers reach this server, like https://pod.example")
	}
	return CheckSite("--public-url", text)
}

// hosts are written as browsers do, so that what they send can be compared with it letter by letter.
var hosts = regexp.MustCompile(`^(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[0-9]+)?$`)

// CheckSite refuses a setting that is not a scheme and a host as a browser sends them as an origin: anything else
// would never match, or, in a content security policy, match too much. Without TLS only loopback is accepted.
func CheckSite(setting, text string) error {
	if err := checkSite(text); err != nil {
		return fmt.Errorf("%s %w", setting, err)
	}
	return nil
}

func checkSite(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme+"://"+u.Host != text || !hosts.MatchString(u.Host) || !usualPort(u) {
		return fmt.Errorf("%q must be a scheme and a host only, in small letters and without the scheme's own port, like https://pod.example", text)
	}
	if u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()) {
		return nil
	}
	return fmt.Errorf("%q must be https (http is for loopback only)", text)
}

// usualPort tells whether browsers would write the port, and so.
func usualPort(u *url.URL) bool {
	port := u.Port()
	n, err := strconv.ParseUint(port, 10, 16)
	own := u.Scheme == "https" && n == 443 || u.Scheme == "http" && n == 80
	return port == "" || err == nil && n > 0 && !own && strconv.FormatUint(n, 10) == port
}

func loopback(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || host == "::1"
}
