package message

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

func TestFieldsAreAcceptedOrRefusedByName(t *testing.T) {
	for _, c := range []struct {
		name, give  string
		code        verify.Code
		field, says string
	}{
		{"nothing", `{}`, "", "", ""},
		{"a theme", `{"theme":{"from":"#10243f","to":"#2b8579","angle":90,"card":"#ffffff","text":"#111111","action":"#ffcc00","action_text":"#000000"}}`, "", "", ""},
		{"a button alone gets a colour that can be read on it", `{"theme":{"action":"#ffcc00"}}`, "", "", ""},
		{"a sender", `{"sender":{"name":"Acme Service","address":"verify@acme-it.example"}}`, "", "", ""},
		{"texts in two languages", `{"texts":{"en":{"mail_footer":"Acme"},"de":{"sms_code":"{code}"}}}`, "", "", ""},
		{"an unknown field", `{"colour":"red"}`, verify.CodeInvalid, "fields.colour", "This is no field"},
		{"a colour by name", `{"theme":{"from":"red"}}`, verify.CodeInvalid, "fields", "This is no field"},
		{"an angle that is none", `{"theme":{"angle":361}}`, verify.CodeInvalid, "fields.theme.angle", "An angle is"},
		{"an angle in words", `{"theme":{"angle":"left"}}`, verify.CodeInvalid, "fields.theme.angle", "This is no field"},
		{"text that can't be read", `{"theme":{"text":"#cccccc"}}`, verify.CodeContrastTooLow, "fields.theme.text", "#cccccc on the card, #ffffff, has a contrast of 1.60 to 1, and text needs 4.5 to 1"},
		{"a button that can't be read", `{"theme":{"action":"#ffcc00","action_text":"#ffffff"}}`, verify.CodeContrastTooLow, "fields.theme.action_text", "#ffffff on the button, #ffcc00, has a contrast of 1.51 to 1"},
		{"a sender of two lines", `{"sender":{"name":"Acme\r\nBcc: all@contoso.com"}}`, verify.CodeInvalid, "fields.sender.name", "A sender's name is one line"},
		{"a sender that turns around", `{"sender":{"name":"Acme\u202e"}}`, verify.CodeInvalid, "fields.sender.name", "A sender's name is one line"},
		{"a sender that is none", `{"sender":{"address":"acme"}}`, verify.CodeInvalid, "fields.sender.address", "This is not an e-mail address."},
		{"a sender with a name in it", `{"sender":{"address":"Acme <a@b.example>"}}`, verify.CodeInvalid, "fields.sender.address", "This is not an e-mail address."},
		{"two senders", `{"sender":{"address":"a@b.example,c@d.example"}}`, verify.CodeInvalid, "fields.sender.address", "This is not an e-mail address."},
		{"a language that there is not", `{"texts":{"xx":{}}}`, verify.CodeInvalid, "fields.texts.xx", "There are no words in this language. There are en, de, es, fr, nl."},
		{"a text that there is not", `{"texts":{"en":{"push":"x"}}}`, verify.CodeInvalid, "fields.texts.en.push", "There is no such text."},
		{"a text with an unknown placeholder", `{"texts":{"de":{"sms_code":"{code} {name}"}}}`, verify.CodeInvalid, "fields.texts.de.sms_code", "There is no placeholder {name}."},
		{"a text without what it is for", `{"texts":{"en":{"sms_link":"hello"}}}`, verify.CodeInvalid, "fields.texts.en.sms_link", "{link} is missing"},
		{"no object", `[]`, verify.CodeInvalid, "fields", "This is no field"},
		{"two objects", `{}{}`, verify.CodeInvalid, "fields", "This is no field"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := BrandSettings{}.WithFields(json.RawMessage(c.give))
			if c.code == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var refusal *verify.Error
			if !errors.As(err, &refusal) || refusal.Code != c.code || refusal.Field != c.field || !strings.HasPrefix(refusal.Public, c.says) {
				t.Errorf("got %+v, want %s at %q: %q", refusal, c.code, c.field, c.says)
			}
		})
	}
}

