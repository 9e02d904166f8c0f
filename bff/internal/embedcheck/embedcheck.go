// Package embedcheck says why a pod would stay blank in its host page, by looking at both as a browser does.
//
// Start with [Check]. It asks for the pod's page, its script and the loader, and for the host page if one is named; it
// changes nothing anywhere. Each finding that is not fine names the next step.
package embedcheck

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Level is how bad a finding is.
type Level int

// The levels. A pod with a Failure stays blank, or can't be launched; a Warning depends on how the host is built.
const (
	Fine Level = iota
	Warning
	Failure
)

// Finding is one thing that was looked at.
type Finding struct {
	Level Level
	Text  string
	Next  string // what to do; empty when all is fine
}

// Config is what is looked at.
type Config struct {
	Pod    string       // the pod's address, such as https://pod.example/pod/acme
	Host   string       // of the page that frames it; empty: only the pod is looked at
	Client *http.Client // nil: one that trusts the system's certificates
}

// check is one run.
type check struct {
	Config
	tenant   string
	origin   string // of the pod
	findings []Finding
}

const (
	askTime   = 10 * time.Second
	readLimit = 2 << 20
)

// Check looks at everything. Its findings stand in the order in which a browser would meet them.
func Check(ctx context.Context, c Config) []Finding {
	if c.Client == nil {
		c.Client = &http.Client{Timeout: askTime}
	}
	asks := *c.Client
	asks.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.Client = &asks
	k := &check{Config: c}
	if !k.address() {
		return k.findings
	}
	if page, found := k.page(ctx); found {
		k.framing(page)
		k.scripts(ctx, page)
	}
	if k.Host != "" {
		k.host(ctx)
	}
	return k.findings
}

func (k *check) fine(format string, args ...any) {
	k.findings = append(k.findings, Finding{Level: Fine, Text: fmt.Sprintf(format, args...)})
}

func (k *check) warn(next, format string, args ...any) {
	k.findings = append(k.findings, Finding{Level: Warning, Text: fmt.Sprintf(format, args...), Next: next})
}

func (k *check) fail(next, format string, args ...any) {
	k.findings = append(k.findings, Finding{Level: Failure, Text: fmt.Sprintf(format, args...), Next: next})
}

// address reads the two addresses, and what can be told from them alone.
func (k *check) address() bool {
	pod, err := url.Parse(k.Pod)
	tenant, isPod := "", false
	if err == nil {
		tenant, isPod = strings.CutPrefix(pod.Path, "/pod/")
	}
	if err != nil || pod.Host == "" || pod.Scheme != "https" && pod.Scheme != "http" || !isPod || tenant == "" || strings.Contains(tenant, "/") {
		k.fail("Give it as https://pod.example/pod/TENANT.", "%q is not the address of a pod", k.Pod)
		return false
	}
	k.tenant, k.origin = tenant, originOf(pod)
	if pod.Scheme == "http" && !loopback(pod.Hostname()) {
		k.fail("Serve it by https: set --public-url to an https address, with TLS at the balancer.", "the pod is served by http, which browsers don't frame into https pages")
	}
	if k.Host == "" {
		return true
	}
	host, err := url.Parse(k.Host)
	if err != nil || host.Host == "" || host.Scheme != "https" && host.Scheme != "http" {
		k.fail("Give it as https://psa.example/ticket.", "%q is not the address of a page", k.Host)
		return false
	}
	switch {
	case host.Scheme == "https" && pod.Scheme == "http" && !loopback(pod.Hostname()):
		k.fail("Serve the pod by https.", "an https page does not load a frame by http: mixed content")
	case host.Scheme == "http" && !loopback(host.Hostname()):
		k.fail("Serve the host page by https: an origin without TLS can't be registered.", "the host page is served by http")
	}
	return true
}

// page is an answer, read.
type page struct {
	status int
	header http.Header
	body   string
}

func (k *check) get(ctx context.Context, address string) (page, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return page{}, err
	}
	request.Header.Set("Accept", "text/html,*/*")
	request.Header.Set("User-Agent", "shieldpod doctor")
	response, err := k.Client.Do(request)
	if err != nil {
		return page{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, readLimit))
	return page{response.StatusCode, response.Header, string(body)}, err
}

// unreachable says in words why nobody answered.
func unreachable(err error) (why, next string) {
	var dns *net.DNSError
	var wrongName x509.HostnameError
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var notTLS tls.RecordHeaderError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "its name is not in the DNS", "Check the name, and its DNS record."
	case errors.As(err, &dns):
		return "its name can't be looked up", "Check this machine's DNS."
	case errors.As(err, &wrongName):
		return "its certificate is for another name", "Get a certificate for this name."
	case errors.As(err, &unknown):
		return "its certificate is signed by nobody known, or its chain is cut short", "Serve the whole chain of a certificate that browsers trust."
	case errors.As(err, &invalid):
		return "its certificate is not valid now", "Renew the certificate; check the clock."
	case errors.As(err, &notTLS) || strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return "it does not speak TLS there", "End TLS at the balancer, on this port."
	case errors.As(err, &timeout) && timeout.Timeout():
		return "it does not answer in time", "Check the firewall and the balancer."
	}
	return "nobody answers there", "Check that it runs, and the firewall before it."
}

// originOf writes an origin as browsers do: in small letters, without the scheme's own port.
func originOf(u *url.URL) string {
	host := strings.ToLower(u.Host)
	if u.Port() == portOf("", u.Scheme) {
		host = strings.TrimSuffix(host, ":"+u.Port())
	}
	return u.Scheme + "://" + host
}

func loopback(host string) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || host == "127.0.0.1" || host == "::1"
}
