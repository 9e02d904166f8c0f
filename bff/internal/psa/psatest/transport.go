package psatest

import (
	"io"
	"net/http"
	"net/http/httptest"
)

// Transport serves requests by a handler, without a network. A handler that panics cuts the connection.
type Transport struct{ Handler http.Handler }

// RoundTrip implements [http.RoundTripper].
func (s Transport) RoundTrip(r *http.Request) (answer *http.Response, err error) {
	served := r.Clone(r.Context())
	served.RequestURI, served.Host = r.URL.RequestURI(), r.URL.Host
	if served.Body == nil {
		served.Body = http.NoBody
	}
	defer func() {
		if recover() != nil {
			answer, err = nil, io.ErrUnexpectedEOF
		}
	}()
	recorder := httptest.NewRecorder()
	s.Handler.ServeHTTP(recorder, served)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return recorder.Result(), nil
}
