package message_test

import (
	"encoding/json"
	"flag"
	"html"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

const (
	publicURL = "https://verify.acme-it.com"
	token     = "q1wYx0nVd3T9sM5rJ8kLz2bH7cG4fA6eP-uI_oSaXyE"
)

var acmeBrand = message.Default(verify.Tenant{ID: "acme", Name: "Acme IT"})

func job(m channel.Method, change func(*verify.Job)) verify.Job {
	j := verify.Job{
		ID: "v_01", Tenant: "acme", Method: m, To: "dana@contoso.com", Secret: token,
		Recipient: "Dana Reyes", Technician: "Ana Ortiz", Ticket: "4711",
		ExpiresAt: time.Date(2026, 3, 4, 14, 7, 0, 0, time.UTC), ValidFor: 5 * time.Minute,
	}
	if m.ByCode() {
		j.Secret = "482913"
	}
	if change != nil {
		change(&j)
	}
	return j
}

func mail(t *testing.T, j verify.Job, brand *message.Brand) message.Mail {
	t.Helper()
	m, err := message.RenderMail(j, brand, publicURL+"/")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestTheMailMatchesTheGoldenFiles(t *testing.T) {
	m := mail(t, job(channel.EmailLink, nil), acmeBrand)
	if got, want := m.FromName+" | "+m.Subject, "Acme IT | Acme IT: confirm that it is you (ticket 4711)"; got != want {
		t.Errorf("head: %q, want %q", got, want)
	}
	for name, got := range map[string]string{"mail.txt": m.Text, "mail.html": m.HTML} {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s differs from what was approved (-update rewrites it):\n%s", name, diff)
		}
	}
}

func TestAMailWithoutTicketOrRecipientIsComplete(t *testing.T) {
	m := mail(t, job(channel.EmailLink, func(j *verify.Job) { j.Ticket, j.Recipient = "", "" }), acmeBrand)
	if want := "Acme IT: confirm that it is you (ticket -)"; m.Subject != want {
		t.Errorf("subject %q, want %q", m.Subject, want)
	}
	want := "Hello,\n\nSomeone is asking Acme IT for help in your name."
	if !strings.HasPrefix(m.Text, want) {
		t.Errorf("text begins %q, want %q", m.Text[:min(len(m.Text), 120)], want)
	}
}

func TestATextMessageIsOneSegmentOfExactlyTheseWords(t *testing.T) {
	for _, c := range []struct {
		name   string
		method channel.Method
		change func(*verify.Job)
		want   string
	}{
		{
			name: "code", method: channel.SMSCode,
			want: "482 913 is your Acme IT code for Ana Ortiz, ticket 4711. Valid 5 min. Read this only to the technician you called. " +
				"If someone called you, don't.",
		},
		{
			name: "code of eight digits", method: channel.SMSCode,
			change: func(j *verify.Job) { j.Secret = "00482913" },
			want: "0048 2913 is your Acme IT code for Ana Ortiz, ticket 4711. Valid 5 min. Read this only to the technician you called. " +
				"If someone called you, don't.",
		},
		{
			name: "link", method: channel.SMSLink,
			want: "Acme IT: did you call us? Ana Ortiz asks (ticket 4711). Confirm or deny in 5 min: " +
				"https://verify.acme-it.com/v/" + token,
		},
		{
			name: "link that has waited most of its time", method: channel.SMSLink,
			change: func(j *verify.Job) { j.ValidFor = 20 * time.Second },
			want: "Acme IT: did you call us? Ana Ortiz asks (ticket 4711). Confirm or deny in 1 min: " +
				"https://verify.acme-it.com/v/" + token,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := message.RenderSMS(job(c.method, c.change), acmeBrand, publicURL)
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			if n := utf8.RuneCountInString(got); n > 160 || !message.GSM7(got) {
				t.Errorf("%d characters, GSM-7 %t: more than one segment", n, message.GSM7(got))
			}
		})
	}
}

func TestALongNameIsCutBeforeItCostsManySegments(t *testing.T) {
	long := strings.Repeat("Bartholomew ", 20)
	got, err := message.RenderSMS(job(channel.SMSLink, func(j *verify.Job) { j.Technician = long }), acmeBrand, publicURL)
	if err != nil {
		t.Fatal(err)
	}
	if want := "Bartholomew Bartholom... asks"; !strings.Contains(got, want) {
		t.Errorf("got %q, want it to say %q", got, want)
	}
}

