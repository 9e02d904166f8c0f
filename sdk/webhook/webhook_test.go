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
	secret = bytes.Repeat([]byte{7}, 32)
	body   = []byte(`{"id":"acme-7","type":"denied","tenant":"acme","seq":7,"at":"2026-03-02T12:00:00Z","data":{"contact_id":"dana"}}`)
)

func Example() {
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
	other := bytes.Repeat([]byte{8}, 32)
	for _, row := range []struct {
		name   string
		header string
		body   []byte
		now    time.Time
		keys   [][]byte
		want   error
	}{
		{"as it was signed", good, body, noon, [][]byte{secret}, nil},
		{"under the second of two secrets", good, body, noon, [][]byte{other, secret}, nil},
		{"in upper-case hexadecimal", at + ",v1=" + strings.ToUpper(sum[3:]), body, noon, [][]byte{secret}, nil},
		{"with a signature of a version to come", good + ",v2=ff", body, noon, [][]byte{secret}, nil},
		{"with another's signature beside it", webhook.Sign(other, noon, body) + "," + sum, body, noon, [][]byte{secret}, nil},
		{"five minutes late", good, body, noon.Add(5 * time.Minute), [][]byte{secret}, nil},
		{"later", good, body, noon.Add(5*time.Minute + time.Second), [][]byte{secret}, webhook.ErrAge},
		{"of the future", good, body, noon.Add(-6 * time.Minute), [][]byte{secret}, webhook.ErrAge},
		{"under no secret", good, body, noon, nil, webhook.ErrSignature},
		{"under another secret", good, body, noon, [][]byte{other}, webhook.ErrSignature},
		{"a changed body", good, bytes.Replace(body, []byte("dana"), []byte("raj1"), 1), noon, [][]byte{secret}, webhook.ErrSignature},
		{"a changed time", strings.Replace(good, "t=1", "t=2", 1), body, noon.Add(1e9 * time.Second), [][]byte{secret}, webhook.ErrSignature},
		{"no header", "", body, noon, [][]byte{secret}, webhook.ErrHeader},
		{"no signature", at, body, noon, [][]byte{secret}, webhook.ErrHeader},
		{"no time", sum, body, noon, [][]byte{secret}, webhook.ErrHeader},
		{"two times", good + ",t=5", body, noon, [][]byte{secret}, webhook.ErrHeader},
		{"half a signature", good[:len(good)-32], body, noon, [][]byte{secret}, webhook.ErrHeader},
		{"a time with a sign", strings.Replace(good, "t=", "t=+", 1), body, noon, [][]byte{secret}, webhook.ErrHeader},
		{"no event", webhook.Sign(secret, noon, []byte(`{}`)), []byte(`{}`), noon, [][]byte{secret}, webhook.ErrBody},
		{"no JSON", webhook.Sign(secret, noon, []byte(`hello`)), []byte(`hello`), noon, [][]byte{secret}, webhook.ErrBody},
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
	if got, err := webhook.ParseSecret(webhook.FormatSecret(secret)); err != nil || !bytes.Equal(got, secret) {
		t.Errorf("%x, %v", got, err)
	}
	for _, text := range []string{"", "whsec_", "whsec_AAAA", webhook.FormatSecret(secret)[1:], webhook.FormatSecret(secret) + "A"} {
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
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(values["t"][0] + "." + string(body)))
	want := mac.Sum(nil)
	return slices.ContainsFunc(values["v1"], func(value string) bool {
		given, err := hex.DecodeString(value)
		return err == nil && hmac.Equal(given, want)
	})
}
