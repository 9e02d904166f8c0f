package landing_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/shieldpod/shieldpod/bff/internal/landing"
	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// allPages are the URLs of the pages, by the outcome of the link.
var allPages = []struct {
	outcome verify.Outcome
	reason  verify.Code
	query   string
}{
	{verify.Open, "", ""}, {verify.Open, "", "?deny"}, {verify.Verified, "", done}, {verify.Verified, "", ""}, {verify.Denied, "", done},
	{verify.Expired, "", ""}, {verify.Superseded, "", ""}, {verify.Failed, verify.ReasonNumber, ""}, {verify.Cancelled, "", ""},
}

func TestEveryPageIsInTheLanguageOfItsMessage(t *testing.T) {
	for _, tag := range message.Languages() {
		titles := map[string]bool{}
		for _, at := range allPages {
			link := acmeLink(at.outcome)
			link.Language, link.Reason, link.Numbers = tag, at.reason, []string{"12", "34"}
			page := serve(t, &fakeService{link: link}).get("/v/" + token + at.query)
			page.contains(t, `<html lang="`+tag+`">`)
			titles[regexp.MustCompile(`<h1>(.*?)</h1>`).FindString(page.body)] = true
			if strings.ContainsAny(page.body, "{}") && strings.Contains(strings.Split(page.body, "</style>")[len(strings.Split(page.body, "</style>"))-1], "{") {
				t.Errorf("%s %s%s: a placeholder is left:\n%s", tag, at.outcome, at.query, page.body)
			}
		}
		if len(titles) != len(allPages) {
			t.Errorf("%s: %d titles for %d pages", tag, len(titles), len(allPages))
		}
	}
}

func TestADenialIsConfirmed(t *testing.T) {
	f := &fakeService{link: acmeLink(verify.Open)}
	p := serve(t, f)
	page := p.get("/v/" + token)
	if strings.Contains(page.body, `value="deny"`) {
		t.Error("the first page denies by itself")
	}
	confirm := p.get("/v/" + token + "?deny")
	confirm.contains(t, "You did not ask for this?", `<form method="post" action="?"><button class="stop" name="action" value="deny">Yes, stop it</button></form>`, `href="?">Back</a>`)
	if strings.Contains(confirm.body, `value="validate"`) {
		t.Error("the question offers a yes")
	}
	for _, query := range []string{"?deny=", "?deny&x", "?utm_source=mail&deny", "?fbclid=1&deny="} {
		if got := p.get("/v/" + token + query); got.status != 200 || !strings.Contains(got.body, `value="deny"`) {
			t.Errorf("%s does not ask", query)
		}
	}
	for _, query := range []string{"?deny=1", "?Deny", "?x=deny"} {
		if got := p.get("/v/" + token + query); !strings.Contains(got.body, `value="validate"`) {
			t.Errorf("%s is taken for the question", query)
		}
	}
	for _, call := range f.calls {
		if call != "link "+token {
			t.Errorf("reading called the domain with %q", call)
		}
	}
}

// Row 11: a link scanner may also open the page that confirms a denial.
func TestThreat_11_ThePageThatConfirmsADenialChangesNothing(t *testing.T) {
	h := newHarness(t)
	link := h.send()
	for range 100 {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
			if got := h.request(method, link+"?deny", "", ""); got.status != 200 && got.status != 204 {
				t.Fatalf("%s: status %d", method, got.status)
			}
		}
	}
	h.check(verify.ShieldPending, "requested")
	h.post(link, "deny")
	h.check(verify.ShieldDenied, "requested denied")
}

func TestAPageHasTheTenantsTheme(t *testing.T) {
	p := serve(t, &fakeService{link: acmeLink(verify.Open)})
	var err error
	if p.brand.set, err = p.brand.set.WithFields(json.RawMessage(`{"theme":{"from":"#101010","to":"#202020","angle":7,"card":"#303030","action":"#ffcc00"}}`)); err != nil {
		t.Fatal(err)
	}
	p.get("/v/"+token).contains(t, "--from:#101010;", "--to:#202020;", "--angle:7deg;", "--card:#303030;", "--action:#ffcc00;", "--on-action:#000000;",
		`<span aria-hidden="true">A</span>Acme IT`)
	p.brand.set = p.brand.set.WithLogo(message.MailLogo, message.Logo{Hash: strings.Repeat("ab", 32), Width: 480, Height: 120})
	p.get("/v/"+token).contains(t, `<img src="/brand/`+strings.Repeat("ab", 32)+`.png" width="224" height="56" alt="Acme IT">`)
	p.brand.set = p.brand.set.WithLogo(message.LandingLogo, message.Logo{Hash: strings.Repeat("cd", 32), Width: 40, Height: 20})
	p.get("/v/"+token).contains(t, `<img src="/brand/`+strings.Repeat("cd", 32)+`.png" width="40" height="20" alt="Acme IT">`)
}

