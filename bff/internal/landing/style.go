package landing

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/cache"
	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/web"
)

// style is the whole stylesheet of a theme, and its hash in the content security policy.
type style struct{ text, hash string }

// styles caches the stylesheets of themes, which never change.
var styles = cache.New[message.Theme, style](500, 0)

func styleOf(t message.Theme) style {
	if s, _, known := styles.Get(t, time.Time{}); known {
		return s
	}
	text := themeCSS(t) + baseCSS
	s := style{text: text, hash: web.CSPHash(text)}
	styles.Put(t, s, time.Time{})
	return s
}

// baseCSS is the stylesheet that all themes share, without comments and indentation.
var baseCSS = minify(mustRead("assets/landing.css"))

var comments = regexp.MustCompile(`(?s)/\*.*?\*/`)

func minify(css string) string {
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
		panic(err) // can't happen: the file is embedded
	}
	return string(content)
}

// darkCard is the colour of the card in dark mode, for every theme.
var darkCard = message.Color{R: 0x14, G: 0x1b, B: 0x24}

// themeCSS returns the theme's colours as custom properties, for light and dark mode. Colours that the tenant has not
// set are derived from its other colours so that they are readable.
func themeCSS(t message.Theme) string {
	dark := t
	dark.From, dark.To = t.From.WithLightness(0.7), t.To.WithLightness(0.6)
	dark.Card = darkCard
	dark.Text = message.EnsureContrast(message.Mix(t.Text, message.White, 0.1), darkCard, 12)
	dark.Action = message.EnsureContrast(t.Action, darkCard, message.ContrastText)
	dark.ActionText = message.TextColorOn(dark.Action)
	return ":root{" + properties(t) + "}@media(prefers-color-scheme:dark){:root{" + properties(dark) + "--logo-background:#fff;--logo-padding:.375rem .625rem;}}"
}

func properties(t message.Theme) string {
	mix := func(share float64) message.Color { return message.Mix(t.Text, t.Card, share) }
	readable := func(c message.Color) message.Color { return message.EnsureContrast(c, t.Card, message.ContrastText) }
	hover := func(foreground, background message.Color, share float64) message.Color { // the colour under the pointer
		if c := message.Mix(foreground, background, share); message.Contrast(foreground, c) >= message.ContrastText {
			return c
		}
		return background
	}
	var b strings.Builder
	for _, p := range []struct {
		name  string
		color message.Color
	}{
		{"from", t.From}, {"to", t.To}, {"card", t.Card}, {"text", t.Text}, {"action", t.Action}, {"on-action", t.ActionText},
		{"action-hover", hover(t.ActionText, t.Action, 0.12)}, {"muted", readable(mix(0.72))},
		{"divider", mix(0.14)}, {"hover", hover(t.Text, t.Card, 0.06)},
		{"border", message.EnsureContrast(mix(0.5), t.Card, message.ContrastShape)},
		{"focus", readable(message.Color{R: 0x17, G: 0x69, B: 0xaa})},
		{"success", readable(message.Color{R: 0x17, G: 0x80, B: 0x3d})}, {"danger", readable(message.Color{R: 0xc0, G: 0x26, B: 0x26})},
		{"warning", readable(message.Color{R: 0x9a, G: 0x5b, B: 0x00})},
	} {
		fmt.Fprintf(&b, "--%s:%s;", p.name, p.color)
	}
	fmt.Fprintf(&b, "--angle:%ddeg;", t.Angle)
	return b.String()
}
