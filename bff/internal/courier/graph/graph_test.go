package graph_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/courier/couriertest"
	"github.com/shieldpod/shieldpod/bff/internal/courier/graph"
	"github.com/shieldpod/shieldpod/bff/internal/courier/oauth"
	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

const (
	directory = "11111111-2222-4333-8444-555555555555"
	client    = "0f0e0d0c-0b0a-4908-8706-050403020100"
	secret    = "a-client~secret-that-no-log-may-hold"
	mailbox   = "verify@acme-it.com"
)

func now() time.Time { return time.Date(2026, 3, 4, 14, 0, 0, 0, time.UTC) }

func outgoing(change func(*courier.OutgoingMessage)) courier.OutgoingMessage {
	m := courier.OutgoingMessage{
		ID: "v_01", Tenant: "acme", To: "dana@contoso.com",
		Mail: message.Mail{FromName: "Ácme IT", Subject: "Is it you?", Text: "open the secret-token", HTML: "<p>open the secret-token</p>"},
	}
	if change != nil {
		change(&m)
	}
	return m
}

// microsoft is Microsoft's side: it gives tokens, and answers sendMail as it is told.
type microsoft struct {
	*httptest.Server
	mu     sync.Mutex
	tokens int
	sends  []*http.Request
	bodies []string
	answer func(w http.ResponseWriter, send int) // the number of the request, from 1
}

func newMicrosoft(t *testing.T) *microsoft {
	t.Helper()
	m := &microsoft{answer: func(w http.ResponseWriter, _ int) {
		w.Header().Set("request-id", "r-77")
		w.WriteHeader(http.StatusAccepted)
	}}
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.mu.Lock()
		defer m.mu.Unlock()
		if strings.HasSuffix(r.URL.Path, "/token") {
			m.tokens++
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprintf(w, `{"token_type":"Bearer","expires_in":3599,"access_token":"token-%d"}`, m.tokens)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		m.sends, m.bodies = append(m.sends, r), append(m.bodies, string(body))
		m.answer(w, len(m.sends))
	}))
	t.Cleanup(m.Close)
	return m
}

// counts returns the numbers of messages and of tokens that were asked for.
func (m *microsoft) counts() (sends, tokens int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.sends), m.tokens
}

