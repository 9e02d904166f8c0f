package courier

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// MaxClockSkew is the time by which a carrier's clock, or another node's, may be ahead.
const MaxClockSkew = time.Minute

// Reports says how a carrier reports deliveries, and reads such reports.
type Reports struct {
	Methods  []string      // of HTTP; none: the carrier reports nothing
	MaxBytes int64         // of a request's body
	MaxAge   time.Duration // of SignedReports.At
	// Batch is set if a request holds reports on several messages. Such requests also come to a URL without a tenant: the
	// platform's account reports there for all tenants, which the reports name.
	Batch bool
	// Parse verifies the signature and reads the reports. It has no side effects. It returns a *Rejection for a request
	// that is not the carrier's, and another error for an account that can't be used.
	Parse func(ReportRequest) (*SignedReports, error)
}

// Patterns returns the patterns of net/http.ServeMux under which the plugin's reports arrive.
func (p Plugin) Patterns() []string {
	var patterns []string
	for _, method := range p.Reports.Methods {
		patterns = append(patterns, method+" /hooks/"+p.Name+"/{tenant}")
		if p.Reports.Batch {
			patterns = append(patterns, method+" /hooks/"+p.Name)
		}
	}
	return patterns
}

// ReportRequest is a request that may hold delivery reports. Nothing in it is verified.
type ReportRequest struct {
	*http.Request
	Body      []byte // in place of the request's, which is read
	Tenant    string // in the request's path; empty: the platform's account
	Account   admin.CarrierAccount
	PublicURL string // without a trailing slash
	Now       time.Time
}

// MediaType returns the media type of the body, without parameters; empty when the request names none.
func (r ReportRequest) MediaType() string {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return kind
}

// Fields returns the fields of a form in the body.
func (r ReportRequest) Fields() (map[string]string, error) {
	if r.MediaType() != "application/x-www-form-urlencoded" {
		return nil, Malformed("not a form")
	}
	return ParseFields(string(r.Body))
}

// ParseFields returns the fields of a query or a form. It refuses a field that comes twice.
func ParseFields(text string) (map[string]string, error) {
	values, err := url.ParseQuery(text)
	if err != nil {
		return nil, Malformed("not a form")
	}
	fields := make(map[string]string, len(values))
	for name, list := range values {
		if len(list) != 1 {
			return nil, Malformed("a field comes twice")
		}
		fields[name] = list[0]
	}
	return fields, nil
}

// SignedReports are the reports in a request whose signature is valid.
type SignedReports struct {
	At   time.Time // a time that the signature covers; the handler refuses what is older than Reports.MaxAge
	Code string    // the carrier's own code, of a single report

	byTenant map[string][]verify.JobReport
}

// Add adds a report on a message. A report that names no message or no tenant is left out: the account also sends
// messages that are not Shieldpod's.
func (s *SignedReports) Add(tenant, job string, report verify.Report) {
	if tenant == "" || job == "" {
		return
	}
	if s.byTenant == nil {
		s.byTenant = map[string][]verify.JobReport{}
	}
	s.byTenant[tenant] = append(s.byTenant[tenant], verify.JobReport{Job: job, Report: report})
}

// Rejection says why a request holds no delivery reports. The reason is logged and answered, and contains nothing of the
// request.
type Rejection struct {
	Status int
	Reason string
}

// Error returns the reason.
func (r *Rejection) Error() string { return r.Reason }

// Malformed rejects a request that can't be read.
func Malformed(reason string) error { return &Rejection{http.StatusBadRequest, reason} }

// Forged rejects a request that the carrier's account did not sign, or not recently.
func Forged(reason string) error { return &Rejection{http.StatusForbidden, reason} }

// ReportAccounts finds accounts; CarrierRegistry implements it.
type ReportAccounts interface {
	// Account returns the account through which a carrier sends the tenant's messages. CodeNotFound: there is none.
	Account(ctx context.Context, tenant, carrier string) (admin.CarrierAccount, error)
}

