package landing

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/shieldpod/shieldpod/bff/internal/message"
)

// style is a look's whole stylesheet as it stands in the page, and the hash by which the policy lets it in.
type style struct{ text, hash string }

// styles keeps those of the looks that were asked for lately.
var styles struct {
	mu      sync.Mutex
	byTheme map[message.Theme]style
}

// stylesHeld bounds them.
const stylesHeld = 500

func styleOf(l message.Theme) style {
	styles.mu.Lock()
	defer styles.mu.Unlock()
	s, known := styles.byTheme[l]
	if known {
		return s
	}
	text := paint(l) + sheet
	s = style{text: text, hash: hashOf(text)}
	if styles.byTheme == nil || len(styles.byTheme) >= stylesHeld {
		styles.byTheme = map[message.Theme]style{}
	}
	styles.byTheme[l] = s
	return s
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// sheet is what all looks share, without its comments and indentation.
var sheet = slim(mustRead("assets/landing.css"))

var comments = regexp.MustCompile(`(?s)/\*.*?\*/`)

func slim(css string) string {
	css = comments.ReplaceAllString(css, "")
	var b strings.Builder
	for line := range strings.Lines(css) {
		b.WriteString(strings.TrimSpace(line))
	}
	return b.String()
}

func mustRead(name string) string {
	content, err := files.ReadFile(name)
	if err != nil {
		panic(err) // embedded: can't be missing
	}
	return string(content)
}

// night is the card of every look in the dark.
var night = message.Colour{R: 0x14, G: 0x1b, B: 0x24}

// paint writes the look's colours as properties, for the day and for the night. What the tenant did not choose is
// made of what it did, so that it can be read whatever that is.
func paint(l message.Theme) string {
	dark := l
	dark.From, dark.To = l.From.Shaded(0.7), l.To.Shaded(0.6)
	dark.Card = night
	dark.Text = message.Readable(message.Mix(l.Text, message.White, 0.1), night, 12)
	dark.Action = message.Readable(l.Action, night, message.ContrastText)
	dark.ActionText = message.On(dark.Action)
	return ":root{" + properties(l) + "}@media(prefers-color-scheme:dark){:root{" + properties(dark) + "--tile:#fff;--pad:.375rem .625rem;}}"
}

func properties(l message.Theme) string {
	mix := func(share float64) message.Colour { return message.Mix(l.Text, l.Card, share) }
	readable := func(c message.Colour) message.Colour { return message.Readable(c, l.Card, message.ContrastText) }
	over := func(ink, ground message.Colour, share float64) message.Colour { // under the pointer
		if c := message.Mix(ink, ground, share); message.Contrast(ink, c) >= message.ContrastText {
			return c
		}
		return ground
	}
	var b strings.Builder
	for _, p := range []struct {
		name string
		is   message.Colour
	}{
		{"from", l.From}, {"to", l.To}, {"card", l.Card}, {"ink", l.Text}, {"action", l.Action}, {"on-action", l.ActionText},
		{"action-over", over(l.ActionText, l.Action, 0.12)}, {"quiet", readable(mix(0.72))}, {"line", mix(0.14)}, {"over", over(l.Text, l.Card, 0.06)},
		{"edge", message.Readable(mix(0.5), l.Card, message.ContrastShape)},
		{"focus", readable(message.Colour{R: 0x17, G: 0x69, B: 0xaa})},
		{"good", readable(message.Colour{R: 0x17, G: 0x80, B: 0x3d})}, {"bad", readable(message.Colour{R: 0xc0, G: 0x26, B: 0x26})},
		{"wait", readable(message.Colour{R: 0x9a, G: 0x5b, B: 0x00})},
	} {
		fmt.Fprintf(&b, "--%s:%s;", p.name, p.is)
	}
	fmt.Fprintf(&b, "--angle:%ddeg;", l.Angle)
	return b.String()
}
