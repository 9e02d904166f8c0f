package connectwise_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nyaruka/phonenumbers"

	"github.com/shieldpod/shieldpod/bff/internal/sandbox/connectwise"
)

func TestEveryTicketHasItsScreen(t *testing.T) {
	b := newHarness(t)
	list := b.browse("GET", "/").Body.String()
	links := regexp.MustCompile(`href="(/tickets/\d+)"`).FindAllStringSubmatch(list, -1)
	if len(links) != 12 {
		t.Fatalf("%d open tickets", len(links))
	}
	for _, link := range links {
		page := b.browse("GET", link[1])
		if page.Code != 200 || !strings.Contains(page.Body.String(), `id="pod"`) || !strings.Contains(page.Body.String(), `id="save"`) {
			t.Errorf("%s: status %d", link[1], page.Code)
		}
	}
}

func TestTheScreenLoadsOnlyItsOwnFiles(t *testing.T) {
	b := newHarness(t)
	reference := regexp.MustCompile(`(?:src|href)="(/assets/[^"]+)"`)
	for _, path := range []string{"/", "/tickets/61211", "/tickets/61211?pod=420&shape=args"} {
		page := b.browse("GET", path)
		policy := page.Header().Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none';", "script-src 'self';", "style-src 'self';", "frame-ancestors 'none'", "frame-src http://127.0.0.1:8083 http://localhost:8080;"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: policy lacks %s", path, want)
			}
		}
		if regexp.MustCompile(`<script>| style="| on\w+="`).MatchString(page.Body.String()) {
			t.Errorf("%s has something inline", path)
		}
		for _, found := range reference.FindAllStringSubmatch(page.Body.String(), -1) {
			if file := b.browse("GET", found[1]); file.Code != 200 {
				t.Errorf("%s leads to %s: status %d", path, found[1], file.Code)
			}
		}
	}
	if page := b.browse("GET", "/tickets/61211?pod=420").Body.String(); !strings.Contains(page, `class="pod-420"`) || !strings.Contains(page, `/tickets/61214?pod=420"`) {
		t.Error("the pod's width is not kept from ticket to ticket")
	}
}

func TestTheScreenShowsWhatItsMemberMaySee(t *testing.T) {
	b := newHarness(t)
	for _, c := range []struct {
		member, path string
		status       int
		shows        string
	}{
		{"AOrtiz", "/tickets/61150", 200, "Payroll investigation"},
		{"LPark", "/tickets/61150", 403, "Lee Park has no right to see it"},
		{"SNovak", "/tickets/61211", 403, "Sam Novak has no right to see it"},
		{"SNovak", "/", 200, "You have no right to see tickets."},
		{"AOrtiz", "/tickets/1", 403, "There is no such ticket"},
		{"RFrost", "/tickets/61211", 200, "Robin Frost"},
		{"AOrtiz", "/tickets/61139", 200, "no contact matched"},
		{"AOrtiz", "/tickets/x", 404, ""},
	} {
		w := b.browse("GET", c.path, cookies("memberHash", b.signIn(c.member)))
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.shows) {
			t.Errorf("%s at %s: %d", c.member, c.path, w.Code)
		}
		if strings.HasPrefix(c.path, "/tickets/6") && !strings.Contains(w.Body.String(), `data-pod-url="http://localhost:8080/pod/acme?id=`+c.path[9:]) {
			t.Errorf("%s at %s: there is no pod", c.member, c.path)
		}
		if c.status == 403 && (strings.Contains(w.Body.String(), "Dana") || strings.Contains(w.Body.String(), "4155554821")) {
			t.Errorf("%s at %s: somebody is named", c.member, c.path)
		}
	}
}

func TestABrowserWithoutASessionIsAnas(t *testing.T) {
	b := newHarness(t)
	w := b.browse("GET", "/session")
	got := decode[map[string]string](t, w)
	cookie := w.Result().Cookies()[0]
	want := map[string]string{
		"site": "manage.localhost:8083", "companyid": "acme", "memberid": "AOrtiz", "memberHash": cookie.Value, "memberContext": "web",
		"memberEmail": "ana.ortiz@acme-it.example", "codeBase": "v2025_1/",
	}
	if diff := cmp.Diff(want, got); diff != "" || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode {
		t.Errorf("%s, cookie %v", diff, cookie)
	}
	again := b.browse("GET", "/session", cookies("memberHash", cookie.Value))
	if len(again.Result().Cookies()) != 0 || decode[map[string]string](t, again)["memberHash"] != cookie.Value {
		t.Errorf("a session that is live begins again: %v", again.Result().Cookies())
	}
}

