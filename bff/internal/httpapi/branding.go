package httpapi

import (
	"context"
	"encoding/json"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/locale"
	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/api"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// Brands reads the brands of tenants. *message.BrandCache implements it.
type Brands interface {
	// Brand returns the brand of a tenant. The caller must not change it. CodeNotFound: the tenant is unknown.
	Brand(ctx context.Context, tenant string) (*message.Brand, error)
}

// LandingPreview renders a preview of the landing page with inactive buttons. landing.Preview implements it.
type LandingPreview func(b *message.Brand, language, zone string, v message.Values, until time.Time, left time.Duration) string

// GetBranding returns the tenant's branding.
func (a *routes) GetBranding(c echo.Context) error {
	caller, err := a.caller(c, admin.ScopeBrandingRead)
	if err != nil {
		return err
	}
	current, err := a.branding(c, caller.Tenant)
	if err != nil {
		return err
	}
	return a.brandingView(c, caller.Tenant, current)
}

// PutBranding replaces the tenant's branding except its logos.
func (a *routes) PutBranding(c echo.Context) error {
	caller, err := a.caller(c, admin.ScopeBrandingWrite)
	if err != nil {
		return err
	}
	var body struct {
		Version *int64          `json:"version"`
		Fields  json.RawMessage `json:"fields"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	switch {
	case body.Version == nil:
		return &verify.Error{Code: verify.CodeInvalid, Field: "version", Public: "This field is required."}
	case body.Fields == nil:
		return &verify.Error{Code: verify.CodeInvalid, Field: "fields", Public: "This field is required."}
	}
	before, err := a.branding(c, caller.Tenant)
	if err != nil {
		return err
	}
	next, err := before.set.WithFields(body.Fields)
	if err != nil {
		return err
	}
	return a.saveBranding(c, caller, *body.Version, before, next, "", nil)
}

// PutLogo sets the logo of e-mails.
func (a *routes) PutLogo(c echo.Context, p api.PutLogoParams) error {
	return a.putLogo(c, message.MailLogo, p.Version)
}

// DeleteLogo deletes the logo of e-mails.
func (a *routes) DeleteLogo(c echo.Context, p api.DeleteLogoParams) error {
	return a.deleteLogo(c, message.MailLogo, p.Version)
}

// PutLandingLogo sets the logo of the landing page.
func (a *routes) PutLandingLogo(c echo.Context, p api.PutLandingLogoParams) error {
	return a.putLogo(c, message.LandingLogo, p.Version)
}

// DeleteLandingLogo deletes the logo of the landing page, which then shows the logo of e-mails.
func (a *routes) DeleteLandingLogo(c echo.Context, p api.DeleteLandingLogoParams) error {
	return a.deleteLogo(c, message.LandingLogo, p.Version)
}

func (a *routes) putLogo(c echo.Context, p message.LogoPlacement, version int64) error {
	caller, err := a.caller(c, admin.ScopeBrandingWrite)
	if err != nil {
		return err
	}
	file, err := readImage(c)
	if err != nil {
		return err
	}
	before, err := a.branding(c, caller.Tenant)
	if err != nil {
		return err
	}
	logo, png, err := message.ReadLogo(file)
	if err != nil {
		return err
	}
	return a.saveBranding(c, caller, version, before, before.set.WithLogo(p, logo), logo.Hash, png)
}

func (a *routes) deleteLogo(c echo.Context, p message.LogoPlacement, version int64) error {
	caller, err := a.caller(c, admin.ScopeBrandingWrite)
	if err != nil {
		return err
	}
	before, err := a.branding(c, caller.Tenant)
	if err != nil {
		return err
	}
	return a.saveBranding(c, caller, version, before, before.set.WithLogo(p, message.Logo{}), "", nil)
}

// readImage reads a body with an image content type. message.ReadLogo detects the actual format.
func readImage(c echo.Context) ([]byte, error) {
	kind, _, err := mime.ParseMediaType(c.Request().Header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(kind, "image/") {
		return nil, &verify.Error{Code: codeMediaType, Public: "Send the picture as image/png, image/jpeg or image/webp."}
	}
	return readBody(c)
}

// brandingState is a tenant's stored branding and its parsed settings.
type brandingState struct {
	verify.Branding
	set message.BrandSettings
}

func (a *routes) branding(c echo.Context, tenant string) (current brandingState, err error) {
	if current.Branding, err = a.Brandings.Branding(c.Request().Context(), tenant); err != nil {
		return current, err
	}
	current.set, err = message.ParseSettings(current.Branding)
	return current, err
}

// saveBranding stores an edit and answers with the result. It refuses an edit of an older version.
func (a *routes) saveBranding(
	c echo.Context, caller admin.Caller, version int64, before brandingState, next message.BrandSettings, hash string, png []byte,
) error {
	if version != before.Version {
		version = -1 // matches no version, so the edit is refused as stale
	}
	saved, err := a.Admin.PutBranding(c.Request().Context(), caller.Actor,
		caller.Tenant, next.Branding(version, hash, png), message.Changes(before.set, next))
	if err != nil {
		return err
	}
	return a.brandingView(c, caller.Tenant, brandingState{saved, next})
}

func (a *routes) brandingView(c echo.Context, id string, b brandingState) error {
	tenant, err := a.Tenants.Tenant(c.Request().Context(), id)
	if err != nil {
		return err
	}
	set := b.set
	theme := set.Brand(tenant, b.Version).Theme
	view := api.BrandingView{
		Version: b.Version, EditedBy: b.By, EditedAt: utc(b.At), Builtin: map[string]api.BrandingTexts{},
		Effective: api.BrandingTheme{
			From: theme.From.String(), To: theme.To.String(), Angle: &theme.Angle, Card: theme.Card.String(),
			Text: theme.Text.String(), Action: theme.Action.String(), ActionText: theme.ActionText.String(),
		},
		Logo: a.logoOf(set.Logo), LandingLogo: a.logoOf(set.LandingLogo),
	}
	convert(set.Fields, &view.Fields)
	convert(message.BuiltinTexts(), &view.Builtin)
	return c.JSON(http.StatusOK, view)
}

// convert copies a value into the contract's type, which has the same JSON schema.
func convert(from, into any) {
	data, err := json.Marshal(from)
	if err == nil {
		err = strictjson.Unmarshal(data, into)
	}
	if err != nil {
		panic("a brand is not of the contract: " + err.Error()) // package message stores valid values only
	}
}

func (a *routes) logoOf(l *message.Logo) (logo api.BrandingLogo) {
	if l != nil {
		logo = api.BrandingLogo{Url: a.PublicURL + l.Path(), Width: l.Width, Height: l.Height}
	}
	return logo
}

// PreviewBranding returns previews of the stored branding.
func (a *routes) PreviewBranding(c echo.Context, p api.PreviewBrandingParams) error {
	caller, err := a.caller(c, admin.ScopeBrandingRead)
	if err != nil {
		return err
	}
	current, err := a.branding(c, caller.Tenant)
	if err != nil {
		return err
	}
	return a.preview(c, caller.Tenant, current.set, p.Language)
}

// TryBranding returns previews of an edit that is not stored.
func (a *routes) TryBranding(c echo.Context) error {
	caller, err := a.caller(c, admin.ScopeBrandingRead)
	if err != nil {
		return err
	}
	var body struct {
		Language string          `json:"language"`
		Fields   json.RawMessage `json:"fields"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	if body.Fields == nil {
		return &verify.Error{Code: verify.CodeInvalid, Field: "fields", Public: "This field is required."}
	}
	current, err := a.branding(c, caller.Tenant)
	if err != nil {
		return err
	}
	set, err := current.set.WithFields(body.Fields)
	if err != nil {
		return err
	}
	return a.preview(c, caller.Tenant, set, body.Language)
}

func (a *routes) preview(c echo.Context, id string, set message.BrandSettings, language string) error {
	if language != "" && !locale.IsLanguage(language) {
		return &verify.Error{Code: verify.CodeInvalid, Field: "language", Public: "A language is a tag, such as de or pt-BR."}
	}
	ctx := c.Request().Context()
	rules, err := a.Verify.EffectivePolicy(ctx, id, "")
	if err != nil {
		return err
	}
	tenant, err := a.Tenants.Tenant(ctx, id)
	if err != nil {
		return err
	}
	brand := set.Brand(tenant, 0)
	s, err := brand.Sample(language, rules.Policy, a.PublicURL, a.Verify.Now())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, api.BrandingPreview{
		Language: s.Language,
		Mail: api.MailPreview{
			FromName: s.Mail.FromName, FromAddress: s.Mail.FromAddress, Subject: s.Mail.Subject, Text: s.Mail.Text, Html: s.Mail.HTML,
		},
		SmsCode: smsOf(s.SMSCode), SmsLink: smsOf(s.SMSLink), Scripts: scriptsOf(s.Scripts),
		Landing: a.Landing(brand, s.Language, rules.TimeZone, s.Page, s.Until, s.ValidFor),
	})
}

func smsOf(text string) api.SmsPreview {
	size := message.Measure(text)
	return api.SmsPreview{Text: text, Encoding: api.SmsPreviewEncoding(size.Encoding), Characters: size.Characters, Segments: size.Segments}
}

func scriptsOf(s message.Scripts) api.Scripts {
	return api.Scripts{SmsCode: s["sms_code"], SmsLink: s["sms_link"],
		EmailLink: s["email_link"], EmailCode: s["email_code"], Number: s["number"]}
}
