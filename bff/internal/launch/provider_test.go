package launch_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/launch"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// says is a provider with one answer.
type says string

func (s says) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(s)))}, nil
}

func TestThreat_29_AProvidersAnswerIsCheckedBeforeALibraryReadsIt(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		want         strictjson.Kind
	}{
		{"a discovery document", `{"issuer":"https://idp.example","extra":[{"a":null}]}`, ""},
		{"a key set", ` {"keys":[]}`, ""},
		{"a form", `error=invalid_grant`, ""},
		{"a page", `<html>{"a":1,"a":2}</html>`, ""},
		{"nothing", ``, ""},
		{"an issuer twice", `{"issuer":"https://idp.example","issuer":"https://evil.example"}`, strictjson.Repeated},
		{"a key set twice", `{"keys":[],"keys":[{"kty":"RSA"}]}`, strictjson.Repeated},
		{"lists in lists", `{"keys":` + strings.Repeat("[", 100000), strictjson.TooDeep},
		{"objects in objects", strings.Repeat(`{"keys":`, 30000), strictjson.TooDeep},
		{"many empty objects", `{"keys":[{}` + strings.Repeat(",{}", 80000) + `]}`, strictjson.TooMany},
		{"a number of 100,000 digits", `{"expires_in":` + strings.Repeat("9", 100000) + `}`, strictjson.Number},
		{"more than 256 KiB", `{"a":"` + strings.Repeat("x", 256<<10) + `"}`, strictjson.TooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := launch.Checked(&http.Client{Transport: says(c.answer)})
			request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "https://idp.example", nil)
			if err != nil {
				t.Fatal(err)
			}
			response, err := client.Do(request)
			if strictjson.KindOf(err) != c.want {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			if err != nil {
				return
			}
			if body, err := io.ReadAll(response.Body); err != nil || string(body) != c.answer {
				t.Errorf("the library reads %.80q, %v", body, err)
			}
		})
	}
}