func TestAMethodOfAnotherCarrierIsRefused(t *testing.T) {
	if _, err := message.RenderMail(job(channel.SMSLink, nil), acmeBrand, publicURL); err == nil || err.Error() != `no e-mail for method "sms_link"` {
		t.Errorf("mail for an SMS: %v", err)
	}
	if _, err := message.RenderSMS(job(channel.EmailLink, nil), acmeBrand, publicURL); err == nil || err.Error() != `no text message for method "email_link"` {
		t.Errorf("SMS for a mail: %v", err)
	}
}

func TestGSM7(t *testing.T) {
	for text, want := range map[string]bool{
		"Ana Ortiz, ticket 4711.": true, "Zoë": false, "André Müller": true, "€5 [~]": true, "Łukasz": false, "it’s": false, "`": false,
	} {
		if got := message.GSM7(text); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
}

// Row 22: names are data in every position.
func TestACodeByEMailIsShownLargeWithItsWarning(t *testing.T) {
	for _, language := range []string{"en", "de", "fr", "es", "nl"} {
		m := mail(t, job(channel.EmailCode, func(j *verify.Job) { j.Secret, j.Language = "482913", language }), acmeBrand)
		care := message.ForLanguage(language).Text("mail.code_care", &message.Values{})
		for name, part := range map[string]string{"text": m.Text, "HTML": html.UnescapeString(m.HTML)} {
			if !strings.Contains(part, "482 913") || !strings.Contains(part, care) {
				t.Errorf("%s, %s: the code or the care is missing:\n%s", language, name, part)
			}
			if strings.Contains(part, "/v/") || strings.Contains(part, publicURL) {
				t.Errorf("%s, %s: there is a link", language, name)
			}
		}
		if !strings.Contains(m.Text, "\n482 913\n") {
			t.Errorf("%s: the code has no line of its own:\n%s", language, m.Text)
		}
	}
}

func TestThreat_22_HostileNamesStayOneHarmlessLine(t *testing.T) {
	hostile := "Eve\r\nBcc: all@contoso.com\x00 \u202etfel\u2066 \u2028<script>alert(1)</script>\"' \xff{{.Link}}\u200b\U000e0041"
	const plain = `Eve Bcc: all@contoso.com tfel <script>alert(1)</script>"' {{.Link}}`
	everywhere := func(j *verify.Job) { j.Recipient, j.Technician, j.Ticket = hostile, hostile, hostile }
	m := mail(t, job(channel.EmailLink, everywhere), message.Default(verify.Tenant{ID: "acme", Name: hostile}))

	if m.FromName != plain {
		t.Errorf("from name %q, want %q", m.FromName, plain)
	}
	if want := plain + ": confirm that it is you (ticket " + plain + ")"; m.Subject != want {
		t.Errorf("subject %q, want %q", m.Subject, want)
	}
	if want := "Hello " + plain + ",\n\nSomeone is asking " + plain + " for help in your name. If it is you, please confirm it to " + plain + ", your"; !strings.HasPrefix(m.Text, want) {
		t.Errorf("text begins %q, want %q", m.Text[:min(len(m.Text), 300)], want)
	}
	if strings.Contains(m.HTML, "<script") || strings.Contains(m.HTML, "alert(1)</script>") {
		t.Error("a name became markup")
	}
	if want := `&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39; {{.Link}}`; !strings.Contains(m.HTML, want) {
		t.Errorf("the HTML does not show the name as it is: %q", want)
	}
	sms, err := message.RenderSMS(job(channel.SMSCode, everywhere), acmeBrand, publicURL)
	if err != nil {
		t.Fatal(err)
	}
	if want := "482 913 is your Acme IT code for Eve Bcc: all@contoso...., ticket Eve Bcc: all@contoso..... Valid 5 min. Read this"; !strings.HasPrefix(sms, want) {
		t.Errorf("SMS %q, want it to begin %q", sms, want)
	}
}

// Row 22: in every language and every output, with texts of the tenant.
func TestThreat_22_HostileNamesGoThroughEverySink(t *testing.T) {
	written := json.RawMessage(`{"sender":{"name":"Acme {{.Link}}"},"texts":{"de":{"mail_text":"Hallo <b>{technician}</b>\n\n{link}\n\n& {ticket}","mail_footer":"<img src=x onerror=alert(1)> {tenant}"}}}`)
	set, err := message.BrandSettings{}.WithFields(written)
	if err != nil {
		t.Fatal(err)
	}
	for _, hostile := range []string{
		"a\r\nBcc: all@contoso.com", "\u202egnp.exe\u202c", "</p><script>alert(1)</script>", "{code}{{.Link}}{link}", "👩\u200d💻🏴\u200d☠️", "\x00\x1b[31m\x7f",
		strings.Repeat("ö", 500), "\u2028\u2029\u0085", "\xff\xfe", `" onload="x`, "javascript:alert(1)", "=HYPERLINK(1)",
	} {
		for _, tag := range message.Languages() {
			brand := set.Brand(verify.Tenant{ID: "acme", Name: hostile}, 1)
			for _, m := range channel.Methods {
				j := job(m, func(j *verify.Job) {
					j.Recipient, j.Technician, j.Ticket, j.Language = hostile, hostile, hostile, tag
				})
				if m.Kind() == channel.Phone {
					sms, err := message.RenderSMS(j, brand, publicURL)
					checkHarmless(t, "the text", sms, false)
					if err != nil || len([]rune(sms)) > 400 {
						t.Errorf("%q in %s: %d characters, %v", hostile, tag, len([]rune(sms)), err)
					}
					continue
				}
				mail := mail(t, j, brand)
				if mail.FromName != "Acme {{.Link}}" {
					t.Errorf("the sender is %q", mail.FromName)
				}
				checkHarmless(t, "the subject", mail.Subject, false)
				checkHarmless(t, "the text part", mail.Text, true)
				checkHarmless(t, "the HTML part", mail.HTML, true)
				for _, markup := range []string{"<script", "<img", "<b>", `" onload`} {
					if strings.Contains(mail.HTML, markup) {
						t.Errorf("%q in %s: %s became markup", hostile, tag, markup)
					}
				}
			}
		}
	}
}

func checkHarmless(t *testing.T, where, text string, lines bool) {
	t.Helper()
	for _, r := range text {
		if r == '\n' && lines || r == '\u200d' {
			continue
		}
		if unicode.IsControl(r) || r == utf8.RuneError || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co) {
			t.Errorf("%s has U+%04X in it: %.80q", where, r, text)
			return
		}
	}
}

