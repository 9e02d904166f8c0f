package verify

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
)

func TestNewIDSortsByTimeAndNeverRepeats(t *testing.T) {
	var ids []string
	for ms := range 200 {
		for range 5 {
			id, err := NewID("v_", epoch.Add(time.Duration(ms)*time.Millisecond), rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			if len(id) != 28 || strings.Trim(id[2:], "0123456789abcdefghijklmnopqrstuvwxyz") != "" {
				t.Fatalf("%q is not the contract's ^v_[0-9a-z]+$", id)
			}
			ids = append(ids, id)
		}
	}
	for i := 5; i < len(ids); i++ {
		if ids[i-5] >= ids[i] {
			t.Fatalf("%s of an earlier millisecond sorts after %s", ids[i-5], ids[i])
		}
	}
	slices.Sort(ids)
	if n := len(slices.Compact(ids)); n != 1000 {
		t.Errorf("%d different ids of 1000", n)
	}
}

func TestNewCodeReachesBothEnds(t *testing.T) {
	// crypto/rand.Int reads whole bytes, big-endian, drops the bits above the bound's, and
	// draws again while the number is out of bounds: 20 bits for 6 digits.
	tests := []struct {
		name    string
		entropy []byte
		digits  int
		want    string
	}{
		{"the lowest", []byte{0, 0, 0}, 6, "000000"},
		{"the highest", []byte{0x0f, 0x42, 0x3f}, 6, "999999"},
		{"one above the highest is drawn again, not wrapped", []byte{0x0f, 0x42, 0x40, 0, 0, 7}, 6, "000007"},
		{"the lowest of eight digits", []byte{0, 0, 0, 0}, 8, "00000000"},
		{"the highest of eight digits", []byte{0x05, 0xf5, 0xe0, 0xff}, 8, "99999999"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := newCode(test.digits, bytes.NewReader(test.entropy))
			if err != nil || got != test.want {
				t.Errorf("got %q (%v), want %q", got, err, test.want)
			}
		})
	}
}

// The chi-squared statistic of each place's digits stays below what chance passes once in a
// hundred million draws: a biased draw of 60,000 codes does not.
func TestNewCodeIsUniform(t *testing.T) {
	const draws = 60_000
	var counts [6][10]int
	for range draws {
		code, err := newCode(6, rand.Reader)
		if err != nil || len(code) != 6 {
			t.Fatalf("%q: %v", code, err)
		}
		for place := range 6 {
			counts[place][code[place]-'0']++
		}
	}
	for place, digits := range counts {
		var chi2 float64
		for _, n := range digits {
			off := float64(n) - draws/10
			chi2 += off * off / (draws / 10)
		}
		if chi2 > 53 { // 9 degrees of freedom, p = 1e-8
			t.Errorf("place %d: chi² %.1f, digits %v", place, chi2, digits)
		}
	}
}

func TestNewTokenHas256Bits(t *testing.T) {
	raw := bytes.Repeat([]byte{0xa5}, 32)
	token, err := newToken(bytes.NewReader(raw))
	if err != nil || len(token) != tokenLength || token != base64.RawURLEncoding.EncodeToString(raw) {
		t.Errorf("got %q (%v)", token, err)
	}
}

func TestEntropyFailureIsAnError(t *testing.T) {
	draws := map[string]func(io.Reader) (string, error){
		"id":    func(r io.Reader) (string, error) { return NewID("v_", epoch, r) },
		"code":  func(r io.Reader) (string, error) { return newCode(6, r) },
		"token": newToken,
	}
	gone := errors.New("no entropy")
	for name, draw := range draws {
		if got, err := draw(iotest.ErrReader(gone)); !errors.Is(err, gone) || got != "" {
			t.Errorf("%s without entropy: got %q, %v", name, got, err)
		}
		if got, err := draw(bytes.NewReader([]byte{1, 2})); !errors.Is(err, io.ErrUnexpectedEOF) || got != "" {
			t.Errorf("%s with two bytes of it: got %q, %v", name, got, err)
		}
	}
}

func TestThreat_17_CodeMACIsBoundToItsVerificationAndDestination(t *testing.T) {
	k := Keys{Code: bytes.Repeat([]byte{1}, 32)}
	mac := k.codeSecret("v_1", "d_1", "123456")
	for name, other := range map[string][]byte{
		"verification": k.codeSecret("v_2", "d_1", "123456"),
		"destination":  k.codeSecret("v_1", "d_2", "123456"),
		"code":         k.codeSecret("v_1", "d_1", "123457"),
		"split":        k.codeSecret("v_1", "d_11", "23456"),
		"key":          Keys{Code: bytes.Repeat([]byte{2}, 32)}.codeSecret("v_1", "d_1", "123456"),
	} {
		if bytes.Equal(mac, other) {
			t.Errorf("another %s has the same MAC", name)
		}
	}
	if !bytes.Equal(mac, k.codeSecret("v_1", "d_1", "123456")) {
		t.Error("the same code has another MAC")
	}
}

func TestNoTwoListsOfPartsReadTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.StringOfN(rapid.SampledFrom([]rune("1:a2")), 0, 4, -1)
		a, b := rapid.SliceOfN(part, 0, 4).Draw(t, "a"), rapid.SliceOfN(part, 0, 4).Draw(t, "b")
		if same := bytes.Equal(mac(nil, a...), mac(nil, b...)); same != slices.Equal(a, b) {
			t.Errorf("%q and %q: same digest %v", a, b, same)
		}
	})
}

