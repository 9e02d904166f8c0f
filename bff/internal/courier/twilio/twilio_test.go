package twilio_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/courier/couriertest"
	"github.com/shieldpod/shieldpod/bff/internal/courier/twilio"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

const (
	account = "AC0123456789abcdef0123456789abcdef"
	token   = "a-token-that-no-log-may-hold"
)

var now = time.Date(2026, 3, 4, 14, 0, 0, 0, time.UTC)

func clock() time.Time { return now }

func outgoing() courier.OutgoingMessage {
	return courier.OutgoingMessage{ID: "v_01", Tenant: "acme", To: "+14155554821", Text: "482 913 is the secret-code"}
}

func newSender(t *testing.T, recorder http.HandlerFunc, change func(*twilio.Config)) *twilio.Sender {
	t.Helper()
	server := httptest.NewServer(recorder)
	t.Cleanup(server.Close)
	c := twilio.Config{Account: account, Secret: token, From: "+15105550100", Host: server.URL, Callback: "https://pod.example", Now: clock}
	if change != nil {
		change(&c)
	}
	s, err := twilio.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func faultOf(t *testing.T, err error) *courier.Fault {
	t.Helper()
	return couriertest.Fault(t, err, "4155554821", "secret-code", token)
}

func TestTheRequestHasTwiliosForm(t *testing.T) {
	service := "MG0123456789abcdef0123456789abcdef"
	key := "SK0123456789abcdef0123456789abcdef"
	callback := "https://pod.example/hooks/twilio/acme?at=1772632800&job=v_01"
	for _, c := range []struct {
		name   string
		change func(*twilio.Config)
		user   string
		want   url.Values
	}{
		{"from a number", nil, account, url.Values{"From": {"+15105550100"}, "StatusCallback": {callback}}},
		{"from a messaging service", func(c *twilio.Config) { c.From = service }, account, url.Values{"MessagingServiceSid": {service}, "StatusCallback": {callback}}},
		{"with an API key", func(c *twilio.Config) { c.Key = key }, key, url.Values{"From": {"+15105550100"}, "StatusCallback": {callback}}},
		{"without receipts", func(c *twilio.Config) { c.Callback = "" }, account, url.Values{"From": {"+15105550100"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got url.Values
			s := newSender(t, func(w http.ResponseWriter, r *http.Request) {
				user, secret, _ := r.BasicAuth()
				if r.Method != http.MethodPost || r.URL.Path != "/2010-04-01/Accounts/"+account+"/Messages.json" || user != c.user || secret != token {
					t.Errorf("%s %s by %s", r.Method, r.URL, user)
				}
				if err := r.ParseForm(); err != nil {
					t.Error(err)
				}
				got = r.PostForm
				w.WriteHeader(http.StatusCreated)
				_, _ = fmt.Fprint(w, `{"sid":"SM77","status":"queued","error_code":null}`)
			}, c.change)
			receipt, err := s.Send(t.Context(), outgoing())
			if want := (courier.Result{Carrier: "twilio", Ref: "SM77"}); err != nil || receipt != want {
				t.Fatalf("receipt %v, error %v", receipt, err)
			}
			c.want.Set("To", "+14155554821")
			c.want.Set("Body", "482 913 is the secret-code")
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAResponseBecomesAFault(t *testing.T) {
	errorBody := func(code int) string {
		return fmt.Sprintf(`{"code":%d,"message":"'To' number +14155554821 is bad","status":400}`, code)
	}
	for _, c := range []struct {
		name   string
		status int
		body   string
		kind   courier.FaultKind
		reason verify.Code
		after  time.Duration
	}{
		{"too many requests", 429, errorBody(20429), courier.Temporary, "", 7 * time.Second},
		{"it is down", 503, "<html>", courier.Temporary, "", 7 * time.Second},
		{"a gateway gave up", 504, "", courier.Indeterminate, "", 0},
		{"the token is wrong", 401, errorBody(20003), courier.Misconfigured, "", 0},
		{"the number is none", 400, errorBody(21211), courier.Rejected, verify.ReasonInvalidRecipient, 0},
		{"the number is a landline", 400, errorBody(21614), courier.Rejected, verify.ReasonLandline, 0},
		{"the number is a landline, said at once", 400, errorBody(21635), courier.Rejected, verify.ReasonLandline, 0},
		{"the number is a short code", 400, errorBody(21265), courier.Rejected, verify.ReasonInvalidRecipient, 0},
		{"the number can't be reached", 400, errorBody(21214), courier.Rejected, verify.ReasonInvalidRecipient, 0},
		{"the number can't be one", 400, errorBody(21217), courier.Rejected, verify.ReasonInvalidRecipient, 0},
		{"the number blocks us", 400, errorBody(30004), courier.Rejected, verify.ReasonBlocked, 0},
		{"the number is unknown", 400, errorBody(30005), courier.Rejected, verify.ReasonInvalidRecipient, 0},
		{"a trial account", 400, errorBody(21608), courier.Misconfigured, "", 0},
		{"this sender can't reach the number", 400, errorBody(21612), courier.Misconfigured, "", 0},
		{"the text is too long", 400, errorBody(21617), courier.Misconfigured, "", 0},
		{"the sender is of another country", 400, errorBody(21659), courier.Misconfigured, "", 0},
		{"the sender is the recipient", 400, errorBody(21266), courier.Misconfigured, "", 0},
		{"the messaging service has no sender", 400, errorBody(21703), courier.Misconfigured, "", 0},
		{"the account is suspended", 403, errorBody(30002), courier.Misconfigured, "", 0},
		{"the sender's queue is full", 400, errorBody(21611), courier.Temporary, "", 0},
		{"under maintenance", 400, errorBody(21730), courier.Temporary, "", 0},
		{"an error that is not known", 400, errorBody(21999), courier.Misconfigured, "", 0},
		{"the number has said STOP", 400, errorBody(21610), courier.Rejected, verify.ReasonOptedOut, 0},
		{"the country is not switched on", 400, errorBody(21408), courier.Misconfigured, "", 0},
		{"the sender is not ours", 400, errorBody(21606), courier.Misconfigured, "", 0},
		{"a code of the recipient's in an answer that is not about it", 503, errorBody(21614), courier.Temporary, "", 7 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSender(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(c.status)
				_, _ = fmt.Fprint(w, c.body)
			}, nil)
			_, err := s.Send(t.Context(), outgoing())
			if f := faultOf(t, err); f.Kind != c.kind || f.Reason != c.reason || f.RetryAfter != c.after {
				t.Errorf("kind %d reason %q after %s: %v", f.Kind, f.Reason, f.RetryAfter, f)
			}
		})
	}
}

func TestASendWithoutAResponseIsIndeterminateOnceConnected(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	s := newSender(t, nil, func(c *twilio.Config) { c.Host = "http://" + address })
	_, err = s.Send(t.Context(), outgoing())
	if f := faultOf(t, err); f.Kind != courier.Temporary {
		t.Errorf("no listener: kind %d", f.Kind)
	}
	s = newSender(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, nil)
	_, err = s.Send(t.Context(), outgoing())
	if f := faultOf(t, err); f.Kind != courier.Indeterminate {
		t.Errorf("hung up: kind %d", f.Kind)
	}
}

func TestAnInvalidNumberIsRefusedBeforeTheRequest(t *testing.T) {
	s := newSender(t, func(http.ResponseWriter, *http.Request) { t.Error("it was asked") }, nil)
	for _, to := range []string{"", "14155554821", "+1415555482a", "+123456", "+1234567890123456", "+14155554821,+14155554822"} {
		p := outgoing()
		p.To = to
		_, err := s.Send(t.Context(), p)
		if f := faultOf(t, err); f.Kind != courier.Rejected || f.Reason != verify.ReasonInvalidRecipient {
			t.Errorf("%q: %v", to, f)
		}
	}
}

func TestACheckReadsTheAccountOnly(t *testing.T) {
	status := http.StatusOK
	s := newSender(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/2010-04-01/Accounts/"+account+".json" {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		w.WriteHeader(status)
	}, nil)
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
	status = http.StatusUnauthorized
	if f := faultOf(t, s.Check(t.Context())); f.Kind != courier.Misconfigured {
		t.Errorf("%v", f)
	}
}

func TestAnInvalidSettingIsRefused(t *testing.T) {
	good := twilio.Config{Account: account, Secret: token, From: "+15105550100", Callback: "https://pod.example", Now: clock}
	if _, err := twilio.New(good); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*twilio.Config){
		"twilio: an account's SID is AC and 32 hexadecimal digits":          func(c *twilio.Config) { c.Account = "AC12" },
		"twilio: an API key's SID is SK and 32 hexadecimal digits":          func(c *twilio.Config) { c.Key = "SK12" },
		"twilio: the auth token, or the API key's secret, is missing":       func(c *twilio.Config) { c.Secret = "" },
		"twilio: the sender's number, name or messaging service is missing": func(c *twilio.Config) { c.From = "" },
		"twilio: receipts need a clock":                                     func(c *twilio.Config) { c.Now = nil },
	} {
		c := good
		change(&c)
		if _, err := twilio.New(c); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
