package sendgrid

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sendgrid/sendgrid-go/helpers/eventwebhook"

	"github.com/shieldpod/shieldpod/bff/internal/courier/refusal"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

const (
	maxWebhookBytes = 1 << 20 // of one batch of events
	maxWebhookAge   = 10 * time.Minute
	maxClockSkew    = time.Minute // by which SendGrid's clock may be ahead
)

// WebhookConfig holds the dependencies of the event webhook. Log is optional.
type WebhookConfig struct {
	// Key returns the verification key of the tenant's signed event webhook; for an empty tenant, the platform's.
	// See ParseKey. CodeNotFound: there is no account.
	Key     func(ctx context.Context, tenant string) (*ecdsa.PublicKey, error)
	Reports Reporter
	Now     func() time.Time
	Log     *slog.Logger
}

// ParseKey reads the verification key as SendGrid shows it: base64 of an ECDSA P-256 public key.
func ParseKey(text string) (*ecdsa.PublicKey, error) {
	der, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return nil, errors.New("sendgrid: the webhook key is not base64")
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, fmt.Errorf("sendgrid: the webhook key: %w", err)
	}
	ec, ok := key.(*ecdsa.PublicKey)
	if !ok || ec.Curve != elliptic.P256() {
		return nil, errors.New("sendgrid: the webhook key is not on the curve P-256")
	}
	return ec, nil
}

// Reporter records the delivery state of many messages in one transaction; verify.Service implements it.
type Reporter interface {
	RecordReports(ctx context.Context, tenant string, reports []verify.JobReport) (unknown int, err error)
}

type webhook struct{ WebhookConfig }

