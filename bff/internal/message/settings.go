package message

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// BrandSettings holds a tenant's brand settings in their stored form. [Default] supplies everything that is missing.
type BrandSettings struct {
	Fields
	Logo        *Logo `json:"logo,omitempty"`
	LandingLogo *Logo `json:"landing_logo,omitempty"`
}

// Fields are the settings with text values, in the contract's form.
type Fields struct {
	Sender *SenderFields                `json:"sender,omitempty"`
	Theme  *ThemeFields                 `json:"theme,omitempty"`
	Texts  map[string]map[string]string `json:"texts,omitempty"` // by language and text name
}

// SenderFields is the sender of e-mails.
type SenderFields struct {
	Name    string `json:"name,omitempty"`
	Address string `json:"address,omitempty"`
}

// ThemeFields are the colours of the theme that are set.
type ThemeFields struct {
	From       *Color `json:"from,omitempty"`
	To         *Color `json:"to,omitempty"`
	Angle      *int   `json:"angle,omitempty"`
	Card       *Color `json:"card,omitempty"`
	Text       *Color `json:"text,omitempty"`
	Action     *Color `json:"action,omitempty"`
	ActionText *Color `json:"action_text,omitempty"`
}

// LogoPlacement is the position of a logo.
type LogoPlacement string

// The places.
const (
	MailLogo    LogoPlacement = "logo"
	LandingLogo LogoPlacement = "landing_logo"
)

// ParseSettings parses stored settings.
func ParseSettings(b verify.Branding) (s BrandSettings, err error) {
	if len(b.Body) == 0 {
		return BrandSettings{}, nil
	}
	return s, strictjson.Unmarshal(b.Body, &s)
}

// BrandOf returns a tenant's brand from its stored settings. It leaves out texts and senders that an older version
// accepted and that are invalid now.
func BrandOf(t verify.Tenant, branding verify.Branding) (*Brand, error) {
	s, err := ParseSettings(branding)
	if err != nil {
		return nil, fmt.Errorf("branding of %s: %w", t.ID, err)
	}
	return s.Brand(t, branding.Version), nil
}

// Brand applies the settings to a tenant's default brand.
func (s BrandSettings) Brand(t verify.Tenant, version int64) *Brand {
	b := Default(t)
	b.Version = version
	if s.Theme != nil {
		b.Theme = s.Theme.theme()
	}
	if s.Sender != nil && s.Sender.check() == nil {
		b.Sender = Sender(*s.Sender)
	}
	if s.Logo != nil {
		b.Logo = *s.Logo
	}
	if s.LandingLogo != nil {
		b.LandingLogo = *s.LandingLogo
	}
	b.texts = map[string]map[string]Template{}
	for tag, written := range s.Texts {
		texts := map[string]Template{}
		for name, text := range written {
			f, known := textNamed(name)
			if t, err := f.parse(text); known && err == nil {
				texts[name] = t
			}
		}
		b.texts[tag] = texts
	}
	return b
}

// theme applies the colours to the default theme. A text colour that is not set is adjusted to be readable on its
// background.
func (f ThemeFields) theme() Theme {
	l := DefaultTheme
	for _, c := range []struct {
		set *Color
		of  *Color
	}{{f.From, &l.From}, {f.To, &l.To}, {f.Card, &l.Card}, {f.Text, &l.Text}, {f.Action, &l.Action}, {f.ActionText, &l.ActionText}} {
		if c.set != nil {
			*c.of = *c.set
		}
	}
	if f.Angle != nil {
		l.Angle = *f.Angle
	}
	if f.Text == nil {
		l.Text = EnsureContrast(l.Text, l.Card, ContrastText)
	}
	if f.ActionText == nil {
		l.ActionText = TextColorOn(l.Action)
	}
	return l
}

// WithFields returns the settings with other fields. CodeInvalid: Field names an unknown or invalid field.
// CodeContrastTooLow: the contrast of two colours is too low; the error holds the nearest colour that is readable.
func (s BrandSettings) WithFields(fields json.RawMessage) (BrandSettings, error) {
	s.Fields = Fields{}
	if err := strictjson.Decode(context.Background(), fields, &s.Fields, strictjson.Rules{}); err != nil {
		return s, invalidFields(err)
	}
	if s.Sender != nil {
		if err := s.Sender.check(); err != nil {
			return s, err
		}
	}
	if s.Theme != nil {
		if err := s.Theme.check(); err != nil {
			return s, err
		}
	}
	return s, s.normalizeTexts()
}

// WithLogo returns the settings with another logo; without a logo if the hash is empty.
func (s BrandSettings) WithLogo(p LogoPlacement, l Logo) BrandSettings {
	stored := &l
	if l.Hash == "" {
		stored = nil
	}
	if p == LandingLogo {
		s.LandingLogo = stored
	} else {
		s.Logo = stored
	}
	return s
}

// Branding returns the settings in their stored form, based on a version. png is the content of the logo with the hash, if
// that logo is new.
func (s BrandSettings) Branding(version int64, hash string, png []byte) verify.Branding {
	b := verify.Branding{Version: version, Body: marshal(s)}
	for _, l := range []*Logo{s.Logo, s.LandingLogo} {
		if l == nil {
			continue
		}
		image := verify.BrandImage{Hash: l.Hash}
		if l.Hash == hash {
			image.PNG = png
		}
		b.Images = append(b.Images, image)
	}
	return b
}

// marshal encodes a value as JSON without escaping angle brackets.
func marshal(value any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		panic(fmt.Sprintf("a brand can't be written: %v", err)) // can't happen with plain values
	}
	return bytes.TrimSpace(b.Bytes())
}

// Changes lists the changes between two settings, by field: theme.action, texts.de.sms_code.
func Changes(before, after BrandSettings) []verify.Change {
	from, to := flatten(before), flatten(after)
	var list []verify.Change
	all := maps.Clone(from)
	maps.Copy(all, to)
	for _, path := range slices.Sorted(maps.Keys(all)) {
		if !bytes.Equal(from[path], to[path]) {
			list = append(list, verify.Change{Field: path, From: from[path], To: to[path]})
		}
	}
	return list
}

// flatten returns every value of the settings by its path.
func flatten(s BrandSettings) map[string]json.RawMessage {
	all := map[string]json.RawMessage{}
	var walk func(path string, value json.RawMessage)
	walk = func(path string, value json.RawMessage) {
		var members map[string]json.RawMessage
		if strictjson.Unmarshal(value, &members) != nil || path == string(MailLogo) || path == string(LandingLogo) {
			all[path] = value
			return
		}
		for name, member := range members {
			walk(strings.TrimPrefix(path+"."+name, "."), member)
		}
	}
	walk("", marshal(s))
	return all
}
