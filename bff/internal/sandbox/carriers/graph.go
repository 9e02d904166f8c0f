package carriers

import (
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/mail"
	"regexp"
	"strings"
)

// graphScopes are the hosts of Microsoft Graph, for which tokens are made.
var graphScopes = []string{
	"https://graph.microsoft.com", "https://graph.microsoft.us", "https://dod-graph.microsoft.us", "https://microsoftgraph.chinacloudapi.cn",
}

// graphRequest holds the used fields of a request to sendMail.
type graphRequest struct {
	Message struct {
		Subject string `json:"subject"`
		Body    struct {
			ContentType string `json:"contentType"`
			Content     string `json:"content"`
		} `json:"body"`
		From    *graphRecipient  `json:"from"`
		To      []graphRecipient `json:"toRecipients"`
		Headers []struct {
			Name string `json:"name"`
		} `json:"internetMessageHeaders"`
	} `json:"message"`
	SaveToSentItems *bool `json:"saveToSentItems"`
}

type graphRecipient struct {
	Address struct {
		Name    string `json:"name"`
		Address string `json:"address"`
	} `json:"emailAddress"`
}

// sendGraph is Microsoft Graph's POST /v1.0/users/{mailbox}/sendMail. A copy goes into the mailbox unless the request says
// otherwise, as Graph does it.
func (s *Sandbox) sendGraph(w http.ResponseWriter, r *http.Request) {
	text := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	mode := s.faults.Next(graph, r.URL.Path)
	if mode == modeTokenExpired {
		s.tokens.revoke(text)
	}
	if _, valid := s.bearer(text, graphScopes...); !valid {
		graphError(w, http.StatusUnauthorized, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
		return
	}
	fail := func(w http.ResponseWriter, status int, words, _ string) {
		graphError(w, status, graphFailures[status], words)
	}
	if mode == mode429 || mode == modeThrottled {
		w.Header().Set("Retry-After", "2")
	}
	if failByMode(w, mode, fail) {
		return
	}
	var m graphRequest
	if err := json.NewDecoder(io.LimitReader(r.Body, maxRequestBytes)).Decode(&m); err != nil {
		graphError(w, http.StatusBadRequest, "RequestBodyRead", "The request body can't be read.")
		return
	}
	if status, code := s.refuseGraph(r.PathValue("mailbox"), mode, &m); code != "" {
		graphError(w, status, code, "Refused: "+r.PathValue("mailbox"))
		return
	}
	from := mailbox{Email: s.Microsoft.Mailbox}
	if m.Message.From != nil {
		from.Name = m.Message.From.Address.Name
	}
	message := Message{At: s.Now(), Kind: "email", To: m.Message.To[0].Address.Address, From: from.String(), Subject: m.Message.Subject}
	if strings.EqualFold(m.Message.Body.ContentType, "html") {
		message.HTML, message.Text = m.Message.Body.Content, plainText(m.Message.Body.Content)
	} else {
		message.Text = m.Message.Body.Content
	}
	s.inbox.add(message)
	if m.SaveToSentItems == nil || *m.SaveToSentItems {
		message.To = s.Microsoft.Mailbox
		s.inbox.add(message)
	}
	if delayByMode(w, r, mode) {
		w.Header().Set("request-id", newReference())
		w.WriteHeader(http.StatusAccepted)
	}
}

// graphFailures are the codes of a service that takes nothing.
var graphFailures = map[int]string{
	http.StatusTooManyRequests:     "ApplicationThrottled",
	http.StatusInternalServerError: "ErrorInternalServerError",
}

// refuseGraph returns the status and the code of the refusal of a message; an empty code for none. Exchange looks for the
// right first, then at the message.
func (s *Sandbox) refuseGraph(user, mode string, m *graphRequest) (status int, code string) {
	switch {
	case mode == modeNoMailbox:
		return http.StatusNotFound, "MailboxNotEnabledForRESTAPI"
	case mode == modeAccessDenied:
		return http.StatusForbidden, "ErrorAccessDenied"
	case !strings.Contains(user, "@"):
		return http.StatusNotFound, "ErrorInvalidUser"
	case !strings.EqualFold(user, s.Microsoft.Mailbox):
		return http.StatusForbidden, "ErrorAccessDenied"
	case mode == modeSendAs, m.Message.From != nil && !strings.EqualFold(m.Message.From.Address.Address, s.Microsoft.Mailbox):
		return http.StatusForbidden, "ErrorSendAsDenied"
	}
	for _, h := range m.Message.Headers {
		if !strings.HasPrefix(strings.ToLower(h.Name), "x-") {
			return http.StatusBadRequest, "InvalidInternetMessageHeader"
		}
	}
	if len(m.Message.To) == 0 || mode == modeRefuse {
		return http.StatusBadRequest, "ErrorInvalidRecipients"
	}
	for _, to := range m.Message.To {
		if _, err := mail.ParseAddress(to.Address.Address); err != nil {
			return http.StatusBadRequest, "ErrorInvalidRecipients"
		}
	}
	return 0, ""
}

// graphError answers in Microsoft Graph's format.
func graphError(w http.ResponseWriter, status int, code, words string) {
	answerJSON(w, status, map[string]any{"error": map[string]any{
		"code": code, "message": words, "innerError": map[string]any{"request-id": newReference(), "date": "2026-03-04T12:00:00"},
	}})
}

var (
	tagPattern   = regexp.MustCompile(`(?s)<style.*?</style>|<title.*?</title>|<[^>]*>`)
	hrefPattern  = regexp.MustCompile(`<a [^>]*href="([^"]*)"[^>]*>`)
	spacePattern = regexp.MustCompile(`\s+`)
)

// plainText makes a plain text of HTML, as Exchange does for the other part of a message: links stand beside their text.
func plainText(markup string) string {
	text := hrefPattern.ReplaceAllString(markup, " $1 ")
	return strings.TrimSpace(html.UnescapeString(spacePattern.ReplaceAllString(tagPattern.ReplaceAllString(text, " "), " ")))
}
