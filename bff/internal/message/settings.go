package message

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/mail"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// Set is what a tenant has set of its brand, in the shape in which it is kept. What it leaves out is what
// [Default] makes of the tenant's name.
type Set struct {
	Fields
	Logo        *Logo `json:"logo,omitempty"`
	LandingLogo *Logo `json:"landing_logo,omitempty"`
}

// Fields are those of a brand that are written as text, in the contract's shape.
type Fields struct {
	Sender *SenderFields                `json:"sender,omitempty"`
	Theme  *ThemeFields                 `json:"theme,omitempty"`
	Texts  map[string]map[string]string `json:"texts,omitempty"` // by language and name
}

// SenderFields are who e-mails come from.
type SenderFields struct {
	Name    string `json:"name,omitempty"`
	Address string `json:"address,omitempty"`
}

// ThemeFields are the colours that are set.
type ThemeFields struct {
	From       *Colour `json:"from,omitempty"`
	To         *Colour `json:"to,omitempty"`
	Angle      *int    `json:"angle,omitempty"`
	Card       *Colour `json:"card,omitempty"`
	Text       *Colour `json:"text,omitempty"`
	Action     *Colour `json:"action,omitempty"`
	ActionText *Colour `json:"action_text,omitempty"`
}

// Place is where a logo stands.
type Place string

// The places.
const (
	OnMail    Place = "logo"
	OnLanding Place = "landing_logo"
)

// ReadSet reads what is kept.
func ReadSet(b verify.Branding) (s Set, err error) {
	if len(b.Body) == 0 {
		return Set{}, nil
	}
	return s, strictjson.Unmarshal(b.Body, &s)
}

// Read makes a tenant's brand of what is kept. A text or sender that an older version took, and this one takes no
// more, is left out.
func Read(t verify.Tenant, kept verify.Branding) (*Brand, error) {
	s, err := ReadSet(kept)
	if err != nil {
		return nil, fmt.Errorf("branding of %s: %w", t.ID, err)
	}
	return s.Brand(t, kept.Version), nil
}

// Brand is what the set makes of a tenant.
func (s Set) Brand(t verify.Tenant, version int64) *Brand {
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
			if t, err := f.read(text); known && err == nil {
				texts[name] = t
			}
		}
		b.texts[tag] = texts
	}
	return b
}

// theme lays the colours over the default ones. What is written on a ground that is set, and has no colour of its
// own, gets one that can be read there.
func (f ThemeFields) theme() Theme {
	l := DefaultTheme
	for _, c := range []struct {
		set *Colour
		of  *Colour
	}{{f.From, &l.From}, {f.To, &l.To}, {f.Card, &l.Card}, {f.Text, &l.Text}, {f.Action, &l.Action}, {f.ActionText, &l.ActionText}} {
		if c.set != nil {
			*c.of = *c.set
		}
	}
	if f.Angle != nil {
		l.Angle = *f.Angle
	}
	if f.Text == nil {
		l.Text = Readable(l.Text, l.Card, ContrastText)
	}
	if f.ActionText == nil {
		l.ActionText = On(l.Action)
	}
	return l
}

