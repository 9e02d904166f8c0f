package connectwise_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// The meaning of each failure of ConnectWise, for every request. No failure is cached.
func TestWhatAFailingConnectWiseMeans(t *testing.T) {
	const down, busy, setup = verify.CodePSADown, verify.CodePSABusy, verify.CodePSAMisconfigured
	page := strings.Repeat("x", 100)
	for _, row := range []struct {
		name                string
		fault               func(http.ResponseWriter, *http.Request) bool
		prove, ticket, keys verify.Code
	}{
		{"down", respondAlways(503, "text/html", page), down, down, down},
		{"an error of its own", respondAlways(500, "application/json", `{"code":"InternalError"}`), down, down, down},
		{"cut off", func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }, down, down, down},
		{"a sign-in page", respondAlways(200, "text/html; charset=utf-8", "<html>Sign in"), down, down, down},
		{"no type at all", respondAlways(200, "", `{"identifier":"AOrtiz"}`), down, down, down},
		{"JSON that breaks off", respondAlways(200, "application/json", `{"identifier":"AOrt`), down, down, down},
		{"JSON of another shape", respondAlways(200, "application/json", `"AOrtiz"`), down, down, down},
		{"nothing in it", respondAlways(200, "application/json", `null`), down, down, ""},
		{"an answer without end", respondAlways(200, "application/json", `[`+strings.Repeat(" ", 9<<20)+`]`), down, down, down},
		{"a redirect", respondAlways(302, "application/json", `{}`, "Location", "https://evil.example/"), setup, setup, setup},
		{"too many requests", respondAlways(429, "application/json", `{}`, "Retry-After", "7"), busy, busy, busy},
		{"nobody known", respondAlways(401, "application/json", `{"code":"Unauthorized"}`), verify.CodeMember, verify.CodeMember, setup},
		{"nothing allowed", respondAlways(403, "application/json", `{"code":"Forbidden"}`), verify.CodeMember, verify.CodeTicket, setup},
		{"another version", respondAlways(406, "application/json", `{"code":"NotAcceptable"}`), setup, setup, setup},
		{"no such path", respondAlways(404, "text/html", page), setup, setup, setup},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := newHarness(t)
			s := h.settings()
			s.Codebase = "v2025_1" // so that the API itself fails
			h.connect(s, keys)
			h.setFault(func(w http.ResponseWriter, r *http.Request) bool {
				return strings.Contains(r.URL.Path, "/apis/") && row.fault(w, r)
			})
			_, proving := h.VerifyMember(t.Context(), acme, ana)
			_, reading := h.TicketAsMember(t.Context(), acme, ana, "61211", "ServiceTicket")
			_, people := h.Contacts(t.Context(), acme, "19301", "")
			for what, c := range map[string]struct {
				got  error
				want verify.Code
			}{"proof": {proving, row.prove}, "ticket": {reading, row.ticket}, "contacts": {people, row.keys}} {
				if verify.CodeOf(c.got) != c.want {
					t.Errorf("%s: %v, want %q", what, c.got, c.want)
				}
				refusal := new(verify.Error)
				if errors.As(c.got, &refusal) && (refusal.Public == "" || row.prove == busy && refusal.RetryAfter != 7*time.Second) {
					t.Errorf("%s: %+v", what, refusal)
				}
			}
			h.setFault(nil)
			h.advance(time.Minute) // a valid refusal is cached for this long
			if who, err := h.VerifyMember(t.Context(), acme, ana); err != nil || who.ID != "AOrtiz" {
				t.Errorf("when it is back: %+v, %v", who, err)
			}
		})
	}
}

func TestAnOutageIsNotRemembered(t *testing.T) {
	h := newHarness(t)
	h.setFault(onlyPath("/myMembers", respondAlways(503, "text/html", "")))
	_, err := h.VerifyMember(t.Context(), acme, ana)
	wantCode(t, err, verify.CodePSADown)
	h.setFault(nil)
	_, err = h.VerifyMember(t.Context(), acme, ana)
	wantCode(t, err, "")
}

func TestOnceProvenAnOutageDoesNotEndIt(t *testing.T) {
	h := newHarness(t)
	_, err := h.VerifyMember(t.Context(), acme, ana)
	wantCode(t, err, "")
	h.setFault(respondAlways(503, "text/html", ""))
	_, err = h.VerifyMember(t.Context(), acme, ana)
	wantCode(t, err, "")
	h.advance(5 * time.Minute)
	_, err = h.VerifyMember(t.Context(), acme, ana)
	wantCode(t, err, verify.CodePSADown)
}

func TestHowLongABusyConnectWiseIsLeftAlone(t *testing.T) {
	for after, want := range map[string]time.Duration{
		"2": 2 * time.Second, "": 10 * time.Second, "0": 10 * time.Second, "-5": 10 * time.Second, "soon": 10 * time.Second,
		"999999": 10 * time.Minute, "Wed, 21 Oct 2026 07:28:00 GMT": 10 * time.Second,
	} {
		h := newHarness(t)
		h.setFault(onlyPath("/apis/", respondAlways(429, "text/plain", "", "Retry-After", after)))
		_, err := h.VerifyMember(t.Context(), acme, ana)
		refusal := new(verify.Error)
		if !errors.As(err, &refusal) || refusal.RetryAfter != want {
			t.Errorf("after %q: %v", after, err)
		}
	}
}