func TestThreat_22_NamesKeepTheLettersOfTheirLanguage(t *testing.T) {
	name := "می\u200cخواهم 👩\u200d💻 Łukasz"
	m := mail(t, job(channel.EmailLink, func(j *verify.Job) { j.Recipient = name }), acmeBrand)
	if want := "Hello " + name + ","; !strings.HasPrefix(m.Text, want) {
		t.Errorf("text begins %q, want %q", m.Text[:60], want)
	}
}

// Row 25: a logo is all that a mail loads. It has the same URL for every reader, so a request identifies no reader.
func TestThreat_25_ALogoIdentifiesNoReader(t *testing.T) {
	set := message.BrandSettings{}.WithLogo(message.MailLogo, message.Logo{Hash: strings.Repeat("ab", 32), Width: 480, Height: 120})
	brand := set.Brand(verify.Tenant{ID: "acme", Name: "Acme IT"}, 1)
	for _, who := range []string{"Dana Reyes", "Erik Holm"} {
		m := mail(t, job(channel.EmailLink, func(j *verify.Job) { j.Recipient, j.Secret = who, strings.Repeat("x", 43) }), brand)
		want := `<img src="https://verify.acme-it.com/brand/` + strings.Repeat("ab", 32) + `.png" width="192" height="48" alt="Acme IT"`
		if strings.Count(m.HTML, "<img") != 1 || strings.Count(m.HTML, "src=") != 1 || !strings.Contains(m.HTML, want) {
			t.Errorf("for %s the mail loads something else", who)
		}
	}
}

// Row 25: the mail makes no request, so an opened mail is not observable.
func TestThreat_25_TheMailLoadsNothing(t *testing.T) {
	m := mail(t, job(channel.EmailLink, nil), acmeBrand)
	for _, loads := range []string{"<img", "url(", "@import", "<link", "<script", "http://"} {
		if strings.Contains(m.HTML, loads) {
			t.Errorf("the HTML has %q", loads)
		}
	}
	link := publicURL + "/v/" + token
	if got := strings.Count(m.HTML, "https://"); got != strings.Count(m.HTML, link) || got != 3 {
		t.Errorf("%d addresses in the HTML, want 3, all of them the link", got)
	}
	sms, err := message.RenderSMS(job(channel.SMSCode, nil), acmeBrand, publicURL)
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(sms, "@#") {
		t.Errorf("the SMS invites autofill: %q", sms)
	}
}
