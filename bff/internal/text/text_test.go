package text_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/shieldpod/shieldpod/bff/internal/text"
)

// invisible are characters without a visible form, by their purpose.
var invisible = []struct {
	name string
	r    rune
}{
	{"soft hyphen", '\u00ad'}, {"combining grapheme joiner", '\u034f'}, {"Arabic letter mark", '\u061c'},
	{"Hangul choseong filler", '\u115f'}, {"Hangul jungseong filler", '\u1160'}, {"Khmer inherent vowel", '\u17b4'},
	{"Mongolian variation selector", '\u180b'}, {"Mongolian vowel separator", '\u180e'}, {"zero-width space", '\u200b'},
	{"zero-width non-joiner", '\u200c'}, {"zero-width joiner", '\u200d'}, {"left-to-right mark", '\u200e'},
	{"right-to-left mark", '\u200f'}, {"left-to-right embedding", '\u202a'}, {"right-to-left embedding", '\u202b'},
	{"pop directional formatting", '\u202c'}, {"left-to-right override", '\u202d'}, {"right-to-left override", '\u202e'},
	{"word joiner", '\u2060'}, {"invisible times", '\u2062'}, {"unassigned ignorable", '\u2065'}, {"left-to-right isolate", '\u2066'},
	{"right-to-left isolate", '\u2067'}, {"first strong isolate", '\u2068'}, {"pop directional isolate", '\u2069'},
	{"activate symmetric swapping", '\u206b'}, {"Hangul filler", '\u3164'}, {"variation selector 14 of PDF files", '\ufe0d'},
	{"emoji variation selector", '\ufe0f'}, {"byte order mark", '\ufeff'}, {"halfwidth Hangul filler", '\uffa0'},
	{"interlinear annotation anchor", '\ufff9'}, {"musical symbol begin beam", '\U0001d173'}, {"language tag", '\U000e0001'},
	{"tag letter", '\U000e0041'}, {"variation selector 17", '\U000e0100'},
}

func TestThreat_34_InvisibleCharactersInAValueAreAsIfTheyWereNotThere(t *testing.T) {
	for _, c := range invisible {
		t.Run(c.name, func(t *testing.T) {
			i := string(c.r)
			if !text.Invisible(c.r) {
				t.Errorf("U+%04X is not taken for invisible", c.r)
			}
			for _, given := range []string{i + "dana@contoso.com", "dana@contoso.com" + i, "da" + i + "na@conto" + i + "so.com", " " + i + " dana@contoso.com\t" + i + "\n"} {
				if got := text.Value(given); got != "dana@contoso.com" {
					t.Errorf("%+q: got %+q", given, got)
				}
			}
		})
	}
}

func TestValueKeepsWhatIsVisible(t *testing.T) {
	for _, c := range []struct{ name, give, want string }{
		{"a number with its spaces", "+49 170\u00a0223 45 67", "+49 170\u00a0223 45 67"},
		{"white space of all kinds around", "\u3000\u2007\u202f 0170 \u2800\r\n", "0170"},
		{"a control inside, which the value's reader refuses", "a\x00b", "a\x00b"},
		{"letters of any script", "Zoë@bücher.example", "Zoë@bücher.example"},
		{"nothing but invisible characters", "\u200b\u202c", ""},
	} {
		if got := text.Value(c.give); got != c.want {
			t.Errorf("%s: got %+q, want %+q", c.name, got, c.want)
		}
	}
}

func TestLine(t *testing.T) {
	for _, c := range []struct{ name, give, want string }{
		{"letters of any script stay", "Zoë 王小明 Дана", "Zoë 王小明 Дана"},
		{"line breaks and controls become spaces", "Reset\r\nBcc:\x1b[31m", "Reset Bcc: [31m"},
		{"line and paragraph separators too", "a\u2028b\u2029c", "a b c"},
		{"bidirectional marks, tags and zero-width spaces vanish", "\u202eDa\u200bna\U000e0041\ufeff", "Dana"},
		{"a Hangul filler vanishes", "Da\u3164na", "Dana"},
		{"private use vanishes", "Da\ue000na", "Dana"},
		{"the joiners of Persian and of emoji stay", "می\u200cخواهم 👩\u200d💻", "می\u200cخواهم 👩\u200d💻"},
		{"the variation selector of an emoji stays", "☎\ufe0f Dana", "☎\ufe0f Dana"},
		{"nothing but joiners is empty", "\u200d \u200c\ufe0f", ""},
		{"nothing but fillers is empty", "\u3164\u2800\u115f", ""},
		{"long text is cut", strings.Repeat("é", 21), strings.Repeat("é", 19) + "…"},
		{"text of just that length is not", strings.Repeat("é", 20), strings.Repeat("é", 20)},
	} {
		if got := text.Line(c.give, 20); got != c.want {
			t.Errorf("%s: got %+q, want %+q", c.name, got, c.want)
		}
	}
	if got := text.LineCut("Caller verification", 10, "..."); got != "Caller..." {
		t.Errorf("cut with three full stops: %q", got)
	}
}

func TestForbiddenAndOneLine(t *testing.T) {
	for _, c := range []struct {
		r                  rune
		forbidden, oneLine bool
	}{
		{'a', false, true}, {'é', false, true}, {'\n', false, false}, {'\r', true, false}, {'\t', true, false}, {'\x00', true, false},
		{'\u2028', true, false}, {'\u200b', true, true}, {'\u202e', true, true}, {'\u200d', false, true}, {'\ufe0f', false, true},
		{'\u3164', true, true}, {'\ue000', true, true}, {utf8.RuneError, true, true},
	} {
		if got := text.Forbidden(c.r); got != c.forbidden {
			t.Errorf("Forbidden(U+%04X) is %t", c.r, got)
		}
		if got := text.OneLine("a" + string(c.r) + "b"); got != c.oneLine {
			t.Errorf("OneLine with U+%04X is %t", c.r, got)
		}
	}
}

func FuzzLine(f *testing.F) {
	f.Add("Dana \u202eseyeR\u202c\x00\n", 20)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		if limit < 4 || limit > 1000 {
			t.Skip()
		}
		got := text.Line(s, limit)
		if utf8.RuneCountInString(got) > limit || got != strings.TrimSpace(got) || !text.OneLine(got) || strings.ContainsFunc(got, text.Forbidden) {
			t.Errorf("%+q became %+q", s, got)
		}
		if again := text.Line(got, limit); again != got {
			t.Errorf("%+q is not what it is cleaned to: %+q", got, again)
		}
		if v := text.Value(s); strings.ContainsFunc(v, text.Invisible) || v != strings.TrimFunc(v, unicode.IsSpace) || text.Value(v) != v {
			t.Errorf("the value %+q became %+q", s, v)
		}
	})
}

func ExampleValue() {
	fmt.Println(text.Value("\u202a+49 170 2234567\u202c "))
	// Output: +49 170 2234567
}
