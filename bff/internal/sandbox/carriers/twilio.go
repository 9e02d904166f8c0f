package carriers

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Twilio signs by nothing else
	"encoding/base64"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// authenticateTwilio reports whether a request is the account's; false after answering.
func (s *Sandbox) authenticateTwilio(w http.ResponseWriter, r *http.Request) bool {
	user, token, _ := r.BasicAuth()
	account := strings.TrimSuffix(r.PathValue("account"), ".json")
	if s.TwilioAccount == "" || account != s.TwilioAccount || user != s.TwilioAccount || token != s.TwilioToken {
		twilioError(w, http.StatusUnauthorized, 20003, "Authenticate")
		return false
	}
	return true
}

// showTwilioAccount is Twilio's GET /2010-04-01/Accounts/{sid}.json.
func (s *Sandbox) showTwilioAccount(w http.ResponseWriter, r *http.Request) {
	if s.authenticateTwilio(w, r) {
		answerJSON(w, http.StatusOK, map[string]any{"sid": s.TwilioAccount, "status": "active"})
	}
}

// sendTwilio is Twilio's POST /2010-04-01/Accounts/{sid}/Messages.json.
func (s *Sandbox) sendTwilio(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxRequestBytes)
	if err := r.ParseForm(); err != nil {
		twilioError(w, http.StatusBadRequest, 21601, "Invalid request")
		return
	}
	if !s.authenticateTwilio(w, r) {
		return
	}
	mode := s.faults.Next(twilio, "")
	fail := func(w http.ResponseWriter, status int, words, _ string) { twilioError(w, status, 20000+status, words) }
	if failByMode(w, mode, fail) {
		return
	}
	f := r.PostForm
	to, text := f.Get("To"), f.Get("Body")
	switch {
	case text == "":
		twilioError(w, http.StatusBadRequest, 21602, "Message body is required.")
		return
	case !strings.HasPrefix(to, "+") || strings.Trim(to[1:], "0123456789") != "" || mode == modeRefuse:
		twilioError(w, http.StatusBadRequest, 21211, "Invalid 'To' Phone Number: "+to)
		return
	case mode == modeStop:
		twilioError(w, http.StatusBadRequest, 21610, "Attempt to send to unsubscribed recipient")
		return
	case mode == modeLandline:
		twilioError(w, http.StatusBadRequest, 21614, "'To' number is not a valid mobile number")
		return
	}
	s.inbox.add(Message{At: s.Now(), Kind: "sms", To: to, From: f.Get("From") + f.Get("MessagingServiceSid"), Text: text})
	id := "SM" + newReference() + newReference()
	s.scheduleStatusCallbacks(f, id, mode)
	if delayByMode(w, r, mode) {
		answerJSON(w, http.StatusCreated, map[string]any{"sid": id, "status": "queued", "to": to, "error_code": nil})
	}
}

func twilioError(w http.ResponseWriter, status, code int, words string) {
	answerJSON(w, status, map[string]any{"code": code, "message": words, "more_info": "", "status": status})
}

// scheduleStatusCallbacks schedules the status callbacks of the text.
func (s *Sandbox) scheduleStatusCallbacks(f url.Values, id, mode string) {
	to := f.Get("StatusCallback")
	if to == "" || mode == modeLost {
		return
	}
	delay := s.Delay()
	schedule := func(step int, status string) {
		r := receipt{carrier: twilio, to: to, forged: mode == modeForged, fields: map[string]string{
			"MessageSid": id, "MessageStatus": status, "AccountSid": s.TwilioAccount,
			"To": f.Get("To"), "From": f.Get("From"), "ApiVersion": "2010-04-01",
		}}
		s.sender.sendReceiptLater(delay*deliveryStep(step, mode)/2, r)
		if mode == modeDuplicate {
			s.sender.sendReceiptLater(delay*deliveryStep(step, mode)/2, r)
		}
	}
	schedule(1, "sent")
	schedule(2, "delivered")
}

// deliverStatus posts one status callback as a form, signed in Twilio's way.
func (s *Sandbox) deliverStatus(r receipt) error {
	form := url.Values{}
	text := r.to
	for _, name := range slices.Sorted(maps.Keys(r.fields)) {
		form.Set(name, r.fields[name])
		text += name + r.fields[name]
	}
	token := s.TwilioToken
	if r.forged {
		token = "guessed by somebody else"
	}
	mac := hmac.New(sha1.New, []byte(token))
	io.WriteString(mac, text) //nolint:errcheck // a hash never fails
	request, err := http.NewRequestWithContext(s.sender.ctx, http.MethodPost, r.to, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("X-Twilio-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return s.sender.send(request)
}