func (m *microsoft) sender(t *testing.T, change func(*graph.Config)) *graph.Sender {
	t.Helper()
	c := graph.Config{Microsoft: oauth.Microsoft{Directory: directory, Client: client}, Credential: secret, Mailbox: mailbox, Host: m.URL, Now: now}
	if change != nil {
		change(&c)
	}
	s, err := graph.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func faultOf(t *testing.T, err error) *courier.Fault {
	t.Helper()
	return couriertest.Fault(t, err, "dana@contoso.com", "secret-token", secret, mailbox, "token-1")
}

func TestTheRequestHasGraphsForm(t *testing.T) {
	type object = map[string]any
	want := func(from, name string, save bool) object {
		return object{
			"message": object{
				"subject": "Is it you?", "body": object{"contentType": "html", "content": "<p>open the secret-token</p>"},
				"from":         object{"emailAddress": object{"name": name, "address": from}},
				"toRecipients": []any{object{"emailAddress": object{"address": "dana@contoso.com"}}},
				"singleValueExtendedProperties": []any{
					object{"id": "String {00020386-0000-0000-C000-000000000046} Name Auto-Submitted", "value": "auto-generated"},
				},
			},
			"saveToSentItems": save,
		}
	}
	for _, c := range []struct {
		name   string
		config func(*graph.Config)
		change func(*courier.OutgoingMessage)
		path   string
		want   object
	}{
		{"from the mailbox", nil, nil, "/v1.0/users/verify@acme-it.com/sendMail", want(mailbox, "Ácme IT", false)},
		{"with a copy", func(c *graph.Config) { c.SaveToSentItems = true }, nil, "/v1.0/users/verify@acme-it.com/sendMail", want(mailbox, "Ácme IT", true)},
		{"from the brand's address", nil, func(m *courier.OutgoingMessage) { m.Mail.FromAddress = "help@bücher.example" }, "/v1.0/users/verify@acme-it.com/sendMail", want("help@xn--bcher-kva.example", "Ácme IT", false)},
		{"from a mailbox with signs of URLs", func(c *graph.Config) { c.Mailbox = "a/b?c#d%2f@acme-it.com" }, nil, "/v1.0/users/a%2Fb%3Fc%23d%252f@acme-it.com/sendMail", want("a/b?c#d%2f@acme-it.com", "Ácme IT", false)},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMicrosoft(t)
			receipt, err := m.sender(t, c.config).Send(t.Context(), outgoing(c.change))
			if want := (courier.Result{Carrier: "graph", Ref: "r-77"}); err != nil || receipt != want {
				t.Fatalf("receipt %v, error %v", receipt, err)
			}
			m.mu.Lock()
			defer m.mu.Unlock()
			r := m.sends[0]
			if len(m.sends) != 1 || r.Method != http.MethodPost || r.URL.EscapedPath() != c.path || r.Header.Get("Authorization") != "Bearer token-1" || r.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%d requests, %s %s, %v", len(m.sends), r.Method, r.URL, r.Header)
			}
			var got object
			if err := json.Unmarshal([]byte(m.bodies[0]), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The codes are those of public reports and of Microsoft's lists.
func TestAResponseBecomesAFault(t *testing.T) {
	errorBody := func(code string) string {
		return fmt.Sprintf(`{"error":{"code":%q,"message":"about dana@contoso.com and verify@acme-it.com","innerError":{"request-id":"1"}}}`, code)
	}
	const setup, later, unknown = courier.Misconfigured, courier.Temporary, courier.Indeterminate
	for _, c := range []struct {
		name   string
		status int
		body   string
		kind   courier.FaultKind
		reason verify.Code
		next   string // a part of the next step; empty: none
		after  time.Duration
	}{
		{"too many requests", 429, errorBody("ApplicationThrottled"), later, "", "", 7 * time.Second},
		{"too many requests, without a body", 429, "", later, "", "", 7 * time.Second},
		{"too many requests of a mailbox, with another status", 403, errorBody("ApplicationThrottled"), later, "", "", 0},
		{"it is down", 503, "<html>", later, "", "", 7 * time.Second},
		{"Exchange is busy", 503, errorBody("ErrorServerBusy"), later, "", "", 7 * time.Second},
		{"the mailbox moves", 400, errorBody("ErrorMailboxMoveInProgress"), later, "", "", 0},
		{"an error of its own", 500, errorBody("ErrorInternalServerError"), later, "", "", 0},
		{"a gateway gave up", 504, errorBody("UnknownError"), unknown, "", "", 0},
		{"a gateway gave up, with a code that means later", 504, errorBody("serviceNotAvailable"), unknown, "", "", 0},
		{"a bad gateway", 502, "<html>", unknown, "", "", 0},
		{"the sender's address is not the mailbox's", 403, errorBody("ErrorSendAsDenied"), setup, "", "Send As", 0},
		{"the right is missing, or not for this mailbox", 403, errorBody("ErrorAccessDenied"), setup, "", "Application Mail.Send", 0},
		{"the right is delegated only", 403, errorBody("Authorization_RequestDenied"), setup, "", "Application Mail.Send", 0},
		{"the token has no permission", 403, errorBody("NoPermissionsInAccessToken"), setup, "", "Application Mail.Send", 0},
		{"the mailbox is a guest's, or not in the cloud", 404, errorBody("MailboxNotEnabledForRESTAPI"), setup, "", "Exchange Online", 0},
		{"there is no such mailbox", 404, errorBody("ErrorInvalidUser"), setup, "", "--mailbox", 0},
		{"there is no such user", 404, errorBody("Request_ResourceNotFound"), setup, "", "--mailbox", 0},
		{"the directory has no Exchange", 404, errorBody("OrganizationFromTenantGuidNotFound"), setup, "", "licence", 0},
		{"the recipient is none", 400, errorBody("ErrorInvalidRecipients"), courier.Rejected, verify.ReasonInvalidRecipient, "", 0},
		{"the message is too large", 400, errorBody("ErrorMessageSizeExceeded"), setup, "", "MaxSendSize", 0},
		{"the request is too large", 413, "<html>", setup, "", "", 0},
		{"the day's limit is reached", 403, errorBody("ErrorExceededMessageLimit"), setup, "", "second carrier", 0},
		{"the mailbox that sends is full", 403, errorBody("ErrorQuotaExceeded"), setup, "", "more space", 0},
		{"the mailbox is blocked", 403, errorBody("ErrorMessageSubmissionBlocked"), setup, "", "Restricted entities", 0},
		{"the account is suspended", 403, errorBody("ErrorAccountSuspend"), setup, "", "Sign in", 0},
		{"an error that is not known", 400, errorBody("ErrorOfTomorrow"), setup, "", "", 0},
		{"a code that is a text", 400, errorBody("about dana@contoso.com"), setup, "", "", 0},
		{"a redirect is not followed", 307, "", setup, "", "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMicrosoft(t)
			m.answer = func(w http.ResponseWriter, _ int) {
				if c.after > 0 {
					w.Header().Set("Retry-After", "7")
				}
				w.Header().Set("Location", m.URL+"/elsewhere/token")
				w.WriteHeader(c.status)
				_, _ = fmt.Fprint(w, c.body)
			}
			_, err := m.sender(t, nil).Send(t.Context(), outgoing(nil))
			f := faultOf(t, err)
			if f.Kind != c.kind || f.Reason != c.reason || f.RetryAfter != c.after || !strings.Contains(f.NextStep, c.next) || c.next == "" && f.NextStep != "" {
				t.Errorf("kind %d, reason %q, after %v, next step %q: %v", f.Kind, f.Reason, f.RetryAfter, f.NextStep, f)
			}
			if sends, tokens := m.counts(); !strings.HasPrefix(f.Error(), fmt.Sprintf("graph: HTTP %d", c.status)) || sends != 1 || tokens != 1 {
				t.Errorf("%v after %d requests with %d tokens", f, sends, tokens)
			}
		})
	}
}

func TestATokenThatEndedEarlyIsReplacedOnce(t *testing.T) {
	for _, c := range []struct {
		name       string
		code       string
		refusals   int // of the second message's requests
		wantSends  int
		wantTokens int
		wantErr    string
	}{
		{"the new token is taken", "InvalidAuthenticationToken", 1, 3, 2, ""},
		{"without a body", "", 1, 3, 2, ""},
		{"the new token is refused, too", "InvalidAuthenticationToken", 9, 3, 2, "Graph refuses the access token"},
		{"no code that is known", "UnknownError", 9, 3, 2, "no permission that Exchange knows"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMicrosoft(t)
			m.answer = func(w http.ResponseWriter, send int) {
				if send == 1 || send > 1+c.refusals {
					w.WriteHeader(http.StatusAccepted)
					return
				}
				w.WriteHeader(http.StatusUnauthorized)
				_, _ = fmt.Fprintf(w, `{"error":{"code":%q,"message":"Lifetime validation failed, the token is expired."}}`, c.code)
			}
			s := m.sender(t, nil)
			if _, err := s.Send(t.Context(), outgoing(nil)); err != nil {
				t.Fatal(err)
			}
			_, err := s.Send(t.Context(), outgoing(nil))
			if c.wantErr == "" && err != nil || c.wantErr != "" && !strings.Contains(faultOf(t, err).Error(), c.wantErr) {
				t.Errorf("%v, want %q", err, c.wantErr)
			}
			if sends, tokens := m.counts(); sends != c.wantSends || tokens != c.wantTokens {
				t.Errorf("%d requests with %d tokens, want %d with %d", sends, tokens, c.wantSends, c.wantTokens)
			}
		})
	}
}

func TestALostAnswerIsIndeterminateAndNotAskedForAgain(t *testing.T) {
	m := newMicrosoft(t)
	m.answer = func(http.ResponseWriter, int) { panic(http.ErrAbortHandler) }
	_, err := m.sender(t, nil).Send(t.Context(), outgoing(nil))
	if sends, _ := m.counts(); faultOf(t, err).Kind != courier.Indeterminate || sends != 1 {
		t.Errorf("%d requests: %v", sends, err)
	}
}

func TestWhatGraphIsNotAskedFor(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*courier.OutgoingMessage)
		kind   courier.FaultKind
		reason verify.Code
	}{
		{"two recipients", func(m *courier.OutgoingMessage) { m.To = "dana@contoso.com,eve@contoso.com" }, courier.Rejected, verify.ReasonInvalidRecipient},
		{"a sender's name in two lines", func(m *courier.OutgoingMessage) { m.Mail.FromName = "Acme\r\nBcc: eve@contoso.com" }, courier.Misconfigured, ""},
		{"a subject in two lines", func(m *courier.OutgoingMessage) { m.Mail.Subject = "a\nb" }, courier.Misconfigured, ""},
		{"a sender's address that is none", func(m *courier.OutgoingMessage) { m.Mail.FromAddress = "acme" }, courier.Misconfigured, ""},
	} {
		m := newMicrosoft(t)
		_, err := m.sender(t, nil).Send(t.Context(), outgoing(c.change))
		sends, tokens := m.counts()
		if f := faultOf(t, err); f.Kind != c.kind || f.Reason != c.reason || sends+tokens != 0 {
			t.Errorf("%s: kind %d, reason %q, %d requests", c.name, f.Kind, f.Reason, sends+tokens)
		}
	}
}

