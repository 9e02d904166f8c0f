package httpapi

import (
	"context"
	"encoding/json"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/api"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// Brands knows how tenants look and speak; message.Shelf is one.
type Brands interface {
	// Brand gives a tenant's, to be read only. CodeNotFound: there is no such tenant.
	Brand(ctx context.Context, tenant string) (*message.Brand, error)
	// Forget has it read again: it was changed.
	Forget(tenant string)
}

// Page draws the landing page of a brand with nothing behind its buttons; landing.Preview does.
type Page func(b *message.Brand, language, zone string, v message.Values, until time.Time, left time.Duration) string

// GetBranding gives what the tenant sets.
func (a *routes) GetBranding(c echo.Context) error {
	admin, err := a.admin(c)
	if err != nil {
		return err
	}
	is, err := a.branding(c, admin)
	if err != nil {
		return err
	}
	return a.brandingView(c, admin, is)
}

// PutBranding sets what the tenant sets, but for its logos.
func (a *routes) PutBranding(c echo.Context) error {
	admin, err := a.admin(c)
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
	was, err := a.branding(c, admin)
	if err != nil {
		return err
	}
	after, err := was.set.Edited(body.Fields)
	if err != nil {
		return err
	}
	return a.rebrand(c, admin, *body.Version, was, after, "", nil)
}

// PutLogo sets the logo of e-mails.
func (a *routes) PutLogo(c echo.Context, p api.PutLogoParams) error {
	return a.putLogo(c, message.OnMail, p.Version)
}

// DeleteLogo has e-mails show none.
func (a *routes) DeleteLogo(c echo.Context, p api.DeleteLogoParams) error {
	return a.deleteLogo(c, message.OnMail, p.Version)
}

// PutLandingLogo sets the landing page's own.
func (a *routes) PutLandingLogo(c echo.Context, p api.PutLandingLogoParams) error {
	return a.putLogo(c, message.OnLanding, p.Version)
}

// DeleteLandingLogo has the landing page show the logo of e-mails.
func (a *routes) DeleteLandingLogo(c echo.Context, p api.DeleteLandingLogoParams) error {
	return a.deleteLogo(c, message.OnLanding, p.Version)
}

func (a *routes) putLogo(c echo.Context, p message.Place, version int64) error {
	admin, err := a.admin(c)
	if err != nil {
		return err
	}
	file, err := picture(c)
	if err != nil {
		return err
	}
	was, err := a.branding(c, admin)
	if err != nil {
		return err
	}
	logo, png, err := message.ReadLogo(file)
	if err != nil {
		return err
	}
	return a.rebrand(c, admin, version, was, was.set.With(p, logo), logo.Hash, png)
}

func (a *routes) deleteLogo(c echo.Context, p message.Place, version int64) error {
	admin, err := a.admin(c)
	if err != nil {
		return err
	}
	was, err := a.branding(c, admin)
	if err != nil {
		return err
	}
	return a.rebrand(c, admin, version, was, was.set.With(p, message.Logo{}), "", nil)
}

// picture reads a body that is declared as an image; what it is tells its bytes.
func picture(c echo.Context) ([]byte, error) {
	kind, _, err := mime.ParseMediaType(c.Request().Header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(kind, "image/") {
		return nil, &verify.Error{Code: codeMediaType, Public: "Send the picture as image/png, image/jpeg or image/webp."}
	}
	return readBody(c)
}

// branded is what is kept of a tenant's branding, and what it says.
type branded struct {
	verify.Branding
	set message.Set
}

func (a *routes) branding(c echo.Context, admin verify.Admin) (b branded, err error) {
	if b.Branding, err = a.Brandings.Branding(c.Request().Context(), admin.Tenant); err != nil {
		return b, err
	}
	b.set, err = message.ReadSet(b.Branding)
	return b, err
}

// rebrand stores an edit, and shows what it has made. What the editor has read must be what was read here.
func (a *routes) rebrand(c echo.Context, admin verify.Admin, version int64, was branded, after message.Set, hash string, png []byte) error {
	if version != was.Version {
		version = -1 // which none is made from: refused as stale
	}
	kept, err := a.Verify.Rebrand(c.Request().Context(), admin, after.Kept(version, hash, png), message.Changes(was.set, after))
	if err != nil {
		return err
	}
	a.Brands.Forget(admin.Tenant)
	return a.brandingView(c, admin, branded{kept, after})
}

func (a *routes) brandingView(c echo.Context, admin verify.Admin, b branded) error {
	tenant, err := a.Tenants.Tenant(c.Request().Context(), admin.Tenant)
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
	reshape(set.Fields, &view.Fields)
	reshape(message.Builtin(), &view.Builtin)
	return c.JSON(http.StatusOK, view)
}

// reshape gives a value in the contract's type, which is of the same shape.
func reshape(from, into any) {
	data, err := json.Marshal(from)
	if err == nil {
		err = strictjson.Unmarshal(data, into)
	}
	if err != nil {
		panic("a brand is not of the contract: " + err.Error()) // package message keeps nothing else
	}
}

func (a *routes) logoOf(l *message.Logo) (logo api.BrandingLogo) {
	if l != nil {
		logo = api.BrandingLogo{Url: a.PublicURL + l.Path(), Width: l.Width, Height: l.Height}
	}
	return logo
}

// PreviewBranding shows the brand as it is.
func (a *routes) PreviewBranding(c echo.Context, p api.PreviewBrandingParams) error {
	admin, err := a.admin(c)
	if err != nil {
		return err
	}
	is, err := a.branding(c, admin)
	if err != nil {
		return err
	}
	return a.preview(c, admin, is.set, p.Language)
}

// TryBranding shows the brand as it would be.
func (a *routes) TryBranding(c echo.Context) error {
	admin, err := a.admin(c)
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
	is, err := a.branding(c, admin)
	if err != nil {
		return err
	}
	set, err := is.set.Edited(body.Fields)
	if err != nil {
		return err
	}
	return a.preview(c, admin, set, body.Language)
}

func (a *routes) preview(c echo.Context, admin verify.Admin, set message.Set, language string) error {
	if language != "" && !verify.IsLanguage(language) {
		return &verify.Error{Code: verify.CodeInvalid, Field: "language", Public: "A language is a tag, such as de or pt-BR."}
	}
	ctx := c.Request().Context()
	rules, err := a.Verify.Rules(ctx, admin.Tenant, "")
	if err != nil {
		return err
	}
	tenant, err := a.Tenants.Tenant(ctx, admin.Tenant)
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
	return api.Scripts{SmsCode: s["sms_code"], SmsLink: s["sms_link"], EmailLink: s["email_link"], EmailCode: s["email_code"], Number: s["number"]}
}
