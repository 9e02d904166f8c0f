package app_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/bff/internal/app/apptest"
	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/courier/graph"
	"github.com/shieldpod/shieldpod/bff/internal/courier/oauth"
	"github.com/shieldpod/shieldpod/bff/internal/courier/sendgrid"
	"github.com/shieldpod/shieldpod/bff/internal/courier/smtp"
	"github.com/shieldpod/shieldpod/bff/internal/courier/twilio"
	"github.com/shieldpod/shieldpod/bff/internal/courier/vonage"
)

// shape is settings and secret of an account.
type shape struct{ settings, secret any }

// carrierCase is what a carrier must be and do. Each carrier of app.Carriers needs one.
type carrierCase struct {
	kind     channel.Kind
	patterns []string
	good     []shape          // with every field set in one of them
	forgery  map[string]shape // accounts under which reports could be forged
}

func carrierCases(t *testing.T) map[string]carrierCase {
	t.Helper()
	const api, signature = "https://api.carrier.example", "a signature secret of theirs"
	mails := sendgrid.Settings{From: "verify@acme.example", Host: api, WebhookKey: apptest.WebhookKey(t)}
	texts := vonage.Settings{Key: "12345678", From: "AcmeIT", Host: api, SignatureMethod: vonage.SHA512}
	account := twilio.Settings{Account: "AC" + strings.Repeat("0", 32), Key: "SK" + strings.Repeat("0", 32), From: "+15105550100", Host: api}
	application := oauth.Microsoft{Directory: "acme.example", Client: "0f0e0d0c-0b0a-4908-8706-050403020100", Cloud: oauth.USGov}
	unsigned, weak := mails, texts
	unsigned.WebhookKey, weak.SignatureMethod = "", "md5hash"
	return map[string]carrierCase{
		"sendgrid": {
			kind: channel.Email, patterns: []string{"POST /hooks/sendgrid/{tenant}", "POST /hooks/sendgrid"},
			good:    []shape{{mails, sendgrid.Secret{Key: "SG.key"}}},
			forgery: map[string]shape{"without a webhook key": {unsigned, sendgrid.Secret{Key: "SG.key"}}},
		},
		"graph": {
			kind: channel.Email,
			good: []shape{{
				graph.Settings{Microsoft: application, Mailbox: "verify@acme.example", SaveToSentItems: true, Host: api},
				graph.Secret{Credential: "the-credential"},
			}},
		},
		"smtp": {
			kind: channel.Email,
			good: []shape{
				{
					smtp.Settings{Host: "mail.acme.example", Port: 2525, Security: smtp.TLS, Username: "verify", From: "verify@acme.example", Hello: "pod.example"},
					smtp.Secret{Password: "the password"},
				},
				{
					smtp.Settings{
						Host: "smtp.office365.com", Security: smtp.STARTTLS, From: "verify@acme.example", SignIn: smtp.ByMicrosoft, Microsoft: application, TokenHost: api,
					},
					smtp.Secret{Credential: "the-credential"},
				},
			},
		},
		"twilio": {
			kind: channel.Phone, patterns: []string{"POST /hooks/twilio/{tenant}"},
			good:    []shape{{account, twilio.Secret{Token: "the token", Secret: "the secret"}}},
			forgery: map[string]shape{"without the auth token": {account, twilio.Secret{Secret: "the secret"}}},
		},
		"vonage": {
			kind: channel.Phone, patterns: []string{"GET /hooks/vonage/{tenant}", "POST /hooks/vonage/{tenant}"},
			good: []shape{{texts, vonage.Secret{Secret: "the secret", SignatureSecret: signature}}},
			forgery: map[string]shape{
				"without a signature secret":   {texts, vonage.Secret{Secret: "the secret"}},
				"with one that can be guessed": {texts, vonage.Secret{Secret: "the secret", SignatureSecret: "short"}},
				"with a weak signature method": {weak, vonage.Secret{Secret: "the secret", SignatureSecret: signature}},
			},
		},
	}
}

func TestEachCarrierHasWhatItNeeds(t *testing.T) {
	server := courier.Server{PublicURL: "https://pod.example", Now: app.SystemClock}
	cases := carrierCases(t)
	for _, p := range app.Carriers {
		t.Run(p.Name, func(t *testing.T) {
			c, ok := cases[p.Name]
			if delete(cases, p.Name); !ok {
				t.Fatal("there is no case for it, or it is listed twice")
			}
			if p.Kind != c.kind || p.Title == "" || !slices.Equal(p.Patterns(), c.patterns) {
				t.Errorf("kind %q, title %q, reports at %q; want %q and %q", p.Kind, p.Title, p.Patterns(), c.kind, c.patterns)
			}
			if reports := p.Reports; len(c.patterns) > 0 && (reports.Parse == nil || reports.MaxBytes <= 0 || reports.MaxAge <= 0 || len(c.forgery) == 0) {
				t.Errorf("its reports need a parser, limits and accounts under which they could be forged: %+v", reports)
			}
			checkFlags(t, p, c.good[0])
			checkFieldsSet(t, c.good)
			for _, good := range c.good {
				account := good.account(t, p)
				checkStored(t, account, good)
				carrier, err := app.Carriers.Open(account, server)
				if err != nil || carrier == nil {
					t.Fatalf("a good account is refused: %v", err)
				}
			}
			account := c.good[0].account(t, p)
			for name, forgery := range c.forgery {
				checkForgeable(t, name, p, forgery.account(t, p), server)
			}
			for name, settings := range map[string]string{
				"a sender in two lines":     strings.Replace(string(account.Settings), `"from":"`, `"from":"its secret\n`, 1),
				"settings of another shape": `{"from":["its secret"]}`,
			} {
				account.Settings = []byte(settings)
				if carrier, err := app.Carriers.Open(account, server); err == nil || carrier != nil || strings.Contains(err.Error(), "its secret") {
					t.Errorf("%s: %v, %v", name, carrier, err)
				}
			}
		})
	}
	if len(cases) > 0 {
		t.Errorf("%d cases are of no carrier", len(cases))
	}
	if _, err := app.Carriers.Open(admin.CarrierAccount{Carrier: "pigeon"}, server); err == nil || err.Error() != `there is no carrier "pigeon"` {
		t.Errorf("an unknown carrier: %v", err)
	}
}

