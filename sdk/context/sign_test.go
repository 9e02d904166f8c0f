package launchcontext_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	launchcontext "github.com/shieldpod/shieldpod/sdk/context"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 700_000_000, time.UTC)

func TestSignFillsWhatIsEmpty(t *testing.T) {
	key := testKeys(t)["ed25519"]
	signer := launchcontext.Signer{Key: key, Now: func() time.Time { return noon }, Entropy: bytes.NewReader(make([]byte, 16))}
	token, err := signer.Sign(claims())
	if err != nil {
		t.Fatal(err)
	}
	got, err := launchcontext.Verify(token, expect(key, noon))
	if err != nil {
		t.Fatal(err)
	}
	want := claims()
	want.IssuedAt = noon.Truncate(time.Second)
	want.NotBefore, want.ExpiresAt = want.IssuedAt, want.IssuedAt.Add(time.Minute)
	want.ID = "AAAAAAAAAAAAAAAAAAAAAA"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSignRefusesWhatVerifyWouldRefuse(t *testing.T) {
	cases := []struct {
		name  string
		edit  func(*launchcontext.Claims)
		want  launchcontext.Code
		field string
	}{
		{"five minutes are allowed", func(c *launchcontext.Claims) { c.ExpiresAt = noon.Add(5 * time.Minute) }, "", ""},
		{"five minutes and a second are not", func(c *launchcontext.Claims) { c.ExpiresAt = noon.Add(301 * time.Second) }, launchcontext.CodeLifetime, "exp"},
		{"an end before the beginning", func(c *launchcontext.Claims) { c.ExpiresAt = noon }, launchcontext.CodeLifetime, "exp"},
		{"no issuer", func(c *launchcontext.Claims) { c.Issuer = "" }, launchcontext.CodeClaims, "iss"},
		{"no audience", func(c *launchcontext.Claims) { c.Audience = "" }, launchcontext.CodeClaims, "aud"},
		{"no technician", func(c *launchcontext.Claims) { c.Subject = "" }, launchcontext.CodeClaims, "sub"},
		{"no tenant", func(c *launchcontext.Claims) { c.Tenant = "" }, launchcontext.CodeClaims, "tid"},
		{"no ticket", func(c *launchcontext.Claims) { c.Context.Ticket.ID = "" }, launchcontext.CodeClaims, "ctx.ticket.id"},
		{"a channel of an unknown kind", func(c *launchcontext.Claims) {
			c.Context.Contacts = []launchcontext.Contact{{ID: "d", Name: "D", Channels: []launchcontext.Channel{{ID: "x", Kind: "fax", Value: "1"}}}}
		}, launchcontext.CodeClaims, "ctx.contacts[0].channels[0].kind"},
		{"more contacts than a context can carry", func(c *launchcontext.Claims) {
			for i := range 200 {
				c.Context.Contacts = append(c.Context.Contacts, launchcontext.Contact{ID: strconv.Itoa(i), Name: "Somebody"})
			}
		}, launchcontext.CodeTooLarge, "ctx.contacts"},
	}
	signer := launchcontext.Signer{Key: testKeys(t)["hs256"], Now: func() time.Time { return noon }}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			full := claims()
			c.edit(&full)
			_, err := signer.Sign(full)
			var refusal *launchcontext.Error
			if errors.As(err, &refusal); (err == nil) != (c.want == "") || err != nil && (refusal.Code != c.want || refusal.Field != c.field) {
				t.Errorf("got %v, want %q %q", err, c.want, c.field)
			}
		})
	}
}

func TestSignNeedsAKeyAndEntropy(t *testing.T) {
	if _, err := launchcontext.Sign(claims(), launchcontext.SigningKey{}); launchcontext.CodeOf(err) != launchcontext.CodeKeyInvalid {
		t.Errorf("no key: %v", err)
	}
	signer := launchcontext.Signer{Key: testKeys(t)["hs256"], Entropy: strings.NewReader("short")}
	if _, err := signer.Sign(claims()); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("no entropy: %v", err)
	}
}

func TestClaimsComeBackFromJSON(t *testing.T) {
	want := claims()
	want.IssuedAt = time.Unix(1767225600, 0).UTC()
	want.Context.Contacts = []launchcontext.Contact{}
	data := must(json.Marshal(want))
	var got launchcontext.Claims
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := json.Unmarshal([]byte(`{"ISS":"x"}`), &got); launchcontext.CodeOf(err) != launchcontext.CodeClaims {
		t.Errorf("another case: %v", err)
	}
}

func expect(key launchcontext.SigningKey, now time.Time) launchcontext.Expect {
	return launchcontext.Expect{
		Audience: "https://pod.example", Keys: launchcontext.Pin("https://psa.example", key.Public()),
		Now: func() time.Time { return now },
	}
}