// Edited is the set with the fields in place of its own. CodeInvalid: Field names one that is unknown or out of its
// range. CodeContrastTooLow: two colours can't be told apart; the error has the nearest that can.
func (s Set) Edited(fields json.RawMessage) (Set, error) {
	s.Fields = Fields{}
	if err := strictjson.Decode(context.Background(), fields, &s.Fields, strictjson.Rules{}); err != nil {
		return s, misshapen(err)
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
	return s, s.readTexts()
}

// With is the set with another logo in a place; without one, if its hash is empty.
func (s Set) With(p Place, l Logo) Set {
	at := &l
	if l.Hash == "" {
		at = nil
	}
	if p == OnLanding {
		s.LandingLogo = at
	} else {
		s.Logo = at
	}
	return s
}

// Kept is the set as a branding made from the version that was read; png is that of a logo which is new.
func (s Set) Kept(version int64, hash string, png []byte) verify.Branding {
	b := verify.Branding{Version: version, Body: plainly(s)}
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

// plainly writes a value as JSON, with its angle brackets as they are.
func plainly(value any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		panic(fmt.Sprintf("a brand can't be written: %v", err)) // plain values: they always can
	}
	return bytes.TrimSpace(b.Bytes())
}

// Changes is what an edit did, field by field: theme.action, texts.de.sms_code.
func Changes(before, after Set) []verify.Change {
	from, to := flat(before), flat(after)
	var list []verify.Change
	for _, path := range slices.Sorted(maps.Keys(merged(from, to))) {
		if !bytes.Equal(from[path], to[path]) {
			list = append(list, verify.Change{Field: path, From: from[path], To: to[path]})
		}
	}
	return list
}

func merged(a, b map[string]json.RawMessage) map[string]json.RawMessage {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// flat gives every value of the set by its path.
func flat(s Set) map[string]json.RawMessage {
	all := map[string]json.RawMessage{}
	var walk func(path string, value json.RawMessage)
	walk = func(path string, value json.RawMessage) {
		var members map[string]json.RawMessage
		if strictjson.Unmarshal(value, &members) != nil || path == string(OnMail) || path == string(OnLanding) {
			all[path] = value
			return
		}
		for name, member := range members {
			walk(strings.TrimPrefix(path+"."+name, "."), member)
		}
	}
	walk("", plainly(s))
	return all
}

func misshapen(err error) error {
	field := ""
	var fault *strictjson.Error
	if errors.As(err, &fault) {
		field = fault.Path
	}
	return invalid(line(field, 60), "This is no field of a brand, or its value is of the wrong type: docs/branding.md lists them. Colours are written #rrggbb.")
}

func invalid(field, public string) error {
	return &verify.Error{Code: verify.CodeInvalid, Field: strings.TrimSuffix("fields."+field, "."), Public: public}
}

func (f ThemeFields) check() error {
	if f.Angle != nil && (*f.Angle < 0 || *f.Angle > 360) {
		return invalid("theme.angle", "An angle is a whole number from 0 to 360.")
	}
	l := f.theme()
	for _, pair := range []struct {
		field, on  string
		ink, under Colour
	}{{"theme.text", "the card", l.Text, l.Card}, {"theme.action_text", "the button", l.ActionText, l.Action}} {
		if measured := Contrast(pair.ink, pair.under); measured < ContrastText {
			nearest := Readable(pair.ink, pair.under, ContrastText)
			measured = math.Floor(measured*100) / 100
			return &verify.Error{
				Code: verify.CodeContrastTooLow, Field: "fields." + pair.field,
				Contrast: &verify.Contrast{Measured: measured, Needed: ContrastText, Nearest: nearest.String()},
				Public: fmt.Sprintf("%s on %s, %s, has a contrast of %.2f to 1, and text needs %.1f to 1 to be read (WCAG AA). The nearest colour that has it is %s.",
					pair.ink, pair.on, pair.under, measured, ContrastText, nearest),
			}
		}
	}
	return nil
}

const (
	senderMost  = 80
	addressMost = 254
)

func (f SenderFields) check() error {
	if n := utf8.RuneCountInString(f.Name); n > senderMost || f.Name != line(f.Name, senderMost) {
		return invalid("sender.name", fmt.Sprintf("A sender's name is one line of up to %d characters, none of them invisible.", senderMost))
	}
	if f.Address == "" {
		return nil
	}
	a, err := mail.ParseAddress(f.Address)
	plain := strings.IndexFunc(f.Address, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`,;<>"()\`, r) }) < 0
	if err != nil || !plain || a.Address != f.Address || a.Name != "" || len(f.Address) > addressMost {
		return invalid("sender.address", "This is not an e-mail address.")
	}
	return nil
}

// readTexts checks every text, and keeps it as it will be read.
func (s *Set) readTexts() error {
	for _, tag := range slices.Sorted(maps.Keys(s.Texts)) {
		if !slices.Contains(Languages(), tag) {
			return invalid("texts."+line(tag, 12), "There are no words in this language. There are "+strings.Join(Languages(), ", ")+".")
		}
		for _, name := range slices.Sorted(maps.Keys(s.Texts[tag])) {
			path := "texts." + tag + "." + line(name, 40)
			f, known := textNamed(name)
			if !known {
				return invalid(path, "There is no such text. docs/branding.md lists them.")
			}
			t, err := f.read(s.Texts[tag][name])
			if err != nil {
				return invalid(path, err.Error())
			}
			s.Texts[tag][name] = t.String()
		}
	}
	return nil
}