// NewWebhook handles POST /hooks/sendgrid/{tenant} and, for an account shared by several tenants, POST /hooks/sendgrid.
// The tenant is the request's path value, or else a custom argument of each event. It accepts only requests that SendGrid
// signed recently. Events may come late, twice or in any order: a report without news changes nothing. Status 503 asks
// SendGrid to repeat the request.
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
		h.reject(w, r, http.StatusRequestEntityTooLarge, "body too large or cut short")
		return
	}
	key, err := h.Key(r.Context(), tenant)
	if err != nil && verify.CodeOf(err) != verify.CodeNotFound {
		h.Log.ErrorContext(r.Context(), "a SendGrid account can't be read", "tenant", tenant, "err", err)
		http.Error(w, "try again later", http.StatusServiceUnavailable)
		return
	}
	if reason := h.checkSignature(r.Header, body, key); reason != "" {
		h.reject(w, r, http.StatusForbidden, reason)
		return
	}
	var events []event
	if err := strictjson.Unmarshal(body, &events); err != nil {
		h.reject(w, r, http.StatusBadRequest, "not a list of events")
		return
	}
	for id, reports := range reportsOf(tenant, events) {
		if n := countMisconfigured(reports); n > 0 {
			h.Log.ErrorContext(r.Context(), "MAIL IS REFUSED: SendGrid's account, or its sender's domain, needs attention", "events", n, "tenant", id)
		}
		unknown, err := h.Reports.RecordReports(r.Context(), id, reports)
		if err != nil { // reports that were written already change nothing when they are repeated
			h.Log.ErrorContext(r.Context(), "SendGrid events can't be written down", "events", len(reports), "tenant", id, "err", err)
			http.Error(w, "try again later", http.StatusServiceUnavailable)
			return
		}
		if unknown > 0 {
			h.Log.WarnContext(r.Context(), "SendGrid events are of no message of this tenant", "events", unknown, "tenant", id)
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

func (h webhook) reject(w http.ResponseWriter, r *http.Request, status int, reason string) {
	h.Log.WarnContext(r.Context(), "a SendGrid webhook was refused", "reason", reason, "tenant", r.PathValue("tenant"))
	http.Error(w, reason, status)
}

// checkSignature returns why a request is not signed by SendGrid, or why it is too old; empty when it is valid. The
// signature covers timestamp and body without a separator, so both must have a form that can be split in one way only.
func (h webhook) checkSignature(header http.Header, body []byte, key *ecdsa.PublicKey) string {
	stamp := header.Get(eventwebhook.TimestampHTTPHeader)
	signature, err := base64.StdEncoding.DecodeString(header.Get(eventwebhook.VerificationHTTPHeader))
	switch {
	case key == nil:
		return "no account"
	case err != nil || len(signature) == 0:
		return "no signature"
	case len(stamp) != 10 || strings.Trim(stamp, "0123456789") != "":
		return "no timestamp of ten digits"
	case !bytes.HasPrefix(body, []byte("[")):
		return "not a list"
	}
	hash := sha256.New()
	hash.Write([]byte(stamp))
	hash.Write(body)
	if !ecdsa.VerifyASN1(key, hash.Sum(nil), signature) {
		return "wrong signature"
	}
	seconds, _ := strconv.ParseInt(stamp, 10, 64) // ten digits
	if age := h.Now().Sub(time.Unix(seconds, 0)); age > maxWebhookAge || age < -maxClockSkew {
		return "not of now"
	}
	return ""
}

// event holds the members of a SendGrid event that are read.
type event struct {
	Kind   string `json:"event"`
	Type   string `json:"type"`   // of bounce: bounce or blocked
	Status string `json:"status"` // of bounce: the mail server's enhanced code (RFC 3463)
	Reason string `json:"reason"` // of dropped: SendGrid's reason; of bounce: the mail server's reply
	Job    string `json:"shieldpod_job"`
	Tenant string `json:"shieldpod_tenant"`
}

// reportsOf converts events to reports, by tenant. A given tenant has precedence over the tenants that the events name.
// Events of other messages are left out, and so are opens and clicks, which prove nothing.
func reportsOf(tenant string, events []event) map[string][]verify.JobReport {
	reports := map[string][]verify.JobReport{}
	for _, e := range events {
		if tenant != "" {
			e.Tenant = tenant
		}
		if report, ok := e.report(); ok && e.Job != "" && e.Tenant != "" {
			reports[e.Tenant] = append(reports[e.Tenant], verify.JobReport{Job: e.Job, Report: report})
		}
	}
	return reports
}

// countMisconfigured counts the reports whose cause is the account or its settings.
func countMisconfigured(reports []verify.JobReport) int {
	n := 0
	for _, r := range reports {
		if r.Reason == verify.ReasonCarrierSet {
			n++
		}
	}
	return n
}

func (e event) report() (verify.Report, bool) {
	switch e.Kind {
	case "processed", "deferred": // accepted: SendGrid keeps trying
		return verify.Report{Kind: verify.EventSent, Carrier: Carrier}, true
	case "delivered":
		return verify.Report{Kind: verify.EventDelivered}, true
	case "bounce":
		return failedReport(e.bounceReason())
	case "blocked":
		return failedReport(verify.ReasonBlocked)
	case "dropped":
		return failedReport(droppedReason(e.Reason))
	}
	return verify.Report{}, false
}

// bounceReason returns why the recipient's mail server refused the mail. SendGrid repeats that server's reply. The type
// blocked means that the message was refused, not the address.
func (e event) bounceReason() verify.Code {
	reply := refusal.Parse(e.Reason)
	if reply.Enhanced == "" {
		reply.Enhanced = e.Status
	}
	reason := reply.RecipientReason()
	switch {
	case reason != "":
		return reason
	case e.Type == "blocked":
		return verify.ReasonBlocked
	case reply.IsAboutSender():
		return verify.ReasonCarrierSet
	}
	return verify.ReasonInvalidRecipient // SendGrid's own classification
}

// droppedReason converts SendGrid's reason for not sending a mail.
func droppedReason(reason string) verify.Code {
	switch reason {
	case "Bounced Address", "Invalid":
		return verify.ReasonInvalidRecipient
	case "Unsubscribed Address", "Spam Reporting Address", "Spam Content (if Spam Checker app is enabled)":
		return verify.ReasonBlocked
	case "Recipient List over Package Quota", "Invalid SMTPAPI header":
		return verify.ReasonCarrierSet
	}
	return verify.ReasonUndelivered
}

func failedReport(reason verify.Code) (verify.Report, bool) {
	return verify.Report{Kind: verify.EventFailed, Reason: reason}, true
}