// ReportRecorder records the delivery state of messages; verify.Service implements it.
type ReportRecorder interface {
	// RecordReports records all reports in one transaction, or none. A repeated or late report changes nothing. It counts
	// the reports on messages that the tenant does not have.
	RecordReports(ctx context.Context, tenant string, reports []verify.JobReport) (unknown int, err error)
}

// ReportConfig holds the dependencies of a report handler. Log is optional.
type ReportConfig struct {
	Accounts  ReportAccounts
	Reports   ReportRecorder
	PublicURL string // as carriers have it, without a trailing slash
	Now       func() time.Time
	Log       *slog.Logger
}

type reportHandler struct {
	ReportConfig
	plugin Plugin
}

// NewReportHandler handles the plugin's requests of [Plugin.Patterns]. It accepts only requests that the account of the
// path's tenant signed recently. Reports may come late, twice or in any order. It answers 204, or 400, 403 or 413 to a
// request that it refuses, or 503 to ask the carrier to repeat the request.
func NewReportHandler(p Plugin, c ReportConfig) http.Handler {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return reportHandler{c, p}
}

func (h reportHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, tenant := r.Context(), r.PathValue("tenant")
	signed, err := h.read(w, r, tenant)
	var rejection *Rejection
	switch {
	case errors.As(err, &rejection):
		h.Log.WarnContext(ctx, "a "+h.plugin.Title+" webhook was refused", "reason", rejection.Reason, "tenant", tenant)
		http.Error(w, rejection.Reason, rejection.Status)
		return
	case err != nil:
		h.Log.ErrorContext(ctx, "a "+h.plugin.Title+" account can't be used", "tenant", tenant, "err", err)
		http.Error(w, "try again later", http.StatusServiceUnavailable)
		return
	}
	for id, reports := range signed.byTenant {
		if err := h.record(ctx, id, reports, signed.Code); err != nil { // reports that were written already change nothing when they are repeated
			http.Error(w, "try again later", http.StatusServiceUnavailable)
			return
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// read returns the request's reports, or a *Rejection, or the fault of the account.
func (h reportHandler) read(w http.ResponseWriter, r *http.Request, tenant string) (*SignedReports, error) {
	rules := h.plugin.Reports
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, rules.MaxBytes))
	if err != nil {
		status := http.StatusBadRequest
		if rules.Batch {
			status = http.StatusRequestEntityTooLarge
		}
		return nil, &Rejection{status, "body too large or cut short"}
	}
	account, err := h.Accounts.Account(r.Context(), tenant, h.plugin.Name)
	switch {
	case verify.CodeOf(err) == verify.CodeNotFound:
		return nil, Forged("no account")
	case err != nil:
		return nil, err
	}
	now := h.Now()
	signed, err := rules.Parse(ReportRequest{r, body, tenant, account, h.PublicURL, now})
	if err != nil {
		return nil, err
	}
	if age := now.Sub(signed.At); age > rules.MaxAge || age < -MaxClockSkew {
		return nil, Forged("not of now")
	}
	return signed, nil
}

// record records a tenant's reports. It logs those of no message of the tenant, and those that an operator must act on.
func (h reportHandler) record(ctx context.Context, tenant string, reports []verify.JobReport, code string) error {
	misconfigured := 0
	for _, r := range reports {
		if r.Reason == verify.ReasonCarrierSet {
			misconfigured++
		}
	}
	if misconfigured > 0 {
		h.Log.ErrorContext(ctx, "MESSAGES ARE REFUSED: "+h.plugin.Title+"'s account, or its sender, needs attention",
			"events", misconfigured, "code", code, "tenant", tenant)
	}
	attrs := func(count int) []any {
		if h.plugin.Reports.Batch {
			return []any{"events", count, "tenant", tenant}
		}
		return []any{"job", reports[0].Job, "tenant", tenant}
	}
	unknown, err := h.Reports.RecordReports(ctx, tenant, reports)
	if err != nil {
		h.Log.ErrorContext(ctx, h.plugin.Title+" events can't be written down", append(attrs(len(reports)), "err", err)...)
		return err
	}
	if unknown > 0 {
		h.Log.WarnContext(ctx, h.plugin.Title+" events are of no message of this tenant", attrs(unknown)...)
	}
	return nil
}
