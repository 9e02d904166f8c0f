package message

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/shieldpod/shieldpod/bff/internal/mailaddress"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

func invalidFields(err error) error {
	field := ""
	var fault *strictjson.Error
	if errors.As(err, &fault) {
		field = fault.Path
	}
	return invalidField(line(field, 60), "This is no field of a brand, or its value is of the wrong type: docs/branding.md lists them. Colours are written #rrggbb.")
}

func invalidField(field, text string) error {
	return &verify.Error{Code: verify.CodeInvalid, Field: strings.TrimSuffix("fields."+field, "."), Public: text}
}

func (f ThemeFields) check() error {
	if f.Angle != nil && (*f.Angle < 0 || *f.Angle > 360) {
		return invalidField("theme.angle", "An angle is a whole number from 0 to 360.")
	}
	l := f.theme()
	for _, pair := range []struct {
		field, on              string
		foreground, background Color
	}{{"theme.text", "the card", l.Text, l.Card}, {"theme.action_text", "the button", l.ActionText, l.Action}} {
		if ratio := Contrast(pair.foreground, pair.background); ratio < ContrastText {
			nearest := EnsureContrast(pair.foreground, pair.background, ContrastText)
			ratio = math.Floor(ratio*100) / 100
			return &verify.Error{
				Code: verify.CodeContrastTooLow, Field: "fields." + pair.field,
				Contrast: &verify.Contrast{Measured: ratio, Needed: ContrastText, Nearest: nearest.String()},
				Public: fmt.Sprintf("%s on %s, %s, has a contrast of %.2f to 1, and text needs %.1f to 1 to be read (WCAG AA). The nearest colour that has it is %s.",
					pair.foreground, pair.on, pair.background, ratio, ContrastText, nearest),
			}
		}
	}
	return nil
}

const (
	maxSenderName    = 80
	maxSenderAddress = 254
)

func (f SenderFields) check() error {
	if n := utf8.RuneCountInString(f.Name); n > maxSenderName || f.Name != line(f.Name, maxSenderName) {
		return invalidField("sender.name", fmt.Sprintf("A sender's name is one line of up to %d characters, none of them invisible.", maxSenderName))
	}
	if f.Address == "" {
		return nil
	}
	if !mailaddress.Check(f.Address) || !mailaddress.IsASCII(f.Address) || len(f.Address) > maxSenderAddress {
		return invalidField("sender.address", "This is not an e-mail address.")
	}
	return nil
}

// normalizeTexts checks every text and stores its normalized form.
func (s *BrandSettings) normalizeTexts() error {
	for _, tag := range slices.Sorted(maps.Keys(s.Texts)) {
		if !slices.Contains(Languages(), tag) {
			return invalidField("texts."+line(tag, 12), "There are no words in this language. There are "+strings.Join(Languages(), ", ")+".")
		}
		for _, name := range slices.Sorted(maps.Keys(s.Texts[tag])) {
			path := "texts." + tag + "." + line(name, 40)
			f, known := textNamed(name)
			if !known {
				return invalidField(path, "There is no such text. docs/branding.md lists them.")
			}
			t, err := f.parse(s.Texts[tag][name])
			if err != nil {
				return invalidField(path, err.Error())
			}
			s.Texts[tag][name] = t.String()
		}
	}
	return nil
}
