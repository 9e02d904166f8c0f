package carriers

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// sendSMS is Vonage's POST /sms/json. Its errors come inside HTTP 200.
func (s *Sandbox) sendSMS(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxRequestBytes)
	if err := r.ParseForm(); err != nil {
		smsRefusal(w, "3", "Invalid request")
		return
	}
	f := r.PostForm
	if f.Get("api_key") != s.VonageKey || f.Get("api_secret") != s.VonageSecret {
		smsRefusal(w, "4", "Bad Credentials")
		return
	}
	mode := s.faults.Next(vonage, "")
	if mode == modeThrottled {
		smsRefusal(w, "1", "Throughput Rate Exceeded - please wait [ 33 ] and retry")
		return
	}
	if failByMode(w, mode, smsError) {
		return
	}
	to, text := f.Get("to"), f.Get("text")
	switch {
	case to == "" || text == "" || f.Get("from") == "":
		smsRefusal(w, "2", "Missing to, from or text param")
		return
	case strings.Trim(to, "0123456789") != "" || mode == modeRefuse:
		smsRefusal(w, "6", "The Vonage platform was unable to process this message, for example, an un-recognized number prefix")
		return
	}
	s.inbox.add(Message{At: s.Now(), Kind: "sms", To: "+" + to, From: f.Get("from"), Text: text})
	ids := make([]string, segments(text, f.Get("type")))
	for i := range ids {
		ids[i] = strings.ToUpper(newReference())
	}
	s.scheduleSMSReceipts(f, ids, mode)
	if !delayByMode(w, r, mode) {
		return
	}
	parts := make([]map[string]string, len(ids))
	for i, id := range ids {
		parts[i] = map[string]string{
			"to": to, "message-id": id, "status": "0", "remaining-balance": "15.53590000", "message-price": "0.03330000",
			"network": "310260", "client-ref": f.Get("client-ref"),
		}
	}
	smsAnswer(w, parts...)
}

// showBalance is Vonage's GET /account/get-balance.
func (s *Sandbox) showBalance(w http.ResponseWriter, r *http.Request) {
	if key, secret, _ := r.BasicAuth(); key != s.VonageKey || secret != s.VonageSecret {
		smsError(w, http.StatusUnauthorized, "Unauthorized", "")
		return
	}
	answerJSON(w, http.StatusOK, map[string]any{"value": 15.5359, "autoReload": false})
}

// segments gives the number of parts of a text message.
func segments(text, kind string) int {
	one, joined := 160, 153
	if kind == "unicode" {
		one, joined = 70, 67
	}
	n := utf8.RuneCountInString(text)
	if n <= one {
		return 1
	}
	return (n + joined - 1) / joined
}

func smsRefusal(w http.ResponseWriter, status, words string) {
	smsAnswer(w, map[string]string{"status": status, "error-text": words})
}

func smsAnswer(w http.ResponseWriter, parts ...map[string]string) {
	answerJSON(w, http.StatusOK, map[string]any{"message-count": strconv.Itoa(len(parts)), "messages": parts})
}

// smsError answers in the format of Vonage's gateway.
func smsError(w http.ResponseWriter, status int, words, _ string) {
	answerJSON(w, status, map[string]any{"title": words, "detail": words})
}

// scheduleSMSReceipts schedules a delivery receipt for every part.
func (s *Sandbox) scheduleSMSReceipts(f url.Values, ids []string, mode string) {
	if mode == modeLost {
		return
	}
	to := f.Get("callback")
	if to == "" {
		to = s.HookBase + "/hooks/vonage/" + s.Tenant
	}
	delay := s.Delay()
	schedule := func(after time.Duration, id, status, code string) {
		now := s.Now().UTC()
		r := receipt{carrier: vonage, to: to, forged: mode == modeForged, fields: map[string]string{
			"msisdn": f.Get("to"), "to": f.Get("from"), "network-code": "310260", "messageId": id, "price": "0.03330000",
			"status": status, "scts": now.Format("0601021504"), "err-code": code, "client-ref": f.Get("client-ref"),
			"api-key": s.VonageKey, "message-timestamp": now.Format("2006-01-02 15:04:05"), "nonce": newReference(),
		}}
		s.sender.sendReceiptLater(after, r)
		if mode == modeDuplicate {
			s.sender.sendReceiptLater(after, r)
		}
	}
	for _, id := range ids {
		switch mode {
		case modeStop:
			schedule(delay, id, "rejected", "6")
		case modeLandline:
			schedule(delay, id, "failed", "9")
		case modeDisorder:
			schedule(delay*deliveryStep(1, mode)/2, id, "accepted", "0")
			schedule(delay*deliveryStep(2, mode)/2, id, "delivered", "0")
		default:
			schedule(delay, id, "delivered", "0")
		}
	}
}

// deliverReceipt sends a receipt in its carrier's format.
func (s *Sandbox) deliverReceipt(r receipt) error {
	if r.carrier == twilio {
		return s.deliverStatus(r)
	}
	return s.deliverVonage(r)
}

// deliverVonage posts one signed receipt as a form.
func (s *Sandbox) deliverVonage(r receipt) error {
	form := url.Values{}
	for name, value := range r.fields {
		form.Set(name, value)
	}
	form.Set("timestamp", strconv.FormatInt(s.Now().Unix(), 10))
	secret := s.VonageSignature
	if r.forged {
		secret = "guessed by somebody else"
	}
	form.Set("sig", signForm(form, secret))
	request, err := http.NewRequestWithContext(s.sender.ctx, http.MethodPost, r.to, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return s.sender.send(request)
}

// signForm is Vonage's SHA-256 HMAC over the sorted fields.
func signForm(form url.Values, secret string) string {
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	mac := hmac.New(sha256.New, []byte(secret))
	for _, name := range names {
		value := strings.NewReplacer("&", "_", "=", "_").Replace(form.Get(name))
		io.WriteString(mac, "&"+name+"="+value) //nolint:errcheck // a hash never fails
	}
	return hex.EncodeToString(mac.Sum(nil))
}
