package landing

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/shieldpod/shieldpod/bff/internal/text"
)

// tokenLength is the length of 256 bits in unpadded base64url.
const tokenLength = 43

// parseToken finds the token in a link's path after /v/, decoded once. Mail programs, chat programs and link rewriters
// append characters to a link: punctuation, quotes, markup, HTML entities, path segments, more percent-encoding,
// invisible characters. All of them are removed or skipped. It returns an empty text without a complete token. It
// never guesses a character.
func parseToken(path string) string {
	var token strings.Builder
	rest := unescape(path)
	for rest != "" {
		r, size := utf8.DecodeRuneInString(rest)
		rest = rest[size:]
		switch {
		case isTokenChar(r):
			token.WriteRune(r)
		case token.Len() >= tokenLength:
			rest = ""
		case isInvisible(r, size), token.Len() == 0:
		case r == '=': // a soft line break in quoted-printable
		default:
			return ""
		}
	}
	found := token.String()
	if len(found) < tokenLength || strings.Trim(found[tokenLength:], "-_") != "" {
		return ""
	}
	return found[:tokenLength] // Markdown and urldefense.com append underscores to a link
}

// maxUnescapes bounds how often a path is decoded.
const maxUnescapes = 3

// unescape removes the additional percent-encodings of link rewriters.
func unescape(path string) string {
	for range maxUnescapes {
		once, err := url.PathUnescape(path)
		if err != nil || once == path {
			return path
		}
		path = once
	}
	return path
}

// isTokenChar reports whether the character is one of base64url.
func isTokenChar(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_'
}

// isInvisible reports whether a character is not visible: white space, controls, formatting characters such as the
// soft hyphen and the zero-width space, variation selectors, fillers, and bytes that are not UTF-8.
func isInvisible(r rune, size int) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || text.Invisible(r) || unicode.Is(unicode.Mn, r) ||
		r == utf8.RuneError && size == 1
}

// ownQuery returns the page's own query parameter, in any position among parameters that trackers, browsers and link
// rewriters add, with or without an equals sign: "?deny", "?deny=" and "?utm_source=mail&deny=". It returns an empty
// text without one.
func ownQuery(raw string) string {
	for pair := range strings.SplitSeq(raw, "&") {
		switch name := strings.TrimSuffix(pair, "="); name {
		case queryDone, queryLate, queryDeny:
			return name
		}
	}
	return ""
}
