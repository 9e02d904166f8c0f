// Package text cleans text that comes from outside: ticket systems, vendors' contexts, administrators and carriers.
//
// Start with [Value] for what machines read (numbers, addresses, tags) and [Line] for what people read (names, titles,
// labels). [Forbidden] and [OneLine] judge texts that are refused instead of cleaned.
// The package imports the standard library only.
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

// blankBraille is a symbol that draws nothing.
const blankBraille = '\u2800'

// Invisible tells whether a character draws nothing and takes no space: format characters (bidirectional marks,
// zero-width spaces and joiners, soft hyphens, byte order marks, tags), variation selectors, and the other characters
// that Unicode tells programs to ignore (Default_Ignorable_Code_Point).
func Invisible(r rune) bool {
	return r >= 0x80 && unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// space tells whether a character is white space; a blank that Unicode lists among the symbols is one too.
func space(r rune) bool { return unicode.IsSpace(r) || r == blankBraille }

// Value gives a value that machines read, as if its invisible characters and the white space around it were not there.
// White space inside stays: whether it may stand there depends on the value.
func Value(s string) string {
	if strings.IndexFunc(s, Invisible) >= 0 {
		s = strings.Map(func(r rune) rune {
			if Invisible(r) {
				return -1
			}
			return r
		}, s)
	}
	return strings.TrimFunc(s, space)
}

// Line gives a text that people read on one line of at most limit characters: control characters, line breaks and runs
// of white space become one space, invisible characters and those of no meaning outside one system (private use,
// broken UTF-8) vanish, and what is too long is cut and ends in "…". The joiners and variation selectors that visible
// text is spelt with stay. A text in which nothing is visible is empty.
func Line(s string, limit int) string { return LineCut(s, limit, "…") }

// LineCut is Line with the mark that a text ends in when it was cut.
func LineCut(s string, limit int, mark string) string {
	s = strings.Join(strings.Fields(strings.Map(shown, s)), " ")
	if strings.TrimFunc(s, func(r rune) bool { return Invisible(r) || r == ' ' }) == "" {
		return ""
	}
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:limit-utf8.RuneCountInString(mark)])) + mark
}

// shown is the character as it may stand in a line; -1: not at all.
func shown(r rune) rune {
	switch {
	case r >= ' ' && r <= '~', r == joiner, r == nonJoiner, unicode.Is(unicode.Variation_Selector, r):
		return r
	case unicode.IsControl(r), space(r), unicode.In(r, unicode.Zl, unicode.Zp):
		return ' '
	case r == utf8.RuneError, Invisible(r), unicode.In(r, unicode.Co, unicode.Cs):
		return -1
	}
	return r
}

// Forbidden tells whether a character deceives or breaks a text of several lines that is stored as it was written:
// controls other than line feeds, invisible characters other than joiners and variation selectors, private use, broken
// UTF-8, line and paragraph separators.
func Forbidden(r rune) bool {
	switch {
	case r == '\n', r >= ' ' && r <= '~', r == joiner, r == nonJoiner, unicode.Is(unicode.Variation_Selector, r):
		return false
	}
	return r == utf8.RuneError || Invisible(r) || unicode.IsControl(r) || unicode.In(r, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp)
}

// OneLine tells whether a text is fit for a header or a single line as it stands: nothing in it ends a line or controls
// what shows it.
func OneLine(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp) })
}
