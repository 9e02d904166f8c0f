package demopsa_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nyaruka/phonenumbers"

	"github.com/shieldpod/shieldpod/bff/internal/sandbox/demopsa"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

const (
	origin = "http://127.0.0.1:8081"
	podURL = "http://localhost:8080"
)

var noon = time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)

func open(t *testing.T) (http.Handler, launchcontext.SigningKey) {
	t.Helper()
	key, err := launchcontext.GenerateKey("desk-1", launchcontext.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	return demopsa.New(demopsa.Config{
		MSP: demopsa.Acme, Origin: origin, PodURL: podURL, PhoneURL: "http://127.0.0.1:8082", Tenant: "acme", Issuer: "northwind-desk",
		Audience: podURL, Key: key, Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler),
	}), key
}

func ask(t *testing.T, h http.Handler, method, path, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestContextDescribesTheTicketOnScreen(t *testing.T) {
	h, key := open(t)
	w := ask(t, h, "POST", "/context", `{"ticket":"4711","nonce":"n-1"}`, "Content-Type", "application/json", "Origin", origin)
	if w.Code != 200 || w.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("status %d, %v: %s", w.Code, w.Header(), w.Body)
	}
	var got struct{ Context string }
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	claims, err := launchcontext.Verify(got.Context, launchcontext.Expect{
		Audience: podURL, Keys: launchcontext.Pin("northwind-desk", key.Public()), Now: func() time.Time { return noon },
	})
	if err != nil {
		t.Fatal(err)
	}
	id := claims.ID
	claims.ID = ""
	want := launchcontext.Claims{
		Issuer: "northwind-desk", Audience: podURL, Subject: "ana.ortiz", Tenant: "acme", Nonce: "n-1", Origin: origin,
		IssuedAt: noon, NotBefore: noon, ExpiresAt: noon.Add(time.Minute),
		Actor: launchcontext.Actor{Name: "Ana Ortiz", Email: "ana.ortiz@acme-it.example", Phone: "+15105550177"},
		Context: launchcontext.Context{
			PSA: "northwind",
			Ticket: launchcontext.Ticket{
				ID: "4711", Number: "4711", Summary: "New phone: sign-in prompts still go to the old one", URL: origin + "/tickets/4711",
			},
			Client:  launchcontext.Client{ID: "contoso", Name: "Contoso"},
			Contact: launchcontext.Default{ID: "dana-reyes", Name: "Dana Reyes"},
			Contacts: []launchcontext.Contact{
				{ID: "dana-reyes", Name: "Dana Reyes", Title: "Finance Lead", Channels: []launchcontext.Channel{
					{ID: "dana-mobile", Kind: "phone", Value: "+14155554821", Label: "Mobile", Mobile: new(true)},
					{ID: "dana-desk", Kind: "phone", Value: "+14155550199", Label: "Desk", Mobile: new(false)},
					{ID: "dana-mail", Kind: "email", Value: "dana@contoso.com", Label: "Work"},
				}},
				{ID: "marcus-lee", Name: "Marcus Lee", Title: "Office Manager", Channels: []launchcontext.Channel{
					{ID: "marcus-mobile", Kind: "phone", Value: "+14155553107", Label: "Mobile", Mobile: new(true)},
					{ID: "marcus-mail", Kind: "email", Value: "marcus@contoso.com", Label: "Work"},
				}},
			},
		},
	}
	if diff := cmp.Diff(want, claims); diff != "" {
		t.Error(diff)
	}
	again := ask(t, h, "POST", "/context", `{"ticket":"4711","nonce":"n-1"}`, "Content-Type", "application/json")
	if id == "" || again.Code != 200 || again.Body.String() == w.Body.String() {
		t.Errorf("a second context is no new one: status %d", again.Code)
	}
}

