package carriers

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	maxRequestBytes = 1 << 20
	slowDelay       = 3 * time.Second
	// gatewayPage is the answer of a gateway during an outage.
	gatewayPage = "<html><head><title>503 Service Temporarily Unavailable</title></head></html>\r\n"
)

// mailRequest holds the used fields of a request to SendGrid's /v3/mail/send.
type mailRequest struct {
	From             mailbox `json:"from"`
	Subject          string  `json:"subject"`
	Personalizations []struct {
		To []mailbox `json:"to"`
	} `json:"personalizations"`
	Content []struct {
		Type  string `json:"type"`
		Value string `json:"value"`
	} `json:"content"`
	CustomArgs map[string]string `json:"custom_args"`
}

type mailbox struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

func (b mailbox) String() string {
	if b.Name == "" {
		return b.Email
	}
	return b.Name + " <" + b.Email + ">"
}

// sendMail is SendGrid's POST /v3/mail/send.
func (s *Sandbox) sendMail(w http.ResponseWriter, r *http.Request) {
	key := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	tenant, known := s.tenantOf(key)
	if !known {
		mailError(w, http.StatusUnauthorized, "The provided authorization grant is invalid, expired, or revoked", "")
		return
	}
	mode := s.faults.Next(sendgrid, "")
	if failByMode(w, mode, mailError) {
		return
	}
	var m mailRequest
	if err := json.NewDecoder(io.LimitReader(r.Body, maxRequestBytes)).Decode(&m); err != nil {
		mailError(w, http.StatusBadRequest, "Bad Request", "")
		return
	}
	if field, words := m.invalidField(); field != "" {
		mailError(w, http.StatusBadRequest, words, field)
		return
	}
	id := newReference()
	to := m.Personalizations[0].To[0].Email
	if mode != modeRefuse {
		message := Message{At: s.Now(), Kind: "email", To: to, From: m.From.String(), Subject: m.Subject}
		for _, c := range m.Content {
			switch c.Type {
			case "text/plain":
				message.Text = c.Value
			case "text/html":
				message.HTML = c.Value
			}
		}
		s.inbox.add(message)
	}
	s.scheduleMailEvents(tenant, m, id, to, mode)
	if !delayByMode(w, r, mode) {
		return
	}
	w.Header().Set("X-Message-Id", id)
	w.WriteHeader(http.StatusAccepted)
}

// showScopes is SendGrid's GET /v3/scopes.
func (s *Sandbox) showScopes(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+s.SendGridKey {
		mailError(w, http.StatusUnauthorized, "authorization required", "")
		return
	}
	answerJSON(w, http.StatusOK, map[string]any{"scopes": []string{"mail.send"}})
}

// tenantOf gives the owner of an API key.
func (s *Sandbox) tenantOf(key string) (tenant string, known bool) {
	if subtle.ConstantTimeCompare([]byte(key), []byte(s.SendGridKey)) == 1 {
		return s.Tenant, true
	}
	tenant, known = s.Accounts[key]
	return tenant, known
}

// invalidField gives the field that SendGrid would refuse, with its message.
func (m mailRequest) invalidField() (field, words string) {
	switch {
	case len(m.Personalizations) != 1 || len(m.Personalizations[0].To) == 0:
		return "personalizations", "The personalizations field is required and must have at least one personalization."
	case !strings.Contains(m.Personalizations[0].To[0].Email, "@"):
		return "personalizations.0.to.0.email", "Does not contain a valid address."
	case !strings.Contains(m.From.Email, "@"):
		return "from.email", "The from email does not contain a valid address."
	case m.Subject == "":
		return "subject", "The subject is required."
	case len(m.Content) == 0 || m.Content[0].Value == "":
		return "content", "The content value must be a string at least one character in length."
	}
	return "", ""
}

// mailError answers in SendGrid's format.
func mailError(w http.ResponseWriter, status int, words, field string) {
	var where any
	if field != "" {
		where = field
	}
	answerJSON(w, status, map[string]any{
		"errors": []any{map[string]any{"message": words, "field": where, "help": nil}},
	})
}

