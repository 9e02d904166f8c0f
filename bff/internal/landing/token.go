package landing

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenLength is that of 256 bits in unpadded base64url.
const tokenLength = 43

// tokenOf finds the token in what follows /v/ in a link's path, decoded once. Mail programs, chat programs and
// link rewriters put characters behind a link: punctuation, quotes, markup, HTML entities, path segments, more
// percent-encoding, invisible characters. All of them are cut off or passed over. It gives an empty text where
// there is no whole token: no character of a token is ever guessed.
func tokenOf(path string) string {
	var token strings.Builder
	rest := decoded(path)
	for rest != "" {
		r, size := utf8.DecodeRuneInString(rest)
		rest = rest[size:]
		switch {
		case inToken(r):
			token.WriteRune(r)
		case token.Len() >= tokenLength:
			rest = ""
		case invisible(r, size), token.Len() == 0:
		case r == '=': // a soft line break of quoted-printable
		default:
			return ""
		}
	}
	found := token.String()
	if len(found) < tokenLength || strings.Trim(found[tokenLength:], "-_") != "" {
		return ""
	}
	return found[:tokenLength] // Markdown and urldefense.com put underscores behind a link
}

// maxDecodings bounds how often a path is decoded.
const maxDecodings = 3

// decoded takes off the percent-encodings that rewriters have put over the first one.
func decoded(path string) string {
	for range maxDecodings {
		once, err := url.PathUnescape(path)
		if err != nil || once == path {
			return path
		}
		path = once
	}
	return path
}

// inToken tells whether the character is one of base64url.
func inToken(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_'
}

// invisible tells whether nothing is seen of a character: white space, controls, formatting characters such as the
// soft hyphen and the zero-width space, variation selectors, fillers, and bytes that are no UTF-8.
func invisible(r rune, size int) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Mn, unicode.Other_Default_Ignorable_Code_Point) ||
		r == utf8.RuneError && size == 1
}

// queryOf gives which of the page's own queries an address has, wherever it stands among parameters that trackers,
// browsers and link rewriters add, and with or without an equals sign: "?deny", "?deny=" and "?utm_source=mail&deny=".
// It is empty where there is none.
func queryOf(raw string) string {
	for pair := range strings.SplitSeq(raw, "&") {
		switch name := strings.TrimSuffix(pair, "="); name {
		case queryDone, queryLate, queryDeny:
			return name
		}
	}
	return ""
}
