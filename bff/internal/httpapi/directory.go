package httpapi

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/api"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// Directory stores the contacts that vendors push.
type Directory interface {
	// Push stores all contacts or none, and replaces those with the same ids. With the token of a sync, they belong to that sync.
	// CodeInvalid: the client would have too many contacts. CodeKeyReused: the sync is finished.
	Push(ctx context.Context, of verify.Clientele, contacts []launchcontext.Contact, sync string) error
	// List returns up to n contacts in order of their ids, after the given id.
	List(ctx context.Context, of verify.Clientele, after string, n int) ([]psa.Entry, error)
	// Remove removes a contact. It succeeds for an unknown id.
	Remove(ctx context.Context, of verify.Clientele, id string) error
	// Finish removes the contacts that were not pushed since the sync began, and returns their number.
	// CodeNotFound: nothing was pushed in this sync.
	Finish(ctx context.Context, of verify.Clientele, sync string) (removed int64, err error)
}

const (
	entriesPerPage = 100
	maxPush        = 500
	maxChannels    = 50
)

// directoryScope returns the scope of the request. Its tenant is always the tenant of the API key.
func (a *routes) directoryScope(c echo.Context, scope admin.Scope, system, client string) (verify.Clientele, error) {
	caller, err := a.caller(c, scope)
	if err != nil {
		return verify.Clientele{}, err
	}
	return verify.Clientele{Tenant: caller.Tenant, System: system, Client: client}, a.Config.Launch.CheckDirectoryScope(system, client)
}

// PushDirectory stores all contacts or none.
func (a *routes) PushDirectory(c echo.Context, system api.DirectorySystem, client api.DirectoryClient) error {
	of, err := a.directoryScope(c, admin.ScopeDirectoryWrite, system, client)
	if err != nil {
		return err
	}
	var body api.DirectoryPush
	if err := decode(c, &body); err != nil {
		return err
	}
	contacts, err := contactsOf(body)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	tenant, err := a.Tenants.Tenant(ctx, of.Tenant)
	if err != nil {
		return err
	}
	_, unreachable, err := a.Config.Launch.CheckContacts(tenant, of.System, contacts, a.Verify.Now())
	if err != nil {
		return err
	}
	if err := a.Directory.Push(ctx, of, contacts, body.Sync); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, api.DirectoryPushResult{Pushed: len(contacts), Unreachable: append([]string{}, unreachable...)})
}

// ListDirectory returns a page of contacts with masked destinations.
func (a *routes) ListDirectory(
	c echo.Context, system api.DirectorySystem, client api.DirectoryClient, params api.ListDirectoryParams,
) error {
	of, err := a.directoryScope(c, admin.ScopeDirectoryRead, system, client)
	if err != nil {
		return err
	}
	after, err := base64.RawURLEncoding.DecodeString(params.Cursor)
	if err != nil || !utf8.Valid(after) {
		return &verify.Error{Code: verify.CodeInvalid, Field: "cursor", Public: "This cursor is none of ours."}
	}
	ctx := c.Request().Context()
	tenant, err := a.Tenants.Tenant(ctx, of.Tenant)
	if err != nil {
		return err
	}
	entries, err := a.Directory.List(ctx, of, string(after), entriesPerPage+1)
	if err != nil {
		return err
	}
	page := api.DirectoryPage{Contacts: []api.DirectoryEntry{}}
	if len(entries) > entriesPerPage {
		entries = entries[:entriesPerPage]
		page.Next = base64.RawURLEncoding.EncodeToString([]byte(entries[entriesPerPage-1].Contact.ID))
	}
	for _, e := range entries {
		page.Contacts = append(page.Contacts, a.entryOf(tenant, of.System, e))
	}
	return c.JSON(http.StatusOK, page)
}

// RemoveFromDirectory removes a contact.
func (a *routes) RemoveFromDirectory(c echo.Context, system api.DirectorySystem, client api.DirectoryClient, id api.ForeignId) error {
	of, err := a.directoryScope(c, admin.ScopeDirectoryWrite, system, client)
	if err != nil {
		return err
	}
	if err := checkLength("contact_id", id, 1, 128); err != nil {
		return err
	}
	if err := a.Directory.Remove(c.Request().Context(), of, id); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// FinishDirectorySync removes the contacts that the sync has not pushed.
func (a *routes) FinishDirectorySync(c echo.Context, system api.DirectorySystem, client api.DirectoryClient, token api.SyncToken) error {
	of, err := a.directoryScope(c, admin.ScopeDirectoryWrite, system, client)
	if err != nil {
		return err
	}
	if err := syncToken("token", token); err != nil {
		return err
	}
	removed, err := a.Directory.Finish(c.Request().Context(), of, token)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, api.DirectorySyncResult{Removed: removed})
}