// failByMode answers for a carrier that does not accept the message; false if the mode accepts it.
func failByMode(w http.ResponseWriter, mode string, fail func(http.ResponseWriter, int, string, string)) bool {
	switch mode {
	case mode429, modeThrottled:
		w.Header().Set("X-RateLimit-Limit", "600")
		w.Header().Set("X-RateLimit-Remaining", "0")
		w.Header().Set("X-RateLimit-Reset", strconv.FormatInt(time.Now().Add(2*time.Second).Unix(), 10))
		fail(w, http.StatusTooManyRequests, "too many requests", "")
	case mode5xx:
		fail(w, http.StatusInternalServerError, "Internal Server Error", "")
	case modeDown:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusServiceUnavailable)
		io.WriteString(w, gatewayPage) //nolint:errcheck // the client may have left
	default:
		return false
	}
	return true
}

// delayByMode waits or drops the connection according to the mode; false if no answer is due.
func delayByMode(_ http.ResponseWriter, r *http.Request, mode string) bool {
	switch mode {
	case modeCut:
		panic(http.ErrAbortHandler)
	case modeSlow:
		timer := time.NewTimer(slowDelay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return false
		}
	}
	return true
}

// scheduleMailEvents schedules the webhook's events about the mail.
func (s *Sandbox) scheduleMailEvents(tenant string, m mailRequest, id, to, mode string) {
	if mode == modeLost {
		return
	}
	delay := s.Delay()
	schedule := func(after time.Duration, kind string, more map[string]any) {
		e := mailEvent{tenant: tenant, forged: mode == modeForged, fields: map[string]any{
			"email": to, "event": kind, "timestamp": s.Now().Unix(), "smtp-id": "<" + id + "@sandbox>",
			"sg_event_id": newReference(), "sg_message_id": id + ".recvd-sandbox-0",
		}}
		for name, value := range m.CustomArgs {
			e.fields[name] = value
		}
		maps.Copy(e.fields, more)
		s.sender.sendMailLater(after, e)
		if mode == modeDuplicate {
			s.sender.sendMailLater(after, e)
		}
	}
	switch mode {
	case modeForged:
	case modeDisorder:
		schedule(2*delay, "processed", nil)
	default:
		schedule(delay/3, "processed", nil)
	}
	if mode == modeFull {
		schedule(delay, "bounce", map[string]any{
			"type": "bounce", "status": "5.2.2", "reason": "552 5.2.2 The email account that you tried to reach is over quota.",
		})
		return
	}
	if mode == modeRefuse {
		schedule(delay, "bounce", map[string]any{
			"type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 The email account that you tried to reach does not exist.",
		})
		return
	}
	schedule(delay, "delivered", map[string]any{"response": "250 2.0.0 OK"})
}

// deliverMailEvents posts one signed batch, in SendGrid's format including the final CRLF.
func (s *Sandbox) deliverMailEvents(batch []mailEvent) error {
	var body bytes.Buffer
	for i, e := range batch {
		body.WriteString([]string{"[", ",\r\n"}[min(i, 1)])
		line, err := json.Marshal(e.fields)
		if err != nil {
			return err
		}
		body.Write(line)
	}
	body.WriteString("]\r\n")
	stamp := strconv.FormatInt(s.Now().Unix(), 10)
	key := s.SendGridHookKey
	if batch[0].forged {
		key = s.forgedKey
	}
	hash := sha256.New()
	io.WriteString(hash, stamp) //nolint:errcheck // a hash never fails
	hash.Write(body.Bytes())
	signature, err := ecdsa.SignASN1(rand.Reader, key, hash.Sum(nil))
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(s.sender.ctx, http.MethodPost, s.HookBase+"/hooks/sendgrid/"+batch[0].tenant, &body)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "SendGrid Event API")
	r.Header.Set("X-Twilio-Email-Event-Webhook-Signature", base64.StdEncoding.EncodeToString(signature))
	r.Header.Set("X-Twilio-Email-Event-Webhook-Timestamp", stamp)
	return s.sender.send(r)
}
