package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

// Files serves files by request path. Files that were compressed at build time (.br, .gz) are sent to each browser in the
// smallest form that it accepts.
type Files struct {
	cache  string
	byPath map[string]file
}

// file is one file in all its encodings.
type file struct {
	contentType string
	body        map[string][]byte // by encoding; "" is plain
	etag        string
}

var suffixes = map[string]string{"br": ".br", "gzip": ".gz"}

// Open reads the files that match the pattern, as in [fs.Glob], for requests of the same path. The header Cache-Control
// is set to cache. Files that are added later are not found.
func Open(built fs.FS, pattern, cache string) (Files, error) {
	names, err := fs.Glob(built, pattern)
	if err != nil {
		return Files{}, err
	}
	files := Files{cache: cache, byPath: map[string]file{}}
	for _, name := range names {
		if ext := path.Ext(name); ext == ".br" || ext == ".gz" {
			continue
		}
		if files.byPath["/"+name], err = readFile(built, name); err != nil {
			return Files{}, err
		}
	}
	return files, nil
}

func readFile(built fs.FS, name string) (file, error) {
	plain, err := fs.ReadFile(built, name)
	if err != nil {
		return file{}, err
	}
	sum := sha256.Sum256(plain)
	f := file{
		contentType: mime.TypeByExtension(path.Ext(name)), body: map[string][]byte{"": plain},
		etag: base64.RawURLEncoding.EncodeToString(sum[:12]),
	}
	for encoding, suffix := range suffixes {
		if compressed, err := fs.ReadFile(built, name+suffix); err == nil {
			f.body[encoding] = compressed
		}
	}
	return f, nil
}

func (files Files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := files.byPath[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	encoding := f.bestEncoding(r)
	h := w.Header()
	h.Set("Cache-Control", files.cache)
	h.Set("Content-Type", f.contentType)
	h.Add("Vary", "Accept-Encoding")
	h.Set("ETag", fmt.Sprintf("%q", strings.TrimSuffix(f.etag+"-"+encoding, "-"))) // each encoding has its own bytes
	if encoding != "" {
		h.Set("Content-Encoding", encoding)
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.body[encoding]))
}

func (f file) bestEncoding(r *http.Request) string {
	for _, encoding := range [...]string{"br", "gzip"} {
		if _, ok := f.body[encoding]; ok && accepts(r, encoding) {
			return encoding
		}
	}
	return ""
}

// accepts reports whether the client accepts the encoding; q=0 excludes it.
func accepts(r *http.Request, encoding string) bool {
	for _, part := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		name, quality, _ := strings.Cut(strings.ReplaceAll(part, " ", ""), ";")
		if strings.EqualFold(name, encoding) {
			return strings.Trim(strings.TrimPrefix(quality, "q="), "0.") != "" || quality == ""
		}
	}
	return false
}
