package launch_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/launch"
	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

func TestALanguageIsReadAsTicketSystemsWriteIt(t *testing.T) {
	type languageCase struct {
		Written, Tag string
		Unreadable   bool
	}
	for _, c := range readCases[languageCase](t, "languages.json") {
		var log bytes.Buffer
		tc := ticketContextInLanguage(t, c.Written, slog.New(slog.NewTextHandler(&log, nil)))
		if got := tc.Contacts[0].Language; got != c.Tag {
			t.Errorf("%q reads as %q, want %q", c.Written, got, c.Tag)
		}
		if said := strings.Contains(log.String(), "language can't be read") && strings.Contains(log.String(), "ctx.contacts[0].language"); said != c.Unreadable {
			t.Errorf("%q: the log says %q", c.Written, log.String())
		}
	}
}

func TestMessagesAreInTheLanguageOfTheContact(t *testing.T) {
	for _, row := range []struct{ written, want string }{
		{"de_DE", "de"}, {"fr_CA", "fr"}, {" de ", "de"}, {"DE-at", "de"}, {"de-DE-1996", "de"}, {"es-419", "es"}, {"nl_BE", "nl"}, {"en_AU.UTF-8", "en"}, {"zh-Hant", "en"},
	} {
		tc := ticketContextInLanguage(t, row.written, nil)
		if got := message.ForLanguage(tc.Contacts[0].Language).Tag; got != row.want {
			t.Errorf("%q is answered in %s, want %s", row.written, got, row.want)
		}
	}
}

func TestATimeZoneThatIsNoneIsSaidAtLaunch(t *testing.T) {
	for _, row := range []struct {
		written, want string
		said          bool
	}{
		{"Europe/Berlin", "Europe/Berlin", false}, {" Europe/Berlin\u200b", "Europe/Berlin", false}, {"", "", false},
		{"Europa/Berlin", "", true}, {"W. Europe Standard Time", "", true}, {"+01:00", "", true}, {"Local", "", true},
	} {
		var log strings.Builder
		x := oneContact()
		x.Contacts[0].TimeZone = row.written
		tc := ticketContextOf(t, x, slog.New(slog.NewTextHandler(&log, nil)))
		if got := tc.Contacts[0].TimeZone; got != row.want {
			t.Errorf("%q reads as %q, want %q", row.written, got, row.want)
		}
		if said := strings.Contains(log.String(), "ctx.contacts[0].time_zone"); said != row.said {
			t.Errorf("%q: the log says %q", row.written, log.String())
		}
	}
}

func ticketContextInLanguage(t *testing.T, written string, log *slog.Logger) verify.TicketContext {
	t.Helper()
	x := oneContact()
	x.Contacts[0].Language = written
	return ticketContextOf(t, x, log)
}

// oneContact gives the context of a ticket whose contact is Dana.
func oneContact() launchcontext.Context {
	return launchcontext.Context{
		PSA: "acme-desk", Ticket: launchcontext.Ticket{ID: "1"}, Client: launchcontext.Client{ID: "contoso", Name: "Contoso"},
		Contact: launchcontext.Default{ID: "dana"}, Contacts: []launchcontext.Contact{{ID: "dana", Name: "Dana"}},
	}
}

func ticketContextOf(t *testing.T, x launchcontext.Context, log *slog.Logger) verify.TicketContext {
	t.Helper()
	tc, err := launch.NewTicketContext(atNoon(log), verify.Tenant{ID: "acme"}, verify.Technician{ID: "ana"}, x, false)
	if err != nil {
		t.Fatal(err)
	}
	return tc
}
