// Package embedcheck finds the reasons why a pod stays blank in its host page. It requests both as a browser does.
//
// Start with [Check]. It requests the pod's page, its script and the loader, and the host page if one is given; it
// changes nothing. Each finding that is not fine has a next step.
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

// Level is the severity of a finding.
type Level int

// The levels. A pod with a Failure stays blank, or can't be launched; the effect of a Warning depends on the host.
const (
	Fine Level = iota
	Warning
	Failure
)

// Finding is the result of one check.
type Finding struct {
	Level Level
	Text  string
	Next  string // the next step; empty for Fine
}

// Config holds the addresses to check.
type Config struct {
	Pod    string       // the pod's address, such as https://pod.example/pod/acme
	Host   string       // of the page that frames it; empty: only the pod is checked
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
	requestTimeout = 10 * time.Second
	maxBodyBytes   = 2 << 20
)

// Check runs all checks. Its findings are in the order in which a browser would meet them.
func Check(ctx context.Context, c Config) []Finding {
	if c.Client == nil {
		c.Client = &http.Client{Timeout: requestTimeout}
	}
	client := *c.Client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.Client = &client
	k := &check{Config: c}
	if !k.checkAddresses() {
		return k.findings
	}
	if page, found := k.checkPage(ctx); found {
		k.checkFraming(page)
		k.checkScripts(ctx, page)
	}
	if k.Host != "" {
		k.checkHost(ctx)
	}
	return k.findings
}

func (k *check) pass(format string, args ...any) {
	k.findings = append(k.findings, Finding{Level: Fine, Text: fmt.Sprintf(format, args...)})
}

func (k *check) warn(next, format string, args ...any) {
	k.findings = append(k.findings, Finding{Level: Warning, Text: fmt.Sprintf(format, args...), Next: next})
}

func (k *check) fail(next, format string, args ...any) {
	k.findings = append(k.findings, Finding{Level: Failure, Text: fmt.Sprintf(format, args...), Next: next})
}

// checkAddresses parses the two addresses and checks them without a request.
func (k *check) checkAddresses() bool {
	pod, err := url.Parse(k.Pod)
	tenant, isPod := "", false
	if err == nil {
		tenant, isPod = strings.CutPrefix(pod.Path, "/pod/")
	}
	if err != nil || pod.Host == "" || pod.Scheme != "https" && pod.Scheme != "http" ||
		!isPod || tenant == "" || strings.Contains(tenant, "/") {
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

// response is a received answer.
type response struct {
	status int
	header http.Header
	body   string
}

func (k *check) get(ctx context.Context, address string) (response, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return response{}, err
	}
	request.Header.Set("Accept", "text/html,*/*")
	request.Header.Set("User-Agent", "shieldpod doctor")
	resp, err := k.Client.Do(request)
	if err != nil {
		return response{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBodyBytes))
	return response{resp.StatusCode, resp.Header, string(body)}, err
}

// unreachable explains why a request failed.
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

// originOf writes an origin as browsers do: in lower case, without the scheme's default port.
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
