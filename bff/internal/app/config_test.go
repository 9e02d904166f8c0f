package app_test

import (
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/app"
)

func TestASiteIsWrittenAsBrowsersDo(t *testing.T) {
	for _, good := range []string{
		"https://psa.example", "https://psa.example:8443", "http://localhost:8080", "http://127.0.0.1", "https://[2001:db8::1]:8443", "https://10.0.0.7",
		"https://psa_1.example", "https://xn--psa-0na.example",
	} {
		if err := app.CheckSite("--origin", good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", "*", "null", "https://", "psa.example", "https://*.example", "https://PSA.example", "HTTPS://psa.example", "https://psä.example",
		"https://psa.example/", "https://psa.example?", "https://psa.example#", "https://ana@psa.example", "https://psa.example:443", "http://localhost:80",
		"https://psa.example:", "https://psa.example:0", "https://psa.example:08443", "https://psa.example:99999", "https://psa.example;script-src",
		"https://psa.example'", "https://psa.example,https://x", "https://psa.example https://x", "https://psa.example.", "http://psa.example", "ftp://psa.example",
	} {
		if app.CheckSite("--origin", bad) == nil {
			t.Errorf("%q was taken for an origin", bad)
		}
	}
}