func (s shape) account(t *testing.T, p courier.Plugin) admin.CarrierAccount {
	t.Helper()
	a, err := p.NewAccount("acme", 3, s.settings, s.secret)
	if err != nil || a.Tenant != "acme" || a.Carrier != p.Name || a.Kind != p.Kind || a.Priority != 3 {
		t.Fatalf("%+v, %v", a, err)
	}
	return a
}

// flagTexts are the values of flags that read files and URLs.
type flagTexts struct{}

func (flagTexts) Secret(flag, _ string) (string, error)     { return flag, nil }
func (flagTexts) Credential(flag, _ string) (string, error) { return flag, nil }
func (flagTexts) Site(string, string) error                 { return nil }

// checkFlags checks that the command has a help and flags of its own, which give an account of the types of the case.
func checkFlags(t *testing.T, p courier.Plugin, want shape) {
	t.Helper()
	settings, secret, err := p.Flags().Account(flagTexts{})
	if err != nil || reflect.TypeOf(settings) != reflect.TypeOf(want.settings) || reflect.TypeOf(secret) != reflect.TypeOf(want.secret) {
		t.Errorf("its flags give %T and %T, %v", settings, secret, err)
	}
	if p.Help == "" || p.Flags() == p.Flags() {
		t.Errorf("the help is %q, and two commands must not share flags", p.Help)
	}
	for i := range reflect.TypeOf(secret).NumField() {
		if text := reflect.ValueOf(secret).Field(i).String(); !strings.HasSuffix(text, "-file") {
			t.Errorf("%T.%s comes from the flag %q and not from a file", secret, reflect.TypeOf(secret).Field(i).Name, text)
		}
	}
}

// checkFieldsSet checks that each field of settings and secret is set in one of the shapes.
func checkFieldsSet(t *testing.T, shapes []shape) {
	t.Helper()
	for _, part := range []func(shape) any{func(s shape) any { return s.settings }, func(s shape) any { return s.secret }} {
		kind := reflect.TypeOf(part(shapes[0]))
		for i := range kind.NumField() {
			if !slices.ContainsFunc(shapes, func(s shape) bool { return !reflect.ValueOf(part(s)).Field(i).IsZero() }) {
				t.Errorf("%s.%s is not set by this test", kind, kind.Field(i).Name)
			}
		}
	}
}

// checkStored checks that every field of an account is read as it was stored, and that no secret is in the settings.
func checkStored(t *testing.T, a admin.CarrierAccount, want shape) {
	t.Helper()
	settings, secret := reflect.New(reflect.TypeOf(want.settings)), reflect.New(reflect.TypeOf(want.secret))
	if err := courier.ReadAccount(a, settings.Interface(), secret.Interface()); err != nil {
		t.Fatal(err)
	}
	for got, stored := range map[reflect.Value]any{settings.Elem(): want.settings, secret.Elem(): want.secret} {
		if !reflect.DeepEqual(got.Interface(), stored) {
			t.Errorf("read %+v, want %+v", got, stored)
		}
	}
	for i := range secret.Elem().NumField() {
		if text := secret.Elem().Field(i).String(); text != "" && strings.Contains(string(a.Settings), text) {
			t.Errorf("the settings hold the secret %q", text)
		}
	}
}

// checkForgeable checks that an account is not opened and that none of its reports is read.
func checkForgeable(t *testing.T, name string, p courier.Plugin, a admin.CarrierAccount, server courier.Server) {
	t.Helper()
	if carrier, err := app.Carriers.Open(a, server); err == nil || carrier != nil {
		t.Errorf("%s: it is opened", name)
	}
	signed, err := p.Reports.Parse(courier.ReportRequest{
		Request: httptest.NewRequest(http.MethodPost, "/hooks/"+p.Name+"/acme", nil), Tenant: "acme", Account: a, PublicURL: server.PublicURL, Now: time.Now(),
	})
	var rejection *courier.Rejection
	if signed != nil || err == nil || errors.As(err, &rejection) {
		t.Errorf("%s: a report is looked at: %v, %v", name, signed, err)
	}
}
