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
	webhookLimit = 64 << 10 // bytes of one receipt
	webhookAge   = 10 * time.Minute
	webhookAhead = time.Minute // that Vonage's clock may be before ours
)

// Signature methods of receipts, as Vonage names them. MD5 and SHA-1 are not among them.
const (
	SHA256 = "sha256"
	SHA512 = "sha512"
)

// WebhookConfig is what the receipts' webhook needs. Log may be left out.
type WebhookConfig struct {
	// Signing gives how the tenant's account signs. CodeNotFound: it does not send by Vonage.
	Signing func(ctx context.Context, tenant string) (Signing, error)
	Reports courier.Reporter
	Now     func() time.Time
	Log     *slog.Logger
}

// Signing is how an account signs what it sends.
type Signing struct {
	Secret string // signature secret, of at least 16 characters
	Method string // SHA256 or SHA512, as set for the account: no other is accepted
}

// Check refuses what would be no signature to trust.
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

// NewWebhook answers GET and POST /hooks/vonage/{tenant}; the tenant is the request's path value.
// Only what Vonage has signed, lately, is read. It may come late, twice or in any order:
// a report that says nothing new changes nothing. 503 asks Vonage to come again.
func NewWebhook(c WebhookConfig) http.Handler {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return webhook{c}
}

func (h webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	tenant := r.PathValue("tenant")
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, webhookLimit))
	if err != nil {
		h.refused(w, r, &refusal{http.StatusBadRequest, "body too large or cut short"})
		return
	}
	signing, err := h.Signing(r.Context(), tenant)
	if err != nil && verify.CodeOf(err) != verify.CodeNotFound {
		h.Log.ErrorContext(r.Context(), "a tenant's Vonage account can't be read", "tenant", tenant, "error", err)
		http.Error(w, "try again later", http.StatusServiceUnavailable)
		return
	}
	said, no := h.hear(r, body, signing)
	if no != nil {
		h.refused(w, r, no)
		return
	}
	report, ok := said.report()
	if !ok || said.job == "" {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if report.Reason == verify.ReasonCarrierSet {
		h.Log.ErrorContext(r.Context(), "TEXTS ARE REFUSED: Vonage's account or its sender needs attention", "code", said.code, "tenant", tenant)
	}
	err = h.Reports.Delivered(r.Context(), tenant, said.job, report)
	switch {
	case verify.CodeOf(err) == verify.CodeNotFound:
		h.Log.WarnContext(r.Context(), "a Vonage receipt is of no message of this tenant", "job", said.job, "tenant", tenant)
	case err != nil:
		h.Log.ErrorContext(r.Context(), "a Vonage receipt can't be written down", "job", said.job, "error", err)
		http.Error(w, "try again later", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// receipt is what is read of one, whichever API of Vonage's it comes from.
type receipt struct{ job, status, code string }

type refusal struct {
	status int
	why    string // of our own words only
}

func (h webhook) refused(w http.ResponseWriter, r *http.Request, no *refusal) {
	h.Log.WarnContext(r.Context(), "a Vonage webhook was refused", "why", no.why, "tenant", r.PathValue("tenant"))
	http.Error(w, no.why, no.status)
}

// hear reads a receipt and believes it if it is signed: by a bearer token over the whole body, or field by field.
func (h webhook) hear(r *http.Request, body []byte, signing Signing) (receipt, *refusal) {
	if bearer := r.Header.Values("Authorization"); len(bearer) > 0 {
		said, err := nested(body)
		if err != nil {
			return receipt{}, &refusal{http.StatusBadRequest, err.Error()}
		}
		if why := h.refuseBearer(bearer, body, signing); why != "" {
			return receipt{}, &refusal{http.StatusForbidden, why}
		}
		return said, nil
	}
	fields, err := read(r, body)
	if err != nil {
		return receipt{}, &refusal{http.StatusBadRequest, err.Error()}
	}
	if why := h.refuse(fields, signing); why != "" {
		return receipt{}, &refusal{http.StatusForbidden, why}
	}
	return receipt{job: fields["client-ref"], status: fields["status"], code: fields["err-code"]}, nil
}

// read gives the receipt's fields, wherever the account has them sent: in the query, as a
// form or as JSON. A field that comes twice has no meaning.
func read(r *http.Request, body []byte) (map[string]string, error) {
	if r.Method != http.MethodPost {
		return single(r.URL.RawQuery)
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err == nil && kind == "application/json":
		return flat(body)
	case err == nil && kind == "application/x-www-form-urlencoded":
		return single(string(body))
	}
	return nil, errors.New("neither a form nor JSON")
}

func single(query string) (map[string]string, error) {
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

// flat reads one JSON object of strings and numbers.
func flat(body []byte) (map[string]string, error) {
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

// refuse says why a receipt is not Vonage's, or not of now.
func (h webhook) refuse(receipt map[string]string, signing Signing) string {
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
	if age := h.Now().Sub(time.Unix(seconds, 0)); age > webhookAge || age < -webhookAhead {
		return "not of now"
	}
	return ""
}

// fieldLetters are those of which the names of a receipt's fields are made. Like separators
// in values, others would let one list of fields read as another under the same signature.
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

// report says what the receipt means. Accepted is the network's word, delivered the
// handset's or the network's; neither is anybody's proof.
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
