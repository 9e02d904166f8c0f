package message

import (
	"fmt"
	"math"
	"strconv"
)

// Colour is one of sRGB's, as in #0f4f6b.
type Colour struct{ R, G, B uint8 }

// Black and white: one of them can be read on any other colour.
var (
	Black = Colour{}
	White = Colour{255, 255, 255}
)

// ParseColour reads #rrggbb.
func ParseColour(text string) (Colour, bool) {
	if len(text) != 7 || text[0] != '#' {
		return Colour{}, false
	}
	n, err := strconv.ParseUint(text[1:], 16, 32)
	return Colour{uint8(n >> 16), uint8(n >> 8), uint8(n)}, err == nil
}

func (c Colour) String() string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// MarshalText writes #rrggbb.
func (c Colour) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads #rrggbb.
func (c *Colour) UnmarshalText(text []byte) error {
	read, ok := ParseColour(string(text))
	if !ok {
		return fmt.Errorf("not a colour")
	}
	*c = read
	return nil
}

// What WCAG 2.2 asks for at level AA.
const (
	ContrastText  = 4.5 // of text, 1.4.3
	ContrastShape = 3.0 // of what is not text but tells something, 1.4.11
)

// Contrast is the ratio of WCAG 2.2 between two colours, from 1 to 21.
func Contrast(a, b Colour) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func (c Colour) luminance() float64 {
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

func linear(channel uint8) float64 {
	s := float64(channel) / 255
	if s <= 0.04045 {
		return s / 12.92
	}
	return math.Pow((s+0.055)/1.055, 2.4)
}

func encoded(l float64) uint8 {
	s := 12.92 * l
	if l > 0.0031308 {
		s = 1.055*math.Pow(l, 1/2.4) - 0.055
	}
	return uint8(math.Round(255 * min(max(s, 0), 1)))
}

// Readable is the colour nearest to c, as far as lightness goes, that has the ratio on the ground: the same
// hue, lighter or darker, whichever is the smaller step. c itself, if it has it. Of ratios up to 4.5 there is
// always one: black or white, if no other.
func Readable(c, ground Colour, ratio float64) Colour {
	if Contrast(c, ground) >= ratio {
		return c
	}
	l, a, b := c.oklab()
	best, least := Colour{}, math.Inf(1)
	for _, end := range []float64{0, 1} {
		// Contrast grows from where the two are alike to the end, so the first that passes is found by halving.
		near, far := l, end
		if Contrast(shade(far, a, b), ground) < ratio {
			continue
		}
		for range 24 {
			mid := (near + far) / 2
			if Contrast(shade(mid, a, b), ground) >= ratio && beyond(shade(mid, a, b), ground, end) {
				far = mid
			} else {
				near = mid
			}
		}
		if step := math.Abs(far - l); step < least {
			best, least = shade(far, a, b), step
		}
	}
	return best
}

// beyond tells whether the colour lies on the ground's side that leads to the end: 0 is black's, 1 is white's.
func beyond(c, ground Colour, end float64) bool {
	return (c.luminance() > ground.luminance()) == (end == 1)
}

// On is black or white, whichever is read better on the ground.
func On(ground Colour) Colour {
	if Contrast(White, ground) >= Contrast(Black, ground) {
		return White
	}
	return Black
}

// Mix is so much of a, from 0 to 1, in b.
func Mix(a, b Colour, share float64) Colour {
	of := func(x, y uint8) uint8 { return uint8(math.Round(share*float64(x) + (1-share)*float64(y))) }
	return Colour{of(a.R, b.R), of(a.G, b.G), of(a.B, b.B)}
}

// Shaded is the colour with its OKLab lightness scaled.
func (c Colour) Shaded(by float64) Colour {
	l, a, b := c.oklab()
	return shade(l*by, a*by, b*by)
}

// oklab gives lightness from 0 to 1, and the two axes of hue. See Björn Ottosson, "A perceptual color space
// for image processing".
func (c Colour) oklab() (l, a, b float64) {
	red, green, blue := linear(c.R), linear(c.G), linear(c.B)
	x := math.Cbrt(0.4122214708*red + 0.5363325363*green + 0.0514459929*blue)
	y := math.Cbrt(0.2119034982*red + 0.6806995451*green + 0.1073969566*blue)
	z := math.Cbrt(0.0883024619*red + 0.2817188376*green + 0.6299787005*blue)
	return 0.2104542553*x + 0.7936177850*y - 0.0040720468*z,
		1.9779984951*x - 2.4285922050*y + 0.4505937099*z,
		0.0259040371*x + 0.7827717662*y - 0.8086757660*z
}

// shade is the colour of a lightness and hue; where sRGB has none so vivid, the most vivid that it has.
func shade(l, a, b float64) Colour {
	switch {
	case l <= 0:
		return Black
	case l >= 1:
		return White
	}
	if inside(fromOKLab(l, a, b)) {
		return paint(fromOKLab(l, a, b))
	}
	low, high := 0.0, 1.0
	for range 20 {
		if mid := (low + high) / 2; inside(fromOKLab(l, a*mid, b*mid)) {
			low = mid
		} else {
			high = mid
		}
	}
	return paint(fromOKLab(l, a*low, b*low))
}

func fromOKLab(l, a, b float64) (red, green, blue float64) {
	x := l + 0.3963377774*a + 0.2158037573*b
	y := l - 0.1055613458*a - 0.0638541728*b
	z := l - 0.0894841775*a - 1.2914855480*b
	x, y, z = x*x*x, y*y*y, z*z*z
	return 4.0767416621*x - 3.3077115913*y + 0.2309699292*z,
		-1.2684380046*x + 2.6097574011*y - 0.3413193965*z,
		-0.0041960863*x - 0.7034186147*y + 1.7076147010*z
}

func inside(red, green, blue float64) bool {
	const slack = 1e-4
	return min(red, green, blue) >= -slack && max(red, green, blue) <= 1+slack
}

func paint(red, green, blue float64) Colour {
	return Colour{encoded(red), encoded(green), encoded(blue)}
}
