package httpapi

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/api"
)

// Codes of this package. The domain defines the others.
const (
	codeMalformed        verify.Code = "malformed"              // not JSON, or not of the contract's schema
	codeTooLarge         verify.Code = "too_large"              // the body is over its limit
	codeMediaType        verify.Code = "unsupported_media_type" // the body is not declared as JSON
	codeUnknownRoute     verify.Code = "unknown_route"
	codeMethodNotAllowed verify.Code = "method_not_allowed" // the route takes other HTTP methods: Allow says which
	codeInternal         verify.Code = "internal"
)

// statusOf maps codes to HTTP statuses. A code without an entry is an internal error.
var statusOf = map[verify.Code]int{
	verify.CodeInvalid:           http.StatusUnprocessableEntity,
	verify.CodeNotFound:          http.StatusNotFound,
	verify.CodeMethodNotAllowed:  http.StatusForbidden,
	verify.CodeOwnChannel:        http.StatusForbidden,
	verify.CodeUnusable:          http.StatusForbidden,
	verify.CodeQuotaExceeded:     http.StatusTooManyRequests,
	verify.CodeStaleVersion:      http.StatusConflict,
	verify.CodePolicyConflict:    http.StatusUnprocessableEntity,
	verify.CodeContrastTooLow:    http.StatusUnprocessableEntity,
	verify.CodeImageInvalid:      http.StatusUnprocessableEntity,
	verify.CodeAPIKey:            http.StatusUnauthorized,
	verify.CodeAPIKeyExpired:     http.StatusUnauthorized,
	verify.CodeScope:             http.StatusForbidden,
	verify.CodeNoteRequired:      http.StatusUnprocessableEntity,
	verify.CodeCooldown:          http.StatusTooManyRequests,
	verify.CodeLocked:            http.StatusLocked,
	verify.CodeWrongCode:         http.StatusUnprocessableEntity,
	verify.CodeAlreadyUsed:       http.StatusGone,
	verify.CodeExpired:           http.StatusGone,
	verify.CodeVerificationEnded: http.StatusGone,
	verify.CodeKeyReused:         http.StatusConflict,
	verify.CodeUnavailable:       http.StatusServiceUnavailable,
	verify.CodeContextInvalid:    http.StatusUnauthorized,
	verify.CodeContextExpired:    http.StatusUnauthorized,
	verify.CodeContextReplayed:   http.StatusUnauthorized,
	verify.CodeSession:           http.StatusUnauthorized,
	verify.CodeSessionEnded:      http.StatusUnauthorized,
	verify.CodeMember:            http.StatusUnauthorized,
	verify.CodeTicket:            http.StatusNotFound,
	verify.CodeContact:           http.StatusUnprocessableEntity,
	verify.CodePSADown:           http.StatusServiceUnavailable,
	verify.CodePSABusy:           http.StatusTooManyRequests,
	verify.CodePSAMisconfigured:  http.StatusBadGateway,
	codeTooManyRequests:          http.StatusTooManyRequests,
	codeMalformed:                http.StatusBadRequest,
	codeTooLarge:                 http.StatusRequestEntityTooLarge,
	codeMediaType:                http.StatusUnsupportedMediaType,
	codeUnknownRoute:             http.StatusNotFound,
	codeMethodNotAllowed:         http.StatusMethodNotAllowed,
}

// fail writes err as a problem (RFC 9457). An internal error is logged and answered without detail.
func (a *routes) fail(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	refusal := refusalOf(err)
	status, known := statusOf[refusal.Code]
	if !known {
		status = http.StatusInternalServerError
	}
	p := api.Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Code: string(refusal.Code),
		Detail: refusal.Public, Field: refusal.Field, Reason: api.Reason(refusal.Reason), TriesLeft: refusal.TriesLeft,
	}
	if refusal.Quota != nil {
		p.Quota = quotaUsageOf(*refusal.Quota)
	}
	if refusal.Contrast != nil {
		p.Contrast = api.Contrast{Measured: float32(refusal.Contrast.Measured),
			Needed: float32(refusal.Contrast.Needed), Nearest: refusal.Contrast.Nearest}
	}
	if refusal.Overrides != nil {
		p.Policy = overridesOf(*refusal.Overrides)
	}
	h := c.Response().Header()
	if refusal.RetryAfter > 0 {
		p.RetryAfter = int(math.Ceil(refusal.RetryAfter.Seconds()))
		h.Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	if status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	if status >= http.StatusInternalServerError {
		p.RequestId = rand.Text()[:12]
		level := slog.LevelError
		if errors.Is(c.Request().Context().Err(), context.Canceled) {
			level = slog.LevelDebug // the client has cancelled the request
		}
		a.Log.Log(context.Background(), level, "a request failed", "request_id", p.RequestId, "route", c.Path(), "code", refusal.Code, "err", err)
	}
	h.Set("Content-Type", "application/problem+json")
	c.Response().WriteHeader(status)
	if err := json.NewEncoder(c.Response()).Encode(p); err != nil {
		a.Log.Debug("the client was gone before its problem was written", "err", err)
	}
}

// refusalOf returns err as an error of the domain.
func refusalOf(err error) *verify.Error {
	var refusal *verify.Error
	if errors.As(err, &refusal) {
		return refusal
	}
	var status *echo.HTTPError
	if errors.As(err, &status) {
		switch status.Code {
		case http.StatusNotFound:
			return &verify.Error{Code: codeUnknownRoute, Public: "There is nothing here. See /openapi.yaml."}
		case http.StatusMethodNotAllowed: // echo has set Allow
			return &verify.Error{Code: codeMethodNotAllowed, Public: "This route takes other HTTP methods: see the header Allow."}
		case http.StatusBadRequest: // a generated stub can't parse a parameter
			return &verify.Error{Code: codeMalformed, Field: parameterOf(status), Public: "A parameter is missing or malformed. See /openapi.yaml."}
		}
	}
	return &verify.Error{Code: codeInternal, Public: "Something is wrong on our side. Try again in a moment.", RetryAfter: 5 * time.Second}
}

// parameterOf returns the parameter of a generated stub's error, if the contract has it.
func parameterOf(err *echo.HTTPError) string {
	message, _ := err.Message.(string)
	for _, name := range []string{"Idempotency-Key", "cursor", "psa", "client_id", "contact_id", "token", "version", "language", "id"} {
		if strings.Contains(message, "parameter "+name) || strings.Contains(message, "value for "+name) {
			return name
		}
	}
	return ""
}
