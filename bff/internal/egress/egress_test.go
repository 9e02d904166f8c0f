package egress_test

import (
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/egress"
)

func TestThreat_27_ASettingsURLLeadsNowhereInside(t *testing.T) {
	for _, row := range []struct {
		url  string
		fine bool
	}{
		{"https://hooks.example/shieldpod", true},
		{"https://hooks.example:443/shieldpod?a=b", true},
		{"https://93.184.215.14/", true},
		{"https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/", true},
		{"http://hooks.example/", false},
		{"https://hooks.example:8443/", false},
		{"https://user:password@hooks.example/", false},
		{"ftp://hooks.example/", false},
		{"https:///nowhere", false},
		{"//hooks.example/", false},
		{"", false},
		{"https://localhost/", false},
		{"https://metadata/", false},
		{"https://a.localhost/", false},
		{"https://127.0.0.1/", false},
		{"https://0.0.0.0/", false},
		{"https://10.1.2.3/", false},
		{"https://172.16.0.1/", false},
		{"https://192.168.1.1/", false},
		{"https://169.254.169.254/latest/meta-data", false},
		{"https://100.64.0.1/", false},
		{"https://198.18.0.1/", false},
		{"https://224.0.0.1/", false},
		{"https://255.255.255.255/", false},
		{"https://[::1]/", false},
		{"https://[::]/", false},
		{"https://[fe80::1]/", false},
		{"https://[fd00:ec2::254]/", false},
		{"https://[::ffff:127.0.0.1]/", false},
		{"https://[::ffff:10.0.0.1]/", false},
		{"https://[64:ff9b::7f00:1]/", false},
		{"https://[2002:7f00:1::]/", false},
		{"https://[ff02::1]/", false},
	} {
		if err := egress.CheckURL(row.url, false); (err == nil) != row.fine {
			t.Errorf("%s: %v", row.url, err)
		}
	}
}

