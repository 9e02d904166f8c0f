package landing_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// newNumberHarness returns a harness whose policy requires number matching.
func newNumberHarness(t *testing.T) *harness {
	t.Helper()
	h := newHarness(t)
	storetest.SetPolicy(t, h.store, "acme", "", func(p *policy.Policy) {
		storetest.Unbounded(p)
		p.NumberMatching, p.FailuresBeforeLock = true, 100
	})
	return h
}

// shownNumber returns the number that the technician sees.
func (h *harness) shownNumber() string {
	h.t.Helper()
	pod, err := h.service.Pod(h.t.Context(), ticketContext)
	if err != nil {
		h.t.Fatal(err)
	}
	return pod.Contacts["dana"].Shields["mail"].Match
}

var radio = regexp.MustCompile(`<input type="radio" name="number" value="(\d\d)" required>`)

// numbers returns the numbers on the page, in their order.
func (r reply) numbers() []string {
	var all []string
	for _, found := range radio.FindAllStringSubmatch(r.body, -1) {
		all = append(all, found[1])
	}
	return all
}

func (p *pageHarness) pick(target, number string) reply {
	p.t.Helper()
	return p.request(http.MethodPost, target, form, url.Values{"action": {"validate"}, "number": {number}}.Encode())
}

func TestThreat_12_OnlyTheTechniciansNumberValidates(t *testing.T) {
	h := newNumberHarness(t)
	link := h.send()
	page := h.get(link)
	page.contains(t, "Pick the number that Ana Ortiz tells you")
	if got := page.numbers(); len(got) != 9 || !slices.Contains(got, h.shownNumber()) || !slices.Equal(got, h.get(link).numbers()) {
		t.Fatalf("the page offers %v; the technician says %s", got, h.shownNumber())
	}
	if got := h.pick(link, h.shownNumber()); got.status != http.StatusSeeOther || got.header.Get("Location") != done {
		t.Fatalf("status %d to %q", got.status, got.header.Get("Location"))
	}
	h.check(verify.ShieldVerified, "requested verified")
}

func TestThreat_12_AnAnswerWithoutANumberChangesNothing(t *testing.T) {
	h := newNumberHarness(t)
	link := h.send()
	for _, number := range []string{"", "00", "100", "4 7", h.shownNumber() + " ", "٤٧"} {
		got := h.pick(link, number)
		if got.status != http.StatusUnprocessableEntity || len(got.numbers()) != 9 {
			t.Errorf("%q: status %d", number, got.status)
		}
		got.contains(t, "Pick a number first.")
	}
	if got := h.post(link, "validate"); got.status != http.StatusUnprocessableEntity {
		t.Errorf("status %d", got.status)
	}
	h.check(verify.ShieldPending, "requested")
}

func TestThreat_12_AWrongNumberEndsTheLinkAndCountsAgainstTheContact(t *testing.T) {
	h := newNumberHarness(t)
	link := h.send()
	right := h.shownNumber()
	all := h.get(link).numbers()
	at := slices.IndexFunc(all, func(n string) bool { return n != right })
	if got := h.pick(link, all[at]); got.status != http.StatusSeeOther || got.header.Get("Location") != late {
		t.Fatalf("status %d to %q", got.status, got.header.Get("Location"))
	}
	h.get(link+late).contains(t, "That was not the number", "this link has ended")
	h.check(verify.ShieldFailed, "requested failed")
	if got := h.pick(link, right); got.header.Get("Location") != late {
		t.Errorf("afterwards the right one: status %d to %q", got.status, got.header.Get("Location"))
	}
	h.check(verify.ShieldFailed, "requested failed")
	if r, err := h.service.ContactState(t.Context(), "acme", "dana"); err != nil || r.Failures != 1 {
		t.Errorf("%d failures are counted, %v", r.Failures, err)
	}
}

func TestThreat_12_ADenialNeedsNoNumber(t *testing.T) {
	h := newNumberHarness(t)
	h.post(h.send(), "deny")
	h.check(verify.ShieldDenied, "requested denied")
}

// A scanner that runs scripts presses every button, from the top or from the bottom.
func TestThreat_12_AScannerThatTriesEverythingVerifiesNothing(t *testing.T) {
	h := newNumberHarness(t)
	for n := range 60 {
		link := h.send()
		all := h.get(link).numbers()
		if n%2 == 1 {
			slices.Reverse(all)
		}
		for _, number := range all {
			h.pick(link, number)
		}
		if got := h.shield(); got != verify.ShieldFailed {
			t.Fatalf("after link %d the shield is %s", n, got)
		}
		h.advance(time.Hour)
	}
}

func TestThreat_12_OfConcurrentPicksOneIsChecked(t *testing.T) {
	h := newNumberHarness(t)
	link := h.send()
	all := h.get(link).numbers()
	var together sync.WaitGroup
	for n := range 54 {
		together.Go(func() { h.pick(link, all[n%len(all)]) })
	}
	together.Wait()
	if got := h.eventKinds(); got != "requested failed" && got != "requested verified" {
		t.Errorf("happened: %s", got)
	}
}

func TestNumbersAreShownOnlyWhereThePolicyRequiresThem(t *testing.T) {
	h := newHarness(t)
	link := h.send()
	if got := h.get(link); len(got.numbers()) != 0 || strings.Contains(got.body, "Pick the number") {
		t.Error("the page asks for a number")
	}
	if got := h.pick(link, "47"); got.header.Get("Location") != done {
		t.Errorf("status %d to %q", got.status, got.header.Get("Location"))
	}
}
