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

	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// matching gives a house whose policy has numbers matched.
func matching(t *testing.T) *house {
	t.Helper()
	h := build(t)
	storetest.SetPolicy(t, h.store, "acme", "", func(p *verify.Policy) {
		storetest.Unbounded(p)
		p.NumberMatching, p.FailuresBeforeLock = true, 100
	})
	return h
}

// said is the number that the technician sees.
func (h *house) said() string {
	h.t.Helper()
	pod, err := h.service.Pod(h.t.Context(), desk)
	if err != nil {
		h.t.Fatal(err)
	}
	return pod.Readings["dana"].Shields["mail"].Match
}

var radio = regexp.MustCompile(`<input type="radio" name="number" value="(\d\d)" required>`)

// numbers are those that the page offers, in its order.
func (r reply) numbers() []string {
	var all []string
	for _, found := range radio.FindAllStringSubmatch(r.body, -1) {
		all = append(all, found[1])
	}
	return all
}

func (p *pages) pick(target, number string) reply {
	p.t.Helper()
	return p.ask(http.MethodPost, target, form, url.Values{"action": {"validate"}, "number": {number}}.Encode())
}

func TestRow12OnlyTheNumberThatTheTechnicianSaysIsAYes(t *testing.T) {
	h := matching(t)
	link := h.send()
	page := h.get(link)
	page.contains(t, "Pick the number that Ana Ortiz tells you")
	if got := page.numbers(); len(got) != 9 || !slices.Contains(got, h.said()) || !slices.Equal(got, h.get(link).numbers()) {
		t.Fatalf("the page offers %v; the technician says %s", got, h.said())
	}
	if got := h.pick(link, h.said()); got.status != http.StatusSeeOther || got.header.Get("Location") != done {
		t.Fatalf("status %d to %q", got.status, got.header.Get("Location"))
	}
	h.expect(verify.ShieldVerified, "requested verified")
}

func TestRow12AYesWithoutANumberDecidesNothing(t *testing.T) {
	h := matching(t)
	link := h.send()
	for _, number := range []string{"", "00", "100", "4 7", h.said() + " ", "٤٧"} {
		got := h.pick(link, number)
		if got.status != http.StatusUnprocessableEntity || len(got.numbers()) != 9 {
			t.Errorf("%q: status %d", number, got.status)
		}
		got.contains(t, "Pick a number first.")
	}
	if got := h.post(link, "validate"); got.status != http.StatusUnprocessableEntity {
		t.Errorf("status %d", got.status)
	}
	h.expect(verify.ShieldPending, "requested")
}

func TestRow12AWrongNumberEndsTheLinkAndCountsAgainstTheContact(t *testing.T) {
	h := matching(t)
	link := h.send()
	right := h.said()
	all := h.get(link).numbers()
	at := slices.IndexFunc(all, func(n string) bool { return n != right })
	if got := h.pick(link, all[at]); got.status != http.StatusSeeOther || got.header.Get("Location") != late {
		t.Fatalf("status %d to %q", got.status, got.header.Get("Location"))
	}
	h.get(link+late).contains(t, "That was not the number", "this link has ended")
	h.expect(verify.ShieldFailed, "requested failed")
	if got := h.pick(link, right); got.header.Get("Location") != late {
		t.Errorf("afterwards the right one: status %d to %q", got.status, got.header.Get("Location"))
	}
	h.expect(verify.ShieldFailed, "requested failed")
	if r, err := h.service.Reading(t.Context(), "acme", "dana"); err != nil || r.Failures != 1 {
		t.Errorf("%d failures are counted, %v", r.Failures, err)
	}
}

func TestRow12ADenialNeedsNoNumber(t *testing.T) {
	h := matching(t)
	h.post(h.send(), "deny")
	h.expect(verify.ShieldDenied, "requested denied")
}

// A scanner that runs scripts presses all that it finds, from the top or from the bottom.
func TestRow12AScannerThatTriesEverythingTurnsNothingGreen(t *testing.T) {
	h := matching(t)
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
		h.pass(time.Hour)
	}
}

func TestRow12OfManyPicksAtOnceOneIsJudged(t *testing.T) {
	h := matching(t)
	link := h.send()
	all := h.get(link).numbers()
	var together sync.WaitGroup
	for n := range 54 {
		together.Go(func() { h.pick(link, all[n%len(all)]) })
	}
	together.Wait()
	if got := h.happened(); got != "requested failed" && got != "requested verified" {
		t.Errorf("happened: %s", got)
	}
}

func TestNumbersAreAskedOnlyWhereThePolicyWantsIt(t *testing.T) {
	h := build(t)
	link := h.send()
	if got := h.get(link); len(got.numbers()) != 0 || strings.Contains(got.body, "Pick the number") {
		t.Error("the page asks for a number")
	}
	if got := h.pick(link, "47"); got.header.Get("Location") != done {
		t.Errorf("status %d to %q", got.status, got.header.Get("Location"))
	}
}
