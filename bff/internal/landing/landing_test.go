package landing_test

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

const done, late = "?done", "?late"

func TestThePageShowsTheOutcomeOfTheLink(t *testing.T) {
	for _, c := range []struct {
		name    string
		outcome verify.Outcome
		query   string
		status  int
		says    string
	}{
		{"an open link can be answered", verify.Open, "", 200, "Acme IT wants to check that it is you"},
		{"the query can't close an open link", verify.Open, done, 200, "Acme IT wants to check that it is you"},
		{"who has just validated is done", verify.Verified, done, 200, "Done. Acme IT knows that it is you."},
		{"a validated link is used", verify.Verified, "", 410, "This link was used. Acme IT knows that it is you."},
		{"a late answer finds it used", verify.Verified, late, 410, "This link was used. Acme IT knows that it is you."},
		{"a denial is confirmed right after it", verify.Denied, done, 200, "Acme IT knows that you did not ask for this."},
		{"a denied link is gone", verify.Denied, "", 410, "Acme IT knows that you did not ask for this."},
		{"an expired link says until when it was good", verify.Expired, "", 410, `valid until <time datetime="2026-03-04T12:05:00Z">4 Mar 2026, 12:05 UTC</time>`},
		{"the query can't revive an expired link", verify.Expired, done, 410, "This link has expired"},
		{"a replaced link points at the newest message", verify.Superseded, "", 410, "Use the one in the newest message from Acme IT."},
		{"a cancelled link has ended", verify.Cancelled, "", 410, "This link can no longer be used"},
		{"a failed link has ended", verify.Failed, "", 410, "This link can no longer be used"},
		{"an unknown outcome has ended", verify.Outcome("paused"), "", 410, "This link can no longer be used"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := serve(t, &fakeService{link: acmeLink(c.outcome)}).get("/v/" + token + c.query)
			if got.status != c.status {
				t.Errorf("status %d, want %d", got.status, c.status)
			}
			got.contains(t, c.says)
			if got.isAnswerable() != (c.outcome == verify.Open) {
				t.Errorf("offers an answer: %v", got.isAnswerable())
			}
		})
	}
}

func TestAPageOfAnEndedLinkOffersTheDenialWhileItIsAccepted(t *testing.T) {
	const deny, call = `<a class="no" href="?deny">I did not ask for this</a>`, "on the number you know."
	for _, outcome := range []verify.Outcome{verify.Verified, verify.Expired, verify.Superseded, verify.Cancelled, verify.Failed} {
		link := acmeLink(outcome)
		p := serve(t, &fakeService{link: link})
		after := p.get("/v/" + token)
		after.contains(t, call)
		if strings.Contains(after.body, deny) {
			t.Errorf("%s: the page offers a denial that is not taken", outcome)
		}
		if got := p.get("/v/" + token + "?deny"); got.status != 410 || got.isAnswerable() {
			t.Errorf("%s: too late it asks for a denial: status %d", outcome, got.status)
		}
		link.CanDeny = true
		p = serve(t, &fakeService{link: link})
		p.get("/v/"+token).contains(t, deny, "Did you not ask for this? Say so")
		confirm := p.get("/v/" + token + "?deny")
		confirm.contains(t, "You did not ask for this?", "Acme IT will know at once, and nobody can be verified in your name", `<button class="stop" name="action" value="deny">Yes, stop it</button>`)
		if confirm.status != 200 {
			t.Errorf("%s: status %d", outcome, confirm.status)
		}
	}
	link := acmeLink(verify.Denied)
	link.DeniedLate = true
	serve(t, &fakeService{link: link}).get("/v/"+token+done).contains(t, "Acme IT knows that you did not ask for this.", "Whatever came of this link no longer counts.")
}