func TestTheColorThatARefusalNamesIsAccepted(t *testing.T) {
	_, err := BrandSettings{}.WithFields(json.RawMessage(`{"theme":{"action":"#ffcc00","action_text":"#ffffff"}}`))
	var refusal *verify.Error
	if !errors.As(err, &refusal) || refusal.Contrast == nil {
		t.Fatalf("%v names none", err)
	}
	if _, err := (BrandSettings{}).WithFields(json.RawMessage(`{"theme":{"action":"#ffcc00","action_text":"` + refusal.Contrast.Nearest + `"}}`)); err != nil {
		t.Errorf("%s: %v", refusal.Contrast.Nearest, err)
	}
}

func TestChangesNameEachFieldWithItsOldValue(t *testing.T) {
	before, err := BrandSettings{}.WithFields(json.RawMessage(`{"theme":{"action":"#112233","angle":90},"texts":{"en":{"mail_footer":"Acme"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	after, err := before.WithFields(json.RawMessage(`{"theme":{"action":"#112244","angle":90},"sender":{"name":"Acme"}}`))
	if err != nil {
		t.Fatal(err)
	}
	after = after.WithLogo(LandingLogo, Logo{Hash: "ab", Width: 2, Height: 1})
	want := []verify.Change{
		{Field: "landing_logo", To: json.RawMessage(`{"hash":"ab","width":2,"height":1}`)},
		{Field: "sender.name", To: json.RawMessage(`"Acme"`)},
		{Field: "texts.en.mail_footer", From: json.RawMessage(`"Acme"`)},
		{Field: "theme.action", From: json.RawMessage(`"#112233"`), To: json.RawMessage(`"#112244"`)},
	}
	if diff := cmp.Diff(want, Changes(before, after)); diff != "" {
		t.Error(diff)
	}
	if again := Changes(after, after); len(again) > 0 {
		t.Errorf("nothing was changed, and yet %v", again)
	}
}

func TestStoredSettingsAreReadUnchanged(t *testing.T) {
	set, err := BrandSettings{}.WithFields(json.RawMessage(`{"sender":{"name":"A & <b>"},"theme":{"from":"#ABCDEF"},"texts":{"fr":{"mail_text":"Bonjour\r\n\r\n{link}"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	set = set.WithLogo(MailLogo, Logo{Hash: "aa", Width: 3, Height: 4})
	kept := set.Branding(7, "aa", []byte("picture"))
	if len(kept.Images) != 1 || string(kept.Images[0].PNG) != "picture" || kept.Version != 7 {
		t.Errorf("kept with %+v", kept.Images)
	}
	again, err := ParseSettings(kept)
	if diff := cmp.Diff(set, again); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if got := set.Texts["fr"][MailText]; got != "Bonjour\n\n{link}" {
		t.Errorf("the text is kept as %q", got)
	}
	if removed := set.WithLogo(MailLogo, Logo{}).Branding(8, "", nil); len(removed.Images) != 0 {
		t.Errorf("a logo that was taken away is kept: %+v", removed.Images)
	}
}

// A setting that is invalid now falls back to the default, so that messages are still sent.
func TestSettingsThatAreInvalidNowAreLeftOut(t *testing.T) {
	b, err := BrandOf(verify.Tenant{ID: "acme", Name: "Acme IT"}, verify.Branding{Version: 3, Body: json.RawMessage(
		`{"sender":{"address":"invalid"},"texts":{"en":{"sms_code":"{gone}","sms_link":"Go: {link}","fax":"x"},"xx":{"sms_code":"{code}"}}}`)})
	if err != nil {
		t.Fatal(err)
	}
	code, err := RenderSMS(jobIn("en", channel.SMSCode), b, "https://v.example")
	if err != nil || !strings.HasPrefix(code, "482 913 is your Acme IT code") {
		t.Errorf("%q, %v", code, err)
	}
	link, err := RenderSMS(jobIn("en", channel.SMSLink), b, "https://v.example")
	if err != nil || !strings.HasPrefix(link, "Go: https://v.example/v/") {
		t.Errorf("%q, %v", link, err)
	}
	if b.Sender.Address != "" {
		t.Errorf("the sender is %q", b.Sender.Address)
	}
}
