package webhook_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
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
	// In an http.Handler: the header and the body as they came.
	header := webhook.Sign(secret, noon, body)
	event, err := webhook.Verify(header, body, noon, secret)
	if err != nil {
		fmt.Println("refuse with 400:", err)
		return
	}
	fmt.Println(event.Type, "of", event.Data.ContactID)
	// Output: denied of dana
}

func TestVerifyTakesOnlyWhatWasSigned(t *testing.T) {
	good := webhook.Sign(secret, noon, body)
	at, sum, _ := strings.Cut(good, ",")
	other := secretOf(bytes.Repeat([]byte{8}, 32))
	for _, row := range []struct {
		name   string
		header string
		body   []byte
		now    time.Time
		keys   []webhook.Secret
		want   error
	}{
		{"as it was signed", good, body, noon, []webhook.Secret{secret}, nil},
		{"under the second of two secrets", good, body, noon, []webhook.Secret{other, secret}, nil},
		{"in upper-case hexadecimal", at + ",v1=" + strings.ToUpper(sum[3:]), body, noon, []webhook.Secret{secret}, nil},
		{"with a signature of a version to come", good + ",v2=ff", body, noon, []webhook.Secret{secret}, nil},
		{"with another's signature beside it", webhook.Sign(other, noon, body) + "," + sum, body, noon, []webhook.Secret{secret}, nil},
		{"five minutes late", good, body, noon.Add(5 * time.Minute), []webhook.Secret{secret}, nil},
		{"later", good, body, noon.Add(5*time.Minute + time.Second), []webhook.Secret{secret}, webhook.ErrAge},
		{"of the future", good, body, noon.Add(-6 * time.Minute), []webhook.Secret{secret}, webhook.ErrAge},
		{"under no secret", good, body, noon, nil, webhook.ErrSecret},
		{"under an empty secret", good, body, noon, []webhook.Secret{{}}, webhook.ErrSecret},
		{"under another secret", good, body, noon, []webhook.Secret{other}, webhook.ErrSignature},
		{"a changed body", good, bytes.Replace(body, []byte("dana"), []byte("raj1"), 1), noon, []webhook.Secret{secret}, webhook.ErrSignature},
		{"a changed time", strings.Replace(good, "t=1", "t=2", 1), body, noon.Add(1e9 * time.Second), []webhook.Secret{secret}, webhook.ErrSignature},
		{"no header", "", body, noon, []webhook.Secret{secret}, webhook.ErrHeader},
		{"no signature", at, body, noon, []webhook.Secret{secret}, webhook.ErrHeader},
		{"no time", sum, body, noon, []webhook.Secret{secret}, webhook.ErrHeader},
		{"two times", good + ",t=5", body, noon, []webhook.Secret{secret}, webhook.ErrHeader},
		{"half a signature", good[:len(good)-32], body, noon, []webhook.Secret{secret}, webhook.ErrHeader},
		{"a time with a sign", strings.Replace(good, "t=", "t=+", 1), body, noon, []webhook.Secret{secret}, webhook.ErrHeader},
		{"no event", webhook.Sign(secret, noon, []byte(`{}`)), []byte(`{}`), noon, []webhook.Secret{secret}, webhook.ErrBody},
		{"no JSON", webhook.Sign(secret, noon, []byte(`hello`)), []byte(`hello`), noon, []webhook.Secret{secret}, webhook.ErrBody},
	} {
		t.Run(row.name, func(t *testing.T) {
			e, err := webhook.Verify(row.header, row.body, row.now, row.keys...)
			if !errors.Is(err, row.want) || (err == nil) != (e.ID == "acme-7") {
				t.Errorf("got %+v, %v; want %v", e, err, row.want)
			}
		})
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

// FuzzVerify checks that a post is accepted only with an HMAC of its own time and body. The signature is compared as
// bytes, because hexadecimal digits may be written in either case.
func FuzzVerify(f *testing.F) {
	good := webhook.Sign(secret, noon, body)
	at, sum, _ := strings.Cut(good, ",v1=")
	f.Add(good, body)
	f.Add(at+",v1="+strings.ToUpper(sum), body)
	f.Add(good+",v1="+strings.Repeat("0", 64), body)
	f.Add(webhook.Sign(secret, noon.Add(webhook.Tolerance), body), body)
	f.Add(webhook.Sign(secret, noon.Add(webhook.Tolerance+time.Second), body), body)
	f.Add("t=1,v1=", []byte("{}"))
	f.Fuzz(func(t *testing.T, header string, given []byte) {
		if _, err := webhook.Verify(header, given, noon, secret); err == nil && !isSigned(header, given) {
			t.Errorf("%q is accepted for %q", header, given)
		}
	})
}

// isSigned reports whether one of the header's signatures is the HMAC of its time and the body, with a time in tolerance.
func isSigned(header string, body []byte) bool {
	values := map[string][]string{}
	for part := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(part, "=")
		values[name] = append(values[name], value)
	}
	if len(values["t"]) != 1 {
		return false
	}
	seconds, err := strconv.ParseInt(values["t"][0], 10, 64)
	if err != nil || time.Unix(seconds, 0).Sub(noon).Abs() > webhook.Tolerance {
		return false
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(values["t"][0] + "." + string(body)))
	want := mac.Sum(nil)
	return slices.ContainsFunc(values["v1"], func(value string) bool {
		given, err := hex.DecodeString(value)
		return err == nil && hmac.Equal(given, want)
	})
}