// TestThreat_27_NoSpellingOfAnInnerAddressPasses has the forms in which programs and browsers read addresses.
func TestThreat_27_NoSpellingOfAnInnerAddressPasses(t *testing.T) {
	for _, host := range []string{
		"localhost.", "LOCALHOST", "LocalHost.", "a.b.localhost.", "localhost.localdomain", "ｌocalhost", "localhost。",
		"127.1", "127.0.1", "127.1.", "127.0.0.1.", "127.000.000.001", "0177.0.0.1", "0177.1", "0x7f.0.0.1", "0X7F.1", "0x7f000001", "0x7f.0x0.0x0.0x1",
		"2130706433", "017700000001", "0", "0.0", "0x", "00000000000", "127.0.0.0x1", "1.2.3.4.5", "256.256.256.256", "10.1", "192.168.257", "169.254.43518",
		"127。0。0。1", "127．0．0．1", "127｡0｡0｡1", "１２７.0.0.1", "①②⑦.⓪.⓪.①", "127。1", "٢١٣٠٧٠٦٤٣٣",
		"[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]", "[::127.0.0.1]", "[::ffff:0:127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::1]",
		"[fe80::1%25eth0]", "[::1%25lo]", "[fec0::1]", "[fc00::1]", "[100::1]", "[5f00::1]", "[2001:db8::1]", "[2001::7f00:1]", "[2002:a00:1::]", "[3fff::1]", "[ff0e::1]",
		"printer.local", "printer.local.", "PRINTER.LOCAL", "metadata.google.internal", "db.internal.", "nas.lan", "router.home", "router.home.arpa", "dc.corp",
		"wiki.intranet", "x.private", "host.localdomain", "example.onion", "1.0.0.127.in-addr.arpa", "hooks", "hooks.", "xn--", "a..example",
		"127.0.0.1%2e", "127%2e0%2e0%2e1", "hooks.example%00.local", "hooks\u200b", "local\u00adhost",
	} {
		for _, url := range []string{"https://" + host + "/", "https://" + host + ":443/", "https://" + host} {
			if err := egress.CheckURL(url, false); err == nil {
				t.Errorf("%s is let pass", url)
			}
		}
	}
	for _, url := range []string{
		"https://user@hooks.example/", "https://hooks.example@127.0.0.1/", "https://127.0.0.1#@hooks.example/", "https://127.0.0.1\\@hooks.example/", "https://hooks.example\\.local/",
		"https:///127.0.0.1/", "https:127.0.0.1/", " https://hooks.example/", "https://hooks.example /", "https://hooks.example:0443/",
	} {
		if err := egress.CheckURL(url, false); err == nil {
			t.Errorf("%s is let pass", url)
		}
	}
	for _, url := range []string{
		"https://hooks.example./x", "https://1and1.example/", "https://0x7f.example/", "https://xn--bcher-kva.example/",
		"https://local.example/", "https://internal.example/", "https://127.0.0.1.example/", "https://8.8.8.8/", "https://[::ffff:8.8.8.8]/", "https://[2a00:1450:4001:81b::200e]/",
	} {
		if err := egress.CheckURL(url, false); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	for _, url := range []string{"http://localhost:8080/", "http://127.0.0.1:8080/", "http://[::1]:8080/", "http://localhost./"} {
		if err := egress.CheckURL(url, true); err != nil {
			t.Errorf("with loopback allowed: %s: %v", url, err)
		}
	}
	for _, url := range []string{"http://127.1/", "http://2130706433/", "http://0x7f.1/", "http://hooks.example/"} {
		if err := egress.CheckURL(url, true); err == nil {
			t.Errorf("with loopback allowed: %s is let pass", url)
		}
	}
}

func TestThreat_27_TheAddressIsCheckedWhenItIsDialled(t *testing.T) {
	for _, address := range []string{"127.0.0.1:443", "[::1]:443", "10.0.0.1:443", "169.254.169.254:443", "192.168.0.1:443", "[::ffff:127.0.0.1]:443", "93.184.215.14:80"} {
		if err := egress.Dial(t.Context(), false, address); !errors.Is(err, egress.ErrNotPublic) {
			t.Errorf("dialling %s: %v", address, err)
		}
	}
}

// newTLSServer starts a server with a certificate that the client trusts.
func newTLSServer(t *testing.T, c egress.Config, handler http.HandlerFunc) (*http.Client, string) {
	t.Helper()
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	c.Roots, c.Timeout = x509.NewCertPool(), 5*time.Second
	c.Roots.AddCert(server.Certificate())
	client := egress.Client(c)
	t.Cleanup(client.CloseIdleConnections)
	return client, server.URL
}

func TestThreat_27_AClientLeadsNowhereInside(t *testing.T) {
	asked := false
	client, url := newTLSServer(t, egress.Config{}, func(http.ResponseWriter, *http.Request) { asked = true })
	port := url[strings.LastIndexByte(url, ':'):]
	for _, to := range []string{url, "http://127.0.0.1" + port, "https://localhost" + port, "https://[::1]" + port, "file:///etc/passwd"} {
		response, err := client.Get(to)
		if err == nil {
			_ = response.Body.Close()
			t.Errorf("%s was reached", to)
		}
	}
	if asked {
		t.Error("a request came through")
	}
}

func TestThreat_27_ARedirectIsNotFollowed(t *testing.T) {
	followed := false
	client, url := newTLSServer(t, egress.Config{AllowLoopback: true}, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/inside" {
			followed = true
			return
		}
		http.Redirect(w, r, "/inside", http.StatusFound)
	})
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusFound || followed {
		t.Errorf("status %d, followed: %t", response.StatusCode, followed)
	}
}

func TestAnAnswerThatIsTooLongIsNotReadAsWhole(t *testing.T) {
	for _, row := range []struct {
		length int
		want   error
	}{{0, nil}, {99, nil}, {100, nil}, {101, egress.ErrTooLong}, {1 << 20, egress.ErrTooLong}} {
		client, url := newTLSServer(t, egress.Config{AllowLoopback: true, BodyLimit: 100}, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, strings.Repeat("x", row.length))
		})
		response, err := client.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if !errors.Is(err, row.want) || len(body) > 100 {
			t.Errorf("%d bytes: got %d, %v, want %v", row.length, len(body), err, row.want)
		}
	}
}
