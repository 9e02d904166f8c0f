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

// Codes of the border itself; the others are the domain's.
const (
	codeMalformed        verify.Code = "malformed"              // not JSON, or not of the contract's shape
	codeTooLarge         verify.Code = "too_large"              // the body is over its limit
	codeMediaType        verify.Code = "unsupported_media_type" // the body is not declared as JSON
	codeUnknownRoute     verify.Code = "unknown_route"
	codeMethodNotAllowed verify.Code = "method_not_allowed" // the route takes other HTTP methods: Allow says which
	codeInternal         verify.Code = "internal"
)

// statusOf maps codes to HTTP. A code that is not here is a fault of ours.
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
	codeTooMany:                  http.StatusTooManyRequests,
	codeMalformed:                http.StatusBadRequest,
	codeTooLarge:                 http.StatusRequestEntityTooLarge,
	codeMediaType:                http.StatusUnsupportedMediaType,
	codeUnknownRoute:             http.StatusNotFound,
	codeMethodNotAllowed:         http.StatusMethodNotAllowed,
}

// fail writes err as a problem (RFC 9457). What is not a refusal on purpose is logged, and told without detail.
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
		p.Quota = quotaOf(*refusal.Quota)
	}
	if refusal.Contrast != nil {
		p.Contrast = api.Contrast{Measured: float32(refusal.Contrast.Measured), Needed: float32(refusal.Contrast.Needed), Nearest: refusal.Contrast.Nearest}
	}
	if refusal.Settings != nil {
		p.Policy = settingsOf(*refusal.Settings)
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
			level = slog.LevelDebug // whoever asked has gone: no fault of ours
		}
		a.Log.Log(context.Background(), level, "a request failed", "request_id", p.RequestId, "route", c.Path(), "code", refusal.Code, "error", err)
	}
	h.Set("Content-Type", "application/problem+json")
	c.Response().WriteHeader(status)
	if err := json.NewEncoder(c.Response()).Encode(p); err != nil {
		a.Log.Debug("the client was gone before its problem was written", "error", err)
	}
}

// refusal is err as the domain would say it.
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
		case http.StatusBadRequest: // the generated stubs' word for a parameter they can't read
			return &verify.Error{Code: codeMalformed, Field: parameterOf(status), Public: "A parameter is missing or malformed. See /openapi.yaml."}
		}
	}
	return &verify.Error{Code: codeInternal, Public: "Something is wrong on our side. Try again in a moment.", RetryAfter: 5 * time.Second}
}

// parameterOf names the parameter in a generated stub's error, if it is one of the contract's.
func parameterOf(err *echo.HTTPError) string {
	message, _ := err.Message.(string)
	for _, name := range []string{"Idempotency-Key", "cursor", "psa", "client_id", "contact_id", "token", "version", "language", "id"} {
		if strings.Contains(message, "parameter "+name) || strings.Contains(message, "value for "+name) {
			return name
		}
	}
	return ""
}
