// Package packed serves files that were compressed when they were built: [Open] reads them with the
// copies beside them (.br, .gz), and every browser gets the smallest that it takes.
package packed

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

// Files are what a server hands out, by request path.
type Files struct {
	cache string
	all   map[string]file
}

// file is one file in every encoding that it was built in.
type file struct {
	contentType string
	body        map[string][]byte // by encoding; "" is plain
	tag         string
}

var suffixes = map[string]string{"br": ".br", "gzip": ".gz"}

// Open reads what matches the pattern, as [fs.Glob] has it, for requests of the same path; cache is
// what a reader is told about keeping it. What is not there when it is opened is never found.
func Open(built fs.FS, pattern, cache string) (Files, error) {
	names, err := fs.Glob(built, pattern)
	if err != nil {
		return Files{}, err
	}
	files := Files{cache: cache, all: map[string]file{}}
	for _, name := range names {
		if ext := path.Ext(name); ext == ".br" || ext == ".gz" {
			continue
		}
		if files.all["/"+name], err = read(built, name); err != nil {
			return Files{}, err
		}
	}
	return files, nil
}

func read(built fs.FS, name string) (file, error) {
	plain, err := fs.ReadFile(built, name)
	if err != nil {
		return file{}, err
	}
	sum := sha256.Sum256(plain)
	f := file{
		contentType: mime.TypeByExtension(path.Ext(name)), body: map[string][]byte{"": plain},
		tag: base64.RawURLEncoding.EncodeToString(sum[:12]),
	}
	for encoding, suffix := range suffixes {
		if packed, err := fs.ReadFile(built, name+suffix); err == nil {
			f.body[encoding] = packed
		}
	}
	return f, nil
}

func (files Files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := files.all[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	encoding := f.best(r)
	h := w.Header()
	h.Set("Cache-Control", files.cache)
	h.Set("Content-Type", f.contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Add("Vary", "Accept-Encoding")
	h.Set("ETag", fmt.Sprintf("%q", strings.TrimSuffix(f.tag+"-"+encoding, "-"))) // each encoding is other bytes
	if encoding != "" {
		h.Set("Content-Encoding", encoding)
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.body[encoding]))
}

func (f file) best(r *http.Request) string {
	for _, encoding := range [...]string{"br", "gzip"} {
		if _, ok := f.body[encoding]; ok && accepts(r, encoding) {
			return encoding
		}
	}
	return ""
}

// accepts tells whether the client takes the encoding; q=0 means that it does not.
func accepts(r *http.Request, encoding string) bool {
	for _, part := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		name, quality, _ := strings.Cut(strings.ReplaceAll(part, " ", ""), ";")
		if strings.EqualFold(name, encoding) {
			return strings.Trim(strings.TrimPrefix(quality, "q="), "0.") != "" || quality == ""
		}
	}
	return false
}
