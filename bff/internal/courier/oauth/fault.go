package oauth

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"golang.org/x/oauth2"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
)

// explanation is what a refusal of a token means. The text of a refusal is never repeated, because it may name accounts.
type explanation struct {
	code      string // the authority's own code
	cause     string
	nextStep  string
	temporary bool
}

// fault returns the fault of a token that can't be had.
func (s *Source) fault(err error) *courier.Fault {
	var refusal *oauth2.RetrieveError
	var unreached *url.Error
	switch {
	case errors.As(err, &refusal) && refusal.Response != nil && refusal.Response.StatusCode/100 != 2:
		return s.refusalFault(refusal)
	case errors.As(err, &unreached):
		f := courier.NoResponse(s.carrier, err, false)
		f.Err = fmt.Errorf("%w (the host that gives access tokens)", f.Err)
		return f
	}
	return &courier.Fault{Kind: courier.Temporary, Err: fmt.Errorf("%s: the answer to the request for a token can't be read: %T", s.carrier, err)}
}

func (s *Source) refusalFault(refusal *oauth2.RetrieveError) *courier.Fault {
	status := refusal.Response.StatusCode
	f := courier.StatusFault(s.carrier, status, refusal.Response.Header)
	e := s.explain(refusal)
	switch {
	case e.code == "":
		f.Err = fmt.Errorf("%s: no access token: HTTP %d", s.carrier, status)
	case e.cause == "":
		f.Err = fmt.Errorf("%s: no access token: HTTP %d, %s", s.carrier, status, e.code)
	default:
		f.Err = fmt.Errorf("%s: no access token: %s: %s", s.carrier, e.code, e.cause)
	}
	if e.temporary || status >= http.StatusInternalServerError {
		f.Kind = courier.Temporary
	}
	if f.Kind == courier.Misconfigured {
		f.NextStep = e.nextStep
	}
	return f
}
