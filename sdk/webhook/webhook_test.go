package webhook_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/sdk/webhook"
)

var (
	noon   = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	key    = bytes.Repeat([]byte{7}, 32)
	secret = secretOf(key)
	body   = []byte(`{"id":"acme-7","type":"denied","tenant":"acme","seq":7,"at":"2026-03-02T12:00:00Z","data":{"contact_id":"dana"}}`)
)

func secretOf(key []byte) webhook.Secret {
	s, err := webhook.NewSecret(key)
	if err != nil {
		panic(err)
	}
	return s
}

func Example() {
	// Once, at the start: the secret as 'shieldpod tenant put --webhook' printed it, of a file or a variable.
	secret, err := webhook.ParseSecret("whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=")
	if err != nil {
		fmt.Println(err)
		return
	}
	// In an http.Handler: r.Header and the body as they came.
	header := http.Header{}
	webhook.Sign(header, secret, "acme-7", noon, body)
	event, err := webhook.Verify(header, body, noon, secret)
	if err != nil {
		fmt.Println("refuse with 400:", err)
		return
	}
	fmt.Println(event.Type, "of", event.Data.ContactID)
	// Output: denied of dana
}

// headers of a post: changes are pairs of a header's name and its value, or "" to remove it.
func headers(s webhook.Secret, body []byte, changes ...string) http.Header {
	h := http.Header{}
	webhook.Sign(h, s, "acme-7", noon, body)
	for i := 0; i < len(changes); i += 2 {
		if h.Set(changes[i], changes[i+1]); changes[i+1] == "" {
			h.Del(changes[i])
		}
	}
	return h
}

func TestVerifyTakesOnlyWhatWasSigned(t *testing.T) {
	const id, at, sign = webhook.HeaderID, webhook.HeaderTimestamp, webhook.HeaderSignature
	good := headers(secret, body)
	sum := good.Get(sign)
	other := secretOf(bytes.Repeat([]byte{8}, 32))
	twice := func(name string) http.Header {
		h := headers(secret, body)
		h.Add(name, h.Get(name))
		return h
	}
	for _, row := range []struct {
		name   string
		header http.Header
		body   []byte
		now    time.Time
		keys   []webhook.Secret
		want   error
	}{
		{"as it was signed", good, body, noon, []webhook.Secret{secret}, nil},
		{"under the second of two secrets", good, body, noon, []webhook.Secret{other, secret}, nil},
		{"with a signature of a version to come", headers(secret, body, sign, "v1a,/w== "+sum), body, noon, []webhook.Secret{secret}, nil},
		{"with another's signature before it", headers(other, body, sign, headers(other, body).Get(sign)+" "+sum), body, noon, []webhook.Secret{secret}, nil},
		{"five minutes late", good, body, noon.Add(5 * time.Minute), []webhook.Secret{secret}, nil},
		{"later", good, body, noon.Add(5*time.Minute + time.Second), []webhook.Secret{secret}, webhook.ErrAge},
		{"of the future", good, body, noon.Add(-6 * time.Minute), []webhook.Secret{secret}, webhook.ErrAge},
		{"under no secret", good, body, noon, nil, webhook.ErrSecret},
		{"under an empty secret", good, body, noon, []webhook.Secret{{}}, webhook.ErrSecret},
		{"under another secret", good, body, noon, []webhook.Secret{other}, webhook.ErrSignature},
		{"a changed body", good, bytes.Replace(body, []byte("dana"), []byte("raj1"), 1), noon, []webhook.Secret{secret}, webhook.ErrSignature},
		{"a changed time", headers(secret, body, at, "1772452801"), body, noon, []webhook.Secret{secret}, webhook.ErrSignature},
		{"a changed ID", headers(secret, body, id, "acme-8"), body, noon, []webhook.Secret{secret}, webhook.ErrSignature},
		{"no headers", http.Header{}, body, noon, []webhook.Secret{secret}, webhook.ErrHeader},
		{"no signature", headers(secret, body, sign, ""), body, noon, []webhook.Secret{secret}, webhook.ErrHeader},
		{"no time", headers(secret, body, at, ""), body, noon, []webhook.Secret{secret}, webhook.ErrHeader},
		{"no ID", headers(secret, body, id, ""), body, noon, []webhook.Secret{secret}, webhook.ErrHeader},
		{"an ID with a dot", headers(secret, body, id, "acme.7"), body, noon, []webhook.Secret{secret}, webhook.ErrHeader},
		{"two IDs", twice(id), body, noon, []webhook.Secret{secret}, webhook.ErrHeader},
		{"two times", twice(at), body, noon, []webhook.Secret{secret}, webhook.ErrHeader},
		{"two headers of signatures", twice(sign), body, noon, []webhook.Secret{secret}, webhook.ErrHeader},
		{"half a signature", headers(secret, body, sign, sum[:len(sum)-20]), body, noon, []webhook.Secret{secret}, webhook.ErrHeader},
		{"a signature in hexadecimal", headers(secret, body, sign, "v1,"+strings.Repeat("ab", 32)), body, noon, []webhook.Secret{secret}, webhook.ErrHeader},
		{"only a version to come", headers(secret, body, sign, "v2,"+sum[3:]), body, noon, []webhook.Secret{secret}, webhook.ErrHeader},
		{"a time with a sign", headers(secret, body, at, "+1772452800"), body, noon, []webhook.Secret{secret}, webhook.ErrHeader},
		{"no event", headers(secret, []byte(`{}`)), []byte(`{}`), noon, []webhook.Secret{secret}, webhook.ErrBody},
		{"no JSON", headers(secret, []byte(`hello`)), []byte(`hello`), noon, []webhook.Secret{secret}, webhook.ErrBody},
	} {
		t.Run(row.name, func(t *testing.T) {
			e, err := webhook.Verify(row.header, row.body, row.now, row.keys...)
			if !errors.Is(err, row.want) || (err == nil) != (e.ID == "acme-7") {
				t.Errorf("got %+v, %v; want %v", e, err, row.want)
			}
		})
	}
}

