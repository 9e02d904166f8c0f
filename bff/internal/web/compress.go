package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"sync"
)

// gzipWriters are reused, because a new writer is larger than a page.
var gzipWriters = sync.Pool{New: func() any { return gzip.NewWriter(io.Discard) }}

// WriteCompressed writes an answer whose body differs from request to request, compressed where the client accepts gzip.
// The length of a compressed body can reveal a secret beside a text of a third party: use it for bodies without a secret.
func WriteCompressed(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	h := w.Header()
	h.Add("Vary", "Accept-Encoding")
	if !accepts(r, "gzip") {
		w.WriteHeader(status)
		_, _ = w.Write(body) // the client may have disconnected
		return
	}
	h.Set("Content-Encoding", "gzip")
	w.WriteHeader(status)
	z := gzipWriters.Get().(*gzip.Writer)
	defer gzipWriters.Put(z)
	z.Reset(w)
	_, _ = z.Write(body)
	_ = z.Close()
}