func TestAPictureIsServedByItsHash(t *testing.T) {
	p := serve(t, &fakeService{})
	hash := strings.Repeat("0f", 32)
	p.brand.picture, p.brand.set = []byte("\x89PNG"), message.BrandSettings{}.WithLogo(message.MailLogo, message.Logo{Hash: hash})
	got := p.get("/brand/" + hash + ".png")
	if got.status != 200 || got.body != "\x89PNG" || got.header.Get("Content-Type") != "image/png" ||
		got.header.Get("Cache-Control") != "public, max-age=31536000, immutable" || got.header.Get("Cross-Origin-Resource-Policy") != "cross-origin" {
		t.Errorf("status %d, %v", got.status, got.header)
	}
	for _, path := range []string{"", hash, hash + ".jpg", strings.Repeat("1f", 32) + ".png", hash[:62] + ".png", "../" + hash + ".png", strings.Repeat("zz", 32) + ".png"} {
		if got := p.get("/brand/" + path); got.status == 200 || strings.Contains(got.body, "PNG") {
			t.Errorf("/brand/%s: status %d", path, got.status)
		}
	}
}

func TestWithoutItsBrandAPageIsUnavailable(t *testing.T) {
	p := serve(t, &fakeService{link: acmeLink(verify.Open)})
	p.brand.err = errors.New("disk full")
	if got := p.get("/v/" + token); got.status != 503 || got.isAnswerable() {
		t.Errorf("status %d, offers an answer: %t", got.status, got.isAnswerable())
	}
}

func TestADenialIsAcceptedWithoutTheBrand(t *testing.T) {
	f := &fakeService{link: acmeLink(verify.Denied)}
	p := serve(t, f)
	p.brand.err = errors.New("disk full")
	if got := p.post("/v/"+token, "deny"); got.status != 303 || got.header.Get("Location") != done {
		t.Errorf("status %d to %q", got.status, got.header.Get("Location"))
	}
}

var property = regexp.MustCompile(`--([a-z-]+):(#[0-9a-f]{6});`)

// With every accepted theme the whole page is readable, in light and dark mode.
func TestEveryAcceptedThemeIsReadable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		colour := func(name string) string {
			return message.Color{R: rapid.Byte().Draw(t, name+" red"), G: rapid.Byte().Draw(t, name+" green"), B: rapid.Byte().Draw(t, name+" blue")}.String()
		}
		set, err := message.BrandSettings{}.WithFields(json.RawMessage(`{"theme":{"from":"` + colour("from") + `","to":"` + colour("to") + `","card":"` + colour("card") + `","action":"` + colour("action") + `"}}`))
		if err != nil {
			t.Fatal(err)
		}
		page := landing.Preview(set.Brand(verify.Tenant{ID: "acme", Name: "Acme"}, 1), "en", "UTC", message.Values{}, noon, time.Minute)
		days := strings.SplitN(page, "prefers-color-scheme", 2)
		for i, part := range []string{days[0], strings.SplitN(days[1], "}}", 2)[0]} {
			is := map[string]message.Color{}
			for _, found := range property.FindAllStringSubmatch(part, -1) {
				is[found[1]], _ = message.ParseColor(found[2])
			}
			for _, pair := range []struct {
				color, background string
				min               float64
			}{
				{"text", "card", 4.5}, {"text", "hover", 4.5}, {"muted", "card", 4.5}, {"on-action", "action", 4.5}, {"on-action", "action-hover", 4.5}, {"success", "card", 3},
				{"danger", "card", 4.5}, {"card", "danger", 4.5}, {"warning", "card", 3}, {"border", "card", 3}, {"focus", "card", 3},
			} {
				if got := message.Contrast(is[pair.color], is[pair.background]); got < pair.min {
					t.Fatalf("part %d: %s %s on %s %s has %.2f, want %.1f", i, pair.color, is[pair.color], pair.background, is[pair.background], got, pair.min)
				}
			}
		}
	})
}

func BenchmarkPage(b *testing.B) {
	brand := message.Default(verify.Tenant{ID: "acme", Name: "Acme IT"})
	for b.Loop() {
		landing.Preview(brand, "de", "Europe/Berlin", message.Values{Technician: "Ana Ortiz", Ticket: "4711"}, noon, 5*time.Minute)
	}
}
