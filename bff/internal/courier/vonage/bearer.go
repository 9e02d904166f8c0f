package vonage

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// maxBearerBytes is far above the length of Vonage's tokens.
const maxBearerBytes = 4 << 10

// bearerClaims are the claims of the token that signs a request.
type bearerClaims struct {
	jwt.RegisteredClaims
	PayloadHash string `json:"payload_hash"` // SHA-256 of the body, in hexadecimal
}

// parseJSONReceipt reads a receipt of the Messages API, or a receipt of the SMS API in JSON.
func parseJSONReceipt(body []byte) (receipt, error) {
	var raw struct {
		Job    string      `json:"client_ref"`
		SMSJob string      `json:"client-ref"`
		Status string      `json:"status"`
		Code   json.Number `json:"err-code"`
		Error  struct {
			Title json.Number `json:"title"` // the error number
		} `json:"error"`
	}
	if err := strictjson.Unmarshal(body, &raw); err != nil {
		return receipt{}, courier.Malformed("not a receipt in JSON")
	}
	r := receipt{job: raw.Job, status: raw.Status, code: raw.Code.String()}
	if r.job == "" {
		r.job = raw.SMSJob
	}
	if r.code == "" {
		r.code = messagesCodes[raw.Error.Title.String()]
	}
	return r, nil
}

// messagesCodes maps error numbers of the Messages API about the recipient to those of the SMS API.
var messagesCodes = map[string]string{
	"1010": "11", "1160": "9", "1180": "12", "1190": "3", // unroutable, illegal, unreachable, absent
	"1070": "6", "1230": "4", "1240": "14", "1360": "50", // spam, barred, blocked, filtered
}

// checkBearer returns the time of a token that signs this body. The signature method is pinned.
func checkBearer(headers []string, body []byte, signing Signing, now time.Time) (time.Time, error) {
	token, found := strings.CutPrefix(headers[0], "Bearer ")
	if len(headers) != 1 || !found || len(token) > maxBearerBytes {
		return time.Time{}, courier.Forged("no bearer token")
	}
	var claims bearerClaims
	_, err := jwt.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return []byte(signing.Secret), nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithStrictDecoding(), jwt.WithIssuer("Vonage"),
		jwt.WithTimeFunc(func() time.Time { return now }), jwt.WithLeeway(courier.MaxClockSkew))
	if err != nil {
		return time.Time{}, courier.Forged("wrong signature")
	}
	if claims.IssuedAt == nil {
		return time.Time{}, courier.Forged("no timestamp")
	}
	hash := sha256.Sum256(body)
	if subtle.ConstantTimeCompare([]byte(strings.ToLower(claims.PayloadHash)), []byte(hex.EncodeToString(hash[:]))) != 1 {
		return time.Time{}, courier.Forged("the signature is of another body")
	}
	return claims.IssuedAt.Time, nil
}
