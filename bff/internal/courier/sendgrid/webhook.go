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
	webhookLimit = 1 << 20 // bytes of one batch of events
	webhookAge   = 10 * time.Minute
	webhookAhead = time.Minute // that SendGrid's clock may be before ours
)

// WebhookConfig is what the event webhook needs. Log may be left out.
type WebhookConfig struct {
	// Key gives that of the tenant's signed event webhook, of the house's for no tenant: see ParseKey.
	// CodeNotFound: there is no account.
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

// Reporter writes down what is known of many messages; verify.Service is one. All of it is written, or nothing.
type Reporter interface {
	DeliveredAll(ctx context.Context, tenant string, reports []verify.JobReport) (unknown int, err error)
}

type webhook struct{ WebhookConfig }

// NewWebhook answers POST /hooks/sendgrid/{tenant} and, for an account by which many tenants send, POST /hooks/sendgrid;
// the tenant is the request's path value, or else each event's. Only what SendGrid has signed, lately, is read. It may
// come late, twice or in any order: a report that says nothing new changes nothing. 503 asks SendGrid to come again.
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
		h.refused(w, r, http.StatusRequestEntityTooLarge, "body too large or cut short")
		return
	}
	key, err := h.Key(r.Context(), tenant)
	if err != nil && verify.CodeOf(err) != verify.CodeNotFound {
		h.Log.ErrorContext(r.Context(), "a SendGrid account can't be read", "tenant", tenant, "error", err)
		http.Error(w, "try again later", http.StatusServiceUnavailable)
		return
	}
	if why := h.refuse(r.Header, body, key); why != "" {
		h.refused(w, r, http.StatusForbidden, why)
		return
	}
	var events []event
	if err := strictjson.Unmarshal(body, &events); err != nil {
		h.refused(w, r, http.StatusBadRequest, "not a list of events")
		return
	}
	for of, reports := range reportsOf(tenant, events) {
		if n := setupFaults(reports); n > 0 {
			h.Log.ErrorContext(r.Context(), "MAIL IS REFUSED: SendGrid's account, or its sender's domain, needs attention", "events", n, "tenant", of)
		}
		unknown, err := h.Reports.DeliveredAll(r.Context(), of, reports)
		if err != nil { // what was written already says nothing new when it comes again
			h.Log.ErrorContext(r.Context(), "SendGrid events can't be written down", "events", len(reports), "tenant", of, "error", err)
			http.Error(w, "try again later", http.StatusServiceUnavailable)
			return
		}
		if unknown > 0 {
			h.Log.WarnContext(r.Context(), "SendGrid events are of no message of this tenant", "events", unknown, "tenant", of)
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

func (h webhook) refused(w http.ResponseWriter, r *http.Request, status int, why string) {
	h.Log.WarnContext(r.Context(), "a SendGrid webhook was refused", "why", why, "tenant", r.PathValue("tenant"))
	http.Error(w, why, status)
}

// refuse says why a request is not SendGrid's, or not of now. What is signed is timestamp and
// body without anything between them, so both must have a shape that allows one reading only.
func (h webhook) refuse(header http.Header, body []byte, key *ecdsa.PublicKey) string {
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
	if age := h.Now().Sub(time.Unix(seconds, 0)); age > webhookAge || age < -webhookAhead {
		return "not of now"
	}
	return ""
}

// event is what we read of SendGrid's.
type event struct {
	Kind   string `json:"event"`
	Type   string `json:"type"`   // of bounce: bounce or blocked
	Status string `json:"status"` // of bounce: as the mailbox's server said it (RFC 3463)
	Reason string `json:"reason"` // of dropped: SendGrid's; of bounce: what the mailbox's server said
	Job    string `json:"shieldpod_job"`
	Tenant string `json:"shieldpod_tenant"`
}

// reportsOf are what the events say of our messages, by tenant: the one given, whatever they say, or else their own.
// Events of others, and those that only say what somebody did with the mail, are no report: opens and clicks prove nothing.
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

// setupFaults counts the reports of mail that was refused for what is ours.
func setupFaults(reports []verify.JobReport) int {
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
	case "processed", "deferred": // it is theirs, and they go on trying
		return verify.Report{Kind: verify.EventSent, Carrier: Carrier}, true
	case "delivered":
		return verify.Report{Kind: verify.EventDelivered}, true
	case "bounce":
		return failed(e.bounce())
	case "blocked":
		return failed(verify.ReasonBlocked)
	case "dropped":
		return failed(dropped(e.Reason))
	}
	return verify.Report{}, false
}

// bounce tells why the mailbox's server refused the mail. SendGrid repeats what that server said, and calls it blocked
// when it takes it for a refusal of the message and not of the address.
func (e event) bounce() verify.Code {
	said := refusal.Parse(e.Reason)
	if said.Enhanced == "" {
		said.Enhanced = e.Status
	}
	reason := said.Recipient()
	switch {
	case reason != "":
		return reason
	case e.Type == "blocked":
		return verify.ReasonBlocked
	case said.Ours():
		return verify.ReasonCarrierSet
	}
	return verify.ReasonInvalidRecipient // SendGrid says so
}

// dropped sorts the reasons for which SendGrid does not even try.
func dropped(reason string) verify.Code {
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

func failed(reason verify.Code) (verify.Report, bool) {
	return verify.Report{Kind: verify.EventFailed, Reason: reason}, true
}
