package client

import (
	"context"
	"errors"
	"iter"

	"github.com/shieldpod/shieldpod/sdk/api"
)

// ErrSamePage ends an iteration: the server's answer leads back to itself.
var ErrSamePage = errors.New("shieldpod: the server gives the same page again and again")

// Policies gives what each level sets: the tenant's default first, then its clients by id. An error ends it.
func (c *Client) Policies(ctx context.Context) iter.Seq2[api.PolicyOverrides, error] {
	return func(yield func(api.PolicyOverrides, error) bool) {
		for cursor := ""; ; {
			page, err := c.policyPage(ctx, cursor)
			if err == nil && page.Next != "" && page.Next == cursor {
				err = ErrSamePage
			}
			if err != nil {
				yield(api.PolicyOverrides{}, err)
				return
			}
			for _, p := range page.Policies {
				if !yield(p, nil) {
					return
				}
			}
			if cursor = page.Next; cursor == "" {
				return
			}
		}
	}
}

func (c *Client) policyPage(ctx context.Context, cursor string) (api.PolicyPage, error) {
	answer, err := c.api.ListPoliciesWithResponse(ctx, &api.ListPoliciesParams{Cursor: cursor})
	if err != nil {
		return api.PolicyPage{}, err
	}
	return value(answer.JSON200, answer.HTTPResponse, answer.ApplicationproblemJSONDefault)
}

// DefaultPolicy gives what the tenant sets, and the policy that results.
func (c *Client) DefaultPolicy(ctx context.Context) (api.PolicyView, error) {
	answer, err := c.api.GetDefaultPolicyWithResponse(ctx)
	if err != nil {
		return api.PolicyView{}, err
	}
	return value(answer.JSON200, answer.HTTPResponse, answer.ApplicationproblemJSONDefault)
}

// SetDefaultPolicy replaces what the tenant sets. stale_version: another edit was faster; the Error's Problem.Policy has it.
func (c *Client) SetDefaultPolicy(ctx context.Context, edit api.PolicyEdit) (api.PolicyView, error) {
	answer, err := c.api.PutDefaultPolicyWithResponse(ctx, edit)
	if err != nil {
		return api.PolicyView{}, err
	}
	return value(answer.JSON200, answer.HTTPResponse, answer.ApplicationproblemJSONDefault)
}

// SetClientPolicy replaces what a client sets. stale_version is as for SetDefaultPolicy.
func (c *Client) SetClientPolicy(ctx context.Context, client string, edit api.PolicyEdit) (api.PolicyView, error) {
	answer, err := c.api.PutClientPolicyWithResponse(ctx, client, edit)
	if err != nil {
		return api.PolicyView{}, err
	}
	return value(answer.JSON200, answer.HTTPResponse, answer.ApplicationproblemJSONDefault)
}

// SetPolicies replaces what several levels set: all of them or none.
func (c *Client) SetPolicies(ctx context.Context, edits ...api.ClientPolicyEdit) ([]api.PolicyOverrides, error) {
	answer, err := c.api.PutPoliciesWithResponse(ctx, api.PolicyBatch{Policies: append([]api.ClientPolicyEdit{}, edits...)})
	if err != nil {
		return nil, err
	}
	set, err := value(answer.JSON200, answer.HTTPResponse, answer.ApplicationproblemJSONDefault)
	return set.Policies, err
}