func TestSigningInIsRefused(t *testing.T) {
	b := newHarness(t)
	for name, form := range map[string]string{
		"to nobody": "member=Nobody&to=/", "to another site": "member=LPark&to=//evil.example", "to nowhere": "member=LPark",
	} {
		if w := b.send("POST", "/signin", form, header("Content-Type", "application/x-www-form-urlencoded")); w.Code != 422 || len(w.Result().Cookies()) != 0 {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	w := b.send("POST", "/signin", "member=LPark&to=/", header("Content-Type", "application/x-www-form-urlencoded"), header("Sec-Fetch-Site", "cross-site"))
	if w.Code != 403 {
		t.Errorf("from another site's page: %d, want 403", w.Code)
	}
}

func TestASavedStatusIsKept(t *testing.T) {
	b := newHarness(t)
	ana, sam := cookies("memberHash", b.signIn("AOrtiz")), cookies("memberHash", b.signIn("SNovak"))
	for _, c := range []struct {
		name, path, body string
		as               requestEdit
		status           int
	}{
		{"by a member without the right", "/tickets/61211", `{"status":22}`, sam, 403},
		{"to a status that is not there", "/tickets/61211", `{"status":1}`, ana, 403},
		{"of a ticket that is not there", "/tickets/1", `{"status":22}`, ana, 403},
		{"without a body", "/tickets/61211", `nothing`, ana, 400},
		{"by who may", "/tickets/61211", `{"status":22}`, ana, 200},
	} {
		if w := b.send("POST", c.path, c.body, c.as); w.Code != c.status {
			t.Errorf("%s: %d, want %d", c.name, w.Code, c.status)
		}
	}
	got := decode[struct {
		Status     struct{ Name string }
		ClosedFlag bool
	}](t, b.rest("GET", "/service/tickets/61211", ""))
	if got.Status.Name != ">Closed" || !got.ClosedFlag {
		t.Errorf("%+v", got)
	}
}

func TestAnotherHostNameRedirectsToTheOrigin(t *testing.T) {
	b := newHarness(t)
	w := b.send("GET", "/tickets/61211?pod=420", "", func(r *http.Request) { r.Host = "127.0.0.1:8083" })
	if w.Code != 302 || w.Header().Get("Location") != origin+"/tickets/61211?pod=420" {
		t.Errorf("%d to %s", w.Code, w.Header().Get("Location"))
	}
	const record = "/v4_6_release/services/system_io/router/openrecord.rails?locale=en_US&recordType=ServiceFv&recid=61211"
	for path, want := range map[string]string{"/tickets?id=61211": "/tickets/61211", "/tickets?id=x": "/", "/tickets": "/", record: "/tickets/61211"} {
		if w := b.browse("GET", path); w.Code != 303 || w.Header().Get("Location") != want {
			t.Errorf("%s: %d to %s", path, w.Code, w.Header().Get("Location"))
		}
	}
}

func TestAForeignFrameIsFramedByTheScreenOnly(t *testing.T) {
	b := newHarness(t)
	w := b.send("GET", "/intruder", "", func(r *http.Request) { r.Host = "127.0.0.1:8083" })
	if w.Code != 200 || !strings.HasSuffix(w.Header().Get("Content-Security-Policy"), "frame-ancestors "+origin) {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if script := b.send("GET", "/intruder.js", ""); script.Code != 200 {
		t.Errorf("its script: %d", script.Code)
	}
}

func TestOpenScreensAreNotifiedOfANote(t *testing.T) {
	b := newHarness(t)
	server := httptest.NewServer(b)
	defer server.Close()
	b.Origin = server.URL
	open, err := http.Get(server.URL + "/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = open.Body.Close() }()
	event := make([]byte, len("data: changed\n\n"))
	for range 2 {
		if _, err := io.ReadFull(open.Body, event); err != nil || string(event) != "data: changed\n\n" {
			t.Fatalf("%q, %v", event, err)
		}
		b.rest("POST", "/service/tickets/61211/notes", `{"text":"Verified <b>Dana</b>.","internalAnalysisFlag":true}`)
	}
	page := b.send("GET", "/tickets/61211", "", func(r *http.Request) { r.Host = strings.TrimPrefix(server.URL, "http://") }).Body.String()
	if !strings.Contains(page, "Verified &lt;b&gt;Dana&lt;/b&gt;.") {
		t.Error("the note is not on the screen")
	}
	b.Close()
	if _, err := io.Copy(io.Discard, open.Body); err != nil {
		t.Errorf("the stream did not end well: %v", err)
	}
}

func TestNamesAreOfValidNumbersAndAddresses(t *testing.T) {
	names := connectwise.Names()
	for at, who := range names {
		if strings.Contains(at, "@") {
			continue
		}
		if n, err := phonenumbers.Parse(at, ""); err != nil || !phonenumbers.IsValidNumber(n) {
			t.Errorf("%s reads at %q", who, at)
		}
	}
	for at, want := range map[string]string{
		"+14155554821": "Dana Reyes", "dana@contoso.com": "Dana Reyes", "Tom.Becker@fabrikam.example": "Tom Becker", "+447400123456": "Nils Åberg",
		"+15125552210": "Jordan Blake", "+14155550199": "", "+14155550198": "",
	} {
		if names[at] != want {
			t.Errorf("%q reads at %s, want %q", names[at], at, want)
		}
	}
}
