package twilio

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Twilio signs by nothing else; as a MAC it holds
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Query parameters of the callback URL.
const (
	queryJob = "job"
	queryAt  = "at" // Unix time of the send, in seconds
)

// reports are status callbacks, one in each request. Their time is that of the send.
var reports = courier.Reports{Methods: []string{http.MethodPost}, MaxBytes: 64 << 10, MaxAge: 4 * time.Hour, Parse: parseReports}

func parseReports(r courier.ReportRequest) (*courier.SignedReports, error) {
	settings, secret, err := readAccount(r.Account)
	if err != nil {
		return nil, err
	}
	fields, err := r.Fields()
	if err != nil {
		return nil, err
	}
	at, err := checkReceipt(r, fields, settings.Account, secret.Token)
	if err != nil {
		return nil, err
	}
	signed := &courier.SignedReports{At: at, Code: fields["ErrorCode"]}
	if report, ok := reportOf(fields); ok {
		signed.Add(r.Tenant, r.URL.Query().Get(queryJob), report)
	}
	return signed, nil
}

// checkReceipt returns the time of the send from a receipt that Twilio signed for this account.
func checkReceipt(r courier.ReportRequest, receipt map[string]string, account, token string) (time.Time, error) {
	signature, err := base64.StdEncoding.Strict().DecodeString(r.Header.Get("X-Twilio-Signature"))
	if err != nil || len(signature) == 0 {
		return time.Time{}, courier.Forged("no signature")
	}
	if !isSigned(r, token, receipt, signature) {
		return time.Time{}, courier.Forged("wrong signature")
	}
	if receipt["AccountSid"] != account {
		return time.Time{}, courier.Forged("another account")
	}
	seconds, err := strconv.ParseInt(r.URL.Query().Get(queryAt), 10, 64)
	if err != nil {
		return time.Time{}, courier.Forged("no time")
	}
	return time.Unix(seconds, 0), nil
}

// isSigned reports whether Twilio signed the receipt for its callback URL. Twilio signs some callbacks with the port of
// an https URL and some without, and its own libraries accept both. The query is tried as received and as sent, because a
// proxy may have rewritten it; the signature covers the job and the time in both forms.
func isSigned(r courier.ReportRequest, token string, receipt map[string]string, signature []byte) bool {
	query := url.Values{queryJob: r.URL.Query()[queryJob], queryAt: r.URL.Query()[queryAt]}
	sent := callbackPath(r.Tenant) + "?" + query.Encode()
	for _, base := range baseURLs(r.PublicURL) {
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
