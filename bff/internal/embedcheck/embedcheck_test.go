package embedcheck_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/embedcheck"
)

// fixture is a pod and a host page without defects, each on its own server.
type fixture struct {
	pod, host                      *httptest.Server
	client                         *http.Client
	podURL, hostURL                string
	page, script, loader, hostPage fakeAnswer
}

// fakeAnswer is the answer of a server.
type fakeAnswer struct {
	status int
	header http.Header
	body   string
}

func (a fakeAnswer) serve(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	_, _ = w.Write([]byte(a.body))
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	s := &fixture{}
	s.host = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { s.hostPage.serve(w) }))
	s.pod = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/pod/acme":
			s.page.serve(w)
		case "/pod-assets/pod-1.js":
			s.script.serve(w)
		case "/embed/v1.js":
			s.loader.serve(w)
		default:
			fakeAnswer{404, nil, "<!doctype html><title>Shieldpod</title>"}.serve(w)
		}
	}))
	t.Cleanup(s.host.Close)
	t.Cleanup(s.pod.Close)
	s.client = s.pod.Client()
	s.podURL, s.hostURL = s.pod.URL+"/pod/acme", s.host.URL+"/ticket"
	js := http.Header{"Content-Type": {"text/javascript; charset=utf-8"}}
	s.page = fakeAnswer{200, http.Header{
		"Content-Type":            {"text/html; charset=UTF-8"},
		"Content-Security-Policy": {"default-src 'none'; script-src 'self'; frame-ancestors " + s.host.URL + " https://two.example"},
	}, `<!doctype html><head><meta name="shieldpod-origins" content="` + s.host.URL + ` https://two.example"><script type="module" src="/pod-assets/pod-1.js"></script></head>`}
	s.script, s.loader = fakeAnswer{200, js, ""}, fakeAnswer{200, js.Clone(), ""}
	s.hostPage = fakeAnswer{200, http.Header{
		"Content-Type":            {"text/html"},
		"Content-Security-Policy": {"default-src 'self'; script-src 'self' " + s.pod.URL + "; frame-src " + s.pod.URL},
	}, `<!doctype html><script async src="` + s.pod.URL + `/embed/v1.js"></script>`}
	return s
}

func (s *fixture) check(t *testing.T) []embedcheck.Finding {
	t.Helper()
	return embedcheck.Check(t.Context(), embedcheck.Config{Pod: s.podURL, Host: s.hostURL, Client: s.client})
}

func TestAPodThatShowsHasNothingToSay(t *testing.T) {
	s := newFixture(t)
	for _, f := range s.check(t) {
		if f.Level != embedcheck.Fine || f.Next != "" {
			t.Errorf("%+v", f)
		}
	}
	s.hostURL = ""
	for _, f := range s.check(t) {
		if f.Level != embedcheck.Fine {
			t.Errorf("without a host: %+v", f)
		}
	}
}

func TestAnAddressMayBeSpeltAsPeopleDo(t *testing.T) {
	s := newFixture(t)
	trusted := s.client.Transport.(*http.Transport).Clone()
	pod, host := s.pod.Listener.Addr().String(), s.host.Listener.Addr().String()
	trusted.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, map[string]string{"pod.example.com:443": pod, "psa.example.com:443": host}[strings.ToLower(address)])
	}
	trusted.TLSClientConfig.ServerName = "example.com"
	s.client = &http.Client{Transport: trusted}
	s.podURL, s.hostURL = "https://Pod.example.com:443/pod/acme", "https://PSA.Example.com:443/ticket"
	s.page.header.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; frame-ancestors https://psa.example.com")
	s.page.body = strings.Replace(s.page.body, s.host.URL+" https://two.example", "https://psa.example.com", 1)
	s.hostPage.header.Set("Content-Security-Policy", "script-src https://pod.example.com; frame-src https://pod.example.com")
	for _, f := range s.check(t) {
		if f.Level != embedcheck.Fine {
			t.Errorf("%+v", f)
		}
	}
}

// failingTransport fails every request.
type failingTransport struct{ err error }

func (f failingTransport) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }

