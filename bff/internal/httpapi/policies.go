package httpapi

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/launch"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/api"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// policiesPerPage is the length of a page.
const policiesPerPage = 100

// ListPolicies returns a page of the overrides of the tenant and its clients.
func (a *routes) ListPolicies(c echo.Context, params api.ListPoliciesParams) error {
	caller, err := a.caller(c, admin.ScopePoliciesRead)
	if err != nil {
		return err
	}
	after, err := base64.RawURLEncoding.DecodeString(params.Cursor)
	if err != nil || !utf8.Valid(after) {
		return &verify.Error{Code: verify.CodeInvalid, Field: "cursor", Public: "This cursor is none of ours."}
	}
	list, more, err := a.Verify.PolicyList(c.Request().Context(), caller.Tenant, string(after), policiesPerPage)
	if err != nil {
		return err
	}
	page := pageOf(list)
	if more {
		page.Next = base64.RawURLEncoding.EncodeToString([]byte(list[len(list)-1].Client))
	}
	return c.JSON(http.StatusOK, page)
}

// GetDefaultPolicy returns the tenant's default policy.
func (a *routes) GetDefaultPolicy(c echo.Context) error { return a.policy(c, "") }

// GetClientPolicy returns the policy of a client.
func (a *routes) GetClientPolicy(c echo.Context, id api.ForeignId) error { return a.policy(c, id) }

func (a *routes) policy(c echo.Context, client string) error {
	caller, err := a.caller(c, admin.ScopePoliciesRead)
	if err != nil {
		return err
	}
	return a.policyView(c, caller.Tenant, client)
}

// policyBody is an edit in a request. The fields are passed on as raw JSON, because the domain checks their ranges.
type policyBody struct {
	Client  string                     `json:"client_id"`
	Version *int64                     `json:"version"`
	Name    string                     `json:"name"`
	Fields  map[string]json.RawMessage `json:"fields"`
}

func (b policyBody) edit(client string) (admin.PolicyEdit, error) {
	switch {
	case b.Version == nil:
		return admin.PolicyEdit{}, &verify.Error{Code: verify.CodeInvalid, Field: "version", Public: "This field is required."}
	case b.Fields == nil:
		return admin.PolicyEdit{}, &verify.Error{Code: verify.CodeInvalid, Field: "fields", Public: "This field is required."}
	}
	if client != "" {
		if err := launch.CheckClientID(client); err != nil {
			return admin.PolicyEdit{}, err
		}
	}
	return admin.PolicyEdit{Client: client, Version: *b.Version, Name: b.Name, Fields: b.Fields}, nil
}

// PutDefaultPolicy replaces the overrides of the tenant.
func (a *routes) PutDefaultPolicy(c echo.Context) error { return a.putPolicy(c, "") }

// PutClientPolicy replaces the overrides of a client.
func (a *routes) PutClientPolicy(c echo.Context, id api.ForeignId) error { return a.putPolicy(c, id) }

func (a *routes) putPolicy(c echo.Context, client string) error {
	caller, err := a.caller(c, admin.ScopePoliciesWrite)
	if err != nil {
		return err
	}
	var body struct { // the path names the client
		Version *int64                     `json:"version"`
		Name    string                     `json:"name"`
		Fields  map[string]json.RawMessage `json:"fields"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	edit, err := policyBody{Version: body.Version, Name: body.Name, Fields: body.Fields}.edit(client)
	if err != nil {
		return err
	}
	if _, err := a.Admin.EditPolicies(c.Request().Context(), caller.Actor, caller.Tenant, []admin.PolicyEdit{edit}); err != nil {
		return err
	}
	return a.policyView(c, caller.Tenant, client)
}

// PutPolicies replaces the overrides of several clients, all or none.
func (a *routes) PutPolicies(c echo.Context) error {
	caller, err := a.caller(c, admin.ScopePoliciesWrite)
	if err != nil {
		return err
	}
	var body struct {
		Policies []policyBody `json:"policies"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	edits := make([]admin.PolicyEdit, len(body.Policies))
	for i, b := range body.Policies {
		if edits[i], err = b.edit(b.Client); err != nil {
			return admin.AtIndex(err, i)
		}
	}
	after, err := a.Admin.EditPolicies(c.Request().Context(), caller.Actor, caller.Tenant, edits)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, pageOf(after))
}

// UnlockContact clears the wrong codes, the denial and the suppressed numbers of a contact.
func (a *routes) UnlockContact(c echo.Context, id api.ForeignId) error {
	caller, err := a.caller(c, admin.ScopeContactsUnlock)
	if err != nil {
		return err
	}
	if err := checkLength("id", id, 1, 128); err != nil {
		return err
	}
	cleared, err := a.Admin.Unlock(c.Request().Context(), caller.Actor, caller.Tenant, id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, api.UnlockResult{ContactId: id, Failures: cleared.Failures,
		Denied: cleared.Denied, Suppressions: cleared.Suppressions})
}

// caller returns the holder of the request's API key, if the key has the scope.
func (a *routes) caller(c echo.Context, scope admin.Scope) (admin.Caller, error) {
	values := c.Request().Header.Values("Authorization")
	if len(values) == 1 {
		if secret, found := strings.CutPrefix(values[0], "Bearer "); found {
			caller, err := a.Admin.Authenticate(c.Request().Context(), secret)
			if caller.Tenant != "" {
				c.Set(tenantKey, caller.Tenant)
			}
			if err == nil {
				err = caller.Require(scope)
			}
			return caller, err
		}
	}
	return admin.Caller{}, &verify.Error{Code: verify.CodeAPIKey, Public: "Send an API key: Authorization: Bearer spk_…"}
}

func (a *routes) policyView(c echo.Context, tenant, client string) error {
	ctx := c.Request().Context()
	rules, err := a.Verify.EffectivePolicy(ctx, tenant, client)
	if err != nil {
		return err
	}
	view := api.PolicyView{Overrides: overridesOf(rules.Level(client)), Effective: fieldsOf(rules.AllValues())}
	for _, f := range policy.Fields {
		e := rules.Explain(f.Name, "")
		view.Explanations = append(view.Explanations, api.Explanation{
			Field: e.Field, Source: api.ExplanationSource(e.Source), Version: e.Version, By: e.By, At: utc(e.At), Text: e.Text,
		})
	}
	return c.JSON(http.StatusOK, view)
}

func pageOf(list []policy.Overrides) api.PolicyPage {
	page := api.PolicyPage{Policies: make([]api.PolicyOverrides, len(list))}
	for i, s := range list {
		page.Policies[i] = overridesOf(s)
	}
	return page
}

func overridesOf(s policy.Overrides) api.PolicyOverrides {
	return api.PolicyOverrides{
		ClientId: s.Client, Name: s.Name, Version: s.Version, EditedBy: s.By, EditedAt: utc(s.At), Fields: fieldsOf(s.Values()),
	}
}

// fieldsOf converts the fields to the contract's types, in which they are stored.
func fieldsOf(values map[string]json.RawMessage) (fields api.PolicyFields) {
	all, err := json.Marshal(values)
	if err == nil {
		err = strictjson.Unmarshal(all, &fields)
	}
	if err != nil {
		panic("a policy is not of the contract: " + err.Error()) // the domain stores valid fields only
	}
	return fields
}

func utc(at time.Time) time.Time {
	if at.IsZero() {
		return at
	}
	return at.UTC()
}
