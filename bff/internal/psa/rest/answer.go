package rest

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// How long a busy system is left alone.
const (
	maxRetryAfter     = 600              // seconds
	defaultRetryAfter = 10 * time.Second // without a usable Retry-After header
)

// ErrNoAPI is a 404 that does not come from an API.
var ErrNoAPI = errors.New("there is no API at this address")

// Error is an API's refusal of a request, with a status from 400 to 499. Its meaning depends on the request.
type Error struct {
	Product string
	Request string
	Status  int
	Code    string // the product's own code; may be empty
}

// Error gives the request without its ids, the status and the code: nothing that was submitted.
func (e *Error) Error() string {
	return strings.TrimSpace(fmt.Sprintf("%s: %s: %d %s", e.Product, e.Request, e.Status, e.Code))
}

// Status gives the status of an Error; 0 for other errors, and for those that are translated already.
func Status(err error) int {
	var e *Error
	if verify.CodeOf(err) == "" && errors.As(err, &e) {
		return e.Status
	}
	return 0
}

// decode decodes a successful answer, and translates any other one.
func (c *Client) decode(name string, a response, into any) error {
	product := c.cfg.Product
	kind, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
	isJSON := kind == "application/json" || strings.HasSuffix(kind, "+json")
	why := fmt.Errorf("%s: %s: %d", product.Name, name, a.status)
	switch {
	case a.status == http.StatusTooManyRequests:
		return product.Busy(retryAfter(a.header), why)
	case a.status >= 500:
		return product.Down(why)
	case a.status >= 300 && a.status < 400:
		return product.Misconfigured(fmt.Errorf("%w, a redirect: is this the host where the API answers?", why))
	case a.status == http.StatusNotFound && !isJSON:
		return fmt.Errorf("%s: %s: %w", product.Name, name, ErrNoAPI)
	case a.status >= 400:
		return &Error{Product: product.Name, Request: name, Status: a.status, Code: c.cfg.ErrorCode(a.body)}
	case !isJSON:
		return product.Down(fmt.Errorf("%w with a page that is not the API's", why))
	case a.status >= 200 && a.status < 300:
		if err := strictjson.Unmarshal(a.body, into); err != nil {
			return product.Down(fmt.Errorf("%w with JSON that can't be read", why))
		}
		return nil
	}
	return product.Down(why)
}

// retryAfter reads the header in seconds. A date is not read: the system's clock may be wrong.
func retryAfter(h http.Header) time.Duration {
	if seconds, err := strconv.Atoi(strings.TrimSpace(h.Get("Retry-After"))); err == nil && seconds > 0 {
		return time.Duration(min(seconds, maxRetryAfter)) * time.Second
	}
	return defaultRetryAfter
}