func TestAPageGivesItsTimesInTheZoneOfItsMessage(t *testing.T) {
	for _, c := range []struct {
		language, zone string
		outcome        verify.Outcome
		says           string
	}{
		{"en", "", verify.Open, `<time datetime="2026-03-04T12:05:00Z">12:05 UTC</time> · 5 minutes`},
		{"en", "UTC", verify.Open, `<time datetime="2026-03-04T12:05:00Z">12:05 UTC</time> · 5 minutes`},
		{"en", "Europe/Berlin", verify.Open, `<time datetime="2026-03-04T12:05:00Z" data-zone>13:05 CET</time> · 5 minutes`},
		{"de", "Europe/Berlin", verify.Open, `data-zone>13:05 MEZ</time> · 5 Minuten`},
		{"de", "Europe/Berlin", verify.Expired, `data-zone>04.03.2026, 13:05 MEZ</time>`},
		{"en", "America/New_York", verify.Expired, `data-zone>4 Mar 2026, 07:05 EST</time>`},
		{"fr", "Europe/Paris", verify.Expired, `data-zone>04/03/2026, 13:05 CET</time>`},
		{"nl", "Asia/Kolkata", verify.Expired, `data-zone>04-03-2026, 17:35 IST</time>`},
		{"es", "America/Sao_Paulo", verify.Expired, `data-zone>04/03/2026, 09:05 GMT-3</time>`},
		{"en", "Europe/Nowhere", verify.Open, `12:05 UTC</time>`},
	} {
		link := acmeLink(c.outcome)
		link.Language, link.TimeZone = c.language, c.zone
		serve(t, &fakeService{link: link}).get("/v/"+token).contains(t, c.says)
	}
}

func TestThreat_12_AnAnswerThatNoPersonPressedIsRefused(t *testing.T) {
	for _, c := range []struct {
		name, body string
		status     int
		calls      string
	}{
		{"Validate by a script", "action=validate&press=script", 422, "link"},
		{"Validate by a script, with a number", "action=validate&number=12&press=script", 422, "link"},
		{"a denial by a script", "action=deny&press=script", 422, "link"},
		{"Validate by a person", "action=validate&press=person", 303, "validate"},
		{"a denial by a person", "action=deny&press=person", 303, "deny"},
		{"Validate without scripts", "action=validate", 303, "validate"},
		{"that the page is seen", "action=opened&press=script", 204, "opened"},
		{"another word", "action=validate&press=robot", 400, ""},
		{"an empty word", "action=validate&press=", 400, ""},
		{"two words", "action=validate&press=script&press=person", 400, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fakeService{link: acmeLink(verify.Open)}
			f.link.CanDeny = true
			got := serve(t, f).request(http.MethodPost, "/v/"+token, form, c.body)
			if calls := strings.Join(f.calls, ", "); got.status != c.status || c.calls == "" && calls != "" || c.calls != "" && calls != c.calls+" "+token {
				t.Errorf("status %d, want %d; called the domain with %q, want %q", got.status, c.status, calls, c.calls)
			}
			if got.status == 422 {
				got.contains(t, `role="alert">Please press the button once more.</p>`, "<form")
			}
		})
	}
	f := &fakeService{link: acmeLink(verify.Verified)}
	if got := serve(t, f).request(http.MethodPost, "/v/"+token, form, "action=validate&press=script"); got.status != 303 || got.header.Get("Location") != late {
		t.Errorf("of a used link: status %d to %q", got.status, got.header.Get("Location"))
	}
	f.err = refusalOf(verify.CodeNotFound)
	if got := serve(t, f).request(http.MethodPost, "/v/"+token, form, "action=validate&press=script"); got.status != 404 {
		t.Errorf("of an unknown link: status %d", got.status)
	}
}

func TestTheOpenPageNamesTechnicianTicketAndValidity(t *testing.T) {
	for _, c := range []struct {
		name string
		left time.Duration
		says string
	}{
		{"a whole validity", 5 * time.Minute, "12:05 UTC</time> · 5 minutes"},
		{"a started minute counts", 4*time.Minute + time.Second, "12:04 UTC</time> · 5 minutes"},
		{"the last minute", 20 * time.Second, "12:00 UTC</time> · 1 minute<"},
		{"an hour", time.Hour, "13:00 UTC</time> · 60 minutes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			link := acmeLink(verify.Open)
			link.ExpiresAt = noon.Add(c.left)
			got := serve(t, &fakeService{link: link}).get("/v/" + token)
			got.contains(t, "Ana Ortiz", "#4711", c.says, ">Validate</button>", `<a class="no" href="?deny">I did not ask for this</a>`)
		})
	}
}

