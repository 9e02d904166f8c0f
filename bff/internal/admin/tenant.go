package admin

import (
	"context"
	"io"
	"net/url"
	"regexp"
	"slices"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// maxName is how long the name of a tenant or of a key's holder may be, in characters.
const maxName = 60

// defaultRegion is the region of a tenant that sets none.
const defaultRegion = "US"

// webhookSecretLength is in bytes.
const webhookSecretLength = 32

var slug = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$`)

// TenantEdit is what is to change in a tenant. What is empty stays as it is.
type TenantEdit struct {
	Name          string
	Region        string   // ISO 3166 country
	Origins       []string // in place of all before
	AddOrigins    []string
	RemoveOrigins []string
	ProcedureURL  string
	WebhookURL    string
	RemoveWebhook bool
}

// TenantResult is a tenant before and after an edit.
type TenantResult struct {
	Created       bool
	Before, After Tenant
	WebhookSecret []byte // that was made for a webhook without one; it is not shown again
}

// PutTenant creates a tenant, or changes the named settings of one. CodeInvalid: Field names the setting that is
// refused. CodeNotFound: there is no such tenant, and the edit lacks the name or the origin that a new one needs.
func (s *Service) PutTenant(ctx context.Context, by Actor, id string, edit TenantEdit) (result TenantResult, err error) {
	if !slug.MatchString(id) {
		return result, invalid("id", "a slug has up to 40 of a-z, 0-9 and hyphens, like acme-it")
	}
	err = s.perform(ctx, by, id, func(a *act) error {
		before, err := a.Tenant(ctx, id)
		result = TenantResult{Created: verify.CodeOf(err) == verify.CodeNotFound}
		switch {
		case result.Created:
			result.After.Tenant = verify.Tenant{ID: id, Region: defaultRegion}
		case err != nil:
			return err
		default:
			result.Before, result.After = before, before
		}
		if err := s.editTenant(&result.After.Tenant, edit); err != nil {
			return err
		}
		if result.Created && (result.After.Name == "" || len(result.After.Origins) == 0) {
			return missing("There is no such tenant, and a new one needs a name and an origin.")
		}
		if result.WebhookSecret, err = s.editWebhook(&result.After.Webhook, edit); err != nil {
			return err
		}
		e := verify.Event{Kind: verify.EventTenantChanged, Changes: diff(tenantFacts(result.Before.Tenant), tenantFacts(result.After.Tenant))}
		if result.Created {
			e.Kind = verify.EventTenantCreated
		}
		return a.apply(ctx, e, func() error { return a.PutTenant(ctx, result.After) })
	})
	return result, err
}

func (s *Service) editTenant(t *verify.Tenant, edit TenantEdit) error {
	if edit.Name != "" {
		if err := s.Checks.CheckName(edit.Name, maxName); err != nil {
			return refused("name", err)
		}
		t.Name = edit.Name
	}
	if edit.Region != "" {
		if err := s.Checks.CheckRegion(edit.Region); err != nil {
			return refused("region", err)
		}
		t.Region = edit.Region
	}
	origins, err := s.editOrigins(t.Origins, edit)
	if err != nil {
		return err
	}
	t.Origins = origins
	if edit.ProcedureURL != "" {
		u, err := url.Parse(edit.ProcedureURL)
		if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.String() != edit.ProcedureURL {
			return invalid("procedure_url", "%q must be a web address that begins with https://", edit.ProcedureURL)
		}
		t.ProcedureURL = edit.ProcedureURL
	}
	return nil
}

func (s *Service) editOrigins(before []string, edit TenantEdit) ([]string, error) {
	for field, given := range map[string][]string{"origins": edit.Origins, "add_origins": edit.AddOrigins} {
		for _, origin := range given {
			if err := s.Checks.CheckOrigin(origin); err != nil {
				return nil, refused(field, err)
			}
		}
	}
	origins := slices.Clone(before)
	if len(edit.Origins) > 0 {
		origins = nil
	}
	for _, origin := range slices.Concat(edit.Origins, edit.AddOrigins) {
		if !slices.Contains(origins, origin) {
			origins = append(origins, origin)
		}
	}
	for _, origin := range edit.RemoveOrigins {
		at := slices.Index(origins, origin)
		if at < 0 {
			return nil, invalid("remove_origins", "%q may not frame the pod", origin)
		}
		origins = slices.Delete(origins, at, at+1)
	}
	return origins, nil
}

// editWebhook sets the webhook's URL. A webhook without a secret gets one, which is returned.
func (s *Service) editWebhook(w *verify.Webhook, edit TenantEdit) (made []byte, err error) {
	if edit.RemoveWebhook {
		*w = verify.Webhook{}
		return nil, nil
	}
	if edit.WebhookURL == "" {
		return nil, nil
	}
	if err := s.Checks.CheckURL(edit.WebhookURL); err != nil {
		return nil, refused("webhook_url", err)
	}
	w.URL = edit.WebhookURL
	if len(w.Secret) > 0 {
		return nil, nil
	}
	w.Secret = make([]byte, webhookSecretLength)
	_, err = io.ReadFull(s.Entropy, w.Secret)
	return w.Secret, err
}

// tenantFacts are what PutTenant changes.
func tenantFacts(t verify.Tenant) []fact {
	return []fact{
		plain("name", t.Name), plain("region", t.Region), plain("origins", t.Origins), plain("procedure_url", t.ProcedureURL),
		address("webhook_url", t.Webhook.URL), secret("webhook_secret", t.Webhook.Secret),
	}
}
