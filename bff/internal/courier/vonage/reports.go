package vonage

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// reports are delivery receipts of the SMS API or the Messages API, one in each request.
var reports = courier.Reports{
	Methods: []string{http.MethodGet, http.MethodPost}, MaxBytes: 64 << 10, MaxAge: 10 * time.Minute, Parse: parseReports,
}

// Signature methods of receipts, as Vonage names them. MD5 and SHA-1 are not supported.
const (
	SHA256 = "sha256"
	SHA512 = "sha512"
)

// Signing is how an account signs its receipts.
type Signing struct {
	Secret string // signature secret, of at least 16 characters
	Method string // SHA256 or SHA512, as set for the account: no other is accepted
}

// Check refuses a short secret and a weak method.
func (s Signing) Check() error {
	if len(s.Secret) < 16 {
		return errors.New("vonage: the signature secret is missing or shorter than 16 characters")
	}
	if hashes[s.Method] == nil {
		return fmt.Errorf("vonage: signature method %q: set the account to SHA-256 HMAC or SHA-512 HMAC", s.Method)
	}
	return nil
}

var hashes = map[string]func() hash.Hash{SHA256: sha256.New, SHA512: sha512.New}

// receipt is the content of a delivery receipt of the SMS API or the Messages API.
type receipt struct{ job, status, code string }

func parseReports(r courier.ReportRequest) (*courier.SignedReports, error) {
	_, _, signing, err := readAccount(r.Account)
	if err != nil {
		return nil, err
	}
	receipt, at, err := readSigned(r, signing)
	if err != nil {
		return nil, err
	}
	signed := &courier.SignedReports{At: at, Code: receipt.code}
	if report, ok := receipt.report(); ok {
		signed.Add(r.Tenant, receipt.job, report)
	}
	return signed, nil
}

// readSigned reads a receipt and the time that its signature covers: that of a bearer token over the body, or of an HMAC
// over the fields.
func readSigned(r courier.ReportRequest, signing Signing) (receipt, time.Time, error) {
	if bearer := r.Header.Values("Authorization"); len(bearer) > 0 {
		parsed, err := parseJSONReceipt(r.Body)
		if err != nil {
			return receipt{}, time.Time{}, err
		}
		at, err := checkBearer(bearer, r.Body, signing, r.Now)
		return parsed, at, err
	}
	fields, err := readFields(r)
	if err != nil {
		return receipt{}, time.Time{}, err
	}
	at, err := checkFields(fields, signing)
	return receipt{job: fields["client-ref"], status: fields["status"], code: fields["err-code"]}, at, err
}

// readFields returns the receipt's fields from the query, a form or JSON; the account's setting decides which.
func readFields(r courier.ReportRequest) (map[string]string, error) {
	switch {
	case r.Method != http.MethodPost:
		return courier.ParseFields(r.URL.RawQuery)
	case r.MediaType() == "application/json":
		return parseFlatJSON(r.Body)
	}
	return r.Fields()
}

// parseFlatJSON reads a JSON object of strings and numbers.
func parseFlatJSON(body []byte) (map[string]string, error) {
	var values map[string]json.RawMessage
	if err := strictjson.Decode(context.Background(), body, &values, strictjson.Rules{Depth: 1}); err != nil {
		if strictjson.KindOf(err) == strictjson.Repeated {
			return nil, courier.Malformed("a field comes twice")
		}
		return nil, errNotFlat
	}
	fields := make(map[string]string, len(values))
	for name, raw := range values {
		var text string
		switch {
		case strictjson.Unmarshal(raw, &text) == nil:
			fields[name] = text
		case raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9':
			fields[name] = string(raw)
		default:
			return nil, errNotFlat
		}
	}
	return fields, nil
}

var errNotFlat = courier.Malformed("not a flat JSON object")

// checkFields returns the time that Vonage signed with the other fields.
func checkFields(receipt map[string]string, signing Signing) (time.Time, error) {
	for name := range receipt {
		if strings.Trim(name, fieldLetters) != "" {
			return time.Time{}, courier.Forged("not a field of a receipt")
		}
	}
	signature, err := hex.DecodeString(receipt["sig"])
	if err != nil || len(signature) == 0 {
		return time.Time{}, courier.Forged("no signature")
	}
	if !hmac.Equal(signing.sign(receipt), signature) {
		return time.Time{}, courier.Forged("wrong signature")
	}
	seconds, err := strconv.ParseInt(receipt["timestamp"], 10, 64)
	if err != nil {
		return time.Time{}, courier.Forged("no timestamp")
	}
	return time.Unix(seconds, 0), nil
}

// fieldLetters are the letters of field names in receipts. Other letters, like separators in values, would give two
// different lists of fields the same signature.
const fieldLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

var separators = strings.NewReplacer("&", "_", "=", "_")

func (s Signing) sign(receipt map[string]string) []byte {
	names := make([]string, 0, len(receipt))
	for name := range receipt {
		if name != "sig" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	mac := hmac.New(hashes[s.Method], []byte(s.Secret))
	for _, name := range names {
		io.WriteString(mac, "&"+name+"="+separators.Replace(receipt[name])) //nolint:errcheck // a hash never fails
	}
	return mac.Sum(nil)
}

// report converts the receipt to a report. Accepted is reported by the network, delivered by the handset or the network.
// Neither proves a verification.
func (r receipt) report() (verify.Report, bool) {
	switch r.status {
	case "accepted", "buffered", "submitted":
		return verify.Report{Kind: verify.EventSent, Carrier: Carrier}, true
	case "delivered":
		return verify.Report{Kind: verify.EventDelivered}, true
	case "failed", "rejected", "expired", "undeliverable":
		return verify.Report{Kind: verify.EventFailed, Reason: reasonOf(r.code)}, true
	}
	return verify.Report{}, false
}

func reasonOf(code string) verify.Code {
	switch code {
	case "3", "9", "11", "12": // absent for good, illegal number, unroutable, unreachable
		return verify.ReasonInvalidRecipient
	case "4", "6", "13", "14", "53": // barred, spam, age, blocked, no consent
		return verify.ReasonBlocked
	case "16", "39", "50", "51", "52", "54": // our quota; our sender, its registration or the text's, which the network refuses
		return verify.ReasonCarrierSet
	}
	return verify.ReasonUndelivered
}
