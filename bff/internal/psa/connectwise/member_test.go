package connectwise_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

func TestAMemberIsConfirmedByConnectWise(t *testing.T) {
	h := newHarness(t)
	for _, id := range []string{"AOrtiz", "aortiz"} {
		m := ana
		m.ID = id
		who, err := h.VerifyMember(t.Context(), acme, m)
		want := verify.Technician{ID: "AOrtiz", Name: "Ana Ortiz", Email: "ana.ortiz@acme-it.example", Phone: "510 555 0100"}
		if diff := cmp.Diff(want, who); diff != "" || err != nil {
			t.Errorf("%s: %v %s", id, err, diff)
		}
	}
}

func TestAnUnconfirmedMemberIsRefused(t *testing.T) {
	for _, row := range []struct {
		name  string
		give  psa.Member
		asked int // number of requests
	}{
		{"a hash that is nobody's", psa.Member{ID: "AOrtiz", Credential: "made-up"}, 1},
		{"a colleague's hash under one's own name", psa.Member{ID: "AOrtiz", Credential: "lee"}, 1},
		{"one's own hash under a colleague's name", psa.Member{ID: "LPark", Credential: ana.Credential}, 1},
		{"an inactive member", psa.Member{ID: "RFrost", Credential: "gone"}, 1},
		{"no name", psa.Member{Credential: ana.Credential}, 0},
		{"no hash", psa.Member{ID: "AOrtiz"}, 0},
		{"a hash that ends its cookie", psa.Member{ID: "AOrtiz", Credential: "x; memberHash=" + ana.Credential}, 0},
		{"a name that ends its cookie", psa.Member{ID: "x;memberHash=lee", Credential: "lee"}, 0},
		{"a hash with a line of its own", psa.Member{ID: "AOrtiz", Credential: "x\r\nclientId: y"}, 0},
		{"a context with a line of its own", psa.Member{ID: "AOrtiz", Credential: ana.Credential, Context: "x\nCookie: y"}, 0},
		{"a hash beyond all measure", psa.Member{ID: "AOrtiz", Credential: strings.Repeat("x", 4097)}, 0},
	} {
		h := newHarness(t)
		who, err := h.VerifyMember(t.Context(), acme, row.give)
		if verify.CodeOf(err) != verify.CodeMember || who != (verify.Technician{}) || h.count("/myMembers/info") != row.asked {
			t.Errorf("%s: %+v, %v, after %d asks", row.name, who, err, h.count("/myMembers/info"))
		}
	}
}

func TestHowLongAProofCounts(t *testing.T) {
	bad := psa.Member{ID: "AOrtiz", Credential: "made-up"}
	for _, row := range []struct {
		name  string
		give  psa.Member
		after time.Duration
		asks  int
	}{
		{"a good one for five minutes", ana, 5*time.Minute - time.Second, 1},
		{"and no longer", ana, 5 * time.Minute, 2},
		{"a bad one for one", bad, time.Minute - time.Second, 1},
		{"and no longer either", bad, time.Minute, 2},
		{"none in a clock that was set back", ana, -time.Second, 2},
	} {
		h := newHarness(t)
		_, first := h.VerifyMember(t.Context(), acme, row.give)
		h.advance(row.after)
		_, again := h.VerifyMember(t.Context(), acme, row.give)
		if n := h.count("/myMembers/info"); n != row.asks || verify.CodeOf(first) != verify.CodeOf(again) {
			t.Errorf("%s: asked %d times, want %d; %v and %v", row.name, n, row.asks, first, again)
		}
	}
}

func TestAProofIsOfThisMemberAndThisConnectionOnly(t *testing.T) {
	h := newHarness(t)
	_, err := h.VerifyMember(t.Context(), acme, ana)
	wantCode(t, err, "")
	for name, m := range map[string]psa.Member{
		"another hash":    {ID: ana.ID, Credential: "lee", Context: ana.Context},
		"another name":    {ID: "LPark", Credential: ana.Credential, Context: ana.Context},
		"another context": {ID: ana.ID, Credential: ana.Credential, Context: "other"},
	} {
		before := h.count("/myMembers/info")
		_, _ = h.VerifyMember(t.Context(), acme, m)
		if h.count("/myMembers/info") != before+1 {
			t.Errorf("%s: was taken from memory", name)
		}
	}
	before := h.count("/myMembers/info")
	s := h.settings()
	s.Version = "2026.1"
	h.connect(s, keys)
	_, err = h.VerifyMember(t.Context(), acme, ana)
	wantCode(t, err, verify.CodeMember) // the fake accepts this version only
	if h.count("/myMembers/info") != before+1 {
		t.Error("the proof of another connection counted")
	}
	_, err = h.VerifyMember(t.Context(), verify.Tenant{ID: "umbrella"}, ana)
	wantCode(t, err, verify.CodePSAMisconfigured)
}

func TestManyProofsAtOnceAreOne(t *testing.T) {
	h := newHarness(t)
	_, err := h.Contacts(t.Context(), acme, "1", "") // so that the path of the API is known
	wantCode(t, err, "")
	open := make(chan struct{})
	h.setFault(onlyPath("/myMembers", func(http.ResponseWriter, *http.Request) bool { <-open; return false }))
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, err := h.VerifyMember(t.Context(), acme, ana); err != nil {
				t.Error(err)
			}
		})
	}
	close(open)
	all.Wait()
	if n := h.count("/myMembers/info"); n != 1 {
		t.Errorf("ConnectWise was asked %d times, want once", n)
	}
}

func TestThreat_25_AMembersSessionIsNowhereToRead(t *testing.T) {
	h := newHarness(t)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("launch", "member", ana)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("launch", "member", ana, "pointer", &ana)
	fmt.Fprintf(&log, "%v %+v %#v %s %q %x", ana, ana, ana, ana, ana, ana)
	for _, fault := range []func(http.ResponseWriter, *http.Request) bool{
		nil, respondAlways(401, "application/json", "{}"), respondAlways(500, "text/plain", ana.Credential),
		func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) },
	} {
		h.restart()
		h.setFault(fault)
		_, err := h.VerifyMember(t.Context(), acme, ana)
		fmt.Fprintf(&log, "%v %+v\n", err, err)
		_, err = h.TicketAsMember(t.Context(), acme, ana, "1", "")
		fmt.Fprintf(&log, "%v %+v\n", err, err)
	}
	for _, secret := range []string{ana.Credential, "web:1", "pR1vate", "pUb1ic", "what was sent"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%q is to be read in %s", secret, log.String())
		}
	}
	if asked := strings.Join(h.requests(), " "); strings.Contains(asked, ana.Credential) {
		t.Errorf("the hash is in a URL: %s", asked)
	}
}

func TestThreat_27_NothingThatABrowserSaysLeadsAnywhere(t *testing.T) {
	h := newHarness(t)
	m := ana
	m.Context = "http://127.0.0.1:1/evil"
	_, err := h.VerifyMember(t.Context(), acme, m)
	wantCode(t, err, "")
	for _, asked := range h.requests() {
		if !strings.Contains(asked, "/v2025_1/apis/3.0/") && !strings.Contains(asked, "/login/companyinfo/acmeit") {
			t.Errorf("somebody was asked %s", asked)
		}
	}
}