func TestContextIsRefused(t *testing.T) {
	const json = "application/json"
	for _, c := range []struct {
		name, method, contentType, origin, body string
		status                                  int
	}{
		{"for a ticket that is not there", "POST", json, "", `{"ticket":"1","nonce":"n"}`, 404},
		{"without a ticket", "POST", json, "", `{"nonce":"n"}`, 400},
		{"with a field nobody knows", "POST", json, "", `{"ticket":"4711","nonce":"n","technician":"eve"}`, 400},
		{"with a number for a ticket", "POST", json, "", `{"ticket":4711}`, 400},
		{"with two bodies", "POST", json, "", `{"ticket":"4711"}{"ticket":"4712"}`, 400},
		{"with a broken body", "POST", json, "", `{"ticket":`, 400},
		{"with a nonce like a book", "POST", json, "", `{"ticket":"4711","nonce":"` + strings.Repeat("n", 1500) + `"}`, 400},
		{"with a body like a book", "POST", json, "", `{"ticket":"` + strings.Repeat("4", 5000) + `"}`, 413},
		{"as a form", "POST", "application/x-www-form-urlencoded", "", "ticket=4711", 415},
		{"as text, which foreign pages can post", "POST", "text/plain", "", `{"ticket":"4711"}`, 415},
		{"to a foreign page", "POST", json, "https://evil.example", `{"ticket":"4711"}`, 403},
		{"to the pod itself", "POST", json, podURL, `{"ticket":"4711"}`, 403},
		{"to a sandboxed page", "POST", json, "null", `{"ticket":"4711"}`, 403},
		{"by GET", "GET", "", "", "", 405},
		{"by PUT", "PUT", json, "", `{"ticket":"4711"}`, 405},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, _ := open(t)
			var header []string
			if c.contentType != "" {
				header = append(header, "Content-Type", c.contentType)
			}
			if c.origin != "" {
				header = append(header, "Origin", c.origin)
			}
			w := ask(t, h, c.method, "/context", c.body, header...)
			if w.Code != c.status || strings.Contains(w.Body.String(), `"context"`) {
				t.Errorf("status %d, want %d: %s", w.Code, c.status, w.Body)
			}
		})
	}
}

// tickets are the demo's data as scripts read them.
func tickets(t *testing.T, h http.Handler) (list []struct {
	launchcontext.Context
	Status string
}) {
	t.Helper()
	w := ask(t, h, "GET", "/api/tickets", "")
	if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || w.Code != 200 {
		t.Fatalf("status %d, %v: %s", w.Code, err, w.Body)
	}
	return list
}

func TestEveryTicketCanBeOpened(t *testing.T) {
	h, key := open(t)
	list := tickets(t, h)
	if len(list) < 4 {
		t.Fatalf("%d tickets", len(list))
	}
	clients := map[string]bool{}
	for _, want := range list {
		clients[want.Client.ID] = true
		page := ask(t, h, "GET", "/tickets/"+want.Ticket.ID, "")
		if page.Code != 200 || !strings.Contains(page.Body.String(), want.Contact.Name) {
			t.Errorf("ticket %s: status %d", want.Ticket.ID, page.Code)
		}
		w := ask(t, h, "POST", "/context", `{"ticket":"`+want.Ticket.ID+`","nonce":"n"}`, "Content-Type", "application/json")
		var got struct{ Context string }
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 {
			t.Fatalf("ticket %s: status %d, %v: %s", want.Ticket.ID, w.Code, err, w.Body)
		}
		claims, err := launchcontext.Verify(got.Context, launchcontext.Expect{
			Audience: podURL, Keys: launchcontext.Pin("northwind-desk", key.Public()), Now: func() time.Time { return noon },
		})
		if err != nil {
			t.Fatalf("ticket %s: %v", want.Ticket.ID, err)
		}
		if diff := cmp.Diff(want.Context, claims.Context); diff != "" {
			t.Errorf("ticket %s: scripts and contexts differ: %s", want.Ticket.ID, diff)
		}
	}
	if len(clients) != 4 {
		t.Errorf("%d clients, want 4", len(clients))
	}
}

