package launch_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/launch"
	"github.com/shieldpod/shieldpod/bff/internal/text"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

const destinations = "../../../testdata/destinations"

// ticketContextWith gives a ticket context whose only contact has these channels, in a tenant of the region.
func ticketContextWith(t interface{ Fatal(...any) }, region string, actor launchcontext.Actor, channels ...launchcontext.Channel) verify.TicketContext {
	x := launchcontext.Context{
		PSA: "acme-desk", Ticket: launchcontext.Ticket{ID: "1"}, Client: launchcontext.Client{ID: "contoso", Name: "Contoso"},
		Contact: launchcontext.Default{ID: "dana"}, Contacts: []launchcontext.Contact{{ID: "dana", Name: "Dana", Channels: channels}},
	}
	who := verify.Technician{ID: "ana", Name: actor.Name, Email: actor.Email, Phone: actor.Phone}
	tc, err := launch.NewTicketContext(atNoon(nil), verify.Tenant{ID: "acme", Region: region}, who, x, false)
	if err != nil {
		t.Fatal(err)
	}
	return tc
}

// channelOf reads one field's value as a launch does.
func channelOf(t interface{ Fatal(...any) }, region, kind, value string) verify.Channel {
	return ticketContextWith(t, region, launchcontext.Actor{}, launchcontext.Channel{ID: "c", Kind: kind, Value: value}).Contacts[0].Channels[0]
}

type numberCase struct {
	Region, Value  string
	E164, Unusable string
}

func numberCases(t testing.TB) []numberCase {
	t.Helper()
	return readCases[numberCase](t, "numbers.json")
}

func readCases[T any](t testing.TB, name string) (cases []T) {
	t.Helper()
	data, err := os.ReadFile(destinations + "/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

// TestThreat_34_ANumberIsCertainOrNotUsable reads field values as people write them in many countries.
func TestThreat_34_ANumberIsCertainOrNotUsable(t *testing.T) {
	for _, c := range numberCases(t) {
		got := channelOf(t, c.Region, launchcontext.KindPhone, c.Value)
		if got.Value != c.E164 || string(got.Unusable) != c.Unusable {
			t.Errorf("%s %q: got %q, %q, want %q, %q", c.Region, c.Value, got.Value, got.Unusable, c.E164, c.Unusable)
		}
		if got.Unusable != "" && got.Unusable.Words(channel.Phone) == "" {
			t.Errorf("there are no words for %s", got.Unusable)
		}
	}
}

// TestThreat_34_TextBesideANumberNeverMakesItAnother puts all kinds of things around numbers that are certain.
func TestThreat_34_TextBesideANumberNeverMakesItAnother(t *testing.T) {
	certain := slices.DeleteFunc(numberCases(t), func(c numberCase) bool {
		// A number without a leading 0 or plus sign may be the end of another: "1702234567", "601 234 567".
		return c.E164 == "" || !strings.HasPrefix(c.Value, "+") && !strings.HasPrefix(c.Value, "0") && !strings.HasPrefix(c.Value, "(0")
	})
	pieces := rapid.SampledFrom([]string{
		" ", " ", "-", "/", " / ", " - ", "(", ")", "#", ",", ";", ".", "+", "*", "x", "ext. ", "DW ", "poste ", "int. ", ";ext=", "A", "D1", "Mobil", "privat",
		"oder", "\n", "\t", "\u200b", "\u202a", "\u00a0", "\uff08", "²", "②", "0", "1", "2", "7", "12", "34", "567", "99", "0171", "1234567", "+49", "~", "&", ":", "|", "–",
	})
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom(certain).Draw(t, "number")
		beside := strings.Join(rapid.SliceOfN(pieces, 1, 4).Draw(t, "beside"), "")
		value, visible := c.Value+beside, strings.Map(visibleOnly, beside)
		if rapid.Bool().Draw(t, "before") {
			value = beside + c.Value
			if touches := strings.TrimRight(visible, "0123456789") != visible; touches || strings.Contains(beside, "+") {
				t.Skip("digits that touch the number are its own, and a country code before it makes it that country's")
			}
		} else if strings.TrimLeft(visible, "0123456789") != visible {
			t.Skip("digits that touch the number are its own")
		}
		if got := channelOf(t, c.Region, launchcontext.KindPhone, value); got.Unusable == "" && got.Value != c.E164 {
			t.Fatalf("%s %q reaches %s and not %s", c.Region, value, got.Value, c.E164)
		}
	})
}

func visibleOnly(r rune) rune {
	if text.Invisible(r) {
		return -1
	}
	return r
}

func TestThreat_34_AnAddressHasOneFormForComparing(t *testing.T) {
	type addressCase struct{ Value, Address, Canonical, Person, Unusable string }
	for _, c := range readCases[addressCase](t, "addresses.json") {
		got := channelOf(t, "US", launchcontext.KindEmail, c.Value)
		if got.Value != c.Address || string(got.Unusable) != c.Unusable {
			t.Errorf("%+q: got %q, %q, want %q, %q", c.Value, got.Value, got.Unusable, c.Address, c.Unusable)
		}
		if c.Unusable != "" {
			continue
		}
		canonical := got.Canonical
		if canonical == "" {
			canonical = strings.ToLower(got.Value)
		}
		if forms := got.Forms(); canonical != c.Canonical || len(forms) != 1 || forms[0] != c.Person {
			t.Errorf("%+q: compared as %q and %q, want %q and %q", c.Value, canonical, forms, c.Canonical, c.Person)
		}
	}
}
