package client

import (
	"fmt"
	"net/http"
	"time"

	"github.com/shieldpod/shieldpod/sdk/api"
)

// Error is an answer of the server that is not the expected one.
type Error struct {
	Status  int         // of HTTP
	Problem api.Problem // without a Code, the answer is not Shieldpod's: a proxy, or another server, gave it
}

// Code is stable: branch on it. It is empty for an answer that is not Shieldpod's.
func (e *Error) Code() api.ErrorCode { return e.Problem.Code }

// RetryAfter is the time to wait before the same request; zero: the server named none.
func (e *Error) RetryAfter() time.Duration { return time.Duration(e.Problem.RetryAfter) * time.Second }

// Error gives the code, the field and the words for people.
func (e *Error) Error() string {
	p := e.Problem
	if p.Code == "" {
		return fmt.Sprintf("shieldpod: the answer %d %s is not Shieldpod's", e.Status, http.StatusText(e.Status))
	}
	text := "shieldpod: " + p.Code
	if p.Field != "" {
		text += " (" + p.Field + ")"
	}
	return text + ": " + p.Detail
}

// value is the answer, or the error that stands in its place.
func value[T any](answer *T, response *http.Response, problem *api.Problem) (T, error) {
	if answer != nil {
		return *answer, nil
	}
	var none T
	return none, refusal(response, problem)
}

func refusal(response *http.Response, problem *api.Problem) error {
	e := &Error{Status: response.StatusCode}
	if problem != nil {
		e.Problem = *problem
	}
	return e
}
