package web_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"github.com/shieldpod/shieldpod/bff/internal/web"
)

func TestAFormIsReadFromTheBodyOnly(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end()
	for _, c := range []struct {
		name, kind string
		body       io.Reader
		ctx        context.Context
		want       string // the value of a
		err        error
	}{
		{"a form", web.FormType, strings.NewReader("a=1&b=2"), t.Context(), "1", nil},
		{"a form with its character set", web.FormType + "; charset=utf-8", strings.NewReader("a=1"), t.Context(), "1", nil},
		{"a form of the limit's length", web.FormType, strings.NewReader("a=" + strings.Repeat("x", 14)), t.Context(), strings.Repeat("x", 14), nil},
		{"a form one byte longer", web.FormType, strings.NewReader("a=" + strings.Repeat("x", 15)), t.Context(), "", web.ErrTooLarge},
		{"an empty body", web.FormType, strings.NewReader(""), t.Context(), "", nil},
		{"another media type", "text/plain", strings.NewReader("a=1"), t.Context(), "", web.ErrNotForm},
		{"no media type", "", strings.NewReader("a=1"), t.Context(), "", web.ErrNotForm},
		{"a form with files", "multipart/form-data; boundary=x", strings.NewReader("a=1"), t.Context(), "", web.ErrNotForm},
		{"a broken escape", web.FormType, strings.NewReader("a=%zz"), t.Context(), "", web.ErrMalformed},
		{"a body that breaks off", web.FormType, io.MultiReader(strings.NewReader("a=1"), iotest.ErrReader(io.ErrUnexpectedEOF)), t.Context(), "", web.ErrMalformed},
		{"a request that has ended", web.FormType, strings.NewReader("a=1"), ended, "", web.ErrMalformed},
	} {
		r := httptest.NewRequestWithContext(c.ctx, http.MethodPost, "/?a=query", c.body)
		r.Header.Set("Content-Type", c.kind)
		form, err := web.ReadForm(httptest.NewRecorder(), r, 16)
		if !errors.Is(err, c.err) || form.Get("a") != c.want {
			t.Errorf("%s: %q, %v; want %q, %v", c.name, form.Get("a"), err, c.want, c.err)
		}
	}
}

func TestTheURLOfAnAssetChangesWithItsContent(t *testing.T) {
	urls := map[string]bool{}
	for _, script := range []string{"one", "two"} {
		assets, err := web.NewAssets(fstest.MapFS{"assets/a.min.js": {Data: []byte(script)}, "assets/b.css": {Data: []byte("b")}}, "assets", "/v-assets/", "a.min.js")
		if err != nil {
			t.Fatal(err)
		}
		url, err := assets.URL("a.min.js")
		if err != nil || !regexp.MustCompile(`^/v-assets/a\.min\.[0-9a-f]{8}\.js$`).MatchString(url) || urls[url] {
			t.Errorf("%q, %v", url, err)
		}
		urls[url] = true
		if _, err := assets.URL("b.css"); err == nil {
			t.Error("a file that was not named has a URL")
		}
		for path, want := range map[string]int{url: 200, "/v-assets/a.min.js": 404, "/v-assets/b.css": 404, "/v-assets/": 404} {
			w := httptest.NewRecorder()
			assets.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
			if w.Code != want || want == 200 && (w.Body.String() != script || w.Header().Get("Cache-Control") != web.Immutable || w.Header().Get("Content-Type") != "text/javascript; charset=utf-8") {
				t.Errorf("%s: %d %q %v", path, w.Code, w.Body, w.Header())
			}
		}
	}
	if _, err := web.NewAssets(fstest.MapFS{}, "assets", "/", "a.js"); err == nil {
		t.Error("a missing file is no error")
	}
}

func TestAnAssetIsSentCompressedWhereThatIsSmaller(t *testing.T) {
	long := strings.Repeat("shield ", 100)
	assets, err := web.NewAssets(fstest.MapFS{"long.js": {Data: []byte(long)}, "short.js": {Data: []byte("x")}}, ".", "/", "long.js", "short.js")
	if err != nil {
		t.Fatal(err)
	}
	for name, encoding := range map[string]string{"long.js": "gzip", "short.js": ""} {
		url, _ := assets.URL(name)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		r.Header.Set("Accept-Encoding", "gzip, br")
		w := httptest.NewRecorder()
		assets.ServeHTTP(w, r)
		if got := w.Header().Get("Content-Encoding"); got != encoding {
			t.Errorf("%s: %q, want %q", name, got, encoding)
		}
		if encoding == "gzip" {
			requirePlain(t, w.Body, long)
		}
	}
}

func TestABodyIsCompressedForClientsThatAcceptGzip(t *testing.T) {
	for accept, encoding := range map[string]string{"": "", "gzip": "gzip", "br, gzip;q=0.5": "gzip", "gzip;q=0": "", "identity": "", "xgzip": ""} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.Header.Set("Accept-Encoding", accept)
		w := httptest.NewRecorder()
		web.WriteCompressed(w, r, http.StatusTeapot, []byte("the page"))
		if w.Code != http.StatusTeapot || w.Header().Get("Content-Encoding") != encoding || w.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: %d, %v", accept, w.Code, w.Header())
			continue
		}
		if encoding == "" && w.Body.String() != "the page" {
			t.Errorf("%q: %q", accept, w.Body)
		}
		if encoding == "gzip" {
			requirePlain(t, w.Body, "the page")
		}
	}
}

func requirePlain(t *testing.T, compressed io.Reader, want string) {
	t.Helper()
	z, err := gzip.NewReader(compressed)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := io.ReadAll(z); err != nil || string(plain) != want {
		t.Errorf("%q, %v", plain, err)
	}
}

func TestOnlyHTTPSIsKeptAsHTTPS(t *testing.T) {
	for https, want := range map[bool]string{true: "max-age=31536000", false: ""} {
		h := http.Header{}
		web.SetHeaders(h, https)
		if got := h.Get("Strict-Transport-Security"); got != want {
			t.Errorf("https %t: %q", https, got)
		}
	}
}

func TestCSPHashIsThatOfTheSpecification(t *testing.T) {
	// The example of https://www.w3.org/TR/CSP3/#script-src-hash-usage.
	if got := web.CSPHash("alert('Hello, world.');"); got != "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='" {
		t.Error(got)
	}
}
