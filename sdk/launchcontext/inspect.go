package launchcontext

import (
	"slices"
	"strings"

	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// Report is the content of a token and its faults, for the developer of the code that signed it.
type Report struct {
	Algorithm, Type, KeyID string // of the header
	Claims                 Claims // as far as they can be read
	Faults                 []*Error
}

// Inspect reads a finished token without a key and gives every fault of its form, where Verify stops at the first. Nothing
// of it is proven: whether the signature is good and the moment is right is Verify's to say.
func Inspect(token string) Report {
	var r Report
	header, payload, err := split(token)
	if err != nil {
		r.add(err)
		return r
	}
	r.header(header)
	var j claimsJSON
	seen := r.read(strictjson.Faults(payload, &j, claimRules), CodeClaims)
	var faults []*Error
	r.Claims, faults = j.claims()
	r.Faults = append(r.Faults, faults...)
	if seen {
		for _, fault := range r.Claims.Faults() {
			if !r.concerns(fault.Field) {
				r.Faults = append(r.Faults, fault)
			}
		}
	}
	return r
}

func (r *Report) header(data []byte) {
	var h joseHeader
	if r.read(strictjson.Faults(data, &h, strictjson.Rules{Depth: maxDepth}), CodeHeader) {
		r.Algorithm, r.Type, r.KeyID = h.Algorithm, h.Type, h.KeyID
		for _, err := range []error{checkType(h.Type, Type), checkAlgorithm(h.Algorithm), checkKeyID(h.KeyID)} {
			if err != nil {
				r.add(err)
			}
		}
	}
}

// read notes the faults of a part, and tells whether the part is JSON.
func (r *Report) read(faults []*strictjson.Error, code Code) bool {
	whole := true
	for _, fault := range faults {
		refusal := refusalOf(fault, code)
		whole = whole && (refusal.Code != CodeMalformed || fault.Kind == strictjson.Repeated)
		r.Faults = append(r.Faults, refusal)
	}
	return whole
}

func (r *Report) add(err error) {
	if refusal, ok := err.(*Error); ok { //nolint:errorlint // it was made here
		r.Faults = append(r.Faults, refusal)
	}
}

// concerns tells whether a fault of the field, or of what the field is in, is known already.
func (r *Report) concerns(field string) bool {
	return slices.ContainsFunc(r.Faults, func(known *Error) bool {
		rest, within := strings.CutPrefix(field, known.Field)
		return known.Field != "" && within && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}
