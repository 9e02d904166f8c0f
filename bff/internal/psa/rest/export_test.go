package rest

import (
	"net/http"
	"net/url"
)

// Next is next, for tests.
func (p Pages) Next(h http.Header) (url.Values, bool, error) { return p.next(h) }
