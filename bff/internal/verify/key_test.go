package verify

import (
	"strings"
	"testing"
)

func TestCheckKey(t *testing.T) {
	for key, want := range map[string]Code{
		"":                               CodeInvalid,
		"1234567":                        CodeInvalid,
		"12345678":                       "",
		"Az09_-Az09_-":                   "",
		strings.Repeat("k", 64):          "",
		strings.Repeat("k", 65):          CodeInvalid,
		"with space":                     CodeInvalid,
		"with\nline":                     CodeInvalid,
		"schlüssel":                      CodeInvalid,
		"9b2f6a7e-4c1d-4e0a-8f3b-0123ab": "",
	} {
		if got := CodeOf(checkKey(key)); got != want {
			t.Errorf("key %q: got %q, want %q", key, got, want)
		}
	}
}