func TestTheAPIIsFoundWhereItHasMoved(t *testing.T) {
	h := newHarness(t)
	_, err := h.VerifyMember(t.Context(), acme, ana)
	wantCode(t, err, "")
	h.fakeManage.mu.Lock()
	h.codebase = "v2026_1"
	h.fakeManage.mu.Unlock()
	_, err = h.TicketAsMember(t.Context(), acme, ana, "61211", "")
	wantCode(t, err, "")
	_, err = h.TicketAsMember(t.Context(), acme, ana, "61999", "")
	wantCode(t, err, verify.CodeTicket)
	if n := h.count("/login/companyinfo/"); n != 2 {
		t.Errorf("it was looked for %d times, want 2: a ticket that is not there is no reason", n)
	}
	s := h.settings()
	s.Codebase = "v4_6_release"
	h.connect(s, keys)
	_, err = h.VerifyMember(t.Context(), acme, ana)
	wantCode(t, err, "") // the first request's path does not matter
}

func TestAConnectionThatLeadsNowhereSaysSo(t *testing.T) {
	for name, answer := range map[string]func(http.ResponseWriter, *http.Request) bool{
		"a company that it does not know": respondAlways(200, "application/json", "null"),
		"no codebase":                     respondAlways(200, "application/json", "{}"),
		"a codebase that leads away":      respondAlways(200, "application/json", `{"Codebase":"../../evil/"}`),
		"another web site":                respondAlways(404, "text/html", "nothing here"),
		"one that redirects":              respondAlways(301, "text/html", "", "Location", "https://evil.example"),
	} {
		h := newHarness(t)
		h.setFault(onlyPath("/login/companyinfo", answer))
		_, err := h.VerifyMember(t.Context(), acme, ana)
		if verify.CodeOf(err) != verify.CodePSAMisconfigured {
			t.Errorf("%s: %v", name, err)
		}
		if n := h.count("/apis/"); n != 0 {
			t.Errorf("%s: %d requests went on", name, n)
		}
	}
	h := newHarness(t)
	h.server.Close()
	_, err := h.VerifyMember(t.Context(), acme, ana)
	wantCode(t, err, verify.CodePSADown)
}

func TestANoteIsWrittenOnceUnderEveryFault(t *testing.T) {
	note := psa.Note{Ticket: "61211", Verification: "v_06f0abc", Text: "Caller verification: verified\nVerification: v_06f0abc"}
	again := note
	again.Repeated = true
	h := newHarness(t)
	wantCode(t, h.WriteNote(t.Context(), acme, note), "")
	if n := h.count("/allNotes"); n != 0 {
		t.Error("the first time it was looked for")
	}
	wantCode(t, h.WriteNote(t.Context(), acme, again), "")
	on := func(path string) []string { return h.notes[path] }
	if got := on("/service/tickets/61211"); len(got) != 1 || got[0] != note.Text {
		t.Errorf("the ticket has %q", got)
	}
	// The note is written, and the answer is lost.
	h.notes = map[string][]string{}
	h.setFault(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost {
			h.fakeManage.mu.Lock()
			h.notes["/service/tickets/61211"] = []string{"older", note.Text}
			h.fakeManage.mu.Unlock()
			panic(http.ErrAbortHandler)
		}
		return false
	})
	wantCode(t, h.WriteNote(t.Context(), acme, note), verify.CodePSADown)
	h.size = 1 // it is on the second page
	wantCode(t, h.WriteNote(t.Context(), acme, again), "")
	if got := on("/service/tickets/61211"); len(got) != 2 {
		t.Errorf("the ticket has %q", got)
	}
}

func TestWhereANoteGoes(t *testing.T) {
	for _, row := range []struct {
		ticket string
		again  bool
		path   string
		code   verify.Code
	}{
		{"61211", false, "/service/tickets/61211", ""},
		{"61165", false, "/project/tickets/61165", ""},
		{"61165", true, "/project/tickets/61165", ""},
		{"61999", false, "", verify.CodeTicket},
		{"61999", true, "", verify.CodeTicket},
		{"61211/../1", false, "", verify.CodeTicket},
	} {
		h := newHarness(t)
		err := h.WriteNote(t.Context(), acme, psa.Note{Ticket: row.ticket, Verification: "v_1", Text: "text", Repeated: row.again})
		if verify.CodeOf(err) != row.code || row.code == "" && fmt.Sprint(h.notes) != fmt.Sprintf("map[%s:[text]]", row.path) {
			t.Errorf("ticket %s: %v, notes %v", row.ticket, err, h.notes)
		}
	}
}

func TestANoteThatIsRefusedIsNotAFaultOfTheKeys(t *testing.T) {
	h := newHarness(t)
	err := h.WriteNote(t.Context(), acme, psa.Note{Ticket: "61211", Verification: "v_1"}) // without text
	wantCode(t, err, verify.CodeInvalid)
}
