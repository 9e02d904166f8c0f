package carriers

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/sandbox/faults"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// webhookRequest is one webhook request as the BFF receives it.
type webhookRequest struct {
	path, body string
	header     http.Header
}

type harness struct {
	*Sandbox
	hooks    chan webhookRequest
	answer   chan int // to the next webhooks; 204 when empty
	advanced []time.Duration
	held     []bool
}

func newHarness(t testing.TB) *harness {
	t.Helper()
	b := &harness{hooks: make(chan webhookRequest, 100), answer: make(chan int, 100)}
	bff := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		select {
		case code := <-b.answer:
			w.WriteHeader(code)
		default:
			w.WriteHeader(http.StatusNoContent)
		}
		b.hooks <- webhookRequest{r.URL.Path, string(body), r.Header}
	}))
	t.Cleanup(bff.Close)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b.Sandbox, err = New(Config{
		HookBase: bff.URL, Tenant: "acme", SendGridKey: "SG.key", SendGridHookKey: key, VonageKey: "12345678",
		VonageSecret: "secret", VonageSignature: "signature secret", Now: func() time.Time { return noon },
		Advance: func(d time.Duration) { b.advanced = append(b.advanced, d) },
		Hold:    func(hold bool) { b.held = append(b.held, hold) },
		Names:   map[string]string{"+14155554821": "Dana Reyes"}, Delay: func() time.Duration { return 0 },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func (b *harness) do(method, path, kind, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", kind)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	return w
}

func (b *harness) mail(change func(map[string]any)) *httptest.ResponseRecorder {
	m := map[string]any{
		"from": map[string]any{"email": "verify@acme-it.com", "name": "Acme IT"}, "subject": "Is it you?",
		"personalizations": []any{map[string]any{"to": []any{map[string]any{"email": "dana@contoso.com"}}}},
		"content": []any{
			map[string]any{"type": "text/plain", "value": "Open http://localhost:8080/v/token now"},
			map[string]any{"type": "text/html", "value": "<html><head></head><body>Hello</body></html>"},
		},
		"custom_args": map[string]any{"shieldpod_job": "v_1"},
	}
	if change != nil {
		change(m)
	}
	body, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return b.do(http.MethodPost, "/v3/mail/send", "application/json", string(body), "Authorization", "Bearer SG.key")
}

func (b *harness) sms(change func(url.Values)) *httptest.ResponseRecorder {
	f := url.Values{
		"api_key": {"12345678"}, "api_secret": {"secret"}, "from": {"Acme IT"}, "to": {"14155554821"},
		"text": {"482 913 is your code."}, "client-ref": {"v_1"},
	}
	if change != nil {
		change(f)
	}
	return b.do(http.MethodPost, "/sms/json", "application/x-www-form-urlencoded", f.Encode())
}

func fields(t *testing.T, body string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return m
}

func TestSendGridAnswersInItsOwnShapes(t *testing.T) {
	b := newHarness(t)
	if w := b.mail(nil); w.Code != 202 || w.Header().Get("X-Message-Id") == "" || w.Body.Len() != 0 {
		t.Errorf("taken: %d %v %s", w.Code, w.Header(), w.Body)
	}
	w := b.do(http.MethodPost, "/v3/mail/send", "application/json", "{}", "Authorization", "Bearer SG.other")
	want := `{"errors":[{"field":null,"help":null,"message":"The provided authorization grant is invalid, expired, or revoked"}]}` + "\n"
	if w.Code != 401 || w.Body.String() != want {
		t.Errorf("another key: %d %s", w.Code, w.Body)
	}
	for field, change := range map[string]func(map[string]any){
		"personalizations": func(m map[string]any) { delete(m, "personalizations") },
		"personalizations.0.to.0.email": func(m map[string]any) {
			m["personalizations"] = []any{map[string]any{"to": []any{map[string]any{"email": "dana"}}}}
		},
		"from.email": func(m map[string]any) { delete(m, "from") },
		"subject":    func(m map[string]any) { m["subject"] = "" },
		"content":    func(m map[string]any) { delete(m, "content") },
	} {
		w := b.mail(change)
		said, _ := fields(t, w.Body.String())["errors"].([]any)
		if w.Code != 400 || len(said) != 1 || said[0].(map[string]any)["field"] != field {
			t.Errorf("without %s: %d %s", field, w.Code, w.Body)
		}
	}
	b.faults.Put(sendgrid, faults.Fault{Mode: mode429, Remaining: 1})
	if w := b.mail(nil); w.Code != 429 || w.Header().Get("X-RateLimit-Remaining") != "0" || w.Header().Get("X-RateLimit-Reset") == "" {
		t.Errorf("too many: %d %v", w.Code, w.Header())
	}
	if w := b.mail(nil); w.Code != 202 {
		t.Errorf("after the one: %d", w.Code)
	}
}

func TestVonageAnswersInsideHTTP200(t *testing.T) {
	b := newHarness(t)
	long := strings.Repeat("x", 161)
	for _, c := range []struct {
		name     string
		change   func(url.Values)
		mode     string
		statuses []string
	}{
		{"taken", nil, faults.OK, []string{"0"}},
		{"161 characters are two parts", func(f url.Values) { f.Set("text", long) }, faults.OK, []string{"0", "0"}},
		{"70 of another alphabet are one", func(f url.Values) { f.Set("text", strings.Repeat("я", 70)); f.Set("type", "unicode") }, faults.OK, []string{"0"}},
		{"wrong secret", func(f url.Values) { f.Set("api_secret", "x") }, faults.OK, []string{"4"}},
		{"no text", func(f url.Values) { f.Del("text") }, faults.OK, []string{"2"}},
		{"a number with a plus", func(f url.Values) { f.Set("to", "+14155554821") }, faults.OK, []string{"6"}},
		{"throttled", nil, modeThrottled, []string{"1"}},
		{"refused", nil, modeRefuse, []string{"6"}},
	} {
		b.faults.Put(vonage, faults.Fault{Mode: c.mode})
		w := b.sms(c.change)
		m := fields(t, w.Body.String())
		var got []string
		for _, part := range m["messages"].([]any) {
			got = append(got, part.(map[string]any)["status"].(string))
		}
		if diff := cmp.Diff(c.statuses, got); w.Code != 200 || diff != "" || m["message-count"] != strconv.Itoa(len(got)) {
			t.Errorf("%s: %d %s %s", c.name, w.Code, w.Body, diff)
		}
	}
}

func TestTheWebhooksAreSignedAsTheCarriersSign(t *testing.T) {
	b := newHarness(t)
	b.mail(nil)
	var events []map[string]any
	for len(events) < 2 {
		h := <-b.hooks
		stamp := h.header.Get("X-Twilio-Email-Event-Webhook-Timestamp")
		signature, err := base64.StdEncoding.DecodeString(h.header.Get("X-Twilio-Email-Event-Webhook-Signature"))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256([]byte(stamp + h.body))
		if h.path != "/hooks/sendgrid/acme" || stamp != strconv.FormatInt(noon.Unix(), 10) || !ecdsa.VerifyASN1(&b.SendGridHookKey.PublicKey, sum[:], signature) {
			t.Fatalf("%s at %s is not signed", h.path, stamp)
		}
		if !strings.HasPrefix(h.body, "[{") || !strings.HasSuffix(h.body, "}]\r\n") {
			t.Errorf("body %q", h.body)
		}
		var batch []map[string]any
		if err := json.Unmarshal([]byte(h.body), &batch); err != nil {
			t.Fatal(err)
		}
		events = append(events, batch...)
	}
	kinds := map[any]int{}
	for _, e := range events {
		kinds[e["event"]]++
		if e["shieldpod_job"] != "v_1" || e["sg_event_id"] == "" || e["email"] != "dana@contoso.com" {
			t.Errorf("event %v", e)
		}
	}
	if diff := cmp.Diff(map[any]int{"processed": 1, "delivered": 1}, kinds); diff != "" {
		t.Error(diff)
	}

	b.sms(func(f url.Values) { f.Set("callback", b.HookBase+"/hooks/vonage/globex") })
	h := <-b.hooks
	form, err := url.ParseQuery(h.body)
	if err != nil {
		t.Fatal(err)
	}
	sig := form.Get("sig")
	form.Del("sig")
	if sig != signForm(form, "signature secret") || form.Get("status") != "delivered" || form.Get("client-ref") != "v_1" || h.path != "/hooks/vonage/globex" {
		t.Errorf("%s with %v", h.path, form)
	}
}

func TestAWebhookComesAgainUntilItIsTaken(t *testing.T) {
	b := newHarness(t)
	b.answer <- http.StatusServiceUnavailable
	b.sms(nil)
	first, second := <-b.hooks, <-b.hooks
	a, err := url.ParseQuery(first.body)
	if err != nil {
		t.Fatal(err)
	}
	c, err := url.ParseQuery(second.body)
	if err != nil {
		t.Fatal(err)
	}
	if a.Get("messageId") == "" || a.Get("messageId") != c.Get("messageId") {
		t.Errorf("%q came first, then %q", a.Get("messageId"), c.Get("messageId"))
	}
}

func TestWhatArrivedIsListedNewestFirstAndByRecipient(t *testing.T) {
	b := newHarness(t)
	b.sms(nil)
	b.mail(nil)
	b.sms(func(f url.Values) {
		f.Set("to", "4915123456789")
		f.Set("text", "Confirm: https://verify.acme-it.com/v/abc")
	})
	list := func(query string) (m []Message) {
		if err := json.Unmarshal(b.do(http.MethodGet, "/api/messages"+query, "", "").Body.Bytes(), &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	text := Message{ID: "1", At: noon, Kind: "sms", To: "+14155554821", From: "Acme IT", Text: "482 913 is your code.", Code: "482913"}
	letter := Message{
		ID: "2", At: noon, Kind: "email", To: "dana@contoso.com", From: "Acme IT <verify@acme-it.com>", Subject: "Is it you?",
		Text: "Open http://localhost:8080/v/token now", HTML: "<html><head></head><body>Hello</body></html>", Link: "http://localhost:8080/v/token",
	}
	link := Message{
		ID: "3", At: noon, Kind: "sms", To: "+4915123456789", From: "Acme IT",
		Text: "Confirm: https://verify.acme-it.com/v/abc", Link: "https://verify.acme-it.com/v/abc",
	}
	brief := letter
	brief.HTML = ""
	for query, want := range map[string][]Message{
		"":                             {link, letter, text},
		"?brief=1&limit=2":             {link, brief},
		"?to=%2B14155554821":           {text},
		"?to=dana@contoso.com&limit=1": {letter},
		"?to=nobody@contoso.com":       {},
	} {
		if diff := cmp.Diff(want, list(query)); diff != "" {
			t.Errorf("%q: %s", query, diff)
		}
	}
	for _, bad := range []string{"0", "-1", "20001", "x"} {
		if w := b.do(http.MethodGet, "/api/messages?limit="+bad, "", ""); w.Code != 400 {
			t.Errorf("limit %s: %d", bad, w.Code)
		}
	}
	w := b.do(http.MethodGet, "/api/messages/2/html", "", "")
	if w.Body.String() != `<html><head><base target="_blank"></head><body>Hello</body></html>` ||
		!strings.Contains(w.Header().Get("Content-Security-Policy"), "sandbox allow-popups") {
		t.Errorf("the mail's HTML: %v %s", w.Header(), w.Body)
	}
	for _, id := range []string{"1", "4", "0", "x"} {
		if w := b.do(http.MethodGet, "/api/messages/"+id+"/html", "", ""); w.Code != 404 {
			t.Errorf("HTML of %s: %d", id, w.Code)
		}
	}
}

func TestOnlyTheNewestMessagesAreKept(t *testing.T) {
	b := newInbox()
	for i := range maxMessages + 10 {
		b.add(Message{To: "+" + strconv.Itoa(i%7), Kind: "email", Text: strconv.Itoa(i), HTML: "x"})
	}
	all := b.newestMessages("", maxMessages, true)
	if len(all) != maxMessages || all[0].Text != strconv.Itoa(maxMessages+9) || all[len(all)-1].Text != "10" {
		t.Errorf("%d are kept, from %s to %s", len(all), all[len(all)-1].Text, all[0].Text)
	}
	sum := 0
	for i := range 7 {
		sum += len(b.byRecipient["+"+strconv.Itoa(i)])
	}
	if sum != maxMessages || len(b.byRecipient) != 7 {
		t.Errorf("the index has %d messages of %d recipients", sum, len(b.byRecipient))
	}
	for i, m := range all {
		if (m.HTML != "") != (i < maxHTML) {
			t.Fatalf("message %d: HTML %q", i, m.HTML)
		}
	}
	if _, ok := b.find("10"); ok {
		t.Error("the tenth can still be found")
	}
	if m, ok := b.find("11"); !ok || m.Text != "10" {
		t.Errorf("the eleventh is %v", m)
	}
}

func TestACarriersFaultAppliesToTheGivenNumberOfMessages(t *testing.T) {
	b := newHarness(t)
	ask := func(body string) int { return b.do(http.MethodPost, "/api/faults", "application/json", body).Code }
	for body, want := range map[string]int{
		`{"target":"vonage","mode":"5xx","times":2}`:  200,
		`{"target":"pigeon","mode":"5xx"}`:            422,
		`{"target":"vonage","mode":"sulk"}`:           422,
		`{"target":"vonage","mode":"mailbox_full"}`:   422,
		`{"target":"smtp","mode":"lost_receipt"}`:     422,
		`{"target":"vonage","mode":"ok","times":-1}`:  422,
		`{"target":"vonage","mode":"ok","often":"x"}`: 400,
		`nonsense`: 400,
	} {
		if code := ask(body); code != want {
			t.Errorf("%s: %d, want %d", body, code, want)
		}
	}
	for i, want := range []int{500, 500, 200} {
		if w := b.sms(nil); w.Code != want {
			t.Errorf("message %d: %d, want %d", i, w.Code, want)
		}
	}
	ask(`{"target":"sendgrid","mode":"down"}`)
	for range 3 {
		if w := b.mail(nil); w.Code != 503 || w.Header().Get("Content-Type") != "text/html" {
			t.Errorf("down: %d %s", w.Code, w.Body)
		}
	}
	ask(`{"target":"sendgrid","mode":"ok"}`)
	if w := b.mail(nil); w.Code != 202 {
		t.Errorf("well again: %d", w.Code)
	}
}

func TestTheClockIsSetForwardAndByOurOwnPageOnly(t *testing.T) {
	b := newHarness(t)
	for body, want := range map[string]int{
		`{"advance":"5m"}`: 200, `{"advance":"-5m"}`: 422, `{"advance":"0s"}`: 422, `{"advance":"25h"}`: 422, `{"advance":"soon"}`: 422, `{}`: 422,
		`{"held":true}`: 200, `{"held":"yes"}`: 400, `{"advance":"5m","held":true}`: 422,
	} {
		if w := b.do(http.MethodPost, "/api/clock", "application/json", body); w.Code != want {
			t.Errorf("%s: %d, want %d", body, w.Code, want)
		}
	}
	w := b.do(http.MethodPost, "/api/clock", "application/json", `{"advance":"1h"}`, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")
	if w.Code != 403 {
		t.Errorf("from another site: %d, want 403", w.Code)
	}
	if diff := cmp.Diff([]time.Duration{5 * time.Minute}, b.advanced); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]bool{true}, b.held); diff != "" {
		t.Error(diff)
	}
	b.Advance = nil
	if w := b.do(http.MethodPost, "/api/clock", "application/json", `{"advance":"5m"}`); w.Code != 404 {
		t.Errorf("a clock that can't be set: %d, want 404", w.Code)
	}
}

func TestThePageIsServedWithNothingFromElsewhere(t *testing.T) {
	b := newHarness(t)
	for path, kind := range map[string]string{"/": "text/html", "/phone.css": "text/css", "/phone.js": "text/javascript"} {
		w := b.do(http.MethodGet, path, "", "")
		if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), kind) || !strings.HasPrefix(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
		if bytes.Contains(w.Body.Bytes(), []byte("https://")) {
			t.Errorf("%s asks somebody else", path)
		}
	}
	state := fields(t, b.do(http.MethodGet, "/api/state", "", "").Body.String())
	if state["clock"] != true || state["names"].(map[string]any)["+14155554821"] != "Dana Reyes" {
		t.Errorf("state %v", state)
	}
}

func TestTheStreamNotifiesAndEndsWithTheSandbox(t *testing.T) {
	b := newHarness(t)
	server := httptest.NewServer(b)
	defer server.Close()
	answer, err := http.Get(server.URL + "/api/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	event := make([]byte, len("data: new\n\n"))
	for range 2 {
		if _, err := io.ReadFull(answer.Body, event); err != nil || string(event) != "data: new\n\n" {
			t.Fatalf("%q, %v", event, err)
		}
		b.sms(nil)
	}
	b.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		t.Errorf("the stream did not end well: %v", err)
	}
}

func BenchmarkTextMessages(b *testing.B) {
	s := newHarness(b)
	s.faults.Put(vonage, faults.Fault{Mode: modeLost})
	server := httptest.NewServer(s)
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	form := url.Values{
		"api_key": {"12345678"}, "api_secret": {"secret"}, "from": {"Acme IT"}, "to": {"14155554821"}, "text": {"482 913 is your code."},
	}.Encode()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			answer, err := client.Post(server.URL+"/sms/json", "application/x-www-form-urlencoded", strings.NewReader(form))
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, answer.Body)
			_ = answer.Body.Close()
		}
	})
}
