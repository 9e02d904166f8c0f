package mailaddress_test

import (
	"strings"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/mailaddress"
)

func TestOnlyOnePlainAddressIsAccepted(t *testing.T) {
	for _, c := range []struct{ name, give, want string }{ // want: the normalized form; empty: refused
		{"a plain address", "dana@contoso.example", "dana@contoso.example"},
		{"an alias", "dana+it@contoso.example", "dana+it@contoso.example"},
		{"a host without a domain", "root@mail", "root@mail"},
		{"an apostrophe", "o'neil@contoso.example", "o'neil@contoso.example"},
		{"letters of another script", "дана@contoso.example", "дана@contoso.example"},
		{"a domain of another script", "dana@bücher.example", "dana@xn--bcher-kva.example"},
		{"a decomposed letter", "u\u0308@contoso.example", "\u00fc@contoso.example"},
		{"320 bytes", strings.Repeat("a", 64) + "@" + strings.Repeat("b", 255), strings.Repeat("a", 64) + "@" + strings.Repeat("b", 255)},
		{"321 bytes", strings.Repeat("a", 65) + "@" + strings.Repeat("b", 255), ""},
		{"nothing", "", ""},
		{"no domain", "dana@", ""},
		{"no local part", "@contoso.example", ""},
		{"no at sign", "contoso.example", ""},
		{"two at signs", "dana@contoso@example", ""},
		{"a name before it", "Dana <dana@contoso.example>", ""},
		{"angle brackets", "<dana@contoso.example>", ""},
		{"two recipients", "dana@contoso.example,eve@evil.example", ""},
		{"two recipients by a semicolon", "dana@contoso.example;eve@evil.example", ""},
		{"a comment", "dana(eve)@contoso.example", ""},
		{"a quoted local part", `"dana"@contoso.example`, ""},
		{"an escape", `da\na@contoso.example`, ""},
		{"an address in brackets", "dana@[192.0.2.1]", ""},
		{"a header after it", "dana@contoso.example\r\nBcc: eve@evil.example", ""},
		{"a line separator", "dana@contoso.example\u2028", ""},
		{"a space around it", " dana@contoso.example", ""},
		{"dots beside each other", "dana..it@contoso.example", ""},
		{"broken UTF-8", "dana\xff@contoso.example", ""},
		{"a domain that has no ASCII form", "dana@xn--ü.example", ""},
	} {
		got, err := mailaddress.Normalize(c.give)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q, %v; want %q", c.name, got, err, c.want)
		}
	}
}