func TestAnswerLeadsToAPageThatReloads(t *testing.T) {
	for _, c := range []struct {
		name, action string
		err          error
		status       int
		location     string
		calls        string
	}{
		{"validate is done", "validate", nil, 303, done, "validate"},
		{"deny is done", "deny", nil, 303, done, "deny"},
		{"validate of a used link is late", "validate", refusalOf(verify.CodeAlreadyUsed), 303, late, "validate"},
		{"validate of an expired link is late", "validate", refusalOf(verify.CodeExpired), 303, late, "validate"},
		{"validate of a replaced link is late", "validate", refusalOf(verify.CodeVerificationEnded), 303, late, "validate"},
		{"deny of a denied link is late", "deny", refusalOf(verify.CodeVerificationEnded), 303, late, "deny"},
		{"a late answer whose outcome can't be read is still late", "validate",
			errors.Join(refusalOf(verify.CodeAlreadyUsed), refusalOf(verify.CodeUnavailable)), 303, late, "validate"},
		{"validate of an unknown link", "validate", refusalOf(verify.CodeNotFound), 404, "", "validate"},
		{"deny of an unknown link", "deny", refusalOf(verify.CodeNotFound), 404, "", "deny"},
		{"opened has an empty response", "opened", nil, 204, "", "opened"},
		{"opened of an unknown link is no different", "opened", refusalOf(verify.CodeNotFound), 204, "", "opened"},
		{"opened of an ended link is no different", "opened", refusalOf(verify.CodeVerificationEnded), 204, "", "opened"},
		{"opened without a store is no different", "opened", refusalOf(verify.CodeUnavailable), 204, "", "opened"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fakeService{link: acmeLink(verify.Open), err: c.err}
			got := serve(t, f).post("/v/"+token, c.action)
			if got.status != c.status || got.header.Get("Location") != c.location {
				t.Errorf("status %d to %q, want %d to %q", got.status, got.header.Get("Location"), c.status, c.location)
			}
			if want := []string{c.calls + " " + token}; !slices.Equal(f.calls, want) {
				t.Errorf("called the domain with %q, want %q", f.calls, want)
			}
			if got.status == http.StatusNoContent && got.body != "" {
				t.Errorf("silence has a body: %q", got.body)
			}
		})
	}
}

func TestOnlyOneCompleteActionIsAccepted(t *testing.T) {
	for _, c := range []struct {
		name, contentType, body string
		status                  int
	}{
		{"an unknown action", form, "action=approve", 400},
		{"an action in another case", form, "action=Validate", 400},
		{"a form sent without pressing a button", form, "", 400},
		{"an empty action", form, "action=", 400},
		{"two actions", form, "action=validate&action=deny", 400},
		{"the same action twice", form, "action=validate&action=validate", 400},
		{"a field that no page has", form, "action=validate&digits=42", 400},
		{"a broken escape", form, "action=%zz", 400},
		{"a semicolon between fields", form, "action=validate;action=deny", 400},
		{"JSON", "application/json", `{"action":"validate"}`, 415},
		{"a multipart form", "multipart/form-data; boundary=x", "--x--", 415},
		{"no content type", "", "action=validate", 415},
		{"a form that is too large", form, "action=" + strings.Repeat("v", 2000), 413},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fakeService{link: acmeLink(verify.Open)}
			got := serve(t, f).request(http.MethodPost, "/v/"+token, c.contentType, c.body)
			if got.status != c.status {
				t.Errorf("status %d, want %d", got.status, c.status)
			}
			got.contains(t, "That did not work")
			if len(f.calls) > 0 {
				t.Errorf("called the domain with %q", f.calls)
			}
		})
	}
}

func TestAnActionInTheQueryIsIgnored(t *testing.T) {
	f := &fakeService{link: acmeLink(verify.Open)}
	p := serve(t, f)
	if got := p.request(http.MethodPost, "/v/"+token+"?action=validate", form, ""); got.status != 400 {
		t.Errorf("status %d, want 400", got.status)
	}
	if got := p.get("/v/" + token + "?action=validate"); got.status != 200 || !got.isAnswerable() {
		t.Errorf("status %d, want the open page", got.status)
	}
	if want := []string{"link " + token}; !slices.Equal(f.calls, want) {
		t.Errorf("called the domain with %q, want %q", f.calls, want)
	}
}

func TestAChangedAddressIsAcceptedForEveryMethod(t *testing.T) {
	for _, path := range []string{"/v/" + token + "/", "/v/" + token + "%3E", "/V/" + token, "/v/" + token + ")?utm_source=mail", "/v/" + token + "?x", "/v/" + token + "?"} {
		f := &fakeService{link: acmeLink(verify.Open)}
		p := serve(t, f)
		if got := p.get(path); got.status != 200 || !got.isAnswerable() {
			t.Errorf("GET %s: status %d", path, got.status)
		}
		if got := p.request(http.MethodHead, path, "", ""); got.status != 200 {
			t.Errorf("HEAD %s: status %d", path, got.status)
		}
		if got := p.request(http.MethodOptions, path, "", ""); got.status != 204 {
			t.Errorf("OPTIONS %s: status %d", path, got.status)
		}
		if got := p.post(path, "validate"); got.status != 303 || got.header.Get("Location") != done {
			t.Errorf("POST %s: status %d to %q", path, got.status, got.header.Get("Location"))
		}
		if want := []string{"link " + token, "link " + token, "validate " + token}; !slices.Equal(f.calls, want) {
			t.Errorf("%s called the domain with %q, want %q", path, f.calls, want)
		}
	}
}