func TestWhyAPodStaysBlank(t *testing.T) {
	header := func(a *fakeAnswer, name string, values ...string) { a.header[name] = values }
	cases := []struct {
		name  string
		edit  func(*fixture)
		says  string
		next  string
		level embedcheck.Level // default Failure
	}{
		{name: "an address that is none", edit: func(s *fixture) { s.podURL = "pod.example" }, says: "not the address of a pod", next: "https://pod.example/pod/TENANT"},
		{name: "an address without a tenant", edit: func(s *fixture) { s.podURL = s.pod.URL + "/pod/" }, says: "not the address of a pod"},
		{name: "a host that is none", edit: func(s *fixture) { s.hostURL = "psa" }, says: "not the address of a page"},
		{name: "a pod without TLS", edit: func(s *fixture) { s.podURL = "http://pod.example/pod/acme" }, says: "mixed content", next: "https"},
		{name: "a host without TLS", edit: func(s *fixture) { s.hostURL = "http://psa.example/ticket" }, says: "served by http"},
		{name: "a name that is not there", edit: func(s *fixture) {
			s.client = &http.Client{Transport: failingTransport{&net.DNSError{IsNotFound: true}}}
		}, says: "not in the DNS", next: "DNS record"},
		{name: "a name that can't be looked up", edit: func(s *fixture) { s.client = &http.Client{Transport: failingTransport{&net.DNSError{IsTimeout: true}}} }, says: "can't be looked up"},
		{name: "a certificate of another name", edit: func(s *fixture) {
			s.client = &http.Client{Transport: failingTransport{x509.HostnameError{Certificate: &x509.Certificate{}, Host: "x"}}}
		}, says: "for another name"},
		{name: "a certificate of nobody known", edit: func(s *fixture) { s.client = &http.Client{} }, says: "signed by nobody known", next: "whole chain"},
		{name: "a certificate that has run out", edit: func(s *fixture) {
			s.client = &http.Client{Transport: failingTransport{x509.CertificateInvalidError{Reason: x509.Expired}}}
		}, says: "not valid now", next: "Renew"},
		{name: "no TLS on the port", edit: func(s *fixture) {
			s.client = &http.Client{Transport: failingTransport{tls.RecordHeaderError{Msg: "x"}}}
		}, says: "does not speak TLS"},
		{name: "nobody there", edit: func(s *fixture) { s.pod.Close() }, says: "nobody answers there"},
		{name: "a redirect", edit: func(s *fixture) { s.page.status = 301; header(&s.page, "Location", "https://www.pod.example/pod/acme") }, says: "redirects to https://www.pod.example", next: "final address"},
		{name: "a tenant that is not there", edit: func(s *fixture) { s.podURL = s.pod.URL + "/pod/nobody" }, says: `no tenant "nobody"`, next: "shieldpod tenant put nobody"},
		{name: "a 404 of somebody else's", edit: func(s *fixture) { s.page = fakeAnswer{404, http.Header{}, "nginx"} }, says: "not as Shieldpod does"},
		{name: "a server that is ill", edit: func(s *fixture) { s.page.status = 503 }, says: "answers 503", next: "readyz"},
		{name: "a sign-in before it", edit: func(s *fixture) { s.page.status = 401 }, says: "answers 401", next: "sign-in"},
		{name: "something that is no page", edit: func(s *fixture) { header(&s.page, "Content-Type", "application/json") }, says: `"application/json" instead of a page`},
		{name: "another page", edit: func(s *fixture) { s.page.body = "<title>Welcome</title>" }, says: "another page than the pod's"},
		{name: "a proxy's X-Frame-Options", edit: func(s *fixture) { header(&s.page, "X-Frame-Options", "SAMEORIGIN") }, says: "adds X-Frame-Options: SAMEORIGIN", next: "proxy"},
		{name: "a policy that was taken away", edit: func(s *fixture) { delete(s.page.header, "Content-Security-Policy") }, says: "Content-Security-Policy is gone"},
		{name: "a policy that was added", edit: func(s *fixture) {
			header(&s.page, "Content-Security-Policy", s.page.header.Get("Content-Security-Policy"), "frame-ancestors 'self'")
		}, says: "second Content-Security-Policy"},
		{name: "a policy that was rewritten", edit: func(s *fixture) {
			header(&s.page, "Content-Security-Policy", "script-src 'self'; frame-ancestors 'self'")
		}, says: "was rewritten"},
		{name: "a policy without scripts", edit: func(s *fixture) {
			header(&s.page, "Content-Security-Policy", "frame-ancestors "+s.host.URL+" https://two.example")
		}, says: "was rewritten"},
		{name: "a host that may not frame it", edit: func(s *fixture) {
			header(&s.page, "Content-Security-Policy", "script-src 'self'; frame-ancestors https://two.example")
			s.page.body = strings.Replace(s.page.body, s.host.URL+" ", "", 1)
		}, says: "may not frame the pod: only https://two.example may", next: "tenant put acme --add-origin https://127.0.0.1"},
		{name: "no origin at all", edit: func(s *fixture) {
			header(&s.page, "Content-Security-Policy", "script-src 'self'; frame-ancestors 'none'")
			s.page.body = strings.Replace(s.page.body, s.host.URL+" https://two.example", "", 1)
		}, says: "no origin may frame", next: "tenant put acme --add-origin"},
		{name: "a script that is not there", edit: func(s *fixture) { s.script.status = 404 }, says: "the pod's script answers 404", next: "/pod-assets/"},
		{name: "a page without a script", edit: func(s *fixture) { s.page.body = strings.Split(s.page.body, "<script")[0] }, says: "loads no script", next: "make build"},
		{name: "a loader that is not there", edit: func(s *fixture) { s.loader.status = 403 }, says: "the loader answers 403", next: "/embed/"},
		{name: "a loader that is no script", edit: func(s *fixture) { header(&s.loader, "Content-Type", "text/plain") }, says: `the loader is served as "text/plain"`},
		{name: "a host that asks for a sign-in", edit: func(s *fixture) { s.hostPage = fakeAnswer{302, http.Header{"Location": {"/login"}}, ""} }, says: "ask for a sign-in", next: "frame-src", level: embedcheck.Warning},
		{name: "a host that is not there", edit: func(s *fixture) { s.host.Close() }, says: "the host page can't be looked at", level: embedcheck.Warning},
		{name: "a host that frames nobody", edit: func(s *fixture) { header(&s.hostPage, "Content-Security-Policy", "frame-src 'self'") }, says: "does not let it frame", next: "frame-src https://127.0.0.1"},
		{name: "a host that frames nobody by default", edit: func(s *fixture) { header(&s.hostPage, "Content-Security-Policy", "default-src 'self'") }, says: "does not let it frame"},
		{name: "a host whose second policy frames nobody", edit: func(s *fixture) {
			header(&s.hostPage, "Content-Security-Policy", s.hostPage.header.Get("Content-Security-Policy"), "child-src 'none'")
		}, says: "does not let it frame"},
		{name: "a host that says so in its head", edit: func(s *fixture) {
			s.hostPage.body = `<meta http-equiv="content-security-policy" content="frame-src https://elsewhere.example">`
		}, says: "does not let it frame"},
		{name: "a host that runs no loader", edit: func(s *fixture) {
			header(&s.hostPage, "Content-Security-Policy", "script-src 'self'; frame-src "+s.pod.URL)
		}, says: "does not let it run the loader", next: "script-src https://127.0.0.1"},
		{name: "a host that would run no loader", edit: func(s *fixture) {
			header(&s.hostPage, "Content-Security-Policy", "script-src 'self'; frame-src "+s.pod.URL)
			s.hostPage.body = ""
		}, says: "would not let it run the loader", level: embedcheck.Warning},
		{name: "a host that lets the tag ask nobody", edit: func(s *fixture) {
			header(&s.hostPage, "Content-Security-Policy", "connect-src 'none'; script-src "+s.pod.URL+"; frame-src "+s.pod.URL)
			s.hostPage.body += `<shield-pod tenant="acme" context-url="/shieldpod-context"></shield-pod>`
		}, says: "does not let the loader ask context-url", next: "connect-src 'self'"},
		{name: "a host that lets the tag ask nobody by default", edit: func(s *fixture) {
			header(&s.hostPage, "Content-Security-Policy", "default-src 'none'; script-src "+s.pod.URL+"; frame-src "+s.pod.URL)
			s.hostPage.body += `<shield-pod tenant="acme" context-url="/shieldpod-context"></shield-pod>`
		}, says: "does not let the loader ask context-url", next: "connect-src 'self'"},
		{name: "a host whose second policy lets nobody be asked", edit: func(s *fixture) {
			header(&s.hostPage, "Content-Security-Policy", s.hostPage.header.Get("Content-Security-Policy"), "connect-src https://api.example")
		}, says: "would not let it ask its own server", next: "connect-src 'self'", level: embedcheck.Warning},
		{name: "a host that says in its head whom to ask", edit: func(s *fixture) {
			s.hostPage.body = `<meta http-equiv="Content-Security-Policy" content="connect-src 'none'"><shield-pod context-url="/c"></shield-pod>`
		}, says: "does not let the loader ask context-url"},
		{name: "a host that sends no credentials to others", edit: func(s *fixture) { header(&s.hostPage, "Cross-Origin-Embedder-Policy", "credentialless") }, says: "Cross-Origin-Embedder-Policy: credentialless"},
		{name: "a host that cuts windows off", edit: func(s *fixture) { header(&s.hostPage, "Cross-Origin-Opener-Policy", "same-origin") }, says: "cuts a sign-in's window off", next: "same-origin-allow-popups", level: embedcheck.Warning},
		{name: "a host that wants every frame to opt in", edit: func(s *fixture) { header(&s.hostPage, "Cross-Origin-Embedder-Policy", "require-corp") }, says: "Cross-Origin-Embedder-Policy", next: "credentialless"},
		{name: "a frame without scripts", edit: func(s *fixture) {
			s.hostPage.body = `<iframe sandbox="allow-same-origin" src="` + s.podURL + `"></iframe>`
		}, says: "sandbox without allow-scripts", next: "allow-popups-to-escape-sandbox"},
		{name: "a frame of no origin", edit: func(s *fixture) {
			s.hostPage.body = `<iframe sandbox="allow-scripts" src="` + s.podURL + `"></iframe>`
		}, says: "sandbox without allow-same-origin"},
		{name: "a frame from which nobody signs in", edit: func(s *fixture) {
			s.hostPage.body = `<iframe sandbox="allow-scripts allow-same-origin" src="` + s.podURL + `"></iframe>`
		}, says: "without allow-popups: nobody can sign in", level: embedcheck.Warning},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := newFixture(t)
			c.edit(s)
			want := c.level
			if want == embedcheck.Fine {
				want = embedcheck.Failure
			}
			found := s.check(t)
			for _, f := range found {
				if f.Level == want && strings.Contains(f.Text, c.says) && strings.Contains(f.Next, c.next) && f.Next != "" {
					return
				}
			}
			t.Errorf("it says %+v", found)
		})
	}
}

