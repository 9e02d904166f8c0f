package vonage

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// bearerLimit is far above the longest token that Vonage signs with.
const bearerLimit = 4 << 10

// bearerClaims is what the token over a request says.
type bearerClaims struct {
	jwt.RegisteredClaims
	PayloadHash string `json:"payload_hash"` // SHA-256 of the body, in hexadecimal
}

// nested reads a receipt of the Messages API, or one of the SMS API that is sent as JSON.
func nested(body []byte) (receipt, error) {
	var said struct {
		Job    string      `json:"client_ref"`
		SMSJob string      `json:"client-ref"`
		Status string      `json:"status"`
		Code   json.Number `json:"err-code"`
		Error  struct {
			Title json.Number `json:"title"` // the number of the error
		} `json:"error"`
	}
	if err := strictjson.Unmarshal(body, &said); err != nil {
		return receipt{}, errors.New("not a receipt in JSON")
	}
	r := receipt{job: said.Job, status: said.Status, code: said.Code.String()}
	if r.job == "" {
		r.job = said.SMSJob
	}
	if r.code == "" {
		r.code = messagesCodes[said.Error.Title.String()]
	}
	return r, nil
}

// messagesCodes are the Messages API's numbers of what the SMS API says by its own, where they speak of the recipient.
var messagesCodes = map[string]string{
	"1010": "11", "1160": "9", "1180": "12", "1190": "3", // unroutable, illegal, unreachable, absent
	"1070": "6", "1230": "4", "1240": "14", "1360": "50", // spam, barred, blocked, filtered
}

// refuseBearer says why a token is not Vonage's word on this very body, lately. The method is pinned.
func (h webhook) refuseBearer(headers []string, body []byte, signing Signing) string {
	if signing.Check() != nil {
		return "no account"
	}
	token, found := strings.CutPrefix(headers[0], "Bearer ")
	if len(headers) != 1 || !found || len(token) > bearerLimit {
		return "no bearer token"
	}
	var claims bearerClaims
	_, err := jwt.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return []byte(signing.Secret), nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithStrictDecoding(), jwt.WithTimeFunc(h.Now), jwt.WithIssuer("Vonage"), jwt.WithLeeway(webhookAhead))
	if err != nil {
		return "wrong signature"
	}
	if claims.IssuedAt == nil {
		return "no timestamp"
	}
	if age := h.Now().Sub(claims.IssuedAt.Time); age > webhookAge || age < -webhookAhead {
		return "not of now"
	}
	hash := sha256.Sum256(body)
	if subtle.ConstantTimeCompare([]byte(strings.ToLower(claims.PayloadHash)), []byte(hex.EncodeToString(hash[:]))) != 1 {
		return "the signature is of another body"
	}
	return ""
}
