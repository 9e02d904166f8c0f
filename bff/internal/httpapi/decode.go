package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// decode reads one JSON value of exactly the contract's shape into body. Unknown
// fields, wrong types and anything after the value are refused, the field named.
func decode(c echo.Context, body any) error {
	kind, _, err := mime.ParseMediaType(c.Request().Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return &verify.Error{Code: codeMediaType, Public: "Send the body as application/json."}
	}
	d := json.NewDecoder(c.Request().Body)
	d.DisallowUnknownFields()
	if err := d.Decode(body); err != nil {
		return malformed(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return &verify.Error{Code: codeMalformed, Public: "The body has something after its JSON value."}
	}
	return nil
}

func malformed(err error) error {
	var tooLarge *http.MaxBytesError
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &tooLarge):
		return &verify.Error{Code: codeTooLarge, Public: fmt.Sprintf("The body is over %d bytes.", bodyLimit)}
	case errors.As(err, &wrongType):
		return &verify.Error{Code: codeMalformed, Field: wrongType.Field, Public: "A value is of the wrong type: see its field."}
	}
	if field, found := strings.CutPrefix(err.Error(), "json: unknown field "); found {
		return &verify.Error{Code: codeMalformed, Field: strings.Trim(field, `"`), Public: "A field is unknown. See /openapi.yaml."}
	}
	return &verify.Error{Code: codeMalformed, Public: "The body is not valid JSON."}
}

// text checks a string of the contract: its least and greatest length in characters.
func text(field, value string, least, most int) error {
	length := utf8.RuneCountInString(value)
	switch {
	case length < least && least == 1:
		return &verify.Error{Code: verify.CodeInvalid, Field: field, Public: "This field is required."}
	case length < least || length > most:
		return &verify.Error{Code: verify.CodeInvalid, Field: field, Public: fmt.Sprintf("This field has %d to %d characters.", least, most)}
	case !utf8.ValidString(value):
		return &verify.Error{Code: verify.CodeInvalid, Field: field, Public: "This field is not valid UTF-8."}
	}
	return nil
}

// idempotencyKey checks the header of that name.
func idempotencyKey(key string) error {
	word := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_'
	}
	if len(key) < 8 || len(key) > 64 || strings.TrimFunc(key, word) != "" {
		return &verify.Error{
			Code: verify.CodeInvalid, Field: "Idempotency-Key",
			Public: "Idempotency-Key has 8 to 64 letters, digits, hyphens or underscores.",
		}
	}
	return nil
}
