package widget

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"
)

func built() fstest.MapFS {
	return fstest.MapFS{
		"dist/pod.html":                 {Data: []byte("page")},
		"dist/pod.html.br":              {Data: []byte("page in br")},
		"dist/pod-assets/pod-abc.js":    {Data: []byte("script")},
		"dist/pod-assets/pod-abc.js.br": {Data: []byte("script in br")},
		"dist/pod-assets/pod-abc.js.gz": {Data: []byte("script in gzip")},
	}
}

func TestAssets(t *testing.T) {
	_, assets, err := load(built())
	if err != nil {
		t.Fatal(err)
	}
	const forever = "public, max-age=31536000, immutable"
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
		{"what is not an asset is not found", "/pod-assets/../pod.html", "br", 404, "404 page not found\n", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.URL.Path = c.path
			r.Header.Set("Accept-Encoding", c.accept)
			w := httptest.NewRecorder()
			assets.ServeHTTP(w, r)
			h := w.Header()
			if w.Code != c.status || w.Body.String() != c.body || h.Get("Content-Encoding") != c.encoding || h.Get("Cache-Control") != c.caches {
				t.Errorf("%d %q, encoding %q, cache %q", w.Code, w.Body, h.Get("Content-Encoding"), h.Get("Cache-Control"))
			}
		})
	}
}

func TestLoadGivesThePage(t *testing.T) {
	page, _, err := load(built())
	if err != nil || string(page) != "page" {
		t.Errorf("got %q, %v", page, err)
	}
}

func TestLoadSaysWhenThePodIsNotBuilt(t *testing.T) {
	if _, _, err := load(fstest.MapFS{"dist/.gitkeep": {}}); !errors.Is(err, ErrNotBuilt) {
		t.Errorf("got %v, want ErrNotBuilt", err)
	}
}