// contactsOf converts the body to contacts of a launch context and checks the limits of the contract. Package launch checks
// the values.
func contactsOf(body api.DirectoryPush) ([]launchcontext.Contact, error) {
	if body.Contacts == nil {
		return nil, &verify.Error{Code: verify.CodeInvalid, Field: "contacts", Public: "This field is required."}
	}
	if len(body.Contacts) > maxPush {
		return nil, &verify.Error{Code: verify.CodeInvalid, Field: "contacts", Public: fmt.Sprintf("Push at most %d contacts at once.", maxPush)}
	}
	if body.Sync != "" {
		if err := syncToken("sync", body.Sync); err != nil {
			return nil, err
		}
	}
	contacts := make([]launchcontext.Contact, len(body.Contacts))
	for i, c := range body.Contacts {
		at := fmt.Sprintf("contacts[%d].", i)
		if len(c.Channels) > maxChannels {
			return nil, &verify.Error{Code: verify.CodeInvalid, Field: at + "channels", Public: fmt.Sprintf("A contact has at most %d channels.", maxChannels)}
		}
		contacts[i] = launchcontext.Contact{ID: c.Id, Name: c.Name, Title: c.Title, Language: c.Language, TimeZone: c.TimeZone}
		for _, check := range []error{
			checkLength(at+"id", c.Id, 1, 128), checkLength(at+"name", c.Name, 1, 500), checkLength(at+"title", c.Title, 0, 500),
			checkLength(at+"language", c.Language, 0, 35), checkLength(at+"time_zone", c.TimeZone, 0, 98),
		} {
			if check != nil {
				return nil, check
			}
		}
		for j, ch := range c.Channels {
			if err := checkChannel(fmt.Sprintf("%schannels[%d].", at, j), ch); err != nil {
				return nil, err
			}
			contacts[i].Channels = append(contacts[i].Channels, launchcontext.Channel{
				ID: ch.Id, Kind: string(ch.Kind), Value: ch.Value, Label: ch.Label, Mobile: ch.Mobile, ChangedAt: ch.ChangedAt,
			})
		}
	}
	return contacts, nil
}

func checkChannel(at string, ch api.DirectoryChannel) error {
	for _, check := range []error{
		checkLength(at+"id", ch.Id, 1, 128), checkLength(at+"value", ch.Value, 1, 320), checkLength(at+"label", ch.Label, 0, 500),
	} {
		if check != nil {
			return check
		}
	}
	if !ch.Kind.Valid() {
		return &verify.Error{Code: verify.CodeInvalid, Field: at + "kind", Public: "A channel's kind is email or phone."}
	}
	return nil
}

func syncToken(field, token string) error {
	if len(token) < 8 || len(token) > 64 || strings.Trim(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
		return &verify.Error{Code: verify.CodeInvalid, Field: field, Public: "A sync's token has 8 to 64 letters, digits, hyphens or underscores."}
	}
	return nil
}

// entryOf returns a contact with masked destinations, because an API key can push destinations but not read them.
func (a *routes) entryOf(t verify.Tenant, system string, e psa.Entry) api.DirectoryEntry {
	entry := api.DirectoryEntry{
		Id: e.Contact.ID, Name: e.Contact.Name, Title: e.Contact.Title, Language: e.Contact.Language,
		TimeZone: e.Contact.TimeZone, PushedAt: e.At.UTC(), Channels: []api.DirectoryEntryChannel{},
	}
	read, _, err := a.Config.Launch.CheckContacts(t, system, []launchcontext.Contact{e.Contact}, e.At)
	if err != nil {
		return entry // accepted earlier and invalid now: a launch omits it
	}
	entry.Name, entry.Title = read[0].Name, read[0].Title
	for _, ch := range read[0].Channels {
		entry.Channels = append(entry.Channels, api.DirectoryEntryChannel{Id: ch.ID,
			Kind: api.DirectoryEntryChannelKind(ch.Kind), Label: ch.Label, Masked: verify.Mask(ch)})
	}
	return entry
}
