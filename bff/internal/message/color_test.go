package message

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func colour(t *rapid.T, name string) Colour {
	n := rapid.IntRange(0, 1<<24-1).Draw(t, name)
	return Colour{uint8(n >> 16), uint8(n >> 8), uint8(n)}
}

func TestContrastIsWhatWCAGSaysItIs(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float64
	}{
		{"#000000", "#ffffff", 21}, {"#ffffff", "#ffffff", 1}, {"#777777", "#ffffff", 4.48}, {"#767676", "#ffffff", 4.54}, {"#ff0000", "#ffffff", 4.00},
	} {
		a, _ := ParseColour(c.a)
		b, _ := ParseColour(c.b)
		if got := Contrast(a, b); math.Abs(got-c.want) > 0.005 || got != Contrast(b, a) {
			t.Errorf("%s on %s: %.3f, want %.2f both ways", c.a, c.b, got, c.want)
		}
	}
}

func TestOnlySixDigitsAreAColour(t *testing.T) {
	for text, want := range map[string]bool{
		"#0f4f6b": true, "#0F4F6B": true, "0f4f6b": false, "#fff": false, "#0f4f6": false, "#0f4f6bff": false, "red": false, "": false, "#gggggg": false, "#+12345": false,
	} {
		if _, got := ParseColour(text); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
}

func TestAReadableColourIsReadableAndTheNearest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, ground := colour(t, "colour"), colour(t, "ground")
		got := Readable(c, ground, ContrastText)
		if Contrast(got, ground) < ContrastText {
			t.Fatalf("%s on %s becomes %s, which has %.3f", c, ground, got, Contrast(got, ground))
		}
		if Contrast(c, ground) >= ContrastText && got != c {
			t.Fatalf("%s can be read on %s, and becomes %s", c, ground, got)
		}
		if again := Readable(got, ground, ContrastText); again != got {
			t.Fatalf("%s is nearest to itself, and becomes %s", got, again)
		}
		// Nothing between the two has it: a step back towards where it came from is too near to the ground.
		l, a, b := c.oklab()
		to, _, _ := got.oklab()
		if back := shade(to+math.Copysign(0.02, l-to), a, b); got != c && math.Abs(l-to) > 0.03 && Contrast(back, ground) >= ContrastText+0.05 {
			t.Fatalf("%s on %s becomes %s, and %s is nearer with %.2f", c, ground, got, back, Contrast(back, ground))
		}
	})
}

func TestAColourSurvivesOKLab(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := colour(t, "colour")
		l, a, b := c.oklab()
		got := shade(l, a, b)
		for _, d := range []int{int(got.R) - int(c.R), int(got.G) - int(c.G), int(got.B) - int(c.B)} {
			if d < -1 || d > 1 {
				t.Fatalf("%s comes back as %s", c, got)
			}
		}
	})
}

func TestBlackOrWhiteCanBeReadOnAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ground := colour(t, "ground")
		if got := Contrast(On(ground), ground); got < ContrastText {
			t.Fatalf("%s on %s has %.2f", On(ground), ground, got)
		}
	})
}