func TestOtherMethodsAreRefused(t *testing.T) {
	f := &fakeService{link: acmeLink(verify.Open)}
	p := serve(t, f)
	for _, method := range []string{"PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND"} {
		got := p.request(method, "/v/"+token, form, "action=validate")
		if got.status != 405 || got.header.Get("Allow") == "" {
			t.Errorf("%s: status %d, Allow %q", method, got.status, got.header.Get("Allow"))
		}
	}
	if got := p.request("POST", "/v-assets/landing.css", form, ""); got.status != 405 {
		t.Errorf("POST to a file: status %d, want 405", got.status)
	}
	if len(f.calls) > 0 {
		t.Errorf("called the domain with %q", f.calls)
	}
}

func TestAnUnavailableStoreIsReportedWithoutDetails(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
	}{
		{"unavailable", refusalOf(verify.CodeUnavailable)},
		{"an error without a code", errors.New("disk full")},
		{"a code that no link has", refusalOf(verify.CodeCooldown)},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := serve(t, &fakeService{err: c.err})
			for _, got := range []reply{
				p.get("/v/" + token), p.get("/v/" + token + done),
				p.post("/v/"+token, "validate"), p.post("/v/"+token, "deny"),
			} {
				if got.status != 503 || got.header.Get("Retry-After") == "" {
					t.Errorf("status %d, Retry-After %q", got.status, got.header.Get("Retry-After"))
				}
				got.contains(t, "Something is wrong on our side", "Try again")
				if got.isAnswerable() || strings.Contains(got.body, "knows that it is you") {
					t.Errorf("says more than it knows:\n%s", got.body)
				}
			}
			if !strings.Contains(p.log.String(), c.err.Error()) {
				t.Errorf("the log does not name the cause: %s", p.log.String())
			}
		})
	}
}

func TestThreat_22_HostileNamesAreShownAsText(t *testing.T) {
	link := acmeLink(verify.Open)
	const hostile = `<img src=x onerror=alert(1)>"'&`
	link.Technician = `</dd><script>alert(2)</script>`
	link.Ticket = `4711"><form action=//evil.example>`
	for _, o := range []verify.Outcome{verify.Open, verify.Verified, verify.Denied, verify.Expired, verify.Superseded, verify.Cancelled} {
		link.Outcome = o
		p := serve(t, &fakeService{link: link})
		p.brand.name = hostile
		got := p.get("/v/" + token)
		for _, bad := range []string{"<img", "<script>", "<form action"} {
			if strings.Contains(got.body, bad) {
				t.Errorf("outcome %q: %q came through:\n%s", o, bad, got.body)
			}
		}
		got.contains(t, "&lt;img src=x onerror=alert(1)&gt;")
	}
}

func TestThreat_25_ThePageRevealsTheTokenToNoOtherHost(t *testing.T) {
	f := &fakeService{link: acmeLink(verify.Open)}
	p := serve(t, f)
	answers := []reply{p.get("/v/" + token), p.post("/v/"+token, "validate"), p.post("/v/"+token, "opened"), p.post("/v/"+token, "x")}
	f.err = refusalOf(verify.CodeUnavailable)
	answers = append(answers, p.get("/v/"+token), p.post("/v/"+token, "deny"), p.post("/v/"+token, "opened"))
	for i, got := range answers {
		for name, want := range map[string]string{
			"Cache-Control":          "no-store",
			"Referrer-Policy":        "no-referrer",
			"X-Content-Type-Options": "nosniff",
			"X-Robots-Tag":           "noindex, nofollow",
		} {
			if got.header.Get(name) != want {
				t.Errorf("answer %d: %s is %q, want %q", i, name, got.header.Get(name), want)
			}
		}
		csp := got.header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
			if !strings.Contains(csp, part) {
				t.Errorf("answer %d: policy %q lacks %s", i, csp, part)
			}
		}
		if strings.Contains(csp, "unsafe") || !strings.HasPrefix(got.header.Get("Permissions-Policy"), "camera=()") {
			t.Errorf("answer %d: policies %q, %q", i, csp, got.header.Get("Permissions-Policy"))
		}
		for name, values := range got.header {
			if strings.Contains(strings.Join(values, " "), token) {
				t.Errorf("answer %d: header %s contains the token", i, name)
			}
		}
		if strings.Contains(got.body, token) {
			t.Errorf("answer %d: the page repeats the token", i)
		}
	}
	if p.log.Len() == 0 || strings.Contains(p.log.String(), token) {
		t.Errorf("log: %q", p.log.String())
	}
}

