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
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

const (
	maxWebhookBytes = 64 << 10 // of one receipt
	maxWebhookAge   = 10 * time.Minute
	maxClockSkew    = time.Minute // by which Vonage's clock may be ahead
)

// Signature methods of receipts, as Vonage names them. MD5 and SHA-1 are not supported.
const (
	SHA256 = "sha256"
	SHA512 = "sha512"
)

// WebhookConfig holds the dependencies of the webhook. Log is optional.
type WebhookConfig struct {
	// Signing returns how the tenant's account signs. CodeNotFound: the tenant has no Vonage account.
	Signing func(ctx context.Context, tenant string) (Signing, error)
	Reports courier.Reporter
	Now     func() time.Time
	Log     *slog.Logger
}

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

type webhook struct{ WebhookConfig }

// NewWebhook handles GET and POST /hooks/vonage/{tenant}; the tenant is the request's path value.
// It accepts only receipts that Vonage signed recently. Receipts may come late, twice or in any order:
// a report without news changes nothing. Status 503 asks Vonage to repeat the receipt.
func NewWebhook(c WebhookConfig) http.Handler {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return webhook{c}
}

func (h webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	tenant := r.PathValue("tenant")
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxWebhookBytes))
	if err != nil {
		h.reject(w, r, &rejection{http.StatusBadRequest, "body too large or cut short"})
		return
	}
	signing, err := h.Signing(r.Context(), tenant)
	if err != nil && verify.CodeOf(err) != verify.CodeNotFound {
		h.Log.ErrorContext(r.Context(), "a tenant's Vonage account can't be read", "tenant", tenant, "err", err)
		http.Error(w, "try again later", http.StatusServiceUnavailable)
		return
	}
	receipt, rejected := h.readSigned(r, body, signing)
	if rejected != nil {
		h.reject(w, r, rejected)
		return
	}
	report, ok := receipt.report()
	if !ok || receipt.job == "" {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if report.Reason == verify.ReasonCarrierSet {
		h.Log.ErrorContext(r.Context(), "TEXTS ARE REFUSED: Vonage's account or its sender needs attention", "code", receipt.code, "tenant", tenant)
	}
	err = h.Reports.RecordReport(r.Context(), tenant, receipt.job, report)
	switch {
	case verify.CodeOf(err) == verify.CodeNotFound:
		h.Log.WarnContext(r.Context(), "a Vonage receipt is of no message of this tenant", "job", receipt.job, "tenant", tenant)
	case err != nil:
		h.Log.ErrorContext(r.Context(), "a Vonage receipt can't be written down", "job", receipt.job, "err", err)
		http.Error(w, "try again later", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// receipt is the content of a delivery receipt of the SMS API or the Messages API.
type receipt struct{ job, status, code string }

type rejection struct {
	status int
	reason string // contains nothing of the request
}

func (h webhook) reject(w http.ResponseWriter, r *http.Request, cause *rejection) {
	h.Log.WarnContext(r.Context(), "a Vonage webhook was refused", "reason", cause.reason, "tenant", r.PathValue("tenant"))
	http.Error(w, cause.reason, cause.status)
}

// readSigned reads a receipt and checks its signature: a bearer token over the body, or an HMAC over the fields.
func (h webhook) readSigned(r *http.Request, body []byte, signing Signing) (receipt, *rejection) {
	if bearer := r.Header.Values("Authorization"); len(bearer) > 0 {
		parsed, err := parseJSONReceipt(body)
		if err != nil {
			return receipt{}, &rejection{http.StatusBadRequest, err.Error()}
		}
		if reason := h.checkBearer(bearer, body, signing); reason != "" {
			return receipt{}, &rejection{http.StatusForbidden, reason}
		}
		return parsed, nil
	}
	fields, err := readFields(r, body)
	if err != nil {
		return receipt{}, &rejection{http.StatusBadRequest, err.Error()}
	}
	if reason := h.checkFields(fields, signing); reason != "" {
		return receipt{}, &rejection{http.StatusForbidden, reason}
	}
	return receipt{job: fields["client-ref"], status: fields["status"], code: fields["err-code"]}, nil
}

// readFields returns the receipt's fields from the query, a form or JSON; the account's setting decides which. It refuses
// a repeated field.
func readFields(r *http.Request, body []byte) (map[string]string, error) {
	if r.Method != http.MethodPost {
		return parseForm(r.URL.RawQuery)
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err == nil && kind == "application/json":
		return parseFlatJSON(body)
	case err == nil && kind == "application/x-www-form-urlencoded":
		return parseForm(string(body))
	}
	return nil, errors.New("neither a form nor JSON")
}

func parseForm(query string) (map[string]string, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, errors.New("not a form")
	}
	fields := make(map[string]string, len(values))
	for name, list := range values {
		if len(list) != 1 {
			return nil, errors.New("a field comes twice")
		}
		fields[name] = list[0]
	}
	return fields, nil
}

// parseFlatJSON reads a JSON object of strings and numbers.
func parseFlatJSON(body []byte) (map[string]string, error) {
	var values map[string]json.RawMessage
	if err := strictjson.Decode(context.Background(), body, &values, strictjson.Rules{Depth: 1}); err != nil {
		if strictjson.KindOf(err) == strictjson.Repeated {
			return nil, errors.New("a field comes twice")
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

var errNotFlat = errors.New("not a flat JSON object")

// checkFields returns why a receipt is not signed by Vonage, or why it is too old; empty when it is valid.
func (h webhook) checkFields(receipt map[string]string, signing Signing) string {
	if signing.Check() != nil {
		return "no account"
	}
	for name := range receipt {
		if strings.Trim(name, fieldLetters) != "" {
			return "not a field of a receipt"
		}
	}
	signature, err := hex.DecodeString(receipt["sig"])
	if err != nil || len(signature) == 0 {
		return "no signature"
	}
	if !hmac.Equal(signing.sign(receipt), signature) {
		return "wrong signature"
	}
	seconds, err := strconv.ParseInt(receipt["timestamp"], 10, 64)
	if err != nil {
		return "no timestamp"
	}
	if age := h.Now().Sub(time.Unix(seconds, 0)); age > maxWebhookAge || age < -maxClockSkew {
		return "not of now"
	}
	return ""
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