func TestWhatABrowserOnlyReportsIsNoFault(t *testing.T) {
	s := newFixture(t)
	s.hostPage.header.Set("Content-Security-Policy-Report-Only", "default-src 'none'; connect-src 'none'; frame-src 'none'")
	s.hostPage.header.Set("Cross-Origin-Embedder-Policy-Report-Only", "require-corp")
	s.hostPage.header.Set("Cross-Origin-Opener-Policy", "same-origin-allow-popups")
	for _, f := range s.check(t) {
		if f.Level != embedcheck.Fine {
			t.Errorf("it says %+v", f)
		}
	}
}

func TestSourcesMatchAsInABrowser(t *testing.T) {
	for _, c := range []struct {
		source string
		fine   bool
	}{
		{"https://pod.example", true},
		{"https://pod.example:443", true},
		{"https://pod.example/embed/", true},
		{"http://pod.example", true}, // http in a source includes https
		{"pod.example", true},
		{"pod.example:*", true},
		{"https:", true},
		{"*", true},
		{"*.example", true},
		{"https://*.example", true},
		{"HTTPS://POD.EXAMPLE", true},
		{"'self'", false},
		{"'none'", false},
		{"data:", false},
		{"https://pod.example:8443", false},
		{"https://other.example", false},
		{"*.pod.example", false},
		{"https://pod.example.evil.example", false},
		{"", false},
	} {
		s := newFixture(t)
		s.podURL, s.hostURL = "https://pod.example/pod/acme", "https://psa.example/ticket"
		s.client = &http.Client{Transport: answersByHost{map[string]fakeAnswer{
			"pod.example": {200, http.Header{"Content-Type": {"text/html"}, "Content-Security-Policy": {"script-src 'self'; frame-ancestors https://psa.example"}}, `<meta name="shieldpod-origins" content="https://psa.example">`},
			"psa.example": {200, http.Header{"Content-Security-Policy": {"frame-src " + c.source}}, ""},
		}}}
		blocked := false
		for _, f := range s.check(t) {
			blocked = blocked || strings.Contains(f.Text, "does not let it frame")
		}
		if blocked == c.fine {
			t.Errorf("frame-src %s: blocked is %t", c.source, blocked)
		}
	}
}

// answersByHost answers by host name.
type answersByHost struct{ by map[string]fakeAnswer }

func (b answersByHost) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	b.by[r.URL.Hostname()].serve(w)
	return w.Result(), nil
}
