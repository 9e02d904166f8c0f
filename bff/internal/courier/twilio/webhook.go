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
	webhookLimit = 64 << 10 // bytes of one receipt
	webhookAge   = 4 * time.Hour
	webhookAhead = time.Minute // that another node's clock may be before ours

	queryJob = "job"
	queryAt  = "at" // seconds since 1970, of the send
)

// Account is what the receipts of a tenant are checked by.
type Account struct {
	SID   string
	Token string // the account's auth token: signatures are made with it, whatever key sends
}

// WebhookConfig is what the receipts' webhook needs. Log may be left out.
type WebhookConfig struct {
	PublicURL string // as Twilio is told it: scheme and host, without a slash at the end
	// Account gives the tenant's. CodeNotFound: it does not send by Twilio.
	Account func(ctx context.Context, tenant string) (Account, error)
	Reports courier.Reporter
	Now     func() time.Time
	Log     *slog.Logger
}

// NewWebhook answers POST /hooks/twilio/{tenant}; the tenant is the request's path value. Only what Twilio has
// signed, for a message of lately, is read. It may come late, twice or in any order: a report that says nothing
// new changes nothing. 503 asks Twilio to come again.
func NewWebhook(c WebhookConfig) http.Handler {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return webhook{c}
}

type webhook struct{ WebhookConfig }

func (h webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, tenant := r.Context(), r.PathValue("tenant")
	receipt, err := read(w, r)
	if err != nil {
		h.Log.WarnContext(ctx, "a Twilio webhook was refused", "why", err.Error(), "tenant", tenant)
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	account, err := h.Account(ctx, tenant)
	if err != nil && verify.CodeOf(err) != verify.CodeNotFound {
		h.Log.ErrorContext(ctx, "a tenant's Twilio account can't be read", "tenant", tenant, "error", err)
		http.Error(w, "try again later", http.StatusServiceUnavailable)
		return
	}
	if why := h.refuse(r, receipt, account); why != "" {
		h.Log.WarnContext(ctx, "a Twilio webhook was refused", "why", why, "tenant", tenant)
		http.Error(w, why, http.StatusForbidden)
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
	switch err = h.Reports.Delivered(ctx, tenant, job, report); {
	case verify.CodeOf(err) == verify.CodeNotFound:
		h.Log.WarnContext(ctx, "a Twilio receipt is of no message of this tenant", "job", job, "tenant", tenant)
	case err != nil:
		h.Log.ErrorContext(ctx, "a Twilio receipt can't be written down", "job", job, "error", err)
		http.Error(w, "try again later", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// read gives the form's fields. A field that comes twice has no meaning.
func read(w http.ResponseWriter, r *http.Request) (map[string]string, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, errors.New("not a form")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, webhookLimit))
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

// refuse says why a receipt is not Twilio's, not of this account, or not of now.
func (h webhook) refuse(r *http.Request, receipt map[string]string, account Account) string {
	if account.Token == "" {
		return "no account"
	}
	signature, err := base64.StdEncoding.Strict().DecodeString(r.Header.Get("X-Twilio-Signature"))
	if err != nil || len(signature) == 0 {
		return "no signature"
	}
	if !h.signed(r, account.Token, receipt, signature) {
		return "wrong signature"
	}
	if receipt["AccountSid"] != account.SID {
		return "another account"
	}
	seconds, err := strconv.ParseInt(r.URL.Query().Get(queryAt), 10, 64)
	if err != nil {
		return "no time"
	}
	if age := h.Now().Sub(time.Unix(seconds, 0)); age > webhookAge || age < -webhookAhead {
		return "not of now"
	}
	return ""
}

// signed tells whether Twilio has signed the receipt for the address that it was told. Twilio signs some callbacks
// with the port of an https address and some without, and its own libraries take both. The query is tried as it came
// and as it was told: a proxy may have written it anew, and the signature covers the job and the time all the same.
func (h webhook) signed(r *http.Request, token string, receipt map[string]string, signature []byte) bool {
	query := url.Values{queryJob: r.URL.Query()[queryJob], queryAt: r.URL.Query()[queryAt]}
	told := callbackPath(r.PathValue("tenant")) + "?" + query.Encode()
	for _, site := range sites(h.PublicURL) {
		for _, uri := range []string{r.URL.RequestURI(), told} {
			if hmac.Equal(sign(token, site+uri, receipt), signature) {
				return true
			}
		}
	}
	return false
}

// sites are the forms in which Twilio may write our public URL: as it is, without a port, and with the scheme's own.
func sites(publicURL string) []string {
	u, err := url.Parse(publicURL)
	if err != nil {
		return []string{publicURL}
	}
	host := strings.TrimSuffix(u.Host, ":"+u.Port())
	own := map[string]string{"https": ":443", "http": ":80"}[u.Scheme]
	all := []string{publicURL, u.Scheme + "://" + host}
	if u.Port() == "" {
		all = append(all, u.Scheme+"://"+host+own)
	}
	return all
}

// callbackPath is where the receipts of a tenant go.
func callbackPath(tenant string) string { return "/hooks/twilio/" + url.PathEscape(tenant) }

// sign is Twilio's way: the address as it was given, then each field and its value, by name.
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

// reportOf says what the receipt means. Delivered is the network's word or the handset's; neither is anybody's proof.
func reportOf(receipt map[string]string) (verify.Report, bool) {
	switch receipt["MessageStatus"] {
	case "sent":
		return verify.Report{Kind: verify.EventSent, Carrier: Carrier}, true
	case "delivered", "read":
		return verify.Report{Kind: verify.EventDelivered}, true
	case "undelivered", "failed", "canceled":
		code, _ := strconv.Atoi(receipt["ErrorCode"]) // none: not told why
		return verify.Report{Kind: verify.EventFailed, Reason: undelivered(code)}, true
	}
	return verify.Report{}, false
}

// undelivered is why a text that Twilio had taken did not arrive.
func undelivered(code int) verify.Code {
	if reason := reasonOf(code); reason != "" {
		return reason
	}
	return verify.ReasonUndelivered
}
