package vonage_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/courier/couriertest"
	"github.com/shieldpod/shieldpod/bff/internal/courier/vonage"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

const apiSecret = "a-secret-that-no-log-may-hold"

var outgoing = courier.OutgoingMessage{ID: "v_01", Tenant: "acme", To: "+14155554821", Text: "482 913 is your code."}

func newSender(t *testing.T, recorder http.HandlerFunc) *vonage.Sender {
	t.Helper()
	server := httptest.NewServer(recorder)
	t.Cleanup(server.Close)
	return newSenderTo(t, server.URL)
}

func newSenderTo(t *testing.T, host string) *vonage.Sender {
	t.Helper()
	s, err := vonage.New(vonage.Config{
		Key: "12345678", Secret: apiSecret, From: "Acme IT", Host: host + "/", Callback: "https://verify.acme-it.com/",
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func respond(status int, kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		io.WriteString(w, body) //nolint:errcheck // the test sees what arrived
	}
}

func faultOf(t *testing.T, err error) *courier.Fault {
	t.Helper()
	return couriertest.Fault(t, err, "4155554821", "482 913", apiSecret)
}

func TestTheRequestHasVonagesForm(t *testing.T) {
	for name, c := range map[string]struct{ text, kind string }{
		"Latin":    {"482 913 is your code.", "text"},
		"Cyrillic": {"482 913: ваш код.", "unicode"},
	} {
		t.Run(name, func(t *testing.T) {
			var got url.Values
			s := newSender(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodPost || r.URL.String() != "/sms/json" {
					t.Errorf("%s %s", r.Method, r.URL)
				}
				if err := r.ParseForm(); err != nil {
					t.Error(err)
				}
				got = r.PostForm
				respond(200, "application/json", `{"message-count":"1","messages":[{"to":"14155554821","message-id":"0A","status":"0"}]}`)(w, r)
			})
			p := outgoing
			p.Text = c.text
			receipt, err := s.Send(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			if want := (courier.Result{Carrier: "vonage", Ref: "0A"}); receipt != want {
				t.Errorf("receipt %v, want %v", receipt, want)
			}
			if diff := cmp.Diff(url.Values{
				"api_key": {"12345678"}, "api_secret": {apiSecret}, "from": {"Acme IT"}, "to": {"14155554821"}, "text": {c.text},
				"type": {c.kind}, "client-ref": {"v_01"}, "callback": {"https://verify.acme-it.com/hooks/vonage/acme"},
			}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAResponseBecomesAFault(t *testing.T) {
	const json = "application/json"
	one := func(status string) string {
		return `{"message-count":"1","messages":[{"status":"` + status + `","error-text":"number 14155554821 and 482 913"}]}`
	}
	type row struct {
		name string
		http int
		kind string
		body string
		want courier.Fault
	}
	rows := []row{
		{"two parts of three", 200, json, `{"messages":[{"status":"0"},{"status":"1"},{"status":"0"}]}`, courier.Fault{Kind: courier.Indeterminate, Err: errors.New(`vonage: 2 of 3 parts taken, then: vonage: it is asked too often (status 1)`)}},
		{"two parts, two refusals", 200, json, `{"messages":[{"status":"7"},{"status":"1"}]}`, courier.Fault{Kind: courier.Rejected, Reason: verify.ReasonBlocked, Err: errors.New(`vonage: the number is barred (status 7)`)}},
		{"no parts", 200, json, `{"message-count":"0","messages":[]}`, courier.Fault{Kind: courier.Indeterminate, Err: errors.New("vonage: HTTP 200 without an answer in it")}},
		{"no messages at all", 200, json, `{}`, courier.Fault{Kind: courier.Indeterminate, Err: errors.New("vonage: HTTP 200 without an answer in it")}},
		{"no JSON", 200, "text/html", `<html>`, courier.Fault{Kind: courier.Indeterminate, Err: errors.New("vonage: HTTP 200 without an answer in it")}},
		{"a status that is no string", 200, json, `{"messages":[{"status":0}]}`, courier.Fault{Kind: courier.Indeterminate, Err: errors.New("vonage: HTTP 200 without an answer in it")}},
		{"an unknown status", 200, json, one("999999999999"), courier.Fault{Kind: courier.Misconfigured, Err: errors.New(`vonage: it refuses the message (status "99999999")`)}},
		{"HTTP 401", 401, json, `{"title":"Unauthorized"}`, courier.Fault{Kind: courier.Misconfigured, Err: errors.New("vonage: HTTP 401")}},
		{"HTTP 420", 420, json, `{}`, courier.Fault{Kind: courier.Misconfigured, Err: errors.New("vonage: HTTP 420")}},
		{"HTTP 429", 429, json, `{}`, courier.Fault{Kind: courier.Temporary, RetryAfter: 3 * time.Second, Err: errors.New("vonage: HTTP 429")}},
		{"HTTP 500", 500, json, `{}`, courier.Fault{Kind: courier.Temporary, Err: errors.New("vonage: HTTP 500")}},
		{"HTTP 503", 503, "text/html", `<html>`, courier.Fault{Kind: courier.Temporary, RetryAfter: 3 * time.Second, Err: errors.New("vonage: HTTP 503")}},
		{"HTTP 504", 504, "text/html", `<html>`, courier.Fault{Kind: courier.Indeterminate, Err: errors.New("vonage: HTTP 504")}},
		{"a redirect", 302, json, ``, courier.Fault{Kind: courier.Misconfigured, Err: errors.New("vonage: HTTP 302")}},
	}
	for kind, list := range map[courier.FaultKind][]string{
		courier.Temporary:     {"1", "5", "10"},
		courier.Misconfigured: {"2", "3", "4", "8", "9", "11", "12", "14", "15", "22", "23", "29", "32"},
	} {
		for _, status := range list {
			rows = append(rows, row{"status " + status, 200, json, one(status), courier.Fault{Kind: kind, Err: errors.New("vonage: " + descriptionOf(status))}})
		}
	}
	for status, reason := range map[string]verify.Code{
		"6": verify.ReasonInvalidRecipient, "33": verify.ReasonInvalidRecipient, "7": verify.ReasonBlocked,
	} {
		rows = append(rows, row{"status " + status, 200, json, one(status), courier.Fault{
			Kind: courier.Rejected, Reason: reason, Err: errors.New("vonage: " + descriptionOf(status)),
		}})
	}
	for _, c := range rows {
		t.Run(c.name, func(t *testing.T) {
			var calls atomic.Int32
			s := newSender(t, func(w http.ResponseWriter, r *http.Request) {
				calls.Add(1)
				w.Header().Set("Retry-After", "3")
				w.Header().Set("Location", "http://127.0.0.1:1/")
				respond(c.http, c.kind, c.body)(w, r)
			})
			_, err := s.Send(t.Context(), outgoing)
			f := faultOf(t, err)
			same := cmp.Comparer(func(a, b error) bool { return a.Error() == b.Error() })
			if diff := cmp.Diff(c.want, *f, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Err" }, same)); diff != "" {
				t.Error(diff)
			}
			if calls.Load() != 1 {
				t.Errorf("asked %d times, want once", calls.Load())
			}
		})
	}
}

func TestAResponseOfAnotherContentTypeIsRead(t *testing.T) {
	s := newSender(t, respond(200, "text/plain", `{"messages":[{"message-id":"0A","status":"0"},{"message-id":"0B","status":"0"}]}`))
	receipt, err := s.Send(t.Context(), outgoing)
	if err != nil || receipt.Ref != "0A" {
		t.Errorf("%v, %v; want it taken as 0A", receipt, err)
	}
}

func TestASendWithoutAResponseIsIndeterminateOnceConnected(t *testing.T) {
	t.Run("the connection is cut", func(t *testing.T) {
		s := newSender(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		if _, err := s.Send(t.Context(), outgoing); faultOf(t, err).Kind != courier.Indeterminate {
			t.Errorf("%v is not indeterminate", err)
		}
	})
	t.Run("the answer is cut in the middle", func(t *testing.T) {
		s := newSender(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "500")
			respond(200, "application/json", `{"messages":[{"message-id"`)(w, r)
		})
		if _, err := s.Send(t.Context(), outgoing); faultOf(t, err).Kind != courier.Indeterminate {
			t.Errorf("%v is not indeterminate", err)
		}
	})
	t.Run("the context ends, although the library knows none", func(t *testing.T) {
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
		if _, err := s.Send(ctx, outgoing); faultOf(t, err).Kind != courier.Indeterminate {
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
		if _, err := newSenderTo(t, "http://"+listener.Addr().String()).Send(t.Context(), outgoing); faultOf(t, err).Kind != courier.Temporary {
			t.Errorf("%v is not busy", err)
		}
	})
}

func TestConcurrentSendsDoNotMix(t *testing.T) {
	s := newSender(t, func(w http.ResponseWriter, r *http.Request) {
		respond(200, "application/json", `{"messages":[{"message-id":"`+r.PostFormValue("client-ref")+`","status":"0"}]}`)(w, r)
	})
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			p := outgoing
			p.ID = strings.Repeat("v", i+1)
			if receipt, err := s.Send(t.Context(), p); err != nil || receipt.Ref != p.ID {
				t.Errorf("%v, %v; want the answer to %s", receipt, err, p.ID)
			}
		})
	}
	all.Wait()
}

func TestAnInvalidNumberIsRefusedBeforeTheRequest(t *testing.T) {
	s := newSender(t, func(http.ResponseWriter, *http.Request) { t.Error("Vonage was asked") })
	for _, to := range []string{"", "14155554821", "+1", "+1415555482112345678", "+1415555482x", "+1 415 555 4821", "+14155554821\r\n", "dana@contoso.com"} {
		p := outgoing
		p.To = to
		_, err := s.Send(t.Context(), p)
		if f := faultOf(t, err); f.Kind != courier.Rejected || f.Reason != verify.ReasonInvalidRecipient {
			t.Errorf("%q: kind %d %s, want it refused for the recipient", to, f.Kind, f.Reason)
		}
	}
}

func TestAnInvalidAccountIsRefused(t *testing.T) {
	for want, c := range map[string]vonage.Config{
		"vonage: an API key has eight characters":                                  {Key: "1234567", Secret: "s", From: "Acme IT"},
		"vonage: the API secret is missing":                                        {Key: "12345678", From: "Acme IT"},
		"vonage: the sender's number or name is missing or has control characters": {Key: "12345678", Secret: "s", From: "Acme\n"},
	} {
		if _, err := vonage.New(c); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestACheckReadsTheBalanceOnly(t *testing.T) {
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, secret, _ := r.BasicAuth()
		if r.Method != http.MethodGet || r.URL.Path != "/account/get-balance" || user != "12345678" || secret != "an API secret" {
			t.Errorf("%s %s by %s", r.Method, r.URL, user)
		}
		w.WriteHeader(status)
	}))
	defer server.Close()
	s, err := vonage.New(vonage.Config{Key: "12345678", Secret: "an API secret", From: "AcmeIT", Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
	status = http.StatusUnauthorized
	if err := s.Check(t.Context()); err == nil || err.Error() != "vonage: HTTP 401" {
		t.Errorf("%v", err)
	}
}

func descriptionOf(status string) string {
	if known := descriptions[status]; known != "" {
		return known
	}
	return `it refuses the message (status "` + status + `")`
}

// descriptions are the descriptions of Vonage's statuses for the operator.
var descriptions = map[string]string{
	"1": "it is asked too often (status 1)", "2": "a parameter is missing (status 2)", "3": "a parameter is invalid, such as the sender (status 3)",
	"4": "the API key or secret is wrong (status 4)", "5": "it has an internal error (status 5)", "6": "the number can't be reached (status 6)",
	"7": "the number is barred (status 7)", "8": "the account is barred (status 8)", "9": "the account has no credit left (status 9)",
	"10": "the account has too many open connections (status 10)", "14": "the signature is wrong (status 14)",
	"15": "the account may not send under this sender (status 15)", "29": "the account is a trial, which sends to registered numbers only (status 29)",
	"33": "the number is deactivated (status 33)",
}