func TestDestinationHashTellsEqualOnesOnly(t *testing.T) {
	k := Keys{Destination: bytes.Repeat([]byte{1}, 32)}
	ch := Channel{ID: "c1", Kind: channel.Phone, Value: "+14155554821", Label: "mobile"}
	same := Channel{ID: "c9", Kind: channel.Phone, Value: "+14155554821", Label: "work"}
	if k.destination("acme", ch) != k.destination("acme", same) {
		t.Error("one number under two ids reads as two")
	}
	for name, other := range map[string]string{
		"tenant": k.destination("umbrella", ch),
		"kind":   k.destination("acme", Channel{Kind: channel.Email, Value: ch.Value}),
		"value":  k.destination("acme", Channel{Kind: channel.Phone, Value: "+14155554822"}),
		"key":    Keys{Destination: bytes.Repeat([]byte{2}, 32)}.destination("acme", ch),
	} {
		if k.destination("acme", ch) == other {
			t.Errorf("another %s has the same hash", name)
		}
	}
	if h := k.destination("acme", ch); len(h) != 32 || strings.Contains(h, "4821") {
		t.Errorf("hash %q", h)
	}
}

func TestParseCode(t *testing.T) {
	tests := []struct {
		name, give, want string
	}{
		{"six digits", "123456", "123456"},
		{"eight digits", "12345678", "12345678"},
		{"zeros count", "000000", "000000"},
		{"as it is read aloud", "123 456", "123456"},
		{"pasted with space, line end and dash", "\t123-456 \r\n", "123456"},
		{"with the no-break space of a mail", "123\u00a0456", "123456"},
		{"five digits", "12345", ""},
		{"nine digits", "123456789", ""},
		{"nothing", "", ""},
		{"only spaces", "      ", ""},
		{"a letter", "12345O", ""},
		{"a sign", "+123456", ""},
		{"a point", "123.456", ""},
		{"a null inside", "123\x00456", ""},
		{"broken UTF-8", "123456\xff", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, ok := parseCode(test.give)
			if got != test.want || ok != (test.want != "") {
				t.Errorf("got %q, %v; want %q", got, ok, test.want)
			}
		})
	}
}

func FuzzParseCode(f *testing.F) {
	for _, seed := range []string{"123456", "123 456", "12-34-56-78", "١٢٣٤٥٦", "\uff11\uff12\uff13\u30fc\uff14\uff15\uff16", "\xff", "0000000000"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		code, ok := parseCode(typed)
		if !ok {
			if code != "" {
				t.Fatalf("refused, and yet %q", code)
			}
			return
		}
		if len(code) < 6 || len(code) > 8 || strings.Trim(code, "0123456789") != "" {
			t.Fatalf("%q is no code", code)
		}
		if again, ok := parseCode(code); !ok || again != code {
			t.Fatalf("%q reads as %q, %v", code, again, ok)
		}
		if digits := onlyDigits(typed); digits != code {
			t.Fatalf("%q of %q: digits were dropped or made up", code, typed)
		}
	})
}

// onlyDigits reads digits in another way than digitOf: it counts back to the first of their script.
func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsDigit(r) {
			return -1
		}
		before := 0
		for unicode.IsDigit(r - rune(before) - 1) {
			before++
		}
		return '0' + rune(before%10)
	}, s)
}

// TestParseCodeOfEveryScript reads testdata/codes, which the pod's own box is held to as well.
func TestParseCodeOfEveryScript(t *testing.T) {
	data, err := os.ReadFile("../../../testdata/codes/typed.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct{ Name, Typed, Code string }
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, test := range cases {
		t.Run(test.Name, func(t *testing.T) {
			got, ok := parseCode(test.Typed)
			if want := test.Code != ""; ok != want || ok && got != test.Code {
				t.Errorf("got %q, %v; want %q", got, ok, test.Code)
			}
		})
	}
}

// Every range of Unicode's decimal digits begins with a zero and holds whole scripts: digitOf counts on it.
func TestDigitRangesHoldWholeScripts(t *testing.T) {
	digits := 0
	for r := rune(0); r <= unicode.MaxRune; r++ {
		digit, ok := digitOf(r)
		if ok != unicode.IsDigit(r) {
			t.Fatalf("%U: a digit is %v, want %v", r, ok, !ok)
		}
		if !ok {
			continue
		}
		if want := byte('0' + digits%10); digit != want {
			t.Fatalf("%U is %c, want %c", r, digit, want)
		}
		digits++
	}
	if digits%10 != 0 || digits < 600 {
		t.Errorf("%d digits: not whole scripts", digits)
	}
}

func TestMask(t *testing.T) {
	tests := []struct {
		name string
		give Channel
		want string
	}{
		{"a number shows its last four digits", Channel{Kind: channel.Phone, Value: "+14155554821"}, "••• ••• 4821"},
		{"a number of seven still does", Channel{Kind: channel.Phone, Value: "+123456"}, "••• ••• 3456"},
		{"a shorter one would show too much", Channel{Kind: channel.Phone, Value: "12345"}, "••• •••"},
		{"no number", Channel{Kind: channel.Phone}, "••• •••"},
		{"an address shows its first letter and domain", Channel{Kind: channel.Email, Value: "dana@contoso.com"}, "d•••@contoso.com"},
		{"a short name looks like a long one", Channel{Kind: channel.Email, Value: "d@contoso.com"}, "d•••@contoso.com"},
		{"a letter is not a byte", Channel{Kind: channel.Email, Value: "øyvind@contoso.no"}, "ø•••@contoso.no"},
		{"an @ in the name shows nothing more of it", Channel{Kind: channel.Email, Value: `"dana@home"@contoso.com`}, `"•••@contoso.com`},
		{"no name", Channel{Kind: channel.Email, Value: "@contoso.com"}, "•••"},
		{"no address", Channel{Kind: channel.Email, Value: "dana"}, "•••"},
		{"nothing", Channel{Kind: channel.Email}, "•••"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := Mask(test.give); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
