package web_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"

	"github.com/shieldpod/shieldpod/bff/internal/web"
)

const forever = "public, max-age=31536000, immutable"

func open(t *testing.T) web.Files {
	t.Helper()
	files, err := web.Open(fstest.MapFS{
		"pod.html":                 {Data: []byte("page")},
		"pod-assets/pod-abc.js":    {Data: []byte("script")},
		"pod-assets/pod-abc.js.br": {Data: []byte("script in br")},
		"pod-assets/pod-abc.js.gz": {Data: []byte("script in gzip")},
	}, "pod-assets/*", forever)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func ask(files web.Files, method, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/", nil)
	r.URL.Path = path
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	files.ServeHTTP(w, r)
	return w
}

func TestEveryBrowserGetsTheSmallestThatItTakes(t *testing.T) {
	files := open(t)
	for _, c := range []struct {
		name, path, accept     string
		status                 int
		body, encoding, caches string
	}{
		{"a browser gets brotli", "/pod-assets/pod-abc.js", "gzip, deflate, br, zstd", 200, "script in br", "br", forever},
		{"without brotli it gets gzip", "/pod-assets/pod-abc.js", "gzip;q=0.5", 200, "script in gzip", "gzip", forever},
		{"brotli refused by q=0 is not sent", "/pod-assets/pod-abc.js", "br;q=0, gzip;q=0.0", 200, "script", "", forever},
		{"a plain client gets it plain", "/pod-assets/pod-abc.js", "", 200, "script", "", forever},
		{"a compressed copy has no address of its own", "/pod-assets/pod-abc.js.br", "br", 404, "404 page not found\n", "", ""},
		{"what is not among them is not found", "/pod-assets/../pod.html", "br", 404, "404 page not found\n", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := ask(files, http.MethodGet, c.path, "Accept-Encoding", c.accept)
			h := w.Header()
			if w.Code != c.status || w.Body.String() != c.body || h.Get("Content-Encoding") != c.encoding || h.Get("Cache-Control") != c.caches {
				t.Errorf("%d %q, encoding %q, cache %q", w.Code, w.Body, h.Get("Content-Encoding"), h.Get("Cache-Control"))
			}
		})
	}
}

func TestACopyThatIsStillGoodIsNotSentAgain(t *testing.T) {
	files := open(t)
	const path = "/pod-assets/pod-abc.js"
	tag := ask(files, http.MethodGet, path, "Accept-Encoding", "br").Header().Get("ETag")
	for _, c := range []struct {
		name, accept, tag string
		status            int
	}{
		{"the same one", "br", tag, 304},
		{"the same one by a weak comparison", "br", "W/" + tag, 304},
		{"another encoding", "gzip", tag, 200},
		{"another one", "br", `"x"`, 200},
	} {
		if w := ask(files, http.MethodGet, path, "Accept-Encoding", c.accept, "If-None-Match", c.tag); w.Code != c.status {
			t.Errorf("%s: %d, want %d", c.name, w.Code, c.status)
		}
	}
	if w := ask(files, http.MethodHead, path, "Accept-Encoding", "br"); w.Code != 200 || w.Body.Len() != 0 {
		t.Errorf("HEAD: %d with %d bytes", w.Code, w.Body.Len())
	}
}
