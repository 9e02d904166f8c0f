// Package text cleans text from outside: ticket systems, vendors' contexts, administrators and carriers.
//
// Start with [Value] for machine-readable values (numbers, addresses, tags) and [Line] for displayed text (names,
// titles, labels). [Forbidden] and [OneLine] validate texts that are refused instead of cleaned. The package imports
// the standard library only.
package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Zero-width joiners: invisible, but part of the spelling of Persian, Hindi and others, and of emoji.
const (
	nonJoiner = '\u200c'
	joiner    = '\u200d'
)

// blankBraille is a symbol without visible marks.
const blankBraille = '\u2800'

// Invisible reports whether a character has no visible form and no width: format characters (bidirectional marks,
// zero-width spaces and joiners, soft hyphens, byte order marks, tags), variation selectors, and the other characters
// that Unicode tells programs to ignore (Default_Ignorable_Code_Point).
func Invisible(r rune) bool {
	return r >= 0x80 && unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// isSpace reports whether a character is white space, including a blank that Unicode lists among the symbols.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r == blankBraille }

// Value cleans a machine-readable value: it removes invisible characters and the surrounding white space. White space
// inside stays: whether it is allowed depends on the value.
func Value(s string) string {
	if strings.IndexFunc(s, Invisible) >= 0 {
		s = strings.Map(func(r rune) rune {
			if Invisible(r) {
				return -1
			}
			return r
		}, s)
	}
	return strings.TrimFunc(s, isSpace)
}

// Line cleans displayed text for one line of at most limit characters: control characters, line breaks and runs of
// white space become one space; invisible characters, private use and broken UTF-8 are removed; longer text is cut and
// ends in "…". The joiners and variation selectors of visible text stay. A text without visible characters becomes
// empty.
func Line(s string, limit int) string { return LineCut(s, limit, "…") }

// LineCut is Line with another mark at the end of cut text.
func LineCut(s string, limit int, mark string) string {
	s = strings.Join(strings.Fields(strings.Map(cleanRune, s)), " ")
	if strings.TrimFunc(s, func(r rune) bool { return Invisible(r) || r == ' ' }) == "" {
		return ""
	}
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:limit-utf8.RuneCountInString(mark)])) + mark
}

// cleanRune gives the character for a line; -1 removes it.
func cleanRune(r rune) rune {
	switch {
	case r >= ' ' && r <= '~', r == joiner, r == nonJoiner, unicode.Is(unicode.Variation_Selector, r):
		return r
	case unicode.IsControl(r), isSpace(r), unicode.In(r, unicode.Zl, unicode.Zp):
		return ' '
	case r == utf8.RuneError, Invisible(r), unicode.In(r, unicode.Co, unicode.Cs):
		return -1
	}
	return r
}

// Forbidden reports whether a character can deceive or break a stored text of several lines: controls other than line
// feeds, invisible characters other than joiners and variation selectors, private use, broken UTF-8, line and paragraph
// separators.
func Forbidden(r rune) bool {
	switch {
	case r == '\n', r >= ' ' && r <= '~', r == joiner, r == nonJoiner, unicode.Is(unicode.Variation_Selector, r):
		return false
	}
	return r == utf8.RuneError || Invisible(r) || unicode.IsControl(r) || unicode.In(r, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp)
}

// OneLine reports whether a text is safe for a header or a single line: it has no line breaks and no control
// characters.
func OneLine(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp) })
}
