package web

import (
	"errors"
	"mime"
	"net/http"
	"net/url"

	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// FormType is the media type of a posted form.
const FormType = "application/x-www-form-urlencoded"

// The refusals of ReadForm.
var (
	ErrNotForm   = errors.New("the body is not a form")
	ErrTooLarge  = errors.New("the form is too large")
	ErrMalformed = errors.New("the form can't be read")
)

// ReadForm reads a form of at most limit bytes from the body. The query is not part of it. ErrNotForm: the body has
// another media type. ErrTooLarge. ErrMalformed: the body is no form, or it did not arrive as a whole.
func ReadForm(w http.ResponseWriter, r *http.Request, limit int64) (url.Values, error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != FormType {
		return nil, ErrNotForm
	}
	body, err := strictjson.Read(r.Context(), http.MaxBytesReader(w, r.Body, limit), limit)
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		return nil, ErrTooLarge
	}
	form, malformed := url.ParseQuery(string(body))
	if err != nil || malformed != nil {
		return nil, ErrMalformed
	}
	return form, nil
}
