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

	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// decode reads one JSON object of exactly the contract's shape into body. Unknown and
// repeated fields, wrong types and anything after the object are refused, the field named.
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
		return undecodable(err)
	}
	return nil
}

// readBody reads the whole body, within the limit that guard has set.
func readBody(c echo.Context) ([]byte, error) {
	data, err := strictjson.Read(c.Request().Context(), c.Request().Body, batchLimit)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, bodyTooLarge(tooLarge.Limit)
	case strictjson.KindOf(err) == strictjson.TooLarge:
		return nil, bodyTooLarge(batchLimit)
	case err != nil:
		return nil, malformed("", "The body was cut short.")
	}
	return data, nil
}

func bodyTooLarge(limit int64) error {
	return &verify.Error{Code: codeTooLarge, Public: fmt.Sprintf("The body is over %d bytes.", limit)}
}

// refuseBody refuses a request by its headers, before anything of its body is read: one that is compressed, and one that
// is announced to be over the limit.
func refuseBody(c echo.Context, limit int64) error {
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

// encodingName repeats the name of an encoding, if it is one.
func encodingName(name string) string {
	if slices.Contains([]string{"gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-compress", "dcb", "dcz"}, name) {
		return name
	}
	return "this encoding"
}

var contractRules = strictjson.Rules{Name: isContractName}

// isContractName tells whether a name could stand in the contract: a field's, or the key of one of its maps, which are
// countries and languages.
func isContractName(name string) bool {
	switch {
	case strings.Trim(name, fieldLetters) == "":
		return name != ""
	case len(name) <= 2:
		return strings.Trim(name, "*ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
	}
	return strings.Contains(name, "-") && verify.IsLanguage(name)
}

// fieldLetters are all that the contract's names are made of.
const fieldLetters = "abcdefghijklmnopqrstuvwxyz_"

const (
	unknownField = "A field is unknown. See /openapi.yaml."
	wrongType    = "A value is of the wrong type: see its field."
)

// undecodable says what is wrong with a body that is not of the contract.
func undecodable(err error) error {
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

// malformed refuses a body. A field's name is repeated only if it could be one.
func malformed(field, public string) error {
	if len(field) > 80 || strings.Trim(field, fieldLetters+"ABCDEFGHIJKLMNOPQRSTUVWXYZ.[]0123456789") != "" {
		field = ""
	}
	return &verify.Error{Code: codeMalformed, Field: field, Public: public}
}

// text checks a string of the contract: its least and greatest length in characters.
func text(field, value string, least, most int) error {
	length := utf8.RuneCountInString(value)
	switch {
	case length < least && least == 1:
		return &verify.Error{Code: verify.CodeInvalid, Field: field, Public: "This field is required."}
	case length < least || length > most:
		return &verify.Error{Code: verify.CodeInvalid, Field: field, Public: fmt.Sprintf("This field has %d to %d characters.", least, most)}
	}
	return nil
}
