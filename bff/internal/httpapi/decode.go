package httpapi

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/shieldpod/shieldpod/bff/internal/locale"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// decode decodes one JSON object of the contract into body. It refuses unknown and repeated fields, wrong types and data after
// the object, and names the field.
func decode(c echo.Context, body any) error {
	kind, _, err := mime.ParseMediaType(c.Request().Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return &verify.Error{Code: codeMediaType, Public: "Send the body as application/json."}
	}
	ctx := c.Request().Context()
	data, err := readBody(c)
	if err != nil {
		return err
	}
	if err := strictjson.Decode(ctx, data, body, contractRules); err != nil {
		return decodeError(err)
	}
	return nil
}

// readBody reads the whole body within the limit of guard.
func readBody(c echo.Context) ([]byte, error) {
	data, err := strictjson.Read(c.Request().Context(), c.Request().Body, maxBatchBody)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, bodyTooLarge(tooLarge.Limit)
	case strictjson.KindOf(err) == strictjson.TooLarge:
		return nil, bodyTooLarge(maxBatchBody)
	case err != nil:
		return nil, malformed("", "The body was cut short.")
	}
	return data, nil
}

func bodyTooLarge(limit int64) error {
	return &verify.Error{Code: codeTooLarge, Public: fmt.Sprintf("The body is over %d bytes.", limit)}
}

// checkHeaders refuses a request before its body is read if the body is compressed or its Content-Length exceeds the limit.
func checkHeaders(c echo.Context, limit int64) error {
	r := c.Request()
	if r.ContentLength == 0 {
		return nil
	}
	for _, value := range r.Header.Values("Content-Encoding") {
		for name := range strings.SplitSeq(value, ",") {
			if name = strings.ToLower(strings.TrimSpace(name)); name == "" || name == "identity" {
				continue
			}
			c.Response().Header().Set("Accept-Encoding", "identity") // RFC 9110, 15.5.16
			return &verify.Error{Code: codeMediaType, Public: "Send the body without Content-Encoding: " + encodingName(name) + " is not accepted."}
		}
	}
	if r.ContentLength > limit {
		return bodyTooLarge(limit)
	}
	return nil
}

// encodingName returns the name if it is a known encoding. Other text of the client is not repeated.
func encodingName(name string) string {
	if slices.Contains([]string{"gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-compress", "dcb", "dcz"}, name) {
		return name
	}
	return "this encoding"
}

var contractRules = strictjson.Rules{Name: isContractName}

// isContractName reports whether the contract can contain the name: a field, or the key of a map, which is a country or a
// language.
func isContractName(name string) bool {
	switch {
	case strings.Trim(name, fieldLetters) == "":
		return name != ""
	case len(name) <= 2:
		return strings.Trim(name, "*ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
	}
	return strings.Contains(name, "-") && locale.IsLanguage(name)
}

// fieldLetters are the letters of the contract's field names.
const fieldLetters = "abcdefghijklmnopqrstuvwxyz_"

const (
	unknownField = "A field is unknown. See /openapi.yaml."
	wrongType    = "A value is of the wrong type: see its field."
)

// decodeError returns the refusal of a body that is not of the contract.
func decodeError(err error) error {
	var fault *strictjson.Error
	if !errors.As(err, &fault) {
		return malformed("", "The body is not valid JSON.")
	}
	switch fault.Kind {
	case strictjson.NotUTF8:
		return malformed("", "The body is not valid UTF-8.")
	case strictjson.Trailing:
		return malformed("", "The body has something after its JSON value.")
	case strictjson.Repeated:
		return malformed(fault.Path, "A field comes twice: see its name.")
	case strictjson.Unknown, strictjson.OtherCase:
		return malformed(fault.Path, unknownField)
	case strictjson.WrongType, strictjson.Number:
		if fault.Path == "" {
			return malformed("", "The body is not a JSON object.")
		}
		return malformed(fault.Path, wrongType)
	case strictjson.TooDeep:
		return malformed(fault.Path, "The body is nested too deep.")
	case strictjson.TooMany:
		return malformed(fault.Path, "A list has more items than its field takes.")
	}
	return malformed("", "The body is not valid JSON.")
}

// malformed returns the refusal of a body. It repeats the field's name only if the name is well-formed.
func malformed(field, public string) error {
	if len(field) > 80 || strings.Trim(field, fieldLetters+"ABCDEFGHIJKLMNOPQRSTUVWXYZ.[]0123456789") != "" {
		field = ""
	}
	return &verify.Error{Code: codeMalformed, Field: field, Public: public}
}

// checkLength checks the length of a string in characters.
func checkLength(field, value string, minLength, maxLength int) error {
	length := utf8.RuneCountInString(value)
	switch {
	case length < minLength && minLength == 1:
		return &verify.Error{Code: verify.CodeInvalid, Field: field, Public: "This field is required."}
	case length < minLength || length > maxLength:
		return &verify.Error{Code: verify.CodeInvalid, Field: field, Public: fmt.Sprintf("This field has %d to %d characters.", minLength, maxLength)}
	}
	return nil
}
