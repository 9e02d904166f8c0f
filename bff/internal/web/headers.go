// Package web has what the pages of all packages share: security headers, hashes for content security policies, files
// under names that change with their content, compression, and the reading of posted forms.
//
// Start with [SetHeaders], [Open], [NewAssets] and [ReadForm].
package web

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
)

// headers are those of every answer, redirects and unknown paths included. A route may change them for its own pages.
var headers = [...]struct{ name, value string }{
	{"Cache-Control", "no-store"},
	{"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=(), clipboard-write=(self)"},
	{"Referrer-Policy", "no-referrer"},
	{"X-Content-Type-Options", "nosniff"},
	{"X-Frame-Options", "DENY"}, // for browsers that do not know frame-ancestors
}

// SetHeaders sets the security headers of an answer. With https, browsers use only https for a year.
func SetHeaders(h http.Header, https bool) {
	for _, one := range headers {
		h.Set(one.name, one.value)
	}
	if https {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// CSPHash returns the source by which a content security policy allows an inline style or script.
func CSPHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
