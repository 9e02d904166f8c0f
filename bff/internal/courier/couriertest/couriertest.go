// Package couriertest has what the tests of carriers share. Start with [NewHooks], for delivery reports.
package couriertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Hooks are the report routes of one carrier. Its account belongs to the tenants acme, globex and other, and to the
// platform. The account of the tenant broken can't be read.
type Hooks struct {
	http.Handler
	Received []string // the recorded reports on messages of acme, whose jobs begin with v_
	Tenants  []string // one for each transaction
	Err      error    // of recording
	Log      bytes.Buffer

	account admin.CarrierAccount
}

var (
	_ courier.ReportAccounts = (*Hooks)(nil)
	_ courier.ReportRecorder = (*Hooks)(nil)
)

// NewHooks returns the routes of a plugin for an account with the settings and the secret.
func NewHooks(t testing.TB, p courier.Plugin, settings, secret any, publicURL string, now func() time.Time) *Hooks {
	t.Helper()
	account, err := p.NewAccount("acme", 1, settings, secret)
	if err != nil {
		t.Fatal(err)
	}
	h := &Hooks{account: account}
	mux := http.NewServeMux()
	for _, pattern := range p.Patterns() {
		mux.Handle(pattern, courier.NewReportHandler(p, courier.ReportConfig{
			Accounts: h, Reports: h, PublicURL: publicURL, Now: now, Log: slog.New(slog.NewTextHandler(&h.Log, nil)),
		}))
	}
	h.Handler = mux
	return h
}

// Account implements [courier.ReportAccounts].
func (h *Hooks) Account(_ context.Context, tenant, carrier string) (admin.CarrierAccount, error) {
	switch {
	case tenant == "broken":
		return admin.CarrierAccount{}, &verify.Error{Code: verify.CodeUnavailable}
	case carrier == h.account.Carrier && slices.Contains([]string{"acme", "globex", "other", ""}, tenant):
		return h.account, nil
	}
	return admin.CarrierAccount{}, &verify.Error{Code: verify.CodeNotFound}
}

// RecordReports implements [courier.ReportRecorder].
func (h *Hooks) RecordReports(_ context.Context, tenant string, reports []verify.JobReport) (unknown int, err error) {
	h.Tenants = append(h.Tenants, tenant)
	if h.Err != nil {
		return 0, h.Err
	}
	for _, r := range reports {
		if tenant != "acme" || !strings.HasPrefix(r.Job, "v_") {
			unknown++
			continue
		}
		h.Received = append(h.Received, fmt.Sprintf("%s %s %s%s", r.Job, r.Kind, r.Reason, r.Carrier))
	}
	return unknown, nil
}

// Fault gives the fault in a carrier's error. The test fails if there is none, or if one of the secrets is in its text.
func Fault(t testing.TB, err error, secrets ...string) *courier.Fault {
	t.Helper()
	var f *courier.Fault
	if !errors.As(err, &f) {
		t.Fatalf("%v (%T) is no fault", err, err)
	}
	for _, secret := range secrets {
		if strings.Contains(f.Error(), secret) {
			t.Errorf("the fault contains %q: %v", secret, f)
		}
	}
	return f
}