func TestAnInternationalAddressThatExchangeRefusesIsForAnotherCarrier(t *testing.T) {
	m := newMicrosoft(t)
	m.answer = func(w http.ResponseWriter, _ int) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprint(w, `{"error":{"code":"ErrorInvalidRecipients"}}`)
	}
	_, err := m.sender(t, nil).Send(t.Context(), outgoing(func(m *courier.OutgoingMessage) { m.To = "dána@contoso.com" }))
	if f := faultOf(t, err); f.Kind != courier.Unsupported || f.Reason != verify.ReasonAddressForm {
		t.Errorf("kind %d, reason %q", f.Kind, f.Reason)
	}
}

func TestACheckProvesTheRightAndSendsNothing(t *testing.T) {
	for _, c := range []struct {
		name, code string
		status     int
		want       string // empty: it passes
	}{
		{"Graph misses the recipient", "ErrorInvalidRecipients", 400, ""},
		{"the application may not send", "ErrorAccessDenied", 403, "graph: HTTP 403, ErrorAccessDenied: the application may not send from this mailbox. Let the application"},
		{"the mailbox is not in the cloud", "MailboxNotEnabledForRESTAPI", 404, "graph: HTTP 404, MailboxNotEnabledForRESTAPI: the mailbox is inactive"},
		{"Graph refuses for another reason", "RequestBodyRead", 400, "graph: HTTP 400, RequestBodyRead"},
		{"Graph is busy", "ApplicationThrottled", 429, "graph: HTTP 429, ApplicationThrottled"},
	} {
		m := newMicrosoft(t)
		m.answer = func(w http.ResponseWriter, _ int) {
			w.WriteHeader(c.status)
			_, _ = fmt.Fprintf(w, `{"error":{"code":%q}}`, c.code)
		}
		err := m.sender(t, nil).Check(t.Context())
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if sends, _ := m.counts(); sends != 1 || !strings.Contains(m.bodies[0], `"toRecipients":[]`) || strings.Contains(m.bodies[0], "@") || !strings.Contains(m.bodies[0], `"saveToSentItems":false`) {
			t.Errorf("%s: asked %q", c.name, m.bodies)
		}
	}
}

func TestSettingsThatCantWorkAreRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*graph.Config)
		want   string
	}{
		{"no mailbox", func(c *graph.Config) { c.Mailbox = "" }, "graph: the mailbox's address"},
		{"two mailboxes", func(c *graph.Config) { c.Mailbox += ",b@acme-it.com" }, "graph: the mailbox's address"},
		{"an unknown cloud", func(c *graph.Config) { c.Microsoft.Cloud = "mars" }, "graph: the cloud is"},
		{"no credential", func(c *graph.Config) { c.Credential = "" }, "graph: the client secret is missing"},
		{"no clock", func(c *graph.Config) { c.Now = nil }, "graph: the clock is missing"},
	} {
		config := graph.Config{Microsoft: oauth.Microsoft{Directory: directory, Client: client}, Credential: secret, Mailbox: mailbox, Now: now}
		c.change(&config)
		if _, err := graph.New(config); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}
