package message

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// parseText parses a text of a field and returns the template or the error text.
func parseText(t *testing.T, field, text string) (Template, string) {
	t.Helper()
	f, known := textNamed(field)
	if !known {
		t.Fatalf("there is no text %s", field)
	}
	parsed, err := f.parse(text)
	if err != nil {
		return Template{}, err.Error()
	}
	return parsed, ""
}

func TestATextIsAcceptedOrRefusedWithASentence(t *testing.T) {
	for _, c := range []struct {
		name, field, give, want string // want: the beginning of the error; empty: accepted
	}{
		{"all placeholders of a code", SMSCode, "{code} {tenant} {technician} {ticket} {minutes}", ""},
		{"all placeholders of a link", SMSLink, "{link} {tenant} {technician} {ticket} {minutes}", ""},
		{"text alone where none is asked for", MailFooter, "Acme IT, 1 Main Street", ""},
		{"nothing where nothing may be", MailSignature, " \n ", ""},
		{"nothing where something must be", MailSubject, "  ", "This text can't be empty."},
		{"an unknown placeholder", SMSCode, "{code} {name}", "There is no placeholder {name}. There are {tenant}, {technician}, {ticket}, {minutes}, {code}, {link}."},
		{"one in another case", SMSCode, "{Code}", "There is no placeholder {Code}."},
		{"one with a space in it", SMSCode, "{ code }", "There is no placeholder {code}."},
		{"one without a name", SMSCode, "{}{code}", "There is no placeholder {}."},
		{"one of ours", MailSubject, "Hello {recipient}", "{recipient} can't stand in this text."},
		{"a template of Go", SMSCode, "{{.Code}} {code}", "A brace stands inside of another."},
		{"a nested one", SMSCode, "{co{code}de}", "A brace stands inside of another."},
		{"one that is not closed", SMSCode, "{code} {tenant", "A brace is opened and not closed."},
		{"one that is not opened", SMSCode, "{code} tenant}", "A brace is closed that was not opened."},
		{"an unmatched brace at the end", SMSCode, "{code} {", "A brace is opened and not closed."},
		{"a code without its code", SMSCode, "Call {technician}", "{code} is missing"},
		{"a code twice", SMSCode, "{code} {code}", "{code} stands there twice."},
		{"a link without its link", SMSLink, "Call {technician}", "{link} is missing"},
		{"a link in a code", SMSCode, "{code} {link}", "{link} can't stand in this text."},
		{"a code in a link", SMSLink, "{code} {link}", "{code} can't stand in this text."},
		{"a mail without its link", MailText, "Press the button.", "{link} is missing"},
		{"a mail with its link in a line", MailText, "Open {link} now", "Put {link} on a line of its own"},
		{"a mail with its link on a line", MailText, "Hello.\n\n {link} \n\nGoodbye.", ""},
		{"a mail that is nothing but its link", MailText, "{link}", ""},
		{"a unit after the minutes", SMSCode, "{code} for {minutes} minutes", "{minutes} brings its unit"},
		{"a unit in another language", SMSCode, "{code} gilt {minutes} Minuten", "{minutes} brings its unit"},
		{"minutes at the end of a sentence", SMSCode, "{code} for {minutes}. Mind it.", ""},
		{"two lines where one is", SMSCode, "{code}\nof {tenant}", "This text is one line."},
		{"two lines of Windows where several are", MailFooter, "Acme IT\r\nMain Street", ""},
		{"a single carriage return", MailSubject, "Hello\rBcc: all", "There is a character that can't be seen or turns others around: U+000D."},
		{"a null", MailSubject, "a\x00b", "There is a character that can't be seen or turns others around: U+0000."},
		{"a right-to-left override", MailSubject, "a\u202eb", "There is a character that can't be seen or turns others around: U+202E."},
		{"an isolate", MailSubject, "a\u2066b", "There is a character that can't be seen"},
		{"a zero-width space", MailSubject, "a\u200bb", "There is a character that can't be seen"},
		{"a line separator", MailSubject, "a\u2028b", "There is a character that can't be seen"},
		{"broken UTF-8", MailSubject, "a\xffb", "There is a character that can't be seen"},
		{"a private character", MailSubject, "a\ue000b", "There is a character that can't be seen"},
		{"an emoji of several characters", MailSubject, "👩\u200d💻 {tenant}", ""},
		{"Arabic and Hebrew", MailSubject, "مرحبا שלום {tenant}", ""},
		{"500 characters", SMSCode, "{code}" + strings.Repeat("ü", 494), ""},
		{"501 characters", SMSCode, "{code}" + strings.Repeat("ü", 495), "This text has up to 500 characters, and this one has 501."},
		{"a number to pick", ScriptNumber, "Pick {number} on the page.", ""},
		{"a code in a script", ScriptSMSCode, "It is {code}", "{code} can't stand in this text."},
		{"a very long name", SMSCode, "{code} {" + strings.Repeat("x", 200) + "}", "There is no placeholder {xxxxxxxxxxxxxxxxxxxxx...}."},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, refusal := parseText(t, c.field, c.give)
			if c.want == "" && refusal != "" || !strings.HasPrefix(refusal, c.want) {
				t.Errorf("got %q, want %q", refusal, c.want)
			}
		})
	}
}

func TestValuesAreNotParsed(t *testing.T) {
	text, refusal := parseText(t, SMSCode, "{tenant}: {code} for {technician}")
	if refusal != "" {
		t.Fatal(refusal)
	}
	got := text.Fill(&Values{Tenant: "{code}", Technician: "{{.Code}} {technician}", Code: "482 913"})
	if want := "{code}: 482 913 for {{.Code}} {technician}"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzText(f *testing.F) {
	for _, seed := range []string{"{code} {tenant}", "{{}}", "}{", "{", "a\r\nb {link}", "\u202e{code}", "{minutes} min"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, field := range Texts {
			parsed, err := field.parse(text)
			if err != nil {
				if err.Error() == "" {
					t.Errorf("%s: a refusal without words", field.Name)
				}
				continue
			}
			kept := parsed.String()
			again, err := field.parse(kept)
			if err != nil || again.String() != kept {
				t.Errorf("%s: %q is kept as %q, and that as %q (%v)", field.Name, text, kept, again, err)
			}
			if field.required != noPlaceholder && parsed.count(field.required) != 1 || utf8.RuneCountInString(kept) > field.MaxLength {
				t.Errorf("%s: takes %q", field.Name, text)
			}
			filled := parsed.Fill(&Values{})
			if strings.ContainsAny(filled, "{}") || strings.ContainsFunc(filled, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }) {
				t.Errorf("%s: %q is filled as %q", field.Name, text, filled)
			}
		}
	})
}
