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

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/httpapi"
	"github.com/shieldpod/shieldpod/bff/internal/landing"
	"github.com/shieldpod/shieldpod/bff/internal/launch"
	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/psa/directory"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/bff/internal/web"
	"github.com/shieldpod/shieldpod/sdk/api"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

const (
	publicURL = "https://pod.example"
	psaOrigin = "https://psa.example"
)

// harness is the API on a real store. Change notifications and messages are not sent.
type harness struct {
	t             *testing.T
	db            *store.Store
	domain        *verify.Service
	admin         *admin.Service
	launchService *launch.Service
	server        *httptest.Server
	router        routers.Router
	connectwise   *fakeConnectWise
	brands        *message.BrandCache
	keys          map[string]launchcontext.SigningKey // by tenant
	log           *bytes.Buffer
	now           time.Time
}

func newHarness(t *testing.T) *harness {
	t.Helper()
	h := &harness{
		t: t, keys: map[string]launchcontext.SigningKey{}, log: &bytes.Buffer{}, connectwise: &fakeConnectWise{},
		now: time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC),
	}
	clock := func() time.Time { return h.now }
	h.db = storetest.SQLite(t)
	h.domain = storetest.Service(h.db, clock)
	h.launchService = &launch.Service{
		Tenants: h.db, Sessions: h.db, ChangeDetector: h.domain, Hosted: h.connectwise,
		Tickets: psa.Systems{Directory: directory.Directory{Cards: h.db}}, Audience: publicURL, Secret: bytes.Repeat([]byte{3}, 32),
		Products: []psa.Product{{Name: "connectwise", Title: "ConnectWise"}},
		Now:      clock, Entropy: rand.Reader,
	}
	h.brands = message.NewBrandCache(h.db, h.db, clock)
	h.admin = storetest.Admin(h.db, clock)
	h.admin.Changed = func(tenant string) {
		h.domain.Forget(tenant)
		h.brands.Invalidate(tenant)
	}
	handler := httpapi.New(httpapi.Config{
		Verify: h.domain, Launch: h.launchService, Tenants: h.db, Admin: h.admin, Directory: directory.Directory{Cards: h.db}, Brands: h.brands, Brandings: h.db, Landing: landing.Preview, Live: http.NotFoundHandler(), PodPage: []byte("<!doctype html><head><title>pod</title></head>"),
		PublicURL: publicURL, Contract: api.Contract, Metrics: httpapi.NewMetrics(func() int { return 0 }),
		Ready: func(context.Context) []httpapi.NotReady { return nil }, Log: slog.New(slog.NewTextHandler(h.log, nil)),
	})
	h.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // as the server does
		web.SetHeaders(w.Header(), true)
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(h.server.Close)
	h.router = contract(t)
	h.tenant("acme")
	return h
}

// contract validates the OpenAPI document and returns a router to its operations.
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

// tenant creates a tenant with a signing key.
func (h *harness) tenant(id string) {
	h.t.Helper()
	key, err := launchcontext.NewSigningKey(id+"-1", ed25519.NewKeyFromSeed(bytes.Repeat([]byte(id[:1]), 32)))
	if err != nil {
		h.t.Fatal(err)
	}
	material, err := key.Public().Material()
	if err != nil {
		h.t.Fatal(err)
	}
	h.keys[id] = key
	err = storetest.PutTenantSettings(h.t.Context(), h.db, admin.Tenant{
		Tenant: verify.Tenant{ID: id, Name: strings.ToUpper(id), Region: "US", Origins: []string{psaOrigin}},
		Keys:   []admin.SigningKey{{Issuer: psaOrigin, ID: key.ID(), Algorithm: "EdDSA", Material: material}},
	})

	if err != nil {
		h.t.Fatal(err)
	}
}

// context signs a launch context for a ticket of the tenant. The ids of its contacts start with the tenant's id.
func (h *harness) context(tenant, ticket string) string {
	h.t.Helper()
	return h.contextWith(tenant, ticket, "")
}

