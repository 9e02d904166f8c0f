package httpapi

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
	clean "github.com/shieldpod/shieldpod/bff/internal/text"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/api"
)

// Send starts a verification. The destination is read from the session: the body can't contain one.
func (a *routes) Send(c echo.Context, params api.SendParams) error {
	session, err := a.session(c)
	if err != nil {
		return err
	}
	var body api.SendRequest
	if err := decode(c, &body); err != nil {
		return err
	}
	for _, check := range []error{
		checkLength("contact_id", body.ContactId, 1, 128),
		checkLength("channel_id", body.ChannelId, 1, 128),
		checkLength("note", body.Note, 0, policy.NoteMax),
	} {
		if check != nil {
			return check
		}
	}
	if !body.Method.Valid() {
		return &verify.Error{Code: verify.CodeInvalid, Field: "method", Public: "There is no such method."}
	}
	ctx := c.Request().Context()
	if err := a.Config.Launch.RecheckContact(ctx, session, body.ContactId, body.ChannelId); err != nil {
		return err
	}
	result, err := a.Verify.Send(ctx, session.Context, verify.Request{
		Contact: body.ContactId, Channel: body.ChannelId, Method: channel.Method(body.Method),
		Note: clean.Line(body.Note, len(body.Note)+1), Key: params.IdempotencyKey,
	})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, verificationOf(result))
}

// CheckCode checks a code. It counts a try for every result except CodeInvalid.
func (a *routes) CheckCode(c echo.Context, id api.VerificationId) error {
	session, err := a.session(c)
	if err != nil {
		return err
	}
	var body api.CodeRequest
	if err := decode(c, &body); err != nil {
		return err
	}
	if err := checkLength("code", body.Code, 1, 64); err != nil {
		return err
	}
	result, err := a.Verify.CheckCode(c.Request().Context(), session.Context, id, body.Code)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, verificationOf(result))
}

// Cancel ends an open verification.
func (a *routes) Cancel(c echo.Context, id api.VerificationId) error {
	session, err := a.session(c)
	if err != nil {
		return err
	}
	result, err := a.Verify.Cancel(c.Request().Context(), session.Context, id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, verificationOf(result))
}

// History returns a page of a contact's verifications.
func (a *routes) History(c echo.Context, id api.ForeignId, params api.HistoryParams) error {
	session, err := a.session(c)
	if err != nil {
		return err
	}
	var before int64
	if params.Cursor != "" {
		before, err = strconv.ParseInt(params.Cursor, 10, 64)
		if err != nil || before <= 0 || strconv.FormatInt(before, 10) != params.Cursor {
			return &verify.Error{Code: verify.CodeInvalid, Field: "cursor", Public: "This cursor is none of ours."}
		}
	}
	ctx := c.Request().Context()
	entries, next, err := a.Verify.History(ctx, session.Context, id, before)
	if err != nil {
		return err
	}
	rules, err := a.Verify.EffectivePolicy(ctx, session.Context.Tenant, session.Context.Client.ID)
	if err != nil {
		return err
	}
	view := podView{ticket: session.Context, rules: rules}
	contact, _ := session.Context.Contact(id)
	page := api.HistoryPage{Entries: view.entries(contact.Name, entries)}
	if next > 0 {
		page.Next = strconv.FormatInt(next, 10)
	}
	return c.JSON(http.StatusOK, page)
}
