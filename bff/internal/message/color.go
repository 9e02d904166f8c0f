package message

import (
	"fmt"
	"math"
	"strconv"
)

// Color is an sRGB colour, such as #0f4f6b.
type Color struct{ R, G, B uint8 }

// Black and white: one of them is readable on every colour.
var (
	Black = Color{}
	White = Color{255, 255, 255}
)

// ParseColor parses #rrggbb.
func ParseColor(text string) (Color, bool) {
	if len(text) != 7 || text[0] != '#' {
		return Color{}, false
	}
	n, err := strconv.ParseUint(text[1:], 16, 32)
	return Color{uint8(n >> 16), uint8(n >> 8), uint8(n)}, err == nil
}

func (c Color) String() string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// MarshalText returns #rrggbb.
func (c Color) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText parses #rrggbb.
func (c *Color) UnmarshalText(text []byte) error {
	read, ok := ParseColor(string(text))
	if !ok {
		return fmt.Errorf("not a colour")
	}
	*c = read
	return nil
}

// The contrast ratios of WCAG 2.2, level AA.
const (
	ContrastText  = 4.5 // for text, 1.4.3
	ContrastShape = 3.0 // for graphics and borders with a meaning, 1.4.11
)

// Contrast returns the WCAG 2.2 contrast ratio of two colours, from 1 to 21.
func Contrast(a, b Color) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func (c Color) luminance() float64 {
	return 0.2126*gammaDecode(c.R) + 0.7152*gammaDecode(c.G) + 0.0722*gammaDecode(c.B)
}

func gammaDecode(channel uint8) float64 {
	s := float64(channel) / 255
	if s <= 0.04045 {
		return s / 12.92
	}
	return math.Pow((s+0.055)/1.055, 2.4)
}

func gammaEncode(l float64) uint8 {
	s := 12.92 * l
	if l > 0.0031308 {
		s = 1.055*math.Pow(l, 1/2.4) - 0.055
	}
	return uint8(math.Round(255 * min(max(s, 0), 1)))
}

// EnsureContrast returns the colour nearest to c in lightness that has the ratio on the background: the same hue,
// lighter or darker. It returns c if c has the ratio. Up to a ratio of 4.5 there always is one, at least black or
// white.
func EnsureContrast(c, ground Color, ratio float64) Color {
	if Contrast(c, ground) >= ratio {
		return c
	}
	l, a, b := c.oklab()
	best, least := Color{}, math.Inf(1)
	for _, end := range []float64{0, 1} {
		// Contrast grows monotonically towards the end, so bisection finds the first colour with the ratio.
		near, far := l, end
		if Contrast(fromLab(far, a, b), ground) < ratio {
			continue
		}
		for range 24 {
			mid := (near + far) / 2
			if Contrast(fromLab(mid, a, b), ground) >= ratio && isOnSide(fromLab(mid, a, b), ground, end) {
				far = mid
			} else {
				near = mid
			}
		}
		if step := math.Abs(far - l); step < least {
			best, least = fromLab(far, a, b), step
		}
	}
	return best
}

// isOnSide reports whether the colour is on the side of the background that leads to the end: 0 is black's, 1 is
// white's.
func isOnSide(c, ground Color, end float64) bool {
	return (c.luminance() > ground.luminance()) == (end == 1)
}

// TextColorOn returns the one of black and white that has the higher contrast on the background.
func TextColorOn(ground Color) Color {
	if Contrast(White, ground) >= Contrast(Black, ground) {
		return White
	}
	return Black
}

// Mix returns a mixture of a, with a share from 0 to 1, and b.
func Mix(a, b Color, share float64) Color {
	of := func(x, y uint8) uint8 { return uint8(math.Round(share*float64(x) + (1-share)*float64(y))) }
	return Color{of(a.R, b.R), of(a.G, b.G), of(a.B, b.B)}
}

// WithLightness returns the colour with its OKLab lightness multiplied by a factor.
func (c Color) WithLightness(by float64) Color {
	l, a, b := c.oklab()
	return fromLab(l*by, a*by, b*by)
}

// oklab returns the lightness from 0 to 1 and the two axes of hue. See Björn Ottosson, "A perceptual color space for
// image processing".
func (c Color) oklab() (l, a, b float64) {
	red, green, blue := gammaDecode(c.R), gammaDecode(c.G), gammaDecode(c.B)
	x := math.Cbrt(0.4122214708*red + 0.5363325363*green + 0.0514459929*blue)
	y := math.Cbrt(0.2119034982*red + 0.6806995451*green + 0.1073969566*blue)
	z := math.Cbrt(0.0883024619*red + 0.2817188376*green + 0.6299787005*blue)
	return 0.2104542553*x + 0.7936177850*y - 0.0040720468*z,
		1.9779984951*x - 2.4285922050*y + 0.4505937099*z,
		0.0259040371*x + 0.7827717662*y - 0.8086757660*z
}

// fromLab returns the colour of a lightness and hue. A colour outside sRGB is reduced to the most saturated one
// inside.
func fromLab(l, a, b float64) Color {
	switch {
	case l <= 0:
		return Black
	case l >= 1:
		return White
	}
	if inGamut(okLabToRGB(l, a, b)) {
		return encodeRGB(okLabToRGB(l, a, b))
	}
	low, high := 0.0, 1.0
	for range 20 {
		if mid := (low + high) / 2; inGamut(okLabToRGB(l, a*mid, b*mid)) {
			low = mid
		} else {
			high = mid
		}
	}
	return encodeRGB(okLabToRGB(l, a*low, b*low))
}

func okLabToRGB(l, a, b float64) (red, green, blue float64) {
	x := l + 0.3963377774*a + 0.2158037573*b
	y := l - 0.1055613458*a - 0.0638541728*b
	z := l - 0.0894841775*a - 1.2914855480*b
	x, y, z = x*x*x, y*y*y, z*z*z
	return 4.0767416621*x - 3.3077115913*y + 0.2309699292*z,
		-1.2684380046*x + 2.6097574011*y - 0.3413193965*z,
		-0.0041960863*x - 0.7034186147*y + 1.7076147010*z
}

func inGamut(red, green, blue float64) bool {
	const slack = 1e-4
	return min(red, green, blue) >= -slack && max(red, green, blue) <= 1+slack
}

func encodeRGB(red, green, blue float64) Color {
	return Color{gammaEncode(red), gammaEncode(green), gammaEncode(blue)}
}
