package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Names of the headers (Standard Webhooks 1.0.0).
const (
	HeaderID        = "Webhook-Id"        // of the post: the event's ID, the same each time that it is posted
	HeaderTimestamp = "Webhook-Timestamp" // seconds since 1970
	HeaderSignature = "Webhook-Signature" // v1,<HMAC-SHA256 of "<id>.<timestamp>.<body>" in base64>; several are separated by spaces
)

// Tolerance is how far a signature's time may be from the receiver's.
const Tolerance = 5 * time.Minute

// Bounds of the headers of a post.
const (
	maxIDLength        = 256
	maxSignatureLength = 1024
)

// Sign sets the headers of a body that is posted at the time. It is the server's side.
func Sign(h http.Header, secret Secret, id string, at time.Time, body []byte) {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	h.Set(HeaderID, id)
	h.Set(HeaderTimestamp, timestamp)
	h.Set(HeaderSignature, "v1,"+base64.StdEncoding.EncodeToString(sum(secret, id, timestamp, body)))
}

// signature is what the headers of a post say.
type signature struct {
	id        string
	timestamp string
	at        time.Time
	sums      [][]byte
}

// parse reads the headers. Versions of signatures that it does not know are passed over. An ID with a dot is refused: the
// signed text would read as another ID and time.
func parse(h http.Header) (signature, error) {
	id, okID := single(h, HeaderID, maxIDLength)
	timestamp, okTime := single(h, HeaderTimestamp, maxIDLength)
	list, okSum := single(h, HeaderSignature, maxSignatureLength)
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if !okID || !okTime || !okSum || strings.Contains(id, ".") || err != nil || seconds <= 0 || strconv.FormatInt(seconds, 10) != timestamp {
		return signature{}, ErrHeader
	}
	s := signature{id: id, timestamp: timestamp, at: time.Unix(seconds, 0)}
	for part := range strings.SplitSeq(list, " ") {
		encoded, known := strings.CutPrefix(part, "v1,")
		if !known {
			continue
		}
		given, err := base64.StdEncoding.Strict().DecodeString(encoded)
		if err != nil || len(given) != sha256.Size {
			return signature{}, ErrHeader
		}
		s.sums = append(s.sums, given)
	}
	if len(s.sums) == 0 {
		return signature{}, ErrHeader
	}
	return s, nil
}

// single gives a header that stands there once, in at most so many bytes.
func single(h http.Header, name string, most int) (string, bool) {
	values := h.Values(name)
	if len(values) != 1 || values[0] == "" || len(values[0]) > most {
		return "", false
	}
	return values[0], true
}

// isOf tells whether one of the secrets has signed the body.
func (s signature) isOf(body []byte, secrets []Secret) bool {
	return slices.ContainsFunc(secrets, func(secret Secret) bool {
		want := sum(secret, s.id, s.timestamp, body)
		return slices.ContainsFunc(s.sums, func(given []byte) bool { return hmac.Equal(want, given) })
	})
}

func sum(secret Secret, id, timestamp string, body []byte) []byte {
	h := hmac.New(sha256.New, secret.key[:])
	h.Write([]byte(id + "." + timestamp + "."))
	h.Write(body)
	return h.Sum(nil)
}
