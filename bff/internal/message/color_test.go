package message

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func randomColor(t *rapid.T, name string) Color {
	n := rapid.IntRange(0, 1<<24-1).Draw(t, name)
	return Color{uint8(n >> 16), uint8(n >> 8), uint8(n)}
}

func TestContrastIsWhatWCAGSaysItIs(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float64
	}{
		{"#000000", "#ffffff", 21}, {"#ffffff", "#ffffff", 1}, {"#777777", "#ffffff", 4.48}, {"#767676", "#ffffff", 4.54}, {"#ff0000", "#ffffff", 4.00},
	} {
		a, _ := ParseColor(c.a)
		b, _ := ParseColor(c.b)
		if got := Contrast(a, b); math.Abs(got-c.want) > 0.005 || got != Contrast(b, a) {
			t.Errorf("%s on %s: %.3f, want %.2f both ways", c.a, c.b, got, c.want)
		}
	}
}

func TestOnlySixDigitsAreAColor(t *testing.T) {
	for text, want := range map[string]bool{
		"#0f4f6b": true, "#0F4F6B": true, "0f4f6b": false, "#fff": false, "#0f4f6": false, "#0f4f6bff": false, "red": false, "": false, "#gggggg": false, "#+12345": false,
	} {
		if _, got := ParseColor(text); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
}

func TestEnsureContrastReturnsTheNearestReadableColor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, ground := randomColor(t, "colour"), randomColor(t, "ground")
		got := EnsureContrast(c, ground, ContrastText)
		if Contrast(got, ground) < ContrastText {
			t.Fatalf("%s on %s becomes %s, which has %.3f", c, ground, got, Contrast(got, ground))
		}
		if Contrast(c, ground) >= ContrastText && got != c {
			t.Fatalf("%s can be read on %s, and becomes %s", c, ground, got)
		}
		if again := EnsureContrast(got, ground, ContrastText); again != got {
			t.Fatalf("%s is nearest to itself, and becomes %s", got, again)
		}
		// No colour in between has the ratio: a step back towards the original is too close to the background.
		l, a, b := c.oklab()
		to, _, _ := got.oklab()
		if back := fromLab(to+math.Copysign(0.02, l-to), a, b); got != c && math.Abs(l-to) > 0.03 && Contrast(back, ground) >= ContrastText+0.05 {
			t.Fatalf("%s on %s becomes %s, and %s is nearer with %.2f", c, ground, got, back, Contrast(back, ground))
		}
	})
}

func TestAColorIsUnchangedByOKLab(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := randomColor(t, "colour")
		l, a, b := c.oklab()
		got := fromLab(l, a, b)
		for _, d := range []int{int(got.R) - int(c.R), int(got.G) - int(c.G), int(got.B) - int(c.B)} {
			if d < -1 || d > 1 {
				t.Fatalf("%s comes back as %s", c, got)
			}
		}
	})
}

func TestBlackOrWhiteIsReadableOnEveryColor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ground := randomColor(t, "ground")
		if got := Contrast(TextColorOn(ground), ground); got < ContrastText {
			t.Fatalf("%s on %s has %.2f", TextColorOn(ground), ground, got)
		}
	})
}
