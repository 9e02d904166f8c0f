package twilio

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Twilio signs by nothing else; as a MAC it holds
	"encoding/base64"
	"errors"
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
)

const (
	maxWebhookBytes = 64 << 10 // of one receipt
	maxWebhookAge   = 4 * time.Hour
	maxClockSkew    = time.Minute // by which another node's clock may be ahead

	queryJob = "job"
	queryAt  = "at" // Unix time of the send, in seconds
)

// Account is the account against which the receipts of a tenant are checked.
type Account struct {
	SID   string
	Token string // the account's auth token, with which Twilio signs even when an API key sends
}

// WebhookConfig holds the dependencies of the webhook. Log is optional.
type WebhookConfig struct {
	PublicURL string // as given to Twilio: scheme and host, without a trailing slash
	// Account returns the tenant's account. CodeNotFound: the tenant has no Twilio account.
	Account func(ctx context.Context, tenant string) (Account, error)
	Reports courier.Reporter
	Now     func() time.Time
	Log     *slog.Logger
}

// NewWebhook handles POST /hooks/twilio/{tenant}; the tenant is the request's path value. It accepts only receipts that
// Twilio signed, for a recent message. Receipts may come late, twice or in any order: a report without news changes
// nothing. Status 503 asks Twilio to repeat the receipt.
func NewWebhook(c WebhookConfig) http.Handler {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return webhook{c}
}

type webhook struct{ WebhookConfig }

func (h webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, tenant := r.Context(), r.PathValue("tenant")
	receipt, err := readForm(w, r)
	if err != nil {
		h.Log.WarnContext(ctx, "a Twilio webhook was refused", "reason", err.Error(), "tenant", tenant)
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	account, err := h.Account(ctx, tenant)
	if err != nil && verify.CodeOf(err) != verify.CodeNotFound {
		h.Log.ErrorContext(ctx, "a tenant's Twilio account can't be read", "tenant", tenant, "err", err)
		http.Error(w, "try again later", http.StatusServiceUnavailable)
		return
	}
	if reason := h.checkReceipt(r, receipt, account); reason != "" {
		h.Log.WarnContext(ctx, "a Twilio webhook was refused", "reason", reason, "tenant", tenant)
		http.Error(w, reason, http.StatusForbidden)
		return
	}
	report, ok := reportOf(receipt)
	job := r.URL.Query().Get(queryJob)
	if !ok || job == "" {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if report.Reason == verify.ReasonCarrierSet {
		h.Log.ErrorContext(ctx, "TEXTS ARE REFUSED: Twilio's account or its sender needs attention", "code", receipt["ErrorCode"], "tenant", tenant)
	}
	switch err = h.Reports.RecordReport(ctx, tenant, job, report); {
	case verify.CodeOf(err) == verify.CodeNotFound:
		h.Log.WarnContext(ctx, "a Twilio receipt is of no message of this tenant", "job", job, "tenant", tenant)
	case err != nil:
		h.Log.ErrorContext(ctx, "a Twilio receipt can't be written down", "job", job, "err", err)
		http.Error(w, "try again later", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// readForm returns the form's fields. It refuses a repeated field.
func readForm(w http.ResponseWriter, r *http.Request) (map[string]string, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, errors.New("not a form")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxWebhookBytes))
	if err != nil {
		return nil, errors.New("body too large or cut short")
	}
	values, err := url.ParseQuery(string(body))
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

// checkReceipt returns why a receipt is not signed by Twilio, belongs to another account or is too old; empty when it is
// valid.
func (h webhook) checkReceipt(r *http.Request, receipt map[string]string, account Account) string {
	if account.Token == "" {
		return "no account"
	}
	signature, err := base64.StdEncoding.Strict().DecodeString(r.Header.Get("X-Twilio-Signature"))
	if err != nil || len(signature) == 0 {
		return "no signature"
	}
	if !h.isSigned(r, account.Token, receipt, signature) {
		return "wrong signature"
	}
	if receipt["AccountSid"] != account.SID {
		return "another account"
	}
	seconds, err := strconv.ParseInt(r.URL.Query().Get(queryAt), 10, 64)
	if err != nil {
		return "no time"
	}
	if age := h.Now().Sub(time.Unix(seconds, 0)); age > maxWebhookAge || age < -maxClockSkew {
		return "not of now"
	}
	return ""
}

// isSigned reports whether Twilio signed the receipt for its callback URL. Twilio signs some callbacks with the port of
// an https URL and some without, and its own libraries accept both. The query is tried as received and as sent, because a
// proxy may have rewritten it; the signature covers the job and the time in both forms.
func (h webhook) isSigned(r *http.Request, token string, receipt map[string]string, signature []byte) bool {
	query := url.Values{queryJob: r.URL.Query()[queryJob], queryAt: r.URL.Query()[queryAt]}
	sent := callbackPath(r.PathValue("tenant")) + "?" + query.Encode()
	for _, base := range baseURLs(h.PublicURL) {
		for _, uri := range []string{r.URL.RequestURI(), sent} {
			if hmac.Equal(sign(token, base+uri, receipt), signature) {
				return true
			}
		}
	}
	return false
}

// baseURLs returns the forms in which Twilio may write the public URL: unchanged, without a port, and with the standard
// port of the scheme.
func baseURLs(publicURL string) []string {
	u, err := url.Parse(publicURL)
	if err != nil {
		return []string{publicURL}
	}
	host := strings.TrimSuffix(u.Host, ":"+u.Port())
	standardPort := map[string]string{"https": ":443", "http": ":80"}[u.Scheme]
	urls := []string{publicURL, u.Scheme + "://" + host}
	if u.Port() == "" {
		urls = append(urls, u.Scheme+"://"+host+standardPort)
	}
	return urls
}

// callbackPath returns the path for the receipts of a tenant.
func callbackPath(tenant string) string { return "/hooks/twilio/" + url.PathEscape(tenant) }

// sign returns Twilio's signature over the URL and the fields and values, sorted by name.
func sign(token, address string, receipt map[string]string) []byte {
	names := make([]string, 0, len(receipt))
	for name := range receipt {
		names = append(names, name)
	}
	slices.Sort(names)
	var text strings.Builder
	text.WriteString(address)
	for _, name := range names {
		text.WriteString(name + receipt[name])
	}
	mac := hmac.New(sha1.New, []byte(token))
	io.WriteString(mac, text.String()) //nolint:errcheck // a hash never fails
	return mac.Sum(nil)
}

// reportOf converts the receipt to a report. Delivered is reported by the network or the handset and proves nothing.
func reportOf(receipt map[string]string) (verify.Report, bool) {
	switch receipt["MessageStatus"] {
	case "sent":
		return verify.Report{Kind: verify.EventSent, Carrier: Carrier}, true
	case "delivered", "read":
		return verify.Report{Kind: verify.EventDelivered}, true
	case "undelivered", "failed", "canceled":
		code, _ := strconv.Atoi(receipt["ErrorCode"]) // 0: no reason given
		return verify.Report{Kind: verify.EventFailed, Reason: failureReason(code)}, true
	}
	return verify.Report{}, false
}

// failureReason returns why a text that Twilio had accepted did not arrive.
func failureReason(code int) verify.Code {
	if reason := reasonOf(code); reason != "" {
		return reason
	}
	return verify.ReasonUndelivered
}
