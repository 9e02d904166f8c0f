package sendgrid_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/courier/couriertest"
	"github.com/shieldpod/shieldpod/bff/internal/courier/sendgrid"
	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

const key = "SG.a-key-that-no-log-may-hold"

func outgoing(change func(*courier.OutgoingMessage)) courier.OutgoingMessage {
	p := courier.OutgoingMessage{
		ID: "v_01", Tenant: "acme", To: "dana@contoso.com",
		Mail: message.Mail{FromName: "Acme IT", Subject: "Is it you?", Text: "open the secret-token", HTML: "<p>open the secret-token</p>"},
	}
	if change != nil {
		change(&p)
	}
	return p
}

func newSender(t *testing.T, recorder http.HandlerFunc) *sendgrid.Sender {
	t.Helper()
	server := httptest.NewServer(recorder)
	t.Cleanup(server.Close)
	return newSenderTo(t, server.URL)
}

func newSenderTo(t *testing.T, host string) *sendgrid.Sender {
	t.Helper()
	s, err := sendgrid.New(sendgrid.Config{Key: key, From: "verify@acme-it.com", Host: host})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func faultOf(t *testing.T, err error) *courier.Fault {
	t.Helper()
	return couriertest.Fault(t, err, "dana@contoso.com", "secret-token", key)
}

func TestTheRequestHasSendGridsForm(t *testing.T) {
	var got map[string]any
	s := newSender(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/v3/mail/send" || r.Header.Get("Authorization") != "Bearer "+key {
			t.Errorf("%s %s with %q", r.Method, r.URL, r.Header.Get("Authorization"))
		}
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		w.Header().Set("X-Message-Id", "msg-7")
		w.WriteHeader(http.StatusAccepted)
	})
	receipt, err := s.Send(t.Context(), outgoing(nil))
	if err != nil {
		t.Fatal(err)
	}
	if want := (courier.Result{Carrier: "sendgrid", Ref: "msg-7"}); receipt != want {
		t.Errorf("receipt %v, want %v", receipt, want)
	}
	off := map[string]any{"enable": false}
	want := map[string]any{
		"from":             map[string]any{"name": "Acme IT", "email": "verify@acme-it.com"},
		"subject":          "Is it you?",
		"personalizations": []any{map[string]any{"to": []any{map[string]any{"email": "dana@contoso.com"}}}},
		"content": []any{
			map[string]any{"type": "text/plain", "value": "open the secret-token"},
			map[string]any{"type": "text/html", "value": "<p>open the secret-token</p>"},
		},
		"custom_args": map[string]any{"shieldpod_job": "v_01", "shieldpod_tenant": "acme"},
		"headers":     map[string]any{"Auto-Submitted": "auto-generated"},
		"tracking_settings": map[string]any{
			"click_tracking": map[string]any{"enable": false, "enable_text": false}, "open_tracking": off, "subscription_tracking": off,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAnInternationalAddressIsSentInASCIIOrByAnotherCarrier(t *testing.T) {
	for _, c := range []struct {
		name, to string
		want     string // the address in the request; empty: no request
		kind     courier.FaultKind
		reason   verify.Code
	}{
		{"an international domain", "ana@bücher.example", "ana@xn--bcher-kva.example", 0, ""},
		{"a decomposed domain", "ana@bu\u0308cher.example", "ana@xn--bcher-kva.example", 0, ""},
		{"a domain in ASCII", "ana@xn--bcher-kva.example", "ana@xn--bcher-kva.example", 0, ""},
		{"letters outside of ASCII before the @", "añá@contoso.com", "", courier.Unsupported, verify.ReasonAddressForm},
		{"a domain that has no form in ASCII", "ana@-bü-.example", "", courier.Rejected, verify.ReasonInvalidRecipient},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got struct {
				Personalizations []struct {
					To []struct{ Email string }
				}
			}
			s := newSender(t, func(w http.ResponseWriter, r *http.Request) {
				if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
					t.Error(err)
				}
				w.WriteHeader(http.StatusAccepted)
			})
			_, err := s.Send(t.Context(), outgoing(func(p *courier.OutgoingMessage) { p.To = c.to }))
			if c.want == "" {
				if f := faultOf(t, err); f.Kind != c.kind || f.Reason != c.reason || len(got.Personalizations) > 0 {
					t.Errorf("kind %d, reason %q, asked %v", f.Kind, f.Reason, got)
				}
				return
			}
			if err != nil || len(got.Personalizations) != 1 || got.Personalizations[0].To[0].Email != c.want {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

func TestAResponseBecomesAFault(t *testing.T) {
	toField := `{"errors":[{"message":"dana@contoso.com does not contain a valid address.","field":"personalizations.0.to.0.email","help":null}]}`
	fromField := `{"errors":[{"message":"no","field":"from.email"}]}`
	for _, c := range []struct {
		name   string
		status int
		header string // "Name: value"
		body   string
		want   courier.Fault
	}{
		{"too many requests, reset in 7 s", 429, "X-RateLimit-Reset: 1772632807", "", courier.Fault{Kind: courier.Temporary, RetryAfter: 7 * time.Second, Err: errors.New("sendgrid: HTTP 429")}},
		{"too many requests, seconds", 429, "Retry-After: 30", "", courier.Fault{Kind: courier.Temporary, RetryAfter: 30 * time.Second, Err: errors.New("sendgrid: HTTP 429")}},
		{"too many requests, a date", 429, "Retry-After: Wed, 04 Mar 2026 14:00:09 GMT", "", courier.Fault{Kind: courier.Temporary, RetryAfter: 9 * time.Second, Err: errors.New("sendgrid: HTTP 429")}},
		{"too many requests, reset long ago", 429, "X-RateLimit-Reset: 1", "", courier.Fault{Kind: courier.Temporary, Err: errors.New("sendgrid: HTTP 429")}},
		{"an error of its own", 500, "", `{"errors":[]}`, courier.Fault{Kind: courier.Temporary, Err: errors.New("sendgrid: HTTP 500")}},
		{"out of service", 503, "", "<html>", courier.Fault{Kind: courier.Temporary, Err: errors.New("sendgrid: HTTP 503")}},
		{"a gateway that does not know", 504, "", "<html>", courier.Fault{Kind: courier.Indeterminate, Err: errors.New("sendgrid: HTTP 504")}},
		{"a gateway that got nonsense", 502, "", "<html>", courier.Fault{Kind: courier.Indeterminate, Err: errors.New("sendgrid: HTTP 502")}},
		{"a key that is revoked", 401, "", `{"errors":[{"message":"revoked","field":null}]}`, courier.Fault{Kind: courier.Misconfigured, Err: errors.New("sendgrid: HTTP 401")}},
		{"a sender that is not verified", 403, "", fromField, courier.Fault{Kind: courier.Misconfigured, Err: errors.New("sendgrid: HTTP 403")}},
		{"a recipient that is none", 400, "", toField, courier.Fault{
			Kind: courier.Rejected, Reason: verify.ReasonInvalidRecipient, Err: errors.New(`sendgrid: HTTP 400, field "personalizations.0.to.0.email"`),
		}},
		{"another field", 400, "", fromField, courier.Fault{Kind: courier.Misconfigured, Err: errors.New(`sendgrid: HTTP 400, field "from.email"`)}},
		{"no JSON at all", 400, "", "Bad Request", courier.Fault{Kind: courier.Misconfigured, Err: errors.New("sendgrid: HTTP 400")}},
		{"a redirect", 307, "Location: http://127.0.0.1:1/", "", courier.Fault{Kind: courier.Misconfigured, Err: errors.New("sendgrid: HTTP 307")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var calls atomic.Int32
			s := newSender(t, func(w http.ResponseWriter, _ *http.Request) {
				calls.Add(1)
				w.Header().Set("Date", "Wed, 04 Mar 2026 14:00:00 GMT")
				if name, value, ok := strings.Cut(c.header, ": "); ok {
					w.Header().Set(name, value)
				}
				w.WriteHeader(c.status)
				io.WriteString(w, c.body) //nolint:errcheck // the test sees what arrived
			})
			_, err := s.Send(t.Context(), outgoing(nil))
			f := faultOf(t, err)
			same := cmp.Comparer(func(a, b error) bool { return a.Error() == b.Error() })
			if diff := cmp.Diff(c.want, *f, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Err" }, same)); diff != "" {
				t.Error(diff)
			}
			if calls.Load() != 1 {
				t.Errorf("asked %d times, want once: retries are the outbox's", calls.Load())
			}
		})
	}
}

func TestASendWithoutAResponseIsIndeterminateOnceConnected(t *testing.T) {
	t.Run("the connection is cut", func(t *testing.T) {
		s := newSender(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		if _, err := s.Send(t.Context(), outgoing(nil)); faultOf(t, err).Kind != courier.Indeterminate {
			t.Errorf("%v is not indeterminate", err)
		}
	})
	t.Run("time is up", func(t *testing.T) {
		calls := make(chan struct{})
		s := newSender(t, func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			close(calls)
			<-r.Context().Done()
		})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() {
			<-calls
			cancel()
		}()
		if _, err := s.Send(ctx, outgoing(nil)); faultOf(t, err).Kind != courier.Indeterminate {
			t.Errorf("%v is not indeterminate", err)
		}
	})
	t.Run("no listener: temporary", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
		_, err = newSenderTo(t, "http://"+listener.Addr().String()).Send(t.Context(), outgoing(nil))
		if faultOf(t, err).Kind != courier.Temporary {
			t.Errorf("%v is not busy", err)
		}
	})
	t.Run("taken, and then cut: taken", func(t *testing.T) {
		s := newSender(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Message-Id", "msg-7")
			w.Header().Set("Content-Length", "10")
			w.WriteHeader(http.StatusAccepted)
		})
		receipt, err := s.Send(t.Context(), outgoing(nil))
		if err != nil || receipt.Ref != "msg-7" {
			t.Errorf("%v, %v; want it taken", receipt, err)
		}
	})
}

func TestConcurrentSendsDoNotMixTheirBodies(t *testing.T) {
	var mu sync.Mutex
	mixed := 0
	s := newSender(t, func(w http.ResponseWriter, r *http.Request) {
		var m struct {
			Subject string            `json:"subject"`
			Args    map[string]string `json:"custom_args"`
		}
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil || m.Subject != m.Args["shieldpod_job"] {
			mu.Lock()
			mixed++
			mu.Unlock()
		}
		w.WriteHeader(http.StatusAccepted)
	})
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			id := fmt.Sprint("v_", i)
			if _, err := s.Send(t.Context(), outgoing(func(p *courier.OutgoingMessage) { p.ID, p.Mail.Subject = id, id })); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if mixed > 0 {
		t.Errorf("%d mails had another's body", mixed)
	}
}

// Row 22: a message that could smuggle a header or a second recipient is never sent.
func TestThreat_22_ControlCharactersAndInvalidAddressesAreRefused(t *testing.T) {
	s := newSender(t, func(http.ResponseWriter, *http.Request) { t.Error("SendGrid was asked") })
	for name, c := range map[string]struct {
		change func(*courier.OutgoingMessage)
		want   courier.FaultKind
	}{
		"CRLF in the sender's name":   {func(p *courier.OutgoingMessage) { p.Mail.FromName = "Acme\r\nBcc: eve@example.com" }, courier.Misconfigured},
		"line feed in the subject":    {func(p *courier.OutgoingMessage) { p.Mail.Subject = "a\nb" }, courier.Misconfigured},
		"CRLF in the address":         {func(p *courier.OutgoingMessage) { p.To = "dana@contoso.com\r\nBcc: eve@example.com" }, courier.Rejected},
		"two addresses":               {func(p *courier.OutgoingMessage) { p.To = "dana@contoso.com,eve@example.com" }, courier.Rejected},
		"a quoted part that smuggles": {func(p *courier.OutgoingMessage) { p.To = `"dana@contoso.com,eve"@example.com` }, courier.Rejected},
		"no address":                  {func(p *courier.OutgoingMessage) { p.To = "dana" }, courier.Rejected},
		"nothing":                     {func(p *courier.OutgoingMessage) { p.To = "" }, courier.Rejected},
	} {
		_, err := s.Send(t.Context(), outgoing(c.change))
		if f := faultOf(t, err); f.Kind != c.want {
			t.Errorf("%s: kind %d, want %d", name, f.Kind, c.want)
		}
	}
}

func TestAnInvalidAccountIsRefused(t *testing.T) {
	for want, c := range map[string]sendgrid.Config{
		"sendgrid: the API key is missing or has spaces in it": {From: "verify@acme-it.com"},
		"sendgrid: the sender's address is missing or is none": {Key: key, From: "Acme IT"},
	} {
		if _, err := sendgrid.New(c); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestACheckReadsTheScopesOfTheKey(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   string
	}{
		{"it may send", 200, `{"scopes":["mail.send","user.email.read"]}`, ""},
		{"it may do other things only", 200, `{"scopes":["stats.read"]}`, "sendgrid: the API key may not send mail: give it mail.send"},
		{"it is revoked", 401, `{"errors":[]}`, "sendgrid: HTTP 401"},
		{"an invalid response", 200, "<html>", "sendgrid: the API key may not send mail: give it mail.send"},
	} {
		s := newSender(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet || r.URL.Path != "/v3/scopes" || r.Header.Get("Authorization") != "Bearer "+key {
				t.Errorf("%s %s", r.Method, r.URL)
			}
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		})
		err := s.Check(t.Context())
		if c.want == "" && err != nil || c.want != "" && (err == nil || err.Error() != c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}
