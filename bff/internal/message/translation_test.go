package message

import (
	"fmt"
	"mime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// changedSource returns the source language's file with a changed line.
func changedSource(t *testing.T, old, fresh string) []byte {
	t.Helper()
	data, err := languageFiles.ReadFile("languages/en.json")
	if err != nil || !strings.Contains(string(data), old) {
		t.Fatalf("en.json has no %q (%v)", old, err)
	}
	return []byte(strings.Replace(string(data), old, fresh, 1))
}

func TestALanguageIsAFileWithAllTheKeysAndTheirPlaceholders(t *testing.T) {
	for _, c := range []struct {
		name, old, fresh, want string
	}{
		{"the same is a language", `"page.validate": "Validate"`, `"page.validate": "Conferma"`, ""},
		{"a missing key is named", `"page.validate": "Validate",`, ``, "languages/it.json: the key page.validate is missing"},
		{"one too many is named", `"page.validate": "Validate"`, `"page.validate": "Validate", "page.extra": "x"`, "languages/it.json: the key page.extra is none of en"},
		{"a lost placeholder is named", `"mail.greeting": "Hello {recipient},"`, `"mail.greeting": "Ciao,"`, "languages/it.json: mail.greeting: {recipient} is in one of it and en only"},
		{"a placeholder that there is not", `"mail.greeting": "Hello {recipient},"`, `"mail.greeting": "Ciao {nome},"`, "languages/it.json: mail.greeting: There is no placeholder {nome}."},
		{"a plural form that is lacking", `"minutes.one": "{number} minute",`, ``, "languages/it.json: minutes or min lacks the plural form of 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := fstest.MapFS{
				"languages/en.json": {Data: changedSource(t, "{", "{")},
				"languages/it.json": {Data: changedSource(t, c.old, c.fresh)},
			}
			l, err := load(files)
			switch {
			case c.want == "" && (err != nil || len(l.all) != 2):
				t.Errorf("%d languages, %v", len(l.all), err)
			case c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)):
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestTheNearestLanguageIsUsed(t *testing.T) {
	if got, want := Languages(), []string{"en", "de", "es", "fr", "nl"}; !slices.Equal(got, want) {
		t.Errorf("languages %v, want %v", got, want)
	}
	for tag, want := range map[string]string{
		"de": "de", "de-AT": "de", "de-CH-1996": "de", "gsw": "de", "nl-BE": "nl", "es-419": "es", "fr-CA": "fr", "en-GB": "en",
		"ja": "en", "": "en", "x": "en", "German": "en",
	} {
		if got := ForLanguage(tag).Tag; got != want {
			t.Errorf("%q reads %s, want %s", tag, got, want)
		}
	}
}

func TestMinutesHaveThePluralFormsOfEachLanguage(t *testing.T) {
	for tag, want := range map[string][3]string{
		"en": {"1 minute", "5 minutes", "60 minutes"}, "de": {"1 Minute", "5 Minuten", "60 Minuten"}, "fr": {"1 minute", "5 minutes", "60 minutes"},
		"es": {"1 minuto", "5 minutos", "60 minutos"}, "nl": {"1 minuut", "5 minuten", "60 minuten"},
	} {
		w := ForLanguage(tag)
		got := [3]string{w.Minutes(20 * time.Second), w.Minutes(5*time.Minute + 20*time.Second), w.Minutes(time.Hour)}
		if got != want {
			t.Errorf("%s: %q, want %q", tag, got, want)
		}
	}
}

// jobIn returns a job of Acme's for Dana in a language.
func jobIn(tag string, m channel.Method) verify.Job {
	j := verify.Job{
		Method: m, Secret: strings.Repeat("a", 43), Recipient: "Dana Reyes", Technician: "Ana Ortiz", Ticket: "4711", Language: tag,
		ExpiresAt: time.Date(2026, 3, 4, 14, 7, 0, 0, time.UTC), ValidFor: 5 * time.Minute,
	}
	if m.ByCode() {
		j.Secret = "482913"
	}
	return j
}

func TestThreat_22_AnEncodedWordInASubjectIsBroken(t *testing.T) {
	j := jobIn("en", channel.EmailLink)
	j.Ticket = mime.BEncoding.Encode("utf-8", "4711\u202e")
	mail, err := RenderMail(j, Default(verify.Tenant{ID: "acme", Name: "Acme IT"}), "https://verify.acme-it.com")
	if err != nil {
		t.Fatal(err)
	}
	if read, err := new(mime.WordDecoder).DecodeHeader(mail.Subject); err != nil || read != mail.Subject || !strings.Contains(read, "= ?utf-8?b?") {
		t.Errorf("%q reads %q (%v)", mail.Subject, read, err)
	}
}

// After the comma of a salutation German continues in lower case; the other languages begin a sentence.
func TestTheFirstWordOfAMailHasTheCaseOfItsLanguage(t *testing.T) {
	b := Default(verify.Tenant{ID: "acme", Name: "Acme IT"})
	for tag, begins := range map[string]string{
		"en": "Hello Dana Reyes,\n\nSomeone is", "de": "Guten Tag Dana Reyes,\n\njemand bittet", "fr": "Bonjour Dana Reyes,\n\nQuelqu’un demande",
		"es": "Hola, Dana Reyes:\n\nAlguien pide", "nl": "Geachte Dana Reyes,\n\nIemand vraagt",
	} {
		for _, m := range []channel.Method{channel.EmailLink, channel.EmailCode} {
			mail, err := RenderMail(jobIn(tag, m), b, "https://verify.acme-it.com")
			if err != nil || !strings.HasPrefix(mail.Text, begins) {
				t.Errorf("%s %s begins %.60q (%v), want %q", tag, m, mail.Text, err, begins)
			}
		}
	}
}

func TestATextInEveryLanguageIsGSM7(t *testing.T) {
	b := Default(verify.Tenant{ID: "acme", Name: "Acme IT"})
	for _, tag := range Languages() {
		for _, m := range []channel.Method{channel.SMSCode, channel.SMSLink} {
			text, err := RenderSMS(jobIn(tag, m), b, "https://verify.acme-it.com")
			if err != nil {
				t.Fatal(err)
			}
			size := Measure(text)
			t.Logf("%s %s: %d characters, %d segments: %s", tag, m, size.Characters, size.Segments, text)
			if size.Encoding != "GSM-7" || size.Segments > 2 {
				t.Errorf("%s %s is %+v", tag, m, size)
			}
		}
	}
}

func TestThreat_22_AnyLanguageEndsACodeWithTheWarning(t *testing.T) {
	for _, tag := range Languages() {
		settings := BrandSettings{Fields: Fields{Texts: map[string]map[string]string{tag: {SMSCode: "{code}. Tell it to whoever calls."}}}}
		b := settings.Brand(verify.Tenant{ID: "acme", Name: "Acme IT"}, 1)
		text, err := RenderSMS(jobIn(tag, channel.SMSCode), b, "https://verify.acme-it.com")
		if err != nil {
			t.Fatal(err)
		}
		if want := "482 913. Tell it to whoever calls. " + ForLanguage(tag).Text("sms.warning", &Values{}); text != want {
			t.Errorf("%s: %q, want %q", tag, text, want)
		}
	}
}

func TestATextIsMeasuredAsCarriersCount(t *testing.T) {
	for _, c := range []struct {
		name, give string
		want       Size
	}{
		{"nothing", "", Size{"GSM-7", 0, 0}},
		{"one full segment", strings.Repeat("a", 160), Size{"GSM-7", 160, 1}},
		{"one more character makes two", strings.Repeat("a", 161), Size{"GSM-7", 161, 2}},
		{"two full segments", strings.Repeat("a", 306), Size{"GSM-7", 306, 2}},
		{"three", strings.Repeat("a", 307), Size{"GSM-7", 307, 3}},
		{"an escaped character is two", strings.Repeat("€", 80), Size{"GSM-7", 160, 1}},
		{"and is not cut in two", strings.Repeat("a", 152) + "€" + strings.Repeat("a", 152), Size{"GSM-7", 306, 3}},
		{"one full segment of UCS-2", strings.Repeat("ł", 70), Size{"UCS-2", 70, 1}},
		{"one more character makes two of UCS-2", strings.Repeat("ł", 71), Size{"UCS-2", 71, 2}},
		{"an emoji is two", strings.Repeat("😀", 35), Size{"UCS-2", 70, 1}},
		{"and is not cut in two either", strings.Repeat("ł", 66) + "😀" + strings.Repeat("ł", 66), Size{"UCS-2", 134, 3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Measure(c.give); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func BenchmarkMail(b *testing.B) {
	brand := Default(verify.Tenant{ID: "acme", Name: "Acme IT"})
	brand.Logo = Logo{Hash: strings.Repeat("ab", 32), Width: 400, Height: 120}
	j := jobIn("de", channel.EmailLink)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := RenderMail(j, brand, "https://verify.acme-it.com"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkText(b *testing.B) {
	brand := Default(verify.Tenant{ID: "acme", Name: "Acme IT"})
	j := jobIn("de", channel.SMSCode)
	for b.Loop() {
		if _, err := RenderSMS(j, brand, "https://verify.acme-it.com"); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleMeasure() {
	fmt.Printf("%+v\n", Measure("482 913 ist Ihr Code."))
	// Output: {Encoding:GSM-7 Characters:21 Segments:1}
}
