package httpapi_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/shieldpod/shieldpod/bff/internal/httpapi"
	"github.com/shieldpod/shieldpod/bff/internal/landing"
	"github.com/shieldpod/shieldpod/bff/internal/launch"
	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/psa/directory"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/api"
	launchcontext "github.com/shieldpod/shieldpod/sdk/context"
)

const (
	publicURL = "https://pod.example"
	psaOrigin = "https://psa.example"
)

// border is the real API on a real store; only the bus and the courier stand still.
type border struct {
	t      *testing.T
	db     *store.Store
	domain *verify.Service
	door   *launch.Service
	server *httptest.Server
	router routers.Router
	manage *manage
	brands *message.Shelf
	keys   map[string]launchcontext.SigningKey // by tenant
	log    *bytes.Buffer
	now    time.Time
}

func newBorder(t *testing.T) *border {
	t.Helper()
	b := &border{
		t: t, keys: map[string]launchcontext.SigningKey{}, log: &bytes.Buffer{}, manage: &manage{},
		now: time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC),
	}
	clock := func() time.Time { return b.now }
	b.db = storetest.SQLite(t)
	b.domain = storetest.Service(b.db, clock)
	b.door = &launch.Service{
		Tenants: b.db, Sessions: b.db, Recogniser: b.domain, Hosted: b.manage,
		Tickets: psa.Systems{Directory: directory.Directory{Cards: b.db}}, Audience: publicURL, Secret: bytes.Repeat([]byte{3}, 32),
		Now: clock, Entropy: rand.Reader,
	}
	b.brands = &message.Shelf{Tenants: b.db, Brandings: b.db, Now: clock}
	handler := httpapi.New(httpapi.Config{
		Verify: b.domain, Launch: b.door, Tenants: b.db, APIKeys: b.db, Directory: directory.Directory{Cards: b.db}, Brands: b.brands, Brandings: b.db, Landing: landing.Preview, Live: http.NotFoundHandler(), PodPage: []byte("<!doctype html><head><title>pod</title></head>"),
		PublicURL: publicURL, Contract: api.Contract, Metrics: httpapi.NewMetrics(func() int { return 0 }),
		Ready: func(context.Context) []httpapi.NotReady { return nil }, Log: slog.New(slog.NewTextHandler(b.log, nil)),
	})
	b.server = httptest.NewServer(handler)
	t.Cleanup(b.server.Close)
	b.router = contract(t)
	b.tenant("acme")
	return b
}

// contract is the OpenAPI document, checked, as a router of requests to its operations.
func contract(t *testing.T) routers.Router {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(api.Contract)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return router
}

