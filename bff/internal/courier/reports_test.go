package courier_test

import (
	"cmp"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/courier/couriertest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

func TestAReportRequestIsAnswered(t *testing.T) {
	now := time.Date(2026, 3, 4, 14, 0, 0, 0, time.UTC)
	signedAt := func(at time.Time) *courier.SignedReports {
		signed := &courier.SignedReports{At: at}
		signed.Add("acme", "v_1", verify.Report{Kind: verify.EventDelivered})
		return signed
	}
	two := signedAt(now)
	two.Add("acme", "v_2", verify.Report{Kind: verify.EventDelivered})
	two.Add("globex", "v_3", verify.Report{Kind: verify.EventDelivered})
	unnamed := &courier.SignedReports{At: now}
	unnamed.Add("", "v_1", verify.Report{Kind: verify.EventDelivered})
	unnamed.Add("acme", "", verify.Report{Kind: verify.EventDelivered})
	once := []string{"v_1 delivered "}
	for _, c := range []struct {
		name   string
		tenant string // default: acme
		body   string
		batch  bool
		signed *courier.SignedReports
		err    error
		broken bool // reports can't be written
		want   int
		told   []string // of acme's messages
		log    string
	}{
		{name: "a report of now is recorded", signed: signedAt(now), want: 204, told: once},
		{name: "reports of two tenants are recorded in one transaction each", signed: two, batch: true, want: 204, told: []string{"v_1 delivered ", "v_2 delivered "}, log: `of no message of this tenant" events=1 tenant=globex`},
		{name: "a report that can't be written is requested again", signed: signedAt(now), broken: true, want: 503, log: "events can't be written down"},
		{name: "a report without a message or a tenant is left out", signed: unnamed, want: 204},
		{name: "a report of the maximum age is recorded", signed: signedAt(now.Add(-time.Hour)), want: 204, told: once},
		{name: "a report older than that is refused", signed: signedAt(now.Add(-time.Hour - time.Second)), want: 403, log: "a Carrier webhook was refused"},
		{name: "a carrier's clock may be a minute ahead", signed: signedAt(now.Add(time.Minute)), want: 204, told: once},
		{name: "a report from further ahead is refused", signed: signedAt(now.Add(time.Minute + time.Second)), want: 403, log: "not of now"},
		{name: "a report without a signed time is refused", signed: signedAt(time.Time{}), want: 403, log: "not of now"},
		{name: "a malformed request is refused with the plugin's status", err: courier.Malformed("not a form"), want: 400, log: "not a form"},
		{name: "a forged request is refused with the plugin's status", err: courier.Forged("wrong signature"), want: 403, log: "wrong signature"},
		{name: "an account that can't be used asks for a repetition", err: errors.New("the key is missing"), want: 503, log: "the key is missing"},
		{name: "a tenant without an account is refused", tenant: "stranger", signed: signedAt(now), want: 403, log: "no account"},
		{name: "an account that can't be read asks for a repetition", tenant: "broken", signed: signedAt(now), want: 503, log: "level=ERROR"},
		{name: "a body of the maximum size is read", body: strings.Repeat("x", 16), signed: signedAt(now), want: 204, told: once},
		{name: "a larger body is refused", body: strings.Repeat("x", 17), signed: signedAt(now), want: 400, log: "body too large"},
		{name: "a larger batch is refused as too large", body: strings.Repeat("x", 17), batch: true, signed: signedAt(now), want: 413, log: "body too large"},
	} {
		t.Run(c.name, func(t *testing.T) {
			plugin := courier.Plugin{Name: "carrier", Title: "Carrier", Reports: courier.Reports{
				Methods: []string{http.MethodPost}, MaxBytes: 16, MaxAge: time.Hour, Batch: c.batch,
				Parse: func(r courier.ReportRequest) (*courier.SignedReports, error) {
					if string(r.Body) != c.body || r.Tenant != "acme" || r.Account.Tenant != "acme" || r.PublicURL != "https://pod.example" || !r.Now.Equal(now) {
						t.Errorf("the plugin got %+v", r)
					}
					return c.signed, c.err
				},
			}}
			h := couriertest.NewHooks(t, plugin, struct{}{}, struct{}{}, "https://pod.example", func() time.Time { return now })
			if c.broken {
				h.Err = &verify.Error{Code: verify.CodeUnavailable}
			}
			response := httptest.NewRecorder()
			h.ServeHTTP(response, httptest.NewRequest(http.MethodPost, "/hooks/carrier/"+cmp.Or(c.tenant, "acme"), strings.NewReader(c.body)))
			if response.Code != c.want || !slices.Equal(h.Received, c.told) {
				t.Errorf("HTTP %d and %q, want %d and %q", response.Code, h.Received, c.want, c.told)
			}
			tenants := slices.Sorted(slices.Values(h.Tenants))
			if len(slices.Compact(slices.Clone(tenants))) != len(tenants) || c.want/100 == 4 && len(tenants) > 0 {
				t.Errorf("recorded in the transactions %q", tenants)
			}
			if log := h.Log.String(); !strings.Contains(log, c.log) || c.log == "" && log != "" {
				t.Errorf("logged %q, want %q", log, c.log)
			}
		})
	}
}

func TestACarrierReportsAtItsOwnPaths(t *testing.T) {
	plugin := courier.Plugin{Name: "carrier", Reports: courier.Reports{Methods: []string{http.MethodGet, http.MethodPost}}}
	if got, want := plugin.Patterns(), []string{"GET /hooks/carrier/{tenant}", "POST /hooks/carrier/{tenant}"}; !slices.Equal(got, want) {
		t.Errorf("one report in a request: %q, want %q", got, want)
	}
	plugin.Reports = courier.Reports{Methods: []string{http.MethodPost}, Batch: true}
	if got, want := plugin.Patterns(), []string{"POST /hooks/carrier/{tenant}", "POST /hooks/carrier"}; !slices.Equal(got, want) {
		t.Errorf("batches: %q, want %q", got, want)
	}
	if got := (courier.Plugin{Name: "carrier"}).Patterns(); got != nil {
		t.Errorf("no reports: %q", got)
	}
}