// The signature is the one that version 0.0.1 of the reference implementation gives for the same secret, ID, time and body.
func TestSignaturesAreThoseOfStandardWebhooks(t *testing.T) {
	h := headers(secret, body)
	got := [3]string{h.Get("webhook-id"), h.Get("webhook-timestamp"), h.Get("webhook-signature")}
	if want := [3]string{"acme-7", "1772452800", "v1,cCY7PG1aMBX/zrOmIM5iYJL9Wci+oXZ5o2t09RkoQP8="}; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestASecretReadsAsItWasWritten(t *testing.T) {
	if got, err := webhook.ParseSecret(secret.Text()); err != nil || got != secret {
		t.Errorf("%x, %v", got, err)
	}
	for name, text := range map[string]string{
		"a line's end": secret.Text() + "\r\n", "a byte order mark": "\ufeff" + secret.Text(), "quotes": `"` + secret.Text() + `"`, "a variable": "WEBHOOK_SECRET=" + secret.Text(),
	} {
		if got, err := webhook.ParseSecret(text); err != nil || got != secret {
			t.Errorf("with %s: %v", name, err)
		}
	}
	if said := fmt.Sprintf("%v %+v %#v %s", secret, secret, secret, secret); strings.Contains(said, "BwcH") || strings.Contains(said, "7, 7") {
		t.Errorf("it is printed: %s", said)
	}
	for _, text := range []string{"", "whsec_", "whsec_AAAA", secret.Text()[1:], secret.Text() + "A"} {
		if _, err := webhook.ParseSecret(text); !errors.Is(err, webhook.ErrSecret) {
			t.Errorf("%q is taken: %v", text, err)
		}
	}
}

// FuzzVerify checks that a post is accepted only with an HMAC of its own ID, time and body.
func FuzzVerify(f *testing.F) {
	good := headers(secret, body)
	sum := good.Get(webhook.HeaderSignature)
	timestamp := good.Get(webhook.HeaderTimestamp)
	f.Add("acme-7", timestamp, sum, body)
	f.Add("acme-7", timestamp, sum+" v1,"+sum[3:], body)
	f.Add("acme-7", "1772452801", sum, body)
	f.Add("acme.7", timestamp, "v2,"+sum, body)
	f.Add("", "1", "v1,", []byte("{}"))
	f.Fuzz(func(t *testing.T, id, timestamp, signature string, given []byte) {
		h := http.Header{}
		h.Set(webhook.HeaderID, id)
		h.Set(webhook.HeaderTimestamp, timestamp)
		h.Set(webhook.HeaderSignature, signature)
		if _, err := webhook.Verify(h, given, noon, secret); err == nil && !isSigned(id, timestamp, signature, given) {
			t.Errorf("%q %q %q is accepted for %q", id, timestamp, signature, given)
		}
	})
}

// isSigned reports whether one of the signatures is the HMAC of the ID, the time and the body, with a time in tolerance.
func isSigned(id, timestamp, signature string, body []byte) bool {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || time.Unix(seconds, 0).Sub(noon).Abs() > webhook.Tolerance {
		return false
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + timestamp + "." + string(body)))
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	return slices.Contains(strings.Split(signature, " "), want)
}