// tenant creates one whose PSA signs with a key of its own.
func (b *border) tenant(id string) {
	b.t.Helper()
	key, err := launchcontext.NewSigningKey(id+"-1", ed25519.NewKeyFromSeed(bytes.Repeat([]byte(id[:1]), 32)))
	if err != nil {
		b.t.Fatal(err)
	}
	material, err := key.Public().Material()
	if err != nil {
		b.t.Fatal(err)
	}
	b.keys[id] = key
	err = b.db.PutTenant(b.t.Context(), verify.Tenant{
		ID: id, Name: strings.ToUpper(id), Region: "US", Origins: []string{psaOrigin},
		Keys: []verify.SigningKey{{Issuer: psaOrigin, ID: key.ID(), Algorithm: "EdDSA", Material: material}},
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// context signs a launch context for a ticket of the tenant; its contacts' ids begin with the tenant's.
func (b *border) context(tenant, ticket string) string {
	b.t.Helper()
	return b.contextWith(tenant, ticket, "")
}

// contextWith also answers a challenge.
func (b *border) contextWith(tenant, ticket, nonce string) string {
	b.t.Helper()
	mobile, landline := true, false
	dana, raj := tenant+"-dana", tenant+"-raj"
	token, err := launchcontext.Signer{Key: b.keys[tenant], Now: func() time.Time { return b.now }}.Sign(launchcontext.Claims{
		Issuer: psaOrigin, Audience: publicURL, Subject: "ana", Tenant: tenant, Origin: psaOrigin, Nonce: nonce,
		Actor: launchcontext.Actor{Name: "Ana Ortiz"},
		Context: launchcontext.Context{
			PSA: "desk", Ticket: launchcontext.Ticket{ID: ticket, Number: ticket, Summary: "Reset my password"},
			Client:  launchcontext.Client{ID: "contoso", Name: "Contoso"},
			Contact: launchcontext.Default{ID: dana, Name: "Dana Reyes"},
			Contacts: []launchcontext.Contact{
				{ID: dana, Name: "Dana Reyes", Channels: []launchcontext.Channel{
					{ID: "mobile", Kind: "phone", Value: "+14155554821", Label: "Mobile", Mobile: &mobile},
					{ID: "desk", Kind: "phone", Value: "+14155550199", Label: "Desk", Mobile: &landline},
					{ID: "mail", Kind: "email", Value: "dana@contoso.com"},
				}},
				{ID: raj, Name: "Raj Patel", Channels: []launchcontext.Channel{
					{ID: "raj-mobile", Kind: "phone", Value: "+14155554822", Label: "Mobile", Mobile: &mobile},
				}},
			},
		},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return token
}

// answer is what came back, its body read.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) problem(t *testing.T) api.Problem {
	t.Helper()
	var p api.Problem
	if err := json.Unmarshal(a.body, &p); err != nil {
		t.Fatalf("the answer is not a problem: %v: %s", err, a.body)
	}
	return p
}

// call sends a request as it is, and checks the answer against the contract.
func (b *border) call(method, path, bearer, body string, headers ...string) answer {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), method, b.server.URL+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	a := b.do(request)
	if strings.HasPrefix(path, "/api/") && method != http.MethodHead { // which has no body to check
		b.check(request, a, body)
	}
	return a
}

func (b *border) do(request *http.Request) answer {
	b.t.Helper()
	response, err := b.server.Client().Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{status: response.StatusCode, header: response.Header, body: content}
}

// check holds the answer, and a request that was accepted, against the document.
func (b *border) check(request *http.Request, a answer, body string) {
	b.t.Helper()
	asked := request.Clone(b.t.Context())
	asked.URL.Scheme, asked.URL.Host, asked.Host = "", "", ""
	asked.Body = io.NopCloser(strings.NewReader(body))
	route, params, err := b.router.FindRoute(asked)
	if err != nil {
		return // not of the contract: the test says what is to come of it
	}
	input := &openapi3filter.RequestValidationInput{
		Request: asked, Route: route, PathParams: params,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true},
	}
	if a.status < 300 {
		if err := openapi3filter.ValidateRequest(b.t.Context(), input); err != nil {
			b.t.Errorf("%s %s was accepted, and the contract refuses it: %v", request.Method, request.URL.Path, err)
		}
	}
	err = openapi3filter.ValidateResponse(b.t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: a.status, Header: a.header, Body: io.NopCloser(bytes.NewReader(a.body)),
		Options: input.Options,
	})
	if err != nil {
		b.t.Errorf("the answer to %s %s is not of the contract: %v", request.Method, request.URL.Path, err)
	}
}

// launch opens a ticket.
func (b *border) launch(tenant, ticket string) api.SessionOpened {
	b.t.Helper()
	a := b.call(http.MethodPost, "/api/v1/launch", "", `{"context":"`+b.context(tenant, ticket)+`"}`)
	return into[api.SessionOpened](b.t, a, http.StatusOK)
}

// send asks for a verification; headers may override the idempotency key.
func (b *border) send(bearer, contact, channel, method, note string) answer {
	b.t.Helper()
	body, err := json.Marshal(map[string]string{"contact_id": contact, "channel_id": channel, "method": method, "note": note})
	if err != nil {
		b.t.Fatal(err)
	}
	return b.call(http.MethodPost, "/api/v1/verifications", bearer, string(body), "Idempotency-Key", rand.Text())
}

// job takes the only waiting message out of the outbox: the end user's phone.
func (b *border) job() verify.Job {
	b.t.Helper()
	var jobs []verify.Job
	for _, kind := range []verify.ChannelKind{verify.Phone, verify.Email} {
		claimed, err := b.db.ClaimJobs(b.t.Context(), kind, b.now, b.now.Add(time.Minute), 10)
		if err != nil {
			b.t.Fatal(err)
		}
		jobs = append(jobs, claimed...)
	}
	if len(jobs) != 1 {
		b.t.Fatalf("the outbox has %d jobs, want 1", len(jobs))
	}
	return jobs[0]
}

// events tells how many events the tenant has.
func (b *border) events(tenant string) int64 {
	b.t.Helper()
	count, broken, err := b.db.VerifyChain(b.t.Context(), tenant)
	if err != nil || broken != nil {
		b.t.Fatalf("the chain: %v, %v", broken, err)
	}
	return count
}

func into[T any](t *testing.T, a answer, status int) (out T) {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	if err := json.Unmarshal(a.body, &out); err != nil {
		t.Fatal(err)
	}
	return out
}