func TestNumbersAreOnesThatCarriersTake(t *testing.T) {
	h, _ := open(t)
	seen, names := map[string]string{}, demopsa.Names()
	for _, ticket := range tickets(t, h) {
		for _, who := range ticket.Contacts {
			for _, ch := range who.Channels {
				if owner, known := seen[ch.ID]; known && owner != who.ID {
					t.Errorf("channel %s is both %s's and %s's", ch.ID, owner, who.ID)
				}
				seen[ch.ID] = who.ID
				reader := who.Name
				if ch.Mobile != nil && !*ch.Mobile {
					reader = "" // landlines receive no text messages
				}
				if names[ch.Value] != reader {
					t.Errorf("%s is read by %q, want %q", ch.Value, names[ch.Value], reader)
				}
				if ch.Kind != launchcontext.KindPhone {
					continue
				}
				n, err := phonenumbers.Parse(ch.Value, "US")
				if err != nil || !phonenumbers.IsValidNumber(n) || phonenumbers.Format(n, phonenumbers.E164) != ch.Value {
					t.Errorf("%s of %s is no number in E.164: %v", ch.Value, who.Name, err)
				}
			}
		}
	}
}

var reference = regexp.MustCompile(`(?:src|href)="(/[^"]*)"`)

func TestPagesLoadUnderTheirOwnPolicy(t *testing.T) {
	h, _ := open(t)
	for _, path := range []string{"/", "/procedure", "/tickets/4711", "/tickets/4711?pod=420&theme=dark", "/tickets/4711?pod=x&theme=%22%3E", "/tickets/4711?by=tag"} {
		page := ask(t, h, "GET", path, "")
		if page.Code != 200 {
			t.Fatalf("%s: status %d", path, page.Code)
		}
		policy := page.Header().Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self' " + podURL + ";", "frame-src " + podURL + ";", "frame-ancestors 'none'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: policy %q lacks %q", path, policy, part)
			}
		}
		for _, inline := range []string{"<style", "style=", "onclick", "unsafe"} {
			if strings.Contains(page.Body.String(), inline) || strings.Contains(policy, inline) {
				t.Errorf("%s has %q", path, inline)
			}
		}
		for _, found := range reference.FindAllStringSubmatch(page.Body.String(), -1) {
			if file := ask(t, h, "GET", strings.ReplaceAll(found[1], "&amp;", "&"), ""); file.Code != 200 {
				t.Errorf("%s leads to %s: status %d", path, found[1], file.Code)
			}
		}
	}
	page := ask(t, h, "GET", "/tickets/4711?pod=420&theme=dark", "").Body.String()
	for _, want := range []string{
		`<script async src="http://localhost:8080/embed/v1.js"></script>`, `class="screen pod-420"`,
		`data-tenant="acme" data-theme="dark"`, `/tickets/4712?pod=420&amp;theme=dark`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("page lacks %s", want)
		}
	}
}

func TestThePodStandsThereByTagWhereThatIsAskedFor(t *testing.T) {
	h, _ := open(t)
	page := ask(t, h, "GET", "/tickets/4711?by=tag", "").Body.String()
	for _, want := range []string{
		`<shield-pod tenant="acme" ticket="4711" theme="auto" context-url="/context">`, `/tickets/4712?pod=300&amp;theme=auto&amp;by=tag`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("page lacks %s", want)
		}
	}
	if strings.Contains(page, `id="pod"`) {
		t.Error("there are two places for the pod")
	}
}

func TestUnknownPagesAreNotThere(t *testing.T) {
	h, _ := open(t)
	for _, path := range []string{"/tickets/1", "/tickets/", "/nothing", "/assets/", "/pages/list.html"} {
		if got := ask(t, h, "GET", path, ""); got.Code != 404 {
			t.Errorf("%s: status %d, want 404", path, got.Code)
		}
	}
}
