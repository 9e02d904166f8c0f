package sendgrid

import (
	"bytes"
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sendgrid/sendgrid-go/helpers/eventwebhook"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/courier/refusal"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// reports are those of the signed event webhook: batches, to the tenant's own account or to the platform's.
var reports = courier.Reports{
	Methods: []string{http.MethodPost}, MaxBytes: 1 << 20, MaxAge: 10 * time.Minute, Batch: true, Parse: parseReports,
}

// parseReports reads a batch of events. Where the account is the platform's, each event names its tenant.
func parseReports(r courier.ReportRequest) (*courier.SignedReports, error) {
	_, _, key, err := readAccount(r.Account)
	if err != nil {
		return nil, err
	}
	at, err := checkSignature(r.Header, r.Body, key)
	if err != nil {
		return nil, err
	}
	var events []event
	if err := strictjson.Unmarshal(r.Body, &events); err != nil {
		return nil, courier.Malformed("not a list of events")
	}
	signed := &courier.SignedReports{At: at}
	for _, e := range events {
		if report, ok := e.report(); ok {
			signed.Add(cmp.Or(r.Tenant, e.Tenant), e.Job, report)
		}
	}
	return signed, nil
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

// checkSignature returns the time that SendGrid signed with the body. The signature covers timestamp and body without a
// separator, so both must have a form that can be split in one way only.
func checkSignature(header http.Header, body []byte, key *ecdsa.PublicKey) (time.Time, error) {
	stamp := header.Get(eventwebhook.TimestampHTTPHeader)
	signature, err := base64.StdEncoding.DecodeString(header.Get(eventwebhook.VerificationHTTPHeader))
	switch {
	case err != nil || len(signature) == 0:
		return time.Time{}, courier.Forged("no signature")
	case len(stamp) != 10 || strings.Trim(stamp, "0123456789") != "":
		return time.Time{}, courier.Forged("no timestamp of ten digits")
	case !bytes.HasPrefix(body, []byte("[")):
		return time.Time{}, courier.Forged("not a list")
	}
	hash := sha256.New()
	hash.Write([]byte(stamp))
	hash.Write(body)
	if !ecdsa.VerifyASN1(key, hash.Sum(nil), signature) {
		return time.Time{}, courier.Forged("wrong signature")
	}
	seconds, _ := strconv.ParseInt(stamp, 10, 64) // ten digits
	return time.Unix(seconds, 0), nil
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

// report converts the event. Opens and clicks prove nothing, and are no reports.
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