// reference matches the URL of a file that the page loads.
var reference = regexp.MustCompile(`(?:src|href)="([^"?][^"]*)"`)

var style = regexp.MustCompile(`(?s)<style>(.*?)</style>`)

// Row 25: the policy allows only files of the server, and only the inline styles with these hashes.
func TestThreat_25_TheContentPolicyAllowsThePagesStylesOnly(t *testing.T) {
	f := &fakeService{link: acmeLink(verify.Open)}
	p := serve(t, f)
	for _, target := range []string{"/v/" + token, "/v/" + token + "?deny", "/v/x"} {
		page := p.get(target)
		var hashes []string
		for _, found := range style.FindAllStringSubmatch(page.body, -1) {
			sum := sha256.Sum256([]byte(found[1]))
			hashes = append(hashes, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
		}
		if want := "style-src " + strings.Join(hashes, " "); len(hashes) == 0 || !strings.HasSuffix(page.header.Get("Content-Security-Policy"), want) {
			t.Errorf("%s: policy %q, want it to end in %q", target, page.header.Get("Content-Security-Policy"), want)
		}
		for _, inline := range []string{"style=", "onclick", "javascript:", "<script>"} {
			if strings.Contains(page.body, inline) {
				t.Errorf("%s: the policy would block %q", target, inline)
			}
		}
	}
}

// compressed requests a page as a browser does.
func (p *pageHarness) compressed(target string) (length int, page string) {
	p.t.Helper()
	r := httptest.NewRequestWithContext(p.t.Context(), http.MethodGet, target, nil)
	r.Header.Set("Accept-Encoding", "gzip, deflate, br")
	w := httptest.NewRecorder()
	p.h.ServeHTTP(w, r)
	length = w.Body.Len()
	z, err := gzip.NewReader(w.Body)
	if err != nil || w.Header().Get("Content-Encoding") != "gzip" || w.Header().Get("Vary") != "Accept-Encoding" {
		p.t.Fatalf("%v, headers %v", err, w.Header())
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		p.t.Fatal(err)
	}
	return length, string(plain)
}

func TestThePageIsOneSmallRequest(t *testing.T) {
	link := acmeLink(verify.Open)
	link.Numbers = []string{"12", "23", "34", "45", "56", "67", "78", "89", "90"}
	for _, tag := range message.Languages() {
		link.Language = tag
		p := serve(t, &fakeService{link: link})
		length, page := p.compressed("/v/" + token)
		if page != p.get("/v/"+token).body {
			t.Errorf("%s: the compressed page is another one", tag)
		}
		for _, found := range reference.FindAllStringSubmatch(page, -1) {
			more, _ := p.compressed(found[1])
			length += more
		}
		if t.Logf("%s: %d bytes with script and icon", tag, length); length > 14<<10 {
			t.Errorf("%s: page, script and icon are %d bytes, want 14 KiB at most", tag, length)
		}
		if strings.Contains(page, `rel="stylesheet"`) {
			t.Errorf("%s: the page waits for a stylesheet", tag)
		}
	}
}

func TestFilesOfThePageAreCachedForEver(t *testing.T) {
	p := serve(t, &fakeService{link: acmeLink(verify.Open)})
	kinds := map[string]bool{}
	for _, found := range reference.FindAllStringSubmatch(p.get("/v/"+token).body, -1) {
		file := p.get(found[1])
		if file.status != 200 || !strings.Contains(file.header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: status %d, %q", found[1], file.status, file.header.Get("Cache-Control"))
		}
		kinds[file.header.Get("Content-Type")] = true
	}
	if !kinds["text/javascript; charset=utf-8"] || !kinds["image/svg+xml"] {
		t.Errorf("files of the page: %v", kinds)
	}
	for _, name := range []string{"landing.00000000.js", "landing.css"} {
		if got := p.get("/v-assets/" + name); got.status != 404 {
			t.Errorf("%s, a file that is not there: status %d", name, got.status)
		}
	}
}
