package launchcontext

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// maxSeconds is the last second of the year 9999, beyond which times have no common spelling.
const maxSeconds = 253402300799

// maxDepth is how many levels a token's JSON may have. A launch context needs six.
const maxDepth = 16

// decode reads JSON strictly. A fault of the JSON itself is CodeMalformed, one of a member is of the given code.
func decode(data []byte, v any, code Code, rules strictjson.Rules) error {
	rules.Depth = maxDepth
	if err := strictjson.Decode(context.Background(), data, v, rules); err != nil {
		return refusalOf(err, code)
	}
	return nil
}

// refusalOf gives a fault of the JSON as a refusal.
func refusalOf(err error, code Code) *Error {
	var fault *strictjson.Error
	if !errors.As(err, &fault) {
		return &Error{Code: CodeMalformed, Err: err}
	}
	refusal := &Error{Code: code, Field: fault.Path, Err: errors.New(fault.Reason())}
	switch fault.Kind {
	case strictjson.Unknown, strictjson.OtherCase, strictjson.Number:
	case strictjson.WrongType:
		if fault.Path == "" {
			refusal.Code = CodeMalformed
		}
		if isTime(fault.Path) {
			refusal.Err = errTime
		}
	default:
		refusal.Code = CodeMalformed
	}
	return refusal
}

var errTime = errors.New("must be a whole number of seconds since 1970, not a string or a fraction")

func isTime(path string) bool {
	return path == "iat" || path == "nbf" || path == "exp" || strings.HasSuffix(path, ".changed_at")
}

type joseHeader struct {
	Algorithm string `json:"alg"`
	Type      string `json:"typ"`
	KeyID     string `json:"kid"`
}

// decodeHeader reads a JOSE header: alg, typ and kid, each a string, and nothing else.
func decodeHeader(data []byte) (alg, typ, kid string, err error) {
	var h joseHeader
	err = decode(data, &h, CodeHeader, strictjson.Rules{})
	return h.Algorithm, h.Type, h.KeyID, err
}

// The claims as they stand in a token. A time that is absent differs from one of zero.
type (
	claimsJSON struct {
		Issuer    string      `json:"iss"`
		Audience  string      `json:"aud"`
		Subject   string      `json:"sub"`
		Tenant    string      `json:"tid"`
		IssuedAt  *int64      `json:"iat"`
		NotBefore *int64      `json:"nbf"`
		ExpiresAt *int64      `json:"exp"`
		ID        string      `json:"jti"`
		Nonce     string      `json:"nonce"`
		Origin    string      `json:"origin"`
		Actor     Actor       `json:"act"`
		Context   contextJSON `json:"ctx"`
	}
	contextJSON struct {
		PSA      string        `json:"psa"`
		Ticket   Ticket        `json:"ticket"`
		Client   Client        `json:"client"`
		Contact  Default       `json:"contact"`
		Contacts []contactJSON `json:"contacts"`
	}
	contactJSON struct {
		ID       string        `json:"id"`
		Name     string        `json:"name"`
		Title    string        `json:"title"`
		Language string        `json:"language"`
		TimeZone string        `json:"time_zone"`
		Channels []channelJSON `json:"channels"`
	}
	channelJSON struct {
		ID        string `json:"id"`
		Kind      string `json:"kind"`
		Value     string `json:"value"`
		Label     string `json:"label"`
		Mobile    *bool  `json:"mobile"`
		ChangedAt *int64 `json:"changed_at"`
	}
)

// claimRules accept the vendor's own members at the top: names with a dot or a colon can't be mistaken for registered ones.
var claimRules = strictjson.Rules{
	Depth:   maxDepth,
	Private: func(name string) bool { return strings.ContainsAny(name, ".:") },
}

// decodeClaims reads claims. Any of them may be absent.
func decodeClaims(data []byte) (Claims, error) {
	var j claimsJSON
	if err := decode(data, &j, CodeClaims, claimRules); err != nil {
		return Claims{}, err
	}
	c, faults := j.claims()
	if len(faults) > 0 {
		return Claims{}, faults[0]
	}
	return c, nil
}

// claims gives the claims, and the times that are out of range.
func (j claimsJSON) claims() (Claims, []*Error) {
	var r times
	c := Claims{
		Issuer: j.Issuer, Audience: j.Audience, Subject: j.Subject, Tenant: j.Tenant,
		IssuedAt: r.time("iat", j.IssuedAt), NotBefore: r.time("nbf", j.NotBefore), ExpiresAt: r.time("exp", j.ExpiresAt),
		ID: j.ID, Nonce: j.Nonce, Origin: j.Origin, Actor: j.Actor,
		Context: Context{PSA: j.Context.PSA, Ticket: j.Context.Ticket, Client: j.Context.Client, Contact: j.Context.Contact},
	}
	if j.Context.Contacts != nil {
		c.Context.Contacts = make([]Contact, len(j.Context.Contacts))
	}
	for i, contact := range j.Context.Contacts {
		c.Context.Contacts[i] = contact.contact(&r, contactAt(i))
	}
	return c, r.faults
}

func (j contactJSON) contact(r *times, at string) Contact {
	c := Contact{ID: j.ID, Name: j.Name, Title: j.Title, Language: j.Language, TimeZone: j.TimeZone}
	if j.Channels != nil {
		c.Channels = make([]Channel, len(j.Channels))
	}
	for i, ch := range j.Channels {
		c.Channels[i] = Channel{
			ID: ch.ID, Kind: ch.Kind, Value: ch.Value, Label: ch.Label, Mobile: ch.Mobile,
			ChangedAt: r.channelTime(at, i, ch.ChangedAt),
		}
	}
	return c
}

// times reads times and notes those that are out of range.
type times struct{ faults []*Error }

func (r *times) time(field string, seconds *int64) time.Time {
	switch {
	case seconds == nil:
		return time.Time{}
	case *seconds < 1 || *seconds > maxSeconds:
		r.faults = append(r.faults, &Error{Code: CodeClaims, Field: field, Err: errTime})
		return time.Time{}
	}
	return time.Unix(*seconds, 0).UTC()
}

// channelTime builds the name of the field only where there is a time.
func (r *times) channelTime(contact string, i int, seconds *int64) time.Time {
	if seconds == nil {
		return time.Time{}
	}
	return r.time(channelAt(contact, i)+".changed_at", seconds)
}
