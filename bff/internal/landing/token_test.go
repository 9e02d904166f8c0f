package landing

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

const wholeToken = "-Ab0123456789_abcdefghijklmnopqrstuvwxyzXYZ"

func TestALinkWorksWithAppendedCharacters(t *testing.T) {
	half := wholeToken[:20]
	for _, c := range []struct{ name, path string }{
		{"nothing", wholeToken},
		{"a slash", wholeToken + "/"},
		{"two slashes", wholeToken + "//"},
		{"a dot", wholeToken + "."},
		{"three dots", wholeToken + "..."},
		{"an ellipsis", wholeToken + "…"},
		{"a closing bracket", wholeToken + ")"},
		{"a closing bracket and a dot", wholeToken + ")."},
		{"an angle bracket", wholeToken + ">"},
		{"an encoded angle bracket", wholeToken + "%3E"},
		{"an angle bracket that was encoded twice", wholeToken + "%253E"},
		{"an HTML entity", wholeToken + "&gt;"},
		{"a numeric HTML entity", wholeToken + "&#62;"},
		{"an encoded HTML entity", wholeToken + "%26gt%3B"},
		{"a comma", wholeToken + ","},
		{"a semicolon", wholeToken + ";"},
		{"a colon", wholeToken + ":"},
		{"an exclamation mark", wholeToken + "!"},
		{"an encoded question mark", wholeToken + "%3F"},
		{"a double quote", wholeToken + `"`},
		{"an encoded double quote", wholeToken + "%22"},
		{"a single quote", wholeToken + "'"},
		{"a curly quote", wholeToken + "”"},
		{"a guillemet", wholeToken + "»"},
		{"an asterisk", wholeToken + "*"},
		{"two asterisks", wholeToken + "**"},
		{"an underscore", wholeToken + "_"},
		{"two underscores", wholeToken + "__"},
		{"a hyphen", wholeToken + "-"},
		{"a dash", wholeToken + "–"},
		{"a tilde", wholeToken + "~"},
		{"a back quote", wholeToken + "`"},
		{"a square bracket", wholeToken + "]"},
		{"a Markdown link's end", wholeToken + "](https://pod.example/v/" + wholeToken + ")"},
		{"a brace", wholeToken + "}"},
		{"a pipe", wholeToken + "|" + "text>"},
		{"a backslash", wholeToken + `\`},
		{"an ideographic full stop", wholeToken + "。"},
		{"a full-width bracket", wholeToken + "）"},
		{"an equals sign of quoted-printable", wholeToken + "="},
		{"an encoded equals sign", wholeToken + "%3D"},
		{"a soft line break in the middle", half + "=\r\n" + wholeToken[20:]},
		{"a soft line break of which the line break is lost", half + "=" + wholeToken[20:]},
		{"an encoded line break in the middle", half + "%0D%0A" + wholeToken[20:]},
		{"a space in the middle", half + " " + wholeToken[20:]},
		{"a soft hyphen", wholeToken + "\u00ad"},
		{"a soft hyphen in the middle", half + "\u00ad" + wholeToken[20:]},
		{"a soft hyphen in Latin-1", wholeToken + "\xad"},
		{"a zero-width space", wholeToken + "\u200b"},
		{"a zero-width space in the middle", half + "\u200b" + wholeToken[20:]},
		{"a zero-width joiner", wholeToken + "\u200d"},
		{"a word joiner", wholeToken + "\u2060"},
		{"a byte order mark", wholeToken + "\ufeff"},
		{"directional marks on both sides", "\u202a" + wholeToken + "\u202c"},
		{"directional isolates on both sides", "\u2066" + wholeToken + "\u2069"},
		{"a variation selector", wholeToken + "\ufe0f"},
		{"a Hangul filler", wholeToken + "\u3164"},
		{"a no-break space", wholeToken + "\u00a0"},
		{"a space and a word", wholeToken + " please"},
		{"an encoded space", wholeToken + "%20"},
		{"a tab", wholeToken + "\t"},
		{"a line break", wholeToken + "\n"},
		{"a null character", wholeToken + "\x00"},
		{"a further segment", wholeToken + "/index.html"},
		{"parameters in the path", wholeToken + "&data=05%7C01&reserved=0"},
		{"a session parameter", wholeToken + ";jsessionid=1"},
		{"an encoded query", wholeToken + "%3Futm_source=mail"},
		{"a fragment that was sent", wholeToken + "#top"},
		{"an encoded fragment", wholeToken + "%23top"},
		{"the end of urldefense's rewriting", wholeToken + "__;!!AbC-d_e!xyz$"},
		{"an angle bracket before it", "<" + wholeToken + ">"},
		{"a slash before it", "/" + wholeToken},
		{"its hyphen and underscore encoded", strings.NewReplacer("-", "%2D", "_", "%5F").Replace(wholeToken)},
		{"its hyphen and underscore encoded twice", strings.NewReplacer("-", "%252D", "_", "%255F").Replace(wholeToken)},
		{"an emoji", wholeToken + "👍"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := parseToken(c.path); got != wholeToken {
				t.Errorf("%q gives %q", c.path, got)
			}
			if once, err := url.PathUnescape(c.path); err == nil && parseToken(once) != wholeToken {
				t.Errorf("decoded, %q gives %q", once, parseToken(once))
			}
		})
	}
}

func TestNoCharacterOfATokenIsGuessed(t *testing.T) {
	for _, c := range []struct{ name, path string }{
		{"nothing", ""},
		{"a slash", "/"},
		{"one character too few", wholeToken[1:]},
		{"one letter too many", wholeToken + "a"},
		{"one digit too many", wholeToken + "1"},
		{"a word behind an underscore", wholeToken + "_and"},
		{"a dot in the middle", wholeToken[:20] + "." + wholeToken[20:]},
		{"a slash in the middle", wholeToken[:20] + "/" + wholeToken[20:]},
		{"a question mark in the middle", wholeToken[:20] + "?" + wholeToken[20:]},
		{"a letter of another script", wholeToken[:42] + "Ζ"},
		{"another file before it", "favicon.ico/" + wholeToken},
		{"two halves behind each other", wholeToken[:20] + ")(" + wholeToken[20:]},
		{"only invisible characters", "\u200b\u00ad"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := parseToken(c.path); got != "" {
				t.Errorf("%q gives %q", c.path, got)
			}
		})
	}
}

func TestThePagesOwnQueryIsFoundAmongOthers(t *testing.T) {
	for raw, want := range map[string]string{
		"": "", "deny": "deny", "deny=": "deny", "deny&": "deny", "&deny": "deny", "done": "done", "late=": "late",
		"deny&utm_source=mail": "deny", "utm_source=mail&deny=": "deny", "fbclid=IwAR0&done": "done", "deny&amp;utm_medium=email": "deny",
		"deny=&fbclid": "deny", "gclid=1&late&x": "late",
		"x": "", "utm_source=mail": "", "fbclid": "", "x=deny": "", "deny=1": "", "Deny": "", "denying": "", "undone": "", "amp;": "", "?deny": "",
		"%zz": "", ";deny": "", "action=deny": "",
	} {
		if got := ownQuery(raw); got != want {
			t.Errorf("%q reads as %q, want %q", raw, got, want)
		}
	}
}

func FuzzParseToken(f *testing.F) {
	for _, seed := range []string{wholeToken, wholeToken + "%3E", "<" + wholeToken, wholeToken[:20] + "=\r\n" + wholeToken[20:], "%25%32%35", "\xff%zz"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		token := parseToken(path)
		if token == "" {
			return
		}
		if len(token) != tokenLength || strings.IndexFunc(token, func(r rune) bool { return !isTokenChar(r) }) >= 0 {
			t.Errorf("%q gives %q", path, token)
		}
		if again := parseToken(token); again != token {
			t.Errorf("%q gives %q, and that %q", path, token, again)
		}
	})
}

// No path, method or query makes the pages redirect to another host.
func FuzzNoRedirectToAnotherHost(f *testing.F) {
	for _, seed := range []string{"/v/x", "//evil.example/v/x", "/v//evil.example", `/v/\evil.example`, "/v/https://evil.example/", "/V/..//evil.example"} {
		f.Add(seed, "deny")
	}
	pages := New(Config{Service: unknownLinks{}})
	f.Fuzz(func(t *testing.T, path, query string) {
		u, err := url.ParseRequestURI(path + "?" + query)
		if err != nil || !strings.HasPrefix(path, "/") {
			return // not a valid request
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.URL = u
		w := httptest.NewRecorder()
		pages.ServeHTTP(w, r)
		to := w.Header().Get("Location")
		within := to == "" || to[0] == '?' || to[0] == '/' && (len(to) == 1 || to[1] != '/' && to[1] != '\\')
		if !within {
			t.Errorf("%q leads to %q", path, to)
		}
	})
}

// unknownLinks knows no link.
type unknownLinks struct{ Service }

func (unknownLinks) Link(context.Context, string) (verify.Link, error) {
	return verify.Link{}, &verify.Error{Code: verify.CodeNotFound}
}
