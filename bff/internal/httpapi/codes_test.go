package httpapi_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/httpapi"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/api"
)

var codeRow = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (\\d{3}) \\|")

func TestEveryCodeIsDocumentedWithItsStatus(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[verify.Code]int{}
	for _, row := range codeRow.FindAllSubmatch(doc, -1) {
		status, err := strconv.Atoi(string(row[2]))
		if err != nil {
			t.Fatal(err)
		}
		documented[verify.Code(row[1])] = status
	}
	for code, status := range httpapi.StatusOf {
		if documented[code] != status {
			t.Errorf("docs/errors.md says %d of %q, and the API answers %d", documented[code], code, status)
		}
		delete(documented, code)
	}
	delete(documented, "internal")           // stands for every code without an entry
	delete(documented, "origin_not_allowed") // answered by the socket only
	for code := range documented {
		t.Errorf("docs/errors.md has %q, which the API never answers", code)
	}
}

// The contract lists the codes, so that clients get a type.
func TestEveryCodeIsOfTheContract(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	contract, err := openapi3.NewLoader().LoadFromFile("../../../sdk/api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[any]bool{}
	for _, code := range contract.Components.Schemas["ErrorCode"].Value.Enum {
		listed[code] = true
	}
	for _, row := range codeRow.FindAllSubmatch(doc, -1) {
		if !listed[string(row[1])] {
			t.Errorf("docs/errors.md has %q, and the contract's ErrorCode does not", row[1])
		}
		delete(listed, string(row[1]))
	}
	for code := range listed {
		t.Errorf("the contract's ErrorCode has %q, and docs/errors.md does not", code)
	}
}

func TestEveryReasonIsOfTheContract(t *testing.T) {
	reasons := []verify.Code{
		verify.ReasonLandline, verify.ReasonLocked, verify.ReasonOutOfTries, verify.ReasonExpired, verify.ReasonCancelled,
		verify.ReasonSuperseded, verify.ReasonInvalidRecipient, verify.ReasonBlocked, verify.ReasonUndelivered, verify.ReasonCarrierDown,
		verify.ReasonCarrierSet, verify.ReasonIndeterminate, verify.ReasonOwn, verify.ReasonTechnician, verify.ReasonNumber,
	}
	for _, reason := range []policy.Reason{
		policy.ReasonMethod, policy.ReasonLandline, policy.ReasonChanged, policy.ReasonCountryNotAllowed, policy.ReasonPremiumRate,
		policy.ReasonVoIP, policy.ReasonTollFree, policy.ReasonNoCarrier,
	} {
		reasons = append(reasons, verify.Code(reason))
	}
	for _, reason := range reasons {
		if !api.Reason(reason).Valid() {
			t.Errorf("the contract does not have the reason %q", reason)
		}
	}
}

func TestEveryReasonOfAnUnusableChannelIsOfTheContract(t *testing.T) {
	for _, reason := range verify.Unusables {
		if !api.UnusableReason(reason).Valid() || reason.Words(channel.Phone) == "" || reason.Words(channel.Email) == "" {
			t.Errorf("the contract does not have the reason %q, or it has no words", reason)
		}
	}
}

func TestThreat_09_AFrameShowsNoShieldOfAnotherNumber(t *testing.T) {
	session := verify.Session{Context: verify.TicketContext{Tenant: "acme", Contacts: []verify.Contact{
		{ID: "dana", Channels: []verify.Channel{{ID: "mobile", Kind: channel.Phone, Value: "+14155550666"}}},
	}}}
	proven := verify.ContactState{Contact: "dana", Seq: 2, Shields: map[string]verify.Shield{
		"mobile": {State: verify.ShieldVerified, Verification: "v_1", Destination: "the hash of another number"},
	}}
	frames := httpapi.Frames{Verify: newHarness(t).domain}
	data, err := frames.Update(t.Context(), session, proven, time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	var update api.EventFrame
	if err := json.Unmarshal(data, &update); err != nil {
		t.Fatal(err)
	}
	if got := update.Shields["mobile"]; got.State != "unverified" || got.VerificationId != "" {
		t.Errorf("the frame shows %+v", got)
	}
}
