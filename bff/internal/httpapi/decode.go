package httpapi

import (
	"bytes"
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

// decode reads one JSON object of exactly the contract's shape into body. Unknown and
// repeated fields, wrong types and anything after the object are refused, the field named.
func decode(c echo.Context, body any) error {
	kind, _, err := mime.ParseMediaType(c.Request().Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return &verify.Error{Code: codeMediaType, Public: "Send the body as application/json."}
	}
	data, err := io.ReadAll(c.Request().Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return &verify.Error{Code: codeTooLarge, Public: fmt.Sprintf("The body is over %d bytes.", tooLarge.Limit)}
	case err != nil:
		return malformed("", "The body was cut short.")
	case !utf8.Valid(data):
		return malformed("", "The body is not valid UTF-8.")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return malformed("", "The body is not a JSON object.")
	}
	if err := checkMembers(d, ""); err != nil {
		return err
	}
	d = json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(body); err != nil {
		return undecodable(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return malformed("", "The body has something after its JSON value.")
	}
	return nil
}

// checkMembers refuses what encoding/json lets pass, in the object that was just opened and at any depth in it: a
// field that comes twice, of which the last would win; a field in another case; null.
func checkMembers(d *json.Decoder, path string) error {
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return undecodable(err)
		}
		name := token.(string) // the decoder lets nothing else stand here
		at := join(path, name)
		switch {
		case strings.Trim(name, fieldLetters) != "" && !isCountry(path, name):
			return malformed(at, unknownField)
		case seen[name]:
			return malformed(at, "A field comes twice: see its name.")
		}
		seen[name] = true
		if err := checkValue(d, at); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil { // the closing brace
		return undecodable(err)
	}
	return nil
}

func checkValue(d *json.Decoder, path string) error {
	token, err := d.Token()
	switch {
	case err != nil:
		return undecodable(err)
	case token == nil:
		return malformed(path, wrongType)
	case token == json.Delim('{'):
		return checkMembers(d, path)
	case token == json.Delim('['):
		for i := 0; d.More(); i++ {
			if err := checkValue(d, fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
		if _, err := d.Token(); err != nil { // the closing bracket
			return undecodable(err)
		}
	}
	return nil
}

// isCountry tells whether the name is a key of the only map that the contract has.
func isCountry(path, name string) bool {
	return strings.HasSuffix(path, "fields.sms_prices") && len(name) <= 2 && strings.Trim(name, "*ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// fieldLetters are all that the contract's names are made of.
const fieldLetters = "abcdefghijklmnopqrstuvwxyz_"

const (
	unknownField = "A field is unknown. See /openapi.yaml."
	wrongType    = "A value is of the wrong type: see its field."
)

// undecodable says what is wrong with a body that encoding/json does not take.
func undecodable(err error) error {
	var mistyped *json.UnmarshalTypeError
	if errors.As(err, &mistyped) {
		return malformed(mistyped.Field, wrongType)
	}
	if field, found := strings.CutPrefix(err.Error(), "json: unknown field "); found {
		return malformed(strings.Trim(field, `"`), unknownField)
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
