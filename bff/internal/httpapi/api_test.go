package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/sdk/api"
)

func TestACallerIsVerifiedByCodeThroughTheAPI(t *testing.T) {
	h := newHarness(t)
	opened := h.launch("acme", "4711")
	if got := opened.Pod.Contacts[0].Channels[0].Masked; got != "••• ••• 4821" {
		t.Errorf("the mobile number reads %q", got)
	}
	sent := decodeAs[api.Verification](t, h.send(opened.Token, "acme-dana", "mobile", "sms_code", ""), http.StatusCreated)
	if sent.Shield.State != "pending" || sent.Shield.TriesLeft != 3 {
		t.Errorf("after Send the shield is %+v", sent.Shield)
	}
	code := h.takeJob().Secret
	path := "/api/v1/verifications/" + sent.Id + "/code"

	wrong := h.call(http.MethodPost, path, opened.Token, `{"code":"`+otherCode(code)+`"}`)
	if p := wrong.problem(t); wrong.status != 422 || p.Code != "wrong_code" || p.TriesLeft != 2 {
		t.Errorf("a wrong code: %d %+v", wrong.status, p)
	}
	right := h.call(http.MethodPost, path, opened.Token, `{"code":" `+code[:3]+" "+code[3:]+`"}`)
	verified := decodeAs[api.Verification](t, right, http.StatusOK)
	if verified.Shield.State != "verified" || !verified.Shield.Until.Equal(h.now.Add(30*time.Minute)) {
		t.Errorf("after the right code the shield is %+v", verified.Shield)
	}
	again := decodeAs[api.SessionOpened](t, h.call(http.MethodGet, "/api/v1/pod", opened.Token, ""), http.StatusOK)
	dana := again.Pod.Contacts[0]
	if dana.Channels[0].Shield.State != "verified" || dana.Channels[2].Shield.State != "unverified" {
		t.Errorf("the pod again has shields %v and %v", dana.Channels[0].Shield.State, dana.Channels[2].Shield.State)
	}
	if note := dana.History[0].TicketNote; !strings.Contains(note, sent.Id) || !strings.Contains(note, "Dana Reyes") {
		t.Errorf("the note for the ticket is %q", note)
	}
	used := h.call(http.MethodPost, path, opened.Token, `{"code":"`+code+`"}`)
	if p := used.problem(t); used.status != http.StatusGone || p.Code != "already_used" {
		t.Errorf("the code again: %d %+v", used.status, p)
	}
}

func TestTheHistoryIsPagedByCursor(t *testing.T) {
	h := newHarness(t)
	storetest.SetPolicy(t, h.db, "acme", "", storetest.Unbounded)
	token := h.launch("acme", "4711").Token
	const made = 53
	for range made {
		decodeAs[api.Verification](t, h.send(token, "acme-dana", "mobile", "sms_link", ""), http.StatusCreated)
		h.now = h.now.Add(time.Minute)
		if h.now.Minute()%10 == 0 { // a bearer expires after 15 minutes
			token = decodeAs[api.SessionOpened](t, h.call(http.MethodGet, "/api/v1/pod", token, ""), http.StatusOK).Token
		}
	}
	first := decodeAs[api.HistoryPage](t, h.call(http.MethodGet, "/api/v1/contacts/acme-dana/history", token, ""), http.StatusOK)
	if len(first.Entries) != 50 || first.Next == "" {
		t.Fatalf("the first page has %d entries, next %q", len(first.Entries), first.Next)
	}
	rest := decodeAs[api.HistoryPage](t, h.call(http.MethodGet, "/api/v1/contacts/acme-dana/history?cursor="+first.Next, token, ""), http.StatusOK)
	if len(rest.Entries) != made-50 || rest.Next != "" {
		t.Errorf("the second page has %d entries, next %q", len(rest.Entries), rest.Next)
	}
	if first.Entries[49].RequestedAt.Before(rest.Entries[0].RequestedAt) {
		t.Error("the pages are not newest first")
	}
}

func TestTheCodeOfACancelledVerificationIsRefused(t *testing.T) {
	h := newHarness(t)
	token := h.launch("acme", "4711").Token
	sent := decodeAs[api.Verification](t, h.send(token, "acme-dana", "mobile", "sms_code", ""), http.StatusCreated)
	code := h.takeJob().Secret
	path := "/api/v1/verifications/" + sent.Id
	cancelled := decodeAs[api.Verification](t, h.call(http.MethodPost, path+"/cancel", token, ""), http.StatusOK)
	if cancelled.Shield.State != "unverified" || cancelled.Shield.Reason != "cancelled" {
		t.Errorf("after Cancel the shield is %+v", cancelled.Shield)
	}
	late := h.call(http.MethodPost, path+"/code", token, `{"code":"`+code+`"}`)
	if p := late.problem(t); late.status != http.StatusGone || p.Code != "verification_ended" {
		t.Errorf("its code: %d %+v", late.status, p)
	}
}

func TestAChallengeIsAnsweredByTheNextContext(t *testing.T) {
	h := newHarness(t)
	challenge := decodeAs[api.Challenge](t, h.call(http.MethodPost, "/api/v1/launch/challenge", "", ""), http.StatusOK)
	unanswered := fmt.Sprintf(`{"context":%q,"nonce":%q}`, h.context("acme", "4711"), challenge.Nonce)
	a := h.call(http.MethodPost, "/api/v1/launch", "", unanswered)
	if p := a.problem(t); a.status != http.StatusUnauthorized || p.Code != "context_invalid" {
		t.Errorf("a context that does not answer the challenge: %d %+v", a.status, p)
	}
}

// otherCode returns another code of the same length.
func otherCode(code string) string {
	if code[0] == '0' {
		return "1" + code[1:]
	}
	return "0" + code[1:]
}