// contextWith signs a launch context with a nonce.
func (h *harness) contextWith(tenant, ticket, nonce string) string {
	h.t.Helper()
	mobile, landline := true, false
	dana, raj := tenant+"-dana", tenant+"-raj"
	token, err := launchcontext.Signer{Key: h.keys[tenant], Now: func() time.Time { return h.now }}.Sign(launchcontext.Claims{
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
		h.t.Fatal(err)
	}
	return token
}

// response is an HTTP response with its body.
type response struct {
	status int
	header http.Header
	body   []byte
}

func (a response) problem(t *testing.T) api.Problem {
	t.Helper()
	var p api.Problem
	if err := json.Unmarshal(a.body, &p); err != nil {
		t.Fatalf("the answer is not a problem: %v: %s", err, a.body)
	}
	return p
}

// call sends a request and validates the response against the contract.
func (h *harness) call(method, path, bearer, body string, headers ...string) response {
	h.t.Helper()
	request, err := http.NewRequestWithContext(h.t.Context(), method, h.server.URL+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
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
	a := h.do(request)
	if strings.HasPrefix(path, "/api/") && method != http.MethodHead { // HEAD has no body
		h.check(request, a, body)
	}
	return a
}

func (h *harness) do(request *http.Request) response {
	h.t.Helper()
	raw, err := h.server.Client().Do(request)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = raw.Body.Close() }()
	content, err := io.ReadAll(raw.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return response{status: raw.StatusCode, header: raw.Header, body: content}
}

// check validates the response, and an accepted request, against the contract.
func (h *harness) check(request *http.Request, a response, body string) {
	h.t.Helper()
	asked := request.Clone(h.t.Context())
	asked.URL.Scheme, asked.URL.Host, asked.Host = "", "", ""
	asked.Body = io.NopCloser(strings.NewReader(body))
	route, params, err := h.router.FindRoute(asked)
	if err != nil {
		return // the contract does not have this route
	}
	input := &openapi3filter.RequestValidationInput{
		Request: asked, Route: route, PathParams: params,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true},
	}
	if a.status < 300 {
		if err := openapi3filter.ValidateRequest(h.t.Context(), input); err != nil {
			h.t.Errorf("%s %s was accepted, and the contract refuses it: %v", request.Method, request.URL.Path, err)
		}
	}
	err = openapi3filter.ValidateResponse(h.t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: a.status, Header: a.header, Body: io.NopCloser(bytes.NewReader(a.body)),
		Options: input.Options,
	})
	if err != nil {
		h.t.Errorf("the answer to %s %s is not of the contract: %v", request.Method, request.URL.Path, err)
	}
}

// launch opens a ticket.
func (h *harness) launch(tenant, ticket string) api.SessionOpened {
	h.t.Helper()
	a := h.call(http.MethodPost, "/api/v1/launch", "", `{"context":"`+h.context(tenant, ticket)+`"}`)
	return decodeAs[api.SessionOpened](h.t, a, http.StatusOK)
}

// send starts a verification.
func (h *harness) send(bearer, contact, channel, method, note string) response {
	h.t.Helper()
	body, err := json.Marshal(map[string]string{"contact_id": contact, "channel_id": channel, "method": method, "note": note})
	if err != nil {
		h.t.Fatal(err)
	}
	return h.call(http.MethodPost, "/api/v1/verifications", bearer, string(body), "Idempotency-Key", rand.Text())
}

// takeJob claims the only job in the outbox.
func (h *harness) takeJob() verify.Job {
	h.t.Helper()
	var jobs []verify.Job
	for _, kind := range []channel.Kind{channel.Phone, channel.Email} {
		claimed, err := h.db.Messages(kind).Claim(h.t.Context(), h.now, h.now.Add(time.Minute), 10, nil)
		if err != nil {
			h.t.Fatal(err)
		}
		jobs = append(jobs, claimed...)
	}
	if len(jobs) != 1 {
		h.t.Fatalf("the outbox has %d jobs, want 1", len(jobs))
	}
	return jobs[0]
}

// countEvents returns the number of the tenant's events.
func (h *harness) countEvents(tenant string) int64 {
	h.t.Helper()
	count, broken, err := h.db.VerifyChain(h.t.Context(), tenant)
	if err != nil || broken != nil {
		h.t.Fatalf("the event log: %v, %v", broken, err)
	}
	return count
}

func decodeAs[T any](t *testing.T, a response, status int) (out T) {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	if err := json.Unmarshal(a.body, &out); err != nil {
		t.Fatal(err)
	}
	return out
}
